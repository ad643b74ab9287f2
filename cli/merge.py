"""`quasar-index merge`: one index of several."""

from __future__ import annotations

from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .changes import in_words, print_change


def merge(
    name: Annotated[str, typer.Argument(metavar="NEW", help="Name or path of the new index.")],
    indexes: Annotated[
        list[str], typer.Argument(metavar="INDEX...", help="Two or more indexes of one encoder, by name or path.")
    ],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an index of that name.")] = False,
    json: options.Json = False,
) -> None:
    """Make a new index of the anchors of others; of the same image, the first anchor counts."""
    report = qi.merge(name, [qi.AnchorIndex.open(other) for other in indexes], overwrite=overwrite)
    facts = {"n_merged": report.n_anchors, "n_duplicates": report.n_duplicates}
    text = in_words(
        (report.n_anchors, "anchor merged", "anchors merged"),
        (report.n_duplicates, "duplicate left out", "duplicates left out"),
    )
    print_change(report.index, facts, text, as_json=json)
