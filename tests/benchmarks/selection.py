"""Time and memory of the selectors on synthetic clustered anchors.

    OMP_NUM_THREADS=2 python tests/benchmarks/selection.py --anchors 255000 --dim 768 --limit 600

One process a selector and size; the memory is the peak beyond the anchors themselves. A run that reaches the limit is
stopped, and its row says how far it came.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def make(path: Path, n: int, dim: int, n_clusters: int = 500) -> None:
    """Write n clustered unit vectors, block by block."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(n_clusters, dim)).astype(np.float32)
    matrix = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, dim))
    for start in range(0, n, 10_000):
        rows = slice(start, min(start + 10_000, n))
        size = rows.stop - rows.start
        block = centres[rng.integers(0, n_clusters, size)] + rng.normal(size=(size, dim)).astype(np.float32)
        matrix[rows] = block / np.linalg.norm(block, axis=1, keepdims=True)
    matrix.flush()


def measure(path: str, selector: str, share: float | int, results: multiprocessing.Queue) -> None:
    """Select once and put progress and result into the queue."""
    from quasar_index.anchors import AnchorTable
    from quasar_index.selection import SELECTORS, select_anchors

    directions = np.load(path)
    n = len(directions)
    rng = np.random.default_rng(1)
    quality = np.sort(rng.random(n))
    half = n // 2
    anchors = AnchorTable(
        ids=np.array([f"{row:09d}" for row in range(n)], dtype=np.bytes_),
        directions=directions,
        norms=rng.uniform(5, 15, n).astype(np.float32),
        quality=np.r_[quality[half:][::-1], quality[:half]],
        n_good=n - half,
        groups=rng.integers(0, n // 5, n),
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = {"size": share} if isinstance(share, int) else {"fraction": share}
    last = [0.0]

    def report(done: int, total: int) -> None:
        if time.monotonic() - last[0] > 1:
            last[0] = time.monotonic()
            results.put(("progress", done / total))

    start, cpu = time.perf_counter(), time.process_time()
    rows = select_anchors(anchors, SELECTORS[selector](), on_progress=report, **size)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    results.put(("done", (len(rows), seconds, cpu, peak / 1024)))


def main() -> None:
    """Measure and print one line a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anchors", type=int, default=255_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--sizes", nargs="+", default=["1000", "0.1"])
    parser.add_argument("--selectors", nargs="+", default=None)
    parser.add_argument("--limit", type=float, default=600, help="seconds a run")
    parser.add_argument("--json", type=Path, default=None, help="append one JSON line a run")
    chosen = parser.parse_args()
    from quasar_index.selection import SELECTORS

    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "anchors.npy")
        make(path, chosen.anchors, chosen.dim)
        print(f"{'selector':<18}{'size':>8}{'seconds':>10}{'CPU s':>10}{'peak MiB':>10}", flush=True)
        for size in chosen.sizes:
            share = int(size) if size.isdecimal() else float(size)
            for selector in chosen.selectors or SELECTORS:
                results = context.Queue()
                process = context.Process(target=measure, args=(str(path), selector, share, results))
                process.start()
                record = watch(process, results, chosen.limit)
                took = "{seconds:>10.1f}{cpu:>10.1f}{mib:>10.0f}".format(**record) if "mib" in record else ""
                print(f"{selector:<18}{size:>8}{took}{record.get('note', '')}", flush=True)
                if chosen.json is not None:
                    with chosen.json.open("a") as file:
                        file.write(json.dumps({"selector": selector, "size": size, **record}) + "\n")


def watch(process: multiprocessing.Process, results: multiprocessing.Queue, limit: float) -> dict[str, object]:
    """Wait for a run, or stop it at the limit."""
    end = time.monotonic() + limit
    reached = 0.0
    while time.monotonic() < end:
        try:
            kind, value = results.get(timeout=1)
        except Exception:
            if not process.is_alive():
                return {"note": f"   failed ({process.exitcode})"}
            continue
        if kind == "done":
            process.join()
            return dict(zip(("n", "seconds", "cpu", "mib"), value, strict=True))
        reached = value
    process.terminate()
    process.join()
    return {"note": f"   stopped after {limit:.0f} s, {reached:.0%} done"}


if __name__ == "__main__":
    sys.exit(main())
