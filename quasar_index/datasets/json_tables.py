"""Tables in JSON: an object a line, or one document in any of the forms in which people and pandas write tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import DataError, first_line
from ..images import is_image_name
from .base import concat_text
from .problems import Problems
from .tables import LabelTable
from .text_tables import DEFAULT_PROBLEMS, decode

_FORMS = 'such as [{"image": "a.png", "score": 3.5}, ...], {"image": [...], "score": [...]} or {"a.png": 3.5, ...}'


def read_jsonl(
    content: bytes, file: str, *, encoding: str | None = None, problems: Problems = DEFAULT_PROBLEMS
) -> LabelTable:
    """Read JSON lines: one object a line; keys missing in a line are null there.

    Raises:
        DataError: With the lines that are no JSON objects.
    """
    text = decode(content, file, encoding, problems)
    if text.lstrip().startswith("["):
        return read_json(content, file, encoding=encoding, problems=problems)
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = _parse(line)
        except (ValueError, RecursionError) as error:
            bad.append((number, f"not JSON ({_reason(error)})"))
            continue
        if isinstance(row, dict):
            rows.append(row)
            lines.append(number)
        else:
            bad.append((number, "not a JSON object"))
    _report(
        bad, file, "line", problems, 'mend the line or drop it; one {"image": ..., "score": ...} a line is expected'
    )
    return from_rows(rows, file, lines, "line", problems)


def read_json(
    content: bytes, file: str, *, encoding: str | None = None, problems: Problems = DEFAULT_PROBLEMS
) -> LabelTable:
    """Read one JSON document that is a table.

    The forms: an array of objects; an object of arrays; an object of path and score; an array of pairs; and those of
    pandas (`orient` records, columns, index, split, table). Around it may stand an object that holds nothing like it.

    Raises:
        DataError: When it is not JSON, or no such table.
    """
    text = decode(content, file, encoding, problems)
    try:
        document = _parse(text)
    except (ValueError, RecursionError) as error:
        if getattr(error, "msg", "") == "Extra data" and "\n" in text.strip():
            return read_jsonl(content, file, encoding=encoding, problems=problems)
        where = f"{file} line {error.lineno}" if isinstance(error, json.JSONDecodeError) else file
        raise DataError(f"{where}: not JSON ({_reason(error)})", "mend the file") from error
    rows = _rows(document)
    if rows is None and isinstance(document, dict):
        held = [value for value in document.values() if isinstance(value, (list, dict)) and _rows(value) is not None]
        rows = _rows(held[0]) if len(held) == 1 else None
    if rows is None:
        keys = f" of {concat_text([str(key) for key in document])}" if isinstance(document, dict) else ""
        kind = "object" if keys else "array" if isinstance(document, list) else type(document).__name__
        raise DataError(f"{file}: the JSON {kind}{keys} is no table", _FORMS)
    kept = [(number, row) for number, row in enumerate(rows, 1) if isinstance(row, dict)]
    odd = [(number, "not a JSON object") for number, row in enumerate(rows, 1) if not isinstance(row, dict)]
    _report(odd, file, "entry", problems, "mend the entry or drop it")
    return from_rows([row for _, row in kept], file, [number for number, _ in kept], "entry", problems)


def from_rows(
    rows: Sequence[dict[str, Any]],
    file: str,
    lines: Sequence[int],
    unit: str,
    problems: Problems = DEFAULT_PROBLEMS,
) -> LabelTable:
    """Return the table of rows; keys missing in a row are null there."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {str(name): [row.get(name) for row in rows] for name in names}
    return LabelTable(file, columns, lines, unit, problems=problems)


def _rows(document: Any) -> list[Any] | None:
    """Return the rows of a document, each a dictionary unless it is odd; None when it is no table."""
    if isinstance(document, list):
        return _rows_of_list(document)
    if isinstance(document, dict) and document:
        return _rows_of_object(document)
    return None


def _rows_of_object(document: dict[str, Any]) -> list[Any] | None:
    values = list(document.values())
    if isinstance(document.get("columns"), list) and isinstance(document.get("data"), list):
        return _rows_of_split(document)
    if all(isinstance(value, dict) for value in values):
        return _rows_of_objects(document)
    if all(isinstance(value, list) for value in values):
        is_table = len({len(value) for value in values}) == 1
        is_table &= not any(isinstance(cell, (list, dict)) for value in values for cell in value[:1])
        return [dict(zip(document, cells, strict=True)) for cells in zip(*values, strict=True)] if is_table else None
    if any(isinstance(value, (list, dict)) for value in values):
        return None
    if any(isinstance(value, str) and is_image_name(value) for value in values):
        return [document]
    return [{"image": name, "score": score} for name, score in document.items()]


def _rows_of_list(document: list[Any]) -> list[Any] | None:
    if document and all(isinstance(entry, str) for entry in document):
        return [{"image": entry} for entry in document]
    if document and all(isinstance(entry, list) and len(entry) == len(document[0]) > 1 for entry in document):
        first = document[0]
        if all(isinstance(name, str) and not is_image_name(name) for name in first):
            return [dict(zip(first, entry, strict=True)) for entry in document[1:]]
        return [{"image": image, "score": score} for image, score in document] if len(first) == 2 else None
    if document and all(isinstance(entry, dict) and len(entry) == 1 for entry in document):
        pairs = [next(iter(entry.items())) for entry in document]
        if all(is_image_name(name) for name, _ in pairs):
            return [{"image": name, "score": score} for name, score in pairs]
    return document if any(isinstance(entry, dict) for entry in document) or not document else None


def _rows_of_split(document: dict[str, Any]) -> list[Any] | None:
    """Return the rows of pandas' `orient="split"`; an index of image names is the column `image`."""
    names, data, index = document["columns"], document["data"], document.get("index")
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    rows = [dict(zip(map(str, names), row, strict=True)) for row in data]
    return _with_index(rows, index) if isinstance(index, list) and len(index) == len(rows) else rows


def _rows_of_objects(document: dict[str, Any]) -> list[Any]:
    """Return the rows of pandas' `orient="index"` or `"columns"`: whichever of the two keys names images or counts."""
    inner = list(dict.fromkeys(name for value in document.values() for name in value))
    by_columns = not any(map(is_image_name, document)) and all(
        is_image_name(name) or name.isdecimal() for name in inner
    )
    if by_columns:
        rows = [{column: values.get(row) for column, values in document.items()} for row in inner]
        return _with_index(rows, inner)
    return _with_index([dict(value) for value in document.values()], list(document))


def _with_index(rows: list[dict[str, Any]], index: list[Any]) -> list[Any]:
    """Return rows with their names: as images where they name images or nothing else does, not where they count."""
    if not any(is_image_name(str(name)) for name in index):
        return rows
    key = "index" if any("image" in row for row in rows) else "image"
    return [{key: name, **row} for name, row in zip(index, rows, strict=True)]


def _parse(text: str) -> Any:
    document = json.loads(text, object_pairs_hook=_object)
    if "\\u" in text:
        json.dumps(document, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    return document


def _reason(error: Exception) -> str:
    """Return what a parser says, without a place, which is that in a line."""
    return error.msg if isinstance(error, json.JSONDecodeError) else first_line(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; one key with two values is refused, which JSON's readers pass over."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise ValueError(f"key '{key[:80]}' stands twice, with different values")
    return found


def _report(bad: Sequence[tuple[int, str]], file: str, unit: str, problems: Problems, hint: str) -> None:
    for reason in dict.fromkeys(reason for _, reason in bad):
        places = [number for number, one in bad if one == reason]
        table = LabelTable(file, {}, places, unit, problems=problems)
        table.report(range(len(places)), reason, f"{'entries' if unit == 'entry' else 'lines'} are {reason}", hint)
