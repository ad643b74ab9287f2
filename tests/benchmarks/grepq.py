"""What GRepQ's low level learns from few photographs, beside the encoder that works offline.

    python -m tests.benchmarks.grepq --work DIR --pristine DIR --rated FILE.csv [--epochs 15] [--seeds 1]
        [--similarity fsim] [--precision auto] [--weights FILE ...]

The photographs of --pristine, sorted by name: every fourth is kept aside, the others are for training. Of each of these
8 distorted versions are made, 4 types at 2 levels, drawn with seed 0: sets of 9. Of each photograph that is aside 25 of
the 125 (type, level) pairs are drawn with seed 977. `--weights` takes trained files instead of training (a seed each).

A table of three encoders: the trained one, the same network with the random weights it started from, and
efficientnet-lite0; the first two by their head (128-d) and by their backbone (512-d):

- `aside`: the training photographs with their versions are the anchors, severity is the rating; SRCC of score and minus
  the severity over all images aside, with a 95% interval over resampled photographs;
- `within types`: the mean of the SRCC within each type of distortion there that at least 5 images have;
- `rated COLUMN`: human ratings, one group left out at a time; SRCC with a 95% interval over resampled groups.

Of several seeds, the mean and the standard deviation over seeds follow. All is kept in --work: a second run goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import quasar_index as qi

from .defaults import within_types

ASIDE = 4
"""Every so manieth photograph is aside."""
PER_SET = (4, 2)
ASIDE_PAIRS, ASIDE_SEED = 25, 977
SEVERITY_METHODS = ("mean", "retrieval")
RATED_METHODS = ("mean", "ridge")
OFFLINE = "efficientnet-lite0"
RESAMPLES = 1000
LEAST_OF_TYPE = 5
"""Fewest images of a type that counts in the mean over types; of 50 photographs each has some 50."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        encoder: Such as "trained/head".
        seed: Of the training; -1 where there is none.
        on: What was measured.
        method: What scored.
        value: SRCC.
        low: Lower end of its interval; None where there is none.
        high: Upper end.
        n: Images.
    """

    encoder: str
    seed: int
    on: str
    method: str
    value: float
    low: float | None
    high: float | None
    n: int

    def line(self) -> str:
        """Return it as a line of text."""
        between = "" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]"
        seed = "-" if self.seed < 0 else str(self.seed)
        return f"{self.encoder:18} {seed:>4} {self.on:16} {self.method:10} {self.value:+.3f}{between} n = {self.n:,}"


def main(arguments: list[str] | None = None) -> None:
    """Train, measure, print a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pristine", type=Path, required=True)
    parser.add_argument("--rated", type=Path)
    parser.add_argument("--score-column", action="append")
    parser.add_argument("--group", default="prompt")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--similarity", default="fsim")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--weights", type=Path, action="append")
    given = parser.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    training, aside = photographs(given.pristine, given.work)
    bench = Bench(
        given.work, training, aside, given.rated, given.score_column or ["quality"], given.group, given.device
    )
    rows: list[Row] = []
    for row in figures(bench, given):
        print(row.line(), flush=True)
        rows.append(row)
    summarise(rows)
    with (given.work / "figures.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Row.__dataclass_fields__)
        writer.writerows(vars(row).values() for row in rows)


def photographs(pristine: Path, work: Path) -> tuple[Path, Path]:
    """Distort the photographs; return the labels of those for training, and of those that are aside."""
    found = qi.list_images(pristine)
    parts = {
        "training": ([one for n, one in enumerate(found) if n % ASIDE != ASIDE - 1], PER_SET, 0),
        "aside": (found[ASIDE - 1 :: ASIDE], ASIDE_PAIRS, ASIDE_SEED),
    }
    for name, (paths, per_image, seed) in parts.items():
        folder = work / "photographs" / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            if not (folder / path.name).exists():
                shutil.copy(path, folder)
        report = qi.synthesis.synthesize(folder, work / name, per_image=per_image, seed=seed)
        say(f"{name}: {report.n_references} photographs, {report.n_distorted} distorted versions")
    return work / "training", work / "aside"


def say(text: str) -> None:
    """Say something on stderr."""
    print(text, file=sys.stderr, flush=True)


def figures(bench: Bench, given: argparse.Namespace) -> Iterator[Row]:
    """Yield the figures of all encoders."""
    yield from bench.measure("offline", -1, qi.load_encoder(OFFLINE, device=given.device, n_images=10_000))
    for seed in range(len(given.weights or range(given.seeds))):
        trained = given.weights[seed] if given.weights else train(bench.training, seed, given)
        yield from bench.grepq("trained", seed, trained)
        yield from bench.grepq("at initialisation", seed, initial(given.work, trained))


def train(data: Path, seed: int, given: argparse.Namespace) -> Path:
    """Train, or go on; return the weights."""
    task = qi.learning.LowLevel(
        data, epochs=given.epochs, seed=seed, similarity=given.similarity, on_progress=every(10, "sets read")
    )
    report = qi.learning.train(
        task,
        given.work / f"seed{seed}.safetensors",
        device=given.device,
        precision=given.precision,
        on_start=lambda now: say(f"{now.steps_done} of {now.steps} steps, {now.precision} ({now.why})"),
        on_progress=steps_said(),
    )
    losses = f"loss {report.losses[0]:.4f} to {report.losses[-1]:.4f}"
    say(f"seed {seed}: {losses}, {report.images_per_second:.1f} images/s, {report.seconds:.0f} s")
    return report.path


def initial(work: Path, trained: Path) -> Path:
    """Write the network that a training started from."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    from quasar_index.encoders.grepq_networks import LowLevelNetwork

    with safe_open(trained, "pt") as file:
        seed = json.loads(file.metadata()["settings"])["seed"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LowLevelNetwork()
    path = work / f"initial{seed}.safetensors"
    save_file(dict(network.state_dict()), path, {"quasar-index": "grepq-low"})
    return path


def every(n: int, what: str) -> Callable[[int, int], None]:
    """Return what says each n-th step of a progress, and the last."""
    return lambda done, total: say(f"{done} of {total} {what}") if done % n == 0 or done == total else None


def steps_said() -> Callable[[qi.learning.Progress], None]:
    """Return what says the loss once an epoch."""
    epochs: list[int] = []

    def on_progress(now: qi.learning.Progress) -> None:
        if now.epoch not in epochs:
            epochs.append(now.epoch)
            say(f"epoch {now.epoch}: {now.images:,} of {now.total:,} images, loss {now.loss:.4f}")

    return on_progress


@dataclass(frozen=True)
class Bench:
    """The images that encoders are measured on; see the module."""

    work: Path
    training: Path
    aside: Path
    rated: Path | None
    columns: list[str]
    group: str
    device: str

    def grepq(self, name: str, seed: int, weights: Path) -> Iterator[Row]:
        """Yield the figures of the head and of the backbone of a low level."""
        for layers in ("head", "backbone"):
            encoder = qi.load_encoder("grepq-low", weights=weights, layers=layers, device=self.device, n_images=10_000)
            yield from self.measure(f"{name}/{layers}", seed, encoder)

    def measure(self, name: str, seed: int, encoder: qi.Encoder) -> Iterator[Row]:
        """Yield the figures of an encoder."""
        known = self._embedded(encoder, self.training)
        new = self._embedded(encoder, self.aside)
        anchors = qi.make_anchors(known.embeddings, quality=known.quality, groups=known.column("reference"))
        methods = [qi.read_method(one) for one in SEVERITY_METHODS]
        report = qi.evaluate(
            methods,
            anchors,
            new.embeddings,
            new.quality,
            groups=[str(one) for one in new.column("reference")],
            n_resamples=RESAMPLES,
        )
        kinds = np.array([str(one) for one in new.column("distortion")])
        often = np.isin(kinds, [kind for kind in np.unique(kinds) if (kinds == kind).sum() >= LEAST_OF_TYPE])
        for outcome in report.outcomes:
            yield self._row(name, seed, "aside", outcome, len(new.quality))
            within = list(within_types(outcome.scores[often], new.quality[often], kinds[often]).values())
            value = float(np.mean(within)) if within else float("nan")
            yield Row(name, seed, "within types", str(outcome.method), value, None, None, len(within))
        for column in self.columns if self.rated is not None else ():
            rated = qi.embed_rated(
                qi.rated_source(qi.load_source(str(self.rated), score_column=column)), encoder, cache=self._cache()
            )
            report = qi.cross_validate(
                [qi.read_method(one) for one in RATED_METHODS],
                rated.embeddings,
                rated.quality,
                [str(one) for one in rated.column(self.group)],
                n_resamples=RESAMPLES,
            )
            for outcome in report.outcomes:
                yield self._row(name, seed, f"rated {column}", outcome, report.n_scored)

    def _embedded(self, encoder: qi.Encoder, folder: Path) -> qi.RatedImages:
        source = qi.rated_source(qi.load_source(str(folder)))
        return qi.embed_rated(source, encoder, cache=self._cache(), on_progress=every(500, "images"))

    def _cache(self) -> qi.EmbeddingCache:
        return qi.EmbeddingCache(self.work / "embeddings", limit=1 << 40)

    @staticmethod
    def _row(name: str, seed: int, on: str, outcome: object, n: int) -> Row:
        figure = outcome.figures["srcc"]  # type: ignore[attr-defined]
        return Row(name, seed, on, str(outcome.method), figure.value, figure.low, figure.high, n)  # type: ignore[attr-defined]


def summarise(rows: list[Row]) -> None:
    """Print mean and standard deviation over seeds, where there are several."""
    kinds = dict.fromkeys((row.encoder, row.on, row.method) for row in rows if row.seed >= 0)
    if len({row.seed for row in rows if row.seed >= 0}) < 2:
        return
    print("\nover seeds: mean and standard deviation")
    for encoder, on, method in kinds:
        values = [row.value for row in rows if (row.encoder, row.on, row.method) == (encoder, on, method)]
        print(f"{encoder:18} {on:16} {method:10} {np.mean(values):+.3f} {np.std(values, ddof=1):.3f} n = {len(values)}")


if __name__ == "__main__":
    main()
