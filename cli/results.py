"""Files that `score` wrote, read again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import quasar_index as qi
from quasar_index.errors import reason

from .ranking import score_columns

ENDINGS = (".csv", ".jsonl", ".parquet")


@dataclass
class Scored:
    """Images with their scores.

    Attributes:
        paths: As they were given.
        scores: Higher is better; None where there is none.
        familiarity: In [0, 1]; None where none is known of any.
    """

    paths: list[str]
    scores: list[float | None]
    familiarity: list[float | None] | None = None


def is_result(sources: Sequence[Any] | None) -> bool:
    """Tell whether what is named is a file of scores rather than images."""
    return len(sources or ()) == 1 and PurePosixPath(str((sources or ("",))[0])).suffix.lower() in ENDINGS


def read_scores(file: str, rating: str | None) -> Scored:
    """Read the paths and scores of a result file.

    Args:
        file: .csv, .jsonl or .parquet with the columns `path` and `score`.
        rating: Rating of which the scores are, where there are several (`score_NAME`); None for the only one.

    Raises:
        DataError: When it cannot be read, or has no such columns, or a score is no number.
    """
    from quasar_index.datasets.label_files import read_table

    try:
        table = read_table(Path(file).read_bytes(), file)
    except OSError as error:
        raise qi.DataError(f"'{file}' cannot be read ({reason(error)})", "check the path") from error
    by = _score_column(file, list(table.columns), rating)
    familiarity = by.replace("score", "familiarity", 1)
    known = familiarity if familiarity in table.columns else "familiarity"
    return Scored(
        [str(path) for path in table.values("path")],
        _numbers(by, table),
        _numbers(known, table) if known in table.columns else None,
    )


def _score_column(file: str, columns: list[str], rating: str | None) -> str:
    """Find the column of the scores."""
    scores = score_columns(columns)
    by = f"score_{rating}" if rating else scores[0] if len(scores) == 1 else "score"
    if "path" in columns and by in columns:
        return by
    if "path" in columns and rating is None and len(scores) > 1:
        names = ", ".join(name.removeprefix("score_") for name in scores)
        raise qi.DataError(f"'{file}' has scores of several ratings: {names}", "name one of them by --rating")
    missing = " and ".join(name for name in ("path", by) if name not in columns)
    raise qi.DataError(
        f"'{file}' has no column {missing}: it has {', '.join(columns[:8]) or 'none'}",
        "name a file that 'quasar-index score --output' wrote",
    )


def _numbers(column: str, table: Any) -> list[float | None]:
    """Return the numbers of a column; None where a cell is empty."""
    found: list[float | None] = []
    for row, value in enumerate(table.values(column)):
        try:
            number = None if value is None or value == "" else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if number is not None and not math.isfinite(number):
            raise qi.DataError(f"{table.where(row)}: '{value}' in the column {column} is no number", "mend the file")
        found.append(number)
    return found
