"""What approximate search gains over exact search on synthetic anchors, and how many of the nearest it finds.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.approximate --anchors 255000 --dim 768 [--space whitened]

Two kinds of anchors: of clusters that overlap, with fewer effective dimensions than D, as real embeddings have them
(hard), and of clusters far apart, as `make bench` makes them (easy). Times are those that `quasar-index
approximate` measures and records: k = 256 a side, queries that chose nothing.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import quasar_index as qi

from .suite.synthetic import embeddings

N_CLUSTERS = 5000


def overlapping(n: int, dim: int) -> np.ndarray:
    """Make (n, dim) float32: clusters as wide as they are apart, variances that fall as 1 / direction, rotated."""
    fixed = np.random.default_rng(7)
    scale = (np.arange(1, dim + 1) ** -0.5).astype(np.float32)
    scale /= np.linalg.norm(scale)
    rotation = np.linalg.qr(fixed.standard_normal((dim, dim)))[0].astype(np.float32)
    centres = fixed.standard_normal((N_CLUSTERS, dim), dtype=np.float32) * scale
    rng = np.random.default_rng(1)
    made = np.empty((n, dim), dtype=np.float32)
    for start in range(0, n, 65_536):
        rows = made[start : start + 65_536]
        noise = rng.standard_normal(rows.shape, dtype=np.float32) * scale
        rows[:] = (centres[rng.integers(0, N_CLUSTERS, len(rows))] + noise) @ rotation
    return made


def build(folder: Path, name: str, made: np.ndarray) -> qi.AnchorIndex:
    """Make an index of embeddings, with ratings that say nothing of them: no score is far from the others."""
    np.save(folder / "embeddings.npy", made)
    scores = np.random.default_rng(3).permutation(len(made)).tolist()
    labels = "".join(f"{row}.png,{score}\n" for row, score in enumerate(scores))
    (folder / "labels.csv").write_text(f"image,score\n{labels}", encoding="utf-8")
    source, matrix = qi.load_embeddings(folder / "embeddings.npy", folder / "labels.csv")
    return qi.build_from_embeddings(folder / name, [source], matrix).index


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--anchors", type=int, default=255_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--recalls", type=float, nargs="+", default=[0.95, 0.99])
    parser.add_argument("--space", default="raw")
    parser.add_argument("--queries", type=int, default=2048, help="half of them choose, half of them measure")
    parser.add_argument("--kinds", nargs="+", default=["overlapping", "apart"])
    given = parser.parse_args()
    makers = {"overlapping": overlapping, "apart": lambda n, dim: embeddings(n, dim=dim)}
    print(f"{'clusters':<14}{'recall':>8}{'at once':>9}{'alone':>7}{'score SRCC':>12}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for kind in given.kinds:
            index = build(Path(folder), kind, makers[kind](given.anchors, given.dim))
            for recall in given.recalls:
                opted = qi.approximate(index, recall=recall, space=given.space, n_queries=given.queries)
                record = opted.manifest.approximate
                assert record is not None
                print(
                    f"{kind:<14}{record.recall:>8.3f}{record.speedup:>9.1f}{record.speedup_single:>7.1f}"
                    f"{record.score_srcc:>12.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
