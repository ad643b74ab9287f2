"""The file that an index travels in: a zip archive of plain parts, each byte of it under a checksum.

The parts are stored as they are (embeddings do not shrink), so a bundle never unpacks to more than it is. The first
part, `bundle.json`, says what it is; the last, `SHA256SUMS`, has the SHA-256 of each part, for `sha256sum -c` after
`unzip`. The comment of the archive, its last 64 bytes, is the SHA-256 of all bytes before. Nothing depends on the time
or the machine: equal parts make equal bytes.

Parts are read by their known names and never unpacked to files.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TypeAlias

from ..errors import AnchorIndexError, first_line, reason

HEAD = "bundle.json"
ANCHORS = "anchors.arrow"
SUMS = "SHA256SUMS"
CALIBRATION = re.compile(r"calibrations/[0-9a-f]{12}\.json")
LARGEST_TEXT = 64 << 20
"""Bytes of the largest part that is read as a whole."""
Part: TypeAlias = tuple[str, Callable[["Sink"], object]]
"""The name of a part, and what writes it."""

_PIECE = 1 << 20
_DIGEST = hashlib.sha256().digest_size * 2
_UTF8_NAME = 0x800
_AGAIN = "get it again, or push it again from the index"


class Sink:
    """A part that is being written: what Arrow asks of a file, and the SHA-256 of what it was given."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._place = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write bytes."""
        n = memoryview(data).nbytes
        self._file.write(data)
        self.digest.update(data)
        self._place += n
        return n

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self._place

    def flush(self) -> None:
        """Do nothing: the archive is flushed when it is whole."""

    def close(self) -> None:
        """Do nothing: the archive closes its parts."""


class Source:
    """A part that is being read: what Arrow asks of a file, and the SHA-256 of what was read."""

    closed = False

    def __init__(self, file: IO[bytes], on_read: Callable[[int], None] | None = None) -> None:
        self._file = file
        self._on_read = on_read
        self.digest = hashlib.sha256()

    def read(self, n: int = -1) -> bytes:
        """Return the next n bytes, or fewer at the end."""
        data = self._file.read(n)
        self.digest.update(data)
        if self._on_read is not None:
            self._on_read(len(data))
        return data

    def rest(self) -> str:
        """Read to the end; return the SHA-256 of all."""
        while self.read(_PIECE):
            pass
        return self.digest.hexdigest()

    def close(self) -> None:
        """Do nothing: whoever opened the part closes it."""


def write_container(path: Path, parts: Iterable[Part]) -> None:
    """Write a bundle.

    Args:
        path: The file.
        parts: In order; `bundle.json` first.

    Raises:
        OSError: When it cannot be written.
    """
    sums: list[str] = []
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = b"0" * _DIGEST
        for name, write in parts:
            with archive.open(_member(name), "w", force_zip64=True) as member:
                sink = Sink(member)
                write(sink)
            sums.append(f"{sink.digest.hexdigest()}  {name}\n")
        archive.writestr(_member(SUMS), "".join(sums))
    with path.open("rb+") as file:
        digest = _digest_of(file)
        file.seek(-_DIGEST, 2)
        file.write(digest)


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of the year 1980
    member.create_system = 3
    member.external_attr = (stat.S_IFREG | 0o644) << 16
    return member


def _digest_of(file: IO[bytes]) -> bytes:
    """Return what the comment of a bundle has to be."""
    made = hashlib.sha256()
    left = file.seek(0, 2) - _DIGEST
    file.seek(0)
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        made.update(piece)
        left -= len(piece)
    return made.hexdigest().encode()


def damaged(path: Path, what: str) -> AnchorIndexError:
    """Return the error of a bundle that is not as it was written."""
    return AnchorIndexError(f"the bundle '{path}' is damaged ({what})", _AGAIN)


class Container:
    """A bundle that is open for reading.

    Args:
        path: The file.

    Attributes:
        path: The file.
        sums: SHA-256 by part; empty until `check`.

    Raises:
        AnchorIndexError: When it cannot be read or is no bundle.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sums: dict[str, str] = {}
        try:
            self._archive = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise AnchorIndexError(f"there is no bundle '{path}'", "check the path") from None
        except OSError as error:
            raise AnchorIndexError(f"'{path}' cannot be read ({reason(error)})", "check the path") from error
        except Exception as error:  # BadZipFile, NotImplementedError, struct.error, ... by the kind of damage
            raise AnchorIndexError(
                f"'{path}' is no bundle, or only a part of one ({first_line(error)})", _AGAIN
            ) from error
        first = next(iter(self._archive.infolist()), None)
        if first is None or first.filename != HEAD or first.header_offset != 0:
            self.close()
            raise AnchorIndexError(
                f"'{path}' is an archive but no bundle, it does not begin with {HEAD}",
                "a bundle is what 'quasar-index push NAME FILE.quasar' writes",
            )

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    @property
    def calibrations(self) -> list[str]:
        """Names of the parts that are calibrations."""
        return [name for name in self._archive.namelist() if CALIBRATION.fullmatch(name)]

    def check(self) -> None:
        """Find out whether all parts are what they may be, and each byte is as it was written.

        Raises:
            AnchorIndexError: When not.
        """
        members = self._archive.infolist()
        names = [one.filename for one in members]
        if twice := {name for name in names if names.count(name) > 1} if len(names) < 10_000 else {"a part"}:
            raise damaged(self.path, f"it holds '{min(twice)}' twice")
        for one in members:
            if one.filename not in (HEAD, ANCHORS, SUMS) and not CALIBRATION.fullmatch(one.filename):
                raise damaged(self.path, f"it holds '{one.filename}', which is no part of a bundle")
            kind = stat.S_IFMT(one.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise damaged(self.path, f"'{one.filename}' is no plain file")
            if one.compress_type != zipfile.ZIP_STORED or one.compress_size != one.file_size:
                raise damaged(self.path, f"'{one.filename}' is compressed")
            if one.flag_bits & ~_UTF8_NAME:
                raise damaged(self.path, f"'{one.filename}' is encrypted, or written in an unknown way")
        if missing := {ANCHORS, SUMS}.difference(names):
            raise damaged(self.path, f"'{min(missing)}' is missing")
        with self.path.open("rb") as file:
            digest = _digest_of(file)
        if digest != self._archive.comment:
            raise damaged(self.path, "its checksum is another one")
        lines = [line.partition("  ") for line in self.text(SUMS).decode("ascii", "replace").splitlines()]
        self.sums = {name: digest for digest, _, name in lines}
        if list(self.sums) != [name for name in names if name != SUMS] or len(lines) != len(self.sums):
            raise damaged(self.path, f"{SUMS} names other parts")
        for name in (HEAD, *self.calibrations):
            if hashlib.sha256(self.text(name)).hexdigest() != self.sums[name]:
                raise damaged(self.path, f"'{name}' is not as it was written")

    def text(self, name: str) -> bytes:
        """Return the bytes of a small part.

        Raises:
            AnchorIndexError: When it is damaged, or far too large.
        """
        try:
            member = self._archive.getinfo(name)
            if member.file_size > LARGEST_TEXT or member.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"'{name}' has {member.file_size} bytes, or is compressed")
            return self._archive.read(name)
        except Exception as error:
            raise damaged(self.path, first_line(error)) from error

    def size(self, name: str) -> int:
        """Return the bytes of a part."""
        return self._archive.getinfo(name).file_size

    def open(self, name: str) -> IO[bytes]:
        """Open a part; reading it to the end compares a checksum of the archive."""
        return self._archive.open(name)
