"""A plan: what is done with which rows, what has been done, and the rest of it, by an executor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AnchorIndexError, counted, reason
from ..paths import write_atomically
from .executor import Executor
from .inputs import Inputs, digest_of
from .job import Job
from .pieces import Piece, chain, drop_others, missing, read_pieces

PLAN = "plan.json"
PIECES = "pieces"
_FORMAT = 1
SHARD_ROWS = 1024
"""Rows of a shard, where nothing else is asked for: what a crash costs."""
_MOST_SHARDS = 50_000
"""From so many shards on, they are larger: each is two files."""


@dataclass(frozen=True)
class Plan:
    """The folder of a plan.

    Attributes:
        folder: The folder.
        request: All that decides the results, as plain JSON. A folder serves one request.
        what: What the results are, for messages.
    """

    folder: Path
    request: Mapping[str, Any]
    what: str = "embeddings"

    @property
    def pieces_folder(self) -> Path:
        """Where the pieces lie."""
        return self.folder / PIECES

    def is_begun(self) -> bool:
        """Return whether the folder holds what a run of this request left."""
        kept = read_plan(self.folder)
        return kept is not None and kept["request"] == json.loads(json.dumps(self.request))

    def begin(self) -> None:
        """Write the plan; what an earlier run of the same request left stays."""
        if not self.is_begun():
            self._write("")

    @property
    def runtime(self) -> str:
        """What embeds the images of this plan; "" before that is decided."""
        return str((read_plan(self.folder) or {}).get("runtime") or "")

    def _write(self, runtime: str) -> None:
        data = {"format": _FORMAT, "request": self.request, "runtime": runtime}
        write_atomically(self.folder / PLAN, json.dumps(data, sort_keys=True, indent=1).encode())

    def run(
        self,
        job: Job[Any],
        inputs: Inputs,
        executor: Executor,
        *,
        shard_rows: int | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Pieces:
        """Do all rows that no piece holds yet.

        Args:
            job: What is done.
            inputs: The rows.
            executor: Who does it.
            shard_rows: Most rows of a shard; None for `shard_rows_of`.
            on_progress: Called with (done, total) rows.

        Returns:
            The pieces, which hold each row once.

        Raises:
            AnchorIndexError: When the folder cannot be written.
        """
        folder, total = self.pieces_folder, len(inputs)
        with writing(self.folder, self.what):
            folder.mkdir(parents=True, exist_ok=True)
            pieces = self._usable(inputs)
            drop_others(folder, pieces)
            done = sum(len(piece.rows) for piece in pieces)
            if runtime := self.runtime:
                job.fix_runtime(runtime)
            if done and on_progress is not None:
                on_progress(done, total)

            def on_rows(n: int) -> None:
                nonlocal done
                done += n
                if on_progress is not None:
                    on_progress(min(done, total), total)

            def on_runtime(chosen: str) -> None:
                nonlocal runtime
                if not runtime:
                    runtime = chosen
                    self._write(runtime)

            made: list[Piece] = []

            if shards := missing(pieces, total, shard_rows or shard_rows_of(total)):
                executor.run(job, inputs, shards, folder, on_rows=on_rows, on_runtime=on_runtime, on_piece=made.append)
            whole = chain(sorted([*pieces, *made], key=lambda piece: (piece.start, -piece.end)))
            if lost := missing(whole, total, total or 1):
                raise AnchorIndexError(
                    f"{counted(sum(map(len, lost)), 'row')} of the plan in '{self.folder}' were not done",
                    "run the same command again",
                )
            drop_others(folder, whole)
        return Pieces(folder, tuple(whole), frozenset(piece.file for piece in pieces))

    def _usable(self, inputs: Inputs) -> list[Piece]:
        """Return the pieces of earlier runs whose files are whole, and made of the images as they are now."""
        chosen: list[Piece] = []
        for piece in read_pieces(self.pieces_folder):
            if piece.end > len(inputs) or (chosen and piece.start < chosen[-1].end):
                continue
            rows = list(inputs.rows(piece.rows))
            if piece.state == digest_of(inputs.states(rows)) and piece.is_whole(self.pieces_folder):
                chosen.append(piece)
        return chosen


def shard_rows_of(n_rows: int) -> int:
    """Return the rows of a shard, where nothing else is asked for."""
    return max(SHARD_ROWS, -(-n_rows // _MOST_SHARDS))


@dataclass(frozen=True)
class Pieces:
    """What a plan has done.

    Attributes:
        folder: Where the files lie.
        pieces: In the order of their rows, each row once.
        earlier: The files that an earlier run left.
    """

    folder: Path
    pieces: tuple[Piece, ...]
    earlier: frozenset[str] = frozenset()


@contextmanager
def writing(folder: Path, what: str = "embeddings") -> Iterator[None]:
    """Say in one line what could not be written, such as on a full disk.

    Raises:
        AnchorIndexError: With that line.
    """
    try:
        yield
    except OSError as error:
        raise AnchorIndexError(
            f"{what} cannot be written to '{folder}' ({reason(error)})",
            "make room or mend the disk; the same command goes on where it stopped",
        ) from error


def drop_plan(folder: Path) -> None:
    """Remove the plan of a folder: what else is there belongs to no run any more."""
    (folder / PLAN).unlink(missing_ok=True)


def read_plan(folder: Path) -> dict[str, Any] | None:
    """Return what the plan of a folder says; None where there is none, or a torn one."""
    try:
        found = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    sound = isinstance(found, dict) and found.get("format") == _FORMAT and isinstance(found.get("request"), dict)
    return found if sound else None
