"""`quasar-index remove`: fewer anchors."""

from __future__ import annotations

from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .changes import in_words, print_change
from .output import note


def remove(
    name: options.Index,
    ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Content id of an anchor, repeatable.")
    ] = None,
    where: options.Where = None,
    json: options.Json = False,
) -> None:
    """Remove anchors; the sides are divided anew. 'quasar-index restore' brings them back."""
    if bool(ids) == (where is not None):
        raise typer.BadParameter("give either --id or --where")
    report = qi.AnchorIndex.open(name).remove(ids=ids or None, where=where)
    if report.unknown:
        more = f" and {len(report.unknown) - 3} more" if len(report.unknown) > 3 else ""
        note(f"no anchor has the id {', '.join(report.unknown[:3])}{more}")
    facts = {"n_removed": report.n_removed, "n_moved": report.n_moved, "unknown": list(report.unknown)}
    text = in_words(
        (report.n_removed, "anchor removed", "anchors removed"),
        (report.n_moved, "other now on the other side", "others now on the other side"),
    )
    print_change(report.index, facts, text, as_json=json)
