"""Mean: `c = unit(mean_i x_i)` over each side (QUASAR, section 3.3).

Weights |y - median|^p make it `unit(sum_i |y_i - median|^p x_i)` (the paper's future work, section 5): the default
with p = 1 for rated anchors in the whitened space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..anchors import SIDES, AnchorTable
from ..arguments import checked
from ..arrays import FloatArray
from .centroids import Centroids, Members, mean_direction, part_members, side_weights
from .method import CentroidMethod


@dataclass(frozen=True)
class Mean(CentroidMethod):
    """The mean of each side.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> round(qi.srcc(qi.Mean().fit(anchors).score(new).score, new[:, 0]), 2)
        0.97
    """

    when: ClassVar[str] = "the default: all anchors count, and nothing is to be set"

    @checked
    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:  # noqa: ARG002
        """Make the two means (see `CentroidMethod.aggregate`)."""
        weights = self.rating_weights(anchors)
        good, bad = (
            mean_direction(anchors, rows, side_weights(weights, rows), normalize_anchors=self.normalize_anchors)
            for rows in self.rows(anchors)
        )
        return Centroids(good=good[None, None], bad=bad[None, None])

    @checked
    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:  # noqa: ARG002
        """Return the anchors of each side that count (see `CentroidMethod.members`)."""
        weights = self.rating_weights(anchors)
        good, bad = (
            part_members(anchors, rows, side_weights(weights, rows), normalize_anchors=self.normalize_anchors)
            for rows in self.rows(anchors)
        )
        return good, bad

    @checked
    def rows(self, anchors: AnchorTable) -> list[slice]:
        """Return the rows of each side that count: all."""
        return [anchors.side(side) for side in SIDES]
