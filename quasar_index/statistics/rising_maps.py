"""Strictly rising maps from scores to the opinion scale.

    f(x) = (1 - w) g(x) + w h(x)          w = 1 / (n + 1), at least 0.001, over n anchors

g is isotonic (the steps of the least-squares rising step function, joined by lines through their middles) or the
4-parameter logistic, kept within the opinion scale. g alone ties scores: beyond the outer steps, where a curve levels
off, at the ends of the scale, and everywhere where the ratings do not rise. h rises everywhere, from the low end of the
scale to the high one, and counts as one anchor more: f rises strictly, never reaches an end of the scale, and rises by
h alone where the ratings do not rise.

    h(x) = low + (high - low) (1/2 + atan((x - middle) / width) / pi)

with the median of the scores and their standard deviation. It is the Cauchy distribution function: its tails are so
heavy that float64 still tells scores apart far beyond those of the anchors.

Source: Zadrozny and Elkan, KDD 2002 (isotonic calibration); `quasar_index.statistics.logistic`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..arrays import DoubleArray
from .correlation import MIN_PAIRS_FIT, fit_logistic
from .logistic import LogisticFit, standardise

MapName: TypeAlias = Literal["isotonic", "logistic"]
MAPS: tuple[MapName, ...] = get_args(MapName)

_LEAST_WEIGHT = 1e-3  # float64 then tells apart what differs by 1e-9 of the range of scores


@dataclass(frozen=True)
class IsotonicFit:
    """A rising map through points, joined by lines, constant beyond the ends.

    Attributes:
        scores: k >= 1 scores, strictly ascending.
        quality: Their k values, never falling: middles of the steps and between them, or in older records their ends.
    """

    scores: tuple[float, ...]
    quality: tuple[float, ...]

    def __call__(self, scores: npt.ArrayLike) -> DoubleArray:
        """Return the quality, (n,) float64, of (n,) scores."""
        return np.asarray(np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.quality))


@dataclass(frozen=True)
class Rise:
    """The part of a map that rises everywhere, so that only equal scores tie.

    Attributes:
        weight: Its share of the map, in (0, 1).
        middle: Score at the middle of the opinion scale.
        width: Distance in score from there to a quarter of the scale from its end, > 0.
    """

    weight: float
    middle: float
    width: float

    def __call__(self, scores: DoubleArray) -> DoubleArray:
        """Return the height in the opinion scale, (n,) in [0, 1], of (n,) scores."""
        with np.errstate(over="ignore"):  # the arc tangent of infinity is right
            return np.asarray(0.5 + np.arctan((scores - self.middle) / self.width) / math.pi)


Curve: TypeAlias = IsotonicFit | LogisticFit


def apply_map(curve: Curve, rise: Rise | None, ends: tuple[float, float], x: DoubleArray) -> DoubleArray:
    """Put scores on the opinion scale.

    Args:
        curve: g.
        rise: h and its weight; None for g alone, as it is.
        ends: Ends of the opinion scale.
        x: (n,) float64 scores.

    Returns:
        (n,) float64, between the ends where there is a rise.
    """
    values = curve(x)
    if rise is None:
        return values
    low, high = ends
    return (1 - rise.weight) * np.clip(values, low, high) + rise.weight * (low + (high - low) * rise(x))


def fit_map(map_name: MapName, x: DoubleArray, y: DoubleArray) -> tuple[Curve, Rise]:
    """Fit g, a constant where nothing rises, and h.

    Args:
        map_name: "isotonic" or "logistic".
        x: (n,) float64 scores, n >= 1.
        y: (n,) float64 ratings, higher is better.
    """
    mean = float(y.mean())
    # By the spread that correlations go by: what lies below is rounding.
    varied = all(np.ptp(values) > 1e-13 * np.abs(values).max() for values in (x, y))
    rise = Rise(max(1 / (len(x) + 1), _LEAST_WEIGHT), float(np.median(x)), (standardise(x)[2] if varied else 0) or 1.0)
    if map_name == "logistic":
        curve = fit_logistic(x, y) if varied and len(x) >= MIN_PAIRS_FIT else None
        if curve is None or curve.direction <= 0:
            curve = LogisticFit(mean, mean, float(x.mean()), 1.0)
        return curve, rise
    return _isotonic(x, y), rise


def _isotonic(x: DoubleArray, y: DoubleArray) -> IsotonicFit:
    """Return the isotonic regression with its steps joined by lines.

    The lines go through the mean score and rating of each step, and half-way between two steps through the mean of
    both, each weighted by its images: one image at an end must not bend the wide step beside it.
    """
    scores, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    found = scipy.optimize.isotonic_regression(np.bincount(place, weights=y) / counts, weights=counts)
    first, last = found.blocks[:-1], found.blocks[1:] - 1
    quality, sizes = found.x[first], np.add.reduceat(counts, first)
    # By rounding, a mean may come to lie beyond the scores of its step, even on the next step's.
    middles = np.clip(np.add.reduceat(scores * counts, first) / sizes, scores[first], scores[last])
    edges = scores[last[:-1]] / 2 + scores[first[1:]] / 2
    between = np.average([quality[:-1], quality[1:]], axis=0, weights=[sizes[:-1], sizes[1:]])
    # Of two points at one score, as where scores differ by one ulp, the first is enough.
    points, kept = np.unique(np.concatenate([middles, edges]), return_index=True)
    return IsotonicFit(tuple(points.tolist()), tuple(np.concatenate([quality, between])[kept].tolist()))
