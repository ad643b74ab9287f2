"""Evaluation on arrays: against given anchors, or of one rated set by leaving out one group after the other.

Every statistic is that of all images at once, pooled over folds; intervals and paired differences are bootstrapped on
the same resamples for every method (`quasar_index.statistics.bootstrap`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, IntArray, as_embeddings
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
from .cross_fit import check_lengths, check_methods, check_ratings, cross_fit
from .fold_scores import FoldScores, score_folds
from .folds import Exclusion, Fold, make_folds
from .report import BREAKDOWN_PAIRS, FITTED, SHOWN, Breakdown, EvaluationReport, Figure, Outcome

Progress = Callable[[int, int], None]
Columns = Mapping[str, Sequence[object]]


def evaluate(
    methods: Sequence[Method],
    anchors: AnchorTable,
    embeddings: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    groups: Groups = None,
    excluded: Sequence[Exclusion] = (),
    by: Columns | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> EvaluationReport:
    """Evaluate methods of given anchors on rated images.

    Args:
        methods: At least one; the others are compared with the first.
        anchors: N anchors; they keep their sides.
        embeddings: (M, D) raw embeddings of the images.
        quality: (M,) opinion scores, higher is better, on any scale.
        groups: M labels of contents or references, which are resampled as wholes; None where images stand alone.
        excluded: Which anchors do not score which images, the coarsest rule first (see `make_folds`). Without rules
            every anchor scores every image: the caller answers for it that they share none.
        by: M values a column, for a breakdown.
        n_resamples: Resamples of the bootstrap.
        level: Nominal coverage of the intervals.
        seed: Of the bootstrap, and of merging folds.
        on_progress: Called with (done, total) steps.

    Returns:
        The report.

    Raises:
        ValidationError: On fewer than 3 images, constant ratings or scores, lengths that differ, or images whose
            exclusions leave no anchors of both sides.
        MethodError: When a method cannot be used with the anchors.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> report = qi.evaluate([qi.Mean(), qi.Ridge()], anchors, new, new[:, 0], n_resamples=100)
        >>> for outcome in report.outcomes:
        ...     print(outcome.method, round(outcome.figures["srcc"].value, 2), outcome.figures["srcc"].low > 0.5)
        mean 0.97 True
        ridge 0.97 True
    """
    matrix, ratings = _checked(methods, embeddings, quality)
    if not isinstance(anchors, AnchorTable):
        raise ValidationError(f"{type(anchors).__name__} is no table of anchors", "evaluate_index takes an index")
    for rule in excluded:
        if len(rule.anchors) != len(anchors) or len(rule.images) != len(matrix):
            raise ValidationError(
                f"keys of {counted(len(rule.anchors), 'anchor')} and {counted(len(rule.images), 'image')} for "
                f"{len(anchors)} anchors and {counted(len(matrix), 'image')}",
                "give one each",
            )
    folds = make_folds(excluded, len(anchors), len(matrix), seed=seed)

    def anchors_of(kept: BoolArray) -> AnchorTable:
        return anchors if kept.all() else anchors.take(kept)

    steps = _Steps(on_progress, methods)
    scores = score_folds(methods, folds, matrix, anchors_of, seed=seed, on_progress=steps.first)
    report = _report(methods, scores, ratings, groups, by, folds, (n_resamples, level, seed), steps)
    return replace(report, n_anchors=len(anchors))


def cross_validate(
    methods: Sequence[Method],
    embeddings: npt.ArrayLike,
    quality: npt.ArrayLike,
    groups: Sequence[object] | npt.NDArray[np.generic],
    *,
    is_good: Sequence[bool] | BoolArray | None = None,
    ids: Sequence[object] | npt.NDArray[np.generic] | None = None,
    by: Columns | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> EvaluationReport:
    """Evaluate methods on one rated set, leaving out one group after the other.

    The anchors of a group are the images of all other groups: divided anew at their own median unless sides are given,
    their space fitted to them alone. More than 100 groups are merged into 100 folds by a seeded draw.

    Args:
        methods: As in `evaluate`.
        embeddings: (n, D) raw embeddings.
        quality: (n,) opinion scores, higher is better; with declared sides NaN for images that are anchors only, such
            as reference images.
        groups: n labels of contents or prompts, at least two different ones.
        is_good: (n,) sides that stay (see `RatedImages.is_good`); None to divide at the median.
        ids: n content ids: an image that is there twice does not score itself from another group.
        by: As in `evaluate`; the values of images without a rating are passed over.
        n_resamples: As in `evaluate`.
        level: As in `evaluate`.
        seed: As in `evaluate`.
        on_progress: As in `evaluate`.

    Returns:
        The report; its intervals resample the groups.

    Raises:
        ValidationError: As in `evaluate`; on a missing group label, fewer than two groups, or when the other groups
            divide into no two sides.
        MethodError: When a method cannot be used with the anchors.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> scenes = np.arange(60) // 5
        >>> report = qi.cross_validate([qi.Mean()], x, x[:, 0], scenes, n_resamples=100)
        >>> report.n_folds, report.n_scored, round(report.outcomes[0].figures["srcc"].value, 2)
        (12, 60, 0.97)
    """
    steps = _Steps(on_progress, methods)
    fitted = cross_fit(
        methods, embeddings, quality, groups, is_good=is_good, ids=ids, seed=seed, on_progress=steps.first
    )
    parts = fitted.parts
    report = _report(
        methods,
        fitted.by_fold,
        parts.quality,
        parts.groups,
        _of(by, parts.rated),
        parts.folds,
        (n_resamples, level, seed),
        steps,
    )
    return replace(report, n_anchors=len(parts.rated))


def _of(by: Columns | None, rows: BoolArray) -> Columns:
    """Return the values of some rows."""
    return {
        name: [value for value, kept in zip(values, rows.tolist(), strict=True) if kept]
        for name, values in (by or {}).items()
    }


class _Steps:
    """Counts folds, then methods, as one sequence of steps."""

    def __init__(self, on_progress: Progress | None, methods: Sequence[Method]) -> None:
        self._on_progress = on_progress
        self._methods = methods
        self._done = self._n_folds = 0

    def first(self, done: int, n_folds: int) -> None:
        self._done, self._n_folds = done, n_folds
        if self._on_progress is not None:
            self._on_progress(done, n_folds + len(self._methods))

    def next(self) -> None:
        self.first(self._done + 1, self._n_folds)


def _checked(
    methods: Sequence[Method], embeddings: npt.ArrayLike, quality: npt.ArrayLike
) -> tuple[npt.NDArray[np.float32], DoubleArray]:
    """Check what every evaluation is given."""
    check_methods(methods)
    ratings = check_ratings(quality)
    matrix = as_embeddings(embeddings)
    check_lengths(matrix, ratings)
    return matrix, ratings


def _report(
    methods: Sequence[Method],
    by_fold: FoldScores,
    quality: DoubleArray,
    groups: Groups,
    by: Columns | None,
    folds: Sequence[Fold],
    bootstrap: tuple[int, float, int],
    steps: _Steps,
) -> EvaluationReport:
    """Compute the statistics of (C, n) scores."""
    scores = by_fold.scores
    n_resamples, level, seed = bootstrap
    codes = group_codes(groups, len(quality))
    n_units = int(codes.max()) + 1
    grouped = groups is not None
    notes = by_fold.notes(methods)
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
    for method, values in zip(methods, scores, strict=True):
        try:
            figures = _figures(values, quality, codes if enough else None, n_resamples, level, seed)
            difference = None
            if outcomes and enough:
                difference = _difference(values, outcomes[0].scores, quality, codes, n_resamples, level, seed)
        except ValidationError as error:
            raise ValidationError(f"{method}: {error.message}", error.hint) from error
        outcomes.append(Outcome(method, values, figures, difference))
        steps.next()
    return EvaluationReport(
        outcomes=tuple(outcomes),
        quality=quality,
        n_anchors=0,
        n_folds=len(folds),
        n_units=n_units,
        grouped=grouped,
        n_resamples=n_resamples,
        level=level,
        breakdowns=_breakdowns(by or {}, scores, quality),
        notes=tuple(notes),
    )


def _figures(
    scores: DoubleArray, quality: DoubleArray, codes: IntArray | None, n_resamples: int, level: float, seed: int
) -> dict[Statistic, Figure]:
    """Compute statistics, and their intervals where there are codes of groups."""
    found = correlate(scores, quality)
    values: dict[Statistic, float | None] = {name: getattr(found, name) for name in SHOWN}
    intervals: dict[Statistic, Interval] = {}
    if codes is not None:
        defined = [name for name, value in values.items() if value is not None]

        def compute(names: Sequence[Statistic]) -> dict[Statistic, Interval]:
            return bootstrap_all(
                scores, quality, statistics=names, groups=codes, n_resamples=n_resamples, level=level, seed=seed
            )

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
    scores: DoubleArray,
    first: DoubleArray,
    quality: DoubleArray,
    codes: IntArray,
    n_resamples: int,
    level: float,
    seed: int,
) -> PairedDifference | None:
    """Compare two methods by SRCC; None where it is undefined on too many resamples."""
    try:
        return paired_difference(scores, first, quality, groups=codes, n_resamples=n_resamples, level=level, seed=seed)
    except ValidationError:
        return None


def _breakdowns(by: Columns, scores: DoubleArray, quality: DoubleArray) -> tuple[Breakdown, ...]:
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
