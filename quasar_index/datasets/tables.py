"""Label files as tables that remember the line of every row, so that an error can name it."""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..arrays import DoubleArray
from ..errors import DataError, counted, first_line
from .base import concat_text

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " ", "pipe": "|", "\\t": "\t"}
_DECIMAL_COMMA = re.compile(r"^\s*[-+]?\d+,\d+\s*$")
_LEADING_ZERO = re.compile(r"^[-+]?0\d")


@dataclass(frozen=True)
class LabelTable:
    """A label file: columns of equal length, and where each row stands.

    Attributes:
        file: Name of the file in messages.
        columns: Column name to its values: text from CSV, typed values from JSONL or a workbook, Arrow arrays
            from Parquet.
        lines: Line (CSV, JSONL) or row number (Parquet, .mat), from 1, of each row.
        unit: "line" or "row", for messages.
        decimal_comma: Whether `3,5` is a number: so only in files with semicolons between fields.
    """

    file: str
    columns: Mapping[str, Any]
    lines: Sequence[int]
    unit: str = "line"
    decimal_comma: bool = field(default=False, compare=False)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    def where(self, row: int) -> str:
        """Name the place of a row: `labels.csv line 17`."""
        return f"{self.file} {self.unit} {self.lines[row]}"

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

    def values(self, name: str) -> list[Any]:
        """Return a column as Python values."""
        values = self.columns[name]
        return list(values.to_pylist() if isinstance(values, (pa.Array, pa.ChunkedArray)) else values)

    def text(self, name: str) -> list[str]:
        """Return a column as text; null becomes ''."""
        return ["" if value is None else str(value) for value in self.values(name)]

    def names(self, name: str) -> list[str]:
        """Return a column of image names.

        Raises:
            DataError: On an empty name, with its line.
        """
        values = self.text(name)
        for row, value in enumerate(values):
            if not value.strip():
                raise DataError(f"{self.where(row)}: column '{name}' is empty", "name the image or drop the line")
        return values

    def numbers(self, name: str, bounds: tuple[float, float] | None = None, *, what: str = "score") -> DoubleArray:
        """Return a column as finite numbers.

        Args:
            name: The column.
            bounds: Lowest and highest value allowed.
            what: What the numbers are, for messages.

        Raises:
            DataError: At the first value that is empty, no number, not finite or out of bounds: its line.
        """
        values = np.empty(len(self))
        for row, value in enumerate(self.values(name)):
            values[row] = self._number(value, row, what)
        if bounds is not None:
            low, high = bounds
            outside = np.flatnonzero((values < low) | (values > high))
            if len(outside):
                row = int(outside[0])
                more = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
                raise DataError(
                    f"{self.where(row)}: {what} {values[row]:g} is outside {low:g} to {high:g}{more}",
                    "mend the label, or check that this is the column and the scale you mean",
                )
        return values

    def _number(self, value: Any, row: int, what: str) -> float:
        if value is None or (isinstance(value, str) and not value.strip()):
            raise DataError(f"{self.where(row)}: {what} is empty", "fill it in or drop the line")
        if isinstance(value, str) and self.decimal_comma and _DECIMAL_COMMA.match(value):
            value = value.replace(",", ".")
        try:
            # float() takes digit groups such as 1_000, which no label file means as a number
            if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
                raise TypeError
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise DataError(
                f"{self.where(row)}: {what} '{str(value)[:80]}' is not a number", "mend the line or drop it"
            ) from None
        if not math.isfinite(number):
            raise DataError(f"{self.where(row)}: {what} is {number:g}", "mend the line or drop it")
        return number

    def typed(self, name: str) -> pa.Array:
        """Return a column as an Arrow array; text that is all numbers or all true/false becomes so."""
        values = self.columns[name]
        if isinstance(values, (pa.Array, pa.ChunkedArray)):
            return values
        if all(value is None or isinstance(value, str) for value in values):
            return _infer([value or None for value in values])
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


def _infer(values: list[str | None]) -> pa.Array:
    text = pa.array(values, pa.string())
    if text.null_count == len(text):
        return text
    # 00012 is a name, not the number 12
    if not any(value and _LEADING_ZERO.match(value) and "." not in value for value in values):
        for kind in (pa.int64(), pa.float64()):
            with suppress(pa.ArrowInvalid):
                return text.cast(kind)
    if all(value is None or value.lower() in ("true", "false") for value in values):
        return pa.array([None if value is None else value.lower() == "true" for value in values])
    return text


def decode(content: bytes, file: str, encoding: str | None = None) -> str:
    """Decode a label file; a byte order mark is understood and dropped.

    Raises:
        DataError: On bytes that are not of the encoding, with their line.
    """
    if encoding is None:
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = "utf-16" if utf16 else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{file} line {line}: not {error.encoding} text", "name its encoding, such as ?encoding=latin-1"
        ) from error
    except (LookupError, ValueError) as error:
        raise DataError(f"unknown encoding '{encoding}'", "such as utf-8, latin-1 or cp1252") from error


def read_csv(
    content: bytes,
    file: str,
    *,
    header: Sequence[str] | None = None,
    sep: str | None = None,
    encoding: str | None = None,
) -> LabelTable:
    """Read delimited text, strictly: every row has as many fields as the header, quotes are closed.

    Args:
        content: The file's bytes; any line ends, with or without a byte order mark.
        file: Its name, for messages.
        header: Column names of a file without a header line.
        sep: Field separator; None to take it from the first line: the most frequent of comma, semicolon and
            tab outside quotes. "space" separates at any run of blanks.
        encoding: Text encoding; None for UTF-8 (UTF-16 by its byte order mark).

    Returns:
        The table; blank lines are skipped, blanks around column names are dropped.

    Raises:
        DataError: With the line of the first row that does not fit.
    """
    text = decode(content, file, encoding)
    sep = SEPARATORS.get(sep, sep) if sep else _sniff(text)
    if len(sep) != 1:
        raise DataError(f"separator '{sep}' is not one character", f"one of {', '.join(SEPARATORS)}")
    rows, lines = _split_rows(text, file, sep)
    if header is None:
        if not rows:
            raise DataError(f"{file} is empty", "a header line and a line an image are expected")
        header, rows, lines = [name.strip() for name in rows[0]], rows[1:], lines[1:]
        twice = sorted({name for name in header if header.count(name) > 1 and name})
        if twice:
            raise DataError(f"{file} line 1: column {concat_text(twice)} stands twice", "rename one of them")
    width = len(header)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise DataError(
                f"{file} line {line}: {counted(len(row), 'field')}, {width} expected ({', '.join(header)})",
                "quote a name that holds the separator",
            )
    by_column = zip(*rows, strict=True) if rows else ([] for _ in header)
    columns = {name: list(values) for name, values in zip(header, by_column, strict=True) if name or width == 1}
    return LabelTable(file, columns, lines, decimal_comma=sep == ";")


def _split_rows(text: str, file: str, sep: str) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    if sep == " ":  # the authors' own text files: any number of blanks, no quotes
        for number, line in enumerate(text.splitlines(), 1):
            if fields := line.split():
                rows.append(fields)
                lines.append(number)
        return rows, lines
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sep, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return rows, lines
        except csv.Error as error:
            raise DataError(f"{file} line {start}: {error}", "close the quotes of this line") from error
        if fields and any(cell.strip() for cell in fields):
            rows.append(fields)
            lines.append(start)


def _sniff(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t", key=bare.count)


def read_jsonl(content: bytes, file: str, *, encoding: str | None = None) -> LabelTable:
    """Read JSON lines: one object a line; keys missing in a line are null there.

    Raises:
        DataError: With the line that is not a JSON object.
    """
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    for number, line in enumerate(decode(content, file, encoding).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "\\u" in line:
                json.dumps(row, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{file} line {number}: not JSON ({first_line(error)})", "mend the line or drop it"
            ) from error
        if not isinstance(row, dict):
            raise DataError(f"{file} line {number}: not a JSON object", 'one {"image": ..., "score": ...} a line')
        rows.append(row)
        lines.append(number)
    names = dict.fromkeys(name for row in rows for name in row)
    return LabelTable(file, {name: [row.get(name) for row in rows] for name in names}, lines)


def read_parquet(content: bytes, file: str) -> LabelTable:
    """Read a Parquet table.

    Raises:
        DataError: When it is not Parquet.
    """
    try:
        table = pq.read_table(pa.BufferReader(content))
        check_arrow(table)
    except Exception as error:
        # Beside Arrow's own errors UnicodeDecodeError, OverflowError, ... by the kind of damage.
        raise DataError(f"{file} is not a Parquet file: {first_line(error)}") from error
    return from_arrow(table, file)


def check_arrow(table: pa.Table) -> None:
    """Look at all of a table that a stranger's file holds; Arrow itself trusts offsets, names and text.

    Raises:
        Exception: Any of Arrow's, or UnicodeDecodeError.
    """
    table.validate(full=True)
    _ = table.column_names  # decoded only now


def from_arrow(table: pa.Table, file: str) -> LabelTable:
    """Wrap an Arrow table; its columns keep their types."""
    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    return LabelTable(file, columns, range(1, table.num_rows + 1), unit="row")


def read_table(content: bytes, file: str, *, sep: str | None = None, encoding: str | None = None) -> LabelTable:
    """Read a label file by the ending of its name: .csv, .tsv, .txt, .jsonl, .ndjson or .parquet.

    Raises:
        DataError: On any other ending, and as the reader of the format.
    """
    ending = file.lower().rsplit(".", 1)[-1]
    if ending in ("jsonl", "ndjson"):
        return read_jsonl(content, file, encoding=encoding)
    if ending == "parquet":
        return read_parquet(content, file)
    if ending in ("csv", "tsv", "txt"):
        return read_csv(content, file, sep=sep or ("tab" if ending == "tsv" else None), encoding=encoding)
    raise DataError(f"{file} is not a label file", "one of .csv, .tsv, .jsonl or .parquet")


def drop_repeats(
    table: LabelTable, keys: Sequence[str], scores: Sequence[float] | DoubleArray | None
) -> tuple[list[int], tuple[str, ...]]:
    """Find the rows to keep where a file names an image more than once.

    Args:
        table: The label file.
        keys: What tells an image, a row.
        scores: Score of each row; None where there is none.

    Returns:
        The rows to keep, and a warning when rows that say the same twice were dropped.

    Raises:
        DataError: When one image has two scores, with both lines.
    """
    first: dict[str, int] = {}
    dropped: list[int] = []
    for row, key in enumerate(keys):
        before = first.setdefault(key, row)
        if before == row:
            continue
        if scores is not None and scores[before] != scores[row]:
            raise DataError(
                f"{table.file}: '{key}' has score {scores[before]:g} in {table.unit} {table.lines[before]} "
                f"and {scores[row]:g} in {table.unit} {table.lines[row]}",
                "drop one of them; ratings of several people need a column 'rater'",
            )
        dropped.append(row)
    if not dropped:
        return list(range(len(keys))), ()
    shown = ", ".join(str(table.lines[row]) for row in dropped[:3])
    warning = (
        f"{table.file}: {counted(len(dropped), 'row repeats an image and was', 'rows repeat an image and were')} "
        f"dropped ({table.unit} {shown}"
        f"{', ...' if len(dropped) > 3 else ''})"
    )
    return list(first.values()), (warning,)
