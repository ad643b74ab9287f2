"""Tables for people, at any width: cells are folded between words, and columns are left out before a number is cut."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

Cell: TypeAlias = "str | tuple[str, str]"
"""Text of a table, or text and its style."""
OTHER_FORMS: ContextVar[tuple[str, ...]] = ContextVar("OTHER_FORMS", default=())
"""Options of the command that runs, with which it prints all columns."""
GAP = 2
NARROW, NARROWEST = 20, 8
"""Widths to which columns of text are folded, before and after other columns are left out; words are split for it."""
_UNIT = re.compile(r"\[[^\[\]\s]+, [^\[\]\s]+\]|\S+")  # an interval stays on one line
_ATOM = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?|[^\W\d_]+|.", re.DOTALL)


@dataclass(frozen=True)
class Layout:
    """What of a table is shown.

    Attributes:
        widths: Width of each column that is shown, by its place.
        left_out: Titles of the others.
    """

    widths: dict[int, int]
    left_out: tuple[str, ...]


def lay_out(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None,
    right: Collection[str] = (),
    keep: Collection[str] = (),
    least: Sequence[str] = (),
) -> Layout:
    """Choose columns, and their widths.

    Args:
        columns: Their titles.
        rows: Texts, one a column.
        width: Characters of a line; None for about 200, where nothing is left out.
        right: Columns of numbers, whose words are never split.
        keep: Columns that always stay, as the first one does.
        least: Columns that are left out first, in this order; then come the others from the right.

    Returns:
        The columns that are shown, with widths that sum up to the line's at most, if that can be.
    """
    texts = [[row[place] for row in rows] for place in range(len(columns))]
    lines = [
        [line for text in (title, *own) for line in text.split("\n")] for title, own in zip(columns, texts, strict=True)
    ]
    most = [_longest(own) for own in lines]

    def narrowest(place: int, floor: int) -> int:
        units = _longest(unit for text in texts[place] for unit in _UNIT.findall(text))
        numbers = _longest(atom for text in texts[place] for atom in _ATOM.findall(text) if atom[-1].isdigit())
        own = units if columns[place] in right else max(min(units, floor), numbers)
        return max(own, min(_longest(columns[place].split()), floor), 1)

    def total(places: Sequence[int], floor: int) -> int:
        return sum(narrowest(place, floor) for place in places) + GAP * (len(places) - 1)

    order = [columns.index(name) for name in least if name in columns]
    order += [place for place in reversed(range(1, len(columns))) if place not in order and columns[place] not in keep]
    shown = list(range(len(columns)))
    if width is None:
        width = max(200, total(shown, NARROW))
    while order and total(shown, NARROW) > width:
        shown.remove(order.pop(0))
    floor = NARROW if total(shown, NARROW) <= width else NARROWEST
    widths = {place: narrowest(place, floor) for place in shown}
    spare = max(width - total(shown, floor), 0)
    for place in sorted(shown, key=lambda place: most[place] - widths[place]):  # first what needs little
        more = min(max(most[place] - widths[place], 0), spare)
        widths[place] += more
        spare -= more
    return Layout(widths, tuple(title for place, title in enumerate(columns) if place not in widths))


def fold(text: str, width: int) -> list[str]:
    """Fold text between words; a word that is longer than the width is split, but not inside a number."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if _width(paragraph) <= width:
            lines.append(paragraph)
            continue
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        room = width - len(indent)
        if room < NARROWEST:
            indent, room = "", width
        line = ""
        for unit in _UNIT.findall(paragraph):
            for part in _parts(unit, room):
                joined = f"{line} {part}" if line else part
                if line and (_width(joined) > room or part is not unit):
                    lines.append(indent + line)
                    joined = part
                line = joined
        lines.append(indent + line)
    return lines


def table_lines(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    width: int | None,
    right: Collection[str] = (),
    keep: Collection[str] = (),
    least: Sequence[str] = (),
    header: bool = True,
) -> Iterator[Any]:
    """Yield the lines of a table as texts of rich, and below it what was left out.

    Args:
        columns: Their titles.
        rows: A cell a column: text, or text with a style of rich.
        width: As of `lay_out`, as are the others.
        right: Columns that are aligned to the right.
        keep: Columns that always stay.
        least: Columns that are left out first.
        header: Whether titles are shown.
    """
    from rich.text import Text

    cells = [[(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows]
    texts = [[text for text, _ in row] for row in cells]
    titles = columns if header else [""] * len(columns)
    layout = lay_out(titles, texts, width=width, right=right, keep=keep, least=least)
    styled = [[(title, "bold") for title in titles], *cells] if header else cells
    last = max(layout.widths)
    for row in styled:
        folded = [[(line, row[place][1]) for line in fold(row[place][0], own)] for place, own in layout.widths.items()]
        for lines in zip_longest(*folded, fillvalue=("", "")):
            whole = Text()
            for (text, style), (place, own) in zip(lines, layout.widths.items(), strict=True):
                blank = " " * max(own - _width(text), 0)
                if titles[place] in right:
                    whole.append(blank)
                whole.append(text, style)
                if titles[place] not in right and place != last:
                    whole.append(blank)
                whole.append("" if place == last else " " * GAP)
            whole.rstrip()
            yield whole
    if layout.left_out:
        yield from left_out_lines(layout.left_out, width or 0)


def left_out_lines(titles: Sequence[str], width: int) -> Iterator[Any]:
    """Yield the lines that say which columns were left out to fit a width, as texts of rich."""
    from rich.text import Text

    yield from (Text(line) for line in fold(_left_out(titles, width), width))


def _left_out(titles: Sequence[str], width: int) -> str:
    forms = ["a wider terminal", *OTHER_FORMS.get()]
    where = f"{', '.join(forms[:-1])} or {forms[-1]}" if len(forms) > 1 else forms[0]
    has = "has it" if len(titles) == 1 else "has them"
    return f"left out to fit {width} columns: {', '.join(titles)}; {where} {has}"


def _longest(texts: Iterable[str]) -> int:
    return max(map(_width, texts), default=0)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _parts(unit: str, width: int) -> list[str]:
    """Split a word that is longer than the width."""
    if _width(unit) <= width:
        return [unit]
    if " " in unit:  # an interval
        return unit.split(" ")
    parts = [""]
    for atom in _ATOM.findall(unit):
        whole = _width(atom) <= width or atom[-1].isdigit()
        for piece in [atom] if whole else atom:
            if parts[-1] and _width(parts[-1] + piece) > width:
                parts.append("")
            parts[-1] += piece
    return parts
