"""Centroids, and the anchors that make them.

Static methods answer with B = 1 for all queries, retrieval with B = M. Broadcasting makes scoring one line for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

import numpy as np

from ..anchors import SIDES, AnchorTable
from ..arrays import DoubleArray, FloatArray, IntArray, unit
from ..errors import MethodError
from ..parts import in_pieces
from .moments import EXACT

Pooling: TypeAlias = Literal["mean", "nearest"]


@dataclass(frozen=True)
class Centroids:
    """Prototypes of both sides.

    Attributes:
        good: (B, K, D) float32 of length one; B is 1 or the number of queries, K the prototypes a side.
        bad: (B, K, D) likewise.
        pooling: How the cosines to the K prototypes of a side become one: their mean, or the nearest one's.
    """

    good: FloatArray
    bad: FloatArray
    pooling: Pooling = "mean"


@dataclass(frozen=True)
class Members:
    """The anchors that make the prototypes of one side: prototype k is `unit(sum_i weights_i u_i)` over its members.

    Attributes:
        rows: (B, n) rows of the anchor table; B as in `Centroids`.
        weights: (B, n) float64, not negative; of the directions u, so they hold the norms of raw embeddings, too.
        prototype: (n,) the prototype that each belongs to; None where there is one.
    """

    rows: IntArray
    weights: DoubleArray
    prototype: IntArray | None = None


def part_members(anchors: AnchorTable, rows: slice, weights: DoubleArray | None, *, normalize_anchors: bool) -> Members:
    """Return contiguous anchors as the members of one centroid, `unit(sum_i w_i x_i)`.

    Args:
        anchors: The anchors.
        rows: n of them.
        weights: (n,) not negative, not all zero; None for equal weights.
        normalize_anchors: Average the unit embeddings instead of the raw ones (which is the authors' way).

    Returns:
        Members whose weights have the sum one.
    """
    factors = np.ones(rows.stop - rows.start) if weights is None else weights
    if not normalize_anchors:
        factors = factors * anchors.norms[rows]
    return Members(np.arange(rows.start, rows.stop)[None], (factors / factors.sum())[None])


def mean_direction(
    anchors: AnchorTable, rows: slice, weights: DoubleArray | None, *, normalize_anchors: bool
) -> FloatArray:
    """Return the centroid of contiguous anchors; arguments as `part_members`.

    Returns:
        (D,) float32 of length one.

    Raises:
        MethodError: When the embeddings cancel out to nothing.
    """
    n = rows.stop - rows.start
    if weights is None:
        return direction(anchors.sum_rows(rows, units=normalize_anchors) / n)
    factors = part_members(anchors, rows, weights, normalize_anchors=normalize_anchors).weights[0]
    if n > EXACT:
        # Products in float32 at full speed; the sum over chunks in float64, so that it is as exact for 840k anchors.
        factors = factors.astype(np.float32)
    total = np.zeros(anchors.dim)
    for some, part in in_pieces(anchors.directions[rows], _CHUNK):
        total += factors[some] @ part
    return direction(total)


def rating_weights(anchors: AnchorTable, power: float) -> DoubleArray | None:
    """Return the weights |y - median|^p of all anchors relative to the largest, (N,) in [0, 1]; None for p = 0.

    Where the user gave a threshold, it takes the place of the median (`AnchorTable.centre`).

    An anchor without a rating weighs what those of its side with one weigh on average (all rated ones, where its side
    has none).

    Raises:
        MethodError: When p is not 0 and no anchor has an opinion score.
    """
    if power == 0:
        return None
    if not anchors.n_rated:
        raise MethodError(
            "the weighting by rating needs opinion scores, and these anchors have none",
            "drop rating_power, or use anchors with ratings",
        )
    quality = cast("DoubleArray", anchors.quality)
    extremity = np.abs(quality - anchors.centre)
    # Only ratios count; of the largest, so that no power leaves the range of floats.
    weights = np.asarray((extremity / (np.nanmax(extremity) or 1.0)) ** power)
    if anchors.n_rated < len(anchors):
        known = ~np.isnan(weights)
        mean = float(weights[known].mean())
        for side in SIDES:
            part, rated = weights[anchors.side(side)], known[anchors.side(side)]
            part[~rated] = part[rated].mean() if rated.any() else mean
    return weights


def side_weights(weights: DoubleArray | None, rows: slice) -> DoubleArray | None:
    """Return the weights of some anchors; where they all weigh nothing, None: all weigh the same."""
    if weights is None or not (part := weights[rows]).any():
        return None
    return part


def direction(vector: DoubleArray) -> FloatArray:
    """Scale a centroid to length one.

    Raises:
        MethodError: When it is zero, up to rounding.
    """
    if not np.linalg.norm(vector) >= 1e-12:
        raise MethodError("the anchors of one side cancel out, so their mean has no direction", "add anchors")
    return unit(vector)


_CHUNK = 16384
