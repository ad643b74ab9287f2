"""Facility location: the subset in which every anchor of the side has someone similar.

    max_S F(S) = sum_i max_{j in S} cos(x_i, x_j)

F is monotone and submodular, so the greedy subset reaches at least 1 - 1/e of the best value (Nemhauser et al. 1978);
the lazy evaluation of Minoux (1978) finds the same subset with few evaluations. It is the objective of k-medoids.

Sides of up to 8,192 anchors use all pairs. Beyond, anchor i knows the similarity of its k nearest anchors only, and any
other one counts for it as an average anchor, cos(x_i, mean): F with max_{j in S, j near i}(cos(x_i, x_j), x_i . mean).

Of equal gains the lowest row is taken, which is the most extreme rating, then the first id. With all pairs, gains are
sums in double precision compared at 9 decimals, so that rounding decides no tie; the graph of large sides is in single
precision, where duplicates may tie or not.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..errors import MethodError, counted
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side
from .neighbors import neighbors

MOST_DENSE = 8192
"""Most anchors of a side that use all pairs (256 MiB)."""
_DECIMALS = 9  # of gains
_ROWS = 512


@dataclass(frozen=True)
class FacilityLocation:
    """Covers the side: greedily adds the anchor that raises the similarity of all to their nearest chosen one most.

    Attributes:
        n_neighbors: k of the sparse graph of large sides; more is nearer to all pairs, and slower.
    """

    n_neighbors: int = 128

    def __post_init__(self) -> None:
        """Check the number of neighbours."""
        if self.n_neighbors < 1:
            raise MethodError(
                f"{counted(self.n_neighbors, 'neighbour is', 'neighbours are')} too few", "use at least --neighbors 1"
            )

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            points = one_array(anchors.directions[rows])
            if len(points) <= MOST_DENSE:
                return _dense(points, n, advance)
            return _sparse(points, n, self.n_neighbors, advance)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def _dense(points: FloatArray, n: int, advance: Advance) -> IntArray:
    similarity = np.empty((len(points), len(points)), dtype=np.float32)
    double = points.astype(np.float64)
    for start in range(0, len(points), _ROWS):
        similarity[start : start + _ROWS] = double[start : start + _ROWS] @ double.T
    best = np.full(len(points), -1.0, dtype=np.float32)

    def gain(place: int) -> float:
        return float(np.maximum(similarity[place] - best, 0.0).sum(dtype=np.float64))

    def take(place: int) -> None:
        np.maximum(best, similarity[place], out=best)

    return _lazy_greedy(similarity.sum(axis=1, dtype=np.float64) + len(points), gain, take, n, advance)


def _sparse(points: FloatArray, n: int, n_neighbors: int, advance: Advance) -> IntArray:
    graph = neighbors(points, points, min(n_neighbors, len(points)))
    # Turned round: of each point, those that have it among their neighbours, and how similar they are.
    counts = np.bincount(graph.rows.ravel(), minlength=len(points))
    order = np.argsort(graph.rows, axis=None, kind="stable")
    clients = (order // graph.rows.shape[1]).astype(np.int32)
    similarity = graph.similarity.ravel()[order]
    del graph, order
    ends = np.cumsum(counts)
    best = points @ points.mean(axis=0, dtype=np.float64).astype(np.float32)

    def gain(place: int) -> float:
        there = slice(ends[place] - counts[place], ends[place])
        return float(np.maximum(similarity[there] - best[clients[there]], 0.0).sum(dtype=np.float64))

    def take(place: int) -> None:
        there = slice(ends[place] - counts[place], ends[place])
        best[clients[there]] = np.maximum(best[clients[there]], similarity[there])

    gains = np.maximum(similarity - best[clients], 0.0, dtype=np.float64)
    first = np.bincount(np.repeat(np.arange(len(points)), counts), gains, minlength=len(points))
    return _lazy_greedy(first, gain, take, n, advance)


def _lazy_greedy(
    first: npt.ArrayLike,
    gain: Callable[[int], float],
    take: Callable[[int], None],
    n: int,
    advance: Advance,
) -> IntArray:
    """Choose n places, each time one of the largest gain; of equal gains the lowest place.

    Args:
        first: (N,) gains of each place at the start; later gains are never larger (submodularity).
        gain: Returns the present gain of a place.
        take: Adds a place to the subset.
        n: How many.
        advance: Called as places are chosen.
    """
    heap = [(-round(float(value), _DECIMALS), place) for place, value in enumerate(np.asarray(first))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while len(chosen) < n:
        _, place = heapq.heappop(heap)
        present = (-round(gain(place), _DECIMALS), place)
        if heap and present > heap[0]:
            heapq.heappush(heap, present)
            continue
        take(place)
        chosen.append(place)
        advance(1)
    return np.array(chosen)
