"""Anchors from arrays in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from .anchors import AnchorTable
from .arguments import checked
from .arrays import BoolArray, DoubleArray, as_embeddings, as_numbers
from .errors import DataError, counted
from .sides import anchor_order, check_two_sides, divide_at_median
from .statistics.groups import group_codes


@checked
def make_anchors(
    embeddings: npt.ArrayLike,
    *,
    is_good: Sequence[bool] | BoolArray | None = None,
    quality: npt.ArrayLike | None = None,
    ids: Sequence[str] | None = None,
    groups: Sequence[object] | npt.NDArray[np.generic] | None = None,
) -> AnchorTable:
    """Make anchors from embeddings in memory.

    Args:
        embeddings: (N, D) raw embeddings.
        is_good: (N,) the side of each; None to divide at the median of `quality`.
        quality: (N,) opinion scores, higher is better; they are used as they are.
        ids: (N,) unique names; None for row numbers.
        groups: (N,) labels of contents; None where each anchor stands alone.

    Returns:
        The anchors, in the order of `AnchorTable`.

    Raises:
        DataError: On bad embeddings, lengths that differ, a side without anchors, or neither side nor score given.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> anchors = qi.make_anchors(np.eye(4), quality=[2, 4, 1, 3], ids=["b", "d", "a", "c"])
        >>> anchors.ids.tolist(), anchors.n_good
        ([b'd', b'c', b'a', b'b'], 2)
        >>> qi.make_anchors(np.eye(4), is_good=[True, False, False, False]).n_bad
        3
    """
    matrix = as_embeddings(embeddings)
    n = len(matrix)
    scores = None if quality is None else as_numbers(quality, np.float64, "opinion scores")
    sides = None if is_good is None else _as_sides(is_good)
    names = _as_ids(map("{:09d}".format, range(n)) if ids is None else ids)
    codes = None if groups is None else group_codes(groups, n, alone=True)
    for what, values in (("sides", sides), ("opinion scores", scores), ("ids", names), ("groups", codes)):
        if values is not None and values.shape != (n,):
            raise DataError(f"{counted(n, 'embedding')} but {what} of shape {values.shape}", f"give {n} of them")
    if scores is not None and np.isinf(scores).any():
        row = int(np.flatnonzero(np.isinf(scores))[0])
        raise DataError(f"opinion score {row} is {scores[row]}", "give numbers; with is_good, NaN stands for none")
    if sides is None and scores is None:
        raise DataError("anchors have neither a side nor an opinion score", "give is_good or quality")
    if n == 0:
        raise DataError("there are no anchors", "give embeddings of both sides")
    good = sides if sides is not None else divide_at_median(cast("DoubleArray", scores))[0]
    check_two_sides(good)
    order = anchor_order(good, scores, names)
    matrix, names = matrix[order], names[order]
    norms = np.linalg.norm(matrix, axis=1)
    return AnchorTable(
        ids=names,
        directions=matrix / norms[:, None],
        norms=norms,
        quality=None if scores is None else scores[order],
        n_good=int(good.sum()),
        groups=None if codes is None else codes[order],
    )


def _as_sides(values: Sequence[bool] | BoolArray) -> BoolArray:
    """Return sides as truth values; 0 and 1 stand for them.

    Raises:
        DataError: When one is anything else.
    """
    sides = np.asarray(values)
    if sides.dtype == np.bool_ or (sides.dtype.kind in "iuf" and np.isin(sides, (0, 1)).all()):
        return sides.astype(np.bool_)
    wrong = next((one for one in sides.ravel().tolist() if one not in (0, 1)), sides.dtype)
    raise DataError(f"a side is {wrong!r}", "is_good takes True and False")


def _as_ids(ids: Iterable[str]) -> npt.NDArray[np.bytes_]:
    """Return ids as bytes strings.

    Raises:
        DataError: When two are equal, or one is empty or ends with a NUL, which NumPy would drop.
    """
    names = list(ids)
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise DataError(f"id '{twice[0]}' is there twice ({counted(len(twice), 'such id')})", "ids have to differ")
    if any(not name or name.endswith("\0") for name in names):
        raise DataError("an id is empty, or ends with a NUL", "give each anchor a name")
    return np.array([name.encode(errors="surrogateescape") for name in names], dtype=np.bytes_)
