"""Score columns as users name them: several, and each with its direction, as `dmos:lower`."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import DataError
from .tables import LabelTable

DIRECTIONS = {"lower": True, "higher": False}
"""Words for the direction of a score column, behind its name: `dmos:lower`."""


def score_options(columns: str | Sequence[str] | None) -> dict[str, str | None]:
    """Return the options of a source that name its score columns: the first, and further ones.

    Raises:
        DataError: When a name is empty.
    """
    names = [] if columns is None else [columns] if isinstance(columns, str) else list(columns)
    if any(not name.strip() for name in names):
        raise DataError("a score column has no name", "name a column of the label file")
    if not names:
        return {}
    first, *further = names
    # They may hold commas, so each has a line.
    return {"score": first, "ratings": "".join(f"{name}\n" for name in further) or None}


def split_columns(text: str) -> list[str]:
    """Read names of columns: with commas between them, as users write them, or one a line (`score_options`)."""
    return [name.strip() for name in text.split("\n" if "\n" in text else ",") if name.strip()]


def with_direction(table: LabelTable, text: str) -> tuple[str, bool | None]:
    """Read `COLUMN`, `COLUMN:lower` or `COLUMN:higher`: the column, and whether lower is better where it is said."""
    name, _, word = text.rpartition(":")
    if text in table.columns or word not in DIRECTIONS:
        return text, None
    return name, DIRECTIONS[word]
