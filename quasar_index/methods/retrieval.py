"""Retrieval, or adaptive anchors: centroids of the nearest anchors around each query (QUASAR, section 5).

- per-side: the k nearest good and the k nearest bad anchors.
- joint: the k nearest of all, divided by their sides ("global"; for full-reference anchors that is
  reference/distorted) or at the median opinion score of the k ("local", ties are bad). A query whose neighbours all
  fall on one side takes the nearest anchor of the other side.

Weights within the retrieved set are the product of `softmax(similarity / t)` and `|y - median|^p`, each optional.
`c = unit(b * c_adaptive + (1 - b) * c_static)` blends with the mean of the side, weighted by rating likewise. (Weights
by similarity over a whole side are those of a k as large as the side.)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..anchors import SIDES, AnchorTable, Side
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray, as_tensor, unit
from ..errors import MethodError
from ..index.search import Neighbors, nearest
from ..notation import parameter
from .centroids import Centroids, Members, rating_weights
from .mean import Mean
from .method import CentroidMethod

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retrieval(CentroidMethod):
    """Centroids of the anchors nearest to each query.

    Attributes:
        top_k: k; a side (or table) of fewer anchors gives all of them, which with equal weights is the mean.
        mode: "per-side" or "joint".
        division: How "joint" divides its neighbours: "global" or "local".
        similarity_temperature: t > 0 of the softmax over similarities; None for equal weights.
        blend: b in [0, 1]; 0 is the mean, 1 only the retrieved anchors.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> fitted = qi.Retrieval(top_k=8).fit(anchors)
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> fitted.is_static, round(qi.srcc(fitted.score(new).score, new[:, 0]), 2)
        (False, 0.91)
    """

    when: ClassVar[str] = "many and varied anchors: each image is compared with those like it"
    is_adaptive: ClassVar[bool] = True

    top_k: int = parameter(32, "nearest anchors", "a whole number from 1", lambda value: value >= 1)
    mode: Literal["per-side", "joint"] = parameter("per-side", "k of each side, or k of all, then divided")
    division: Literal["global", "local"] = parameter("global", "joint: by the anchors' sides, or at the k's median")
    similarity_temperature: float | None = parameter(
        None,
        "t of the weights softmax(cosine / t); none is equal weights",
        "a number above 0",
        lambda value: value is None or value > 0,
    )
    blend: float = parameter(
        1.0, "1 the retrieved anchors alone, 0 the mean", "a number from 0 to 1", lambda value: 0 <= value <= 1
    )

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            MethodError: When one is out of range, or has no effect beside the others.
        """
        super().__post_init__()
        if self.division == "local" and self.mode == "per-side":
            raise MethodError(
                "division of retrieval is local, and its mode is per-side", "division=local is for mode=joint"
            )

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:
        """Make centroids for each query (see `CentroidMethod.aggregate`); memory grows with M * (k + D)."""
        good, bad = (
            unit(weighted_sums(anchors.directions, part.rows, part.weights))
            for part in self._retrieved(anchors, queries)
        )
        if self.blend < 1:
            static = self._static.aggregate(anchors)
            good = unit(self.blend * good + (1 - self.blend) * static.good[0])
            bad = unit(self.blend * bad + (1 - self.blend) * static.bad[0])
        return Centroids(good=good[:, None], bad=bad[:, None])

    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:
        """Return the retrieved anchors (see `CentroidMethod.members`); with a blend below 1, all of each side."""
        good, bad = self._retrieved(anchors, queries)
        if self.blend == 1:
            return good, bad
        static = self._static.members(anchors)
        return self._blended(anchors, good, static[0]), self._blended(anchors, bad, static[1])

    @property
    def _static(self) -> Mean:
        """What it is blended with."""
        return Mean(normalize_anchors=self.normalize_anchors, rating_power=self.rating_power)

    def _blended(self, anchors: AnchorTable, retrieved: Members, static: Members) -> Members:
        """Weigh retrieved anchors and those of a side together, as the blend of their centroids does."""
        n_queries = len(retrieved.rows)
        whole = np.broadcast_to(static.rows, (n_queries, static.rows.shape[1]))
        lengths = [
            np.linalg.norm(weighted_sums(anchors.directions, part.rows, part.weights), axis=1)[:, None]
            for part in (retrieved, static)
        ]
        weights = np.zeros((n_queries, len(anchors)))
        np.put_along_axis(weights, whole, (1 - self.blend) * static.weights / lengths[1], axis=1)
        # A retrieved anchor may lie on the other side of the whole ("local").
        more = self.blend * retrieved.weights / lengths[0]
        np.add.at(weights, (np.arange(n_queries)[:, None], retrieved.rows), more)
        return Members(np.broadcast_to(np.arange(len(anchors)), weights.shape), weights)

    def _retrieved(self, anchors: AnchorTable, queries: FloatArray | None) -> tuple[Members, Members]:
        """Retrieve and weigh the anchors of both sides."""
        if queries is None:
            raise MethodError("adaptive anchors need the queries", "call aggregate(anchors, queries)")
        extremity = rating_weights(anchors, self.rating_power)
        available = min(anchors.n_good, anchors.n_bad) if self.mode == "per-side" else len(anchors)
        if self.top_k > available:
            _log.warning("top-k %d is more than the %d anchors to choose from: all are used", self.top_k, available)
        if self.mode == "per-side":
            good, bad = (
                self._members(anchors, nearest(anchors, queries, self.top_k, side=side), extremity) for side in SIDES
            )
            return good, bad
        neighbors = nearest(anchors, queries, self.top_k)
        is_good = self._divide(anchors, neighbors)
        return (
            self._one_side(anchors, queries, neighbors, is_good, extremity, "good"),
            self._one_side(anchors, queries, neighbors, ~is_good, extremity, "bad"),
        )

    def _divide(self, anchors: AnchorTable, neighbors: Neighbors) -> BoolArray:
        """Say which of the joint neighbours (M, k) are good."""
        if self.division == "global":
            return np.asarray(neighbors.rows < anchors.n_good)
        quality = anchors.rated("the local division")[neighbors.rows]
        return np.asarray(quality > np.median(quality, axis=1, keepdims=True))

    def _one_side(
        self,
        anchors: AnchorTable,
        queries: FloatArray,
        neighbors: Neighbors,
        member: BoolArray,
        extremity: DoubleArray | None,
        side: Side,
    ) -> Members:
        """Weigh the members of one side; a query without any takes the nearest anchor of that side."""
        found = self._members(anchors, neighbors, extremity, member)
        if (empty := ~member.any(axis=1)).any():
            rows, weights = found.rows.copy(), found.weights.copy()
            rows[empty, 0] = nearest(anchors, queries[empty], 1, side=side).rows[:, 0]
            weights[empty, 0] = 1.0
            return Members(rows, weights)
        return found

    def _members(
        self,
        anchors: AnchorTable,
        neighbors: Neighbors,
        extremity: DoubleArray | None,
        member: BoolArray | None = None,
    ) -> Members:
        """Weigh retrieved anchors.

        Args:
            anchors: The anchors.
            neighbors: k of them for each of M queries.
            extremity: (N,) weights by rating; None for none.
            member: (M, k) which neighbours count; None for all. Those that do not count weigh nothing.

        Returns:
            The M rows of k.
        """
        weights = self._weights(neighbors, extremity, member)
        if not self.normalize_anchors:
            weights = weights * anchors.norms[neighbors.rows]
        return Members(neighbors.rows, weights)

    def _weights(self, neighbors: Neighbors, extremity: DoubleArray | None, member: BoolArray | None) -> DoubleArray:
        counted = np.ones(neighbors.rows.shape) if member is None else member.astype(np.float64)
        weights = counted
        if self.similarity_temperature is not None:
            logits = neighbors.similarity.astype(np.float64) / self.similarity_temperature
            # The maximum is taken over those that count, else all of them could underflow to zero.
            top = np.max(logits, axis=1, keepdims=True, where=counted > 0, initial=-np.inf)
            with np.errstate(invalid="ignore"):
                weights = np.where(counted > 0, np.exp(np.minimum(logits - top, 0.0)), 0.0)
        if extremity is not None:
            by_rating = weights * extremity[neighbors.rows]
            # Neighbours that all lie at the median weigh nothing: then the other weights decide.
            weights = np.where(by_rating.sum(axis=1, keepdims=True) > 0, by_rating, weights)
        # Only their ratios matter; a sum of one keeps small powers away from the limits of float32.
        total = weights.sum(axis=1, keepdims=True)
        return np.asarray(weights / np.where(total > 0, total, 1.0))


def weighted_sums(directions: FloatArray, rows: IntArray, weights: DoubleArray) -> FloatArray:
    """Sum weighted rows of a matrix for each query without gathering them first.

    Args:
        directions: (N, D) float32.
        rows: (M, k) row numbers.
        weights: (M, k).

    Returns:
        (M, D) float32: `sum_j weights[m, j] * directions[rows[m, j]]`.
    """
    import torch

    with torch.inference_mode():
        table = as_tensor(directions)
        summed = torch.nn.functional.embedding_bag(
            torch.from_numpy(rows),
            table,
            per_sample_weights=torch.from_numpy(weights.astype(np.float32)),
            mode="sum",
        )
        return summed.numpy()
