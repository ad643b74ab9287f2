"""A shard on its way: how often its worker died, and, after the first time, which row it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import DataError, counted
from .inputs import Row

DIED = "its worker died three times"
"""The error of an image that no worker survived."""
MOST_ASIDE = 16
"""Rows of a shard that may kill a worker before it is the machines that are at fault."""


@dataclass
class ShardTask:
    """A shard that is to be done.

    As a whole, until its worker died once. Then row by row, so that it is known which one kills: that one is set aside,
    and tried once more, alone, when the rest has been done.

    Attributes:
        shard: Its rows.
        rows: The rows themselves, while it is on its way.
        n_told: Rows of it that were reported as done.
        is_careful: Whether it goes row by row.
        results: Of each row that was done so, its result.
        aside: Places of rows that have killed a worker, in order; and the machines that it was on.
    """

    shard: range
    rows: Sequence[Row] = ()
    n_told: int = 0
    is_careful: bool = False
    results: dict[int, Any] = field(default_factory=dict)
    aside: dict[int, list[str]] = field(default_factory=dict)
    row: int = 0

    def next_row(self) -> int | None:
        """Return the place of the row that is to be done now; None when all are done."""
        while self.row < len(self.rows) and (self.row in self.results or self.row in self.aside):
            self.row += 1
        if self.row < len(self.rows):
            return self.row
        return next((place for place in self.aside if place not in self.results), None)

    def note_death(self, place: int, node: str) -> bool:
        """Take note that a row has killed its worker; return whether that was the last time.

        Raises:
            DataError: When it is too many rows for it to be their fault.
        """
        self.aside.setdefault(place, []).append(node)
        if len(self.aside) > MOST_ASIDE:
            raise DataError(
                f"workers die again and again, at {counted(len(self.aside), 'image')} of one shard",
                "look at the memory of the machines; the same command goes on where it stopped",
            )
        return len(self.aside[place]) >= 2  # beside the death that the whole shard had

    def in_order(self) -> list[Any]:
        """Return the results of all rows."""
        return [self.results[place] for place in range(len(self.rows))]
