"""`quasar-index verify`: whether an index is whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options
from .output import interruptible, note, print_facts, printable
from .progress import progress_bar


def verify(
    name: options.Index,
    files: Annotated[
        bool, typer.Option("--files", help="Also compare the image files, where they exist, with their anchors.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make anew what derives from the table, remove abandoned temporary files.")
    ] = False,
    version: options.IndexVersion = None,
    json: options.Json = False,
) -> None:
    """Check that an index is whole: files, counts, ids, embeddings, labels, history, and its search cache bit by bit.

    Exit code 4 with a line for each damage; what derives from the table is mended by --repair.
    """
    index = qi.AnchorIndex.open(name, version)
    with interruptible("run it again"), progress_bar("reading images") as on_progress:
        report = index.verify(files=files, repair=repair, on_progress=on_progress)
    if json:
        facts = {
            "index": index.place,
            "version": index.manifest.version,
            "whole": report.is_whole,
            "n_anchors": report.n_anchors,
            "n_files": report.n_files,
            "n_missing": report.n_missing,
            "damage": [asdict(one) for one in report.damage],
            "notes": list(report.notes),
        }
        print_facts(facts, as_json=True)
    else:
        for one in report.damage:
            end = "repaired" if one.repaired else one.mend + (", or with --repair" if one.can_repair else "")
            print(printable(f"{one.part}: {one.message}; {end}"))  # noqa: T201
        for text in report.notes:
            note(text)
        checked = f"{counted(report.n_anchors, 'anchor')}, version {index.manifest.version}"
        if files:
            checked += f"; {counted(report.n_files, 'image file')} compared, {report.n_missing} are not there"
        state = "whole" if not report.damage else "whole again" if report.is_whole else "damaged"
        print_facts({"index": index.place, "checked": checked, "state": state}, as_json=False)
    if not report.is_whole:
        raise typer.Exit(qi.AnchorIndexError.exit_code)
