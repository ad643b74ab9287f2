"""The defaults by evidence: one table of encoders, layers and methods on human ratings and on synthesised distortions.

    make bench BENCH=defaults ARGS="--rated FILE.csv --score-column quality --group prompt --pristine DIR --work DIR"

The sets:

- `COLUMN`: a rated set, one group left out at a time; SRCC with the rating.
- `half COLUMN`: half of its groups, drawn at random, are the anchors, the other half is scored; SRCC, mean over draws.
- `synth N`, `types N`: photographs of DIR, distorted by `synthesize`: N references with their distorted versions are
  the anchors, those of 50 others are scored; SRCC with minus the severity pooled over types, and the mean of the SRCC
  within each type; mean over draws.
- `demo`: the demonstration's images, divided by photograph; SRCC with minus the severity, mean over five draws.

Methods whose name ends in `(by reference)` know sides only: references are good, distorted images bad. Below the table
stand the paired differences of the default to what was the default before it (`whitened`, shrinkage 10, equal weights;
synthesised anchors by reference), with 95% intervals: over resampled groups on a rated set; over draws the mean and its
range. Embeddings are kept in --work, so that a second run takes minutes.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.demo import write_images
from quasar_index.statistics.bootstrap import paired_difference
from quasar_index.validation.cross_fit import cross_fit

ENCODERS = (
    "efficientnet-lite0/stats",
    "efficientnet-lite2/stats",
    "efficientnet-lite0/final",
    "efficientnet-lite2/final",
)
BEFORE = "mean:shrinkage=10,rating_power=0"
BY_REFERENCE = " (by reference)"
METHODS = (
    "mean:space=raw" + BY_REFERENCE,
    BEFORE + BY_REFERENCE,
    "mean:space=raw",
    "mean:space=centred",
    BEFORE,
    "mean:shrinkage=10",
    "mean:rating_power=0",
    "mean",
    "mean:shrinkage=1",
    "mean:shrinkage=100",
    "mean:shrinkage=ledoit-wolf",
    "mean:shrinkage=oas",
    "offset",
    "clustering:n_clusters=5",
    "retrieval:top_k=32,shrinkage=10,rating_power=0" + BY_REFERENCE,
    "retrieval:top_k=32,shrinkage=10,rating_power=0",
    "retrieval:top_k=32",
    "retrieval:top_k=256",
    "retrieval:similarity_temperature=0.1",
    "retrieval:similarity_temperature=0.2",
    "retrieval",
    "retrieval:similarity_temperature=0.5",
    "knn",
    "ridge",
    "ridge:space=whitened",
)
"""What is compared; of a rated set, those by reference are left out."""
N_TESTED = 50
Found = dict[str, list[float]]


@dataclass
class Table:
    """SRCC by method and set, each of one or several draws.

    Attributes:
        values: For each set, the draws of each method.
        differences: Lines of paired differences.
    """

    values: dict[str, Found] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def add(self, name: str, method: str, value: float) -> None:
        """Add a draw."""
        self.values.setdefault(name, {}).setdefault(method, []).append(value)


def main(arguments: list[str] | None = None) -> None:
    """Print one table an encoder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rated", type=Path)
    parser.add_argument("--score-column", action="append")
    parser.add_argument("--group", default="prompt")
    parser.add_argument("--pristine", type=Path)
    parser.add_argument("--references", type=int, nargs="+", default=[10, 50, 150])
    parser.add_argument("--per-image", type=int, default=25)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--encoder", action="append", metavar="NAME/LAYERS")
    parser.add_argument("--method", "-m", action="append", metavar="METHOD")
    parser.add_argument("--work", type=Path, required=True)
    given = parser.parse_args(arguments)
    logging.disable(logging.WARNING)  # of a top-k above the number of anchors
    methods = tuple(given.method or METHODS)
    for name in given.encoder or ENCODERS:
        table = Table()
        encoder, layers = name.split("/")
        embed = embedder(encoder, layers, given.work)
        for column in given.score_column or ["score"] if given.rated else []:
            rated(table, embed, given.rated, column, given.group, methods, 10 * given.draws)
        if given.pristine:
            made = given.work / "synthesised"
            qi.synthesis.synthesize(given.pristine, made, per_image=given.per_image)
            for n_references in given.references:
                synthesised(table, embed, made / "labels.csv", n_references, methods, given.draws)
        if given.demo:
            demonstration(table, embed, given.work / "demo", methods)
        print_table(name, table, methods)


def embedder(name: str, layers: str, work: Path) -> Callable[[qi.AnchorSource], qi.RatedImages]:
    """Return what embeds a source, once for all runs."""
    encoder = qi.load_encoder(name, layers=layers, n_images=10_000)
    cache = qi.EmbeddingCache(work / "embeddings", limit=1 << 40)

    def embed(source: qi.AnchorSource) -> qi.RatedImages:
        return qi.embed_rated(qi.rated_source(source), encoder, cache=cache, on_progress=_dots)

    return embed


def _dots(done: int, total: int) -> None:
    if done % 500 == 0 or done == total:
        sys.stderr.write(f"\r{done} of {total} images" + "\n" * (done == total))
        sys.stderr.flush()


def rated(
    table: Table,
    embed: Callable[[qi.AnchorSource], qi.RatedImages],
    labels: Path,
    column: str,
    group: str,
    methods: tuple[str, ...],
    n_draws: int,
) -> None:
    """Leave out one group of a rated set at a time, and half of the groups at random."""
    images = embed(qi.load_source(str(labels), score_column=column))
    groups = np.unique(np.array([str(one) for one in images.column(group)]), return_inverse=True)[1]
    named = {name: qi.read_method(name) for name in methods if not name.endswith(BY_REFERENCE)}
    found = cross_fit(list(named.values()), images.embeddings, images.quality, groups).by_fold.scores
    scores = dict(zip(named, found, strict=True))
    for name, values in scores.items():
        table.add(column, name, qi.srcc(values, images.quality))
    for one in ("mean", "retrieval"):
        if one in scores and BEFORE in scores:
            apart = paired_difference(scores[one], scores[BEFORE], images.quality, groups=groups, seed=0)
            low, high = apart.interval.low, apart.interval.high
            table.differences.append(
                f"{column}: {one} - {BEFORE}: {apart.difference:+.3f} [{low:+.3f}, {high:+.3f}], "
                f"n = {len(groups)}, {groups.max() + 1} groups"
            )
    for draw in range(n_draws):
        order = np.random.default_rng(draw).permutation(groups.max() + 1)
        kept = np.isin(groups, order[: len(order) // 2])
        anchors = qi.make_anchors(images.embeddings[kept], quality=images.quality[kept], groups=groups[kept])
        for name, method in named.items():
            value = qi.srcc(method.fit(anchors).score(images.embeddings[~kept]).score, images.quality[~kept])
            table.add(f"half {column}", name, value)
    differ(table, f"half {column}", BEFORE)


def synthesised(
    table: Table,
    embed: Callable[[qi.AnchorSource], qi.RatedImages],
    labels: Path,
    n_references: int,
    methods: tuple[str, ...],
    n_draws: int,
) -> None:
    """Score the distorted versions of 50 photographs by those of others."""
    images = embed(qi.load_source(str(labels)))
    references = np.unique(np.array(images.column("reference")), return_inverse=True)[1]
    kinds = np.array([str(one) for one in images.column("distortion")])
    for draw in range(n_draws):
        order = np.random.default_rng(draw).permutation(references.max() + 1)
        tested = np.isin(references, order[:N_TESTED])
        kept = np.isin(references, order[N_TESTED : N_TESTED + n_references])
        if len(order) < N_TESTED + n_references:
            raise SystemExit(f"{len(order)} photographs are too few: {N_TESTED} are scored, {n_references} are anchors")
        for name, value in scored(images, references, kept, tested, methods):
            quality, own = images.quality[tested], kinds[tested]
            table.add(f"synth {n_references}", name, qi.srcc(value, quality))
            table.add(f"types {n_references}", name, float(np.mean(list(within_types(value, quality, own).values()))))
    for part in ("synth", "types"):
        differ(table, f"{part} {n_references}", BEFORE + BY_REFERENCE)


def within_types(scores: np.ndarray, quality: np.ndarray, kinds: np.ndarray) -> dict[str, float]:
    """Return the SRCC of score and quality within each type of distortion; references, of quality 0, are of no type."""
    return {
        str(one): qi.srcc(scores[kinds == one], quality[kinds == one]) for one in np.unique(kinds[quality < 0]).tolist()
    }


def demonstration(
    table: Table, embed: Callable[[qi.AnchorSource], qi.RatedImages], folder: Path, methods: tuple[str, ...]
) -> None:
    """Score the tiles of held-out photographs of the demonstration."""
    images = embed(qi.load_source(str(write_images(folder, seed=0))))
    photographs = np.unique(np.array(images.column("reference")), return_inverse=True)[1]
    rng = np.random.default_rng(0)
    n = int(photographs.max()) + 1
    for _ in range(5):
        tested = np.isin(photographs, rng.choice(n, round(0.4 * n), replace=False))
        for name, value in scored(images, photographs, ~tested, tested, methods):
            table.add("demo", name, qi.srcc(value, images.quality[tested]))
    differ(table, "demo", BEFORE + BY_REFERENCE)


def scored(
    images: qi.RatedImages, groups: np.ndarray, kept: np.ndarray, tested: np.ndarray, methods: tuple[str, ...]
) -> Iterator[tuple[str, np.ndarray]]:
    """Score some images by others, by every method, with severities as ratings and by reference."""
    embeddings, quality = images.embeddings[kept], images.quality[kept]
    rated_anchors = qi.make_anchors(embeddings, quality=quality, groups=groups[kept])
    by_reference = qi.make_anchors(embeddings, is_good=quality == 0, groups=groups[kept])
    for name in methods:
        anchors = by_reference if name.endswith(BY_REFERENCE) else rated_anchors
        method = qi.read_method(name.removesuffix(BY_REFERENCE))
        yield name, method.fit(anchors).score(images.embeddings[tested]).score


def differ(table: Table, name: str, before: str) -> None:
    """Add the paired differences over draws."""
    found = table.values[name]
    for one in ("mean", "retrieval"):
        if one in found and before in found:
            apart = np.array(found[one]) - np.array(found[before])
            table.differences.append(
                f"{name}: {one} - {before}: {apart.mean():+.3f}, {apart.min():+.3f} to {apart.max():+.3f}, ahead in "
                f"{int((apart > 0).sum())} of {len(apart)} draws"
            )


def print_table(title: str, table: Table, methods: tuple[str, ...]) -> None:
    """Print the mean of each method on each set; the best of a set is bold."""
    sets = list(table.values)
    means = {name: {method: float(np.mean(found)) for method, found in table.values[name].items()} for name in sets}
    best = {name: max(means[name].values()) for name in sets}
    print(f"\n### {title}\n\n| method | {' | '.join(sets)} |\n|---|{'---:|' * len(sets)}")
    for method in methods:
        cells = []
        for name in sets:
            value = means[name].get(method)
            text = "" if value is None else f"{value:.3f}"
            cells.append(f"**{text}**" if value == best[name] else text)
        print(f"| {method} | {' | '.join(cells)} |")
    print()
    for line in table.differences:
        print(f"- {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
