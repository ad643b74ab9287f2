"""Rows of a long run to a file, kept as they come: an interrupted `score --output` goes on after the last of them.

Beside the output lies `.NAME.partial.jsonl` while a run is under way: a line that names the run (a hash of all that
decides its rows), then a line for each image, in order, with the size and time of its file. A run of the same name
takes over the rows whose files are the ones they were made of, up to the first that differs. The file of an image in
a container, such as a tar shard, is the container.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from quasar_index.errors import DataError, counted, reason
from quasar_index.json_lines import append_line, read_lines

from .output import Row, note
from .saving import Embeddings, embeddings_beside

SYNC_ROWS = 64
"""Most rows that a power cut costs; an end of the process costs none."""


@dataclass
class KeptRows:
    """The rows of a run that are on disk.

    Attributes:
        path: The file that holds them.
        paths: The images of the run, in order.
        signature: Returns what tells whether the file of an image, by its number, is the one that it was.
        n_kept: Rows that an interrupted run left, those of the first images.
        failed: Of each of them, whether it has an error.
        ends: Of each of them, the length of the file up to its end.
        n_head: Length of the file up to the first row.
        embeddings: Those of the rows, where they are to be saved.
    """

    path: Path
    paths: Sequence[str]
    signature: Signature
    n_head: int = 0
    failed: list[bool] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    embeddings: Embeddings | None = None

    @property
    def n_kept(self) -> int:
        """Rows that an interrupted run left, those of the first images."""
        return len(self.ends)

    @property
    def n_failed(self) -> int:
        """Rows with an error among them."""
        return sum(self.failed)

    def passing(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the kept rows, then the new ones, each of which is on disk before it is yielded."""
        for record, _ in islice(read_lines(self.path), 1, 1 + self.n_kept):
            yield record["row"]
        with self.path.open("ab+") as file:
            file.truncate(self.ends[-1] if self.ends else self.n_head)
            for n, row in zip(range(self.n_kept, len(self.paths)), rows, strict=True):
                sync = (n + 1) % SYNC_ROWS == 0
                if self.embeddings is not None:  # before the row, which says that it is there
                    self.embeddings.flush(sync=sync)
                append_line(file, {"file": self.signature(n), "row": dict(row)}, sync=sync)
                yield row


Signature = Callable[[int], "list[int] | None"]


def hint(kept: KeptRows | None, output: str | None) -> str:
    """Say how an interrupted run goes on."""
    if kept is not None:
        return "the same command goes on after the rows that are there"
    return "run it again" if output is None else "nothing was written; run it again"


def place_of(*outputs: str | None) -> str | None:
    """Return the file beside which rows are kept: the first of a run's outputs that is no URL; None for none."""
    return next((one for one in outputs if one is not None and "://" not in one), None)


@contextmanager
def kept_rows(
    output: str | None, paths: Sequence[str], signature: Signature, *decisive: Any, extra: Iterable[Row] | None = None
) -> Iterator[KeptRows | None]:
    """Offer the rows of a run that an interrupted one left; they are removed when the block ends without an error.

    Args:
        output: The file that the run writes (`place_of`); with None, no rows are kept.
        paths: Its images, in order.
        signature: Returns what tells whether the file of an image, by its number, is the one that it was.
        decisive: All that decides its rows, as plain data and dataclasses of such.
        extra: Of each image, columns of its row that are known beforehand; rows with others are not taken over.

    Yields:
        The rows; None where none are kept.

    Raises:
        DataError: When another process writes this output, or nothing can be written there.
    """
    if output is None:
        yield None
        return
    from filelock import FileLock, Timeout

    run = "\0".join(map(repr, decisive))
    target = Path(output)
    path = target.with_name(f".{target.name}.partial.jsonl")
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(blocking=False)
        kept = KeptRows(path, paths, signature)
        _read(kept, hashlib.sha256(run.encode()).hexdigest(), extra)
    except Timeout:
        raise DataError(f"another process writes '{output}'", "wait until it has finished, or name another") from None
    except OSError as error:
        lock.release()
        raise DataError(
            f"'{output}' cannot be written ({reason(error)})", "check the place that is named for it"
        ) from error
    try:
        yield kept
        try:
            for left in (path, embeddings_beside(path)):
                left.unlink(missing_ok=True)
        except OSError as error:  # the output is there, and whole
            note(f"'{path}' is of no more use, and cannot be removed ({reason(error)})")
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def resume(kept: KeptRows | None, embeddings: Embeddings | None) -> None:
    """Take over rows of which all is there, and say how many."""
    if embeddings is not None and kept is None:
        embeddings.keep([])
    if kept is None:
        return
    if embeddings is not None:
        kept.embeddings = embeddings
        n = embeddings.keep([not failed for failed in kept.failed])
        del kept.failed[n:], kept.ends[n:]
    if kept.n_kept:
        note(
            f"{kept.n_kept} of {counted(len(kept.paths), 'row')} {'was' if kept.n_kept == 1 else 'were'} left by an "
            f"interrupted run"
        )


def _read(kept: KeptRows, key: str, extra: Iterable[Row] | None) -> None:
    """Find the rows that can be taken over; where there are none, begin the file."""
    head = {"run": key}
    with kept.path.open("ab+") as file:
        lines = read_lines(kept.path)
        first, kept.n_head = next(lines, (None, 0))
        if first != head:
            file.truncate(0)
            append_line(file, head)
            kept.n_head = file.tell()
            return
    known = repeat({}) if extra is None else extra
    for n, (name, (record, end), columns) in enumerate(zip(kept.paths, lines, known, strict=False)):
        if (row := _row(record, name, kept.signature, n)) is None or dict(columns).items() - row.items():
            return
        kept.failed.append(bool(row["error"]))
        kept.ends.append(end)


def _row(record: dict[str, Any], path: str, signature: Signature, number: int) -> dict[str, Any] | None:
    """Return the row of an image; None where the record is of another image, or its file has changed."""
    try:
        row: dict[str, Any] = record["row"]
        same = row["path"] == path and record["file"] == signature(number)
    except (KeyError, TypeError):
        return None
    return row if same else None


def file_signature(path: str) -> list[int] | None:
    """Return size and time of a file; None where there is none, or no way to ask (URLs)."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a URL is no Path
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]
