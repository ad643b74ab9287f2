"""What the way in which an index keeps its embeddings does to scores: float16, and several tables.

    python -m tests.benchmarks.storage RATINGS.csv IMAGES [--shards 4]

Builds three indexes of the rated images with the default encoder: float32 in one table, with which the others are
compared, float16, and float32 in several tables. Scores all images of a folder by each, and prints for some methods the
largest difference of a score and the rank correlation (SRCC) of the scores. Scores lie between 0 and 1.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.encoders.pipeline import encode_files

METHODS = (
    "mean", "mean:space=raw", "offset", "retrieval", "retrieval:top_k=16", "retrieval:top_k=16,mode=joint", "knn",
    "ridge", "clustering:n_clusters=3",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("images")
    parser.add_argument("--shards", type=int, default=4)
    given = parser.parse_args()
    source = qi.load_source(given.ratings)
    encoder = qi.load_encoder(qi.DEFAULT_ENCODER)
    ways = {
        "float32": {},
        "float16": {"dtype": "float16"},
        f"{given.shards} tables": {"anchors_per_shard": math.ceil(len(source) / given.shards)},
    }
    cache = qi.EmbeddingCache()
    with tempfile.TemporaryDirectory() as folder:
        indexes = {
            name: qi.build_index(Path(folder, name), [source], encoder, cache=cache, **storage).index
            for name, storage in ways.items()
        }
        first = indexes["float32"]
        files = [str(path) for path in qi.images.list_images(given.images)]
        made = encode_files(files, encoder, cache=cache)
        queries = np.stack([one.embedding for one in made if one.embedding is not None])
        print(f"{len(first)} anchors, {encoder.spec.name}, {len(queries)} images\n")
        print(f"{'method':<32}" + "".join(f"{name:>12}{'SRCC':>12}" for name in list(ways)[1:]))
        for method in map(qi.read_method, METHODS):
            scores = {name: method.fit(index).score(queries).score for name, index in indexes.items()}
            expected = scores.pop("float32")
            figures = [(np.abs(found - expected).max(), qi.srcc(found, expected)) for found in scores.values()]
            print(f"{method!s:<32}" + "".join(f"{worst:>12.1e}{order:>12.6f}" for worst, order in figures))


if __name__ == "__main__":
    main()
