"""Searching an index of several tables against one flat matrix, and the memory that such an index takes.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.shards --anchors 255000 --dim 768 --shards 4 --folder /tmp/shards

CPU time, of all threads; the ways are measured in turns, each round gives a ratio, and the median and the extremes are
printed. The flat matrix holds the same anchors in the same order. The bar is 1.1: merged search / flat search. Memory
is what a process has of its own (mapped files do not count), as a part of the matrix of all anchors. With --lists also
the inverted lists of each table against those of one matrix, on harder embeddings (`tests.benchmarks.approximate`),
with the probes that a recall of 0.95 takes. The folder takes twice the matrix on the disk, and three times while a
whitened space is kept; what is in it serves the next run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.anchors import AnchorTable
from quasar_index.arrays import unit
from quasar_index.index.search import nearest, search
from quasar_index.index.side_lists import SideLists
from quasar_index.parts import Parts

from .approximate import overlapping
from .suite.synthetic import embeddings, synthetic_index
from .suite.timing import PeakMemory

LISTS_RECALL = 0.95


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anchors", type=int, default=255_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--top-k", type=int, default=256)
    parser.add_argument("--queries", type=int, default=256, help="of the batch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lists", action="store_true")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory_of is not None:
        print(json.dumps(_memory(given.memory_of)))
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    index = synthetic_index(given.folder, given.anchors, dim=given.dim, n_shards=given.shards)
    n_bytes = given.anchors * given.dim * 4
    print(f"{given.anchors} anchors, {given.dim}-d, in {given.shards} tables; {n_bytes / 1e6:.0f} MB\n")
    command = [sys.executable, "-m", "tests.benchmarks.shards", "--folder", ".", "--memory-of", str(index.path)]
    memory = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for what, own in memory.items():
        print(f"own memory to {what:<38}{own / n_bytes:>7.2f} of the matrix")
    parts = index.anchors()
    flat = replace(parts, directions=np.ascontiguousarray(parts.directions), fits=None)
    queries = unit(embeddings(given.queries, dim=given.dim, seed=1))
    _compare("scores of the mean, whitened", parts, flat, qi.Mean())
    _compare("scores of retrieval, k = 256, raw", parts, flat, qi.Retrieval(given.top_k, space="raw"))
    found, expected = (nearest(anchors, queries, given.top_k) for anchors in (parts, flat))
    print(f"{'the nearest are the same':<38}{(found.rows == expected.rows).mean():>22.4%}")
    print(f"\n{'merged / flat, CPU time':<34}{'median':>8}{'low':>7}{'high':>7}{'ms a query':>12}")
    for name, some in (("batch of " + str(len(queries)), [queries]), ("one query at a time", list(queries[:16, None]))):
        for side in (None, "good"):
            ratios, spent = _ratios(
                lambda some=some, side=side: [nearest(parts, one, given.top_k, side=side) for one in some],  # type: ignore[misc]
                lambda some=some, side=side: [nearest(flat, one, given.top_k, side=side) for one in some],  # type: ignore[misc]
                given.rounds,
            )
            words = f"{name}, {'both sides' if side is None else 'one side'}"
            print(
                f"{words:<34}{np.median(ratios):>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}"
                f"{spent * 1000 / sum(map(len, some)):>12.2f}",
                flush=True,
            )
    if given.lists:
        del parts, flat
        _lists(given.anchors, given.dim, given.shards, given.queries, given.top_k, given.rounds)


def _memory(path: Path) -> dict[str, int]:
    """Measure what a process of its own takes to make and to use the cache of an index."""
    found = {}
    few = qi.make_anchors(np.eye(8), quality=range(8))
    qi.Retrieval(2).fit(few).score(np.eye(8))  # loads the libraries
    for name in ("cache", "cache again"):
        with PeakMemory() as peak:
            anchors = qi.AnchorIndex.open(path).anchors()
        found["make the cache" if name == "cache" else "open it again"] = peak.n_bytes
    for method in (qi.Mean(), qi.Retrieval()):
        with PeakMemory() as peak:
            method.fit(anchors).score(embeddings(64, dim=anchors.dim, seed=1))
        found[f"fit and score by {method}"] = peak.n_bytes
    return found


def _compare(what: str, parts: AnchorTable, flat: AnchorTable, method: qi.Method) -> None:
    queries = embeddings(64, dim=parts.dim, seed=2)
    ours, expected = (method.fit(anchors).score(queries).score for anchors in (parts, flat))
    print(f"{what:<38}largest difference {np.abs(ours - expected).max():.1e}")


def _ratios(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[list[float], float]:
    """Return the ratios of the rounds, and the seconds that the first takes in the median one."""
    one()
    other()
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            start = time.process_time()
            (one, other)[which]()
            spent[which].append(time.process_time() - start)
    return [a / b for a, b in zip(*spent, strict=True)], float(np.median(spent[0]))


def _lists(n: int, dim: int, n_shards: int, n_queries: int, k: int, rounds: int) -> None:
    """Compare the lists of parts with those of one matrix, each with as many probes as a recall takes."""
    flat = unit(overlapping(n + n_queries, dim))
    flat, queries = flat[:n], flat[n:]
    owner = np.random.default_rng(5).integers(0, n_shards, n)
    rows = tuple(np.flatnonzero(owner == number) for number in range(n_shards))
    parts = Parts(tuple(flat[own] for own in rows), rows, dim)
    exact = search(queries, flat, k).rows
    made = []
    for name, vectors in (("tables", parts), ("one matrix", flat)):
        lists, n_probe, recall = SideLists.train(vectors), 0, 0.0
        while recall < LISTS_RECALL and n_probe < lists.n_lists:
            n_probe = min(lists.n_lists, n_probe + max(1, n_probe // 8))
            found = lists.find(queries, vectors, k, n_probe=n_probe, n_ranked=8 * k).rows
            shared = [len(set(a) & set(b)) for a, b in zip(found.tolist(), exact.tolist(), strict=True)]
            recall = float(np.mean(shared)) / k
        made.append(partial(lists.search, queries, vectors, k, n_probe=n_probe, n_ranked=8 * k))
        print(f"lists of {name}: {n_probe} of {lists.n_lists} for a recall of {recall:.3f}")
    ratios, spent = _ratios(*made, rounds)
    print(
        f"{'lists of tables / of one matrix':<34}{np.median(ratios):>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}"
        f"{spent * 1000 / len(queries):>12.2f}"
    )


if __name__ == "__main__":
    main()
