"""`quasar-index compact`: fewer files, and space back from old versions."""

from __future__ import annotations

from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .changes import print_change


def compact(
    name: options.Index,
    forget_before: Annotated[
        str | None,
        typer.Option(metavar="N|TAG", help="Give up all versions older than this one; that frees their space."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Rewrite the table of an index in fewer files, without deleted rows.

    All versions are kept unless --forget-before says otherwise; tagged ones are never given up.
    """
    report = qi.AnchorIndex.open(name).compact(forget_before=forget_before)
    facts = {
        "forgotten": list(report.forgotten),
        "n_bytes_before": report.n_bytes_before,
        "n_bytes": report.n_bytes,
    }
    text = f"{report.n_bytes_before / 1e6:.1f} MB on disk are {report.n_bytes / 1e6:.1f} MB now"
    if report.forgotten:
        text = f"versions {', '.join(map(str, report.forgotten))} given up, {text}"
    print_change(report.index, facts, text, as_json=json)
