"""The labels of a source: constant or few values, outliers, the two sides.

    z = 0.6745 (x - median(x)) / median(|x - median(x)|),  outlier: |z| > max(3.5, Phi^-1(1 - 0.025 / n))

Source: modified z-score and 3.5, Iglewicz and Hoaglin, "How to detect and handle outliers", 1993. The second bound is
passed by chance in one of twenty data sets of normal labels, however large: of AVA's 255,530, 119 would lie beyond 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from scipy.special import ndtri

from ..arrays import DoubleArray, IntArray
from ..datasets.base import AnchorSource
from ..errors import DataError, counted
from ..index.labels import label
from ..sides import proposed_threshold
from .files import Inspection
from .report import Finding, plural, some

FEW_VALUES = 5
"""So few different scores, or fewer, look like single votes or classes and not like mean opinion scores."""
MANY_LABELS = 20
MIN_Z = 3.5
UNBALANCED = 0.4
"""A smaller share of good anchors comes from ties at the median."""


def oriented(source: AnchorSource) -> DoubleArray:
    """Return (n,) float64 scores, higher is better; NaN where there is none."""
    raw: DoubleArray = source.records["score"].to_numpy().astype(np.float64)
    return -raw if source.lower_is_better else raw


def check_labels(inspection: Inspection) -> Iterator[Finding]:
    """Report what the adapter warned of, constant and few-valued labels, and outliers."""
    source, name = inspection.source, inspection.name
    for warning in source.warnings:
        yield Finding("warning", "labels", name, warning)
    raw = source.records["score"].to_numpy().astype(np.float64)
    rows = np.flatnonzero(~np.isnan(raw))
    scores = raw[rows]
    if not len(rows):
        yield Finding("ok", "labels", name, "no opinion scores: the sides are declared")
        return
    values = np.unique(scores)
    if len(values) == 1:
        fatal = source.division == "median"
        message = (
            f"all {counted(len(rows), 'score is', 'scores are', form=',')} {values[0]:g}: is this the score column?"
        )
        yield Finding("error" if fatal else "warning", "labels", name, message, len(rows))
        return
    if len(values) <= FEW_VALUES and len(rows) >= MANY_LABELS:
        shown = ", ".join(f"{value:g}" for value in values)
        message = (
            f"{counted(len(rows), 'score has', 'scores have', form=',')} only "
            f"{counted(len(values), 'value')} ({shown}): votes or classes, not mean scores?"
        )
        yield Finding("warning", "labels", name, message, len(rows))
    else:
        better = "lower" if source.lower_is_better else "higher"
        range_ = f"{values[0]:g} to {values[-1]:g}, median {np.median(scores):g}"
        yield Finding(
            "ok", "labels", name, f"{counted(len(rows), 'score', form=',')} from {range_}; {better} is better"
        )
    yield _outliers(inspection, rows, scores)


def check_further_ratings(inspection: Inspection) -> Iterator[Finding]:
    """Report of each further rating what `check_labels` does of the first, and how many images lack it."""
    for rating in inspection.source.ratings:
        source, name = inspection.source, f"{inspection.name}, {rating.name}"
        scores = source.records[rating.name]
        place = source.records.schema.get_field_index("score")
        records = source.records.set_column(place, "score", scores.cast(pa.float64()))
        one = replace(source, name=name, records=records, lower_is_better=rating.lower_is_better, warnings=())
        yield from check_labels(replace(inspection, source=one))
        if scores.null_count:
            n = scores.null_count
            lost = counted(n, "image has no such rating", "images have no such rating", form=",")
            yield Finding("warning", "labels", name, f"{lost}, and count in no score by it", n)


def _outliers(inspection: Inspection, rows: IntArray, scores: DoubleArray) -> Finding:
    name = inspection.name
    centre = float(np.median(scores))
    spread = float(np.median(np.abs(scores - centre))) / 0.6745
    if spread == 0:
        return Finding("ok", "outliers", name, f"more than half of the scores are {centre:g}: no outlier is defined")
    z = (scores - centre) / spread
    limit = max(MIN_Z, float(-ndtri(0.025 / len(scores))))
    far = np.flatnonzero(np.abs(z) > limit)
    if not len(far):
        return Finding("ok", "outliers", name, f"no score is more than {limit:.1f} robust deviations from the median")
    far = far[np.argsort(-np.abs(z[far]), kind="stable")]
    message = (
        f"{plural(len(far), 'score is', 'scores are')} more than {limit:.1f} robust deviations from the median "
        f"{centre:g}: typing errors, or another scale?"
    )
    examples = some(f"{inspection.path(rows[i])}: {scores[i]:g} (z {z[i]:+.1f})" for i in far.tolist())
    return Finding("warning", "outliers", name, message, len(far), examples)


def _unbalanced(source: AnchorSource, which: str) -> str:
    """Say why few are good, and what would divide them better, if anything."""
    if which != "the median":
        return "two different scores divide themselves"
    raw = source.records["score"].to_numpy().astype(np.float64)
    better = proposed_threshold(raw[~np.isnan(raw)], lower_is_better=source.lower_is_better)
    return f"many scores equal the median, and count as bad; {better}"


def check_sides(inspections: Sequence[Inspection]) -> Iterator[Finding]:
    """Report how the usable images divide into good and bad ones."""
    n_good = n_bad = 0
    for inspection in inspections:
        source, name, which = inspection.source, inspection.name, ""
        usable = inspection.readable
        if not usable.any():
            continue
        if source.division == "reference":
            sides = np.array(source.records["side"].to_pylist(), dtype=object)[usable]
            good = int((sides == "good").sum())
            bad = int(usable.sum()) - good
            what = "declared"
        else:
            scores = source.records["score"].to_numpy().astype(np.float64)[usable]
            scores = scores[~np.isnan(scores)]
            lower = source.lower_is_better
            try:
                labels = label(
                    scores,
                    np.zeros(len(scores), dtype=np.bool_),
                    division="median",
                    lower_is_better=lower,
                    fixed_threshold=source.threshold,
                    must_divide=True,
                )
            except DataError as error:
                yield Finding("error", "sides", name, f"{error.message}; {error.hint}", int(usable.sum()))
                continue
            good, bad = int(labels.is_good.sum()), int((~labels.is_good).sum())
            which = "the median" if labels.threshold == np.median(scores) else "the threshold"
            what = f"good is {'below' if lower else 'above'} {which}, {labels.threshold:g}"
        n_good, n_bad = n_good + good, n_bad + bad
        message = f"{good:,} good, {bad:,} bad ({what})"
        if not good or not bad:
            yield Finding("warning", "sides", name, f"{message}: anchors of both sides are needed", good + bad)
        elif (
            source.division == "median"
            and source.threshold is None
            and good + bad >= MANY_LABELS
            and good / (good + bad) < UNBALANCED
        ):
            yield Finding("warning", "sides", name, f"{message}: {_unbalanced(source, which)}", bad)
        else:
            yield Finding("ok", "sides", name, message)
    if (n_good == 0) != (n_bad == 0):
        names = ", ".join(inspection.name for inspection in inspections)
        missing = "bad" if n_good else "good"
        yield Finding("error", "sides", names, f"no usable image is on the {missing} side", n_good + n_bad)
