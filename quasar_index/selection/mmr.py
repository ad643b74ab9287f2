"""Maximal marginal relevance: relevant anchors, but none that says what another has said already.

    x_t = argmax_x  lambda r(x) - (1 - lambda) max_{s in S} cos(x, s)

(Carbonell and Goldstein, SIGIR 1998, equation 1.) An anchor has no query, so its relevance r is how well it stands for
its side: the cosine to the side's mean direction, or how extreme its rating is, as the share of the side's anchors that
are not more extreme, in (0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, IntArray
from ..errors import MethodError
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side, rated
from .redundancy import least_redundant


@dataclass(frozen=True)
class Mmr:
    """Trades relevance against redundancy.

    Attributes:
        balance: lambda in [0, 1]: 1 takes the most relevant anchors, 0 spreads them as k-center does.
        relevance: "centroid" (cosine to the side's mean) or "rating" (how extreme; needs ratings).
    """

    balance: float = 0.5
    relevance: Literal["centroid", "rating"] = "centroid"

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0 <= self.balance <= 1:
            raise MethodError(f"balance {self.balance} is not in [0, 1]", "use for example --balance 0.5")
        if self.relevance not in ("centroid", "rating"):
            raise MethodError(f"no relevance '{self.relevance}'", "use centroid or rating")

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`).

        Raises:
            MethodError: When the relevance is the rating and anchors have none.
        """
        quality = rated(anchors, "relevance by rating") if self.relevance == "rating" else None

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            points = one_array(anchors.directions[rows])
            mean = points.mean(axis=0, dtype=np.float64).astype(np.float32)
            relevance = points @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
            if quality is not None:
                relevance = extremity(quality[rows])
            first = int(np.argmax(relevance)) if self.balance > 0 else int(np.argmax(points @ mean))
            return least_redundant(points, self.balance * relevance, 1.0 - self.balance, n, first, advance)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def extremity(quality: DoubleArray) -> DoubleArray:
    """Return the share of a side's anchors that are not more extreme: 1 for the most extreme rating.

    Args:
        quality: (n,) ratings of one side, the most extreme first.

    Returns:
        (n,) in (0, 1]; equal ratings have equal values.
    """
    is_new = np.r_[True, np.diff(quality) != 0]
    place = np.maximum.accumulate(np.where(is_new, np.arange(len(quality)), 0))
    return np.asarray(1.0 - place / len(quality))
