"""The rows of a label table that can be used: those that name an image and have a score."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from ..errors import DataError, counted
from .label_numbers import read_numbers
from .score_names import split_columns
from .spec import Options
from .tables import LabelTable

MISSING_OPTIONS = ("refuse", "drop")


def _kept_as_text(table: LabelTable, used: AbstractSet[str | None]) -> list[str]:
    """Return a warning for each further column whose numbers only an option can read."""
    warnings = []
    for name in table.columns:
        cells = [cell for cell in table.values(name) if isinstance(cell, str)] if name not in used else []
        if any("," in cell for cell in cells):
            read = read_numbers(cells, table.form)
            if read.readings and not read.wrong:
                cell = cells[read.doubtful[0]].strip()
                options = " or ".join(f"?{style.option}" for style in read.readings)
                warnings.append(f"{table.file}: '{name}' is kept as text, as '{cell}' is a number by {options} only")
    return warnings


def usable_rows(
    table: LabelTable,
    options: Options,
    *,
    image: str | None = None,
    score: str | None = None,
    bounds: tuple[float, float] | None = None,
) -> tuple[LabelTable, list[int]]:
    """Return the table without the rows that cannot be used, its scores as numbers.

    Rows without a name or a score are refused, or left out with `?missing=drop`, which the warnings count. Where
    problems are collected, rows that have one are left out.

    Args:
        table: A row an image or a rating.
        options: `missing` is used.
        image: Column of the names; None where images are not named by a column.
        score: Column of the scores; None for none.
        bounds: Lowest and highest score allowed.

    Returns:
        The table, and the rows of the old one that are left.

    Raises:
        DataError: When a row cannot be used: all rows of one kind, with their lines; or none is left.
    """
    drop = options.one_of("missing", MISSING_OPTIONS) == "drop"
    lost: set[int] = set()
    warnings = list(table.warnings)

    def without(rows: Sequence[int], what: str) -> None:
        lost.update(rows)
        if drop and rows:
            what_was = counted(len(rows), f"row without {what} was", f"rows without {what} were", form=",")
            warnings.append(f"{table.file}: {what_was} dropped ({table.places(rows)})")

    hint = "?missing=drop leaves such rows out"
    if image is not None:
        empty = [row for row, text in enumerate(table.text(image)) if not text.strip()]
        if not drop:
            table.report(
                empty, f"column '{image}' is empty", f"rows have no '{image}'", f"fill it in; {hint}", "missing=drop"
            )
        without(empty, f"'{image}'")
    if score is not None:
        missing = [row for row in table.missing(score) if row not in lost]
        if not drop:
            shown = f"'{score}'" if score.casefold() != "score" else "score"
            table.report(missing, f"{shown} is missing", f"rows have no {shown}", f"fill it in; {hint}", "missing=drop")
        without(missing, f"'{score}'")
        table = table.as_numbers(score, bounds)
        warnings += [text for text in table.warnings if text not in warnings]
        wrong = np.flatnonzero(np.isnan(table.columns[score].to_numpy(zero_copy_only=False))).tolist()
        lost.update(wrong)
    warnings += _kept_as_text(table, {image, score, *split_columns(options.text("ratings") or "")})
    table = replace(table, warnings=tuple(warnings))
    if not lost:
        return table, list(range(len(table)))
    kept = [row for row in range(len(table)) if row not in lost]
    if not kept:
        raise DataError(
            f"{table.file}: no row is left that names an image and has a score", "is this the right column?"
        )
    return table.take(kept), kept
