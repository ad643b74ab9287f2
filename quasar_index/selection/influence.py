"""Influence pruning: from all anchors, drop those whose removal lifts the held-out correlation most, again and again.

    A_0 = all anchors        A_(t+1) = A_t less the b_t anchors with the largest rho(A_t - c)

rho is the SRCC over the anchors themselves, each scored by the mean centroids of the anchors that are left of other
groups (`selection.held_out`); b_t is a fraction of what is left, and all values are computed anew after each batch.

One of many thousand anchors moves scores by less than the ranks can show, so above `n_exact` anchors the change is
taken to first order, as in Koh and Liang, "Understanding Black-box Predictions via Influence Functions", ICML 2017, and
of the Pearson correlation r of the scores s with the ranks of the ratings:

    influence_c = -sigma_c <x_c, v - v_g(c)>        v = sum_i dr/ds_i (u_i - cos_i R_g(i) / |R_g(i)|) / |R_g(i)|

with sigma = 1 for the good side and -1 for the bad, cos_i and R of the side of c, and v_g the part of the sum over
the anchors i of group g (which c does not score): one matrix-vector product for all.

It finds what pulls a centroid off the direction of quality, and is no detector of wrong ratings: rho is measured on the
wrong ones too. Of synthetic anchors of which a tenth had their ratings turned round (200 to 1,500 of them), 13 to 32 %
of the fifth that it dropped were wrong: more than the 10 % of chance, but most of the wrong ones stayed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, IntArray
from ..errors import MethodError
from .base import OnProgress
from .held_out import (
    HeldOut,
    changed_correlations,
    check_groups,
    check_least,
    draw_validation,
    selection_target,
)
from .rank_correlation import RankCorrelation


@dataclass(frozen=True)
class Influence:
    """Pruning by the leave-one-group-out rank correlation.

    Attributes:
        fraction: Part of the anchors left that goes in one batch, in (0, 1); at least one goes.
        n_exact: From how many anchors left on the rank correlation of each removal is computed; above, its slope.
        n_validation: Most anchors that are scored, drawn once; all where they are no more.
        seed: Of the draw.
    """

    fraction: float = 0.02
    n_exact: int = 1000
    n_validation: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_least(n_exact=(self.n_exact, 0), n_validation=(self.n_validation, 3))
        if not 0 < self.fraction < 1:
            raise MethodError(f"fraction {self.fraction} is not between 0 and 1", "use for example 0.02")

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`); of equal anchors the highest row, the least extreme, goes first."""
        target = selection_target(anchors)
        check_groups(anchors)
        held_out = HeldOut(anchors, draw_validation(anchors, self.n_validation, np.random.default_rng(self.seed)))
        correlate = RankCorrelation(target[held_out.validation])
        left = np.arange(len(anchors))
        held_out.choose(left)
        while len(left) > n_good + n_bad:
            surplus = held_out.n_chosen - (n_good, n_bad)
            is_bad = (left >= anchors.n_good).astype(np.int64)
            may_go = left[surplus[is_bad] > 0]
            if len(left) <= self.n_exact:
                values = changed_correlations(held_out, correlate, may_go, -1)
            else:
                values = first_order(held_out, correlate, may_go)
            batch = max(1, int(self.fraction * len(left)))
            gone = _most_harmful(may_go, values, batch, surplus, anchors.n_good)
            held_out.update(gone, -1)
            left = np.setdiff1d(left, gone, assume_unique=True)
            if on_progress is not None:
                on_progress(len(anchors) - len(left), len(anchors) - n_good - n_bad)
        return left


def first_order(held_out: HeldOut, correlate: RankCorrelation, rows: IntArray) -> DoubleArray:
    """Return the slope of the correlation of scores with the ranks of the ratings as anchors go.

    Args:
        held_out: The subset.
        correlate: Correlates scores of its validation anchors.
        rows: (C,) ascending, of the subset, of either side.

    Returns:
        (C,) float64, the change of the Pearson correlation as the weight of an anchor falls from 1, per unit of weight.
    """
    scores = held_out.scores()
    there = ~np.isnan(scores)
    centred = np.where(there, scores - scores[there].mean() if there.any() else 0.0, 0.0)
    length = float(np.linalg.norm(centred)) or 1.0
    centred /= length
    pull = np.where(there, correlate.target - (correlate.target @ centred) * centred, 0.0) / length  # dr/ds
    border = int(np.searchsorted(rows, held_out.anchors.n_good))
    return np.concatenate(
        [
            sign * held_out.slopes(pull, part)
            for sign, part in ((-1.0, rows[:border]), (1.0, rows[border:]))
            if len(part)
        ]
    )


def _most_harmful(rows: IntArray, values: DoubleArray, batch: int, surplus: IntArray, n_good: int) -> IntArray:
    """Return the rows of the largest values, no more of a side than are too many; of equal ones the highest row."""
    order = np.lexsort((-rows, -values))
    side = (rows[order] >= n_good).astype(np.int64)
    # How many of the same side come before each in this order.
    before = np.where(side == 1, np.cumsum(side) - side, np.cumsum(1 - side) - (1 - side))
    return rows[np.sort(order[before < surplus[side]][:batch])]
