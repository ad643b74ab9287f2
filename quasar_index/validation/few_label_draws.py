"""Seeded draws of a few labels: a part of the images to test on, and labels from the rest.

Images that belong together - of one group, one content, one reference, one embedding - are never on both sides. Draws
follow the names of images: neither the order of rows nor the encoder changes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..arrays import FloatArray, IntArray
from ..errors import ValidationError, counted
from ..statistics.groups import Groups, group_codes

LEAST_TESTS = 3
"""Fewest test images: a correlation needs as many."""


@dataclass(frozen=True)
class LabelDraw:
    """One seeded draw.

    Attributes:
        seed: Of the draw.
        test: Rows of the images that are scored.
        pool: Rows of all others, in the order in which their labels are drawn: the first n are the labelled ones.
    """

    seed: int
    test: IntArray = field(repr=False)
    pool: IntArray = field(repr=False)


def joined_units(n: int, labels: Sequence[Groups]) -> IntArray:
    """Number what belongs together by any of several labels, over any number of steps.

    Args:
        n: Number of images.
        labels: Each n labels; an image without one (None, NaN or "") shares nothing by it.

    Returns:
        (n,) int64 codes.
    """
    numbered = [group_codes(one, n, alone=True) for one in labels if one is not None]
    if not numbered:
        return np.arange(n, dtype=np.int64)
    # Images and labels are the nodes of a graph, and each image hangs on its labels.
    offsets = n + np.cumsum([0, *(int(codes.max(initial=-1)) + 1 for codes in numbered)])
    columns = np.concatenate([codes + start for codes, start in zip(numbered, offsets, strict=False)])
    rows = np.tile(np.arange(n), len(numbered))
    graph = scipy.sparse.coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(offsets[-1], offsets[-1]))
    _, parts = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(parts[:n], dtype=np.int64)


def same_embedding(embeddings: FloatArray) -> list[object]:
    """Return the n labels by which images of exactly the same embedding are one."""
    return [row.tobytes() for row in embeddings]


def draw_labels(
    units: IntArray,
    order: IntArray,
    *,
    test_share: float,
    n_seeds: int,
    seed: int,
) -> list[LabelDraw]:
    """Draw test images and an order of labels for several seeds.

    Args:
        units: (n,) what is drawn as a whole, of the images with a rating.
        order: (n,) the rows in an order that says all the draws know of them.
        test_share: Part of the images in (0, 1) to test on, as nearly as whole units allow.
        n_seeds: Number of draws.
        seed: Of the first one; the next ones count up.

    Raises:
        ValidationError: On one unit alone, or fewer than 3 test images.
    """
    n = len(units)
    # Units count up by their first image in that order.
    _, first, codes = np.unique(units[order], return_index=True, return_inverse=True)
    codes = np.argsort(np.argsort(first))[codes]
    if len(first) < 2:
        raise ValidationError(
            "all images belong together, so none can be tested by labels of the others", "name another column"
        )
    sizes = np.bincount(codes)
    draws = []
    for number in range(seed, seed + n_seeds):
        rng = np.random.default_rng(number)
        drawn = rng.permutation(len(sizes))
        n_tests = np.cumsum(sizes[drawn])[:-1]  # one unit stays in the pool
        chosen = drawn[: int(np.argmin(np.abs(n_tests - test_share * n))) + 1]
        is_test = np.isin(codes, chosen)
        if is_test.sum() < LEAST_TESTS:
            raise ValidationError(
                f"{counted(int(is_test.sum()), 'image')} of {n} to test on (seed {number})",
                f"at least {LEAST_TESTS} are needed: use more images, or a larger test share",
            )
        pool = np.flatnonzero(~is_test)
        draws.append(LabelDraw(number, order[is_test], order[rng.permutation(pool)]))
    return draws
