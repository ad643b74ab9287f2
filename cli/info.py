"""`quasar-index info`: what an index holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

import quasar_index as qi

from . import options
from .output import print_facts


def info(
    name: Annotated[str, typer.Argument(help="Name or path of an index.")],
    json: options.Json = False,
) -> None:
    """Show what an index holds and how it was built."""
    index = qi.AnchorIndex.open(name)
    if json:
        print_facts({"path": str(index.path), **asdict(index.manifest)}, as_json=True)
    else:
        print_facts(index_facts(index), as_json=False)


def index_facts(index: qi.AnchorIndex) -> dict[str, Any]:
    """Return the facts that a person wants to see of an index."""
    manifest = index.manifest
    encoder = manifest.encoder
    facts: dict[str, Any] = {
        "index": str(index.path),
        "anchors": f"{len(index)}: {manifest.n_good} good, {manifest.n_bad} bad",
        "encoder": f"{encoder.name}, {encoder.dim}-d"
        + (f", layers {encoder.layers}, input {encoder.input}" if encoder.input else ""),
    }
    for source in manifest.sources:
        parts = [f"{source.kind}, {source.n_good} good, {source.n_bad} bad"]
        if source.threshold is None:
            parts.append("reference images are good, distorted ones bad")
        else:
            sign = "below" if source.lower_is_better else "above"
            parts.append(f"good is {sign} the median opinion score, {source.threshold:g}")
        if source.score_range:
            low, high = source.score_range
            parts.append(f"scores {low:g} to {high:g}" + (", lower is better" if source.lower_is_better else ""))
        parts += [
            f"{count} {what}"
            for count, what in ((source.n_failed, "failed"), (source.n_duplicates, "duplicates"))
            if count
        ]
        facts[f"data {source.name}"] = "; ".join(parts)
    return facts | {"created": manifest.created, "table version": manifest.table_version}
