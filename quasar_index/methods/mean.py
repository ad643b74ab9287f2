"""Mean aggregation: `c = unit(mean_i x_i)` over each side (QUASAR section 3.3; method.md section 1).

Optional weights |y - median|^p make it `unit(sum_i |y_i - median|^p x_i)` (the paper's future work, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..anchors import SIDES, AnchorTable
from ..arrays import FloatArray
from .base import (
    Centroids,
    Members,
    check_rating_power,
    mean_direction,
    part_members,
    rating_weights,
    side_weights,
)


@dataclass(frozen=True)
class Mean:
    """The mean of each side.

    Attributes:
        normalize_anchors: Average unit embeddings instead of raw ones.
        rating_power: p >= 0 of the weights |y - median|^p; 0 for equal weights.
    """

    normalize_anchors: bool = False
    rating_power: float = 0.0
    adaptive: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the weights."""
        check_rating_power(self.rating_power)

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:  # noqa: ARG002
        """Make the two means (see `Aggregator.aggregate`)."""
        weights = rating_weights(anchors, self.rating_power)
        good, bad = (
            mean_direction(anchors, rows, side_weights(weights, rows), normalize_anchors=self.normalize_anchors)
            for rows in map(anchors.side, SIDES)
        )
        return Centroids(good=good[None, None], bad=bad[None, None])

    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:  # noqa: ARG002
        """Return all anchors of each side (see `Aggregator.members`)."""
        weights = rating_weights(anchors, self.rating_power)
        good, bad = (
            part_members(anchors, rows, side_weights(weights, rows), normalize_anchors=self.normalize_anchors)
            for rows in map(anchors.side, SIDES)
        )
        return good, bad
