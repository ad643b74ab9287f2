"""Folders and files of a data set, local or behind any fsspec URL, read the same way."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import fsspec
from fsspec.core import url_to_fs

from ..errors import DataError, reason
from ..images import LeftOut, survey_folder
from ..images.folders import survey_names

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*(::|://)")


def is_url(path: str) -> bool:
    """Tell an fsspec URL (`s3://`, `memory://`, `simplecache::s3://`) from a local path."""
    return bool(_URL.match(path))


def stem(path: str) -> str:
    """Return the last part of a path or URL without its ending."""
    return os.path.splitext(path.replace("\\", "/").rsplit("/", 1)[-1])[0]  # noqa: PTH122


def read_url(path: str) -> bytes:
    """Read a whole file, local or behind a URL.

    Raises:
        DataError: When it cannot be read.
    """
    try:
        if is_url(path):
            with fsspec.open(path, "rb") as file:
                return bytes(file.read())
        return Path(path).read_bytes()
    except (OSError, ImportError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({reason(error)})", "check the path") from error


class Folder:
    """One folder, local or behind an fsspec URL; every directory in it is listed at most once.

    Local folders are made absolute, so that paths kept in an index stay good wherever the user works.

    Attributes:
        root: The folder as text, without a slash at its end.
        checksums: SHA-256 of each file that `read` has read, by path.
        left_out: What `images` has left out.
    """

    def __init__(self, root: str) -> None:
        self.checksums: dict[str, str] = {}
        self.left_out = LeftOut()
        self._listings: dict[str, tuple[frozenset[str], dict[str, str]]] = {}
        self._plain: dict[str, str] = {}
        self._mended: dict[str, str] = {}
        if is_url(root):
            try:
                fs, inner = url_to_fs(root)
            except (ImportError, ValueError, OSError) as error:
                raise DataError(f"cannot open {root}: {error}", "install the fsspec file system it needs") from error
            self._fs: Any = fs
            self._inner = str(inner).rstrip("/")
            self.root = root.rstrip("/") if not root.endswith("://") else root
        else:
            self._fs = None
            # os.path, not Path: links stay as they are, and odd names are no error here
            self.root = os.path.abspath(os.path.expanduser(root))  # noqa: PTH100, PTH111

    @property
    def name(self) -> str:
        """The last part of the folder's path."""
        return self.root.rstrip("/").replace("\\", "/").rsplit("/", 1)[-1] or self.root

    def path(self, relative: str) -> str:
        """Return the path or URL of a file in the folder; absolute paths and URLs stay as they are."""
        if is_url(relative) or os.path.isabs(relative):  # noqa: PTH117
            return relative
        if not relative:
            return self.root
        if self._fs is None:
            return f"{self.root}{os.sep}{relative}" if self.root != os.sep else f"{os.sep}{relative}"
        # Chained URLs (zip://inner::outer) carry the folder in their first link.
        first, chain, rest = self.root.partition("::")
        if chain and "://" in first:
            return f"{first.rstrip('/')}{'' if first.endswith('://') else '/'}{relative}{chain}{rest}"
        return f"{self.root}{'' if self.root.endswith('/') else '/'}{relative}"

    def exists(self, relative: str = "") -> bool:
        """Tell whether a file or a folder is there."""
        if self._fs is None:
            return os.path.exists(self.path(relative))  # noqa: PTH110 - no error for names that are too long
        return bool(self._fs.exists(f"{self._inner}/{relative}" if relative else self._inner))

    def is_dir(self, relative: str = "") -> bool:
        """Tell whether a folder is there."""
        if self._fs is None:
            return os.path.isdir(self.path(relative))  # noqa: PTH112
        return bool(self._fs.isdir(f"{self._inner}/{relative}" if relative else self._inner))

    def read(self, relative: str) -> bytes:
        """Read a label file and keep its checksum."""
        path = self.path(relative)
        content = read_url(path)
        self.checksums[path] = hashlib.sha256(content).hexdigest()
        return content

    def names(self, relative: str = "") -> frozenset[str]:
        """Return the names in a directory; none when there is no such directory."""
        return self._listing(relative)[0]

    def images(self, relative: str, exclude: Sequence[str] = ()) -> list[str]:
        """Return all images under a directory, sorted, as paths relative to it; the rest is counted in `left_out`.

        Args:
            relative: The directory; where there is none, it has no images.
            exclude: Patterns of what is left out, as in .gitignore.

        Raises:
            DataError: When a folder may not be read: its images would be missing without a word.
        """
        base = self.path(relative)
        if self._fs is not None:
            inner = f"{self._inner}/{relative}" if relative else self._inner
            names = (str(path)[len(inner) :].lstrip("/") for path in self._fs.find(inner))
            found, left_out = survey_names(names, exclude=exclude)
            self.left_out.add(left_out)
            return found
        if not os.path.isdir(base):  # noqa: PTH112
            return []
        survey = survey_folder(base, exclude=exclude)
        if survey.unreadable:
            raise DataError(f"folder '{survey.unreadable[0]}' cannot be read", "mend its permissions")
        self.left_out.add(survey.left_out)
        start = len(str(Path(base)))  # not Path.relative_to, which takes seconds for 700,000 images
        return sorted(str(path)[start:].lstrip(os.sep).replace(os.sep, "/") for path in survey.images)

    def resolve(self, name: str) -> str:
        """Return the path of an image that a label file names; all spellings of one file give one path.

        The name is taken as it stands when such a file is there. Else a file is looked for that differs only in
        upper and lower case, in the form of Unicode (macOS takes letters apart from their accents), in blanks around
        the name, in backslashes for slashes, or in percent signs for characters. A name without such a file comes
        back with plain slashes: opening it will say that it is missing.
        """
        if name.casefold().startswith("file:"):
            name = unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", name, flags=re.IGNORECASE))
        elif is_url(name):
            return name
        if self._fs is not None and os.path.isabs(name):  # noqa: PTH117
            return name
        for spelled in _spellings(name):
            directory, last = self._split(spelled)
            directory = self._directory(directory)
            exact, alike = self._listing(directory)
            found = last if last in exact else alike.get(_alike(last))
            if found is not None:
                return self.path(_joined(directory, found))
        return self.path(_joined(*self._split(name)))

    def _split(self, name: str) -> tuple[str, str]:
        """Return the directory of a name, without `.`, `..` and double slashes, and its last part.

        Directories beside the folder are absolute where they are local.
        """
        directory, slash, last = name.rpartition("/")
        if not slash:
            return "", name
        directory = directory or "/"
        if directory not in self._plain:
            plain = posixpath.normpath(re.sub("^/+", "/", directory))
            plain = "" if plain == "." else plain
            if self._fs is None and plain.split("/")[0] == "..":
                plain = os.path.normpath(self.path(plain))
            if self._fs is None and ".." in directory:
                # the parent of a linked folder is that of its target
                with suppress(OSError):
                    if not os.path.samefile(self.path(directory), self.path(plain)):  # noqa: PTH121
                        plain = directory
            self._plain[directory] = plain
        return self._plain[directory], last

    def _directory(self, relative: str) -> str:
        """Return a directory that is there, its parts mended as `resolve` does; else as it is."""
        if relative in ("", "/") or self._listing(relative)[0]:
            return relative
        if relative not in self._mended:
            parent, _, last = relative.rpartition("/")
            parent = self._directory(parent or ("/" if relative.startswith("/") else ""))
            exact, alike = self._listing(parent)
            self._mended[relative] = _joined(parent, last if last in exact else alike.get(_alike(last), last))
        return self._mended[relative]

    def _listing(self, relative: str) -> tuple[frozenset[str], dict[str, str]]:
        if relative not in self._listings:
            names: list[str] = []
            try:
                if self._fs is None:
                    names = os.listdir(self.path(relative))  # noqa: PTH208 - names, not paths
                else:
                    base = f"{self._inner}/{relative}" if relative else self._inner
                    names = [str(path).rstrip("/").rsplit("/", 1)[-1] for path in self._fs.ls(base, detail=False)]
            except (OSError, NotImplementedError):
                names = []  # no such directory, or a server that cannot list: names are taken as they stand
            alike: dict[str, str] = {}
            for name in sorted(names):
                alike.setdefault(_alike(name), name)
            self._listings[relative] = (frozenset(names), alike)
        return self._listings[relative]


def _spellings(name: str) -> Iterator[str]:
    """Yield how a name may be meant, the likeliest first: as it is, tidied, without percent signs."""
    yield name
    tidy = name.strip().replace("\\", "/")
    if tidy != name:
        yield tidy
    if "%" in tidy:
        yield unquote(tidy)


def _alike(name: str) -> str:
    """Return what names of one file on systems of another kind have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _joined(directory: str, name: str) -> str:
    return f"{directory}{'' if directory in ('', '/') else '/'}{name}"


def split_file(path: str) -> tuple[Folder, str]:
    """Split the path or URL of a file into its folder and its name."""
    if is_url(path):
        first, chain, rest = path.partition("::")
        target = first if chain and "://" in first else path
        suffix = f"{chain}{rest}" if target is first and chain else ""
        head, slash, name = target.rpartition("/")
        if head.endswith(":/"):  # memory://name: the file lies at the top of its file system
            return Folder(f"{head}/{suffix}"), name
        return Folder((head or slash) + suffix), name
    full = Path(os.path.expanduser(path))  # noqa: PTH111 - no error for unknown users
    return Folder(str(full.parent)), full.name
