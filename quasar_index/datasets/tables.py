"""Label files as tables that remember the line of every row, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa

from ..arrays import DoubleArray
from ..errors import DataError, counted
from ..images import is_image_name
from .base import concat_text
from .label_numbers import POINT, NumberColumn, NumberForm, is_missing, read_numbers, tidy
from .problems import Problem, Problems, lines_text

_LEADING_ZERO = re.compile(r"^[-+]?0\d")
_MOST_SHOWN = 3


@dataclass(frozen=True)
class LabelTable:
    """A label file: columns of equal length, and where each row stands.

    Attributes:
        file: Name of the file in messages.
        columns: Column name to its values: text from CSV, typed values from JSON or a workbook, Arrow arrays
            from Parquet.
        lines: Line (CSV, JSON lines) or row number (Parquet, .mat), from 1, of each row.
        unit: "line" or "row", for messages.
        form: How numbers are written in its text.
        problems: Where it reports what is wrong with it.
        warnings: What the user should know of how it was read.
        advice: What to try where a column is not found.
    """

    file: str
    columns: Mapping[str, Any]
    lines: Sequence[int]
    unit: str = "line"
    form: NumberForm = field(default=NumberForm(), compare=False)
    problems: Problems = field(default_factory=Problems, compare=False, repr=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    advice: str = field(default="", compare=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    def where(self, row: int) -> str:
        """Name the place of a row: `labels.csv line 17`."""
        return f"{self.file} {self.unit} {self.lines[row]}"

    def places(self, rows: Sequence[int]) -> str:
        """Name the places of rows without the file: `lines 4, 17 and 30`."""
        return lines_text(self.unit, [self.lines[row] for row in rows])

    def report(self, rows: Sequence[int], one: str, many: str, hint: str, option: str = "") -> None:
        """Report one kind of problem of some rows.

        Args:
            rows: The rows; none is no problem.
            one: What is wrong with a single row.
            many: What is wrong with several, after their number: "scores are missing".
            hint: What to do about it.
            option: The option of the source that helps.
        """
        if len(rows) == 1:
            self.problems.report(Problem(f"{self.where(rows[0])}: {one}", hint, 1, option))
        elif rows:
            text = f"{self.file}: {len(rows):,} {many} ({self.places(rows)})"
            self.problems.report(Problem(text, hint, len(rows), option))

    def require(self, *names: str) -> None:
        """Check that columns are there.

        Raises:
            DataError: With the columns that were expected and those that were found.
        """
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise DataError(
                f"{self.file} has no column {concat_text(missing)}: expected {', '.join(names)}; "
                f"found {', '.join(self.columns) or 'none'}",
                "is this the data set's own label file, unchanged?",
            )

    def no_column(self, name: str, option: str = "") -> DataError:
        """Return the error for a column that is not there, with names near to it and the option that names one."""
        near = get_close_matches(name, self.columns, 1, 0.6)
        folded = [column for column in self.columns if column.casefold().strip() == name.casefold().strip()]
        found = (folded or near or [""])[0]
        return DataError(
            f"{self.file} has no column '{name}'" + (f", did you mean '{found}'?" if found else ""),
            f"its columns: {', '.join(self.columns) or 'none'}{self.also(option)}",
        )

    def also(self, *hints: str) -> str:
        """Return hints, and the advice of the table, to follow another text."""
        return "".join(f"; {hint}" for hint in (*hints, self.advice) if hint)

    def values(self, name: str) -> list[Any]:
        """Return a column as Python values."""
        values = self.columns[name]
        return list(values.to_pylist() if isinstance(values, (pa.Array, pa.ChunkedArray)) else values)

    def text(self, name: str) -> list[str]:
        """Return a column as text; null and NaN become ''."""
        return ["" if value is None or value != value else str(value) for value in self.values(name)]  # noqa: PLR0124

    def names(self, name: str) -> list[str]:
        """Return a column of image names.

        Raises:
            DataError: On an empty name, with its line.
        """
        values = self.text(name)
        empty = [row for row, value in enumerate(values) if not value.strip()]
        self.report(empty, f"column '{name}' is empty", f"rows have no '{name}'", "fill it in or drop the line")
        return values

    def missing(self, name: str) -> list[int]:
        """Return the rows whose number is missing."""
        return [row for row, value in enumerate(self.values(name)) if is_missing(value)]

    def numbers(self, name: str, bounds: tuple[float, float] | None = None, *, what: str = "score") -> DoubleArray:
        """Return a column as finite numbers.

        Args:
            name: The column.
            bounds: Lowest and highest value allowed.
            what: What the numbers are, for messages.

        Raises:
            DataError: On values that are empty, no number, not finite or out of bounds: all of one kind, with lines.
        """
        missing = self.missing(name)
        self.report(missing, f"{what} is missing", f"rows have no {what}", "fill it in or drop the line")
        return np.asarray(self.as_numbers(name, bounds, what=what).columns[name].to_numpy(zero_copy_only=False))

    def as_numbers(self, name: str, bounds: tuple[float, float] | None = None, *, what: str = "score") -> LabelTable:
        """Return the table with a column as numbers, null where one is missing (or wrong, when problems are collected).

        What the column tells of the decimal mark holds for the other columns, too.

        Raises:
            DataError: On values that are no number, may be two, are not finite or out of bounds: all of one kind.
        """
        cells = self.values(name)
        read = read_numbers(cells, self.form)
        if read.doubtful:
            self._report_doubt(name, what, read, tidy(str(cells[read.doubtful[0]])))
        if read.wrong:
            told = " with a decimal comma" if read.style.decimal == "," else ""
            words = concat_text(list(dict.fromkeys(str(cells[row]).strip()[:80] for row in read.wrong)))
            self.report(
                read.wrong,
                f"{what} {words} is not a number{told}",
                f"cells in '{name}' are not numbers{told}: {words}",
                "mend the line or drop it" + _advice(str(cells[read.wrong[0]])),
            )
        numbers = read.values
        if not read.readings:
            numbers[list(read.doubtful)] = np.nan
        if bounds is not None:
            low, high = bounds
            outside = np.flatnonzero((numbers < low) | (numbers > high)).tolist()
            if outside:
                self.report(
                    outside,
                    f"{what} {numbers[outside[0]]:g} is outside {low:g} to {high:g}",
                    f"rows have a {what} outside {low:g} to {high:g}, such as {numbers[outside[0]]:g}",
                    "mend the label, or check that this is the column and the scale you mean",
                )
                numbers[outside] = np.nan
        column = pa.array(numbers, pa.float64(), from_pandas=True)
        form, warnings = self.form, self.warnings
        if read.style != POINT and form.decimal is None and form.thousands is None:
            form = replace(form, decimal=read.style.decimal, thousands=read.style.thousands)
            if not read.doubtful:
                warnings += (f"{self.file}: decimal commas in '{name}' were read as decimal points",)
        return replace(self, columns={**self.columns, name: column}, form=form, warnings=warnings)

    def _report_doubt(self, name: str, what: str, read: NumberColumn, cell: str) -> None:
        """Report numbers that only an option may read, with each way to read them."""
        values = [f"{style.read(cell):.10g}" for style in read.readings]
        options = [style.option for style in read.readings]
        if len(options) > 1:
            one = f"may be {' or '.join(values)}"
            many = f"numbers in '{name}' can be read in several ways: '{cell}' as {' or '.join(values)}"
            hint = " or ".join(f"?{option} for {value}" for option, value in zip(options, values, strict=True))
        elif options:
            mark = "comma" if self.form.decimal == "," else "point"
            one = f"is not a number with a decimal {mark}"
            many = f"cells in '{name}' are not numbers with a decimal {mark}: '{cell}'"
            hint = f"?{options[0]} reads it as {values[0]}"
        else:
            one = f"is written unlike other numbers in '{name}'"
            many = f"numbers in '{name}' are written unlike the others: '{cell}'"
            hint = "write all numbers of a column one way"
        self.report(read.doubtful, f"{what} '{cell}' {one}", many, hint, (options or [""])[0])

    def typed(self, name: str) -> pa.Array:
        """Return a column as an Arrow array; text that is all numbers or all true/false becomes so."""
        values = self.columns[name]
        if isinstance(values, (pa.Array, pa.ChunkedArray)):
            if self.form.style == POINT or not pa.types.is_string(values.type):
                return values
            values = values.to_pylist()
        if all(value is None or isinstance(value, str) for value in values):
            return _infer([value or None for value in values], self.form)
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # mixed types in a workbook or in JSON lines
            return pa.array(self.text(name))

    def take(self, rows: Sequence[int]) -> LabelTable:
        """Return the table of some rows."""
        columns = {
            name: values.take(pa.array(rows, pa.int64()))
            if isinstance(values, (pa.Array, pa.ChunkedArray))
            else [values[row] for row in rows]
            for name, values in self.columns.items()
        }
        return replace(self, columns=columns, lines=[self.lines[row] for row in rows])


def _infer(values: list[str | None], form: NumberForm) -> pa.Array:
    text = pa.array(values, pa.string())
    cells = [None if value is None or is_missing(value) else tidy(value) for value in values]
    found = [cell for cell in cells if cell is not None]
    if not found:
        return pa.nulls(len(values), pa.string())
    # 00012 is a name, not the number 12
    if not any(_LEADING_ZERO.match(cell) and not {".", form.decimal} & set(cell) for cell in found):
        if form.style != POINT:
            numbers = [None if cell is None else form.style.read(cell) for cell in cells]
            if all(number is not None for number, cell in zip(numbers, cells, strict=True) if cell is not None):
                whole = not any(form.style.decimal in cell or "e" in cell.casefold() for cell in found)
                return pa.array(numbers, pa.float64()).cast(pa.int64() if whole else pa.float64())
        else:
            for kind in (pa.int64(), pa.float64()):
                with suppress(pa.ArrowInvalid):
                    return pa.array(cells, pa.string()).cast(kind)
    if all(value is None or value.lower() in ("true", "false") for value in values):
        return pa.array([None if value is None else value.lower() == "true" for value in values])
    return text


def _advice(cell: str) -> str:
    """Return what else to say of a cell that is no number."""
    text = tidy(cell)
    if text.endswith(("%", "‰")) or text[:1] in "$€£¥" or text[-1:] in "$€£¥":
        return "; write numbers without signs such as % and €"
    return ""


def check_arrow(table: pa.Table) -> None:
    """Look at all of a table that a stranger's file holds; Arrow itself trusts offsets, names and text.

    Raises:
        Exception: Any of Arrow's, or UnicodeDecodeError.
    """
    table.validate(full=True)
    _ = table.column_names  # decoded only now


def from_arrow(table: pa.Table, file: str) -> LabelTable:
    """Wrap an Arrow table; its columns keep their types, but all kinds of text are one, and categories their values."""
    columns = {name: _plain_text(table.column(name).combine_chunks()) for name in table.column_names}
    return name_index(LabelTable(file, columns, range(1, table.num_rows + 1), unit="row"))


def _plain_text(column: Any) -> Any:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        kind = pa.string()
    if pa.types.is_dictionary(column.type):
        return pa.array(column.to_pylist(), kind)
    return column if column.type == kind else column.cast(kind)


NAMELESS = "__index_level_0__"
"""The name by which pandas hands on the names of its rows."""


def name_index(table: LabelTable) -> LabelTable:
    """Return a table whose column of row names, as pandas writes it, has a name.

    It is "image" where it holds the only names of images, is left out where it counts the rows, and is "index" else.
    """
    if NAMELESS not in table.columns:
        return table
    cells = table.text(NAMELESS)
    named = any(is_image_name(cell) for cell in cells)
    others = [name for name in table.columns if name != NAMELESS]
    has_images = any(is_image_name(cell) for name in others for cell in table.text(name)[:1])
    target: str | None = "index"
    if named and not has_images and "image" not in others:
        target = "image"
    elif cells == [str(i) for i in range(len(cells))]:
        target = None
    while target in others:
        target = f"{target}_in_file"
    columns = {target if name == NAMELESS else name: column for name, column in table.columns.items()}
    return replace(table, columns={name: column for name, column in columns.items() if name is not None})


def drop_repeats(
    table: LabelTable,
    keys: Sequence[str],
    scores: Sequence[float] | DoubleArray | None,
    names: Sequence[str] | None = None,
) -> tuple[list[int], tuple[str, ...]]:
    """Find the rows to keep where a file names an image more than once.

    Args:
        table: The label file.
        keys: What tells an image, a row.
        scores: Score of each row; None where there is none.
        names: The images as the file spells them, where that differs from the keys.

    Returns:
        The rows to keep, and a warning when rows that say the same twice were dropped.

    Raises:
        DataError: When images have two scores, with their number and their lines.
    """
    first: dict[str, int] = {}
    dropped: list[int] = []
    twice: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        before = first.setdefault(key, row)
        if before == row:
            continue
        if scores is not None and scores[before] != scores[row]:
            twice.setdefault(key, [before]).append(row)
        dropped.append(row)
    if twice:
        said = [_two_scores(table, key, rows, scores, names) for key, rows in list(twice.items())[:_MOST_SHOWN]]
        more = f"; and {len(twice) - _MOST_SHOWN} more" if len(twice) > _MOST_SHOWN else ""
        several = counted(len(twice), "image has", "images have", form=",")
        head = f"{several} several scores: " if len(twice) > 1 else ""
        hint = "drop one of them; ratings of several people need a column 'rater'"
        table.problems.report(Problem(f"{table.file}: {head}{'; '.join(said)}{more}", hint, len(twice)))
    kept = [row for key, row in first.items() if key not in twice]
    dropped = [row for row in dropped if keys[row] not in twice]
    if not dropped:
        return kept, ()
    warning = (
        f"{table.file}: {counted(len(dropped), 'row repeats an image and was', 'rows repeat an image and were')} "
        f"dropped ({table.places(dropped)})"
    )
    return kept, (warning,)


def _two_scores(table: LabelTable, key: str, rows: Sequence[int], scores: Any, names: Sequence[str] | None) -> str:
    """Say which scores an image has, where, and by which names."""
    spelled = list(dict.fromkeys(names[row] for row in rows)) if names is not None else [key]
    shown = f"'{spelled[0] if len(spelled) > 1 else key}'"
    if len(spelled) > 1:
        shown += f" (also {concat_text(spelled[1:])})"
    said = [f"{scores[row]:g} in {table.unit} {table.lines[row]}" for row in rows[:_MOST_SHOWN]]
    return f"{shown} has score {' and '.join(said)}"
