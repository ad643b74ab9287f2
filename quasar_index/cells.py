r"""Text in result files: what strangers' file names may do to the programs that read them.

Three rules, the same for every command (the guide to scoring, "Results"):

- Bytes of a name that are not UTF-8 are written as `\xNN`, in every format: one such name would make a whole file
  unreadable to most programs. Rows keep the order of the images, so nothing is lost.
- In CSV, text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a line end) gets
  `./` before it in a column of paths, which names the same file, and `'` in any other. Numbers stay as they are.
- In CSV, text is quoted where it holds a separator of any locale (comma, semicolon, tab, bar), a quote or a line end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PATH_COLUMNS = frozenset({"path", "image", "reference", "target"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and their full-width forms
_QUOTED = frozenset(',;|\t\r\n"')


def as_text(name: str) -> str:
    r"""Return a file name as text that every program can read: bytes that are not UTF-8 become `\xNN`."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass" if _is_half(name) else "surrogateescape").decode(
            "utf-8", "backslashreplace"
        )
    return name


def csv_line(row: Mapping[str, Any], columns: Iterable[str]) -> str:
    """Return one line of CSV, with its line end."""
    return ",".join(_csv_cell(row[name], name in PATH_COLUMNS) for name in columns) + "\n"


def _csv_cell(value: Any, is_path: bool) -> str:
    if not isinstance(value, str):
        return "" if value is None else repr(value) if isinstance(value, float) else str(value)
    text = as_text(value)
    if text.startswith(_FORMULA):
        text = f"{'./' if is_path else chr(39)}{text}"
    if _QUOTED.isdisjoint(text) and text == text.strip():
        return text
    return '"' + text.replace('"', '""') + '"'


def _is_half(name: str) -> bool:
    """Tell whether a text holds halves of surrogate pairs that stand for no byte of a file name."""
    return any("\ud800" <= character <= "\udfff" and not "\udc80" <= character <= "\udcff" for character in name)
