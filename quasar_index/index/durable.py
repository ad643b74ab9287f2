"""What must be on the disk before something that names it: files that are synced, folders that change in one step.

Lance syncs nothing, so that after a power cut a table can name files that are empty. Every commit point here (a block
of embeddings, a manifest, a published index) comes after the files it depends on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
import time
from collections.abc import Collection
from pathlib import Path

from ..paths import sha256_file, sync_file, sync_folder

_FOOTER = struct.Struct("<QQQIIHH4s")
_EXCHANGE = 2
_ABANDONED = 3600.0
_HERE = -100


def files_below(folder: Path) -> frozenset[str]:
    """Return the paths of all files below a folder, which need not exist."""
    return frozenset(os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)  # noqa: PTH118


def sync_below(folder: Path, known: Collection[str] = ()) -> None:
    """Wait until the files below a folder are on the disk, whole, and their names.

    Args:
        folder: The folder.
        known: Files that are there already.

    Raises:
        OSError: When the disk is full or broken.
    """
    folders = {folder}
    for name in files_below(folder).difference(known):
        path = Path(name)
        sync_file(path)
        if not _is_whole(path):
            raise OSError(errno.EIO, "a write was lost", name)
        folders.add(path.parent)
    for changed in folders:
        sync_folder(changed)


def digests_below(folder: Path, known: Collection[str] = ()) -> dict[str, str]:
    """Return the SHA-256 of the files of a table that never change once they are written.

    Args:
        folder: The table.
        known: Files to leave out.

    Returns:
        Hexadecimal digests by path in the index, with `/` (`anchors.lance/data/...`); files in JSON are replaced now
        and then, and left out.

    Raises:
        OSError: When one cannot be read.
    """
    paths = [Path(name) for name in sorted(files_below(folder).difference(known))]
    return {path.relative_to(folder.parent).as_posix(): sha256_file(path) for path in paths if path.suffix != ".json"}


def _is_whole(path: Path) -> bool:
    """Return whether a file of a table ends as it should: Lance itself can miss a failed write.

    Data files (`.lance`) have a footer of 40 bytes: three places (u64), the last of them of the table of global buffers
    (16 bytes each), the counts of buffers and columns (u32), the version (2 u16), the magic. Lists of a few deleted
    rows are Arrow files (`.arrow`), which end with a magic of their own. No other file is empty.
    """
    size = path.stat().st_size
    if path.suffix == ".arrow":
        return path.read_bytes().endswith(b"ARROW1")
    if path.suffix != ".lance":
        return size > 0
    if size < _FOOTER.size:
        return False
    with path.open("rb") as file:
        file.seek(-_FOOTER.size, os.SEEK_END)
        _, _, place, n_buffers, _, major, _, magic = _FOOTER.unpack(file.read())
    # Of another version of that format, only the magic is known.
    return bool(magic == b"LANC" and (major != 2 or place + 16 * n_buffers + _FOOTER.size == size))


def is_abandoned(path: Path) -> bool:
    """Return whether a temporary file is so old that no process writes it any more."""
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED
    except FileNotFoundError:
        return False


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; return whether the system can."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
