"""How well the distance to pristine patches follows distortions and human ratings, beside methods that know both sides.

    python -m tests.benchmarks.patches --pristine DIR --rated FILE.csv [--score-column quality] [--group prompt]

- the index: the patches of the first 100 photographs of DIR, as `build --patches` chooses them;
- synthesised: every sixth of the others, twelve distortions of each drawn with seed 977: SRCC of score and minus the
  severity over all of them, the undistorted ones among them, and the mean of the SRCC within each type of distortion;
- rated: SRCC of score and a human rating;
- beside them the starter index, which was made of distorted photographs: mean and retrieval.

Each with a 95% interval, over resampled photographs or groups. Patches of rated images lie beside one another
(stride 96): a quarter of the time.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import quasar_index as qi

N_PRISTINE = 100
EVERY = 6
PER_IMAGE = 12
SEED = 977
METHODS = ("patches", "patches:ridge=0.01", "patches:ridge=0.1", "patches:ridge=1", "patches:ridge=10")
BESIDE = ("mean", "retrieval")
N_RESAMPLES = 200
FEWEST = 5
"""Images of a type of distortion, of fewer of which nothing is said."""


def main(arguments: list[str] | None = None) -> None:
    """Print a line for each method and set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pristine", type=Path, required=True)
    parser.add_argument("--rated", type=Path)
    parser.add_argument("--score-column", default="quality")
    parser.add_argument("--group", default="prompt")
    parser.add_argument("--method", "-m", action="append", metavar="METHOD", help="Of patches, repeatable.")
    parser.add_argument("--every", type=int, default=EVERY, help="Distort one of so many photographs.")
    given = parser.parse_args(arguments)
    methods = [qi.read_method(name) for name in given.method or METHODS]
    photographs = qi.list_images(given.pristine)
    encoder = qi.load_encoder(n_images=1000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = qi.datasets.choose_pristine_patches(photographs[:N_PRISTINE])
        index = qi.build_index(folder / "patches", [source], encoder).index
        print(f"{len(index)} patches of {N_PRISTINE} photographs")
        others = folder / "others"
        others.mkdir()
        for photograph in photographs[N_PRISTINE :: given.every]:
            shutil.copy(photograph, others)
        qi.synthesis.synthesize(others, folder / "made", per_image=PER_IMAGE, seed=SEED)
        rated = qi.rated_source(qi.load_source(str(folder / "made" / "labels.csv")))
        images, scores = scored(index, encoder, rated, methods)
        kinds = np.array([str(one) for one in images.column("distortion")])
        references = np.array([str(one) for one in images.column("reference")])
        for label, values in scores.items():
            pooled = interval(lambda rows, v=values: qi.srcc(v[rows], images.quality[rows]), references)
            within = interval(
                lambda rows, v=values: within_types(v[rows], images.quality[rows], kinds[rows]), references
            )
            print(f"synthesised {len(images.ids):4} {label:22} pooled {pooled}, within types {within}", flush=True)
        if given.rated:
            rated = qi.rated_source(qi.load_source(str(given.rated), score_column=given.score_column))
            wide = [qi.read_method(f"{one},stride=96" if ":" in str(one) else f"{one}:stride=96") for one in methods]
            images, scores = scored(index, encoder, rated, wide)
            groups = np.array([str(one) for one in images.column(given.group)])
            for label, values in scores.items():
                told = interval(lambda rows, v=values: qi.srcc(v[rows], images.quality[rows]), groups)
                print(f"rated       {len(images.ids):4} {label:22} {told}", flush=True)


def scored(
    index: qi.AnchorIndex, encoder: qi.Encoder, rated: qi.validation.RatedSource, methods: Sequence[qi.Method]
) -> tuple[qi.RatedImages, dict[str, np.ndarray]]:
    """Score images by their patches, and by the starter index, and say how long that took."""
    start = time.perf_counter()
    report, images = qi.validation.evaluate_patches(methods, index, rated, encoder, n_resamples=40)
    spent = time.perf_counter() - start
    print(f"{len(images.ids) / spent:.1f} images/s by {len(methods)} methods of patches", flush=True)
    found = {str(one.method): one.scores for one in report.outcomes}
    starter = qi.AnchorIndex.open("starter")
    start = time.perf_counter()
    whole = qi.embed_rated(rated, qi.load_recorded_encoder(starter.manifest.encoder, n_images=1000))
    print(f"{len(whole.ids) / (time.perf_counter() - start):.1f} images/s whole", flush=True)
    if whole.ids != images.ids:
        raise SystemExit("other images could be embedded whole than in patches")
    anchors = starter.anchors()
    return images, found | {
        f"starter {name}": qi.read_method(name).fit(anchors).score(whole.embeddings).score for name in BESIDE
    }


def within_types(scores: np.ndarray, quality: np.ndarray, kinds: np.ndarray) -> float:
    """Return the mean of the SRCC within each type of distortion that has `FEWEST` images of several severities."""
    found = []
    for kind in np.unique(kinds[quality < 0]).tolist():
        rows = kinds == kind
        if rows.sum() >= FEWEST and len(np.unique(quality[rows])) > 1:
            found.append(qi.srcc(scores[rows], quality[rows]))
    return float(np.mean(found))


def interval(statistic: Callable[[np.ndarray], float], groups: np.ndarray) -> str:
    """Return a statistic of all images with its 95% interval over resampled groups."""
    rng = np.random.default_rng(SEED)
    rows = [np.flatnonzero(groups == one) for one in np.unique(groups)]
    found = []
    for _ in range(N_RESAMPLES):
        drawn = np.concatenate([rows[one] for one in rng.integers(0, len(rows), len(rows))])
        try:
            found.append(statistic(drawn))
        except qi.ValidationError:  # a type of which the draw has too few
            continue
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{statistic(np.arange(len(groups))):+.3f} [{low:+.3f}, {high:+.3f}]"


if __name__ == "__main__":
    main()
