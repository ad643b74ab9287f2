"""Evaluation on arrays: against given anchors, or of one rated set by leaving out one group after the other.

Every statistic is that of all images at once, pooled over folds; intervals and paired differences are bootstrapped on
the same resamples for every method (`quasar_index.statistics.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, as_embeddings
from ..errors import ValidationError, counted
from ..methods.method import Method
from ..statistics.groups import Groups
from .cross_fit import check_lengths, check_methods, check_ratings, cross_fit
from .figures import Bootstrap, Columns, Progress, Scored, Steps, make_report, rows_of
from .fold_scores import score_folds
from .folds import Exclusion, make_folds
from .report import EvaluationReport


@checked
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

    steps = Steps(on_progress, methods)
    scores = score_folds(methods, folds, matrix, anchors_of, seed=seed, on_progress=steps.first)
    scored = Scored(methods, scores, folds, ratings)
    report = make_report([scored], groups=groups, by=by, bootstrap=Bootstrap(n_resamples, level, seed), steps=steps)
    return replace(report, n_anchors=len(anchors))


@checked
def cross_validate(
    methods: Sequence[Method],
    embeddings: npt.ArrayLike,
    quality: npt.ArrayLike,
    groups: Sequence[object] | npt.NDArray[np.generic],
    *,
    is_good: Sequence[bool] | BoolArray | None = None,
    is_cut: bool = False,
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
        is_cut: Whether they are a cut of `quality` at a threshold that the user gave.
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
    steps = Steps(on_progress, methods)
    fitted = cross_fit(
        methods,
        embeddings,
        quality,
        groups,
        is_good=is_good,
        is_cut=is_cut,
        ids=ids,
        seed=seed,
        on_progress=steps.first,
    )
    parts = fitted.parts
    report = make_report(
        [Scored(methods, fitted.by_fold, parts.folds, parts.quality)],
        groups=parts.groups,
        by=rows_of(by or {}, parts.rated),
        bootstrap=Bootstrap(n_resamples, level, seed),
        steps=steps,
    )
    return replace(report, n_anchors=len(parts.rated))


def _checked(
    methods: Sequence[Method], embeddings: npt.ArrayLike, quality: npt.ArrayLike
) -> tuple[npt.NDArray[np.float32], DoubleArray]:
    """Check what every evaluation is given."""
    check_methods(methods)
    ratings = check_ratings(quality)
    matrix = as_embeddings(embeddings)
    check_lengths(matrix, ratings)
    return matrix, ratings
