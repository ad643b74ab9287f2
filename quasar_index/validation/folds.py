"""Which anchors an image may be scored by: none that is the image itself, or another version of it.

Images that exclude the same anchors share a fold, and one space and one set of centroids are made a fold. More than
100 folds are merged into 100 by a seeded draw: then an image also goes without the anchors of the others of its fold,
which takes a little more than needed and never leaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, IntArray

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


def make_folds(
    rules: Sequence[Exclusion], n_anchors: int, n_images: int, *, seed: int, max_folds: int = MAX_FOLDS
) -> list[Fold]:
    """Divide images into folds, each with the anchors that may score it.

    Args:
        rules: An image goes without the anchors that share a key with it by any rule. The first rule by which it
            shares one says which images come together, so the coarsest should come first.
        n_anchors: N.
        n_images: M.
        seed: Of the draw that merges more folds than that.
        max_folds: Most folds of images that share something.

    Returns:
        1 to `max_folds` + 1 folds; images that share nothing are one fold with all anchors.
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
    if n_units > max_folds:
        fold_of_unit = np.random.default_rng(seed).permutation(n_units) % max_folds
    fold_of = np.where(unit_of < 0, -1, fold_of_unit[unit_of] if n_units else -1)
    folds = []
    for number in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == number)
        kept = np.ones(n_anchors, dtype=np.bool_)
        for anchors, images in numbered:
            kept &= ~(np.isin(anchors, images[rows]) & (anchors >= 0))
        folds.append(Fold(rows, kept))
    return folds
