"""The executor of many machines: actors of a Ray cluster do the shards of a plan, and this process hands them out.

What Ray is asked for is little: to keep some processes running somewhere, and to say when one has died. What must not
get lost lies on the disk (`pieces.py`), so this process may die as well.
"""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..arguments import checked
from ..errors import DataError, counted, first_line
from ..paths import sync_folder
from .inputs import Inputs
from .job import Job
from .pieces import Piece, PiecesFolder
from .ray_cluster import connected, own_cores
from .ray_run import Run
from .ray_worker import Worker, own_version

LARGE_NODE, CPUS, MOST_CPUS = 4, 3, 8
"""A worker has one CPU where nodes have at most so many, else so many: each holds an encoder. And most, where it is
said how many workers there are."""


class RayExecutor:
    """Does the shards of a plan by workers of a Ray cluster; all machines must see its folder and the images.

    Args:
        n_workers: Workers; None for as many as the cluster can hold. Never more than there are shards.
        address: HOST:PORT of the cluster; None for the one that this machine belongs to, else one is started here, of
            this machine alone, and stopped at the end ("local": always that). A process that is connected to a cluster
            uses that one.
        cpus_per_worker: CPUs, and threads, of each; None for what there is for so many workers, up to 8; without a
            number of workers, for 1 where nodes have up to 4 CPUs, else for 3.
        gpus_per_worker: GPUs of each, or a part of one; None for one where the encoder runs on such a device.

    Raises:
        DataError: On running, when Ray is not installed, the cluster cannot be joined or has no room.

    Example:
        >>> import quasar_index as qi
        >>> qi.plans.RayExecutor(2, "10.0.0.1:6379")
        RayExecutor(n_workers=2, address='10.0.0.1:6379')
    """

    @checked
    def __init__(
        self,
        n_workers: int | None = None,
        address: str | None = None,
        *,
        cpus_per_worker: int | None = None,
        gpus_per_worker: float | None = None,
    ) -> None:
        for name, value in (("n_workers", n_workers), ("cpus_per_worker", cpus_per_worker)):
            if value is not None and value < 1:
                raise DataError(f"{name} is {value}", "give at least 1")
        if gpus_per_worker is not None and gpus_per_worker < 0:
            raise DataError(f"gpus_per_worker is {gpus_per_worker}", "give 0 or more")
        self.n_workers = n_workers
        self.address = address
        self.cpus_per_worker = cpus_per_worker
        self.gpus_per_worker = gpus_per_worker

    def __repr__(self) -> str:
        return f"RayExecutor(n_workers={self.n_workers}, address={self.address!r})"

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
        """See `Executor.run`. An interruption costs the shards that are on their way."""
        cpus, n = self.cpus_per_worker or 1, self.n_workers or 0
        with connected(self.address, max(own_cores(), n * cpus)) as ray, _probe(folder) as probe:
            nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            size = worker_size(nodes, job.device, self.n_workers, self.cpus_per_worker, self.gpus_per_worker)
            payload = ray.put(_pickled(ray, job, inputs))
            actor = ray.remote(num_cpus=size.cpus, num_gpus=size.gpus, max_restarts=0, scheduling_strategy="SPREAD")(
                Worker
            )

            def start() -> tuple[Any, Any]:
                one = actor.remote(payload, str(folder.resolve()), str(Path.cwd()), max(1, math.ceil(size.cpus)))
                return one, one.hello.remote(own_version(), probe)

            run = Run(ray, job, inputs, folder, start, min(size.n_workers, len(shards)), on_rows, on_runtime, on_piece)
            try:
                run.do(shards)
            finally:
                run.close()


@dataclass(frozen=True)
class Size:
    """What each worker gets, and how many there are."""

    cpus: int
    gpus: float
    n_workers: int


def worker_size(
    nodes: Sequence[Mapping[str, float]], device: str, n_workers: int | None, cpus: int | None, gpus: float | None
) -> Size:
    """Divide a cluster among workers; of each node of more than two CPUs one is left to Ray and to others.

    Args:
        nodes: CPUs and GPUs of each node.
        device: What the encoder is to run on.
        n_workers: As of `RayExecutor`, as are the next two.
        cpus: CPUs of a worker.
        gpus: GPUs of a worker.

    Raises:
        DataError: When no node has room for a worker.
    """
    counts = [(node.get("CPU", 0), node.get("GPU", 0)) for node in nodes]
    n_gpus = sum(gpu for _, gpu in counts)
    if gpus is None:
        gpus = 1 if device.startswith("cuda") or (device == "auto" and n_gpus) else 0
    free = [(cpu - 1 if cpu > 2 and cpus is None else cpu, gpu) for cpu, gpu in counts]

    def room(each: int) -> int:
        return sum(int(min(cpu // each, gpu // gpus if gpus else math.inf)) for cpu, gpu in free)

    largest = max((cpu for cpu, _ in counts), default=0)
    if cpus is None and n_workers is None and not gpus:
        cpus = 1 if largest <= LARGE_NODE else CPUS
    if cpus is None:
        wanted = n_workers or sum(int(gpu // gpus) for _, gpu in counts)
        cpus = next((each for each in range(MOST_CPUS, 0, -1) if room(each) >= wanted), 1)
    if room(cpus) == 0:
        wanted_text = counted(cpus, "CPU") + (f" and {gpus:g} GPU" if gpus else "")
        raise DataError(
            f"no node of the cluster has {wanted_text} for a worker (most CPUs: {largest:g}, GPUs of all: {n_gpus:g})",
            "ask for less, or add such a node",
        )
    return Size(cpus, gpus, n_workers or room(cpus))


def _pickled(ray: Any, job: Job[Any], inputs: Inputs) -> bytes:
    """Return what a worker is made of.

    Raises:
        DataError: When it cannot be sent to another process.
    """
    try:
        return bytes(ray.cloudpickle.dumps((job, Inputs((), inputs.reads))))
    except Exception as error:  # objects of a user's own raise anything
        raise DataError(
            f"the encoder or the data set cannot be sent to workers ({first_line(error)})",
            "use one that can be pickled",
        ) from error


@contextmanager
def _probe(folder: Path) -> Iterator[str]:
    """Offer the name of a file in a folder, by which workers know that they see the same folder."""
    path = folder / f".probe-{secrets.token_hex(8)}"
    path.write_bytes(b"")
    sync_folder(folder)
    try:
        yield path.name
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
