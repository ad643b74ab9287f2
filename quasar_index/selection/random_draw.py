"""Random selection: n of each side, all subsets equally likely: the baseline that every other selector has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import IntArray
from .base import Advance, OnProgress, choose_by_side


@dataclass(frozen=True)
class Random:
    """Draws anchors at random, without replacement.

    Attributes:
        seed: Of the draw.
    """

    seed: int = 0

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""
        rng = np.random.default_rng(self.seed)

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            advance(n)
            return rng.choice(rows.stop - rows.start, n, replace=False)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)
