"""An index with an awkward table, for the tests of maps: embeddings in four clusters, names that bite."""

import csv
from pathlib import Path

import numpy as np

import quasar_index as qi

HOSTILE = (
    "<script>window.owned = 1</script>.png",
    '"><img src=x onerror="window.owned = 2">.png',
    "</script><script>window.owned = 3</script>.png",
    "<!--<script>.png",
    "a&lt;b & 'c' $\\frac$ \u2028.png",
    "javascript:window.owned=4",
)
"""Paths that must reach the screen as they are."""


def hostile_index(folder: Path, n: int = 40, *, dim: int = 12, seed: int = 0) -> qi.AnchorIndex:
    """Build an index of n anchors.

    Columns: `kind` (text: names of `HOSTILE` and others, some empty), `number` (1, 2, ... and some empty), `camera`.
    """
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(n, dim)) + 3 * rng.normal(size=(4, dim))[np.arange(n) % 4]
    paths = [HOSTILE[i] if i < len(HOSTILE) else f"photo {i}.png" for i in range(n)]
    labels = folder / "labels.csv"
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "score", "kind", "number", "camera"])
        for i, path in enumerate(paths):
            kind = "" if i % 10 == 9 else HOSTILE[(1, 3, 4)[i // 2 % 3]] if i % 2 else "_plain $x$"
            writer.writerow([path, 1 + 4 * i / n, kind, "" if i % 5 == 4 else i, f"camera {i % 12}"])
    np.save(folder / "embeddings.npy", embeddings)
    source, matrix = qi.load_embeddings(folder / "embeddings.npy", labels, score_column="score", image_column="image")
    return qi.build_from_embeddings(folder / "hostile", source, matrix).index
