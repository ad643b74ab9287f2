"""`quasar-index reproduce`: the tables and figures of papers over the data sets and weights that are there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options
from .evaluate import ReportFormat
from .output import interruptible, note
from .progress import progress_bar
from .reproduction_tables import missing_text, print_reproduction, print_reproduction_markdown

ANCHORS, PROTOCOL = "Anchors", "Protocol"


class ProtocolName(str, Enum):
    """The protocols of the papers."""

    TABLE1 = "TABLE1"
    FIG4 = "FIG4"
    FIG5 = "FIG5"
    FIG6 = "FIG6"
    FIG7 = "FIG7"
    ADAPTIVE = "ADAPTIVE"
    GREPQ_FEW = "GREPQ-FEW"
    GREPQ_ZERO = "GREPQ-ZERO"


def reproduce(
    name: Annotated[
        ProtocolName,
        typer.Argument(
            help="TABLE1: the headline; FIG4: encoders at 224 px; FIG5: resolutions; FIG6: fractions of the anchors; "
            "FIG7: aesthetics; ADAPTIVE: anchors retrieved for each image (section 5). GRepQ's are GREPQ-FEW: 50, 100 "
            "and 200 labels; GREPQ-ZERO: none.",
            case_sensitive=False,
        ),
    ],
    data_root: Annotated[
        Path | None,
        typer.Option(
            "--data-root",
            metavar="DIR",
            help="Folder with the data sets: tid2013/, kadid10k/, koniq10k/, livewild/, spaq/, pieapp/, aadb/, tad66k/ "
            "to test on (of GRepQ's also flive/, csiq/, live/); kadis700k/, pipal/, ava/ for anchors; embeddings/ is "
            "read as --published.",
        ),
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with embeddings that the authors published, unpacked: no image is needed. Rows whose setting "
            "is not the paper's are marked, and its figure is left out.",
        ),
    ] = None,
    indexes: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where indexes and results are kept and found again; default: reproduce/ in the home of indexes.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="Only these test sets.", rich_help_panel=PROTOCOL),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would run and what is missing.", rich_help_panel=PROTOCOL),
    ] = False,
    resamples: options.Resamples = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of samples, draws and bootstrap.", rich_help_panel=PROTOCOL)] = 0,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Embed only N references of each anchor set with their distorted versions (or N rated images); "
            "flagged.",
            rich_help_panel=ANCHORS,
        ),
    ] = None,
    ratio: Annotated[
        float, typer.Option(help="Use a random part of the embedded anchors; flagged.", rich_help_panel=ANCHORS)
    ] = 1.0,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            "-e",
            help="Another encoder in place of the paper's; flagged. efficientnet-lite0 needs no download.",
            rich_help_panel="Encoder",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]FILE",
            help="Weights file of an encoder, repeatable; NAME= where the protocol has several.",
            rich_help_panel="Encoder",
        ),
    ] = None,
    device: options.Device = "auto",
    precision: options.Precision = options.PrecisionChoice.auto,
    batch_size: options.BatchSize = 16,
    threads: options.Threads = None,
    max_pixels: options.MaxPixels = options.MAX_PIXELS,
    format_: Annotated[ReportFormat, typer.Option("--format", "-f", help="How to print.")] = ReportFormat.table,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: .png or .svg.")] = None,
) -> None:
    """Run a table or figure of QUASAR or GRepQ over the data sets that are there: ours beside the published figures.

    Give images (--data-root), embeddings that the authors published (--published), or both. Images are embedded once
    for each encoder; the same command goes on where it stopped. What is missing is listed with how to get it. SRCC is
    signed here; QUASAR prints its absolute value. The exit code is 0 when something ran.
    """
    if picture is not None:
        qi.pictures.check_picture(picture)
    qi.allow_pixels(max_pixels)
    tests = [one.strip() for text in only or [] for one in text.split(",") if one.strip()]
    chosen = qi.reproduction.select_experiments(qi.reproduction.find_protocol(name.value), only=tests, encoder=encoder)
    files = _weights(weights or [], list(dict.fromkeys(one.encoder for one in chosen)))
    with interruptible("the same command goes on where it stopped"), progress_bar("images") as on_progress:
        found = qi.reproduction.reproduce(
            name.value,
            data_root,
            published=published,
            indexes=indexes,
            only=tests,
            encoder=encoder,
            weights=files,
            sample=sample,
            ratio=ratio,
            n_resamples=resamples,
            seed=seed,
            dry_run=dry_run,
            device=device,
            precision=precision.value,
            batch_size=batch_size,
            n_workers=threads,
            max_pixels=max_pixels,
            on_step=note,
            on_progress=on_progress,
        )
    if not (found.count("ran") or found.count("planned")):
        if found.missing:
            print(missing_text(found.missing), file=sys.stderr)  # noqa: T201
        raise _nothing_ran(found)
    _SHOW[format_](found)
    if picture is not None and not dry_run:
        qi.reproduction.draw_reproduction(found, picture)


def _print_json(found: qi.reproduction.Reproduction) -> None:
    typer.echo(json.dumps(found.to_dict(), indent=2))


_SHOW: dict[ReportFormat, Callable[[qi.reproduction.Reproduction], None]] = {
    ReportFormat.table: print_reproduction,
    ReportFormat.json: _print_json,
    ReportFormat.markdown: print_reproduction_markdown,
}


def _weights(given: list[str], encoders: list[str]) -> dict[str, Path]:
    """Read `[NAME=]FILE`."""
    files: dict[str, Path] = {}
    for text in given:
        name, separator, path = text.partition("=")
        if separator and name in qi.ENCODERS:
            if name not in encoders:
                raise typer.BadParameter(f"--weights {text}: no experiment here has that encoder")
            files[name] = Path(path)
        elif len(encoders) == 1:
            files[encoders[0]] = Path(text)
        else:
            raise typer.BadParameter(f"--weights {text}: write NAME=FILE with NAME one of {', '.join(encoders)}")
    return files


def _nothing_ran(found: qi.reproduction.Reproduction) -> qi.QuasarError:
    """Return the error of a run without a result: about data, or about weights where data were there."""
    reasons = dict.fromkeys(reason for result in found.results for reason in result.reasons)
    message = f"nothing of {found.protocol.name} could be run: {'; '.join(list(reasons)[:3])}"
    message += f"; and {counted(len(reasons) - 3, 'reason')} more" if len(reasons) > 3 else ""
    only_weights = found.missing and all(one.kind == "weights" for one in found.missing)
    error = qi.EncoderError if only_weights else qi.DataError
    return error(message, "get what is listed above" if found.missing else "mend that and run it again")
