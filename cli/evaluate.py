"""`quasar-index evaluate`: how well scores follow opinion scores, for several methods at once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.encoders.spec import EncoderSpec
from quasar_index.errors import counted

from . import completing, options
from . import evaluation_files as files
from . import method_option as ways
from .data import LABELS_IDLE, note_found, read_sources
from .evaluation_results import read_results
from .evaluation_run import Protocol, embed_for_all, embed_images, open_indexes, read_all_embedded
from .evaluation_tables import SHOW, EvaluationFormat, print_reports
from .few_labels import FewLabelOptions, read_numbers
from .idle import Idle
from .matrix_tables import print_matrix
from .output import interruptible, note
from .patch_scoring import prompting_name, takes_prompts
from .progress import progress_bar

PROTOCOL = "Protocol"
OF_FEW_LABELS = ("seeds", "test_share", "by_seed")


IDLE = (
    Idle(
        (
            *("index", "data", "embeddings", "labels", "cross_validate", "matrix", "exclude", "allow_overlap"),
            *("by", "group", "resamples", "method", "where", "version", "ratio", "seed", "encoder", "layers"),
            *("input_rule", "picture", "sheet", "predictions", "results", *options.EMBEDDING, *options.LABELLING),
            *("few_labels", *OF_FEW_LABELS),
        ),
        lambda given: bool(given["from_"]),
        "--from prints what was computed before, and takes --format alone",
    ),
    Idle(
        (
            *("data", "embeddings", "labels", "exclude", "allow_overlap", "by", "group", "version", "ratio"),
            *("encoder", "layers", "input_rule", "picture", "sheet", "predictions", "results"),
            *(*options.EMBEDDING, *options.LABELLING, "few_labels", *OF_FEW_LABELS),
        ),
        lambda given: given["matrix"],
        "--matrix is of the anchors of several --index, and prints their SRCC",
    ),
    Idle(
        ("cross_validate", "exclude", "allow_overlap", "by", "resamples", "ratio", "sheet", "predictions", "results"),
        lambda given: given["few_labels"] is not None,
        "--few-labels draws its anchors from the images, and prints medians over seeds",
    ),
    Idle(
        OF_FEW_LABELS,
        lambda given: given["few_labels"] is None,
        "--few-labels alone draws labels",
    ),
    Idle(
        options.EMBEDDING,
        lambda given: bool(given["embeddings"]),
        "--embeddings need no encoder",
    ),
    Idle(
        options.EMBEDDING,
        lambda given: given["data"] is None,
        "the anchors of the index are embedded already; it is for --data",
    ),
    Idle(
        options.LABELLING,
        lambda given: given["data"] is None and given["labels"] is None,
        "the anchors of the index are labelled already; it is for --data",
    ),
    Idle(
        ("group",),
        lambda given: given["cross_validate"] is not None,
        "--cross-validate resamples the groups that it leaves out",
    ),
    *LABELS_IDLE[1:],
)


class ReportFormat(str, Enum):
    """Formats of a reproduction."""

    table = "table"
    json = "json"
    markdown = "markdown"


def evaluate(
    *,
    index: Annotated[
        list[str] | None,
        typer.Option("--index", "-i", help="Name or path; several are compared.", autocompletion=completing.indexes),
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", "-d", metavar="SPEC", help="Rated images, as for build.")
    ] = None,
    embeddings: Annotated[
        list[Path] | None,
        typer.Option(help="Embeddings of rated images instead of --data; one file, or one an index."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Label file of --embeddings.")] = None,
    labelling: options.Labelling,
    cross_validate: Annotated[
        str | None,
        typer.Option(
            metavar="group=COLUMN",
            help="Leave out one group at a time: of --data, or of the index's own anchors.",
            rich_help_panel=PROTOCOL,
        ),
    ] = None,
    matrix: Annotated[
        bool,
        typer.Option(
            "--matrix", help="Anchors of each --index against those of each other one.", rich_help_panel=PROTOCOL
        ),
    ] = False,
    few_labels: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,...",
            help="Score by N drawn labels alone: medians over --seeds.",
            rich_help_panel=PROTOCOL,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Draws of --few-labels; the first is --seed.", rich_help_panel=PROTOCOL)
    ] = 10,
    test_share: Annotated[
        float,
        typer.Option(metavar="PART", help="Part of the images that --few-labels tests on.", rich_help_panel=PROTOCOL),
    ] = 0.2,
    exclude: options.Exclude = None,
    allow_overlap: options.AllowOverlap = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="SRCC of each value: distortion, split, source, ...", rich_help_panel=PROTOCOL
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Test images resampled together; of --few-labels: never divided.  Default: that of --exclude "
            "group=COLUMN, else reference.",
            rich_help_panel=PROTOCOL,
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
        typer.Option(
            "--encoder",
            "-e",
            help="Of --cross-validate of --data; of patches:prompts.",
            rich_help_panel="Encoder",
            autocompletion=completing.encoders,
        ),
    ] = None,
    layers: options.Layers = None,
    input_rule: options.InputRule = None,
    embedding: options.Embedding,
    format_: Annotated[EvaluationFormat, typer.Option("--format", "-f", help="How to print.")] = EvaluationFormat.table,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw what the first two methods see, with images: .png or .svg."),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a row an image with all scores: .csv, .jsonl or .parquet."),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Add a line a method with all that decides it: .jsonl."),
    ] = None,
    from_: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="Print what --results wrote, in any --format; computes nothing."),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw scores against ratings (or curves): .png or .svg."),
    ] = None,
    by_seed: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a row a method, number of labels and seed of --few-labels: .csv, .jsonl or .parquet.",
        ),
    ] = None,
) -> None:
    """Evaluate scores against opinion scores: correlations with intervals, and differences between methods.

    Rated images against an index (--index, --data); one rated set by leaving out one group at a time (--data,
    --cross-validate group=COLUMN); or the anchors of an index so (--index, --cross-validate), which embeds nothing.
    --few-labels in place of --cross-validate tells how far a few ratings carry.
    The exit code is 3 when images failed, 7 when the evaluation would mean nothing.
    """
    if from_:
        print_reports(read_results(from_), format_)
        return
    left_out = read_group(cross_validate)
    if matrix:
        _evaluate_matrix(index or [], ways.read_methods(method), left_out, where, rating, resamples, seed, format_)
        return
    numbers = None if few_labels is None else read_numbers(few_labels)
    several = len(index or []) > 1
    methods = ways.read_methods(method)
    has_images = data is not None or bool(embeddings)
    _refuse(
        (data is not None and bool(embeddings), "give either --data or --embeddings"),
        (labels is not None and not embeddings, "--labels belongs to --embeddings"),
        (
            numbers is not None and has_images == bool(index),
            "--few-labels takes its anchors from the images: give --data, --embeddings, or --index alone",
        ),
        (
            numbers is None and not has_images and (not index or left_out is None),
            "give --data, --embeddings, or --index with --cross-validate group=... or --few-labels",
        ),
        (
            numbers is None and has_images and (not index) == (left_out is None),
            "--data and --embeddings need either --index or --cross-validate group=COLUMN or --few-labels",
        ),
        (bool(left_out and exclude), "--exclude is for --index with --data; --cross-validate leaves out whole groups"),
        (
            not index and bool(where or rating or version or ratio != 1),
            "--where, --rating, --version and --ratio are for --index",
        ),
        (left_out is not None and ratio != 1, "--ratio is for --index with --data"),
        (several and version is not None, "--version is for one --index"),
        (
            len(embeddings or []) not in (0, 1, len(index or [])),
            "give --embeddings once, or once for each --index, in their order",
        ),
        (
            bool(layers or input_rule) and (data is None or bool(index)),
            "--layers and --input are for --data without --index",
        ),
        (
            bool(encoder) and (data is None or bool(index)) and not takes_prompts(methods),
            "--encoder is for --data without --index, or for the prompts of --method patches:prompts",
        ),
    )
    labelling.one_rating("one rating is evaluated at a time")
    if sheet is not None and len(methods) * max(len(index or []), 1) < 2:
        raise typer.BadParameter("--sheet compares two methods or indexes: give --method mean/retrieval")
    given = methods if method else None
    protocol = Protocol(
        given,
        left_out,
        group,
        exclude,
        allow_overlap,
        where,
        ratio,
        rating,
        by or [],
        resamples,
        seed,
        few_labels=None if numbers is None else FewLabelOptions(numbers, group, seeds, test_share, seed),
    )
    outputs = files.Outputs(picture, predictions, results, sheet, by_seed)
    outputs.check([data, labels, *(embeddings or [])])
    qi.allow_pixels(embedding.max_pixels)
    specs: list[EncoderSpec] = []
    ready: dict[str, qi.EvaluationReport] = {}
    opened = open_indexes(index or [], version)

    def read_images() -> list[qi.RatedImages]:
        """Return the images for each index; encoders are loaded one after the other."""
        if embeddings:
            return read_all_embedded(embeddings, labels, labelling, protocol, list(opened.values()))
        if data is None:
            return [qi.rated_anchors(one, where=where, rating=rating) for one in opened.values()]
        (source,) = read_sources([data], **vars(labelling))
        rated = qi.rated_source(source, keep_sides=left_out is not None)
        protocol.check_all(rated, list(opened.values()))
        if not opened:
            chosen = encoder or qi.DEFAULT_ENCODER
            rule: dict[str, Any] = {"layers": layers, "input_rule": input_rule}
            own, spec = embed_images(rated, qi.load_encoder(chosen, **rule, **embedding.loading), embedding)
            specs.append(spec)
            return [own]
        images, done, spec = embed_for_all(rated, opened, protocol, embedding, prompting_name(encoder))
        ready.update(done)
        specs.append(spec)
        return images

    with interruptible("nothing was written; run it again"):
        images = read_images()
        note_found(embedding.cache)
        if protocol.few_labels is not None:
            protocol.few_labels.run(methods, list(opened), images, outputs, format_)
            return
        report = protocol.evaluate_all(opened, images, ready)
    outputs.write(report, images, opened, specs[0] if specs else None, by=protocol.by, asked=protocol.asked)
    SHOW[format_](report.to_dict())
    for path, reason in report.failures[:5]:
        note(f"left out '{path}': {reason}")
    if report.n_failed:
        note(f"error: {counted(report.n_failed, 'image')} could not be embedded")
        raise typer.Exit(qi.DataError.exit_code)


def _refuse(*rules: tuple[bool, str]) -> None:
    """Refuse what one of the rules says is wrong."""
    for is_wrong, message in rules:
        if is_wrong:
            raise typer.BadParameter(message)


def _evaluate_matrix(
    names: list[str],
    methods: list[qi.Method],
    group: str | None,
    where: str | None,
    rating: str | None,
    resamples: int,
    seed: int,
    format_: EvaluationFormat,
) -> None:
    """Evaluate all pairs of indexes."""
    if len(names) < 2:
        raise typer.BadParameter("--matrix needs two or more --index")
    if rating is not None:
        raise typer.BadParameter("--rating is not for --matrix, which takes the first rating of each index")
    how = {"n_resamples": resamples, "level": 0.95, "seed": seed}
    with interruptible("nothing was written; run it again"), progress_bar("evaluating") as on_progress:
        cells = qi.validation.evaluate_matrix(
            methods,
            open_indexes(names),
            group=group,
            where=where,
            n_resamples=resamples,
            level=0.95,
            seed=seed,
            on_progress=on_progress,
        )
    print_matrix(cells, format_, how)


def read_group(text: str | None) -> str | None:
    """Read `group=COLUMN`."""
    if text is None:
        return None
    key, _, column = text.partition("=")
    if key != "group" or not column:
        raise typer.BadParameter(f"--cross-validate {text}: write group=COLUMN")
    return column
