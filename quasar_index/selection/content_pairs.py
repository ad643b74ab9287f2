"""Pairs of similar content and opposite quality: what differs between the sides is then quality, not what is shown.

Greedy one-to-one matching across the sides: of all pairs (g, b) of a good and a bad anchor whose both members are free,
take the one with the largest

    cos(x_g, x_b) max(q_g - q_b, 0)^p

until there are as many pairs as anchors are wanted on the smaller side. q are the ratings. Anchors without them are
judged by where they lie between the sides, q_i = cos(x_i, S_good / n_good - S_bad / n_bad) with S the sums of the raw
embeddings (the direction that the mean aggregation scores by). p = 0 looks at similarity alone: among a photograph's
distortions that takes the mildest, from which nothing is learnt. The side of which more are wanted is filled up with
the free anchors of the largest value with any anchor of the other side.

A good anchor knows its k nearest bad ones, and looks again among the free ones when all of them are taken: for p = 0
that is exactly the greedy matching, for p > 0 quality decides among the k nearest. In raw spaces the content dominates
the cosine; in whitened ones less so.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from ..anchors import SIDES, AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import MethodError, counted
from ..parts import one_array
from .base import Advance, OnProgress
from .held_out import side_sums
from .neighbors import neighbors


@dataclass(frozen=True)
class ContentPairs:
    """Keeps pairs of a good and a bad anchor that are alike but for their quality.

    Attributes:
        gap_power: p >= 0: how much the difference of quality counts.
        n_neighbors: k.
    """

    gap_power: float = 1.0
    n_neighbors: int = 32

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.gap_power < 0:
            raise MethodError(f"gap power {self.gap_power} is negative", "use for example --gap-power 1")
        if self.n_neighbors < 1:
            raise MethodError(
                f"{counted(self.n_neighbors, 'neighbour is', 'neighbours are')} too few", "use at least --neighbors 1"
            )

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""
        n_pairs, done = min(n_good, n_bad), 0
        if n_good + n_bad == len(anchors):
            return np.arange(len(anchors))

        def advance(n: int) -> None:
            nonlocal done
            done += n
            if on_progress is not None:
                on_progress(done, n_good + n_bad)

        quality = pair_quality(anchors)
        good, bad = (
            _Side(one_array(anchors.directions[anchors.side(side)]), quality[anchors.side(side)], sign)
            for side, sign in zip(SIDES, (1, -1), strict=True)
        )
        pairs = self._match(good, bad, n_pairs, advance)
        chosen = []
        for number, (side, other, wanted) in enumerate(((good, bad, n_good), (bad, good, n_bad))):
            places = pairs[:, number]
            if wanted > n_pairs:
                free = np.setdiff1d(np.arange(len(side)), places)
                values = self._look(side, other, free)[1][:, 0]
                places = np.r_[places, free[np.argsort(-values, kind="stable")[: wanted - n_pairs]]]
                advance(wanted - n_pairs)
            chosen.append(np.sort(places))
        return np.concatenate([chosen[0], chosen[1] + anchors.n_good])

    def _match(self, good: _Side, bad: _Side, n_pairs: int, advance: Advance) -> IntArray:
        """Return the (n_pairs, 2) places of the pairs."""
        is_free = np.ones(len(bad), dtype=np.bool_)
        rows, values = self._look(good, bad, np.arange(len(good)))
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
                found, value = self._look(good, bad, again, is_free)
                seen[again], n_known[again] = 0, found.shape[1]  # fewer when few are free
                rows[again, : found.shape[1]], values[again, : found.shape[1]] = found, value
                for one in again.tolist():
                    push(one)
        return np.array(pairs)

    def _look(
        self, side: _Side, other: _Side, who: IntArray, is_free: BoolArray | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Return the nearest (free) anchors of the other side and the values of these pairs, the best first."""
        among, free = other.points, None if is_free is None or is_free.all() else np.flatnonzero(is_free)
        if free is not None:
            among = np.ascontiguousarray(among[free])
        found = neighbors(np.ascontiguousarray(side.points[who]), among, min(self.n_neighbors, len(among)))
        rows = found.rows if free is None else free[found.rows]
        if self.gap_power == 0:
            return rows, found.similarity
        gap = (side.quality[who][:, None] - other.quality[rows]) * side.sign
        values = (found.similarity * np.maximum(gap, 0.0) ** self.gap_power).astype(np.float32)
        order = np.argsort(-values, axis=1, kind="stable")
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(values, order, axis=1)


@dataclass(frozen=True)
class _Side:
    """The (n, D) unit embeddings of a side, their (n,) quality, and +1 for the good side or -1 for the bad."""

    points: FloatArray
    quality: DoubleArray
    sign: int

    def __len__(self) -> int:
        return len(self.points)


def pair_quality(anchors: AnchorTable) -> DoubleArray:
    """Return the quality that pairs are to differ in: the ratings, or where an anchor lies between the sides.

    Args:
        anchors: N anchors, in the space in use.

    Returns:
        (N,) higher is better: ratings in [0, 1] where all anchors have one, else cosines in [-1, 1].
    """
    if anchors.quality is not None and not np.isnan(anchors.quality).any():
        return anchors.quality
    sums = side_sums(anchors, np.arange(len(anchors)))
    between = sums[0] / anchors.n_good - sums[1] / anchors.n_bad
    between /= max(float(np.linalg.norm(between)), 1e-12)
    return np.asarray(anchors.directions @ between.astype(np.float32), dtype=np.float64)
