"""`quasar-index evaluate`: how well scores follow opinion scores, for several methods at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import method_option as ways
from . import options
from .data import read_sources
from .evaluation_tables import print_markdown, print_report
from .idle import Idle
from .output import interruptible, note, progress_bar

PROTOCOL = "Protocol"


IDLE = (
    Idle(
        (*options.EMBEDDING, *options.LABELLING),
        lambda given: given["data"] is None,
        "the anchors of the index are embedded and labelled already; it is for --data",
    ),
)


class ReportFormat(str, Enum):
    """Formats of an evaluation or a reproduction."""

    table = "table"
    json = "json"
    markdown = "markdown"


def evaluate(
    *,
    index: Annotated[str | None, typer.Option("--index", "-i", help="Name or path of the index.")] = None,
    data: Annotated[
        str | None, typer.Option("--data", "-d", metavar="SPEC", help="Rated images, as for build.")
    ] = None,
    labelling: options.Labelling,
    cross_validate: Annotated[
        str | None,
        typer.Option(
            metavar="group=COLUMN",
            help="Leave out one group at a time: of --data, or of the index's own anchors.",
            rich_help_panel=PROTOCOL,
        ),
    ] = None,
    exclude: options.Exclude = None,
    allow_overlap: options.AllowOverlap = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="SRCC of each value: distortion, split, source, ...", rich_help_panel=PROTOCOL
        ),
    ] = None,
    resamples: options.Resamples = 1000,
    method: ways.MethodsOption = None,
    where: options.Where = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    ratio: options.Ratio = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Of --ratio, folds and bootstrap.", rich_help_panel=PROTOCOL)] = 0,
    encoder: Annotated[
        str | None,
        typer.Option("--encoder", "-e", help="Of --cross-validate of --data.", rich_help_panel="Encoder"),
    ] = None,
    layers: options.Layers = None,
    input_rule: options.InputRule = None,
    embedding: options.Embedding,
    format_: Annotated[ReportFormat, typer.Option("--format", "-f", help="How to print.")] = ReportFormat.table,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw scores against ratings: .png or .svg.")
    ] = None,
) -> None:
    """Evaluate scores against opinion scores: correlations with intervals, and differences between methods.

    Rated images against an index (--index, --data); one rated set by leaving out one group at a time (--data,
    --cross-validate group=COLUMN); or the anchors of an index so (--index, --cross-validate), which embeds nothing.
    The exit code is 3 when images failed, 7 when the evaluation would mean nothing.
    """
    group = read_group(cross_validate)
    for is_wrong, message in (
        (data is None and (index is None or group is None), "give --data, or --index with --cross-validate group=..."),
        (
            data is not None and (index is None) == (group is None),
            "--data needs either --index or --cross-validate group=COLUMN",
        ),
        (bool(group and exclude), "--exclude is for --index with --data; --cross-validate leaves out whole groups"),
        (
            index is None and bool(where or rating or version or ratio != 1),
            "--where, --rating, --version and --ratio are for --index",
        ),
        (group is not None and ratio != 1, "--ratio is for --index with --data"),
        (
            index is not None and bool(encoder or layers or input_rule),
            "--encoder, --layers and --input are for --data without --index",
        ),
    ):
        if is_wrong:
            raise typer.BadParameter(message)
    labelling.one_rating("one rating is evaluated at a time")
    methods = ways.read_methods(method)
    if picture is not None:
        qi.pictures.check_picture(picture)
    qi.allow_pixels(embedding.max_pixels)
    opened = None if index is None else qi.AnchorIndex.open(index, version)

    def embed(load: Callable[[], qi.Encoder]) -> qi.RatedImages:
        (source,) = read_sources([data or ""], **vars(labelling))
        rated = qi.rated_source(source, keep_sides=group is not None)
        if group is not None:
            qi.validation.check_cross_validation(rated, group, by=by or [])
        elif opened is not None:
            qi.validation.check_evaluation(
                rated,
                opened,
                exclude=exclude,
                allow_overlap=allow_overlap,
                where=where,
                ratio=ratio,
                rating=rating,
                by=by or [],
                seed=seed,
            )
        loaded = load()
        with progress_bar("embedding") as on_image:
            return qi.embed_rated(rated, loaded, **embedding.running, on_progress=on_image)

    with interruptible("nothing was written; run it again"):
        if opened is None:
            images = embed(
                lambda: qi.load_encoder(
                    encoder or qi.DEFAULT_ENCODER, layers=layers, input_rule=input_rule, **embedding.loading
                )
            )
        elif data is None:
            images = qi.rated_anchors(opened, where=where, rating=rating)
        else:
            recorded = opened.manifest.encoder
            images = embed(lambda: qi.load_recorded_encoder(recorded, **embedding.loading))
        with progress_bar("evaluating") as on_progress:
            shared: dict[str, Any] = {
                "allow_overlap": allow_overlap,
                "by": by or [],
                "n_resamples": resamples,
                "seed": seed,
                "on_progress": on_progress,
            }
            if group is not None:
                report = qi.cross_validate_images(methods, images, group, **shared)
            else:
                assert opened is not None  # noqa: S101 - for the type checker
                shared |= {"exclude": exclude, "where": where, "ratio": ratio, "rating": rating}
                report = qi.evaluate_index(methods, opened, images, **shared)
    if picture is not None:
        qi.draw_evaluation(report, picture)
    _SHOW[format_](report)
    for path, reason in report.failures[:5]:
        note(f"left out '{path}': {reason}")
    if report.n_failed:
        note(f"error: {counted(report.n_failed, 'image')} could not be embedded")
        raise typer.Exit(qi.DataError.exit_code)


def _print_json(report: qi.EvaluationReport) -> None:
    typer.echo(json.dumps(report.to_dict(), indent=2))


_SHOW: dict[ReportFormat, Callable[[qi.EvaluationReport], None]] = {
    ReportFormat.table: print_report,
    ReportFormat.json: _print_json,
    ReportFormat.markdown: print_markdown,
}


def read_group(text: str | None) -> str | None:
    """Read `group=COLUMN`."""
    if text is None:
        return None
    key, _, column = text.partition("=")
    if key != "group" or not column:
        raise typer.BadParameter(f"--cross-validate {text}: write group=COLUMN")
    return column
