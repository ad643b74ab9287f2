"""`quasar-index merge`: one index of several."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .changes import in_words, print_change
from .output import note


class SameName(str, Enum):
    """What becomes of data sets of one name."""

    together = "together"
    apart = "apart"


def merge(
    name: Annotated[str, typer.Argument(metavar="NEW", help="Name, path or address of the new index.")],
    indexes: Annotated[
        list[str], typer.Argument(metavar="INDEX...", help="Two or more indexes of one encoder, by name or path.")
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an index of that name.")] = False,
    same_name: Annotated[
        SameName | None,
        typer.Option(
            "--same-name",
            help="Data sets of one name: one data set whatever their scores, or kept apart (NAME-2). Default: one, and "
            "refused where their ranges can hardly be of one scale.",
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Make a new index of the anchors of others; of the same image, the first anchor counts.

    Data sets of one name become one, divided at their common median; others keep their own scale and division.
    """
    report = qi.merge(
        name,
        [qi.AnchorIndex.open(other) for other in indexes],
        overwrite=overwrite,
        same_name=None if same_name is None else same_name.value,
    )
    for text in report.notes:
        note(text)
    facts = {"n_merged": report.n_anchors, "n_duplicates": report.n_duplicates, "notes": list(report.notes)}
    words = in_words(
        (report.n_anchors, "anchor merged", "anchors merged"),
        (report.n_duplicates, "duplicate left out", "duplicates left out"),
    )
    print_change(report.index, facts, words, as_json=json)
