"""Scores that stay as they are: every method, with its defaults and some parameters, on three fixed sets of anchors.

    python -m tests.benchmarks.frozen_scores compare [--rated RATINGS.csv --score-column quality] [--set NAME ...]
    python -m tests.benchmarks.frozen_scores write   [the same]        # only where a change of scores is meant

`tests/data/frozen-scores.json` holds what was written. `compare` makes the scores again and prints for each set and
method the largest difference, and how many pairs of images changed places; it exits with 1 where a score differs by
more than 1e-6, or two images that are further apart than that changed places. A method that is there on one side only
is named. `write` replaces the sets that it makes and keeps the others.

The sets: `drawn` (embeddings of a seeded generator; a test compares it, too), `synthesised` (photographs that ship with
scikit-image and scikit-learn, distorted by `synthesize`; good and bad by reference, no ratings), `rated` (photographs
with ratings of your own, named by --rated; the file holds scores of one such set, column quality). The last two
are embedded by the default encoder, so they also freeze decoding, the input rule and the network; another processor or
another version of PyTorch may move them by more than 1e-6, while `drawn` stays. One thread and one image a batch: with
others the network rounds otherwise, and a whitened space of little shrinkage makes 5e-6 of that.

Of the rated set every other image is an anchor, and all images are scored: so are anchors by themselves, on purpose.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":  # before NumPy and PyTorch are loaded
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import numpy as np

import quasar_index as qi

FILE = Path(__file__).parents[1] / "data" / "frozen-scores.json"
TOLERANCE = 1e-6
DECIMALS = 10
SETS = ("drawn", "synthesised", "rated")

_AGGREGATIONS = {
    "mean": qi.Mean(),
    "mean normalize_anchors": qi.Mean(normalize_anchors=True),
    "mean rating_power=1": qi.Mean(rating_power=1.0),
    "offset 0.2": qi.Offset(0.2),
    "offset 0.37 rating_power=1": qi.Offset(0.37, rating_power=1.0),
    "clustering 4": qi.Clustering(4),
    "clustering 4 prototypes=mean": qi.Clustering(4, prototypes="mean"),
    "clustering 4 prototypes=nearest rating_power=1": qi.Clustering(4, prototypes="nearest", rating_power=1.0),
    "retrieval": qi.Retrieval(32),
    "retrieval 8": qi.Retrieval(8),
    "retrieval 8 joint": qi.Retrieval(8, mode="joint"),
    "retrieval 8 joint local": qi.Retrieval(8, mode="joint", division="local"),
    "retrieval 8 t=0.1 rating_power=1": qi.Retrieval(8, similarity_temperature=0.1, rating_power=1.0),
    "retrieval 8 t=0.1 blend=0.5": qi.Retrieval(8, similarity_temperature=0.1, blend=0.5),
    "retrieval 8 normalize_anchors": qi.Retrieval(8, normalize_anchors=True),
}
_HEADS = {
    "knn": qi.Knn(),
    "knn 5 t=0.05": qi.Knn(5, similarity_temperature=0.05),
    "ridge": qi.Ridge(),
    "ridge 0.3 3": qi.Ridge(alphas=(0.3, 3.0)),
}
_SPACES: dict[str, dict[str, object]] = {
    "raw": {"space": "raw"},
    "centred": {"space": "centred"},
    "whitened": {"space": "whitened", "shrinkage": 10.0},
}
_MORE_SPACES: dict[str, dict[str, object]] = {
    "whitened shrinkage=1": {"space": "whitened", "shrinkage": 1.0},
    "whitened shrinkage=ledoit-wolf": {"space": "whitened", "shrinkage": "ledoit-wolf"},
    "whitened shrinkage=oas": {"space": "whitened", "shrinkage": "oas"},
    "auto": {"space": "auto", "shrinkage": "auto"},
    "raw temperature=1": {"space": "raw", "temperature": 1.0},
}


def _pinned(method: qi.Method, options: dict[str, object]) -> qi.Method:
    """Put a method into a space, its anchors all of the same weight unless it says otherwise."""
    if isinstance(method, qi.methods.CentroidMethod) and method.rating_power is None:
        options = {"rating_power": 0.0, **options}
    return replace(method, **options)  # type: ignore[arg-type]


METHODS: dict[str, qi.Method] = {
    **{
        f"{space} {name}": _pinned(method, options)
        for space, options in _SPACES.items()
        for name, method in {**_AGGREGATIONS, **_HEADS}.items()
    },
    **{f"{space} mean": _pinned(qi.Mean(), options) for space, options in _MORE_SPACES.items()},
    **{
        f"default {method.name}": method
        for method in (qi.Mean(), qi.Offset(), qi.Clustering(4), qi.Retrieval(), qi.Knn(), qi.Ridge())
    },
}
"""Every method that is frozen, by the name that the file has it under."""


@dataclass(frozen=True)
class FrozenSet:
    """Anchors, and the images that they score.

    Attributes:
        anchors: The anchors.
        queries: (M, D) raw embeddings.
    """

    anchors: qi.AnchorTable
    queries: np.ndarray


def drawn_set() -> FrozenSet:
    """Draw 60 rated anchors of 20 contents in 24 dimensions, and 40 images."""
    rng = np.random.default_rng(977)
    content = rng.normal(size=(20, 24))
    better = rng.normal(size=24)
    quality = rng.random(60)
    embeddings = np.repeat(content, 3, axis=0) + 0.7 * rng.normal(size=(60, 24)) + 2 * quality[:, None] * better + 1.0
    queries = content[rng.integers(20, size=40)] + rng.normal(size=(40, 24)) + 2 * rng.random((40, 1)) * better + 1.0
    anchors = qi.make_anchors(embeddings.astype(np.float32), quality=quality, groups=np.repeat(np.arange(20), 3))
    return FrozenSet(anchors, queries.astype(np.float32))


def synthesised_set(folder: Path, encoder: qi.Encoder) -> FrozenSet:
    """Distort the photographs of the demonstration, and score all images by an index of them."""
    from PIL import Image

    from quasar_index.demo import read_photographs, tiles

    source = folder / "photographs"
    source.mkdir()
    for name, pixels in read_photographs(rule=1):  # by which the file was made: one has a profile of wider colours
        Image.fromarray(tiles(pixels)[0]).save(source / f"{name}.png")
    qi.synthesis.synthesize(source, folder / "set", per_image=8, seed=0)
    index = qi.build_index(
        folder / "index", [qi.load_source(f"{folder / 'set'}?division=reference")], encoder, batch_size=1
    ).index
    anchors = index.anchors(group=index.content_column())
    return FrozenSet(anchors, anchors.directions * anchors.norms[:, None])


def rated_set(folder: Path, encoder: qi.Encoder, labels: Path, column: str) -> FrozenSet:
    """Take every other image of a label file as an anchor, and score all of them."""
    source = qi.load_source(str(labels), score_column=column)
    index = qi.build_index(folder / "index", [source], encoder, batch_size=1).index
    everything = index.anchors()
    queries = everything.directions * everything.norms[:, None]
    order = np.argsort(everything.ids)
    kept = np.zeros(len(order), dtype=np.bool_)
    kept[order[::2]] = True
    columns = index.columns
    groups = None if "prompt" not in columns else index.metadata(everything, ["prompt"])["prompt"].to_pylist()
    anchors = qi.make_anchors(
        queries[kept],
        quality=everything.rated("freezing")[kept],
        ids=[key.decode() for key in everything.ids[kept].tolist()],
        groups=None if groups is None else [group for group, one in zip(groups, kept.tolist(), strict=True) if one],
    )
    return FrozenSet(anchors, queries[order])


def scores_of(frozen: FrozenSet) -> dict[str, list[float]]:
    """Score a set by every method that its anchors can serve: (M,) scores by name."""
    made: dict[str, list[float]] = {}
    for name, method in METHODS.items():
        try:
            settled = qi.choose_space(frozen.anchors, method).method
            scores = settled.fit(frozen.anchors).score(frozen.queries).score
        except qi.MethodError as error:
            if "opinion score" not in error.message:  # of anchors without ratings
                raise
            continue
        made[name] = [round(value, DECIMALS) for value in scores.tolist()]
    return made


def differences(before: Mapping[str, list[float]], now: Mapping[str, list[float]]) -> dict[str, tuple[float, int]]:
    """Compare two sets of scores: the largest difference, and how many pairs clearly apart changed places."""
    found: dict[str, tuple[float, int]] = {}
    for name in before.keys() & now.keys():
        old, new = np.array(before[name]), np.array(now[name])
        if old.shape != new.shape:
            found[name] = (float("inf"), 0)
            continue
        apart, turned = old[:, None] - old[None, :], new[:, None] - new[None, :]
        swapped = int(((apart > TOLERANCE) & (turned < -TOLERANCE)).sum())
        found[name] = (float(np.abs(old - new).max()), swapped)
    return found


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["write", "compare"])
    parser.add_argument("--set", action="append", choices=SETS, help="only this one; again for another")
    parser.add_argument("--rated", type=Path)
    parser.add_argument("--score-column", default="quality")
    given = parser.parse_args()
    wanted = given.set or [name for name in SETS if name != "rated" or given.rated]
    logging.disable(logging.WARNING)  # of a top-k above the number of anchors
    made: dict[str, dict[str, list[float]]] = {}
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            if name == "drawn":
                frozen = drawn_set()
            elif name == "synthesised":
                frozen = synthesised_set(Path(folder), qi.load_encoder(device="cpu"))
            elif given.rated is None:
                parser.error("--set rated needs --rated RATINGS.csv")
            else:
                frozen = rated_set(Path(folder), qi.load_encoder(device="cpu"), given.rated, given.score_column)
            made[name] = scores_of(frozen)
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    if given.what == "write":
        FILE.write_text(_text({**kept, **made}), encoding="utf-8")
        for name, methods in made.items():
            n_images = len(next(iter(methods.values())))
            print(f"{name}: {len(methods)} methods, {n_images} images")
        return 0
    return max(_compare(name, kept.get(name, {}), methods) for name, methods in made.items())


def _compare(name: str, before: dict[str, list[float]], now: dict[str, list[float]]) -> int:
    found = differences(before, now)
    for method in METHODS:
        if method in found:
            largest, swapped = found[method]
            mark = " <-- differs" if largest > TOLERANCE or swapped else ""
            print(f"{name:12} {method:60} {largest:.1e} {swapped:5d}{mark}")
        elif method in before or method in now:
            print(f"{name:12} {method:60} {'gone' if method in before else 'new'}")
    gone = sorted(before.keys() - now.keys())
    n_differing = sum(largest > TOLERANCE or swapped > 0 for largest, swapped in found.values())
    worst = max((largest for largest, _ in found.values()), default=0.0)
    print(
        f"{name}: {len(found)} methods compared, {n_differing} differ, {len(gone)} gone; largest difference {worst:.1e}"
    )
    return int(n_differing > 0 or bool(gone) or not found)


def _text(sets: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Return JSON with one line a method, so that a change shows which methods it touches."""
    parts = []
    for name, methods in sets.items():
        lines = [f"  {json.dumps(method)}: {json.dumps(values)}" for method, values in methods.items()]
        parts.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
