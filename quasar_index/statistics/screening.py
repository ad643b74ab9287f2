"""Who of several raters disagrees with the rest.

    r_j = Pearson correlation of u_j(i) with the mean of the others, over the images i that they rated, too

    kurtosis of image i: b_i = m4 / m2^2, m_x = mean over raters of (u_ij - mean_i)^x
    bounds of image i:   mean_i +- 2 S_i if 2 <= b_i <= 4, else mean_i +- sqrt(20) S_i;  S_i with n - 1
    P_j, Q_j: ratings of j at or above the upper bounds, at or below the lower ones
    screened out: (P_j + Q_j) / n_j > 0.05 and |P_j - Q_j| / (P_j + Q_j) < 0.3

Source of the second: Recommendation ITU-R BT.500-14, 2019, screening of the observers by the kurtosis of their scores.
It finds who strays to both sides at random; who answers upside down, or always the same, is found by the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ..arrays import BoolArray, DoubleArray, IntArray

FEWEST_IMAGES = 5
"""Fewer images that others rated, too, say nothing of a rater."""
_LEVEL = 0.05
"""Chance that any of the raters is taken for one who disagrees, where none does."""


@dataclass(frozen=True)
class Agreement:
    """How each of J raters agrees with the others.

    Attributes:
        r: (J,) correlation with the mean of the others; NaN of who rated fewer than five images with others, or gave
            all the same.
        high: (J,) upper bound of r, so that all J hold at once in 95 of 100 cases.
        n_images: (J,) images that they and others rated.
        is_constant: (J,) whether five images or more have one and the same rating of theirs.
    """

    r: DoubleArray
    high: DoubleArray
    n_images: IntArray
    is_constant: BoolArray

    @property
    def usual(self) -> float:
        """The median r; NaN where there is none."""
        known = self.r[~np.isnan(self.r)]
        return float(np.median(known)) if len(known) else np.nan

    @property
    def disagrees(self) -> BoolArray:
        """(J,) who clearly agrees less than half as much as is usual."""
        return np.asarray(self.high < max(self.usual, 0.0) / 2)


@dataclass(frozen=True)
class Screening:
    """What the screening of BT.500 finds of J raters.

    Attributes:
        n_above: (J,) P.
        n_below: (J,) Q.
        n_ratings: (J,) ratings of each.
        is_out: (J,) who is screened out.
    """

    n_above: IntArray
    n_below: IntArray
    n_ratings: IntArray
    is_out: BoolArray


def agreement(images: IntArray, raters: IntArray, scores: DoubleArray) -> Agreement:
    """Correlate each rater with the mean of the others.

    Args:
        images: (R,) numbers of images, from 0.
        raters: (R,) numbers of raters, 0 to J - 1, each for an image once at most.
        scores: (R,) their ratings.

    Returns:
        The agreement of each.
    """
    n_raters = int(raters.max()) + 1
    counts = np.bincount(images)[images]
    sums = np.bincount(images, scores)[images]
    shared = counts > 1
    r, high = np.full(n_raters, np.nan), np.full(n_raters, np.nan)
    n_images, is_constant = np.zeros(n_raters, dtype=np.int64), np.zeros(n_raters, dtype=np.bool_)
    z = float(ndtri(1 - _LEVEL / n_raters))
    order = np.flatnonzero(shared)[np.argsort(raters[shared], kind="stable")]
    starts = np.searchsorted(raters[order], np.arange(n_raters + 1))
    for rater in range(n_raters):
        rows = order[starts[rater] : starts[rater + 1]]
        n = n_images[rater] = len(rows)
        if n < FEWEST_IMAGES:
            continue
        own, others = scores[rows], (sums[rows] - scores[rows]) / (counts[rows] - 1)
        is_constant[rater] = np.ptp(own) == 0
        if is_constant[rater] or np.ptp(others) == 0:
            continue
        r[rater] = np.clip(np.corrcoef(own, others)[0, 1], -1, 1)
        with np.errstate(divide="ignore"):
            high[rater] = np.tanh(np.arctanh(r[rater]) + z / np.sqrt(n - 3))
    return Agreement(r, high, n_images, is_constant)


def screen(images: IntArray, raters: IntArray, scores: DoubleArray) -> Screening:
    """Screen raters as BT.500 does; arguments as `agreement`."""
    n_raters = int(raters.max()) + 1
    counts = np.bincount(images)
    n = np.maximum(counts, 1)
    deviation = scores - (np.bincount(images, scores) / n)[images]
    second = np.bincount(images, deviation**2) / n
    fourth = np.bincount(images, deviation**4) / n
    kurtosis = np.divide(fourth, second**2, out=np.zeros(len(n)), where=second > 0)
    spread = np.sqrt(second * n / np.maximum(n - 1, 1))
    bound = (np.where((kurtosis >= 2) & (kurtosis <= 4), 2.0, np.sqrt(20.0)) * spread)[images]
    differs = spread[images] > 0  # where all say the same, nobody strays
    above = np.bincount(raters[differs & (deviation >= bound)], minlength=n_raters)
    below = np.bincount(raters[differs & (deviation <= -bound)], minlength=n_raters)
    n_ratings = np.bincount(raters, minlength=n_raters)
    both = above + below
    is_out = (both > 0.05 * n_ratings) & (np.abs(above - below) < 0.3 * both)
    return Screening(above, below, n_ratings, is_out)
