"""`quasar-index export`: an index as a file that travels."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import quasar_index as qi

from . import options
from .output import new_file, print_facts


class ExportFormat(str, Enum):
    """What is written."""

    parquet = "parquet"
    npz = "npz"
    pt = "pt"
    csv = "csv"


def export(
    name: options.Index,
    out: Annotated[str, typer.Argument(metavar="OUT", help="File or URL to write: .parquet, .npz, .pt or .csv.")],
    format_: Annotated[
        ExportFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="pt: the authors' NAME.pt and NAME.json; csv: labels alone; default: by its ending.",
        ),
    ] = None,
    where: options.Where = None,
    version: options.IndexVersion = None,
    json: options.Json = False,
) -> None:
    """Write an index to a file; of all but CSV, 'build NAME --embeddings FILE' makes the same index."""
    index = qi.AnchorIndex.open(name, version)
    if "://" in out:
        with new_file(out) as path:
            report = index.export(path, format_=None if format_ is None else format_.value, where=where)
        files = [f"{out.rpartition('/')[0]}/{path.name}" for path in report.paths]
    else:
        report = index.export(Path(out), format_=None if format_ is None else format_.value, where=where)
        files = [str(path) for path in report.paths]
    facts = {"index": index.place, "version": index.manifest.version, "anchors": report.n_anchors}
    print_facts(facts | {"files": files if json else ", ".join(files)}, as_json=json)
