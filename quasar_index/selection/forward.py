"""Forward selection: add the anchor that lifts the held-out rank correlation most, again and again.

    A_0 = {best good against all bad, best bad of another group against that}    A_(t+1) = A_t + argmax_c rho(A_t + c)

rho is the SRCC over the anchors themselves, each scored by the mean centroids of the chosen anchors of other groups
(`selection.held_out`); candidates of both sides compete until a side is full. Many anchors are drawn from: a step looks
at some candidates only, which is the stochastic greedy of Mirzasoleiman et al., "Lazier than lazy greedy", AAAI 2015
(their bound is for submodular functions, and rank correlation is none: here it is a heuristic).

rho of the result is what was searched for, so it flatters; judge a subset on images that the selection never saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import IntArray
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
class Forward:
    """Greedy selection on the leave-one-group-out rank correlation.

    Attributes:
        n_candidates: Most candidates a step, drawn anew from those that are left; all where they are no more.
        n_validation: Most anchors that are scored, drawn once; all where they are no more.
        seed: Of both draws.
    """

    n_candidates: int = 256
    n_validation: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the sizes."""
        check_least(n_candidates=(self.n_candidates, 1), n_validation=(self.n_validation, 3))

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`); of equal candidates the lowest row comes first."""
        target = selection_target(anchors)
        check_groups(anchors)
        rng = np.random.default_rng(self.seed)
        held_out = HeldOut(anchors, draw_validation(anchors, self.n_validation, rng))
        correlate = RankCorrelation(target[held_out.validation])
        free = np.ones(len(anchors), dtype=np.bool_)

        def best(candidates: IntArray) -> IntArray:
            if len(candidates) > self.n_candidates:
                candidates = np.sort(rng.choice(candidates, self.n_candidates, replace=False))
            values = changed_correlations(held_out, correlate, candidates, +1)
            return candidates[[int(np.argmax(values))]]

        rows = np.arange(len(anchors))
        good, bad = rows[anchors.side("good")], rows[anchors.side("bad")]
        whole = (n_good == len(good), n_bad == len(bad))
        if all(whole):
            return rows
        # One anchor cannot score alone: the first is judged against all of the other side, the second against it. A
        # side that is wanted whole is there from the start.
        if whole[0]:
            held_out.choose(good)
            chosen = np.concatenate([good, best(bad)])
        else:
            held_out.choose(bad)
            chosen = best(good)
            if whole[1]:
                chosen = np.concatenate([chosen, bad])
            else:
                # Were both of one group, that group would stay without scores until both sides had an anchor of
                # another one, and no single step would see the gain.
                codes = anchors.group_codes
                others = bad[codes[bad] != codes[chosen]]
                held_out.choose(chosen)
                chosen = np.concatenate([chosen, best(others if len(others) else bad)])
        held_out.choose(chosen)
        free[chosen] = False
        while len(chosen) < n_good + n_bad:
            unfilled = held_out.n_chosen < (n_good, n_bad)
            one = best(np.flatnonzero(free & np.repeat(unfilled, (anchors.n_good, anchors.n_bad))))
            held_out.update(one, +1)
            free[one] = False
            chosen = np.concatenate([chosen, one])
            if on_progress is not None:
                on_progress(len(chosen), n_good + n_bad)
        return np.sort(chosen)
