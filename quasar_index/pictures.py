"""Pictures of figures, as PNG or SVG: which endings a file may have, and how it is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import checked
from .errors import DataError
from .paths import PathText, new_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["check_picture"]

ENDINGS = (".png", ".svg")


@checked
def check_picture(path: PathText, endings: tuple[str, ...] = ENDINGS, what: str = "picture format") -> None:
    """Raise a DataError unless the file can become a picture.

    Raises:
        DataError: On another ending, or a missing folder.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        known = " or ".join([", ".join(endings[:-1]), endings[-1]])
        raise DataError(f"'{path.name}' names no {what} by its ending", f"use {known}")
    if not path.absolute().parent.is_dir():
        raise DataError(f"the folder of '{path}' does not exist", "make it first")


def write_picture(figure: Figure, path: PathText) -> None:
    """Write a figure: text as text and with fixed ids, so that an SVG is small, searchable, the same on every run.

    Raises:
        DataError: When the file cannot be written.
    """
    from matplotlib import rc_context

    ending = Path(path).suffix.lower().removeprefix(".")
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "quasar-index"}), new_output(path) as temporary:
        figure.savefig(temporary, format=ending, metadata={"Date": None} if ending == "svg" else None)
