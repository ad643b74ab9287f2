"""Rank correlations of many score vectors with one target, for validation within a selection.

SRCC = <r - mean(r), t - mean(t)> / (|r - mean(r)| |t - mean(t)|), r and t the ranks, ties at their mean rank.
"""

from __future__ import annotations

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..arrays import DoubleArray

DECIMALS = 10
"""Of scores, in [-2, 2]: duplicates tie whatever the order in which their products were summed."""


def with_median(scores: DoubleArray) -> DoubleArray:
    """Give the scores that are missing the median of the others in their row.

    Args:
        scores: (C, V), NaN where missing.

    Returns:
        (C, V), 0 throughout a row without any.
    """
    missing = np.isnan(scores)
    rows = np.flatnonzero(missing.any(axis=1))
    if not len(rows):
        return scores
    filled = scores.copy()
    ordered = np.sort(scores[rows], axis=1)  # NaN last
    n_there = (~missing[rows]).sum(axis=1)
    place = np.arange(len(rows))
    # Without any, both are NaN, and are replaced.
    medians = (ordered[place, np.maximum(n_there - 1, 0) // 2] + ordered[place, n_there // 2]) / 2
    filled[rows] = np.where(missing[rows], np.where(n_there > 0, medians, 0.0)[:, None], scores[rows])
    return np.asarray(filled)


class RankCorrelation:
    """Rank correlations of many score vectors with one target.

    Args:
        target: (V,) higher is better, not constant.
    """

    def __init__(self, target: DoubleArray) -> None:
        centred = scipy.stats.rankdata(target) - (len(target) + 1) / 2
        self.target = centred / (np.linalg.norm(centred) or 1.0)
        places = np.arange(len(target)) - (len(target) - 1) / 2
        self._places = places / (np.linalg.norm(places) or 1.0)

    def __call__(self, scores: DoubleArray) -> DoubleArray:
        """Return the SRCC of each row.

        Args:
            scores: (C, V), NaN where missing, which counts as the row's median.

        Returns:
            (C,) in [-1, 1]; 0 where all scores are the same.
        """
        values = np.round(with_median(scores), DECIMALS)
        order = np.argsort(values, axis=1)
        # Without ties the k-th in order has rank k: no need to invert the order.
        found = self.target[order] @ self._places
        ordered = np.take_along_axis(values, order, axis=1)
        is_new = np.ones(values.shape, dtype=np.bool_)
        is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        tied = np.flatnonzero(~is_new.all(axis=1))
        if len(tied):
            # Equal values have the mean of the first and the last of their places.
            place = np.arange(values.shape[1])
            first = np.maximum.accumulate(np.where(is_new[tied], place, 0), axis=1)
            is_last = np.roll(is_new[tied], -1, axis=1)  # the first is always new, so the last place ends its run
            last = np.minimum.accumulate(np.where(is_last, place, len(place))[:, ::-1], axis=1)[:, ::-1]
            ranks = (first + last) / 2 - (len(place) - 1) / 2
            lengths = np.linalg.norm(ranks, axis=1)
            found[tied] = np.einsum("cv,cv->c", self.target[order[tied]], ranks) / np.where(lengths > 0, lengths, 1.0)
        return np.asarray(found)
