"""What a sweep found: for each point the mean over draws, where draws lie, and how sure that is.

    over seeds          mean +- t_(n-1) s sqrt(1 + 1/n): where one more draw lies (Student's prediction interval)
    over test groups    quantiles of the SRCC, averaged over seeds, on resamples of the groups (percentile bootstrap)
    against random      quantiles of the SRCC minus that of random selection of the same size on the same resamples, the
                        seeds of both drawn anew with each resample

The first says how much the draw matters on these test images; the second how much these test images do; the third
whether a selector is better than random selection with both taken into account. A third interval that holds 0 is no
difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..arguments import checked
from ..arrays import DoubleArray
from ..errors import QuasarError
from .bench import Bench
from .declaration import RANDOM, Parameter, Point, Sweep, Value

if TYPE_CHECKING:
    from .state import PointResult

COLUMNS = (
    "method",
    "selector",
    "parameter",
    "value",
    "n_anchors",
    "n_seeds",
    "srcc",
    "seeds_low",
    "seeds_high",
    "bootstrap_low",
    "bootstrap_high",
    "minus_random",
    "minus_random_low",
    "minus_random_high",
)
"""Of `SweepReport.rows`."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval.

    Attributes:
        value: The figure.
        low: Lower end of the interval; None where there is none.
        high: Upper end.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether there is an interval, and 0 lies outside it."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True)
class CurvePoint:
    """One point of a curve, over all seeds.

    Attributes:
        method: Label of the method, without what varies.
        selector: Its name; empty where a parameter varies.
        parameter: What varies.
        value: Its value.
        n_anchors: Anchors that scored an image, on average.
        n_seeds: Draws; 1 where nothing is random.
        seeds: Mean SRCC over the draws, and where 95% of draws lie (at the sweep's level); no interval for one draw.
        bootstrap: The same mean, with its interval over resampled test groups; None where they are too few.
        minus_random: Mean SRCC minus that of random selection, with its interval; None for random selection itself.
        replicates: (S, B) SRCC of each draw on each resample; None where there are none.
    """

    method: str
    selector: str
    parameter: Parameter
    value: Value
    n_anchors: float
    n_seeds: int
    seeds: Estimate
    bootstrap: Estimate
    minus_random: Estimate | None
    replicates: DoubleArray | None

    @property
    def srcc(self) -> float:
        """Mean SRCC over the draws."""
        return self.seeds.value

    @property
    def standard_error(self) -> float | None:
        """Standard deviation of the mean SRCC over resamples of the test groups and of the seeds."""
        if self.replicates is None:
            return None
        return float(np.nanstd(_mean_over_draws(self.replicates, 0)))


@dataclass(frozen=True)
class SweepReport:
    """Curves.

    Attributes:
        sweep: What was asked for.
        points: By method, then selector, then value in the order of the sweep.
        protocol: What it was measured on, in words.
        n_images: Rated images.
        n_units: Groups that were resampled, or images where there are no groups.
        grouped: Whether groups were resampled.
        n_computed: Evaluations that this run computed.
        n_resumed: Evaluations that were known already.
        failures: What could not be computed, and why.
        notes: What the reader should know.
    """

    sweep: Sweep
    points: tuple[CurvePoint, ...]
    protocol: str
    n_images: int
    n_units: int
    grouped: bool
    n_computed: int
    n_resumed: int
    failures: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """Return plain rows with the columns `COLUMNS`, one a point."""
        return [
            {
                "method": point.method,
                "selector": point.selector,
                "parameter": point.parameter,
                "value": point.value,
                "n_anchors": round(point.n_anchors, 1),
                "n_seeds": point.n_seeds,
                "srcc": point.srcc,
                "seeds_low": point.seeds.low,
                "seeds_high": point.seeds.high,
                "bootstrap_low": point.bootstrap.low,
                "bootstrap_high": point.bootstrap.high,
                "minus_random": point.minus_random and point.minus_random.value,
                "minus_random_low": point.minus_random and point.minus_random.low,
                "minus_random_high": point.minus_random and point.minus_random.high,
            }
            for point in self.points
        ]

    @checked
    def curve(self, method: str, selector: str) -> list[CurvePoint]:
        """Return the points of one curve."""
        return [one for one in self.points if (one.method, one.selector) == (method, selector)]

    @property
    def curves(self) -> list[tuple[str, str]]:
        """Method and selector of each curve, in order."""
        return list(dict.fromkeys((point.method, point.selector) for point in self.points))


def summarise(
    sweep: Sweep,
    bench: Bench,
    results: Mapping[Point, PointResult],
    failures: Mapping[Point, QuasarError],
    *,
    n_computed: int,
    n_resumed: int,
) -> SweepReport:
    """Bring the draws of each point together.

    Args:
        sweep: The sweep.
        bench: What it was measured on.
        results: What was computed.
        failures: What could not be.
        n_computed: Evaluations of this run.
        n_resumed: Evaluations that were known.

    Returns:
        The curves.
    """
    draws: dict[tuple[str, str, Value], list[PointResult]] = {}
    for point, result in results.items():
        draws.setdefault((point.base, point.name, point.value), []).append(result)
    if sweep.parameter == "size":
        # Draws that all chose the same anchors are one.
        draws = {key: found[:1] if len({one.subset for one in found}) == 1 else found for key, found in draws.items()}
    # A selector of which nothing but "all anchors" is left has no curve.
    failed = {(point.base, point.name) for point in failures if point.selector is not None}
    chosen = {(point.base, point.name) for point in results if point.selector is not None}
    draws = {key: found for key, found in draws.items() if key[:2] not in failed - chosen}
    order = {key: place for place, key in enumerate(dict.fromkeys((base, selector) for base, selector, _ in draws))}
    points = []
    for base, selector, value in sorted(draws, key=lambda key: order[key[:2]]):
        found = draws[base, selector, value]
        baseline = draws.get((base, RANDOM, value)) if selector not in ("", RANDOM) and value != 1 else None
        points.append(_curve_point(sweep, (base, selector, value), found, baseline))
    n_units = len(bench.quality) if bench.groups is None else len(np.unique(bench.groups))
    notes = list(bench.notes)
    if all(point.replicates is None for point in points):
        notes.append(f"no bootstrap intervals: {n_units} {'images' if bench.groups is None else 'groups'} are too few")
    return SweepReport(
        sweep=sweep,
        points=tuple(points),
        protocol=bench.protocol,
        n_images=len(bench.quality),
        n_units=n_units,
        grouped=bench.groups is not None,
        n_computed=n_computed,
        n_resumed=n_resumed,
        failures=_grouped_failures(failures),
        notes=tuple(notes),
    )


def _curve_point(
    sweep: Sweep,
    key: tuple[str, str, Value],
    draws: Sequence[PointResult],
    baseline: Sequence[PointResult] | None,
) -> CurvePoint:
    base, selector, value = key
    values = np.array([draw.srcc for draw in draws])
    mean = float(values.mean())
    replicates = _replicates(draws)
    over_groups = None if replicates is None else replicates.mean(axis=0)
    difference = None
    if baseline is not None:
        difference = Estimate(mean - float(np.mean([draw.srcc for draw in baseline])))
        theirs = _replicates(baseline)
        if replicates is not None and theirs is not None:
            drawn = _mean_over_draws(replicates, 1) - _mean_over_draws(theirs, 2)
            difference = _percentile(difference.value, drawn, sweep.level)
    return CurvePoint(
        method=base,
        selector=selector,
        parameter=sweep.parameter,
        value=value,
        n_anchors=float(np.mean([draw.n_anchors for draw in draws])),
        n_seeds=len(draws),
        seeds=_prediction(values, sweep.level),
        bootstrap=Estimate(mean) if over_groups is None else _percentile(mean, over_groups, sweep.level),
        minus_random=difference,
        replicates=replicates,
    )


def _replicates(draws: Sequence[PointResult]) -> DoubleArray | None:
    """Return (S, B) values; None unless all draws have them."""
    found = [draw.resampled for draw in draws if draw.resampled is not None]
    return np.stack(found) if len(found) == len(draws) else None


def _mean_over_draws(replicates: DoubleArray, seed: int) -> DoubleArray:
    """Return the (B,) means over draws, the draws of (S, B) values drawn anew with replacement on every resample."""
    n_draws, n_resamples = replicates.shape
    chosen = np.random.default_rng(seed).integers(0, n_draws, size=(n_draws, n_resamples))
    return np.asarray(np.take_along_axis(replicates, chosen, axis=0).mean(axis=0))


def _prediction(values: DoubleArray, level: float) -> Estimate:
    """Return the mean of draws, and the interval in which one more would lie, within [-1, 1]."""
    n, mean = len(values), float(values.mean())
    if n < 2:
        return Estimate(mean)
    half = float(scipy.stats.t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n))
    return Estimate(mean, max(mean - half, -1.0), min(mean + half, 1.0))


def _percentile(value: float, replicates: DoubleArray, level: float) -> Estimate:
    """Return a figure with its percentile interval; without where it is undefined on more than a tenth of resamples."""
    defined = replicates[np.isfinite(replicates)]
    if len(defined) < 0.9 * len(replicates):
        return Estimate(value)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))


def _grouped_failures(failures: Mapping[Point, QuasarError]) -> tuple[tuple[str, str], ...]:
    """Say once what happened to many points."""
    found: dict[tuple[str, str, str], list[Value]] = {}
    for point, error in failures.items():
        message = error.message.removeprefix(f"{point.method}: ")  # it differs by seed
        found.setdefault((point.base, point.name or point.parameter, message), []).append(point.value)
    return tuple(
        (f"{base}, {what} {', '.join(f'{value}' for value in dict.fromkeys(values))}", message)
        for (base, what, message), values in found.items()
    )
