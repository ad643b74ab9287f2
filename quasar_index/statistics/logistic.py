"""The 4-parameter logistic curve from scores to opinion scores, and the search for the best one.

    f(x) = (b1 - b2) / (1 + exp(-(x - b3) / |b4|)) + b2

Source: Video Quality Experts Group, final reports FR-TV phase I, 2000, and phase II, 2003; Sheikh, Sabir and
    Bovik, IEEE TIP 15(11), 2006, without the linear term that they add, as it can break monotony.

b1 and b2 follow from b3 and b4 by linear regression, which leaves a search in two dimensions (variable
projection; Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973): a straight relation, whose asymptotes run away,
does not stall it, and whether the curve rises or falls needs no guess. Levenberg-Marquardt runs from the best
points of a coarse grid, since the customary single start (extremes, mean, a quarter of a standard deviation)
stops at local minima on weak relations.

The width of the rise has a lower bound: without one, 15 unrelated pairs reach a correlation of 0.47 on average, by a
step between the two scores where it pays best.

    the middle 80% of the rise, b3 - ln(9) |b4| to b3 + ln(9) |b4|, takes in at least 2 sqrt(n) of the n scores

That is two bins of a histogram by the square-root rule, one on either side of b3. It is 53% of 15 scores, 14% of 200
and 2% of 10,000, so that many scores still support a steep curve. It is counted in scores, not in units, so outliers do
not widen it elsewhere. Where b3 lies beyond the scores, the end of the scores stands for it: an exponential stays
possible, a spike at the last score does not.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..arrays import DoubleArray

Start: TypeAlias = tuple[float, float]
"""b3 and b4 in standard deviations of score."""

_START_WIDTHS = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01)  # from almost a line to almost a step
_START_QUANTILES = np.linspace(0.005, 0.995, 60)
_GRID_POINTS = 1000  # scores that the grid looks at; it only chooses where to start
_SEARCHES = 2  # widths searched from: the better ones on the grid
_NARROWEST, _WIDEST = 1e-6, 1e3  # a step between two scores; a line to six places
_BEYOND = np.array([2.0, 6.0])  # starts beyond an end, in b4: at the latter the scores see an exponential
_RISE = math.log(9)  # from the middle of a rise to 90% of it, in units of b4
_LEAST_VARIANCE = 1e-10  # of the curve before scaling; below it the asymptotes would be 1e5 standard deviations off


@dataclass(frozen=True)
class LogisticFit:
    """The monotone curve f(x) = (b1 - b2) / (1 + exp(-(x - b3) / b4)) + b2.

    Attributes:
        b1: Value for x to +infinity, in units of quality.
        b2: Value for x to -infinity, in units of quality.
        b3: Score at the middle of the curve.
        b4: Width of the rise in units of score, > 0.
        at_bound: Whether the rise is as steep as the scores allow: without the bound, the curve would be steeper. It
            says how the curve was found, and counts for nothing when curves are compared.
    """

    b1: float
    b2: float
    b3: float
    b4: float
    at_bound: bool = field(default=False, compare=False)

    def __call__(self, scores: npt.ArrayLike) -> DoubleArray:
        """Return the quality that the curve gives to scores.

        Args:
            scores: (...) numbers.

        Returns:
            (...) float64 between b2 and b1.
        """
        x = np.asarray(scores, dtype=np.float64)
        return np.asarray((self.b1 - self.b2) * scipy.special.expit((x - self.b3) / self.b4) + self.b2)

    @property
    def direction(self) -> int:
        """1 for a rising curve, -1 for a falling one, 0 for a constant."""
        return int(np.sign(self.b1 - self.b2))


def standardise(values: DoubleArray) -> tuple[DoubleArray, float, float]:
    """Return (values - mean) / std with the mean and the standard deviation; no square leaves float64's range.

    Args:
        values: (n,) float64, not constant.
    """
    largest = float(np.abs(values).max())
    scaled = values / largest
    mean, std = float(scaled.mean()), float(scaled.std())
    return (scaled - mean) / std, mean * largest, std * largest


class StartGrid:
    """Curves on a coarse grid of b3 and b4 over given scores, for any quality and weights.

    Args:
        x: (n,) float64 standardised scores.
    """

    def __init__(self, x: DoubleArray) -> None:
        self._rows = slice(None, None, 1 + len(x) // _GRID_POINTS)
        rows = np.sort(x)
        below, above = rows[0] - _BEYOND * least_width(rows, rows[0]), rows[-1] + _BEYOND * least_width(rows, rows[-1])
        self._middles = np.unique(np.concatenate([below, np.quantile(x, _START_QUANTILES), above]))
        least = np.array([least_width(rows, middle) for middle in self._middles])
        self._widths = np.maximum(np.array(_START_WIDTHS)[:, None], least)
        rises = scipy.special.expit((x[self._rows] - self._middles[:, None]) / self._widths[..., None])
        self._rises: DoubleArray = rises.reshape(self._widths.size, -1)
        self._squares = self._rises**2

    def best(self, y: DoubleArray, weights: DoubleArray) -> tuple[list[Start], tuple[float, float]]:
        """Choose where to search.

        Args:
            y: (n,) float64 standardised quality.
            weights: (n,) float64 >= 0.

        Returns:
            The best starts, each of another width, best first; and the two b3 between which the best of the steepest
            curves lies.
        """
        w, y = weights[self._rows] / weights[self._rows].sum(), y[self._rows]
        means = self._rises @ w
        variances = self._squares @ w - means**2
        covariances = self._rises @ (w * (y - w @ y))
        explained = np.zeros(len(variances))
        np.divide(covariances**2, variances, out=explained, where=variances > _LEAST_VARIANCE)
        by_width = explained.reshape(self._widths.shape)
        best = by_width.argmax(axis=1)
        order = np.argsort(-by_width.max(axis=1), kind="stable")
        starts = [(float(self._middles[best[row]]), float(self._widths[row, best[row]])) for row in order]
        edges = [self._middles[0], *self._middles, self._middles[-1]]
        return list(dict.fromkeys(starts))[:_SEARCHES], (float(edges[best[-1]]), float(edges[best[-1] + 2]))


def least_width(scores: DoubleArray, b3: float) -> float:
    """Return the lower bound of b4 at a middle: with it, the middle 80% of the rise takes in enough scores.

    Args:
        scores: (n,) float64, ascending, those that count twice twice.
        b3: The middle; beyond the scores, their end stands for it.
    """
    n = len(scores)
    taken = min(n, math.ceil(2 * math.sqrt(n)))
    middle = min(max(b3, scores[0]), scores[-1])
    # The nearest ones are neighbours: of all runs of so many scores, the one that reaches least far from the middle.
    first, last = scores[: n - taken + 1], scores[taken - 1 :]
    return max(float(np.maximum(middle - first, last - middle).min()) / _RISE, _NARROWEST)


def fit_curve(
    x: DoubleArray, y: DoubleArray, *, grid: StartGrid, weights: DoubleArray | None = None
) -> LogisticFit | None:
    """Fit the logistic to standardised values by least squares.

    Args:
        x: (n,) float64 scores, of which 4 or more have weight.
        y: (n,) float64 quality.
        grid: The grid over x.
        weights: (n,) whole float64 >= 0, how often each pair counts; None for once each.

    Returns:
        The best curve that keeps to the bound, in standard deviations of score and quality, never worse than the
        straight line by more than rounding; None when no search converges.
    """
    weights = np.ones_like(x) if weights is None else weights
    starts, between = grid.best(y, weights)
    used = weights > 0
    model = _Projected(x[used], y[used], weights[used])
    found = [minimum for start in starts if (minimum := model.search(*start))]
    if not found:
        return None
    scores = np.sort(np.repeat(x, weights.astype(np.int64)))
    inside = [(b3, b4) for b3, b4 in found if b4 >= least_width(scores, b3)]
    # A search that left them by a side may have passed by the line, which is the widest of all curves.
    curves = [model.curve(*minimum) for minimum in (*inside, (0.0, _WIDEST))]
    if len(inside) < len(found):
        b3 = float(
            scipy.optimize.minimize_scalar(
                lambda b3: model.mean_square(b3, least_width(scores, b3)),
                bounds=between,
                method="bounded",
                options={"xatol": 1e-3},
            ).x
        )
        curves.append(replace(model.curve(b3, least_width(scores, b3)), at_bound=True))
    return min(curves, key=model.loss)


class _Projected:
    """The logistic as a function of b3 and log(b4) alone, with the best b1 and b2 for them.

    Args:
        x: (n,) float64 standardised scores.
        y: (n,) float64 standardised quality.
        weights: (n,) float64 > 0.
    """

    def __init__(self, x: DoubleArray, y: DoubleArray, weights: DoubleArray) -> None:
        self.x, self.y = x, y
        self.weights = weights / weights.sum()
        self.y_mean = float(self.weights @ y)

    def search(self, b3: float, b4: float) -> tuple[float, float] | None:
        """Return b3 and b4 at the minimum next to a start, or None where neither search ends."""
        start = (b3, math.log(b4))
        found = self._gradient_search(start)
        if found is None:
            # On a few points the approximate derivatives can lead in circles; the simplex needs none. It ends
            # when the sum of squares stands still: towards a line or an exponential, b3 and b4 never would.
            still = {"xatol": math.inf, "fatol": 1e-9}
            result = scipy.optimize.minimize(
                lambda at: self.mean_square(float(at[0]), _width(float(at[1]))),
                start,
                method="Nelder-Mead",
                options=still,
            )
            if not result.success:
                return None
            found = result.x
        return float(found[0]), _width(float(found[1]))

    def curve(self, b3: float, b4: float) -> LogisticFit:
        """Return the curve with the best b1 and b2."""
        rise, centred, slope = self._parts(b3, b4)
        b2 = self.y_mean - slope * float(rise[0] - centred[0])
        return LogisticFit(b2 + slope, b2, b3, b4)

    def _gradient_search(self, start: Start) -> DoubleArray | None:
        """Run SciPy's `curve_fit` (Levenberg-Marquardt); (b3, log(b4)), or None where it gives up."""
        with warnings.catch_warnings():
            # A step or a line leaves b3 and b4 undetermined; the curve is as good, its covariance is not
            # used.
            warnings.simplefilter("ignore", scipy.optimize.OptimizeWarning)
            warnings.filterwarnings("ignore", "overflow|invalid value", RuntimeWarning, r"scipy\.optimize")
            try:
                found, _ = scipy.optimize.curve_fit(
                    lambda _, b3, log_b4: self._values(b3, _width(log_b4)),
                    self.x,
                    self.y,
                    p0=start,
                    sigma=1 / np.sqrt(self.weights),
                    jac=lambda _, b3, log_b4: self._jacobian(b3, log_b4),
                    method="lm",
                    maxfev=100,
                )
            except RuntimeError:
                return None
        return np.asarray(found) if np.isfinite(found).all() else None

    def mean_square(self, b3: float, b4: float) -> float:
        """Return the weighted mean square of the residuals, with the best b1 and b2."""
        return float(self.weights @ (self.y - self._values(b3, b4)) ** 2)

    def loss(self, curve: LogisticFit) -> float:
        """Return the weighted mean square of the residuals of a curve."""
        return float(self.weights @ (curve(self.x) - self.y) ** 2)

    def _parts(self, b3: float, b4: float) -> tuple[DoubleArray, DoubleArray, float]:
        """Return the curve from 0 to 1, the same less its mean, and the factor that fits it to y."""
        rise: DoubleArray = scipy.special.expit((self.x - b3) / b4)
        centred = rise - self.weights @ rise
        variance = float(self.weights @ centred**2)
        slope = float((self.weights * centred) @ self.y) / variance if variance > _LEAST_VARIANCE else 0.0
        return rise, centred, slope

    def _values(self, b3: float, b4: float) -> DoubleArray:
        _, centred, slope = self._parts(b3, b4)
        return self.y_mean + slope * centred

    def _jacobian(self, b3: float, log_b4: float) -> DoubleArray:
        """Return the (n, 2) derivatives of `_values`, less what b1 and b2 make up for (Kaufman, BIT 15, 1975)."""
        b4 = _width(log_b4)
        rise, centred, slope = self._parts(b3, b4)
        by_b3 = -slope * rise * (1 - rise) / b4
        columns = np.stack([by_b3, by_b3 * (self.x - b3)], axis=1)
        columns -= self.weights @ columns
        variance = float(self.weights @ centred**2)
        if variance > _LEAST_VARIANCE:
            columns -= np.outer(centred, (self.weights * centred) @ columns / variance)
        return columns


def _width(log_b4: float) -> float:
    return math.exp(min(max(log_b4, math.log(_NARROWEST)), math.log(_WIDEST)))
