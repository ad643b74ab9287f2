"""What an evaluation found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..arrays import DoubleArray
from ..methods.method import Method
from ..statistics.bootstrap import PairedDifference, Statistic

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN: tuple[Statistic, ...] = ("srcc", "krcc", "plcc", "plcc_fitted", "rmse_fitted")
"""The statistics of an evaluation; the raw RMSE is none of them, as scores are not on the scale of ratings."""
FITTED: tuple[Statistic, ...] = ("plcc_fitted", "rmse_fitted")
"""Those after the logistic fit."""
BREAKDOWN_PAIRS = 3
"""Fewest images of a part that gets a correlation of its own."""


@dataclass(frozen=True)
class Figure:
    """A statistic and its bootstrap interval.

    Attributes:
        value: The statistic, signed; None where it is undefined (no logistic fit).
        low: Lower end of the interval; None where there is none (fewer than 10 images or 5 groups).
        high: Upper end.
        at_bound: Whether it comes from a logistic fit that is as steep as the scores allow.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    at_bound: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one method reached.

    Attributes:
        method: What scores.
        scores: (n,) its scores.
        figures: By statistic: srcc, krcc, plcc, plcc_fitted, rmse_fitted (in units of the ratings).
        difference: SRCC minus that of the first method on the same resamples; None for the first itself, and
            where there is no interval.
        index: What the index is called beside others; None where there is one alone.
    """

    method: Method
    scores: DoubleArray
    figures: Mapping[Statistic, Figure]
    difference: PairedDifference | None = None
    index: str | None = None

    @property
    def label(self) -> str:
        """Short name of the method, after that of its index where there are several."""
        return str(self.method) if self.index is None else f"{self.index}: {self.method}"

    @property
    def fit_at_bound(self) -> bool:
        """Whether the logistic fit is as steep as the scores allow."""
        return any(figure.at_bound for figure in self.figures.values())


@dataclass(frozen=True)
class Breakdown:
    """The images with one value of a column.

    Attributes:
        column: Name of the column.
        value: Its value.
        n: Number of images.
        srcc: One a method; None where fewer than 3 images, or constant values, allow none.
    """

    column: str
    value: str
    n: int
    srcc: tuple[float | None, ...]


@dataclass(frozen=True)
class EvaluationReport:
    """Methods evaluated on the same images.

    Attributes:
        outcomes: One a method, the first is what the others are compared with.
        quality: (n,) ratings of the images that were scored, higher is better.
        n_failed: Images that could not be embedded.
        n_unrated: Images without a rating, which were left out.
        n_anchors: Anchors, before any were excluded for an image.
        n_folds: Sets of images that were scored against anchors of their own; 1 where nothing was excluded.
        n_units: Groups that were resampled for the intervals, or images where there are no groups.
        grouped: Whether groups were resampled.
        n_resamples: Number of resamples.
        level: Nominal coverage of the intervals.
        seed: Of the resamples.
        protocol: How it was done, in words.
        n_overlap: Images that were scored although they, or other versions of them, are among their anchors.
        breakdowns: Parts of the images, by column.
        failures: Path and reason of each failed image.
        unit: What was resampled: a column's name, "group" where it has none, or "image".
        columns: By name, n values of what is known of the images: path, id, group, fold and further ones.
        notes: What the reader should know.
    """

    outcomes: tuple[Outcome, ...]
    quality: DoubleArray
    n_anchors: int
    n_folds: int
    n_units: int
    grouped: bool
    n_resamples: int
    level: float
    seed: int = 0
    n_failed: int = 0
    n_unrated: int = 0
    protocol: str = ""
    n_overlap: int = 0
    breakdowns: tuple[Breakdown, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    unit: str = "image"
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = field(default=())

    @property
    def n_scored(self) -> int:
        """Number of images that were scored."""
        return len(self.quality)

    def to_arrow(self) -> pa.Table:
        """Return what the methods reached as a `pyarrow.Table`, for pandas or Polars.

        Returns:
            One row a method: index, method, and for each statistic its value, NAME_low and NAME_high (float64, null
            where there is none); srcc_minus_first with its low and high; n_scored.
        """
        import pyarrow as pa

        columns: dict[str, Any] = {
            "index": pa.array([one.index for one in self.outcomes], pa.string()),
            "method": pa.array([str(one.method) for one in self.outcomes], pa.string()),
        }
        for name in dict.fromkeys(name for one in self.outcomes for name in one.figures):
            figures = [one.figures.get(name, Figure(None)) for one in self.outcomes]
            for ending, part in (("", "value"), ("_low", "low"), ("_high", "high")):
                columns[name + ending] = pa.array([getattr(one, part) for one in figures], pa.float64())
        paired = [one.difference for one in self.outcomes]
        differences = {
            "": [one and one.difference for one in paired],
            "_low": [one and one.interval.low for one in paired],
            "_high": [one and one.interval.high for one in paired],
        }
        for ending, values in differences.items():
            columns[f"srcc_minus_first{ending}"] = pa.array(values, pa.float64())
        columns["n_scored"] = pa.array([self.n_scored] * len(self.outcomes), pa.int64())
        return pa.table(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without the scores."""
        return {
            "n_scored": self.n_scored,
            "n_failed": self.n_failed,
            "n_unrated": self.n_unrated,
            "n_anchors": self.n_anchors,
            "n_folds": self.n_folds,
            "n_overlap": self.n_overlap,
            "protocol": self.protocol,
            "interval": {
                "level": self.level,
                "n_resamples": self.n_resamples,
                "seed": self.seed,
                "n_units": self.n_units,
                "grouped": self.grouped,
                "resampled": self.unit,
            },
            "methods": [_outcome(one) for one in self.outcomes],
            "breakdowns": [
                {
                    "column": part.column,
                    "value": part.value,
                    "n": part.n,
                    "srcc": dict(zip((one.label for one in self.outcomes), part.srcc, strict=True)),
                }
                for part in self.breakdowns
            ],
            "notes": list(self.notes),
            "failures": [{"path": path, "error": error} for path, error in self.failures],
        }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    figures: dict[str, Any] = {
        name: {"value": figure.value, "low": figure.low, "high": figure.high}
        for name, figure in outcome.figures.items()
    }
    paired = outcome.difference
    difference = paired and {
        "value": paired.difference,
        "low": paired.interval.low,
        "high": paired.interval.high,
    }
    return {
        "label": outcome.label,
        "index": outcome.index,
        "method": str(outcome.method),
        **figures,
        "fit_at_bound": outcome.fit_at_bound,
        "srcc_minus_first": difference,
    }
