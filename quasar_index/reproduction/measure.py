"""Measuring experiments that share their anchors and draws; and keeping what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import DoubleArray
from ..errors import DataError, QuasarError, counted
from ..json_lines import append_line, read_lines
from ..methods.fitted import FittedMethod
from ..methods.method import CentroidMethod, Method
from ..methods.together import fit_together, score_together
from ..statistics.bootstrap import MIN_GROUPS_INTERVAL, MIN_PAIRS_INTERVAL, Interval, bootstrap_columns
from ..statistics.correlation import srcc
from ..validation.few_label_scores import few_labels_of_images
from ..validation.rated import RatedImages
from .report import Measurement


@dataclass(frozen=True)
class Anchors:
    """What centroids are made of.

    Attributes:
        table: The anchors.
        temperature: T of the softmax; ranks do not change with it.
        references: (N,) what they are drawn by (`AnchorIndex.references`); None to draw each side on its own.
    """

    table: AnchorTable
    temperature: float
    references: npt.NDArray[np.str_] | None = None


def measure(
    anchors: Anchors,
    methods: Sequence[Method],
    tests: Mapping[str, RatedImages],
    *,
    fraction: float,
    n_draws: int,
    n_resamples: int,
    seed: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[tuple[str, str], Measurement | QuasarError]:
    """Score test sets by the same anchors.

    Args:
        anchors: The anchors.
        methods: What they are scored by; those of one space share their searches.
        tests: Rated test images by name.
        fraction: Random part of the anchors.
        n_draws: Draws of that part; 1 is enough of all anchors.
        n_resamples: Of the bootstrap.
        seed: Of the first draw (the next ones count up) and of the bootstrap.
        on_progress: Called with (done, total) images of a test set.

    Returns:
        By method (as text) and name, what was measured, or the error that it met.
    """
    every = [(str(method), name) for method in methods for name in tests]
    values: dict[tuple[str, str], list[float]] = {key: [] for key in every}
    found: dict[tuple[str, str], Measurement | QuasarError] = {}
    n_draws = n_draws if fraction < 1 else 1
    if too_few := _too_few(anchors, fraction):
        return dict.fromkeys(every, too_few)
    tempered = [
        replace(method, temperature=anchors.temperature) if isinstance(method, CentroidMethod) else method
        for method in methods
    ]
    for draw in range(n_draws):
        try:
            part = anchors.table.subsample(fraction, seed=seed + draw, references=anchors.references)
        except QuasarError as error:
            return dict.fromkeys(every, error)
        fitted = dict(zip(map(str, methods), fit_together(tempered, part), strict=True))
        for key in every:
            if isinstance(unfit := fitted[key[0]], QuasarError):
                found.setdefault(key, unfit)
        for name, images in tests.items():
            usable = {text: one for text, one in fitted.items() if isinstance(one, FittedMethod)}
            usable = {text: one for text, one in usable.items() if (text, name) not in found}
            try:
                scored = score_together(list(usable.values()), images.embeddings, on_progress=on_progress)
            except QuasarError as error:
                found.update(((text, name), error) for text in usable)
                continue
            for text, scores in zip(usable, scored, strict=True):
                try:
                    values[text, name].append(srcc(scores, images.quality))
                except QuasarError as error:
                    found[text, name] = error
            if draw == n_draws - 1:
                last = {text: one for text, one in zip(usable, scored, strict=True) if (text, name) not in found}
                drawn = [values[text, name] for text in last]
                for text, summary in zip(last, _summaries(drawn, last, images, part, n_resamples, seed), strict=True):
                    found[text, name] = summary
    return found


def measure_few_labels(
    images: RatedImages, method: Method, numbers: Sequence[int], *, n_draws: int, seed: int
) -> dict[int, Measurement | QuasarError]:
    """Score a part of rated images by labels of others (see `few_labels_of_images`).

    Args:
        images: The images.
        method: What the labelled ones are scored by.
        numbers: Numbers of labels.
        n_draws: Seeded draws.
        seed: Of the first draw.

    Returns:
        By number of labels, what was measured, or the error that it met; one number has no say over another.
    """
    found: dict[int, Measurement | QuasarError] = {}
    for number in numbers:
        try:
            report = few_labels_of_images([method], images, [number], n_seeds=n_draws, seed=seed)
        except QuasarError as error:
            found[number] = error
            continue
        (row,) = report.rows
        spread = row.spread("srcc")
        found[number] = Measurement(
            srcc=spread.median,
            low=None,
            high=None,
            spread=None,
            n=int(np.median(report.n_tests)),
            n_anchors=number,
            n_groups=None if report.unit == "image" else report.n_units,
            low_quartile=spread.low_quartile,
            high_quartile=spread.high_quartile,
            plcc=row.spread("plcc").median,
        )
    return found


def _too_few(anchors: Anchors, fraction: float) -> DataError | None:
    """Return the error of a fraction that draws nothing."""
    table = anchors.table
    n = min(table.n_good, table.n_bad) if anchors.references is None else len(np.unique(anchors.references))
    what = counted(n, "reference") if anchors.references is not None else f"{counted(n, 'anchor')} of a side"
    return None if round(fraction * n) else DataError(f"a fraction of {fraction:g} of {what} is none of them")


def _summaries(
    values: Sequence[Sequence[float]],
    scored: Mapping[str, DoubleArray],
    images: RatedImages,
    part: AnchorTable,
    n_resamples: int,
    seed: int,
) -> Iterator[Measurement | QuasarError]:
    """Put the SRCC of each method together: with the bootstrap interval of a single draw, or the spread of several."""
    groups = images.columns.get("reference")
    if groups is not None and (None in groups or len(set(groups)) == len(groups)):
        groups = None
    n_groups = None if groups is None else len(set(groups))
    intervals: Sequence[Interval | QuasarError | None] = [None] * len(scored)
    n = len(images.quality)
    enough = n >= MIN_PAIRS_INTERVAL and (n_groups is None or n_groups >= MIN_GROUPS_INTERVAL)
    if enough and all(len(one) == 1 for one in values):
        columns = list(scored.values())
        intervals = bootstrap_columns(
            "srcc", columns, images.quality, groups=groups, n_resamples=n_resamples, seed=seed
        )
    n_overlap = int(np.isin(np.array(images.ids, dtype=np.bytes_), part.ids).sum())
    for mine, interval in zip(values, intervals, strict=True):
        if isinstance(interval, QuasarError):
            yield interval
            continue
        yield Measurement(
            srcc=float(np.mean(mine)),
            low=None if interval is None else interval.low,
            high=None if interval is None else interval.high,
            spread=float(np.std(mine, ddof=1)) if len(mine) > 1 else None,
            n=n,
            n_anchors=len(part),
            n_groups=n_groups,
            n_overlap=n_overlap,
        )


@dataclass
class Store:
    """Results on disk, one JSON object a line, by a key of all that decides them."""

    file: Path
    _known: dict[str, Measurement] | None = field(default=None, repr=False)

    def get(self, key: str) -> Measurement | None:
        """Return a result that was measured before."""
        if self._known is None:
            self._known = {}
            for entry, _ in read_lines(self.file):
                try:
                    self._known[entry["key"]] = Measurement(**entry["measured"])
                except (TypeError, KeyError):
                    continue  # none of ours
        return self._known.get(key)

    def put(self, key: str, measured: Measurement) -> None:
        """Keep a result."""
        with self.file.open("ab+") as file:
            append_line(file, {"key": key, "measured": asdict(measured)})
