"""A page of the public API for each room."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from page_text import contents, page, prose, table

import quasar_index as qi

ROOMS = tuple(sorted(qi._ROOMS))
REST = "names"
"""The page of what stands in no room."""


@cache
def places() -> Mapping[str, tuple[str, str]]:
    """Return for each public name the page and the name that it has there: an everyday one is `quasar_index.NAME`."""
    found = {}
    for room in ROOMS:
        for name in getattr(qi, room).__all__:
            full = f"quasar_index.{name}" if name in qi.__all__ else f"quasar_index.{room}.{name}"
            found[name] = (room, full)
    return found | {name: (REST, f"quasar_index.{name}") for name in qi.__all__ if name not in found}


def api_pages() -> dict[str, str]:
    """Return the pages by name, with the list of everyday names."""
    pages = {f"api/qi.{room}": _room(room) for room in ROOMS}
    rest = [name for name, (room, _) in places().items() if room == REST]
    pages[f"api/{REST}"] = page("Anchors and errors", *map(_entry, sorted(rest, key=str.lower)))
    everyday = [(f"{{public}}`{name}`", f"[{_told(room)}]({_page_of(room)}.md)", _summary(getattr(qi, name)))
                for name, (room, _) in sorted(places().items(), key=lambda one: one[0].lower())
                if name in qi.__all__]  # fmt: skip
    rooms = [(f"[`qi.{room}`](qi.{room}.md)", _summary(getattr(qi, room))) for room in ROOMS]
    pages["api/index"] = page(
        "Python",
        "`import quasar_index as qi` gives the names of everyday use. The others stand by subject in its rooms, "
        "without a further import: `qi.selection.Herding()`. How they work together: [](../../../guides/python.md).",
        "## Rooms",
        table(("room", "what is there"), rooms),
        "## Everyday names",
        table(("name", "page", "what it is"), everyday),
        contents([*map(_page_of, ROOMS), REST]),
    )
    return pages


def _page_of(room: str) -> str:
    return REST if room == REST else f"qi.{room}"


def _told(room: str) -> str:
    return "anchors and errors" if room == REST else f"`qi.{room}`"


def _summary(thing: Any) -> str:
    """Return the first sentence of a docstring; nothing where it has none of its own."""
    text = inspect.getdoc(thing) or ""
    if isinstance(thing, (str, Mapping)) or not text:
        return ""
    return prose(" ".join(text.split("\n\n")[0].split()))


def _room(room: str) -> str:
    module = getattr(qi, room)
    names = sorted((name for name, (place, _) in places().items() if place == room), key=str.lower)
    return page(f"`qi.{room}`", prose((module.__doc__ or "").strip()), *map(_entry, names))


def _entry(name: str) -> str:
    """Return what has Sphinx write the entry of a name."""
    full = places()[name][1]
    thing = getattr(qi, name) if name in qi.__all__ else getattr(getattr(qi, places()[name][0]), name)
    if inspect.isclass(thing):
        lines = [f".. auto{'exception' if issubclass(thing, Exception) else 'class'}:: {full}"]
    elif callable(thing):
        lines = [f".. autofunction:: {full}"]
    else:  # a value has no docstring that a program could ask for: it stands below it in the file
        lines = [f".. py:data:: {full}", "", *(f"   {line}" for line in _told_below().get(name, "").splitlines())]
    return "\n".join(["```{eval-rst}", *lines, "```"])


@cache
def _told_below() -> Mapping[str, str]:
    """Return the texts below values, by the names of the values."""
    found = {}
    for path in Path(qi.__file__).parent.rglob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for one, after in pairwise(body):
            targets = [one.target] if isinstance(one, ast.AnnAssign) else getattr(one, "targets", [])
            if targets and isinstance(after, ast.Expr) and isinstance(text := getattr(after.value, "value", None), str):
                found |= {target.id: inspect.cleandoc(text) for target in targets if isinstance(target, ast.Name)}
    return found
