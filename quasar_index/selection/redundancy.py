"""The greedy engine of k-center and MMR: take argmax_x r(x) - w max_{s in S} cos(x, s), add it to S, repeat.

Taken literally, each step is a pass over all points. But values only fall as S grows, so what was computed at the last
full pass bounds the present values from above (the lazy evaluation of Minoux 1978): the engine keeps the points with
the largest values as a pool, updates these alone after each step, and goes on as long as the best of the pool is above
all stale values outside. Then one matrix product brings all points up to date. The subset is that of the literal
algorithm; memory is one value a point and one block.
"""

from __future__ import annotations

import numpy as np

from ..arrays import DoubleArray, FloatArray, IntArray
from .base import Advance

_POOL = 1024
_ROWS = 16384


def least_redundant(
    points: FloatArray, relevance: DoubleArray, weight: float, n: int, first: int, advance: Advance
) -> IntArray:
    """Choose points one by one.

    Args:
        points: (N, D) float32 of length one.
        relevance: (N,) r.
        weight: w >= 0.
        n: How many, at most N.
        first: The place of the first.
        advance: Called as points are chosen.

    Returns:
        (n,) places, in the order in which they were chosen; of equal values the lowest place.
    """
    base = relevance.astype(np.float32)
    most_similar = np.full(len(points), -np.inf, dtype=np.float32)
    is_chosen = np.zeros(len(points), dtype=np.bool_)
    chosen, fresh = [first], [first]
    is_chosen[first] = True
    while len(chosen) < n:
        _update(most_similar, points, fresh)
        advance(len(fresh))
        values = np.where(is_chosen, -np.inf, base - weight * most_similar)
        pool, bound = _largest(values, _POOL)
        pool_values, pool_points, pool_similar = values[pool], points[pool], most_similar[pool]
        fresh = []
        while len(chosen) < n:
            best = int(np.argmax(pool_values))
            # Right after a full pass, all values are exact; later a tie with a stale one outside is not decided here.
            if fresh and pool_values[best] <= bound:
                break
            chosen.append(int(pool[best]))
            fresh.append(chosen[-1])
            is_chosen[chosen[-1]] = True
            np.maximum(pool_similar, pool_points @ pool_points[best], out=pool_similar)
            pool_values = np.where(is_chosen[pool], -np.inf, base[pool] - weight * pool_similar)
    advance(len(fresh))
    return np.array(chosen)


def _update(most_similar: FloatArray, points: FloatArray, fresh: list[int]) -> None:
    """Raise the largest cosine of each point to the chosen, given those that are new."""
    new = points[fresh]
    for start in range(0, len(points), _ROWS):
        rows = slice(start, start + _ROWS)
        np.maximum(most_similar[rows], (points[rows] @ new.T).max(axis=1), out=most_similar[rows])


def _largest(values: FloatArray, n: int) -> tuple[IntArray, float]:
    """Return the ascending places of the n largest values, and the largest of the others."""
    if n >= len(values):
        return np.arange(len(values)), -np.inf
    order = np.argpartition(-values, n)
    best = int(np.argmax(values))  # of equal largest values the lowest place is in the pool
    pool = np.union1d(order[:n], [best])
    outside = np.ones(len(values), dtype=np.bool_)
    outside[pool] = False
    return pool, float(values[outside].max(initial=-np.inf))
