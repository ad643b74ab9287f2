"""Offset aggregation: the mean without the anchors nearest the division point (QUASAR section 3.3; method.md 1).

Sort the good side by score descending and the bad side ascending, keep the first `n_good - int(n_good * o)` of each (as
far as the bad side has them), then take the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..anchors import SIDES, AnchorTable
from ..arrays import FloatArray
from ..errors import AggregationError
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
class Offset:
    """The mean of the most extreme part of each side.

    Attributes:
        offset: o in [0, 1), the share of the good side's count that is left out of each side; 0 is the mean.
        normalize_anchors: Average unit embeddings instead of raw ones.
        rating_power: p >= 0 of the weights |y - median|^p; 0 for equal weights.
    """

    offset: float = 0.2
    normalize_anchors: bool = False
    rating_power: float = 0.0
    adaptive: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_rating_power(self.rating_power)
        if not 0 <= self.offset < 1:
            raise AggregationError(f"offset {self.offset} is not in [0, 1)", "use for example --offset 0.2")

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:  # noqa: ARG002
        """Make the two means (see `Aggregator.aggregate`).

        Raises:
            AggregationError: When anchors have no opinion scores, so that a side has no order.
        """
        weights = rating_weights(anchors, self.rating_power)
        good, bad = (
            mean_direction(anchors, rows, side_weights(weights, rows), normalize_anchors=self.normalize_anchors)
            for rows in self._kept(anchors)
        )
        return Centroids(good=good[None, None], bad=bad[None, None])

    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:  # noqa: ARG002
        """Return the kept anchors of each side (see `Aggregator.members`)."""
        weights = rating_weights(anchors, self.rating_power)
        good, bad = (
            part_members(anchors, rows, side_weights(weights, rows), normalize_anchors=self.normalize_anchors)
            for rows in self._kept(anchors)
        )
        return good, bad

    def _kept(self, anchors: AnchorTable) -> list[slice]:
        """Return the rows that each side keeps: it begins with its most extreme anchors."""
        anchors.rated("the offset aggregation")
        sides = [anchors.side(side) for side in SIDES]
        if self.offset == 0:
            return sides
        n_kept = anchors.n_good - int(anchors.n_good * self.offset)
        return [slice(side.start, min(side.start + n_kept, side.stop)) for side in sides]
