"""What a few labels reached: a correlation for each method, number of labels and seed, and their spread over seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from ..methods.method import Method

if TYPE_CHECKING:
    import pyarrow as pa

FewLabelStatistic: TypeAlias = Literal["srcc", "plcc"]
FEW_LABEL_STATISTICS: tuple[FewLabelStatistic, ...] = ("srcc", "plcc")
"""The statistics of few labels, both signed."""


@dataclass(frozen=True)
class Spread:
    """Where values over seeds lie.

    Attributes:
        median: The median.
        low_quartile: A quarter of the values lies below it (linear interpolation, as NumPy's).
        high_quartile: A quarter lies above it.
        lowest: The least value.
        highest: The largest.
    """

    median: float
    low_quartile: float
    high_quartile: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class FewLabelRow:
    """One method with one number of labels.

    Attributes:
        method: What scores.
        n_labels: Anchors: images whose ratings are known.
        srcc: Signed, one a seed.
        plcc: Signed, one a seed.
        index: What the index is called beside others; None where there is one alone.
    """

    method: Method
    n_labels: int
    srcc: tuple[float, ...]
    plcc: tuple[float, ...]
    index: str | None = None

    @property
    def label(self) -> str:
        """Short name of the method, after that of its index where there are several."""
        return str(self.method) if self.index is None else f"{self.index}: {self.method}"

    def spread(self, statistic: FewLabelStatistic) -> Spread:
        """Return where the values of a statistic lie over the seeds."""
        lowest, low, median, high, highest = np.percentile(getattr(self, statistic), [0, 25, 50, 75, 100]).tolist()
        return Spread(median, low, high, lowest, highest)


@dataclass(frozen=True)
class FewLabels:
    """Methods with few labels, over the same draws.

    Attributes:
        rows: Method by method, the numbers of labels in the order that was asked for.
        seeds: Of the draws.
        n_tests: Images that were scored, one number a seed.
        n_pools: Images whose labels could be drawn, one a seed.
        n_images: Images with a rating.
        n_units: Groups, or images where there are none, that were never divided.
        unit: What these are: a column's name, "group" where it has none, or "image".
        test_share: Part of the images that was to be tested on.
        protocol: How it was done, in words.
        n_failed: Images that could not be embedded.
        n_unrated: Images without a rating, which were left out.
        failures: Path and reason of each failed image.
        notes: What the reader should know.
        draws_key: Equal for the same draws of the same images.
    """

    rows: tuple[FewLabelRow, ...]
    seeds: tuple[int, ...]
    n_tests: tuple[int, ...]
    n_pools: tuple[int, ...]
    n_images: int
    n_units: int
    unit: str
    test_share: float
    protocol: str = ""
    n_failed: int = 0
    n_unrated: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    draws_key: str = ""

    def by_seed(self) -> Iterator[dict[str, Any]]:
        """Yield a row a method, number of labels and seed, of the columns `FEW_LABEL_COLUMNS`."""
        for one in self.rows:
            for place, seed in enumerate(self.seeds):
                yield {
                    "index": one.index,
                    "method": str(one.method),
                    "n_labels": one.n_labels,
                    "seed": seed,
                    "n_pool": self.n_pools[place],
                    "n_tests": self.n_tests[place],
                    "srcc": one.srcc[place],
                    "plcc": one.plcc[place],
                }

    def to_arrow(self) -> pa.Table:
        """Return the medians and spreads as a `pyarrow.Table`, for pandas or Polars.

        Returns:
            One row a method and number of labels: index, method, n_labels, n_seeds, and for srcc and plcc STATISTIC
            (the median), _low_quartile, _high_quartile, _lowest and _highest, float64.
        """
        import pyarrow as pa

        columns: dict[str, Any] = {
            "index": pa.array([one.index for one in self.rows], pa.string()),
            "method": pa.array([str(one.method) for one in self.rows], pa.string()),
            "n_labels": pa.array([one.n_labels for one in self.rows], pa.int64()),
            "n_seeds": pa.array([len(one.srcc) for one in self.rows], pa.int64()),
        }
        for name in FEW_LABEL_STATISTICS:
            spreads = [vars(one.spread(name)) for one in self.rows]
            for part in ("median", "low_quartile", "high_quartile", "lowest", "highest"):
                title = name if part == "median" else f"{name}_{part}"
                columns[title] = pa.array([one[part] for one in spreads], pa.float64())
        return pa.table(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, with the values of every seed."""
        return {
            "protocol": self.protocol,
            "n_images": self.n_images,
            "n_failed": self.n_failed,
            "n_unrated": self.n_unrated,
            "n_units": self.n_units,
            "unit": self.unit,
            "test_share": self.test_share,
            "seeds": list(self.seeds),
            "n_tests": list(self.n_tests),
            "n_pools": list(self.n_pools),
            "rows": [
                {
                    "label": one.label,
                    "index": one.index,
                    "method": str(one.method),
                    "n_labels": one.n_labels,
                    **{
                        name: {**vars(one.spread(name)), "values": list(getattr(one, name))}
                        for name in FEW_LABEL_STATISTICS
                    },
                }
                for one in self.rows
            ],
            "notes": list(self.notes),
            "failures": [{"path": path, "error": error} for path, error in self.failures],
        }


FEW_LABEL_COLUMNS = ("index", "method", "n_labels", "seed", "n_pool", "n_tests", "srcc", "plcc")
"""Columns of `FewLabels.by_seed`."""
