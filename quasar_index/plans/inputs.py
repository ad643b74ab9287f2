"""The rows of a plan: image after image, source after source, and what tells whether their files have changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np

from ..arrays import IntArray

Row: TypeAlias = "tuple[int, str] | tuple[int, str, tuple[Any, ...]]"
"""An image: the number of its source, its path there, and what else a job wants to know of it."""
_READ_ROWS = 8192
_UNKNOWN = (-1, -1)


@dataclass(frozen=True)
class Inputs:
    """Images of several sources, one after the other.

    Attributes:
        paths: Of each source, its paths: an Arrow column, or a sequence of texts.
        reads: Of each source, what opens an image by its path; None for a local file or a URL.
    """

    paths: Sequence[Any]
    reads: Sequence[Callable[[str], bytes] | None] = field(default=(None,))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self.paths))]

    def __len__(self) -> int:
        """Return the number of images."""
        return self._starts[-1]

    def rows(self, numbers: range) -> Iterator[Row]:
        """Yield a run of rows, without a copy of all paths."""
        for source, (first, paths) in enumerate(zip(self._starts, self.paths, strict=False)):
            low, high = max(numbers.start - first, 0), min(numbers.stop - first, len(paths))
            for start in range(low, high, _READ_ROWS):
                part = paths[start : min(start + _READ_ROWS, high)]
                yield from ((source, path) for path in (part.to_pylist() if hasattr(part, "to_pylist") else part))

    def states(self, rows: Sequence[Row]) -> IntArray:
        """Return (n, 2) int64, size and time of the file that holds each image; -1 where nobody can say, as of URLs."""
        found: dict[str, tuple[int, int]] = {}
        states = []
        for source, path in ((row[0], row[1]) for row in rows):
            holder = getattr(self.reads[source], "file", None)
            name = str(path if holder is None else holder(path))
            if name not in found:
                found[name] = _state(name)
            states.append(found[name])
        return np.array(states, dtype=np.int64).reshape(-1, 2)


def digest_of(states: IntArray) -> str:
    """Return what tells whether files are those that they were (see `Inputs.states`)."""
    return hashlib.blake2b(np.ascontiguousarray(states, dtype="<i8").tobytes(), digest_size=16).hexdigest()


def _state(name: str) -> tuple[int, int]:
    if "://" in name:
        return _UNKNOWN
    try:
        known = os.stat(name)  # noqa: PTH116 - a URL is no Path
    except (OSError, ValueError):
        return _UNKNOWN
    return known.st_size, known.st_mtime_ns
