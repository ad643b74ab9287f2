"""Centroids, and the protocol of all that makes them.

Static aggregations ignore the queries and answer with B = 1; retrieval answers with B = M. Broadcasting makes
scoring one line for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..anchors import AnchorTable, Side
from ..arrays import DoubleArray, FloatArray, unit
from ..errors import AggregationError


@dataclass(frozen=True)
class Centroids:
    """Prototypes of both sides.

    Attributes:
        good: (B, K, D) float32 of length one; B is 1 or the number of queries, K the prototypes a side.
        bad: (B, K, D) likewise.
    """

    good: FloatArray
    bad: FloatArray


@runtime_checkable
class Aggregator(Protocol):
    """Makes centroids of anchors. Implementations are frozen dataclasses whose fields are their parameters."""

    @property
    def adaptive(self) -> bool:
        """Whether each query gets centroids of its own."""
        ...

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:
        """Make centroids.

        Args:
            anchors: N anchors.
            queries: (M, D) float32 of length one; static aggregations ignore them.

        Returns:
            B = 1 (static) or B = M (adaptive) centroids.

        Raises:
            AggregationError: When the anchors cannot serve the parameters.
        """
        ...


def weighted_mean_direction(
    anchors: AnchorTable, rows: slice, weights: DoubleArray | None, *, normalize_anchors: bool
) -> FloatArray:
    """Return the direction of the weighted mean of some anchors, `unit(sum_i w_i x_i)`.

    Args:
        anchors: The anchors.
        rows: n of them.
        weights: (n,) not negative, not all zero; None for equal weights.
        normalize_anchors: Average the unit embeddings instead of the raw ones (which is the authors' way).

    Returns:
        (D,) float32 of length one.

    Raises:
        AggregationError: When the embeddings cancel out to nothing.
    """
    factors = np.ones(rows.stop - rows.start) if weights is None else weights
    if not normalize_anchors:
        factors = factors * anchors.norms[rows]
    factors = (factors / factors.sum()).astype(np.float32)
    directions = anchors.directions[rows]
    total = np.zeros(anchors.dim)
    for start in range(0, len(directions), _CHUNK):
        # Products in float32 at full speed; the sum over chunks in float64, so that it is as exact for 840k anchors.
        total += factors[start : start + _CHUNK] @ directions[start : start + _CHUNK]
    return direction(total)


def direction(vector: DoubleArray) -> FloatArray:
    """Scale a centroid to length one.

    Raises:
        AggregationError: When it is zero, up to rounding.
    """
    if np.linalg.norm(vector) < 1e-12:
        raise AggregationError("the anchors of one side cancel out, so their mean has no direction", "add anchors")
    return unit(vector)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise an AggregationError unless an option has one of its values."""
    if value not in choices:
        raise AggregationError(f"no {name} '{value}'", f"use {' or '.join(choices)}")


SIDES: tuple[Side, Side] = ("good", "bad")
_CHUNK = 16384
