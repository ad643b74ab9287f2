"""Which anchors an image may be scored by: none that is the image itself, or another version of it.

Images that exclude the same anchors share a fold, and one space and one set of centroids are made a fold. More than
100 folds are merged into 100 by a seeded draw: then an image also goes without the anchors of the others of its fold,
which takes a little more than needed and never leaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import AggregationError, DataError, EvaluationError
from ..scoring import Scorer
from ..space import Moments, Shrinkage, Space, SpaceName, fit_moments, fit_space
from .configuration import Configuration

MAX_FOLDS = 100

Keys: TypeAlias = "Sequence[object] | npt.NDArray[np.generic]"


@dataclass(frozen=True)
class Exclusion:
    """A rule: anchors that have the key of an image do not score it.

    Attributes:
        anchors: N keys; None or an empty one is the key of nothing.
        images: M keys.
    """

    anchors: Keys
    images: Keys


@dataclass(frozen=True)
class Fold:
    """Images that are scored by the same anchors.

    Attributes:
        images: Rows of the images.
        kept: (N,) which anchors score them.
    """

    images: IntArray
    kept: BoolArray


def number_keys(rule: Exclusion) -> tuple[IntArray, IntArray]:
    """Number the keys of a rule: (N,) and (M,) codes, -1 for the key of nothing."""
    seen: dict[object, int] = {}
    sides = []
    for keys in (rule.anchors, rule.images):
        values = keys.tolist() if isinstance(keys, np.ndarray) else keys
        missing = (None, "", b"")
        codes = [-1 if key in missing else seen.setdefault(key, len(seen)) for key in values]
        sides.append(np.array(codes, dtype=np.int64))
    return sides[0], sides[1]


def overlapping(rules: Sequence[Exclusion], n_images: int) -> BoolArray:
    """Return (M,) whether an image shares a key with an anchor by any rule."""
    found = np.zeros(n_images, dtype=np.bool_)
    for rule in rules:
        anchors, images = number_keys(rule)
        found |= np.isin(images, anchors[anchors >= 0])
    return found


def make_folds(rules: Sequence[Exclusion], n_anchors: int, n_images: int, *, seed: int) -> list[Fold]:
    """Divide images into folds, each with the anchors that may score it.

    Args:
        rules: An image goes without the anchors that share a key with it by any rule. The first rule by which it
            shares one says which images come together, so the coarsest should come first.
        n_anchors: N.
        n_images: M.
        seed: Of the draw that merges more than 100 folds.

    Returns:
        1 to 101 folds; images that share nothing are one fold with all anchors.
    """
    numbered = [number_keys(rule) for rule in rules]
    unit_of = np.full(n_images, -1, dtype=np.int64)
    n_units = 0
    for anchors, images in numbered:
        new = (unit_of < 0) & np.isin(images, anchors[anchors >= 0])
        labels, codes = np.unique(images[new], return_inverse=True)
        unit_of[new] = n_units + codes
        n_units += len(labels)
    fold_of_unit = np.arange(n_units)
    if n_units > MAX_FOLDS:
        fold_of_unit = np.random.default_rng(seed).permutation(n_units) % MAX_FOLDS
    fold_of = np.where(unit_of < 0, -1, fold_of_unit[unit_of] if n_units else -1)
    folds = []
    for number in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == number)
        kept = np.ones(n_anchors, dtype=np.bool_)
        for anchors, images in numbered:
            kept &= ~(np.isin(anchors, images[rows]) & (anchors >= 0))
        folds.append(Fold(rows, kept))
    return folds


def score_folds(
    configurations: Sequence[Configuration],
    folds: Sequence[Fold],
    embeddings: FloatArray,
    anchors_of: Callable[[BoolArray], AnchorTable],
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> DoubleArray:
    """Score every image by every configuration.

    Args:
        configurations: C of them.
        folds: Of the M images.
        embeddings: (M, D) raw.
        anchors_of: Makes the anchors of a fold of the (N,) rows that are kept.
        on_progress: Called with (done, total) folds.

    Returns:
        (C, M) float64.

    Raises:
        EvaluationError: When a fold is left without anchors of both sides.
        AggregationError: When a configuration cannot be used with the anchors of a fold.
    """
    scores = np.full((len(configurations), len(embeddings)), np.nan)
    for done, fold in enumerate(folds, start=1):
        try:
            anchors = anchors_of(fold.kept)
        except DataError as error:
            raise EvaluationError(
                f"{len(fold.images)} images have {int(fold.kept.sum())} anchors that are not theirs: {error.message}",
                "use a larger or more varied set, or exclude less",
            ) from error
        spaces = _Spaces(anchors)
        for row, configuration in enumerate(configurations):
            try:
                space = spaces.get(configuration.space, configuration.shrinkage)
                scorer = Scorer(anchors, configuration.method, temperature=configuration.temperature, space=space)
            except AggregationError as error:
                raise AggregationError(f"{configuration.label}: {error.message}", error.hint) from error
            scores[row, fold.images] = scorer.score_embeddings(embeddings[fold.images]).score
        if on_progress is not None:
            on_progress(done, len(folds))
    return scores


class _Spaces:
    """The spaces of some anchors, each fitted once, from moments that are computed once."""

    def __init__(self, anchors: AnchorTable) -> None:
        self._anchors = anchors
        self._moments: Moments | None = None
        self._made: dict[tuple[SpaceName, Shrinkage], Space] = {}

    def get(self, name: SpaceName, shrinkage: Shrinkage) -> Space:
        key = (name, shrinkage)
        if key not in self._made:
            if name == "whitened" and self._moments is None:
                self._moments = fit_moments(self._anchors)
            self._made[key] = fit_space(self._anchors, name, shrinkage=shrinkage, moments=self._moments)
        return self._made[key]
