"""Retrieval, or adaptive anchors: centroids of the anchors around each query (QUASAR, section 5).

- without a k: all anchors of each side, weighted by `softmax(similarity / t)`, t = 0.3: those like the query count
  more, and none is cut off. In whitened spaces similarities are small, so that beyond the nearest few anchors the
  exponential is its first order:

      sum_i w_i exp((s_i - m) / t) x_i = (1 - m / t) sum_i w_i x_i + (sum_i w_i x_i x_i^T) q / t + the nearest's rest

  with m the mean similarity, which changes no ratio. Sides of more than some 8192 anchors are summed so, with the
  nearest 64 exact, in the time of their search.
- per-side: the k nearest good and the k nearest bad anchors.
- joint: the k nearest of all, divided by their sides ("global"; for full-reference anchors that is
  reference/distorted) or at the median opinion score of the k ("local", ties are bad). A query whose neighbours all
  fall on one side takes the nearest anchor of the other side.

Weights within the retrieved set are the product of `softmax(similarity / t)` and `|y - median|^p`, each optional.
`c = unit(b * c_adaptive + (1 - b) * c_static)` blends with the mean of the side, weighted by rating likewise.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from ..anchors import SIDES, AnchorTable, Side
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, unit
from ..errors import MethodError
from ..index.search import Neighbors, nearest
from ..notation import parameter
from .centroids import Centroids, Members, part_members, side_weights
from .mean import Mean
from .method import CentroidMethod
from .whole_side import WholeSide, weighted_sums

_log = logging.getLogger(__name__)

SOFT_TEMPERATURE = 0.3
"""t of the weights over whole sides."""


@dataclass(frozen=True)
class Retrieval(CentroidMethod):
    """Centroids of the anchors around each query.

    Attributes:
        top_k: k nearest anchors; None for all of a side. A side (or table) of fewer anchors gives all of them, which
            with equal weights is the mean.
        mode: "per-side" or "joint", which needs a k.
        division: How "joint" divides its neighbours: "global" or "local".
        similarity_temperature: t > 0 of the softmax over similarities; None for 0.3, or for equal weights with a k.
        blend: b in [0, 1]; 0 is the mean, 1 only the retrieved anchors.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> fitted = qi.Retrieval().fit(anchors)
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> fitted.is_static, round(qi.srcc(fitted.score(new).score, new[:, 0]), 2)
        (False, 0.95)
    """

    when: ClassVar[str] = "many and varied anchors: each image is compared with those like it"
    is_adaptive: ClassVar[bool] = True

    top_k: int | None = parameter(
        None,
        "nearest anchors; none is all of a side",
        "a whole number from 1",
        lambda value: value is None or value >= 1,
    )
    mode: Literal["per-side", "joint"] = parameter("per-side", "k of each side, or k of all, then divided")
    division: Literal["global", "local"] = parameter("global", "joint: by the anchors' sides, or at the k's median")
    similarity_temperature: float | None = parameter(
        None,
        "t of the weights softmax(cosine / t); none is 0.3, or equal weights with top_k",
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
        if self.mode == "joint" and self.top_k is None:
            raise MethodError("mode of retrieval is joint, and it has no top_k", "name one: mode=joint,top_k=32")

    @checked
    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:
        """Make centroids for each query (see `CentroidMethod.aggregate`); memory grows with M * (k + D)."""
        if self.top_k is None:
            weights = self.rating_weights(anchors)
            good, bad = (unit(self._whole(anchors, given(queries), side, weights).sums()) for side in SIDES)
        else:
            good, bad = (
                unit(weighted_sums(anchors.directions, part.rows, part.weights))
                for part in self._retrieved(anchors, given(queries), self.top_k)
            )
        if self.blend < 1:
            static = self._static.aggregate(anchors)
            good = unit(self.blend * good + (1 - self.blend) * static.good[0])
            bad = unit(self.blend * bad + (1 - self.blend) * static.bad[0])
        return Centroids(good=good[:, None], bad=bad[:, None])

    @checked
    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:
        """Return the retrieved anchors (see `CentroidMethod.members`); with a blend below 1, all of each side."""
        if self.top_k is None:
            weights = self.rating_weights(anchors)
            good, bad = (self._whole(anchors, given(queries), side, weights).members() for side in SIDES)
        else:
            good, bad = self._retrieved(anchors, given(queries), self.top_k)
        if self.blend == 1:
            return good, bad
        static = self._static.members(anchors)
        return self._blended(anchors, good, static[0]), self._blended(anchors, bad, static[1])

    @property
    def _static(self) -> Mean:
        """What it is blended with."""
        return Mean(normalize_anchors=self.normalize_anchors, rating_power=self.rating_power, space=self.space)

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

    def _whole(self, anchors: AnchorTable, queries: FloatArray, side: Side, extremity: DoubleArray | None) -> WholeSide:
        """Weigh all anchors of a side."""
        rows = anchors.side(side)
        weights = side_weights(extremity, rows)
        members = part_members(anchors, rows, weights, normalize_anchors=self.normalize_anchors)
        factors = (members.weights[0] * (rows.stop - rows.start)).astype(np.float32)
        of = f"{self.space} {self.rating_power} {self.normalize_anchors}"
        temperature = SOFT_TEMPERATURE if self.similarity_temperature is None else self.similarity_temperature
        return WholeSide(anchors, side, queries, factors, temperature, of)

    def _retrieved(self, anchors: AnchorTable, queries: FloatArray, top_k: int) -> tuple[Members, Members]:
        """Retrieve and weigh the anchors of both sides."""
        extremity = self.rating_weights(anchors)
        available = min(anchors.n_good, anchors.n_bad) if self.mode == "per-side" else len(anchors)
        if top_k > available:
            _log.warning("top-k %d is more than the %d anchors to choose from: all are used", top_k, available)
        if self.mode == "per-side":
            good, bad = (
                self._members(anchors, nearest(anchors, queries, top_k, side=side), extremity) for side in SIDES
            )
            return good, bad
        neighbors = nearest(anchors, queries, top_k)
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


def given(queries: FloatArray | None) -> FloatArray:
    """Return the queries.

    Raises:
        MethodError: When there are none.
    """
    if queries is None:
        raise MethodError("adaptive anchors need the queries", "call aggregate(anchors, queries)")
    return queries
