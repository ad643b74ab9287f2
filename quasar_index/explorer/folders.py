"""The photographs of an explorer: which files they are, and how they are opened without leaving what was named.

A folder that was named may hold links, and whoever can write there may swap a file for one while it is being opened. So
a path is resolved, compared with the folder that it must lie in, and then walked from that folder down without
following a link, part by part: what is opened is what was compared.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ..errors import DataError, ImageError
from ..paths import PathText

_WALKS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_OUTSIDE = ImageError("it lies outside of the folders that were named", "name its folder, too")


@dataclass(frozen=True)
class Folder:
    """A folder that holds photographs.

    Attributes:
        path: As it was named.
        real: Where it lies, without links.
        is_named: Whether it was named itself; else only some of its files were.
    """

    path: str
    real: str
    is_named: bool


class Files:
    """The files of photographs, by number.

    Args:
        paths: n files.
        folders: Folders that were named; a file of none of them was named itself.

    Attributes:
        paths: n files, each once.
        folders: Those that hold them.
        folder_of: n places in `folders`.
        names: n paths from their folder on, with slashes.

    Raises:
        DataError: When a path is a URL.
    """

    def __init__(self, paths: Sequence[PathText], folders: Sequence[PathText] = ()) -> None:
        self.paths: list[str] = []
        self.folders = [
            Folder(name, os.path.realpath(name), True) for name in dict.fromkeys(os.fspath(one) for one in folders)
        ]
        self.folder_of: list[int] = []
        self.names: list[str] = []
        self._pinned: dict[int, str] = {}
        self._beside: dict[str, int] = {}
        starts = [(n, one.path.rstrip(os.sep) + os.sep) for n, one in enumerate(self.folders)]
        seen: set[str] = set()
        for path in (os.fspath(one) for one in paths):
            if "://" in path:
                raise DataError(f"'{path}' is no file of this machine", "name files and folders")
            there = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
            if there in seen:
                continue
            seen.add(there)
            found = next((n for n, start in starts if path.startswith(start)), None)
            self.folder_of.append(self._place_beside(path) if found is None else found)
            start = self.folders[self.folder_of[-1]].path
            self.names.append(os.path.relpath(path, start).replace(os.sep, "/"))
            self.paths.append(path)

    def __len__(self) -> int:
        """Return n."""
        return len(self.paths)

    def _place_beside(self, path: str) -> int:
        """Return the place of the folder of a file that was named itself, which is opened where it lies now."""
        self._pinned[len(self.paths)] = os.path.realpath(path)
        folder = str(PurePath(path).parent)
        if folder not in self._beside:
            self._beside[folder] = len(self.folders)
            self.folders.append(Folder(folder, os.path.realpath(folder), False))
        return self._beside[folder]

    def resolve(self, number: int) -> tuple[str, str]:
        """Return where a file lies without links, and the folder that it must lie in.

        Raises:
            ImageError: When it lies elsewhere.
        """
        real = os.path.realpath(self.paths[number])
        if (pinned := self._pinned.get(number)) is not None:
            if real != pinned:
                raise _OUTSIDE
            return real, str(PurePath(real).parent)
        base = self.folders[self.folder_of[number]].real
        if not real.startswith(base.rstrip(os.sep) + os.sep):
            raise _OUTSIDE
        return real, base

    def open(self, number: int, flags: int = os.O_RDONLY) -> int:
        """Open a file for reading, as `os.open` does.

        Raises:
            ImageError: When it lies outside of its folder.
            OSError: When it cannot be opened.
        """
        real, base = self.resolve(number)
        try:
            return _open_below(base, PurePath(real).relative_to(base).parts, flags)
        except NotADirectoryError:
            raise _OUTSIDE from None
        except OSError as error:
            if _is_link(error):  # it was swapped for one since it was resolved
                raise _OUTSIDE from None
            raise


def _open_below(base: str, parts: Sequence[str], flags: int) -> int:
    """Open a file below a folder; no part of the way may be a link."""
    flags |= getattr(os, "O_CLOEXEC", 0)
    if not _WALKS:
        path = PurePath(base, *parts)
        number = os.open(path, flags | getattr(os, "O_BINARY", 0))
        if not os.path.samestat(os.fstat(number), os.lstat(path)):
            os.close(number)
            raise _OUTSIDE
        return number
    folder = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(parts[-1], flags | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)


def _is_link(error: OSError) -> bool:
    return error.errno in (errno.ELOOP, errno.EMLINK)


def folder_is_writable(folder: str) -> bool:
    """Whether files can be made in a folder."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def check_name(name: str) -> None:
    """Refuse a name of a new folder that leads anywhere else, or that some system cannot have.

    Raises:
        DataError: When it does.
    """
    odd = not name or name != name.strip() or len(os.fsencode(name)) > 120 or not name.isprintable()
    if odd or name.startswith(".") or any(one in name for one in '/\\:*?"<>|'):
        raise DataError(f"'{name}' is no name of a new folder", "use letters, digits, spaces and dashes")
