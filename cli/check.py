"""`quasar-index check`: what is wrong with labelled images, before an index is built of them."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import completing, options
from .idle import Idle
from .output import interruptible, note, print_facts, print_table
from .progress import progress_bar
from .tables import Cell

STYLES = {"error": "bold red", "warning": "yellow", "ok": "green"}


IDLE = (
    Idle(
        ("weights", "device", "precision", "batch_size", "no_cache"),
        lambda given: given["index"] is None,
        "images are embedded for --index alone",
    ),
)


def check(
    *,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", "-d", metavar="SPEC", help="Labelled images as for build, repeatable."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="Data that must share no image with them, such as a benchmark; repeatable."),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            metavar="NAME",
            help="Index: look for near-duplicates in it and among the images, and compare its scores with the labels.",
            autocompletion=completing.indexes,
        ),
    ] = None,
    rating: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Rating of --index whose scores are compared; default: the first."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(help="Least cosine of near-duplicates; it suits the default encoder.  \\[default: 0.975]"),
    ] = None,
    decode: Annotated[
        bool, typer.Option("--decode", help="Decode every image, not only its header: finds truncated files.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the 500 images whose direction is looked at.")] = 0,
    labelling: options.Labelling,
    embedding: options.Embedding,
    json: options.Json = False,
) -> None:
    """Check labelled images before building: files, labels, direction, duplicates, leaks.

    The exit code is 3 when a build would make no sense: no usable image, one side empty, or images shared with
    --against. Warnings leave it at 0.
    """
    if not data:
        raise typer.BadParameter("--data is missing: the images and labels to check")
    for option, value in (("--threshold", threshold), ("--rating", rating)):
        if value is not None and index is None:
            raise typer.BadParameter(f"{option} belongs to --index")
    qi.allow_pixels(embedding.max_pixels)
    if threshold is not None:
        from quasar_index.checks.check import check_threshold

        check_threshold(threshold)
    lower = labelling.lower_is_better or None
    sources, found = qi.checks.read_sources(data, **vars(labelling) | {"lower_is_better": lower})
    others, found_of_others = qi.checks.read_sources(against or [])
    opened = qi.AnchorIndex.open(index) if index is not None else None
    encoder = None
    if opened is not None:
        qi.index.rating_records(opened, rating)
        encoder = qi.encoders.LazyEncoder(opened.manifest.encoder, **embedding.loading)
    with interruptible("nothing was changed; run it again"), progress_bar("checking") as on_progress:
        report = qi.checks.check_sources(
            sources,
            against=others,
            found=[*found, *found_of_others],
            index=opened,
            rating=rating,
            encoder=encoder,
            decode=decode,
            seed=seed,
            **embedding.running | ({} if threshold is None else {"threshold": threshold}),
            on_progress=on_progress,
        )
    if json:
        print_facts({"must_stop": report.must_stop, **asdict(report)}, as_json=True)
    else:
        print_table(("", "data", "check", "count", "finding"), [_row(finding) for finding in report.findings],
                    right=("count",), keep=("finding",), least=("count",))  # fmt: skip
    errors, warnings = len(report.of("error")), len(report.of("warning"))
    if report.must_stop:
        note(f"error: {errors} of these findings must be mended before a build makes sense")
        raise typer.Exit(qi.DataError.exit_code)
    if not json:
        summary = "nothing to mend" if not warnings else counted(warnings, "warning")
        note(f"{counted(report.n_images, 'image', form=',')} checked, {summary}")


def _row(finding: qi.checks.Finding) -> tuple[Cell, ...]:
    count = f"{finding.count:,}" if finding.count else ""
    text = "\n".join((finding.message, *(f"  {_short(example)}" for example in finding.examples)))
    return ((finding.severity, STYLES[finding.severity]), finding.data, finding.check, count, text)


def _short(example: str) -> str:
    """Name files as seen from the working folder."""
    return example.replace(os.getcwd() + os.sep, "")  # noqa: PTH109
