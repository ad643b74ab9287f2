"""How rated anchors fall into a good and a bad side, and the order of anchors within them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .arrays import BoolArray, DoubleArray, IntArray
from .errors import DataError, counted


def reference_units(names: Sequence[str], references: Sequence[str | None]) -> npt.NDArray[np.str_] | None:
    """Say which full-reference anchors are drawn together: those of one reference image.

    Args:
        names: N different names, such as ids.
        references: N reference ids; None or "" for an anchor without one.

    Returns:
        (N,) the reference of each, or its own name where it has none: it stands alone. None where no anchor has a
        reference: there is nothing to draw by then but the sides.
    """
    if not any(references):
        return None
    return np.array([reference or name for name, reference in zip(names, references, strict=True)], dtype=np.str_)


def anchor_order(is_good: BoolArray, quality: DoubleArray | None, ids: npt.NDArray[np.bytes_]) -> IntArray:
    """Return the row order of an `AnchorTable`: good first, the most extreme opinion score first, then by id.

    Args:
        is_good: (N,) sides.
        quality: (N,) opinion scores or NaN; None where there are none.
        ids: (N,) unique ids.

    Returns:
        (N,) row numbers.
    """
    extremity = np.zeros(len(ids)) if quality is None else np.where(is_good, -quality, quality)
    return np.lexsort((ids, extremity, ~is_good))


def divide_at_median(scores: DoubleArray, *, lower_is_better: bool = False) -> tuple[BoolArray, float]:
    """Divide rated anchors at the median opinion score; ties at the median are bad.

    Two different scores divide themselves: where the better one is that of more than half, none lies above the median,
    and the worse one is the threshold instead.

    Args:
        scores: (N,) opinion scores, none missing.
        lower_is_better: Their direction.

    Returns:
        (N,) whether each is good: above the threshold (below it where lower is better); and the threshold.

    Raises:
        DataError: When scores are missing, or none is better than the median, with thresholds that would do.
    """
    if np.isnan(scores).any():
        missing = int(np.isnan(scores).sum())
        raise DataError(f"{counted(missing, 'anchor has', 'anchors have')} no opinion score", "rate or drop them")
    threshold = float(np.median(scores))
    values = np.unique(scores)
    if len(values) == 2 and threshold == _best(values, lower_is_better):
        threshold = float(values[1] if lower_is_better else values[0])
    is_good = better_than(scores, threshold, lower_is_better=lower_is_better)
    if not is_good.any():
        same = "all" if (scores == threshold).all() else "at least half of the"
        raise DataError(
            f"{same} {counted(len(scores), 'opinion score is', 'opinion scores are')} {threshold:g}, so none lies "
            f"{'below' if lower_is_better else 'above'} the median",
            proposed_threshold(scores, lower_is_better=lower_is_better)
            or "check the score column, or add images of other quality",
        )
    return is_good, threshold


def divide_at(scores: DoubleArray, threshold: float, *, lower_is_better: bool = False) -> BoolArray:
    """Divide rated anchors at a threshold that the user gives; ties are bad.

    Args:
        scores: (N,) opinion scores, none missing.
        threshold: In their unit.
        lower_is_better: Their direction.

    Returns:
        (N,) whether each is good: above the threshold, or below it where lower is better.

    Raises:
        DataError: When a side is left empty, with the range of the scores.
    """
    is_good = better_than(scores, threshold, lower_is_better=lower_is_better)
    if is_good.all() or not is_good.any():
        side = "bad" if is_good.all() else "good"
        raise DataError(
            f"the threshold {threshold:g} leaves no {side} one among {counted(len(scores), 'opinion score')} from "
            f"{scores.min():g} to {scores.max():g} (good is {'below' if lower_is_better else 'above'} it)",
            proposed_threshold(scores, lower_is_better=lower_is_better) or "check the score column",
        )
    return is_good


def better_than(scores: DoubleArray, threshold: float, *, lower_is_better: bool = False) -> BoolArray:
    """Return where (N,) scores are better than a threshold, which itself is not."""
    return np.asarray(scores < threshold if lower_is_better else scores > threshold)


def proposed_threshold(scores: DoubleArray, *, lower_is_better: bool = False) -> str:
    """Propose the threshold that divides scores most evenly; empty where all are the same."""
    best = _best(scores, lower_is_better)
    values = [float(value) for value in np.unique(scores) if value != best]
    if not values:
        return ""
    n_good = [int(better_than(scores, value, lower_is_better=lower_is_better).sum()) for value in values]
    most_even = min(range(len(values)), key=lambda i: abs(2 * n_good[i] - len(scores)))
    good = n_good[most_even]
    return f"?threshold={values[most_even]:g} would make {good} good, {len(scores) - good} bad"


def _best(scores: DoubleArray, lower_is_better: bool) -> float:
    return float(scores.min() if lower_is_better else scores.max())


def check_two_sides(is_good: BoolArray) -> None:
    """Raise a DataError unless both sides have anchors."""
    n_good = int(is_good.sum())
    if n_good == 0 or n_good == len(is_good):
        missing = "bad" if n_good else "good"
        raise DataError(
            f"all {counted(len(is_good), 'anchor is', 'anchors are')} on one side, none is {missing}",
            "add anchors of the other side: distorted images, or a wider range of ratings",
        )
