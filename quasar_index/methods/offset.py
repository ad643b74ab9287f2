"""Offset: the mean without the anchors nearest the division point (QUASAR, section 3.3).

Sort the good side by score descending and the bad side ascending, keep the first `n_good - int(n_good * o)` of each (as
far as the bad side has them), then take the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..anchors import AnchorTable
from ..arguments import checked
from ..notation import parameter
from .mean import Mean


@dataclass(frozen=True)
class Offset(Mean):
    """The mean of the most extreme part of each side.

    Attributes:
        offset: o in [0, 1), the share of the good side's count that is left out of each side; 0 is the mean.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> offset = qi.Offset(0.5)
        >>> [rows.stop - rows.start for rows in offset.rows(anchors)]
        [15, 15]
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> round(qi.srcc(offset.fit(anchors).score(new).score, new[:, 0]), 2)
        0.96
    """

    when: ClassVar[str] = "rated anchors, of which those near the median say little"

    offset: float = parameter(
        0.2,
        "share of each side next to the median that is left out",
        "a number in [0, 1)",
        lambda value: 0 <= value < 1,
    )

    @checked
    def rows(self, anchors: AnchorTable) -> list[slice]:
        """Return the rows that each side keeps: it begins with its most extreme anchors.

        Raises:
            MethodError: When anchors have no opinion scores, so that a side has no order.
        """
        anchors.rated("the offset")
        sides = super().rows(anchors)
        if self.offset == 0:
            return sides
        n_kept = anchors.n_good - int(anchors.n_good * self.offset)
        return [slice(side.start, min(side.start + n_kept, side.stop)) for side in sides]
