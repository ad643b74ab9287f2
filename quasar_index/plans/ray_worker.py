"""A worker of a Ray cluster: it opens the job of a plan once, then does shard after shard, and writes their pieces.

Nothing here imports Ray: a worker is a plain class, of which `ray_executor` makes actors.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import pickle
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import QuasarError, first_line
from .inputs import Inputs, Row, digest_of
from .job import Job, again
from .pieces import Piece, write_piece

TELL = 1.0
"""Seconds between two reports of a worker, of how many rows it has done."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Hello:
    """What a worker says when it has started.

    Attributes:
        host: Name of its machine.
        node: Ray's name of the node.
        version: Of its quasar-index.
        sees_folder: Whether it can write to the folder of the plan.
        error: What stands against its work; empty where nothing does.
        hint: What to do about it.
    """

    host: str
    node: str
    version: str
    sees_folder: bool = False
    error: str = ""
    hint: str = ""


class Worker:
    """Does shards of a plan.

    Args:
        payload: Pickle of the job and of the inputs, without paths.
        folder: Of the pieces.
        current: Folder that the paths of the plan are relative to.
        n_threads: How many threads it may use.
    """

    def __init__(self, payload: bytes, folder: str, current: str, n_threads: int) -> None:
        self._payload = payload
        self._folder = Path(folder)
        self._n_threads = n_threads
        _limit_threads(n_threads)
        with contextlib.suppress(OSError):
            os.chdir(current)
        self._job: Job[Any]
        self._inputs: Inputs

    def hello(self, version: str, probe: str) -> Hello:
        """Open the job.

        Args:
            version: Of quasar-index, which must be that of this worker.
            probe: Name of a file that the driver has put into the folder of the pieces.
        """
        host, node, own = platform.node(), _node(), own_version()
        if own != version:
            return Hello(host, node, own)
        sees = (self._folder / probe).is_file() and os.access(self._folder, os.W_OK)
        if not sees:
            return Hello(host, node, own)
        try:
            # It is what the driver of this plan pickled a moment ago.
            self._job, self._inputs = pickle.loads(self._payload)  # noqa: S301
            self._job.open(self._n_threads)
        except QuasarError as error:
            return Hello(host, node, own, sees, error.message, error.hint)
        except Exception as error:
            return Hello(host, node, own, sees, f"{type(error).__name__}: {first_line(error)}")
        finally:
            self._payload = b""
        return Hello(host, node, own, sees)

    def choose_runtime(self, rows: Sequence[Row]) -> str:
        """See `Job.choose_runtime`."""
        return self._job.choose_runtime(rows)

    def do(self, start: int, rows: Sequence[Row], runtime: str) -> Iterator[int | Piece]:
        """Do a shard, and write its piece.

        Args:
            start: First row.
            rows: The rows.
            runtime: What embeds the images; "" where there is no choice.

        Yields:
            Numbers of rows that have been done since the last one; then the piece. Nothing more where the folder has
            gone: the plan has ended without this worker.
        """
        self._fix(runtime)
        states = self._inputs.states(rows)
        results: list[Any] = []
        n_told, told = 0, time.monotonic()
        for result in self._job.run(rows):
            results.append(result)
            if time.monotonic() - told >= TELL:
                yield len(results) - n_told
                n_told, told = len(results), time.monotonic()
        results = again(self._job, rows, results)
        packed = self._job.pack(start, results)
        try:
            piece = write_piece(
                self._folder, range(start, start + len(rows)), packed, digest_of(states), self._job.ending
            )
        except OSError:
            if self._folder.is_dir():
                raise
            return
        yield len(results) - n_told
        yield piece

    def do_row(self, row: Row, runtime: str) -> Any:
        """Return the result of one row."""
        self._fix(runtime)
        return again(self._job, [row], list(self._job.run([row])))[0]

    def _fix(self, runtime: str) -> None:
        if runtime and self._job.runtime != runtime:
            self._job.fix_runtime(runtime)


def own_version() -> str:
    """Return the version of quasar-index in this process."""
    return importlib.metadata.version("quasar-index")


def _node() -> str:
    """Return the name of the node that this process runs on; "" outside of Ray."""
    ray = sys.modules.get("ray")
    # Asked where it is not connected, Ray would start a cluster.
    return "" if ray is None or not ray.is_initialized() else str(ray.get_runtime_context().get_node_id())


def _limit_threads(n: int) -> None:
    """Let this process compute in so many threads: also what it has not loaded yet, which asks the environment."""
    os.environ.update(dict.fromkeys(_THREADS, str(n)))
    from threadpoolctl import ThreadpoolController

    ThreadpoolController().limit(limits=n)
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(n)
    import pyarrow as pa

    pa.set_cpu_count(n)
    pa.set_io_thread_count(max(n, 1))
