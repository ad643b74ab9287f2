"""`quasar-index restore`: back to an earlier version."""

from __future__ import annotations

from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .changes import print_change


def restore(
    name: options.Index,
    version: Annotated[str, typer.Argument(help="Version, by number or tag.")],
    json: options.Json = False,
) -> None:
    """Make a new version of an index that equals an old one; what came in between stays in the history."""
    report = qi.AnchorIndex.open(name).restore(version)
    facts = {"restored": report.restored, "before": report.before}
    text = f"restored version {report.restored}, before it was version {report.before}"
    if report.restored == report.before:
        text = f"nothing, version {report.before} is the current one"
    print_change(report.index, facts, text, as_json=json)
