"""Markdown of generated pages: tables, docstrings, lists of pages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

EMPTY = ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; nothing where it has no row."""
    lines = [[cell.replace("|", "\\|").replace("\n", "<br>") for cell in row] for row in rows]
    if not lines:
        return EMPTY
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *lines)) + "\n"


def code(text: str) -> str:
    """Return a text as code, whatever is in it."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def plain(text: str) -> str:
    """Return a text that means no markup."""
    return re.sub(r"([\\*_<>\[\]#])", r"\\\1", text)


def prose(text: str) -> str:
    """Return the text of a docstring as Markdown: its code is marked already, and words with stars are no emphasis."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*_<>\[\]])", r"\\\1", part) for part in parts)


def docstring(text: str | None) -> str:
    """Return the docstring of a module as Markdown: indented lines are formulas."""
    lines = (inspect.cleandoc(text) if text else EMPTY).splitlines()
    out: list[str] = []
    block: list[str] = []
    for number, line in enumerate([*lines, EMPTY]):
        indent = len(line) - len(line.lstrip())
        before = next((one for one in reversed(lines[:number]) if one.strip()), EMPTY)
        goes_on = before.lstrip().startswith("- ") and not (number and not lines[number - 1].strip())
        is_formula = (bool(line.strip()) and indent >= 4) or (bool(block) and bool(line.strip()) and indent >= 2)
        if is_formula and not goes_on:
            block.append(line)
            continue
        if block and not line.strip() and _more(lines, number):
            block.append(line)
            continue
        if block:
            out += ["", "```text", *inspect.cleandoc("\n" + "\n".join(block)).splitlines(), "```", ""]
            block = []
        out.append(prose(line))
    return "\n".join(out).strip() + "\n"


def _more(lines: Sequence[str], number: int) -> bool:
    """Whether a formula goes on after an empty line."""
    after = next((one for one in lines[number:] if one.strip()), EMPTY)
    return len(after) - len(after.lstrip()) >= 4


def contents(names: Iterable[str], *, hidden: bool = True) -> str:
    """Return a list of pages for the menu."""
    return "\n".join(["```{toctree}", *([":hidden:"] if hidden else []), EMPTY, *names, "```", EMPTY])


def page(title: str, *parts: Any) -> str:
    """Return a page of its parts."""
    return "\n\n".join([f"# {title}", *(str(part).strip("\n") for part in parts if part)]) + "\n"
