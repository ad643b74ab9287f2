"""Columns of a label file whose names mean something here: `side`, `level`, `reference` and the like.

One that means something else by its values (a `level` of easy and hard, a `side` of left and right) travels along under
another name, `level_in_file`, and that is said. Where most values fit, the others are mistakes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from ..errors import DataError
from .base import MADE_COLUMNS, RECORD_SCHEMA, concat_text
from .label_numbers import is_missing, read_numbers
from .problems import Problem, lines_text
from .score_names import split_columns
from .spec import Options
from .tables import LabelTable

GOOD = ("good", "reference", "pristine", "true", "1", "1.0", "yes")
BAD = ("bad", "distorted", "false", "0", "0.0", "no")
_SIDE_COLUMNS = ("side", "is_good")
_FLAGS = ("true", "false", "yes", "no", "0", "1")
_LANCE = ("_rowid", "_rowaddr", "_rowoffset")
_STORED = {f"label_{name}": name for name in MADE_COLUMNS}
_LARGEST_LEVEL = 2**31 - 1
_MANY_FLAGS = 4
"""So few images may well have two references that are called 0 and 1."""


@dataclass(frozen=True)
class _Meaning:
    """What a reserved column holds.

    Attributes:
        words: What a value that does not fit is, behind `'VALUE' is`.
        fits: Whether a value, which is not empty, can be one.
        excludes: Whether all values together are of another kind, however many of them fit; None for never.
    """

    words: str
    fits: Callable[[str], bool]
    excludes: Callable[[Sequence[str]], bool] | None = None


def texts_of(table: LabelTable, name: str) -> list[str]:
    """Return a column as text without blanks around it; '' where nothing is said."""
    return ["" if is_missing(text) else text.strip() for text in table.text(name)]


def number_of(text: str) -> float | None:
    """Return the finite number that a text is; None where it is none."""
    with suppress(ValueError):
        number = float(text)
        return number if math.isfinite(number) else None
    return None


def are_numbers(table: LabelTable, name: str) -> bool:
    """Return whether most of a column are numbers, so that others are mistakes."""
    read = read_numbers(table.values(name), table.form)
    n_given = len(table) - len(read.missing)
    return (n_given - len(read.wrong)) * 2 > n_given


def _is_fraction(text: str) -> bool:
    number = number_of(text)
    return number is not None and number % 1 != 0


def _is_level(text: str) -> bool:
    number = number_of(text)
    return number is not None and number % 1 == 0 and 0 <= number <= _LARGEST_LEVEL


def _is_name(text: str) -> bool:
    return not _is_fraction(text)


def _has_fractions(values: Sequence[str]) -> bool:
    return any(map(_is_fraction, values))


def _are_flags(values: Sequence[str]) -> bool:
    return len(values) > _MANY_FLAGS and all(value.casefold() in _FLAGS for value in values)


_SIDE = _Meaning("neither good nor bad", lambda text: text.casefold() in GOOD + BAD)
_STATISTIC = _Meaning("no number", lambda text: number_of(text) is not None)
_MEANINGS = {
    "side": _SIDE,
    "is_good": _SIDE,
    "level": _Meaning("no strength of a distortion, a whole number from 0", _is_level, _has_fractions),
    "reference": _Meaning(
        "no name of a reference image", _is_name, lambda values: _has_fractions(values) or _are_flags(values)
    ),
    "distortion": _Meaning("no name of a distortion", _is_name, _has_fractions),
    "split": _Meaning("no name of a split", _is_name, _has_fractions),
    "severity": _STATISTIC,
    "score_std": _STATISTIC,
    "score_n": _STATISTIC,
}


def without_ignored(table: LabelTable, options: Options) -> LabelTable:
    """Return the table without the columns that `?ignore=` names.

    Raises:
        DataError: When a column is not there, or another option names it.
    """
    ignored = split_columns(options.text("ignore") or "")
    if unknown := [name for name in ignored if name not in table.columns]:
        raise DataError(
            f"{table.file} has no column {concat_text(unknown)} to ignore", f"its columns: {', '.join(table.columns)}"
        )
    for option in ("score", "image", "rater", "group", "reference", "split_by"):
        if (name := options.text(option)) in ignored and name:
            raise DataError(f"{table.file}: column '{name}' is to be ignored, and is named by ?{option}=", "drop one")
    kept = {name: values for name, values in table.columns.items() if name not in ignored}
    return replace(table, columns=kept) if ignored else table


def side_column(table: LabelTable) -> str | None:
    """Return the column that declares sides; None where there is none, or it means something else."""
    return next((name for name in _SIDE_COLUMNS if name in table.columns and _fits(table, name)), None)


def has_severity(table: LabelTable) -> bool:
    """Return whether the table has the severity of its distortions."""
    return "severity" in table.columns and _fits(table, "severity")


def read_sides(table: LabelTable, options: Options) -> tuple[list[str | None] | None, str | None]:
    """Return the declared side of each row, and the column that declares it; None and None where there is none.

    Rows whose side is no word for one are reported; collected, these sides are null.
    """
    column = side_column(table)
    if column is None:
        return None, None
    texts = [text.strip().casefold() for text in table.text(column)]
    wrong = [row for row, text in enumerate(texts) if text not in GOOD + BAD]
    if wrong:
        _report(table, options, column, wrong)
    return ["good" if text in GOOD else "bad" if text in BAD else None for text in texts], column


def travelling_columns(
    table: LabelTable, options: Options, used: set[str], made: Collection[str] = ()
) -> tuple[dict[str, Any], list[str]]:
    """Return the columns that travel along, canonical ones under their names, and what is to be said of them.

    Args:
        table: The label file.
        options: `?reference=`, `?group=` and `?split_by=` give a column one of these names.
        used: Columns that serve otherwise: those of images, scores and sides.
        made: Names of columns that are made of others.

    Raises:
        DataError: When a named column is not there, or some of the values of a reserved one do not fit.
    """
    renamed = {}
    for canonical, option in (("reference", "reference"), ("reference", "group"), ("split", "split_by")):
        column = options.text(option)
        if column is None:
            continue
        if column not in table.columns:
            raise table.no_column(column, f"?{option}= names one")
        renamed[column] = canonical
    columns: dict[str, Any] = {}
    notes: list[str] = []
    taken = {*table.columns, *made}
    for name in table.columns:
        if name in used:
            continue
        target = renamed.get(name, name)
        # A column called 'path' or 'score' that is not the one chosen must not take its place.
        if target in ("path", "score", *made) or (target == name and name in renamed.values()):
            target = unused_name(name, taken)
        elif target == name and name in _MEANINGS and not any(texts_of(table, name)):
            continue  # nothing is said
        elif target == name and (why := _misfit(table, options, name)):
            target = unused_name(name, taken)
            notes.append(f"column '{name}' of {table.file} is kept as '{target}': {why}")
        taken.add(target)
        if target == "level":
            numbers = map(number_of, texts_of(table, name))
            columns[target] = pa.array([None if one is None else int(one) for one in numbers], pa.int32())
        elif target in RECORD_SCHEMA.names:
            columns[target] = pa.array([value or None for value in table.text(name)], pa.string())
        else:
            columns[target] = table.typed(name)
    return columns, notes


def unused_name(name: str, taken: set[str]) -> str:
    """Return the name under which a column is kept whose own name means something else: `level_in_file`."""
    # A point would end the name of a column in the table of an index.
    plain = f"{name.replace('.', '_')}_in_file"
    return next(one for one in (plain, *(f"{plain}_{i}" for i in range(2, len(taken) + 3))) if one not in taken)


def _fits(table: LabelTable, name: str) -> bool:
    """Return whether most values of a column are what its name says, so that others are mistakes."""
    meaning = _MEANINGS[name]
    values = list(filter(None, texts_of(table, name)))
    if meaning.excludes is not None and meaning.excludes(values):
        return False
    return sum(map(meaning.fits, values)) * 2 > len(values)


def _all_fit(table: LabelTable, options: Options, name: str) -> bool:
    """Return whether all values of a column fit; report the rows of those that do not."""
    meaning = _MEANINGS[name]
    wrong = [row for row, text in enumerate(texts_of(table, name)) if text and not meaning.fits(text)]
    if wrong:
        _report(table, options, name, wrong)
    return not wrong


def _report(table: LabelTable, options: Options, name: str, wrong: list[int]) -> None:
    lines = lines_text(table.unit, [table.lines[row] for row in wrong])
    values = dict.fromkeys(text.strip()[:40] for text in (table.text(name)[row] for row in wrong))
    options.problems.report(
        Problem(
            f"{table.file} {lines}: {name} {concat_text(list(values))} is {_MEANINGS[name].words}",
            f"mend {'it' if len(wrong) == 1 else 'them'}, or leave the column out: ?ignore={name}",
            count=len(wrong),
            option=f"ignore={name}",
        )
    )


def _misfit(table: LabelTable, options: Options, name: str) -> str:
    """Say why a column cannot keep its name; empty where it can."""
    if name not in _MEANINGS:
        clashes = name in _STORED and _STORED[name] in table.columns
        return "an index cannot have its name" if "." in name or name in _LANCE or clashes else ""
    if _fits(table, name) and _all_fit(table, options, name):
        return ""
    meaning = _MEANINGS[name]
    texts = {row: text for row, text in enumerate(texts_of(table, name)) if text}
    row = next((row for row, text in texts.items() if not meaning.fits(text)), next(iter(texts)))
    return f"'{texts[row][:40]}' in {table.unit} {table.lines[row]} is {meaning.words}"
