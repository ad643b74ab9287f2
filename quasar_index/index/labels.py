"""The labels of anchors: which side each is on, its opinion score scaled to [0, 1], what the manifest says of that.

Builds and edits both come here, so that an index that grew is the same as one that was built at once. Sources of one
name are one source: its anchors are divided and scaled together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ..anchors import divide_at_median
from ..arrays import BoolArray, DoubleArray
from ..datasets.base import AnchorSource
from ..errors import DataError
from .manifest import SourceRecord


@dataclass(frozen=True)
class Labels:
    """The labels of n anchors.

    Attributes:
        is_good: (n,) sides.
        quality: (n,) float64, scores scaled to [0, 1], higher is better; NaN where there is none. Scores beyond the
            declared range lie beyond [0, 1].
        threshold: Raw median at which the sides divide; None with "reference", or without anchors.
        score_range: Raw scores that map to 0 and 1 (the other way round where lower is better); None without scores.
    """

    is_good: BoolArray
    quality: DoubleArray
    threshold: float | None
    score_range: tuple[float, float] | None


def label(
    scores: DoubleArray,
    declared_good: BoolArray,
    *,
    division: str,
    lower_is_better: bool = False,
    fixed_range: tuple[float, float] | None = None,
    fixed_threshold: float | None = None,
) -> Labels:
    """Divide the anchors of one source into sides and scale their scores.

    Args:
        scores: (n,) float64 raw scores, NaN where there is none.
        declared_good: (n,) sides that the data declare; used with the division "reference" only.
        division: "median" or "reference" (see `AnchorSource`).
        lower_is_better: Direction of the raw score.
        fixed_range: Raw scores that map to the ends of [0, 1]; None to use the observed ones.
        fixed_threshold: Raw score at which to divide instead of the median; used with the division "median" only.

    Returns:
        The labels.

    Raises:
        DataError: When the median divides nothing: a score is missing, or none lies above the median.
    """
    threshold = None
    good = declared_good
    if division == "median":
        good = np.zeros(len(scores), dtype=np.bool_)
        if fixed_threshold is not None:
            if np.isnan(scores).any():
                raise DataError(f"{int(np.isnan(scores).sum())} anchors have no opinion score", "rate or drop them")
            threshold = fixed_threshold
            good = scores < threshold if lower_is_better else scores > threshold
        elif len(scores):
            good, median = divide_at_median(-scores if lower_is_better else scores)
            threshold = -median if lower_is_better else median
    rated = scores[~np.isnan(scores)]
    if not len(rated):
        return Labels(good, np.full(len(scores), np.nan), threshold, None)
    low, high = fixed_range or (float(rated.min()), float(rated.max()))
    span = high - low or 1.0
    quality = (high - scores if lower_is_better else scores - low) / span
    return Labels(good, quality, threshold, (low, high))


def label_sources(
    table: pa.Table, records: Mapping[str, SourceRecord]
) -> tuple[BoolArray, DoubleArray, tuple[SourceRecord, ...]]:
    """Label all anchors of an index, each source by its own rule.

    Args:
        table: The anchors: columns `dataset`, `score` and `side` (which counts with the division "reference" only).
        records: The rule of each source, by name, and what else stays as it is.

    Returns:
        (N,) sides, (N,) qualities, and the records with threshold, range and counts as they are now, in the same order.

    Raises:
        DataError: When the median of a source divides nothing.
    """
    encoded = table["dataset"].combine_chunks().dictionary_encode()
    numbers = encoded.indices.to_numpy(zero_copy_only=False)
    number_of = {name: number for number, name in enumerate(encoded.dictionary.to_pylist())}
    scores = table["score"].to_numpy().astype(np.float64)
    good = np.asarray(table["side"].to_numpy() == "good", dtype=np.bool_)
    quality = np.full(len(good), np.nan)
    found: list[SourceRecord] = []
    for name, record in records.items():
        rows = np.flatnonzero(numbers == number_of.get(name, -1))
        try:
            labels = label(
                scores[rows],
                good[rows],
                division=record.division,
                lower_is_better=record.lower_is_better,
                fixed_range=record.fixed_range,
                fixed_threshold=record.fixed_threshold,
            )
        except DataError as error:
            raise DataError(f"{name}: {error.message}", error.hint) from error
        good[rows], quality[rows] = labels.is_good, labels.quality
        n_good = int(labels.is_good.sum())
        found.append(
            replace(
                record,
                # a fixed range stays, also where no score is left
                score_range=record.fixed_range or labels.score_range,
                threshold=labels.threshold,
                n_good=n_good,
                n_bad=len(rows) - n_good,
            )
        )
    return good, quality, tuple(found)


def record_of(source: AnchorSource) -> SourceRecord:
    """Return the record of a source of which nothing is labelled yet."""
    kept_threshold, kept_range = source.kept_division or (None, None)
    return SourceRecord(
        name=source.name,
        kind=source.kind,
        division=source.division,
        lower_is_better=source.lower_is_better,
        score_range=source.score_range or kept_range,
        threshold=kept_threshold,
        n_good=0,
        n_bad=0,
        checksums=dict(source.checksums),
        range_is_declared=source.score_range is not None,
        kept=source.kept_division is not None,
    )


def join_records(records: Iterable[SourceRecord]) -> dict[str, SourceRecord]:
    """Make one record of those of one name.

    Args:
        records: Of sources that come together in an index; a declared score range holds for all of its name.

    Returns:
        The records by name, in order.

    Raises:
        DataError: When two of one name differ in kind, division, direction or declared range.
    """
    joined: dict[str, SourceRecord] = {}
    for record in records:
        known = joined.setdefault(record.name, record)
        if known is record:
            continue
        for what in ("kind", "division", "lower_is_better", "declared_range"):
            mine, theirs = getattr(known, what), getattr(record, what)
            if mine != theirs and not (what == "declared_range" and None in (mine, theirs)):
                raise DataError(
                    f"two data sets called '{record.name}' differ in {what.replace('_', ' ')}: {mine} and {theirs}",
                    "give one of them another name, ?name=NAME",
                )
        joined[record.name] = replace(
            known,
            score_range=known.declared_range or record.declared_range or known.score_range,
            range_is_declared=known.range_is_declared or record.range_is_declared,
            kept=_stays_kept(known, record),
            n_failed=known.n_failed + record.n_failed,
            n_duplicates=known.n_duplicates + record.n_duplicates,
            checksums={**known.checksums, **record.checksums},
        )
    return joined


def _stays_kept(known: SourceRecord, other: SourceRecord) -> bool:
    """Return whether a joined source keeps the division of a subset.

    It does when data are added that no index has divided yet, or with a subset that was divided in the same way; with
    anchors that were divided otherwise, all are divided anew at their common median.
    """
    if not known.kept:
        return False
    if other.kept:
        return (other.threshold, other.score_range) == (known.threshold, known.score_range)
    return other.n_good + other.n_bad == 0
