"""Rows of a long run to a file, kept as they come: an interrupted `score --output` goes on after the last of them.

Beside the output lies `.NAME.partial.jsonl` while a run is under way: a line that names the run (a hash of all that
decides its rows), then a line for each image, in order, with the size and time of its file. A run of the same name
takes over the rows whose files are the ones they were made of, up to the first that differs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import quasar_index as qi
from quasar_index.errors import DataError, counted, reason
from quasar_index.json_lines import append_line, read_lines

from .output import Row, note

SYNC_ROWS = 64
"""Most rows that a power cut costs; an end of the process costs none."""


@dataclass
class KeptRows:
    """The rows of a run that are on disk.

    Attributes:
        path: The file that holds them.
        paths: The images of the run, in order.
        n_kept: Rows that an interrupted run left, those of the first images.
        n_bytes: Length of the file up to their end.
    """

    path: Path
    paths: Sequence[str]
    n_kept: int = 0
    n_bytes: int = 0

    def passing(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the kept rows, then the new ones, each of which is on disk before it is yielded."""
        for record, _ in islice(read_lines(self.path), 1, 1 + self.n_kept):
            yield record["row"]
        with self.path.open("ab+") as file:
            file.truncate(self.n_bytes)
            for n, (path, row) in enumerate(zip(islice(self.paths, self.n_kept, None), rows, strict=True), start=1):
                append_line(file, {"file": _signature(path), "row": dict(row)}, sync=n % SYNC_ROWS == 0)
                yield row


def hint(kept: KeptRows | None, output: str | None) -> str:
    """Say how an interrupted run goes on."""
    if kept is not None:
        return "the same command goes on after the rows that are there"
    return "run it again" if output is None else "nothing was written; run it again"


@contextmanager
def kept_rows(
    output: str | None, paths: Sequence[str], index: qi.AnchorIndex | None, encoder: qi.Encoder | None, *decisive: Any
) -> Iterator[KeptRows | None]:
    """Offer the rows of a run that an interrupted one left; they are removed when the block ends without an error.

    Args:
        output: The file that the run writes; with None or a URL, no rows are kept.
        paths: Its images, in order.
        index: The index that it scores by; None for texts.
        encoder: What embeds them.
        decisive: All else that decides its rows, as plain data and dataclasses of such.

    Yields:
        The rows; None where none are kept.

    Raises:
        DataError: When another process writes this output, or nothing can be written there.
    """
    if output is None or "://" in output:
        yield None
        return
    from filelock import FileLock, Timeout

    manifest = None if index is None else index.manifest
    which = None if manifest is None else (manifest.uid, manifest.version, manifest.approximate)
    run = "\0".join(map(repr, (which, None if encoder is None else encoder.spec, *decisive)))
    target = Path(output)
    path = target.with_name(f".{target.name}.partial.jsonl")
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(blocking=False)
        kept = _read(path, paths, hashlib.sha256(run.encode()).hexdigest())
    except Timeout:
        raise DataError(f"another process writes '{output}'", "wait until it has finished, or name another") from None
    except OSError as error:
        lock.release()
        raise DataError(
            f"'{output}' cannot be written ({reason(error)})", "check the place that --output names"
        ) from error
    if kept.n_kept:
        note(
            f"{kept.n_kept} of {counted(len(paths), 'row')} {'was' if kept.n_kept == 1 else 'were'} left by an "
            f"interrupted run"
        )
    try:
        yield kept
        try:
            path.unlink(missing_ok=True)
        except OSError as error:  # the output is there, and whole
            note(f"'{path}' is of no more use, and cannot be removed ({reason(error)})")
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _read(path: Path, paths: Sequence[str], key: str) -> KeptRows:
    """Find the rows that can be taken over; where there are none, begin the file."""
    kept = KeptRows(path, paths)
    head = {"run": key}
    with path.open("ab+") as file:
        lines = read_lines(path)
        first, kept.n_bytes = next(lines, (None, 0))
        if first != head:
            file.truncate(0)
            append_line(file, head)
            kept.n_bytes = file.tell()
            return kept
    for name, (record, end) in zip(paths, lines, strict=False):
        if _row(record, name) is None:
            break
        kept.n_kept += 1
        kept.n_bytes = end
    return kept


def _row(record: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Return the row of an image; None where the record is of another image, or its file has changed."""
    try:
        row: dict[str, Any] = record["row"]
        same = row["path"] == path and record["file"] == _signature(path)
    except (KeyError, TypeError):
        return None
    return row if same else None


def _signature(path: str) -> list[int] | None:
    """Return size and time of a file; None where there is none, or no way to ask (URLs)."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a URL is no Path
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]
