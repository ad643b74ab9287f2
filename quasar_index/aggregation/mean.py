"""Mean aggregation: `c = unit(mean_i x_i)` over each side (QUASAR section 3.3; method.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..anchors import AnchorTable
from ..arrays import FloatArray
from .base import SIDES, Centroids, weighted_mean_direction


@dataclass(frozen=True)
class Mean:
    """The mean of each side.

    Attributes:
        normalize_anchors: Average unit embeddings instead of raw ones.
    """

    normalize_anchors: bool = False
    adaptive: ClassVar[bool] = False

    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:  # noqa: ARG002
        """Make the two means (see `Aggregator.aggregate`)."""
        good, bad = (
            weighted_mean_direction(anchors, anchors.side(side), None, normalize_anchors=self.normalize_anchors)
            for side in SIDES
        )
        return Centroids(good=good[None, None], bad=bad[None, None])
