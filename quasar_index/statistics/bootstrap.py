"""Bootstrap intervals of correlations, and of differences between two sets of scores of the same images.

    interval = quantiles (1 - level) / 2 and (1 + level) / 2 of the statistic over resamples with replacement

Source: percentile interval, Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13; whole
groups drawn, Davison and Hinkley, "Bootstrap methods and their application", 1997, section 3.8.

A resample is kept as the number of times each image was drawn, not as a list of rows: groups of unequal size
then need no ragged arrays, and mid-ranks follow from one sort of all images (running sums of the counts)
instead of one sort a resample. The statistics are those of the drawn rows, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..arrays import DoubleArray, IntArray
from ..errors import ValidationError, counted
from .correlation import (
    MIN_PAIRS_FIT,
    check_pairs,
    krcc,
    plcc,
    plcc_fitted,
    rmse,
    rmse_fitted,
    srcc,
)
from .groups import Groups, group_codes
from .logistic import StartGrid, fit_curve, standardise

Statistic: TypeAlias = Literal["srcc", "krcc", "plcc", "plcc_fitted", "rmse", "rmse_fitted"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
"""n labels of any hashable kind, or None where every image stands alone."""
MIN_PAIRS_INTERVAL = 10
"""Fewest pairs of a bootstrap interval."""
MIN_GROUPS_INTERVAL = 5
"""Fewest groups of a grouped bootstrap interval: four allow only 35 different resamples."""

_BATCH_ELEMENTS = 1 << 19  # counts held at once, 4 MiB: they stay in the processor's cache
_SINGLE: dict[Statistic, Callable[[npt.ArrayLike, npt.ArrayLike], float]] = {
    "srcc": srcc,
    "krcc": krcc,
    "plcc": plcc,
    "plcc_fitted": plcc_fitted,
    "rmse": rmse,
    "rmse_fitted": rmse_fitted,
}


@dataclass(frozen=True)
class Interval:
    """A percentile bootstrap interval.

    Attributes:
        low: Lower end.
        high: Upper end, not below `low`.
        level: Nominal coverage, in (0, 1).
        n_resamples: Resamples that went into it: those on which the statistic was defined.
        n_units: What was resampled: number of groups, or of pairs where there were no groups.
    """

    low: float
    high: float
    level: float
    n_resamples: int
    n_units: int

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class PairedDifference:
    """Statistic of scores a minus that of scores b on the same images.

    Attributes:
        difference: a - b; for a correlation above 0, for an RMSE below 0, where a is the better one.
        interval: Its bootstrap interval; the two differ at that level where it does not contain 0.
    """

    difference: float
    interval: Interval


def bootstrap(
    statistic: Statistic,
    scores: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    groups: Groups = None,
    n_resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> Interval:
    """Return the bootstrap interval of one statistic; arguments and errors as `bootstrap_all`."""
    return bootstrap_all(
        scores,
        quality,
        statistics=(statistic,),
        groups=groups,
        n_resamples=n_resamples,
        seed=seed,
        level=level,
    )[statistic]


def bootstrap_all(
    scores: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    statistics: Sequence[Statistic] = STATISTICS,
    groups: Groups = None,
    n_resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> dict[Statistic, Interval]:
    """Compute percentile bootstrap intervals of several statistics over the same resamples.

    Percentile, not BCa: it keeps to the range of the statistic, needs no n more evaluations for the jackknife
    (n logistic fits; n^2 work at n = 10,000), and BCa's acceleration is unstable over the few groups that
    such data have and undefined on degenerate resamples. `scipy.stats.bootstrap` offers no groups. With few
    groups (below some 20) every bootstrap interval is somewhat too narrow.

    Args:
        scores: (n,) numbers, n >= 10.
        quality: (n,) opinion scores of the same images.
        statistics: Names out of `STATISTICS`.
        groups: n labels: whole groups are drawn, as images of one reference or content err together. None
            draws images.
        n_resamples: Number of resamples, at least 2 / (1 - level).
        seed: Seed of the draws; the same seed, n and groups give the same resamples for any scores.
        level: Nominal coverage, in (0, 1).

    Returns:
        One interval a statistic. Resamples on which it is undefined (constant values, no fit) are left out.

    Raises:
        ValidationError: As `check_pairs` and `fit_logistic`; on fewer than 10 pairs or 5 groups (no interval
            is given then), unknown statistics, bad options, or a statistic undefined on more than a tenth of
            the resamples.
    """
    x, y = check_pairs(scores, quality)
    codes = _check_resampling(statistics, groups, len(x), n_resamples, level)
    values = _replicates(statistics, [x], y, codes, n_resamples=n_resamples, seed=seed)
    return {name: _interval(name, values[name][0], level, int(codes.max()) + 1) for name in statistics}


def bootstrap_columns(
    statistic: Statistic,
    columns: Sequence[npt.ArrayLike],
    quality: npt.ArrayLike,
    *,
    groups: Groups = None,
    n_resamples: int = 1000,
    seed: int,
) -> list[Interval | ValidationError]:
    """Compute the 95 % interval of each of several sets of scores, on the same resamples, which are drawn once.

    Returns:
        For each what `bootstrap` returns, or the error that it raises; other arguments and errors as there.
    """
    pairs = [check_pairs(scores, quality) for scores in columns]
    if not pairs:
        return []
    y = pairs[0][1]
    codes = _check_resampling((statistic,), groups, len(y), n_resamples, level=0.95)
    values = _replicates((statistic,), [x for x, _ in pairs], y, codes, n_resamples=n_resamples, seed=seed)[statistic]
    found: list[Interval | ValidationError] = []
    for row in values:
        try:
            found.append(_interval(statistic, row, 0.95, int(codes.max()) + 1))
        except ValidationError as error:
            found.append(error)
    return found


def resample(
    statistic: Statistic,
    scores: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    groups: Groups = None,
    n_resamples: int = 1000,
    seed: int,
) -> DoubleArray:
    """Return the (n_resamples,) values of one statistic on the resamples, NaN where one does not define it.

    The same seed, n and groups give the same resamples for any scores, so values of two sets of scores of the same
    images are paired. Arguments and errors as `bootstrap_all`.
    """
    x, y = check_pairs(scores, quality)
    codes = _check_resampling((statistic,), groups, len(x), n_resamples, level=0.5)
    values: DoubleArray = _replicates((statistic,), [x], y, codes, n_resamples=n_resamples, seed=seed)[statistic][0]
    return values


def paired_difference(
    scores_a: npt.ArrayLike,
    scores_b: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    statistic: Statistic = "srcc",
    groups: Groups = None,
    n_resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> PairedDifference:
    """Compare two sets of scores of the same images: statistic of a minus statistic of b, on the same resamples.

    Args:
        scores_a: (n,) numbers.
        scores_b: (n,) numbers.
        quality: (n,) opinion scores.
        statistic: A name out of `STATISTICS`.
        groups: As `bootstrap_all`.
        n_resamples: As `bootstrap_all`.
        seed: As `bootstrap_all`.
        level: As `bootstrap_all`.

    Returns:
        The difference on all pairs, and its percentile interval.

    Raises:
        ValidationError: As `bootstrap_all`.
    """
    a, y = check_pairs(scores_a, quality)
    b, _ = check_pairs(scores_b, quality)
    codes = _check_resampling((statistic,), groups, len(y), n_resamples, level)
    values = _replicates((statistic,), [a, b], y, codes, n_resamples=n_resamples, seed=seed)[statistic]
    evaluate = _SINGLE[statistic]
    return PairedDifference(
        difference=evaluate(a, y) - evaluate(b, y),
        interval=_interval(statistic, values[0] - values[1], level, int(codes.max()) + 1),
    )


def _check_resampling(
    statistics: Sequence[Statistic], groups: Groups, n: int, n_resamples: int, level: float
) -> IntArray:
    """Check the options of a bootstrap, and return the (n,) group of each image."""
    for name in statistics:
        if name not in STATISTICS:
            raise ValidationError(f"unknown statistic '{name}'", f"take one of {', '.join(STATISTICS)}")
    if not 0 < level < 1:
        raise ValidationError(f"level {level} of an interval", "it lies between 0 and 1, such as 0.95")
    if n_resamples < 2 / (1 - level):
        raise ValidationError(
            f"{counted(n_resamples, 'resample')} for a {level:g} interval",
            f"at least {math.ceil(2 / (1 - level))} are needed",
        )
    if n < MIN_PAIRS_INTERVAL:
        raise ValidationError(
            f"no interval from {counted(n, 'pair')}",
            f"at least {MIN_PAIRS_INTERVAL} are needed; report the figure without one",
        )
    codes = group_codes(groups, n)
    n_groups = int(codes.max()) + 1
    if n_groups < MIN_GROUPS_INTERVAL:
        raise ValidationError(
            f"no interval from {n_groups} group(s) of images",
            f"at least {MIN_GROUPS_INTERVAL} are needed; resample images, or report the figure without an interval",
        )
    return codes


def _replicates(
    statistics: Sequence[Statistic],
    columns: Sequence[DoubleArray],
    y: DoubleArray,
    codes: IntArray,
    *,
    n_resamples: int,
    seed: int,
) -> dict[Statistic, DoubleArray]:
    """Compute statistics of each column of scores on the same resamples.

    Returns:
        (number of columns, n_resamples) float64 a statistic; NaN where a resample does not define it.
    """
    wanted = set(statistics)
    values = {name: np.full((len(columns), n_resamples), np.nan) for name in wanted}
    y_unit, _, y_scale = standardise(y)
    x_units = [standardise(x)[0] for x in columns]
    y_ranks = _Ranks(y)
    x_ranks = [_Ranks(x) for x in columns]
    with_fit = bool(wanted & {"plcc_fitted", "rmse_fitted"})
    grids = [StartGrid(x) for x in x_units] if with_fit else []
    done = 0
    for counts in _draws(codes, n_resamples, seed):
        batch = slice(done, done + len(counts))
        done += len(counts)
        y_ranked = y_ranks(counts) if "srcc" in wanted else None
        for column, x in enumerate(columns):
            if y_ranked is not None:
                values["srcc"][column, batch] = _pearson_rows(counts, x_ranks[column](counts), y_ranked)
            if "plcc" in wanted:
                values["plcc"][column, batch] = _pearson_rows(counts, x_units[column], y_unit)
            if "rmse" in wanted:
                values["rmse"][column, batch] = np.sqrt(counts @ (x - y) ** 2 / counts.sum(axis=1))
            if "krcc" in wanted:
                values["krcc"][column, batch] = [_tau_b(row, x, y) for row in counts]
            if grids:
                fitted = np.array([_fitted(row, x_units[column], y_unit, grids[column]) for row in counts])
                for name, figures in (("plcc_fitted", fitted[:, 0]), ("rmse_fitted", fitted[:, 1] * y_scale)):
                    if name in wanted:
                        values[name][column, batch] = figures
    return values


def _draws(codes: IntArray, n_resamples: int, seed: int) -> Iterator[DoubleArray]:
    """Yield resamples in batches: (B, n) float64, how often each image was drawn."""
    rng = np.random.default_rng(seed)
    n_groups = int(codes.max()) + 1
    batch = max(1, _BATCH_ELEMENTS // len(codes))
    for start in range(0, n_resamples, batch):
        size = min(batch, n_resamples - start)
        drawn = rng.integers(0, n_groups, size=(size, n_groups)) + n_groups * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_groups).reshape(size, n_groups)
        yield counts[:, codes].astype(np.float64)


class _Ranks:
    """Mid-ranks of one variable on any resample.

    Args:
        values: (n,) float64.
    """

    def __init__(self, values: DoubleArray) -> None:
        _, self._code, sizes = np.unique(values, return_inverse=True, return_counts=True)
        self._order = np.argsort(self._code, kind="stable")
        self._starts = np.cumsum(sizes) - sizes

    def __call__(self, counts: DoubleArray) -> DoubleArray:
        """Return the (B, n) mid-ranks, less 1/2, of the images in resamples with (B, n) counts."""
        tied = np.add.reduceat(counts[:, self._order], self._starts, axis=1)
        ranks: DoubleArray = (np.cumsum(tied, axis=1) - tied / 2)[:, self._code]
        return ranks


def _pearson_rows(counts: DoubleArray, x: DoubleArray, y: DoubleArray) -> DoubleArray:
    """Return the (B,) correlations of x with y, each (B, n) or (n,), weighted by counts; NaN for constant values."""
    total = counts.sum(axis=1, keepdims=True)
    dx = x - (counts * x).sum(axis=1, keepdims=True) / total
    dy = y - (counts * y).sum(axis=1, keepdims=True) / total
    weighted = counts * dx
    xx, xy = np.einsum("bn,bn->b", weighted, dx), np.einsum("bn,bn->b", weighted, dy)
    yy = np.einsum("bn,bn,bn->b", counts, dy, dy)
    # What rounding leaves of a constant is some 1e-32 of its square.
    constant = (xx <= 1e-24 * (counts * x * x).sum(axis=1)) | (yy <= 1e-24 * (counts * y * y).sum(axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(constant, np.nan, np.clip(xy / np.sqrt(xx * yy), -1, 1))


def _tau_b(counts: DoubleArray, x: DoubleArray, y: DoubleArray) -> float:
    """Return tau-b of one resample; SciPy answers NaN for constant values."""
    times = counts.astype(np.int64)
    return float(scipy.stats.kendalltau(np.repeat(x, times), np.repeat(y, times), method="asymptotic").statistic)


def _fitted(counts: DoubleArray, x: DoubleArray, y: DoubleArray, grid: StartGrid) -> tuple[float, float]:
    """Return the signed PLCC and the RMSE (in standard deviations of y) after the fit to one resample, or NaN."""
    drawn = counts > 0
    c, u, v = counts[drawn], x[drawn], y[drawn]
    if len(c) < MIN_PAIRS_FIT or np.ptp(u) == 0 or np.ptp(v) == 0:
        return np.nan, np.nan
    curve = fit_curve(x, y, grid=grid, weights=counts)
    if curve is None:
        return np.nan, np.nan
    values = curve(u)
    r = 0.0 if np.ptp(values) <= 1e-9 * np.ptp(v) else float(_pearson_rows(c[None], values, v)[0])
    return curve.direction * r, float(np.sqrt(np.average((values - v) ** 2, weights=c)))


def _interval(name: Statistic, values: DoubleArray, level: float, n_units: int) -> Interval:
    """Return the percentile interval of the defined ones of (n_resamples,) values."""
    defined = values[np.isfinite(values)]
    if len(defined) < 0.9 * len(values):
        raise ValidationError(
            f"{name} is undefined on {len(values) - len(defined)} of {counted(len(values), 'resample')}: values "
            f"repeat too much",
            "report the figure without an interval, or use more groups",
        )
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, len(defined), n_units)
