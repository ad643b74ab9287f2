"""The table of `score` on a terminal: a line an image as it comes, the folder of all of them once above it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import IO

from .output import Row, cell_text, line_width, printable
from .ranking import PERCENTILE, score_columns
from .tables import GAP, fold, lay_out, left_out_lines

_SIMILARITIES = ("similarity_bad", "similarity_good")
_LEAST = (*_SIMILARITIES, "familiarity", "low", "high", "mos", "percentile")
_NUMBER, _NAME = "0.0000", "x" * 20
FILE = "file"


def write_score_table(
    rows: Iterable[Row], columns: Sequence[str], file: IO[bytes], *, folder: str, verbose: bool, to_stdout: bool
) -> None:
    """Write rows as they come: numbers, then the file with what is to be said of it.

    Args:
        rows: Mappings with the columns' values; None where there is none.
        columns: `path` first, at the end `error` or `why`; `target` is left out, and a `note` stands for an error.
        file: Where to.
        folder: Beginning of all paths, which is said once.
        verbose: Also the cosines.
        to_stdout: Whether the width of the terminal counts.
    """
    from rich.console import Console
    from rich.text import Text

    *numbers, remark = columns[1:]
    scores = score_columns(numbers)
    n_kept = numbers.index(scores[0]) if scores else 0  # the user's own columns, of any name, come first
    has_notes = "note" in numbers[n_kept:]
    hidden = {"target", "note", *(() if verbose else (name for name in numbers if name.startswith("similarity_")))}
    names = [*numbers[:n_kept], *(name for name in numbers[n_kept:] if name not in hidden)]
    colour = "red" if remark == "error" else "dim"
    rows = iter(rows)
    first = next(rows, None)  # shows how long the numbers are
    found = [_cell(first, name) for name in names] if first else [_NUMBER] * len(names)
    typical = [max(cell, _NUMBER, key=len) for cell in found]
    width = line_width() if to_stdout else None
    least = [name for kind in _LEAST for name in names if name == kind or name.startswith(f"{kind}_")]
    # The file stands last, but never goes: so it is laid out first.
    layout = lay_out(
        [FILE, *names], [[_NAME, *typical]], width=width, right=names, keep=score_columns(names), least=least
    )
    shown = [(name, layout.widths[place]) for place, name in enumerate(names, start=1) if place in layout.widths]
    room = None if width is None else max(width - sum(own + GAP for _, own in shown), 1)
    text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
    console = Console(file=text)

    def write(cells: list[str], name: str, error: str = "", style: str = "") -> None:
        start = "".join(cell.rjust(own) + " " * GAP for cell, (_, own) in zip(cells, shown, strict=True))
        fits = room is None or len(name) + GAP + len(error) <= room
        parts = (
            [[(name, style), (" " * GAP + error, "red")]]
            if error and fits
            else [[(line, style)] for line in folded(name)]
        )
        parts += [[(line, colour)] for line in folded(error)] if error and not fits else []
        for n, pieces in enumerate(parts):
            line = Text(start if n == 0 else " " * len(start), style)
            for piece, own_style in pieces:
                line.append(piece, own_style)
            line.rstrip()
            console.print(line, soft_wrap=True)

    def folded(words: str) -> list[str]:
        return [words] if room is None else fold(words, room)

    if folder:
        line = f"in {printable(folder)}"
        for part in [line] if width is None else fold(line, width):
            console.print(Text(part), soft_wrap=True)
    write([name for name, _ in shown], FILE, style="bold")
    for row in chain([] if first is None else [first], rows):
        name = printable(row["path"].removeprefix(folder))
        said = row[remark] or (has_notes and row["note"]) or ""
        write([_cell(row, name) for name, _ in shown], name, printable(said))
    if layout.left_out:
        for line in left_out_lines(layout.left_out, width or 0):
            console.print(line, soft_wrap=True)
    text.detach()


def _cell(row: Row, name: str) -> str:
    """Return a number as text; of percents, a decimal is enough."""
    value = row[name]
    return f"{value:.1f}" if name == PERCENTILE and value is not None else cell_text(value)
