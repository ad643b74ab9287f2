"""`quasar-index tag`: a name for a version of an index."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .output import print_facts


def tag(
    name: options.Index,
    tag: Annotated[str, typer.Argument(help="Tag: a letter, then letters, digits, '.', '_' and '-'.")],
    version: options.IndexVersion = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove the tag; the version stays.")] = False,
    json: options.Json = False,
) -> None:
    """Tag a version of an index; 'score --version TAG' and 'restore' take the tag for the number."""
    if delete and version is not None:
        raise typer.BadParameter("--delete needs no --version")
    index = qi.AnchorIndex.open(name)
    report = index.tags.delete(tag) if delete else index.tags.set(tag, version)
    if json:
        print_facts({"index": index.place, **asdict(report)}, as_json=True)
        return
    before = "" if report.before is None else f", before it was version {report.before}"
    text = f"removed{before}" if report.version is None else f"version {report.version}{before}"
    print_facts({"index": index.place, f"tag {tag}": text}, as_json=False)
