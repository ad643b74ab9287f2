"""k-center by farthest-first traversal: the anchors that leave none far from all of them.

    x_1 = argmax_x cos(x, mean),    x_t = argmin_x max_{s in S} cos(x, s)

(Gonzalez 1985, whose radius is at most twice the best one; "core-set" in Sener and Savarese 2018.) On unit embeddings
the smallest cosine is the largest Euclidean distance. Outliers are its first choices: that is what it is for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import IntArray
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side
from .redundancy import least_redundant


@dataclass(frozen=True)
class KCenter:
    """Starts from the anchor nearest to the side's mean, and adds the one farthest from all chosen, again and again."""

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            points = one_array(anchors.directions[rows])
            first = int(np.argmax(points @ points.mean(axis=0, dtype=np.float64).astype(np.float32)))
            return least_redundant(points, np.zeros(len(points)), 1.0, n, first, advance)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)
