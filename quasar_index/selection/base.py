"""The protocol of all selection methods."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..anchors import AnchorTable
from ..arrays import IntArray


@runtime_checkable
class Selector(Protocol):
    """Chooses anchors by anchors alone. Implementations are frozen dataclasses whose fields are their parameters."""

    def select(self, anchors: AnchorTable, n_good: int, n_bad: int) -> IntArray:
        """Choose a subset.

        Args:
            anchors: N anchors, in the space in use; directions need not be of length one there if an anchor lies at
                the mean.
            n_good: How many of the good side, from 1 to `anchors.n_good`.
            n_bad: How many of the bad side, from 1 to `anchors.n_bad`.

        Returns:
            (n_good + n_bad,) row numbers, ascending, without repeats.

        Raises:
            AggregationError: When the anchors lack what the method needs (ratings, groups).
        """
        ...
