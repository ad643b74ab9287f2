"""Offset aggregation: the mean without the anchors nearest the division point (QUASAR section 3.3; method.md 1).

Sort the good side by score descending and the bad side ascending, keep the first `n_good - int(n_good * o)` of each (as
far as the bad side has them), then take the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..anchors import AnchorTable
from ..arrays import FloatArray
from ..errors import AggregationError
from .base import SIDES, Centroids, weighted_mean_direction


@dataclass(frozen=True)
class Offset:
    """The mean of the most extreme part of each side.

    Attributes:
        offset: o in [0, 1), the share of the good side's count that is left out of each side; 0 is the mean.
        normalize_anchors: Average unit embeddings instead of raw ones.
    """

    offset: float = 0.2
    normalize_anchors: bool = False
    adaptive: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Check the offset."""
        if not 0 <= self.offset < 1:
            raise AggregationError(f"offset {self.offset} is not in [0, 1)", "use for example --offset 0.2")

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:  # noqa: ARG002
        """Make the two means (see `Aggregator.aggregate`).

        Raises:
            AggregationError: When anchors have no opinion scores, so that a side has no order.
        """
        anchors.rated("the offset aggregation")
        n_kept = anchors.n_good - int(anchors.n_good * self.offset)
        good, bad = (
            weighted_mean_direction(
                anchors,
                # A side begins with its most extreme anchors.
                slice(side.start, min(side.start + n_kept, side.stop)) if self.offset > 0 else side,
                None,
                normalize_anchors=self.normalize_anchors,
            )
            for side in map(anchors.side, SIDES)
        )
        return Centroids(good=good[None, None], bad=bad[None, None])
