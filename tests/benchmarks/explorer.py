"""How long the explorer's page waits for why one image has its score, with very many anchors.

    python -m tests.benchmarks.explorer                      # 255,000 anchors of 768 numbers, as many as AVA has
    python -m tests.benchmarks.explorer --anchors 20000 --methods mean retrieval:top_k=8

Anchors are random, and are built into an index in a temporary folder (1.6 GB with the search cache). Printed are the
median time of a new image after its embedding, on the clock and of all cores together, and what is made once at the
start.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time

import numpy as np

import quasar_index as qi
from quasar_index.datasets import make_records
from quasar_index.explorer.explainer import Explainer


def build(n: int, dim: int) -> qi.AnchorIndex:
    """Build an index of random anchors whose ratings follow their first eight numbers."""
    embeddings = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)
    ratings = np.clip(5 + embeddings[:, :8].sum(axis=1) / 3, 1, 10)
    records = make_records({"path": [f"{row}.jpg" for row in range(n)], "score": ratings.tolist()}, n)
    source = qi.AnchorSource("random", records, "no-reference", "median")
    return qi.build_from_embeddings("random", source, embeddings).index


def measure(index: qi.AnchorIndex, text: str, n_images: int) -> None:
    """Print the times of one method."""
    scorer = qi.Scorer(index.anchors(), qi.read_method(text))
    explainer = Explainer(scorer, index, None)
    begun = time.perf_counter()
    explainer.prepare()
    prepared = time.perf_counter() - begun
    images = np.random.default_rng(1).normal(size=(n_images + 1, 1, scorer.fitted.dim)).astype(np.float32)
    clock, cores, size = [], [], 0
    for image in images:
        begun, used = time.perf_counter(), time.process_time()
        size = len(json.dumps(explainer.explain(image)))
        clock.append(time.perf_counter() - begun)
        cores.append(time.process_time() - used)
    wall, cpu = (1000 * statistics.median(times[1:]) for times in (clock, cores))
    print(f"{text}: {wall:.0f} ms, {cpu:.0f} ms of all cores, {size / 1000:.0f} kB; once {prepared:.1f} s")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anchors", type=int, default=255_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--images", type=int, default=9)
    parser.add_argument("--methods", nargs="+", default=["mean", "retrieval", "retrieval:top_k=8"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        index = build(given.anchors, given.dim)
        for text in given.methods:
            measure(index, text, given.images)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
