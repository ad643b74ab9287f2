"""Tables in Excel workbooks (.xlsx)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from ..errors import DataError, first_line
from ..images import is_image_name
from .base import concat_text
from .problems import Problem, Problems
from .tables import NAMELESS, LabelTable, name_index
from .text_tables import DEFAULT_PROBLEMS

_LARGE_PART, _MOST_RATIO = 64 << 20, 200
"""A part of so many bytes that was packed so well is no table of a person."""
_MOST_ROWS, _MOST_CELLS = 1 << 20, 50_000_000


def read_workbook(
    content: bytes, file: str, *, sheet: str | None = None, problems: Problems = DEFAULT_PROBLEMS
) -> LabelTable:
    """Read a sheet of an Excel workbook: its first row that is not empty names the columns.

    Args:
        content: The file's bytes.
        file: Its name, for messages.
        sheet: Name of the sheet, or its number from 1; None for the first one that holds a table.
        problems: Where problems are reported.

    Returns:
        The table, with the types of the cells; formulas are the values that Excel saved; `lines` are row numbers.

    Raises:
        DataError: When it is no workbook, unpacks to too much, or has no such sheet.
    """
    from openpyxl import load_workbook

    try:
        _check_size(content, file)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = {str(one.title): one for one in book.worksheets}
        name, rows = _chosen(sheets, sheet, file)
        book.close()
    except DataError:
        raise
    except Exception as error:
        # Beside openpyxl's own errors BadZipFile, KeyError, ParseError, ... by the kind of damage.
        hint = "save it as .xlsx or .csv" if content[:4] == b"\xd0\xcf\x11\xe0" else ""
        raise DataError(f"{file} is not an Excel workbook (.xlsx): {first_line(error)}", hint) from error
    if not rows:
        raise DataError(
            f"{file} has no rows in its sheet '{name}'", f"?sheet= names one of {concat_text(list(sheets))}"
        )
    warnings = []
    while len(rows) > 2 and len(rows[0][1]) == 1 < len(rows[1][1]) and not _names_images(rows[1][1]):
        warnings.append(f"{file}: row {rows[0][0]}, '{rows[0][1][0]}', is no header and was passed over")
        rows = rows[1:]
    if _names_images(rows[0][1]):
        raise DataError(
            f"{file} row {rows[0][0]} holds data ({rows[0][1][0]}, ...) and not the names of columns",
            "write a row above it, such as image, score",
        )
    first, header = rows[0][0], ["" if cell is None else str(cell).strip() for cell in rows[0][1]]
    twice = sorted({one for one in header if header.count(one) > 1 and one})
    if twice:
        message = f"{file} row {first}: column {concat_text(twice)} stands twice"
        problems.report(Problem(message, "rename one of them", len(twice)))
    columns: dict[str, list[Any]] = {}
    width = max(len(row) for _, row in rows)
    for place in range(width):
        cells = [row[place] if place < len(row) else None for _, row in rows[1:]]
        title = header[place] if place < len(header) else ""
        if not title and place == 0:
            title = NAMELESS  # pandas writes the names of its rows so
        if title and title not in columns:
            columns[title] = cells
        elif not title and any(cell is not None for cell in cells):
            warnings.append(f"{file}: column {place + 1} has no name and was left out")
    others = [one for one in sheets if one != name]
    advice = f"?sheet= names another sheet: {concat_text(others)}" if others else ""
    if others and sheet is None:
        warnings.append(f"{file}: its sheet '{name}' was read; {advice}")
    lines = [number for number, _ in rows[1:]]
    table = LabelTable(file, columns, lines, "row", problems=problems, warnings=tuple(warnings), advice=advice)
    return name_index(table)


def _names_images(cells: tuple[Any, ...]) -> bool:
    return any(isinstance(cell, str) and is_image_name(cell) for cell in cells)


def _chosen(sheets: dict[str, Any], wanted: str | None, file: str) -> tuple[str, list[tuple[int, tuple[Any, ...]]]]:
    """Return the name and the rows of the sheet that is wanted, or of the first one with rows."""
    names = list(sheets)
    if wanted is None:
        found: list[tuple[int, tuple[Any, ...]]] = []
        chosen = (names or [""])[0]
        for name in names:
            rows = _filled(sheets[name], file)
            if any(len(cells) > 1 for _, cells in rows[:-1]):
                return name, rows
            if not found:
                chosen, found = name, rows
        return chosen, found
    same = [name for name in names if name.casefold().strip() == wanted.casefold().strip()]
    if not same and wanted.isdecimal() and 0 < int(wanted) <= len(names):
        same = [names[int(wanted) - 1]]
    if not same:
        raise DataError(f"{file} has no sheet '{wanted}'", f"its sheets: {', '.join(names) or 'none'}")
    return same[0], _filled(sheets[same[0]], file)


def _filled(sheet: Any, file: str) -> list[tuple[int, tuple[Any, ...]]]:
    """Return the rows that hold anything, with their numbers."""
    sheet.reset_dimensions()  # what a file claims of its size may be anything
    rows, n_cells = [], 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        n_cells += len(row)
        if number > _MOST_ROWS or n_cells > _MOST_CELLS:
            most = f"{_MOST_ROWS:,} rows or {_MOST_CELLS:,} cells"
            raise DataError(f"{file} has a sheet of more than {most}", "save the table alone, as .csv")
        width = max((i for i, cell in enumerate(row, 1) if cell is not None and str(cell).strip()), default=0)
        if width:
            rows.append((number, row[:width]))
    return rows


def _check_size(content: bytes, file: str) -> None:
    """Refuse a workbook of which little unpacks to much."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.infolist():
            if part.file_size > _LARGE_PART and part.file_size > _MOST_RATIO * part.compress_size:
                raise DataError(
                    f"{file}: {part.filename!a} would grow from {part.compress_size} to {part.file_size} bytes",
                    "save the table as .csv",
                )
