"""Scores by folds, and the choice of a space by them.

`space="auto"` and `shrinkage="auto"` are chosen by leaving out one group of anchors after the other: every candidate
scores the anchors of each group by those of the others, and the one whose scores have the highest SRCC with the
ratings wins (with the sides, where anchors have no ratings); the earlier one where two are equal. No image but the
anchors has a say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray
from ..errors import DataError, MethodError, ValidationError, counted
from ..methods.method import Method
from ..methods.shrinkage import Shrinkage
from ..methods.space import SpaceName
from ..statistics.correlation import srcc
from ..statistics.groups import drawn_groups
from .folds import Exclusion, Fold, make_folds

SHRINKAGES: tuple[Shrinkage, ...] = ("ledoit-wolf", "oas", 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Candidates of `shrinkage="auto"`."""
CHOICE_FOLDS = 20
"""Most folds of a choice; more groups are merged by a seeded draw."""
CHOICE_ANCHORS = 10_000
"""Most anchors of a choice, drawn as whole groups."""


@dataclass(frozen=True)
class SpaceChoice:
    """A choice of the space.

    Attributes:
        method: The method that was asked for, with the space and the shrinkage that won.
        trials: Every candidate with its SRCC, in the order of trial; None where it is undefined or nothing was tried.
        n_anchors: Anchors that took part; 0 where the method left no choice.
        n_groups: Their groups.
    """

    method: Method
    trials: tuple[tuple[Method, float | None], ...]
    n_anchors: int
    n_groups: int

    def __str__(self) -> str:
        """Return the winner and the runners-up in one line, or what was fixed."""
        if not self.n_anchors:
            return f"{self.method.space_words}: fixed, so nothing was tried"
        ranked = sorted((value, -row) for row, (_, value) in enumerate(self.trials) if value is not None)[::-1]
        words = [f"{self.trials[-row][0].space_words} ({value:.3f})" for value, row in ranked]
        others = f" before {', '.join(words[1:4])}" if words[1:] else ""
        return (
            f"{words[0]}{others}: SRCC over {counted(self.n_anchors, 'anchor')}, "
            f"{counted(self.n_groups, 'group')} left out in turn"
        )


@dataclass(frozen=True)
class FoldScores:
    """Scores of images by methods.

    Attributes:
        scores: (C, M) float64.
        choices: For each method what `auto` chose, by fold; empty where there was nothing to choose.
    """

    scores: DoubleArray
    choices: tuple[tuple[Method, ...], ...]

    def notes(self, methods: Sequence[Method]) -> list[str]:
        """Say what was chosen how often."""
        return [
            f"{method}: "
            + ", ".join(f"{label} in {n} of {counted(len(chosen), 'fold')}" for label, n in _counted(chosen))
            for method, chosen in zip(methods, self.choices, strict=True)
            if chosen
        ]


@checked
def choose_space(
    anchors: AnchorTable,
    method: Method,
    *,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> SpaceChoice:
    """Choose the space or the shrinkage of a method by its anchors.

    Args:
        anchors: N anchors; those of a group (`AnchorTable.groups`) are left out together, others one by one.
        method: With "auto" as its space, its shrinkage, or both; without, nothing is tried.
        seed: Of the draws of more than 20 folds or 10,000 anchors.
        on_progress: Called with (done, total) folds.

    Returns:
        The choice.

    Raises:
        ValidationError: When no candidate's scores can be correlated: too few anchors or groups, constant ratings.
        MethodError: When the method cannot be used with the anchors.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> choice = qi.choose_space(anchors, qi.Mean(space="auto"))
        >>> str(choice.method), len(choice.trials), choice.n_anchors
        ('mean:shrinkage=0.1', 11, 60)
    """
    candidates = _candidates(method)
    if len(candidates) == 1:
        return SpaceChoice(candidates[0], ((candidates[0], None),), 0, 0)
    sample = anchors
    if len(anchors) > CHOICE_ANCHORS:
        sample = anchors.take(drawn_groups(anchors.group_codes, CHOICE_ANCHORS, seed=seed))
    groups = sample.group_codes
    # The sides where there are no ratings: then SRCC orders candidates as the area under the ROC curve does.
    quality = sample.quality
    target = sample.is_good.astype(np.float64) if quality is None or np.isnan(quality).any() else quality
    rule = Exclusion(groups, groups)
    folds = make_folds([rule], len(sample), len(sample), seed=seed, max_folds=CHOICE_FOLDS)
    raw = sample.directions * sample.norms[:, None]
    scores = score_folds(candidates, folds, raw, sample.take, on_progress=on_progress).scores
    found = [_srcc_or_none(row, target) for row in scores]
    if all(value is None for value in found):
        raise ValidationError(
            f"no space can be chosen by {counted(len(sample), 'anchor')} in {counted(len(np.unique(groups)), 'group')}",
            "name one, for example --space raw",
        )
    best = max(range(len(found)), key=lambda row: (-np.inf if found[row] is None else found[row], -row))
    trials = tuple(zip(candidates, found, strict=True))
    return SpaceChoice(candidates[best], trials, len(sample), len(np.unique(groups)))


def score_folds(
    methods: Sequence[Method],
    folds: Sequence[Fold],
    embeddings: FloatArray,
    anchors_of: Callable[[BoolArray], AnchorTable],
    *,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> FoldScores:
    """Score every image by every method.

    Args:
        methods: C of them; what is "auto" is chosen in each fold by its anchors alone.
        folds: Of the M images.
        embeddings: (M, D) raw.
        anchors_of: Makes the anchors of a fold of the (N,) rows that are kept.
        seed: Of choices.
        on_progress: Called with (done, total) folds.

    Returns:
        The scores.

    Raises:
        ValidationError: When a fold is left without anchors of both sides.
        MethodError: When a method cannot be used with the anchors of a fold.
    """
    scores = np.full((len(methods), len(embeddings)), np.nan)
    choices: list[list[Method]] = [[] for _ in methods]
    for done, fold in enumerate(folds, start=1):
        try:
            anchors = anchors_of(fold.kept)
        except DataError as error:
            raise ValidationError(
                f"{counted(len(fold.images), 'image has', 'images have')} "
                f"{counted(int(fold.kept.sum()), 'anchor that is', 'anchors that are')} not theirs: {error.message}",
                "use a larger or more varied set, or exclude less",
            ) from error
        for row, method in enumerate(methods):
            try:
                chosen = method
                if method.is_auto:
                    chosen = choose_space(anchors, method, seed=seed).method
                    choices[row].append(chosen)
                fitted = chosen.fit(anchors)
            except MethodError as error:
                raise MethodError(f"{method}: {error.message}", error.hint) from error
            scores[row, fold.images] = fitted.score(embeddings[fold.images]).score
        if on_progress is not None:
            on_progress(done, len(folds))
    return FoldScores(scores, tuple(map(tuple, choices)))


def _candidates(method: Method) -> list[Method]:
    """List what a method may become, the simplest first."""
    if not method.is_auto:
        return [method]
    shrinkages = SHRINKAGES if method.shrinkage in (None, "auto") else (method.shrinkage,)
    whitened = [replace(method, space="whitened", shrinkage=one) for one in shrinkages]
    plain: tuple[SpaceName, ...] = ("raw", "centred") if method.space == "auto" else ()
    return [replace(method, space=space, shrinkage=None) for space in plain] + whitened


def _srcc_or_none(scores: DoubleArray, target: DoubleArray) -> float | None:
    try:
        return srcc(scores, target)
    except ValidationError:
        return None


def _counted(chosen: Sequence[Method]) -> list[tuple[str, int]]:
    return Counter(one.space_words for one in chosen).most_common()
