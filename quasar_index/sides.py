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


def divide_at_median(quality: DoubleArray) -> tuple[BoolArray, float]:
    """Divide rated anchors at the median opinion score; ties at the median are bad.

    Args:
        quality: (N,) opinion scores, higher is better, none missing.

    Returns:
        (N,) whether each is good, and the median.

    Raises:
        DataError: When scores are missing, or none lies above the median.
    """
    if np.isnan(quality).any():
        missing = int(np.isnan(quality).sum())
        raise DataError(f"{counted(missing, 'anchor has', 'anchors have')} no opinion score", "rate or drop them")
    threshold = float(np.median(quality))
    is_good = quality > threshold
    if not is_good.any():
        same = "all" if (quality == threshold).all() else "at least half of the"
        raise DataError(
            f"{same} {counted(len(quality), 'opinion score is', 'opinion scores are')} {threshold:g}, so none lies "
            "above the median",
            "check the score column, or add images of other quality",
        )
    return is_good, threshold


def check_two_sides(is_good: BoolArray) -> None:
    """Raise a DataError unless both sides have anchors."""
    n_good = int(is_good.sum())
    if n_good == 0 or n_good == len(is_good):
        missing = "bad" if n_good else "good"
        raise DataError(
            f"all {counted(len(is_good), 'anchor is', 'anchors are')} on one side, none is {missing}",
            "add anchors of the other side: distorted images, or a wider range of ratings",
        )
