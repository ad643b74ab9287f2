"""Clustering: k-means on each side, the mean of each cluster, the mean of those (QUASAR, section 3.3).

Anchors in dense regions count less, rare ones more, than in the plain mean. With `prototypes` other than "merged" the
means of the K clusters stay apart, and the cosines to them are pooled inside each side: `s = mean_k cos(x, c_k)` or
`s = max_k cos(x, c_k)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..anchors import SIDES, AnchorTable
from ..arguments import checked
from ..arrays import FloatArray
from ..errors import MethodError, counted
from ..notation import parameter
from ..parts import one_array
from .centroids import Centroids, Members, direction
from .method import CentroidMethod


@dataclass(frozen=True)
class Clustering(CentroidMethod):
    """The mean of the means of k-means clusters, or these means as prototypes.

    Attributes:
        n_clusters: K, at least 1; 1 is the mean.
        prototypes: "merged" into one centroid a side (the paper's); or kept, and the cosines to them averaged ("mean"),
            or that to the nearest taken ("nearest").
        seed: Of k-means.
        n_iterations: Of k-means.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> fitted = qi.Clustering(n_clusters=4, prototypes="mean").fit(anchors)
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> round(qi.srcc(fitted.score(new).score, new[:, 0]), 2)
        0.95
    """

    when: ClassVar[str] = "many anchors in dense regions, such as aesthetics (the paper's choice for it)"

    n_clusters: int = parameter(100, "k-means clusters a side", "a whole number from 1", lambda value: value >= 1)
    prototypes: Literal["merged", "mean", "nearest"] = parameter("merged", "what becomes of the means of the clusters")
    seed: int = parameter(0, "of k-means", "a whole number from 0 to 2147483647", lambda value: 0 <= value < 2**31)
    n_iterations: int = parameter(
        20, "of k-means", "a whole number from 1 to 2147483647", lambda value: 0 < value < 2**31
    )

    @checked
    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:
        """Make the prototypes of both sides (see `CentroidMethod.aggregate`).

        Raises:
            MethodError: When a side has fewer anchors than clusters.
        """
        good, bad = (self._prototypes(anchors, part) for part in self.members(anchors, queries))
        return Centroids(good[None], bad[None], "nearest" if self.prototypes == "nearest" else "mean")

    @checked
    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:  # noqa: ARG002
        """Return all anchors of each side, by cluster (see `CentroidMethod.members`)."""
        good, bad = (self._members(anchors, anchors.side(side), side) for side in SIDES)
        return good, bad

    def _members(self, anchors: AnchorTable, rows: slice, name: str) -> Members:
        import faiss

        n = rows.stop - rows.start
        if self.n_clusters > n:
            raise MethodError(
                f"{counted(self.n_clusters, 'cluster is', 'clusters are')} more than the {n} {name} anchors",
                f"use n_clusters={n} or fewer",
            )
        lengths = np.ones(n) if self.normalize_anchors else anchors.norms[rows].astype(np.float64)
        # FAISS's k-means takes one array.
        points = np.ascontiguousarray(one_array(anchors.directions[rows]) * lengths[:, None].astype(np.float32))
        kmeans = faiss.Kmeans(
            anchors.dim,
            self.n_clusters,
            niter=self.n_iterations,
            seed=self.seed,
            min_points_per_centroid=1,  # below its default of 39, FAISS prints a warning and goes on
        )
        kmeans.train(points)
        found = kmeans.index.search(points, 1)[1][:, 0]
        _, cluster = np.unique(found, return_inverse=True)  # without empty ones
        weights = np.ones(n)
        if (by_rating := self.rating_weights(anchors)) is not None:
            part = by_rating[rows]
            # A cluster whose members all lie at the median keeps equal weights.
            weights = np.where(np.bincount(cluster, part)[cluster] > 0, part, weights)
        # The mean over clusters of the means over members, as one weighted sum.
        weights = weights * lengths / np.bincount(cluster, weights)[cluster]
        together = self.prototypes == "merged"
        return Members(np.arange(rows.start, rows.stop)[None], weights[None], None if together else cluster)

    @staticmethod
    def _prototypes(anchors: AnchorTable, members: Members) -> FloatArray:
        """Sum the members of each prototype: (K, D) of length one."""
        directions = anchors.directions[members.rows[0, 0] : members.rows[0, -1] + 1]
        weights = members.weights[0].astype(np.float32)
        if members.prototype is None:
            return direction(weights @ directions)[None]
        owner = members.prototype
        return np.stack([direction(weights[owner == k] @ directions[owner == k]) for k in range(owner.max() + 1)])
