"""How well scores follow opinion scores: SRCC, KRCC, PLCC, RMSE, and the logistic fit.

    SRCC = Pearson correlation of the mid-ranks        KRCC = tau-b        PLCC = Pearson correlation
    RMSE = sqrt(mean((score - quality)^2))             fitted: f(score) for the score, f the best logistic
    curve

Source: SRCC, tau-b and PLCC as SciPy defines them; the fit before PLCC and RMSE is the practice of the Video
    Quality Experts Group and of Sheikh, Sabir and Bovik, IEEE TIP 15(11), 2006 (`quasar_index.statistics.logistic`).

Every correlation keeps its sign, the fitted PLCC too: a metric that runs the wrong way must not look like a
good one.
"""

from __future__ import annotations

import logging
import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..arguments import checked
from ..arrays import DoubleArray
from ..errors import ValidationError, counted
from .logistic import LogisticFit, StartGrid, fit_curve, standardise

logger = logging.getLogger(__name__)

MIN_PAIRS = 3
"""Fewest pairs of any statistic: two always correlate by +1 or -1."""
MIN_PAIRS_FIT = 5
"""Fewest pairs of the logistic fit: four parameters pass through four points."""


@dataclass(frozen=True)
class Correlations:
    """All statistics of one set of scores; every correlation in [-1, 1], signed.

    Attributes:
        srcc: Spearman rank correlation.
        krcc: Kendall's tau-b.
        plcc: Pearson correlation of the raw scores.
        plcc_fitted: Pearson correlation after the logistic fit; None where there is no fit (fewer than 5
            pairs).
        rmse: Root mean squared difference of the raw scores, in units of quality; means something only where
            both are on one scale.
        rmse_fitted: The same after the logistic fit, or None.
        n: Number of pairs.
        fit_at_bound: Whether the fitted curve is as steep as the scores allow (`LogisticFit.at_bound`).
    """

    srcc: float
    krcc: float
    plcc: float
    plcc_fitted: float | None
    rmse: float
    rmse_fitted: float | None
    n: int
    fit_at_bound: bool = False


def check_pairs(scores: npt.ArrayLike, quality: npt.ArrayLike) -> tuple[DoubleArray, DoubleArray]:
    """Check scores and opinion scores, and return them as float64.

    Args:
        scores: (n,) numbers.
        quality: (n,) opinion scores of the same images, higher is better.

    Returns:
        Both as (n,) float64: finite, n >= 3, neither constant (differences below 1e-13 of the size are
        rounding).

    Raises:
        ValidationError: On anything else, with the rows (from 0) where values are not finite.
    """
    x, y = (np.asarray(values) for values in (scores, quality))
    for what, values in (("scores", x), ("ratings", y)):
        if values.ndim != 1 or values.dtype.kind not in "fiub":
            raise ValidationError(
                f"{what} have shape {values.shape} and type {values.dtype}", "one number an image is needed"
            )
    if len(x) != len(y):
        raise ValidationError(
            f"{counted(len(x), 'score')} but {counted(len(y), 'rating')}", "give both for the same images, in one order"
        )
    if len(x) < MIN_PAIRS:
        raise ValidationError(f"{counted(len(x), 'scored image')} with ratings", f"at least {MIN_PAIRS} are needed")
    x, y = x.astype(np.float64), y.astype(np.float64)
    for what, values in (("scores", x), ("ratings", y)):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise ValidationError(
                f"{what} are NaN or infinite in {len(bad)} of {counted(len(values), 'row')}, first in row {bad[0]}",
                "leave these images out and count them as failed",
            )
        if np.ptp(values) <= 1e-13 * np.abs(values).max():
            raise ValidationError(
                f"all {len(values)} {what} are {values[0]:.6g}: no correlation is defined",
                "check the column of the ratings" if what == "ratings" else "check the index and its encoder",
            )
    return x, y


@checked
def srcc(scores: npt.ArrayLike, quality: npt.ArrayLike) -> float:
    """Return Spearman's rank correlation in [-1, 1]; ties get mid-ranks. Arguments and errors as `check_pairs`.

    Example:
        >>> import quasar_index as qi
        >>> round(qi.srcc([0.1, 0.2, 0.3, 0.9], [1, 3, 2, 4]), 2)
        0.8
    """
    x, y = check_pairs(scores, quality)
    return float(scipy.stats.spearmanr(x, y).statistic)


@checked
def krcc(scores: npt.ArrayLike, quality: npt.ArrayLike) -> float:
    """Return Kendall's tau-b in [-1, 1], corrected for ties. Arguments and errors as `check_pairs`.

    Example:
        >>> import quasar_index as qi
        >>> round(qi.krcc([0.1, 0.2, 0.3, 0.9], [1, 3, 2, 4]), 2)
        0.67
    """
    x, y = check_pairs(scores, quality)
    # The p-value is not used, and the exact one is slow on small n.
    return float(scipy.stats.kendalltau(x, y, method="asymptotic").statistic)


@checked
def plcc(scores: npt.ArrayLike, quality: npt.ArrayLike) -> float:
    """Return Pearson's correlation in [-1, 1] of the raw scores. Arguments and errors as `check_pairs`.

    Example:
        >>> import quasar_index as qi
        >>> round(qi.plcc([0.1, 0.2, 0.3, 0.9], [1, 3, 2, 4]), 2)
        0.83
    """
    x, y = check_pairs(scores, quality)
    return _pearson(x, y)


@checked
def rmse(scores: npt.ArrayLike, quality: npt.ArrayLike) -> float:
    """Return sqrt(mean((score - quality)^2)) in units of quality. Arguments and errors as `check_pairs`.

    Example:
        >>> import quasar_index as qi
        >>> round(qi.rmse([1.5, 2.5, 2.0, 4.0], [1, 3, 2, 4]), 3)
        0.354
    """
    x, y = check_pairs(scores, quality)
    return math.sqrt(float(np.mean((x - y) ** 2)))


def plcc_fitted(scores: npt.ArrayLike, quality: npt.ArrayLike) -> float:
    """Return the Pearson correlation of f(scores) with quality, in [-1, 1], with the sign of the curve.

    A falling curve would turn every inverted metric into a positive correlation; the sign says that it was
    so. 0 where the best curve is a constant. Arguments and errors as `fit_logistic`.
    """
    return _fitted(scores, quality)[0]


def rmse_fitted(scores: npt.ArrayLike, quality: npt.ArrayLike) -> float:
    """Return the RMSE of f(scores) in units of quality, >= 0. Arguments and errors as `fit_logistic`."""
    return _fitted(scores, quality)[1]


@checked
def correlate(scores: npt.ArrayLike, quality: npt.ArrayLike) -> Correlations:
    """Compute every statistic of scores against opinion scores.

    Args:
        scores: (n,) numbers, n >= 3.
        quality: (n,) opinion scores of the same images, higher is better.

    Returns:
        All of them; the fitted ones are None below 5 pairs, and where the fit does not converge (logged).

    Raises:
        ValidationError: As `check_pairs`.

    Example:
        >>> import quasar_index as qi
        >>> found = qi.statistics.correlate([0.1, 0.2, 0.3, 0.4, 0.6, 0.5], [1, 2, 3, 4, 5, 6])
        >>> round(found.srcc, 3), round(found.krcc, 3), found.n
        (0.943, 0.867, 6)
    """
    x, y = check_pairs(scores, quality)
    fitted: tuple[float | None, float | None, bool] = (None, None, False)
    try:
        fitted = _fitted(x, y)
    except ValidationError as error:
        logger.warning("no fitted PLCC and RMSE: %s", error)
    return Correlations(srcc(x, y), krcc(x, y), plcc(x, y), fitted[0], rmse(x, y), fitted[1], len(x), fitted[2])


def fit_logistic(scores: npt.ArrayLike, quality: npt.ArrayLike) -> LogisticFit:
    """Fit the 4-parameter logistic by least squares; the curve falls where quality falls as scores rise.

    How steep it may be follows from the scores (`quasar_index.statistics.logistic`).

    Args:
        scores: (n,) numbers, n >= 5.
        quality: (n,) opinion scores of the same images.

    Returns:
        The curve.

    Raises:
        ValidationError: As `check_pairs`; on fewer than 5 pairs; when nothing converges.
    """
    x, y = check_pairs(scores, quality)
    if len(x) < MIN_PAIRS_FIT:
        raise ValidationError(
            f"{counted(len(x), 'pair')} for a curve with 4 parameters",
            f"at least {MIN_PAIRS_FIT} are needed; use the raw PLCC",
        )
    (u, x_mean, x_scale), (v, y_mean, y_scale) = standardise(x), standardise(y)
    found = fit_curve(u, v, grid=StartGrid(u))
    if found is None:
        raise ValidationError(
            f"the logistic fit to {counted(len(x), 'pair')} does not converge",
            "use the raw PLCC, or look at the scores",
        )
    return LogisticFit(
        b1=y_mean + y_scale * found.b1,
        b2=y_mean + y_scale * found.b2,
        b3=x_mean + x_scale * found.b3,
        b4=max(x_scale * found.b4, sys.float_info.min),
        at_bound=found.at_bound,
    )


def _pearson(x: DoubleArray, y: DoubleArray) -> float:
    return float(scipy.stats.pearsonr(standardise(x)[0], standardise(y)[0]).statistic)


def _fitted(scores: npt.ArrayLike, quality: npt.ArrayLike) -> tuple[float, float, bool]:
    """Return the signed PLCC and the RMSE after the fit, and whether it ended at the bound of its steepness."""
    x, y = check_pairs(scores, quality)
    curve = fit_logistic(x, y)
    values = curve(x)
    flat = float(np.ptp(values)) <= 1e-9 * float(np.ptp(y))
    correlation = 0.0 if flat else curve.direction * _pearson(values, y)
    return correlation, math.sqrt(float(np.mean((values - y) ** 2))), curve.at_bound
