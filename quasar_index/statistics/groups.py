"""Groups of images that belong together (versions of a reference image, answers to a prompt), as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, IntArray
from ..errors import ValidationError, counted

Groups: TypeAlias = "Sequence[object] | npt.NDArray[np.generic] | None"


def group_codes(groups: Groups, n: int, *, alone: bool = False) -> IntArray:
    """Number the groups of n images, by first appearance.

    Args:
        groups: n labels (references, contents, prompts), or None where every image stands alone.
        n: Number of images.
        alone: An image without a label (None, NaN or "") is a group of its own; without this it is refused.

    Returns:
        (n,) int64 from 0 to the number of groups - 1, all of them in use.

    Raises:
        ValidationError: On another number of labels, or an image without one.
    """
    if groups is None:
        return np.arange(n, dtype=np.int64)
    if len(groups) != n:
        raise ValidationError(
            f"{counted(len(groups), 'group label')} for {counted(n, 'image')}", "give one label an image"
        )
    labels: Sequence[object] = groups.tolist() if hasattr(groups, "tolist") else groups
    seen: dict[object, int] = {}
    codes = np.empty(n, dtype=np.int64)
    for row, label in enumerate(labels):
        key = label
        if label is None or label == "" or label != label:  # noqa: PLR0124 - NaN differs from itself
            if not alone:
                raise ValidationError(f"row {row} has no group", "fill the group column, or evaluate without groups")
            key = (row,)
        try:
            codes[row] = seen.setdefault(key, len(seen))
        except TypeError:  # such as a list
            what = f"the group of row {row} is of type {type(label).__name__}"
            raise ValidationError(what, "give texts or numbers") from None
    return codes


def drawn_groups(codes: IntArray, most: int, *, seed: int = 0, among: BoolArray | None = None) -> BoolArray:
    """Draw whole groups until there are enough images: two groups at least.

    Args:
        codes: (n,) groups.
        most: Most images, where the first two drawn groups are not more already.
        seed: Of the draw.
        among: (n,) images that count; None for all.

    Returns:
        (n,) which images are drawn.
    """
    counts = np.ones(len(codes), dtype=np.bool_) if among is None else among
    labels, places = np.unique(codes[counts], return_inverse=True)
    sizes = np.bincount(places)
    order: IntArray = np.random.default_rng(seed).permutation(len(sizes))
    n_kept = max(int(np.searchsorted(np.cumsum(sizes[order]), most, side="right")), 2)
    return counts & np.isin(codes, labels[order[:n_kept]])
