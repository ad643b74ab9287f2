"""Paths as users give them, and files that appear whole.

A file is written under a hidden name beside its place, put on the disk, and renamed: whoever looks sees the old one or
the new one, also after a kill, a power cut or on a full disk. What a kill leaves is called `.NAME.tmp` or
`.NAME.PROCESS.tmp`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from .errors import DataError, reason

PathText: TypeAlias = str | os.PathLike[str]
"""A path as the functions of this package take it."""
_PIECE = 1 << 20
LEFT = ".*.tmp"
"""Glob of what interrupted writes leave."""


@contextmanager
def replacing(path: PathText, *, sync: bool = True, shared: bool = False) -> Iterator[Path]:
    """Offer a path to write a file at, which takes its place when the block ends without an error.

    Args:
        path: The place; what is there is replaced.
        sync: Wait until the file and its name are on the disk. Else a power cut can leave zeros under the name: only
            for what tells so by a checksum of its own, and can be made again.
        shared: Other processes may write the same file at this moment. Else the next write starts over with what an
            interrupted one left.

    Raises:
        OSError: When the disk is full or broken.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp" if shared else f".{target.name}.tmp")
    try:
        yield temporary
        if sync:
            sync_file(temporary)
        temporary.replace(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    if sync:
        sync_folder(target.parent)


@contextmanager
def new_output(path: PathText) -> Iterator[Path]:
    """Offer a path to write a file at that a user named (see `replacing`).

    Raises:
        DataError: When it cannot be written.
    """
    try:
        with replacing(path) as temporary:
            yield temporary
    except OSError as error:
        raise DataError(f"'{os.fspath(path)}' cannot be written ({reason(error)})", "name another file") from error


def write_atomically(path: PathText, data: bytes, *, sync: bool = True, shared: bool = False) -> None:
    """Replace a file by these bytes (see `replacing`)."""
    with replacing(path, sync=sync, shared=shared) as temporary:
        temporary.write_bytes(data)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: When it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        return sha256_of(file)


def sha256_of(file: Any) -> str:
    """Return the SHA-256 of what an open file still has, in hexadecimal."""
    made = hashlib.sha256()
    while piece := file.read(_PIECE):
        made.update(piece)
    return made.hexdigest()


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can say so."""
    with contextlib.suppress(OSError):  # Windows opens no folders, and some file systems sync none
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def common_folder(paths: Sequence[str]) -> str:
    """Return the folder that all paths lie in, with its last `/`; "" for none, and for one such as `../`.

    Args:
        paths: Paths or URLs with `/` between folders.
    """
    parts = [path.split("/")[:-1] for path in paths]
    first, last = min(parts, default=[]), max(parts, default=[])
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    folder = "".join(f"{part}/" for part in first[:n])
    return folder if folder.strip("/.") else ""
