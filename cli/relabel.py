"""`quasar-index relabel`: new opinion scores for anchors."""

from __future__ import annotations

from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options
from .changes import in_words, print_change
from .data import read_sources
from .output import note


def relabel(
    name: options.Index,
    labels: Annotated[
        str,
        typer.Argument(
            metavar="LABELS", help="CSV, Excel, JSON or Parquet file that names anchors by path, file name or id."
        ),
    ],
    labelling: options.Labelling,
    where: options.Where = None,
    rating: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Rating that the (first) score column is of; default: the first."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Give anchors new raw scores; the sides are divided and the scores scaled anew.

    Of several --score-column, the first is for the first rating (or --rating), the others for those of their names.
    """
    (source,) = read_sources([labels], **vars(labelling))
    report = qi.AnchorIndex.open(name).relabel(source, where=where, rating=rating)
    if report.unmatched:
        first = ", ".join(f"'{path}'" for path in report.unmatched[:3])
        more = f" and {len(report.unmatched) - 3} more" if len(report.unmatched) > 3 else ""
        note(f"{counted(len(report.unmatched), 'name has', 'names have')} no anchor: {first}{more}")
    facts = {
        "n_matched": report.n_matched,
        "n_changed": report.n_changed,
        "n_moved": report.n_moved,
        "unmatched": list(report.unmatched),
    }
    text = in_words(
        (report.n_changed, "label changed", "labels changed"),
        (report.n_matched - report.n_changed, "label as it was", "labels as they were"),
        (report.n_moved, "anchor now on the other side", "anchors now on the other side"),
    )
    print_change(report.index, facts, text, as_json=json)
