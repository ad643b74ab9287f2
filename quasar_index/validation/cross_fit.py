"""A rated set as its own anchors: one group after the other is left out, and scored by all the others.

The one place where anchors are divided into those that score and those that are scored. Evaluation, calibration, sweeps
and suggested sizes are made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray, as_embeddings
from ..errors import DataError, MethodError, ValidationError, counted
from ..methods.method import Method
from ..own_anchors import make_anchors
from ..statistics.correlation import check_pairs
from ..statistics.groups import group_codes
from .fold_scores import FoldScores, score_folds
from .folds import MAX_FOLDS, Exclusion, Fold, make_folds


@dataclass(frozen=True)
class LeaveGroupOut:
    """A rated set, divided into folds; each is scored by the images of all other groups.

    Attributes:
        embeddings: (n, D) raw, of the images that are scored: those with a rating.
        quality: (n,) their ratings, higher is better.
        groups: (n,) codes of their groups.
        rated: (N,) which of all images these are.
        n_groups: Of all images.
        folds: The n images, with the anchors among the N that score each.
        anchors_of: Makes the anchors of a fold, with their groups, of the (N,) images that are kept. They are divided
            anew at their own median unless sides were declared.
    """

    embeddings: FloatArray = field(repr=False)
    quality: DoubleArray = field(repr=False)
    groups: IntArray = field(repr=False)
    rated: BoolArray = field(repr=False)
    n_groups: int
    folds: Sequence[Fold] = field(repr=False)
    anchors_of: Callable[[BoolArray], AnchorTable] = field(repr=False)


@dataclass(frozen=True)
class CrossFit:
    """Scores of a rated set, each made without the group of its image.

    Attributes:
        parts: The set: n images that are scored, their groups and folds.
        by_fold: (C, n) scores, one row a method, and what was chosen for them.
    """

    parts: LeaveGroupOut
    by_fold: FoldScores


def leave_group_out(
    embeddings: npt.ArrayLike,
    quality: npt.ArrayLike,
    groups: Sequence[object] | npt.NDArray[np.generic],
    *,
    is_good: Sequence[bool] | BoolArray | None = None,
    is_cut: bool = False,
    ids: Sequence[object] | npt.NDArray[np.generic] | None = None,
    known_quality: bool = True,
    max_folds: int = MAX_FOLDS,
    seed: int = 0,
) -> LeaveGroupOut:
    """Divide a rated set into folds, one a group.

    Args:
        embeddings: (N, D) raw embeddings.
        quality: (N,) opinion scores, higher is better; with declared sides NaN for images that are anchors only, such
            as reference images.
        groups: N labels of contents or prompts, at least two different ones.
        is_good: (N,) sides that stay (see `RatedImages.is_good`); None to divide at the median.
        is_cut: As of `AnchorTable`.
        ids: N content ids: an image that is there twice does not score itself from another group.
        known_quality: Give the anchors their ratings; without, they have sides alone.
        max_folds: Most folds; more groups are merged by a seeded draw.
        seed: Of that draw.

    Raises:
        ValidationError: On fewer than 3 images, constant ratings, lengths that differ, a missing label, or one group.
    """
    values = np.asarray(quality, dtype=np.float64)
    sides = None if is_good is None else np.asarray(is_good, dtype=np.bool_)
    rated = np.ones(len(values), dtype=np.bool_) if sides is None else ~np.isnan(values)
    matrix = as_embeddings(embeddings)
    ratings = check_ratings(values[rated])
    check_lengths(matrix, values)
    codes = several_groups(groups, len(matrix))
    rules = [Exclusion(codes, codes[rated])]
    names = None
    if ids is not None:
        rules.append(Exclusion(ids, np.asarray(ids)[rated]))
        names = np.array([str(one) for one in ids], dtype=object)

    def anchors_of(kept: BoolArray) -> AnchorTable:
        if not kept.any():
            raise DataError("no anchor is left")
        anchors = make_anchors(
            matrix[kept],
            quality=values[kept] if known_quality else None,
            is_good=None if sides is None else sides[kept],
            ids=None if names is None else names[kept].tolist(),
            groups=codes[kept],
        )
        return replace(anchors, is_cut=is_cut and known_quality)

    folds = make_folds(rules, len(matrix), len(ratings), seed=seed, max_folds=max_folds)
    return LeaveGroupOut(matrix[rated], ratings, codes[rated], rated, int(codes.max()) + 1, folds, anchors_of)


@checked
def cross_fit(
    methods: Sequence[Method],
    embeddings: npt.ArrayLike,
    quality: npt.ArrayLike,
    groups: Sequence[object] | npt.NDArray[np.generic],
    *,
    is_good: Sequence[bool] | BoolArray | None = None,
    is_cut: bool = False,
    ids: Sequence[object] | npt.NDArray[np.generic] | None = None,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> CrossFit:
    """Score a rated set by itself, leaving out one group after the other; arguments and errors as `cross_validate`."""
    check_methods(methods)
    parts = leave_group_out(embeddings, quality, groups, is_good=is_good, is_cut=is_cut, ids=ids, seed=seed)
    scores = score_folds(methods, parts.folds, parts.embeddings, parts.anchors_of, seed=seed, on_progress=on_progress)
    return CrossFit(parts, scores)


def check_methods(methods: Sequence[Method]) -> None:
    """Raise a MethodError unless these are methods, a ValidationError where there are none."""
    if isinstance(methods, (str, Method)) or not all(isinstance(one, Method) for one in methods):
        raise MethodError(
            f"{methods!r} is no list of methods", "give for example [qi.Mean()], or qi.read_methods('mean')"
        )
    if not methods:
        raise ValidationError("there is nothing to evaluate", "give a method")


def several_groups(groups: Sequence[object] | npt.NDArray[np.generic], n: int) -> IntArray:
    """Return the (n,) codes of groups of which one can be left out.

    Raises:
        ValidationError: When all images are in one group, or as `group_codes`.
    """
    codes = group_codes(groups, n)
    if codes.max() == 0:
        raise ValidationError("all images are in one group, so none can be left out", "name another column")
    return codes


def check_lengths(embeddings: FloatArray, quality: DoubleArray) -> None:
    """Raise a ValidationError unless there is a rating for each embedding."""
    if len(embeddings) != len(quality):
        raise ValidationError(
            f"{counted(len(embeddings), 'embedding')} but {counted(len(quality), 'rating')}", "give one each"
        )


def check_ratings(quality: npt.ArrayLike) -> DoubleArray:
    """Return ratings as float64.

    Raises:
        ValidationError: On fewer than 3, missing or constant ones.
    """
    values = np.asarray(quality, dtype=np.float64)
    return check_pairs(np.arange(len(values)), values)[1]
