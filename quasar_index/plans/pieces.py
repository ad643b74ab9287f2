"""Pieces: the results of a run of rows, a file each, with a sidecar that makes them count.

`START-END-TOKEN.arrow` is written and put on the disk first, then `START-END.json`: rows, name, size and SHA-256 of the
file, failures. The first sidecar of a run of rows stays. What has no sidecar, and a sidecar whose file is not whole, is
nobody's: the rows are done again.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ..paths import sha256_file, sync_file, sync_folder
from .job import Packed

PiecesFolder: TypeAlias = Path
"""The folder that the pieces of a plan lie in; all workers see it."""
_SIDECAR = ".json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Piece:
    """The results of a run of rows.

    Attributes:
        start: First row.
        end: Row behind the last.
        file: Name of the file that holds them.
        n_bytes: Its size.
        sha256: Its SHA-256, hexadecimal.
        state: What tells whether the images' files are those that they were (`inputs.digest_of`).
        failures: (row, path, error) of those that failed.
        facts: See `Packed`.
    """

    start: int
    end: int
    file: str
    n_bytes: int
    sha256: str
    state: str
    failures: tuple[tuple[int, str, str], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> range:
        """The rows that it holds."""
        return range(self.start, self.end)

    def is_whole(self, folder: Path) -> bool:
        """Return whether its file is there as it was written."""
        path = folder / self.file
        try:
            return path.stat().st_size == self.n_bytes and sha256_file(path) == self.sha256
        except OSError:
            return False


def write_piece(folder: Path, rows: range, packed: Packed, state: str, ending: str) -> Piece:
    """Put results on the disk, then their sidecar; where other results of these rows came first, those stay.

    Args:
        folder: Of the pieces; it must be there: whoever comes late, and finds it gone, has nothing to write.
        rows: The rows.
        packed: Their results.
        state: See `Piece`.
        ending: Of the file.

    Returns:
        The piece.

    Raises:
        OSError: When the disk is full or broken, or the folder is gone.
    """
    stem = f"{rows.start:012d}-{rows.stop:012d}"
    data = folder / f"{stem}-{secrets.token_hex(4)}{ending}"
    digest = hashlib.sha256(packed.data).hexdigest()
    piece = Piece(
        rows.start, rows.stop, data.name, len(packed.data), digest, state, packed.failures, dict(packed.facts)
    )
    sidecar = folder / f"{stem}{_SIDECAR}"
    beside = data.with_suffix(".tmp")
    try:
        data.write_bytes(packed.data)
        sync_file(data)
        beside.write_text(json.dumps(asdict(piece)), encoding="utf-8")
        sync_file(beside)
        if not _put_first(beside, sidecar):
            earlier = _read(sidecar)
            if earlier is not None and earlier.is_whole(folder):
                data.unlink(missing_ok=True)
                return earlier
            beside.replace(sidecar)
    except OSError:
        data.unlink(missing_ok=True)
        raise
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    sync_folder(folder)
    return piece


def _put_first(written: Path, place: Path) -> bool:
    """Put a file in its place unless there is one; return whether it went there. A rename would replace what is."""
    try:
        os.link(written, place)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        if place.exists():  # a file system without links
            return False
        written.replace(place)
    return True


def read_pieces(folder: Path) -> list[Piece]:
    """Return the pieces that have a sidecar, by their first row, the longest of several first.

    Damaged sidecars are left out. Whether their files are whole, `Piece.is_whole` says.
    """
    found = [piece for path in folder.glob(f"*{_SIDECAR}") if (piece := _read(path)) is not None]
    return sorted(found, key=lambda piece: (piece.start, -piece.end))


def _read(path: Path) -> Piece | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        failures = tuple((int(row), str(name), str(error)) for row, name, error in data["failures"])
        piece = Piece(**data | {"failures": failures})
        numbers = (piece.start, piece.end, piece.n_bytes)
        if not all(isinstance(number, int) for number in numbers) or not 0 <= piece.start < piece.end:
            raise ValueError
        if Path(piece.file).name != piece.file:
            raise ValueError
    except (OSError, ValueError, TypeError, KeyError):
        _log.warning("'%s' is damaged: its rows are done again", path)
        return None
    return piece


def chain(pieces: Sequence[Piece]) -> list[Piece]:
    """Return pieces of which no two hold the same row, in order: of those that overlap, the earlier and longer one."""
    chosen: list[Piece] = []
    for piece in pieces:
        if not chosen or piece.start >= chosen[-1].end:
            chosen.append(piece)
    return chosen


def missing(pieces: Sequence[Piece], n_rows: int, shard_rows: int) -> list[range]:
    """Return the rows that no piece of a chain holds, as shards: cut at the multiples of `shard_rows`."""
    shards = []
    done = 0
    for start, end in [*((piece.start, piece.end) for piece in pieces), (n_rows, n_rows)]:
        while done < start:
            stop = min(start, done - done % shard_rows + shard_rows)
            shards.append(range(done, stop))
            done = stop
        done = max(done, end)
    return shards


def drop_others(folder: Path, pieces: Sequence[Piece]) -> None:
    """Remove all files but those of these pieces: what was torn, came late, or was done twice."""
    kept = {name for piece in pieces for name in (piece.file, f"{piece.start:012d}-{piece.end:012d}{_SIDECAR}")}
    for path in _files(folder):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file())
