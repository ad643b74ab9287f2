"""The most extreme ratings of each side: the best of the good, the worst of the bad (QUASAR section 3.3, "offset").

The same anchors that the offset aggregation keeps; ties in the rating go by id, as in `AnchorTable`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import IntArray
from .base import Advance, OnProgress, choose_by_side, rated


@dataclass(frozen=True)
class Extremes:
    """Keeps the anchors farthest from the division point."""

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`).

        Raises:
            MethodError: When anchors have no opinion scores, so that a side has no order.
        """
        rated(anchors, "the selection of extremes")

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:  # noqa: ARG001
            advance(n)
            return np.arange(n)  # a side begins with its most extreme anchors

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)
