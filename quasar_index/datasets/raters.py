"""Ratings of single people, averaged: MOS = mean, with the standard deviation and the number of ratings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from ..arrays import DoubleArray
from ..errors import counted
from .base import concat_text
from .problems import Problem
from .rater_columns import without_raters
from .spec import Options
from .tables import LabelTable

# fmt: off
RATER_COLUMNS = (
    "rater", "rater_id", "annotator", "annotator_id", "worker", "worker_id", "observer", "observer_id",
    "participant",
)
# fmt: on


@dataclass(frozen=True)
class AveragedRatings:
    """Ratings averaged by image.

    Attributes:
        table: First row of each image, with the columns that are the same in all its rows.
        paths: Image of each row.
        scores: (N,) mean rating.
        extra: `score_std` (n - 1 in the denominator; null for a single rating) and `score_n`.
        warnings: Rows and columns that were dropped.
        single: The ratings: columns `path`, `rater` and `score`.
    """

    table: LabelTable
    paths: list[str]
    scores: DoubleArray
    extra: dict[str, Any]
    warnings: tuple[str, ...]
    single: pa.Table


def average_ratings(
    table: LabelTable,
    paths: Sequence[str],
    scores: DoubleArray,
    raters: Sequence[str],
    *,
    drop: Collection[str] = (),
    options: Options | None = None,
) -> AveragedRatings:
    """Average the ratings of each image.

    Args:
        table: One row a rating.
        paths: Image of each row.
        scores: Rating of each row.
        raters: Who gave it.
        drop: Columns to leave out: those of image, score and rater.
        options: `?drop_raters=` names people whose ratings are left out.

    Raises:
        DataError: When one person rated an image twice, differently, with both lines.
    """
    kept_raters = frozenset(without_raters(raters, options or Options(), table.file))
    seen: dict[tuple[str, str], int] = {}
    repeated = 0
    by_image: dict[str, list[int]] = {}
    twice: list[tuple[int, int]] = []
    for row, key in enumerate(zip(paths, raters, strict=True)):
        if key[1] not in kept_raters:
            continue
        before = seen.setdefault(key, row)
        if before == row:
            by_image.setdefault(key[0], []).append(row)
        elif scores[before] == scores[row]:
            repeated += 1
        else:
            twice.append((before, row))
    if twice:
        before, row = twice[0]
        more = f" (and {len(twice) - 1:,} more such)" if len(twice) > 1 else ""
        text = (
            f"{table.file}: rater '{raters[row]}' gave '{paths[row]}' {scores[before]:g} in {table.unit} "
            f"{table.lines[before]} and {scores[row]:g} in {table.unit} {table.lines[row]}{more}"
        )
        table.problems.report(Problem(text, "drop one of them", len(twice)))
    groups = list(by_image.values())
    warnings = []
    if repeated:
        warnings.append(
            f"{table.file}: "
            + counted(repeated, "rating stands there twice and was", "ratings stand there twice and were")
            + " counted once"
        )

    columns, varying = {}, []
    for name in table.columns:
        if name in drop:
            continue
        values = table.text(name)
        if all(values[row] == values[rows[0]] for rows in groups for row in rows[1:]):
            columns[name] = table.columns[name]
        else:
            varying.append(name)
    if varying:
        warnings.append(
            f"{table.file}: column {concat_text(varying)} differs between ratings of an image and was dropped"
        )
    kept = replace(table, columns=columns)
    return AveragedRatings(
        table=kept.take([rows[0] for rows in groups]),
        paths=list(by_image),
        scores=np.array([scores[rows].mean() for rows in groups]),
        extra={
            "score_std": [float(scores[rows].std(ddof=1)) if len(rows) > 1 else None for rows in groups],
            "score_n": [len(rows) for rows in groups],
        },
        warnings=tuple(warnings),
        single=pa.table(
            {
                "path": pa.array([path for path, _ in seen], pa.string()),
                "rater": pa.array([rater for _, rater in seen], pa.string()),
                "score": scores[list(seen.values())],
            }
        ),
    )
