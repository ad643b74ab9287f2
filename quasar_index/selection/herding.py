"""Herding: the subset whose mean is nearest to the mean of its side, built greedily.

With mu the mean of the side's raw embeddings and s the sum of those chosen so far, step t takes

    x_t = argmin_x || mu - (s + x) / t ||  =  argmax_x  (t mu - s) . x - ||x||^2 / 2

which is kernel herding (Welling 2009; Chen, Welling and Smola 2010) with the linear kernel, without replacement and for
embeddings of any length. The mean aggregation sees little else of a side than that mean, so this is the subset that
changes its scores least. Each step is one matrix-vector product: n of them, N D operations each, no memory beyond it: a
thousand of 255,000 anchors (768-d) take half a minute of one core, a tenth of them a quarter of an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side

_ROWS = 16384


@dataclass(frozen=True)
class Herding:
    """Matches the side's mean."""

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            return herd(one_array(anchors.directions[rows]), anchors.norms[rows], n, advance)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def herd(directions: FloatArray, norms: FloatArray, n: int, advance: Advance) -> IntArray:
    """Choose points whose mean is nearest to that of all.

    Args:
        directions: (N, D) float32.
        norms: (N,) float32; the points are norms times directions.
        n: How many, at most N.
        advance: Called as points are chosen.

    Returns:
        (n,) places, in the order in which they were chosen.
    """
    mean = np.zeros(directions.shape[1])
    for start in range(0, len(directions), _ROWS):  # a float64 copy of some rows at a time
        rows = slice(start, start + _ROWS)
        mean += norms[rows].astype(np.float64) @ directions[rows] / len(directions)
    half_squares = norms.astype(np.float32) ** 2 / 2
    total = np.zeros_like(mean)
    chosen = np.empty(n, dtype=np.int64)
    is_open = np.ones(len(directions), dtype=np.bool_)
    for step in range(n):
        values = norms * (directions @ ((step + 1) * mean - total).astype(np.float32)) - half_squares
        place = int(np.argmax(np.where(is_open, values, -np.inf)))
        chosen[step] = place
        is_open[place] = False
        total += float(norms[place]) * directions[place].astype(np.float64)
        advance(1)
    return chosen
