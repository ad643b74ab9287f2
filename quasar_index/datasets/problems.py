"""What is wrong with a label file: told at once as an error, or collected by `check`, which goes on without the rows.

A reader counts all rows with one kind of problem, reports them once, and leaves these rows out if it may go on:

    options.problems.report(Problem(...))   # raises, unless the problems are collected
    table = table.take(rows without the problem)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import DataError

MOST_LINES = 5


@dataclass(frozen=True)
class Problem:
    """One kind of problem with a label file.

    Attributes:
        message: What is wrong, with the count and the first lines.
        hint: What to do about it: the option that helps, or what to mend in the file.
        count: Number of rows (or columns, files) that it is about.
        option: The option of the source that helps, such as `missing=drop`; empty where the file must be mended.
    """

    message: str
    hint: str = ""
    count: int = 1
    option: str = ""


class Problems:
    """Where readers report: the first problem is an error."""

    def report(self, problem: Problem) -> None:
        """Raise the problem as a DataError."""
        raise DataError(problem.message, problem.hint)


@dataclass
class CollectedProblems(Problems):
    """Keeps the problems, so that reading goes on without the rows that have them.

    Attributes:
        found: In the order of the reader.
    """

    found: list[Problem] = field(default_factory=list)

    def report(self, problem: Problem) -> None:
        """Keep the problem."""
        self.found.append(problem)


def lines_text(unit: str, lines: Sequence[int]) -> str:
    """Return where rows stand: `line 4`, `lines 4, 17 and 30`, `lines 4, 17, 30, 31, 32 and 12 more`."""
    shown = [str(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        return f"{unit}s {', '.join(shown)} and {len(lines) - MOST_LINES} more"
    if len(shown) == 1:
        return f"{unit} {shown[0]}"
    return f"{unit}s {', '.join(shown[:-1])} and {shown[-1]}"
