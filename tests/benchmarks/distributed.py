"""What many machines cost: processor time of a build by workers of Ray beside one in this process; the driver alone.

    python -m tests.benchmarks.distributed --images 5000 --workers 2
    python -m tests.benchmarks.distributed --rows 1000000 10000000

The first builds an index of the same images twice, and prints the processor time (user and system, of all processes) an
image while the workers are warm, from the first report of progress to the last, and the time of the whole; images a
second; bytes a row. The second runs plans of so many rows without images, by workers that do nothing, and prints what
the driver takes: seconds of its processor, memory, bytes of the plan on the disk.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import quasar_index as qi
from quasar_index.plans.inputs import Inputs
from quasar_index.plans.job import Packed
from quasar_index.plans.pieces import read_pieces
from quasar_index.plans.plan import Plan

N_PICTURES = 200


def make_images(folder: Path, n: int, side: tuple[int, int]) -> Path:
    """Write n JPEG files of different content ids: N_PICTURES pictures, each with several tails."""
    from PIL import Image

    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(min(n, N_PICTURES)):
        small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(small).resize(side, Image.Resampling.BICUBIC)).astype(int)
        file = io.BytesIO()
        pixels = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        pictures.append(file.getvalue())
    folder.mkdir()
    for number in range(n):
        (folder / f"{number:06d}.jpg").write_bytes(pictures[number % len(pictures)] + number.to_bytes(8, "big"))
    labels = folder / "ratings.csv"
    labels.write_text("image,score\n" + "".join(f"{number:06d}.jpg,{number * 7919 % n}\n" for number in range(n)))
    return labels


@dataclass
class Reading:
    """Processor time of this process and of all below it, in seconds, and when it was read."""

    cpu: float
    at: float
    done: int = 0

    @classmethod
    def now(cls, done: int = 0) -> Reading:
        import psutil  # Ray brings it along

        own = psutil.Process()
        total = 0.0
        for process in (own, *own.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            total += times.user + times.system
        return cls(total, time.monotonic(), done)


def build(name: Path, labels: Path, encoder: Any, executor: Any, shard_rows: int) -> dict[str, float]:
    """Build an index, and return what it took."""
    readings: list[Reading] = []
    n_bytes, n_rows = 0, 1

    def on_progress(done: int, total: int) -> None:
        nonlocal n_bytes, n_rows
        if not readings or done == total:
            readings.append(Reading.now(done))
        if done == total:
            folder = name.with_name(f".{name.name}.building") / "pieces"
            n_bytes = sum(file.stat().st_size for file in folder.iterdir())
            n_rows = sum(len(piece.rows) for piece in read_pieces(folder))  # the last ones may be on their way

    before = Reading.now()
    source = qi.load_source(str(labels))
    report = qi.build_index(name, [source], encoder, executor=executor, shard_rows=shard_rows, on_progress=on_progress)
    first, last = readings[0], readings[-1]
    n = last.done - first.done
    on_disk = sum(file.stat().st_size for file in name.rglob("*") if file.is_file())
    return {
        "CPU ms an image, warm": 1000 * (last.cpu - first.cpu) / n,
        "images a second, warm": n / (last.at - first.at),
        "CPU s, whole": last.cpu - before.cpu,
        "bytes a row of the pieces": n_bytes / n_rows,
        "bytes a row of the index": on_disk / len(report.index),
    }


def compare(n: int, n_workers: int, shard_rows: int, rounds: int, side: tuple[int, int]) -> None:
    """Print what a build by workers takes beside a local one."""
    import ray

    with tempfile.TemporaryDirectory(prefix="quasar-bench-") as place:
        labels = make_images(Path(place, "images"), n, side)
        encoder = qi.load_encoder(device="cpu", n_images=n)
        ratios = []
        for number in range(rounds):
            found = {}
            for what, executor in (("local", None), ("ray", qi.plans.RayExecutor(n_workers))):
                found[what] = build(Path(place, what), labels, encoder, executor, shard_rows)
                shutil.rmtree(Path(place, what))
                values = ", ".join(f"{name} {value:.4g}" for name, value in found[what].items())
                print(f"round {number}, {what}: {values}", flush=True)
            ratios.append(found["ray"]["CPU ms an image, warm"] / found["local"]["CPU ms an image, warm"])
        print(
            f"{n} images, {n_workers} workers, ray {ray.__version__}: CPU of ray / local, warm: "
            f"{np.median(ratios):.3f} (rounds {', '.join(f'{ratio:.3f}' for ratio in ratios)})"
        )


class Nothing:
    """A job that does nothing with its rows."""

    ending = ".bin"
    runtime = "none"
    device = "cpu"

    def open(self, n_threads: int) -> None:
        """Be ready."""

    def choose_runtime(self, rows: Any) -> str:
        return self.runtime

    def fix_runtime(self, runtime: str) -> None:
        """Have no choice."""

    def run(self, rows: Any) -> Any:
        return iter([""] * len(rows))

    def error_of(self, result: str) -> str:
        return result

    def failed(self, row: Any, error: str) -> str:
        return error

    def pack(self, start: int, results: Any) -> Packed:
        return Packed(b"")


def plan(n: int, n_workers: int, shard_rows: int) -> None:
    """Print what the driver of a plan of n rows takes."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[Nothing.__module__])
    with tempfile.TemporaryDirectory(prefix="quasar-bench-") as place:
        folder = Path(place, "plan")
        folder.mkdir()
        numbers = pa.array(np.arange(n)).cast(pa.string())
        paths = pa.compute.binary_join_element_wise("/data/images/", numbers, ".jpg", "")
        made = Plan(folder, {"rows": n})
        made.begin()
        before, used, began = _memory(), resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        pieces = made.run(Nothing(), Inputs([paths], (None,)), qi.plans.RayExecutor(n_workers), shard_rows=shard_rows)
        now, seconds = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - began
        cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        on_disk = sum(file.stat().st_blocks * 512 for file in pieces.folder.iterdir())
        print(
            f"plan of {n:,} rows, shards of {shard_rows}: {seconds:.0f} s, driver {cpu:.1f} CPU s "
            f"({1e6 * cpu / n:.2f} us a row), memory at most {(now.ru_maxrss * 1024 - before) / 2**20:.0f} MiB above "
            f"{before / 2**20:.0f}, {len(pieces.pieces)} pieces, {on_disk / n:.2f} bytes a row on the disk",
            flush=True,
        )


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), help="width and height")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-rows", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rows", type=int, nargs="+", help="plans without images, instead")
    given = parser.parse_args()
    if given.rows:
        for n in given.rows:
            plan(n, given.workers, given.shard_rows)
    else:
        compare(given.images, given.workers, given.shard_rows, given.rounds, tuple(given.size))


if __name__ == "__main__":
    main()
