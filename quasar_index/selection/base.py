"""The protocol of all selectors, and what those share that look at each side on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from ..anchors import SIDES, AnchorTable
from ..arrays import DoubleArray, IntArray
from ..errors import MethodError

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) anchors."""
Advance: TypeAlias = Callable[[int], None]
"""Called with the number of anchors that were chosen since the last call."""


@runtime_checkable
class Selector(Protocol):
    """Chooses anchors by anchors alone. Implementations are frozen dataclasses whose fields are their parameters."""

    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset.

        Args:
            anchors: N anchors, in the space in use; directions need not be of length one there if an anchor lies at
                the mean.
            n_good: How many of the good side, from 1 to `anchors.n_good`.
            n_bad: How many of the bad side, from 1 to `anchors.n_bad`.
            on_progress: Called with (done, total) now and then, by selectors that take long.

        Returns:
            (n_good + n_bad,) row numbers, ascending, without repeats.

        Raises:
            MethodError: When the anchors lack what the selector needs (ratings, groups).
        """
        ...


def choose_by_side(
    anchors: AnchorTable,
    n_good: int,
    n_bad: int,
    choose: Callable[[slice, int, Advance], IntArray],
    on_progress: OnProgress | None = None,
) -> IntArray:
    """Choose within each side on its own; a side that is wanted whole is not looked at.

    Args:
        anchors: N anchors.
        n_good: How many of the good side.
        n_bad: How many of the bad side.
        choose: Returns the (n,) different places within a side, in any order, given its rows and n.
        on_progress: As of `Selector.select`.

    Returns:
        As `Selector.select`.
    """
    done, total = 0, n_good + n_bad

    def advance(n: int) -> None:
        nonlocal done
        done += n
        if on_progress is not None:
            on_progress(done, total)

    chosen = []
    for side, n in zip(SIDES, (n_good, n_bad), strict=True):
        rows = anchors.side(side)
        n_side = rows.stop - rows.start
        places = np.arange(n_side) if n == n_side else np.sort(choose(rows, n, advance))
        chosen.append(places + rows.start)
    return np.concatenate(chosen)


def rated(anchors: AnchorTable, purpose: str) -> DoubleArray:
    """Return the opinion scores of all anchors.

    Raises:
        MethodError: When some anchor has none.
    """
    if anchors.quality is None or np.isnan(anchors.quality).any():
        raise MethodError(
            f"{purpose} needs an opinion score for every anchor, and reference/distorted anchors have none",
            "use another selector, or anchors with ratings",
        )
    return anchors.quality
