"""The statistics of scores that are there: figures, intervals, differences and breakdowns, on the same resamples."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..arrays import BoolArray, DoubleArray, IntArray
from ..errors import ValidationError, counted
from ..methods.method import Method
from ..statistics.bootstrap import (
    MIN_GROUPS_INTERVAL,
    MIN_PAIRS_INTERVAL,
    Interval,
    PairedDifference,
    Statistic,
    bootstrap_all,
    paired_difference,
)
from ..statistics.correlation import correlate, srcc
from ..statistics.groups import Groups, group_codes
from .fold_scores import FoldScores
from .folds import Fold
from .report import BREAKDOWN_PAIRS, FITTED, SHOWN, Breakdown, EvaluationReport, Figure, Outcome

Progress = Callable[[int, int], None]
Columns = Mapping[str, Sequence[object]]


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes:
        n_resamples: Number of resamples.
        level: Nominal coverage.
        seed: Of the draws.
    """

    n_resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Scored:
    """Images that methods scored, by the anchors of one index or of themselves.

    Attributes:
        methods: C of them.
        by_fold: (C, n) scores, and what was chosen for them.
        folds: Of the n images.
        quality: (n,) ratings, higher is better.
        index: What the index is called beside others; None where there is one alone.
    """

    methods: Sequence[Method]
    by_fold: FoldScores
    folds: Sequence[Fold]
    quality: DoubleArray = field(repr=False)
    index: str | None = None

    def take(self, rows: IntArray) -> Scored:
        """Return some of the images, in this order; their folds stay those of all."""
        return replace(
            self, by_fold=replace(self.by_fold, scores=self.by_fold.scores[:, rows]), quality=self.quality[rows]
        )


class Steps:
    """Counts folds, then methods, as one sequence of steps."""

    def __init__(self, on_progress: Progress | None, methods: Sequence[Method]) -> None:
        self._on_progress = on_progress
        self._methods = methods
        self._done = self._n_folds = 0

    def first(self, done: int, n_folds: int) -> None:
        """Say that some folds are done."""
        self._done, self._n_folds = done, n_folds
        if self._on_progress is not None:
            self._on_progress(done, n_folds + len(self._methods))

    def next(self) -> None:
        """Say that a method is done."""
        self.first(self._done + 1, self._n_folds)


def rows_of(columns: Columns, rows: BoolArray) -> dict[str, list[object]]:
    """Return the values of some rows of columns."""
    return {
        name: [value for value, kept in zip(values, rows.tolist(), strict=True) if kept]
        for name, values in columns.items()
    }


def make_report(
    scored: Sequence[Scored],
    *,
    groups: Groups = None,
    by: Columns | None = None,
    bootstrap: Bootstrap = Bootstrap(),
    steps: Steps | None = None,
) -> EvaluationReport:
    """Compute the statistics of scores.

    Args:
        scored: Scores of the same n images, index by index; the first method is what the others are compared with.
        groups: n labels that are resampled; None for images.
        by: Columns of n values for breakdowns.
        bootstrap: How intervals are made.
        steps: Told of each method that is done.

    Returns:
        The report; of protocol and anchors it knows nothing.

    Raises:
        ValidationError: On too few images, constant ratings or scores.
    """
    quality = scored[0].quality
    codes = group_codes(groups, len(quality))
    n_units = int(codes.max()) + 1
    grouped = groups is not None
    notes = [
        f"{'' if one.index is None else f'{one.index}: '}{text}"
        for one in scored
        for text in one.by_fold.notes(one.methods)
    ]
    enough = len(quality) >= MIN_PAIRS_INTERVAL and (not grouped or n_units >= MIN_GROUPS_INTERVAL)
    if not enough:
        what = (
            counted(n_units, "group is", "groups are")
            if grouped and n_units < MIN_GROUPS_INTERVAL
            else counted(len(quality), "image is", "images are")
        )
        notes.append(
            f"no intervals: {what} too few ({MIN_PAIRS_INTERVAL} images and {MIN_GROUPS_INTERVAL} groups needed)"
        )
    outcomes: list[Outcome] = []
    for one in scored:
        for method, values in zip(one.methods, one.by_fold.scores, strict=True):
            outcome = Outcome(method, values, {}, index=one.index)
            try:
                figures = _figures(values, quality, codes if enough else None, bootstrap)
                difference = None
                if outcomes and enough:
                    difference = _difference(values, outcomes[0].scores, quality, codes, bootstrap)
            except ValidationError as error:
                raise ValidationError(f"{outcome.label}: {error.message}", error.hint) from error
            outcomes.append(replace(outcome, figures=figures, difference=difference))
            if steps is not None:
                steps.next()
    n_folds = max(len(one.folds) for one in scored)
    columns: dict[str, Sequence[object]] = {}
    if grouped:
        columns["group"] = list(groups.tolist() if isinstance(groups, np.ndarray) else groups or ())
    if len(scored) == 1 and n_folds > 1:
        columns["fold"] = _fold_numbers(scored[0].folds, len(quality))
    return EvaluationReport(
        outcomes=tuple(outcomes),
        quality=quality,
        n_anchors=0,
        n_folds=n_folds,
        n_units=n_units,
        grouped=grouped,
        n_resamples=bootstrap.n_resamples,
        level=bootstrap.level,
        seed=bootstrap.seed,
        unit="group" if grouped else "image",
        breakdowns=_breakdowns(by or {}, [outcome.scores for outcome in outcomes], quality),
        columns=columns,
        notes=tuple(notes),
    )


def _fold_numbers(folds: Sequence[Fold], n: int) -> list[int]:
    """Return the fold of each of n images, from 0."""
    numbers = np.zeros(n, dtype=np.int64)
    for number, fold in enumerate(folds):
        numbers[fold.images] = number
    found: list[int] = numbers.tolist()
    return found


def _figures(
    scores: DoubleArray, quality: DoubleArray, codes: IntArray | None, bootstrap: Bootstrap
) -> dict[Statistic, Figure]:
    """Compute statistics, and their intervals where there are codes of groups."""
    found = correlate(scores, quality)
    values: dict[Statistic, float | None] = {name: getattr(found, name) for name in SHOWN}
    intervals: dict[Statistic, Interval] = {}
    if codes is not None:
        defined = [name for name, value in values.items() if value is not None]

        def compute(names: Sequence[Statistic]) -> dict[Statistic, Interval]:
            return bootstrap_all(scores, quality, statistics=names, groups=codes, **vars(bootstrap))

        try:
            intervals = compute(defined)
        except ValidationError:
            # One that is undefined on too many resamples must not cost the others theirs.
            for name in defined:
                with contextlib.suppress(ValidationError):
                    intervals |= compute((name,))
            if not intervals:
                raise
    figures = {
        name: Figure(value) if name not in intervals else Figure(value, intervals[name].low, intervals[name].high)
        for name, value in values.items()
    }
    if found.fit_at_bound:
        figures |= {name: replace(figures[name], at_bound=True) for name in FITTED}
    return figures


def _difference(
    scores: DoubleArray, first: DoubleArray, quality: DoubleArray, codes: IntArray, bootstrap: Bootstrap
) -> PairedDifference | None:
    """Compare two methods by SRCC; None where it is undefined on too many resamples."""
    try:
        return paired_difference(scores, first, quality, groups=codes, **vars(bootstrap))
    except ValidationError:
        return None


def _breakdowns(by: Columns, scores: Sequence[DoubleArray], quality: DoubleArray) -> tuple[Breakdown, ...]:
    """Compute the SRCC of each part of the images."""
    parts: list[Breakdown] = []
    for column, values in by.items():
        names = np.array(["-" if value is None else str(value) for value in values])
        if len(names) != len(quality):
            raise ValidationError(
                f"{counted(len(names), 'value')} of '{column}' for {counted(len(quality), 'image')}", "give one each"
            )
        for name in np.unique(names):
            rows = names == name
            correlations = tuple(_srcc_or_none(row[rows], quality[rows]) for row in scores)
            parts.append(Breakdown(column, str(name), int(rows.sum()), correlations))
    return tuple(parts)


def _srcc_or_none(scores: DoubleArray, quality: DoubleArray) -> float | None:
    if len(scores) < BREAKDOWN_PAIRS:
        return None
    try:
        return srcc(scores, quality)
    except ValidationError:
        return None  # constant in this part
