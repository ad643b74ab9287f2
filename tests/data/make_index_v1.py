"""Makes `index-v1`, the index that every later version has to open; run once, with version 0.1.0, and kept.

    python -m tests.data.make_index_v1 FOLDER

Twelve rows of 8-d embeddings in three table versions (build, relabel, add) with a tag; beside it, in FOLDER.json, what
must stay: ids, sides, qualities, and the scores of three queries with Mean in the raw space.
"""

import json
import sys
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records

DIM = 8


def main(folder: Path) -> None:
    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(12, DIM)).astype(np.float32)
    queries = rng.normal(size=(3, DIM)).astype(np.float32)

    def rated(first: int, last: int, shift: float = 0.0) -> AnchorSource:
        n = last - first
        columns = {"path": [f"images/{i:02d}.png" for i in range(first, last)], "camera": ["a", "b"] * (n // 2)}
        scores = [float(i * 5 % 12) + shift for i in range(first, last)]
        return AnchorSource("own", make_records({**columns, "score": scores}, n), "no-reference", "median")

    index = qi.build_from_embeddings(folder, rated(0, 8), embeddings[:8]).index
    index = index.relabel(rated(0, 2, shift=0.5)).index
    index.tags.set("first")
    index = index.add_embeddings(rated(8, 12), embeddings[8:]).index
    anchors = index.anchors()
    scores = qi.Scorer(index, qi.Mean(space="raw")).score_embeddings(queries)
    expected = {
        "versions": [[v.version, v.action, v.n_good, v.n_bad, list(v.tags)] for v in index.history()],
        "ids": [key.decode() for key in anchors.ids.tolist()],
        "n_good": anchors.n_good,
        "quality": anchors.quality.tolist(),
        "queries": queries.tolist(),
        "scores": scores.score.tolist(),
    }
    folder.with_suffix(".json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
