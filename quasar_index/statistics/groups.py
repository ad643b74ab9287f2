"""Groups of images that belong together (versions of a reference image, answers to a prompt), as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..arrays import IntArray
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
    labels: Sequence[object] = groups.tolist() if isinstance(groups, np.ndarray) else groups
    seen: dict[object, int] = {}
    codes = np.empty(n, dtype=np.int64)
    for row, label in enumerate(labels):
        key = label
        if label is None or label == "" or label != label:  # noqa: PLR0124 - NaN differs from itself
            if not alone:
                raise ValidationError(f"row {row} has no group", "fill the group column, or evaluate without groups")
            key = (row,)
        codes[row] = seen.setdefault(key, len(seen))
    return codes
