"""Pairs of similar content and opposite quality: what differs between the sides is then quality, not what is shown.

Greedy one-to-one matching across the sides: of all pairs (g, b) of a good and a bad anchor whose both members are free,
take the one with the largest

    cos(x_g, x_b) |y_g - y_b|^p

until there are as many pairs as anchors are wanted on the smaller side. p = 0 looks at content alone. The side of which
more are wanted is filled up with the free anchors that are most similar to some anchor of the other side.

A good anchor knows its k nearest bad ones, and looks again among the free ones when all of them are taken: for p = 0
that is exactly the greedy matching, for p > 0 the rating decides among the k nearest. In raw spaces the content
dominates the cosine; in whitened ones less so.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import AggregationError
from .base import Advance, OnProgress, rated
from .neighbors import neighbors


@dataclass(frozen=True)
class ContentPairs:
    """Keeps pairs of a good and a bad anchor that are alike.

    Attributes:
        rating_power: p >= 0; above 0 all anchors need ratings.
        n_neighbors: k.
    """

    rating_power: float = 0.0
    n_neighbors: int = 32

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.rating_power < 0:
            raise AggregationError(f"rating power {self.rating_power} is negative", "use for example --rating-power 1")
        if self.n_neighbors < 1:
            raise AggregationError(f"{self.n_neighbors} neighbours are too few", "use at least --neighbors 1")

    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`).

        Raises:
            AggregationError: When pairs are to be weighted by ratings and anchors have none.
        """
        quality = rated(anchors, "weighting pairs by rating") if self.rating_power > 0 else None
        n_pairs, done = min(n_good, n_bad), 0
        if n_good + n_bad == len(anchors):
            return np.arange(len(anchors))

        def advance(n: int) -> None:
            nonlocal done
            done += n
            if on_progress is not None:
                on_progress(done, n_good + n_bad)

        sides = [anchors.directions[anchors.side(side)] for side in ("good", "bad")]
        pairs = self._match(sides[0], sides[1], quality, n_pairs, advance)
        chosen = []
        for number, wanted in enumerate((n_good, n_bad)):
            places = pairs[:, number]
            if wanted > n_pairs:
                places = np.r_[places, _fill(sides[number], sides[1 - number], places, wanted - n_pairs)]
                advance(wanted - n_pairs)
            chosen.append(np.sort(places))
        return np.concatenate([chosen[0], chosen[1] + anchors.n_good])

    def _match(
        self, good: FloatArray, bad: FloatArray, quality: DoubleArray | None, n_pairs: int, advance: Advance
    ) -> IntArray:
        """Return the (n_pairs, 2) places of the pairs."""
        is_free = np.ones(len(bad), dtype=np.bool_)
        rows, values = self._look(good, bad, np.arange(len(good)), is_free, quality)
        seen, n_known = np.zeros(len(good), dtype=np.int64), np.full(len(good), rows.shape[1])
        heap: list[tuple[float, int, int]] = []
        exhausted: set[int] = set()

        def push(g: int) -> None:
            """Queue the next pair of a good anchor; or, when it has seen all it knows, the bound of what is left."""
            place = seen[g]
            if place < n_known[g]:
                heapq.heappush(heap, (-float(values[g, place]), g, int(rows[g, place])))
                seen[g] += 1
            else:
                exhausted.add(g)
                heapq.heappush(heap, (-float(values[g, place - 1]), g, -1))

        for g in range(len(good)):
            push(g)
        pairs: list[tuple[int, int]] = []
        while len(pairs) < n_pairs:
            _, g, b = heapq.heappop(heap)
            if b >= 0 and is_free[b]:
                is_free[b] = False
                pairs.append((g, b))
                advance(2)
            elif b >= 0:
                push(g)
            elif g in exhausted:
                again = np.array(sorted(exhausted))
                exhausted.clear()
                found, value = self._look(good, bad, again, is_free, quality)
                seen[again], n_known[again] = 0, found.shape[1]  # fewer when few are free
                rows[again, : found.shape[1]], values[again, : found.shape[1]] = found, value
                for one in again.tolist():
                    push(one)
        return np.array(pairs)

    def _look(
        self, good: FloatArray, bad: FloatArray, who: IntArray, is_free: BoolArray, quality: DoubleArray | None
    ) -> tuple[IntArray, FloatArray]:
        """Return the nearest free bad anchors of some good ones and the values of these pairs, the best first."""
        free = np.flatnonzero(is_free)
        among = bad if len(free) == len(bad) else np.ascontiguousarray(bad[free])
        found = neighbors(np.ascontiguousarray(good[who]), among, min(self.n_neighbors, len(free)))
        rows = free[found.rows]
        if quality is None:
            return rows, found.similarity
        gap = np.abs(quality[who][:, None] - quality[len(good) :][rows]) ** self.rating_power
        value = (found.similarity * gap).astype(np.float32)
        order = np.argsort(-value, axis=1, kind="stable")
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(value, order, axis=1)


def _fill(side: FloatArray, other: FloatArray, taken: IntArray, n: int) -> IntArray:
    """Return the n free places of a side that are most similar to some anchor of the other side."""
    free = np.setdiff1d(np.arange(len(side)), taken)
    similarity = neighbors(np.ascontiguousarray(side[free]), other, 1).similarity[:, 0]
    return np.asarray(free[np.argsort(-similarity, kind="stable")[:n]])
