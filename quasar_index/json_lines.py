"""Files of JSON objects, one a line, that grow while a long run goes on and outlive a process that is killed.

A line without an end, which such a process leaves, costs itself alone: the next one that is added first ends it, and
reading passes over it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any


def read_lines(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Read the objects of a file.

    Args:
        path: The file; one that is missing holds none.

    Yields:
        Each object, and the place in the file, in bytes, where its line ends; a line that holds none is passed over.

    Raises:
        OSError: When the file cannot be read.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        end = 0
        for line in file:
            end += len(line)
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found, end


def append_line(file: IO[bytes], record: Mapping[str, Any], *, sync: bool = False) -> None:
    """Add an object, which outlives this process from then on.

    Args:
        file: A file that was opened as "ab+".
        record: The object.
        sync: Wait until it is on the disk, so that it outlives a power cut, too.

    Raises:
        OSError: When the disk is full or broken.
    """
    append_lines(file, [record], sync=sync)


def append_lines(file: IO[bytes], records: Iterable[Mapping[str, Any]], *, sync: bool = False) -> None:
    """Add objects by one write; arguments and errors as `append_line`."""
    torn = False
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        torn = file.read(1) != b"\n"
    lines = b"".join(json.dumps(dict(record)).encode() + b"\n" for record in records)
    file.write(b"\n" * torn + lines)
    file.flush()
    if sync:
        os.fsync(file.fileno())
