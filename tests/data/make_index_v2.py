"""Makes `index-v2`, the index of format 2 that every later version has to open; run once, and kept.

    python -m tests.data.make_index_v2 FOLDER

All that format 2 has: three shards, two ratings (the second missing for some anchors, lower is better), an embedding
kept as float16 and a second one of another size, an input rule with its version; in four versions (build, relabel,
add, attach) with a tag. Beside it, in FOLDER.json, what must stay.
"""

import json
import sys
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, Rating, make_records
from quasar_index.encoders.spec import EncoderSpec, InputRule

DIM = 8


def main(folder: Path) -> None:
    rng = np.random.default_rng(2)
    embeddings = rng.normal(size=(12, DIM)).astype(np.float32)
    queries = rng.normal(size=(3, DIM)).astype(np.float32)
    spec = EncoderSpec("tiny", DIM, "0123456789abcdef", InputRule("at-most", 512))

    def rated(first: int, last: int, shift: float = 0.0) -> AnchorSource:
        n = last - first
        columns = {"path": [f"images/{i:02d}.png" for i in range(first, last)], "camera": ["a", "b"] * (n // 2)}
        scores = [float(i * 5 % 12) + shift for i in range(first, last)]
        noise = [None if i % 5 == 4 else float(i * 7 % 12) for i in range(first, last)]
        records = make_records({**columns, "score": scores, "noise": noise}, n)
        further = Rating("noise", lower_is_better=True, score_range=(0.0, 20.0), by_person=False)
        return AnchorSource("own", records, "no-reference", "median", rating="quality", ratings=(further,))

    storage = {"dtype": "float16", "anchors_per_shard": 3}
    index = qi.build_from_embeddings(folder, rated(0, 8), embeddings[:8], spec=spec, **storage).index
    index = index.relabel(rated(0, 2, shift=0.5)).index
    index.tags.set("first")
    index = index.add_embeddings(rated(8, 12), embeddings[8:], spec=spec).index
    anchors = index.anchors()
    index = index.attach_embedding(
        "second", [key.decode() for key in anchors.ids.tolist()], np.cumsum(np.ones((12, 3)), axis=0)
    )
    anchors, noise, second = index.anchors(), index.anchors(rating="noise"), index.anchors(embedding="second")
    expected = {
        "versions": [[v.version, v.action, v.n_good, v.n_bad, list(v.tags)] for v in index.history()],
        "ids": [key.decode() for key in anchors.ids.tolist()],
        "n_good": anchors.n_good,
        "quality": anchors.quality.tolist(),
        "queries": queries.tolist(),
        "scores": qi.Scorer(index, qi.Mean(space="raw")).score_embeddings(queries).score.tolist(),
        "noise": {
            "ids": [key.decode() for key in noise.ids.tolist()],
            "n_good": noise.n_good,
            "quality": noise.quality.tolist(),
            "scores": qi.Scorer(noise, qi.Mean(space="raw")).score_embeddings(queries).score.tolist(),
        },
        "second": {"ids": [key.decode() for key in second.ids.tolist()], "norms": second.norms.tolist()},
    }
    folder.with_suffix(".json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
