"""What a plan does with its rows: a job, which any process can do that has opened it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from .inputs import Row

R = TypeVar("R")


@dataclass(frozen=True)
class Packed:
    """The results of some rows as they go to the disk.

    Attributes:
        data: The bytes of the file.
        failures: (row, path, error) of those that failed.
        facts: What else a plan wants to know of them, as plain JSON.
    """

    data: bytes
    failures: tuple[tuple[int, str, str], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Job(Protocol[R]):
    """What is done with each row. It is pickled to the workers.

    Attributes:
        ending: Of the files that hold results, such as ".arrow".
    """

    ending: str

    @property
    def runtime(self) -> str:
        """What embeds the images, such as "onnx"; "" before that is decided."""
        ...

    @property
    def device(self) -> str:
        """Where the images are embedded, such as "cuda"; "auto" for whatever a worker has."""
        ...

    def open(self, n_threads: int) -> None:
        """Load in a worker what takes long; it may use so many threads.

        Raises:
            QuasarError: When something is missing there, such as the weights.
        """
        ...

    def choose_runtime(self, rows: Iterable[Row]) -> str:
        """Decide, where that is open, what embeds the images; `rows` are some to try it on. "" for no choice at all."""
        ...

    def fix_runtime(self, runtime: str) -> None:
        """Let nothing but this runtime embed the images: all workers of a plan use the same."""
        ...

    def run(self, rows: Iterable[Row]) -> Iterator[R]:
        """Yield a result a row, in order; a bad image is a result with an error."""
        ...

    def error_of(self, result: R) -> str:
        """Return what is wrong with a result; "" where nothing is."""
        ...

    def failed(self, row: Row, error: str) -> R:
        """Return the result of an image that could not be done."""
        ...

    def pack(self, start: int, results: Sequence[R]) -> Packed:
        """Return results as they go to the disk; `start` is the number of the first row."""
        ...


def again(job: Job[R], rows: Sequence[Row], results: list[R]) -> list[R]:
    """Try the rows that failed once more: a share that was away for a moment costs nothing."""
    failed = [number for number, result in enumerate(results) if job.error_of(result)]
    for number, result in zip(failed, job.run([rows[number] for number in failed]), strict=True):
        results[number] = result
    return results
