"""`score --output DIR/`: very many images, a folder of Parquet files, by this machine or by many."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

import quasar_index as qi
from quasar_index.errors import DataError, counted

from . import distribution, options, score_inputs, scorings
from .idle import Idle
from .output import Format, interruptible, note
from .progress import progress_bar
from .summary import Summary

_SECRETS = re.compile(r"(?<=://)[^/@\s]*@|(?<=\?)(?=[^ ]*(?:sig|token|key|secret|cred))\S*", re.IGNORECASE)


def is_folder(output: str | None) -> bool:
    """Tell whether `--output` names a folder: by its last `/`, or because there is one."""
    text = str(output or "")
    return text.endswith("/") or (bool(text) and "://" not in text and Path(text).is_dir())


IDLE = (
    Idle(
        ("sort", "best", "min_score"),
        lambda given: is_folder(given["output"]),
        "a folder holds the rows of all images, in their order; choose among them when you read it",
    ),
    Idle(
        ("explain", "explain_top", "report", "save_embeddings", "verbose"),
        lambda given: is_folder(given["output"]),
        "a folder holds scores alone; for this, write to --output FILE",
    ),
    Idle(
        distribution.DISTRIBUTION,
        lambda given: not is_folder(given["output"]),
        "it is for a folder, --output DIR/, in which the scores of many workers come together",
    ),
)


def check(format_: Format | None, embeddings: Path | None) -> Format:
    """Find out whether other options go with a folder, and return its format.

    Raises:
        BadParameter: When they do not.
    """
    if format_ not in (None, Format.parquet):
        raise typer.BadParameter("a folder is written as Parquet: drop --format, or give --output FILE")
    if embeddings is not None:
        raise typer.BadParameter("--embeddings are scored into one file: give --output FILE")
    return Format.parquet


def write(
    output: str,
    inputs: score_inputs.Inputs,
    plan: scorings.Plan,
    about: Mapping[str, Any],
    embedding: options.Embedding,
    many: distribution.Distribution,
    *,
    most_failures: float,
    tolerate_truncated: bool,
) -> None:
    """Score all images into the folder, and say what came of it.

    Raises:
        Exit: With the code of an error where more images failed than may.
    """
    indexes = [
        {
            "name": one.path.name,
            "uid": one.manifest.uid,
            "version": one.manifest.version,
            "approximate": repr(one.manifest.approximate) if one.manifest.approximate else None,
        }
        for one in plan.indexes
    ]
    summary = Summary()
    with interruptible("the same command goes on where it stopped"), progress_bar("scoring") as say_progress:
        done = qi.methods.score_to_folder(
            output,
            inputs.images,
            plan.scorings,
            keep=inputs.keep,
            n_workers=embedding.threads,
            max_pixels=embedding.max_pixels,
            tolerate_truncated=tolerate_truncated,
            about={"indexes": indexes, **about},
            command=["quasar-index", *(_SECRETS.sub("", one) for one in sys.argv[1:])],
            on_progress=lambda done, total, failed: say_progress(done, total, failed=failed),
            **many.running,
        )
    if done.was_there:
        failed = f", {done.n_failed} of them with an error" if done.n_failed else ""
        note(f"'{done.place}' holds these scores already: {counted(done.n_rows, 'row')}{failed}")
        if done.n_failed > most_failures:
            raise typer.Exit(DataError.exit_code)
        return
    if done.n_resumed:
        was = "was" if done.n_resumed == 1 else "were"
        note(f"{done.n_resumed} of {counted(done.n_rows, 'row')} {was} left by an interrupted run")
    summary.take(done.manifest, done.n_resumed)
    summary.end(
        done.place,
        more=summary.beside(inputs.n_left_out, has_notes=tolerate_truncated),
        mend="see the column error",
        most_failures=most_failures,
    )
