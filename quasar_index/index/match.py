"""Which anchor a label file means: by path, by content id, or by file name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Container, Sequence

import numpy as np

from ..arrays import IntArray
from ..datasets.base import concat_text
from ..errors import DataError, counted


def match_names(
    names: Sequence[str], ids: Sequence[str], paths: Sequence[str], considered: Container[str] | None = None
) -> tuple[IntArray, tuple[str, ...]]:
    """Find the anchor of each name.

    A name is a path, or its last part is a content id, or it is a file name: of anchors with that file name, the one
    whose folders agree with those of the name for longest, from the file upwards.

    Args:
        names: n names.
        ids: (N,) content ids of the anchors.
        paths: (N,) their paths.
        considered: Ids of the anchors to look at; None for all.

    Returns:
        (n,) row of the anchor, -1 where there is none, and the names without one.

    Raises:
        DataError: When a name means several anchors.
    """
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    by_file: defaultdict[str, list[int]] = defaultdict(list)
    by_id: dict[str, int] = {}
    for row, (key, path) in enumerate(zip(ids, paths, strict=True)):
        if considered is None or key in considered:
            by_path[path].append(row)
            by_file[_parts(_composed(path))[-1]].append(row)
            by_id[key] = row
    rows = np.full(len(names), -1, dtype=np.int64)
    unmatched: list[str] = []
    for number, name in enumerate(names):
        file = _parts(name)[-1]
        found = by_path.get(name) or ([by_id[file]] if file in by_id else by_file.get(_composed(file), []))
        if len(found) > 1:
            agreeing = [_agreement(name, paths[row]) for row in found]
            found = [row for row, length in zip(found, agreeing, strict=True) if length == max(agreeing)]
        if len(found) > 1:
            raise DataError(
                f"'{name}' means {counted(len(found), 'anchor')}: {concat_text([paths[row] for row in found])}",
                "name them by path or id, or take some only, by a filter such as dataset = 'live'",
            )
        if found:
            rows[number] = found[0]
        else:
            unmatched.append(name)
    return rows, tuple(unmatched)


def _parts(path: str) -> list[str]:
    return path.replace("\\", "/").rstrip("/").split("/")


def _composed(name: str) -> str:
    """Return a name with letters and accents in one: macOS takes them apart."""
    return unicodedata.normalize("NFC", name)


def _agreement(one: str, other: str) -> tuple[int, bool]:
    """Return how many parts at the end two paths share, and whether the last one is the same as it is written."""
    length = 0
    for mine, theirs in zip(reversed(_parts(one)), reversed(_parts(other)), strict=False):
        if _composed(mine) != _composed(theirs):
            break
        length += 1
    return length, _parts(one)[-1] == _parts(other)[-1]
