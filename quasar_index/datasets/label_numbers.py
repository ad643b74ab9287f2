"""Numbers as people write them: decimal commas, marks between thousands, and words for a number that is missing.

A column is written one way. Where the text does not say which, it is not guessed: `1,050` is 1.05 in one office and
1050 in another, and the best images would become bad anchors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ..arrays import DoubleArray
from ..errors import DataError

MISSING = frozenset(
    (
        "",
        *("na", "n/a", "n.a.", "k.a.", "#n/a", "#na", "#n/a n/a", "<na>", "nan", "-nan", "nat"),
        *("null", "none", "nil", "missing", "-", "--", "---", "—", ".", "?"),
        *("1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"),
        *("#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!"),
    )
)
"""Words for a missing number, in lower case: those of pandas, R and Excel."""
FLAGS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
"""Words of a column that holds nothing else, such as likes: 1 and 0."""
DECIMALS = {",": ",", "comma": ",", ".": ".", "point": ".", "dot": "."}
THOUSANDS = {**DECIMALS, " ": " ", "space": " ", "'": "'", "apostrophe": "'", "none": ""}
_TIDY = str.maketrans(
    {
        **dict.fromkeys("−–－﹣", "-"),  # noqa: RUF001 - minus signs
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " "),
        **dict.fromkeys("’＇ʼ", "'"),  # noqa: RUF001
        **dict.fromkeys("\ufeff\u200b\u200e\u200f", None),
        "＋": "+",  # noqa: RUF001
        "，": ",",  # noqa: RUF001
        "．": ".",  # noqa: RUF001
    }
)
_FAR = 50
"""Of whole numbers of so many times the others, the others' point is no sure decimal point: 950, 1.050."""


@dataclass(frozen=True)
class NumberForm:
    """How numbers are written, as far as that is known.

    Attributes:
        decimal: "," or "."; None where nobody said.
        thousands: ",", ".", " ", "'" or "" for none; None where nobody said.
        commas: Whether a decimal comma is read unasked: so in files with semicolons between fields.
    """

    decimal: str | None = None
    thousands: str | None = None
    commas: bool = False

    @property
    def style(self) -> Style:
        """How numbers are read when the column itself does not tell."""
        return Style(self.decimal or ("," if self.thousands == "." else "."), self.thousands or "")

    def told(self, decimal: str | None, thousands: str | None) -> NumberForm:
        """Return the form with what the options `?decimal=` and `?thousands=` say.

        Raises:
            DataError: When they are none of the marks, or both are one mark.
        """
        form = replace(
            self, decimal=_mark("decimal", decimal, DECIMALS), thousands=_mark("thousands", thousands, THOUSANDS)
        )
        if form.decimal and form.decimal == form.thousands:
            raise DataError(
                f"'{form.decimal}' cannot be both the decimal mark and that of thousands", "name one of them"
            )
        return form


@dataclass(frozen=True)
class Style:
    """One way to write numbers: the decimal mark, and the mark between thousands ("" for none)."""

    decimal: str
    thousands: str

    @property
    def option(self) -> str:
        """The options of a source that ask for it."""
        names = {" ": "space", "'": "apostrophe"}
        thousands = f"thousands={names.get(self.thousands, self.thousands)}"
        if not self.thousands:
            return f"decimal={self.decimal}"
        return thousands if self.decimal == "." else f"decimal={self.decimal}&{thousands}"

    def read(self, text: str) -> float | None:
        """Return the number that a cell is; None where it is none, as with groups that have not three digits."""
        if not _pattern(self.decimal, self.thousands).fullmatch(text):
            return None
        plain = text.replace(self.thousands, "") if self.thousands else text
        number = float(plain.replace(self.decimal, "."))
        return number if math.isfinite(number) else None


POINT, COMMA = Style(".", ""), Style(",", "")
_STYLES = (COMMA, *(Style(d, t) for d, t in ((".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))))


@dataclass(frozen=True)
class NumberColumn:
    """A column, read.

    Attributes:
        values: (n,) float64; NaN where a number is missing or wrong.
        missing: Rows without a number.
        wrong: Rows that hold something else.
        style: How the numbers were read.
        doubtful: Rows whose marks say nothing sure, or that only an option may read so; empty when all is clear.
        readings: The ways to read these: none when the column is written in several ways.
    """

    values: DoubleArray
    missing: list[int]
    wrong: list[int]
    style: Style = POINT
    doubtful: tuple[int, ...] = ()
    readings: tuple[Style, ...] = ()


def tidy(text: str) -> str:
    """Return a cell with plain signs and blanks: there are many minus signs, and narrow and wide characters."""
    return (text if text.isascii() else text.translate(_TIDY)).strip()


def is_missing(value: Any) -> bool:
    """Tell whether a cell holds no number and means so: empty, NaN, null, or one of the usual words."""
    if isinstance(value, str):
        return tidy(value).casefold() in MISSING
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def read_numbers(values: Sequence[Any], form: NumberForm) -> NumberColumn:
    """Read a column of numbers, or of text that holds numbers.

    Args:
        values: The cells.
        form: What is known of how they are written.

    Returns:
        The numbers. In doubt they are read by the first of `readings`.
    """
    flags = _read_flags(values)
    if flags is not None:
        return NumberColumn(flags, np.flatnonzero(np.isnan(flags)).tolist(), [])
    numbers = np.full(len(values), np.nan)
    missing: list[int] = []
    wrong: list[int] = []
    cells: dict[int, str] = {}
    for row, value in enumerate(values):
        if is_missing(value):
            missing.append(row)
        elif isinstance(value, str):
            cells[row] = tidy(value)
        elif (number := _typed(value)) is None:
            wrong.append(row)
        else:
            numbers[row] = number
    style, doubtful, readings = _choose(set(cells.values()), form)
    for row, text in cells.items():
        number = style.read(text)
        if number is not None:
            numbers[row] = number
        elif text not in doubtful:
            wrong.append(row)
    rows = tuple(row for row, text in cells.items() if text in doubtful)
    return NumberColumn(numbers, missing, sorted(wrong), style, rows, readings)


def _read_flags(values: Sequence[Any]) -> DoubleArray | None:
    """Return 1 and 0 for a column of nothing but true and false, NaN where one is missing; None for any other."""
    numbers = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if isinstance(value, (bool, np.bool_)):
            numbers[row] = float(value)
        elif isinstance(value, str) and (flag := FLAGS.get(value.strip().casefold())) is not None:
            numbers[row] = flag
        elif not is_missing(value):
            return None
    return None if np.isnan(numbers).all() else numbers


def _choose(cells: set[str], form: NumberForm) -> tuple[Style, set[str], tuple[Style, ...]]:
    """Return the style of a column, the cells that are doubtful, and the styles that may read them."""
    if form.thousands is not None:
        marks = (form.decimal,) if form.decimal else [mark for mark in ".," if mark != form.thousands]
        asked = [Style(mark, form.thousands) for mark in marks]
        return next((style for style in asked if _reads(style, cells)), asked[0]), set(), ()
    given = Style(form.decimal, "") if form.decimal else POINT
    marked = {text for text in cells if given.read(text) is None}
    if not marked:
        doubtful = set() if form.decimal else _points_in_doubt(cells)
        return given, doubtful, (POINT, Style(",", ".")) if doubtful else ()
    possible = [style for style in _STYLES if form.decimal in (None, style.decimal) and style != given]
    readable = {text for text in cells if text not in marked or any(style.read(text) is not None for style in possible)}
    marked &= readable
    if not marked:
        return given, set(), ()
    # A style whose marks do not occur reads as a simpler one does.
    styles = [
        style
        for style in possible
        if any(style.thousands in text for text in marked | cells if style.thousands)
        or (not style.thousands and any(style.decimal in text for text in marked))
    ]
    fitting = [style for style in styles if _reads(style, readable)]
    distinct = {tuple(style.read(text) for text in sorted(readable)): style for style in reversed(fitting)}
    readings = tuple(reversed(distinct.values()))
    if readings == (COMMA,) and form.commas:
        return COMMA, set(), ()
    return (readings[0] if readings else given), marked, readings


def _reads(style: Style, cells: set[str]) -> bool:
    return all(style.read(text) is not None for text in cells)


def _points_in_doubt(cells: set[str]) -> set[str]:
    """Return the cells whose point may stand between thousands: 1.050 beside 950, but not 1.050 beside 4 or 3.5."""
    pointed = {text for text in cells if "." in text}
    if not pointed or not _reads(Style(",", "."), pointed):
        return set()
    whole = [abs(float(text)) for text in cells - pointed]
    return pointed if whole and max(whole) > _FAR * max(abs(float(text)) for text in pointed) else set()


def _typed(value: Any) -> float | None:
    """Return a number that is no text; true and false are none."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@lru_cache(maxsize=64)
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    d, t = re.escape(decimal), re.escape(thousands)
    whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{t}\d{{3}})+)" if thousands else r"\d+"
    return re.compile(rf"[-+]?(?:{whole}(?:{d}\d*)?|{d}\d+)(?:[eE][-+]?\d+)?")


def _mark(option: str, value: str | None, known: dict[str, str]) -> str | None:
    if value is None:
        return None
    if tidy(value) in known or value == " ":
        return known[tidy(value) or " "]
    raise DataError(
        f"option {option}={value} is unknown", f"one of {', '.join(name for name in known if name.strip())}"
    )
