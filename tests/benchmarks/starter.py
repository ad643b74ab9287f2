"""How well an index made of distorted photographs, such as the starter index, scores photographs that it has not seen.

    python -m tests.benchmarks.starter --index NAME --pristine DIR --rated FILE.csv [--score-column quality]

- gate: every fourth photograph of DIR, twelve distortions of each drawn with seed 977: SRCC of score and minus the
  severity over all of them, the undistorted ones among them, and the mean of the SRCC within each type of distortion;
- held out: the same of the photographs in between, with seed 1234;
- rated: SRCC of score and a human rating, with a 95% interval over resampled groups.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

import quasar_index as qi

from .defaults import within_types

SETS = {"gate": (0, 977), "held out": (2, 1234)}
"""Which of four photographs, and the seed."""
PER_IMAGE = 12


def main(arguments: list[str] | None = None) -> None:
    """Print a line for each method and set, and the SRCC by type of the first method on the gate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", required=True)
    parser.add_argument("--pristine", type=Path)
    parser.add_argument("--rated", type=Path)
    parser.add_argument("--score-column", default="quality")
    parser.add_argument("--group", default="prompt")
    parser.add_argument("--method", "-m", action="append", metavar="METHOD")
    given = parser.parse_args(arguments)
    index = qi.AnchorIndex.open(given.index)
    encoder = qi.load_recorded_encoder(index.manifest.encoder, n_images=1000)
    anchors = index.anchors()
    fitted = {name: qi.read_method(name).fit(anchors) for name in given.method or ["mean", "retrieval"]}
    by_type: dict[str, float] = {}
    for name, (first, seed) in SETS.items() if given.pristine else ():
        with tempfile.TemporaryDirectory() as folder:
            images = distorted(given.pristine, Path(folder), encoder, first=first, seed=seed)
        kinds = np.array([str(one) for one in images.column("distortion")])
        for label, method in fitted.items():
            scores = method.score(images.embeddings).score
            within = within_types(scores, images.quality, kinds)
            by_type = by_type or within
            pooled = qi.srcc(scores, images.quality)
            print(
                f"{name:9} {label:10} pooled {pooled:.3f}, within types {np.mean(list(within.values())):.3f}",
                flush=True,
            )
    if given.rated:
        source = qi.load_source(str(given.rated), score_column=given.score_column)
        images = qi.embed_rated(qi.rated_source(source), encoder)
        report = qi.evaluate(
            [qi.read_method(name) for name in fitted],
            anchors,
            images.embeddings,
            images.quality,
            groups=[str(one) for one in images.column(given.group)],
        )
        for outcome in report.outcomes:
            figure = outcome.figures["srcc"]
            print(f"rated     {outcome.method!s:10} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]")
    for kind, value in sorted(by_type.items(), key=lambda item: item[1]):
        print(f"{kind:28} {value:+.3f}")


def distorted(pristine: Path, folder: Path, encoder: qi.Encoder, *, first: int, seed: int) -> qi.RatedImages:
    """Distort every fourth photograph, from the `first` on, and embed what was made."""
    (folder / "pristine").mkdir()
    for photograph in qi.list_images(pristine)[first::4]:
        shutil.copy(photograph, folder / "pristine")
    qi.synthesis.synthesize(folder / "pristine", folder / "made", per_image=PER_IMAGE, seed=seed)
    return qi.embed_rated(qi.rated_source(qi.load_source(str(folder / "made" / "labels.csv"))), encoder)


if __name__ == "__main__":
    main()
