"""Executors: who does the shards of a plan. In this process, or (`ray_executor`) workers of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Protocol

from .inputs import Inputs, Row, digest_of
from .job import Job, again
from .pieces import Piece, PiecesFolder, write_piece


class Executor(Protocol):
    """Does the shards of a plan."""

    def run(
        self,
        job: Job[Any],
        inputs: Inputs,
        shards: Sequence[range],
        folder: PiecesFolder,
        *,
        on_rows: Callable[[int], None],
        on_runtime: Callable[[str], None],
        on_piece: Callable[[Piece], None],
    ) -> None:
        """Do shards, in any order, and write a piece of each.

        Args:
            job: What is done.
            inputs: The rows of the plan.
            shards: Rows that no piece holds yet.
            folder: Of the pieces.
            on_rows: Called with the number of rows that have been done since the last call.
            on_runtime: Called with what embeds the images, once it is known, before the first piece is written.
            on_piece: Called when a piece is on the disk.
        """
        ...


class LocalExecutor:
    """Does the shards in this process, one after the other, as one stream: images are decoded ahead across shards.

    Example:
        >>> import quasar_index as qi
        >>> qi.plans.LocalExecutor()
        LocalExecutor()
    """

    def __repr__(self) -> str:
        return "LocalExecutor()"

    def run(
        self,
        job: Job[Any],
        inputs: Inputs,
        shards: Sequence[range],
        folder: PiecesFolder,
        *,
        on_rows: Callable[[int], None],
        on_runtime: Callable[[str], None],
        on_piece: Callable[[Piece], None],
    ) -> None:
        """See `Executor.run`. An interruption keeps the results that are there: they are a shorter piece."""
        begun: dict[int, tuple[list[Row], Any]] = {}

        def stream() -> Any:
            for shard in shards:
                rows = list(inputs.rows(shard))
                begun[shard.start] = rows, inputs.states(rows)
                yield from rows

        def save(start: int, results: list[Any], states: Any) -> None:
            done = range(start, start + len(results))
            state = digest_of(states[: len(results)])
            if job.runtime:
                on_runtime(job.runtime)
            on_piece(write_piece(folder, done, job.pack(start, results), state, job.ending))

        found = job.run(stream())
        try:
            for shard in shards:
                results: list[Any] = []
                try:
                    for result in islice(found, len(shard)):
                        results.append(result)
                        on_rows(1)
                except BaseException:
                    if results:
                        save(shard.start, results, begun[shard.start][1])
                    raise
                rows, states = begun.pop(shard.start)
                save(shard.start, again(job, rows, results), states)
        finally:
            if (close := getattr(found, "close", None)) is not None:
                close()


def executor_of(executor: Executor | None) -> Executor:
    """Return an executor; None stands for this process."""
    return LocalExecutor() if executor is None else executor
