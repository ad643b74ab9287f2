"""Clustering aggregation: k-means on each side, the mean of each cluster, the mean of those (QUASAR section 3.3).

Anchors in dense regions count less, rare ones more, than in the plain mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..anchors import AnchorTable
from ..arrays import FloatArray
from ..errors import AggregationError
from .base import SIDES, Centroids, direction


@dataclass(frozen=True)
class Clustering:
    """The mean of the means of k-means clusters.

    Attributes:
        n_clusters: K, at least 1; 1 is the mean.
        seed: Of k-means.
        n_iterations: Of k-means.
        normalize_anchors: Cluster and average unit embeddings instead of raw ones.
    """

    n_clusters: int = 100
    seed: int = 0
    n_iterations: int = 20
    normalize_anchors: bool = False
    adaptive: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the number of clusters."""
        if self.n_clusters < 1:
            raise AggregationError(f"{self.n_clusters} clusters are not possible", "use at least --clusters 1")

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:  # noqa: ARG002
        """Make the two means of cluster means (see `Aggregator.aggregate`).

        Raises:
            AggregationError: When a side has fewer anchors than clusters.
        """
        good, bad = (self._side(anchors, anchors.side(side), side) for side in SIDES)
        return Centroids(good=good[None, None], bad=bad[None, None])

    def _side(self, anchors: AnchorTable, rows: slice, name: str) -> FloatArray:
        import faiss

        n = rows.stop - rows.start
        if self.n_clusters > n:
            raise AggregationError(
                f"{self.n_clusters} clusters are more than the {n} {name} anchors", f"use --clusters {n} or fewer"
            )
        points = anchors.directions[rows]
        if not self.normalize_anchors:
            points = points * anchors.norms[rows, None]
        kmeans = faiss.Kmeans(
            anchors.dim,
            self.n_clusters,
            niter=self.n_iterations,
            seed=self.seed,
            min_points_per_centroid=1,  # below its default of 39, FAISS prints a warning and goes on
        )
        kmeans.train(np.ascontiguousarray(points))
        _, labels = kmeans.index.search(np.ascontiguousarray(points), 1)
        members = np.bincount(labels[:, 0], minlength=self.n_clusters)
        # The mean over clusters of the means over members, as one weighted sum.
        weights = 1.0 / members[labels[:, 0]]
        return direction(weights @ points / np.count_nonzero(members))
