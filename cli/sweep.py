"""`quasar-index sweep`: curves of rank correlation over the number of anchors, or over one parameter."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import completing, options
from . import method_option as ways
from .data import note_found, read_sources
from .evaluate import read_group
from .idle import Idle
from .output import Format, interruptible, note, print_table, print_text, write_rows
from .progress import progress_bar

CURVES, PROTOCOL = "Curves", "Protocol"
BESIDE_A_PLAN = frozenset({*options.EMBEDDING, "plan", "cache", "output", "picture", "format_"})
"""Options that say how a sweep runs and what is written, not what it computes."""


IDLE = (
    Idle(
        (*options.EMBEDDING, *options.LABELLING, "cache"),
        lambda given: given["data"] is None and given["plan"] is None,
        "the anchors of the index are embedded and labelled already; it is for --data",
    ),
    Idle(("cache",), lambda given: given["no_cache"], "--no-cache looks into none"),
    Idle(
        ("folds",),
        lambda given: given["cross_validate"] is None and given["plan"] is None,
        "it is for --cross-validate",
    ),
    Idle(("stratify",), lambda given: given["sizes"] is None and given["plan"] is None, "it is for --sizes"),
)


class SweepFormat(str, Enum):
    """Formats of curves."""

    table = "table"
    csv = "csv"
    jsonl = "jsonl"


def sweep(
    context: typer.Context,
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Name, path or address of an index.",
            show_default=False,
            autocompletion=completing.indexes,
        ),
    ] = None,
    plan: Annotated[Path | None, typer.Option("--plan", metavar="FILE.toml", help="A declared sweep.")] = None,
    selectors: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Selectors, as of 'select'; or all.", rich_help_panel=CURVES),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="S1,S2,...",
            help="Fractions up to 1 (all) or numbers from 2 of the anchors.",
            rich_help_panel=CURVES,
        ),
    ] = None,
    stratify: Annotated[
        int | None,
        typer.Option(metavar="BINS", min=1, help="Of the selectors, as of 'select'.", rich_help_panel=CURVES),
    ] = None,
    ratios: Annotated[
        str | None,
        typer.Option(
            metavar="R1,R2,...", help="Random parts of the anchors (QUASAR's Fig. 6).", rich_help_panel=CURVES
        ),
    ] = None,
    offsets: Annotated[
        str | None, typer.Option(metavar="O1,O2,...", help="Offsets (Fig. 7b).", rich_help_panel=CURVES)
    ] = None,
    clusters: Annotated[
        str | None, typer.Option(metavar="K1,K2,...", help="Clusters a side.", rich_help_panel=CURVES)
    ] = None,
    top_k: Annotated[
        str | None,
        typer.Option("--top-k", metavar="K1,K2,...", help="Of retrieval, or of knn.", rich_help_panel=CURVES),
    ] = None,
    shrinkages: Annotated[
        str | None,
        typer.Option(metavar="L1,L2,...", help="Of the whitened space: numbers, oas, ...", rich_help_panel=CURVES),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Draws of whatever is random.", rich_help_panel=CURVES)] = 10,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", metavar="SPEC", help="Rated images, as for build.", rich_help_panel=PROTOCOL),
    ] = None,
    labelling: options.Labelling,
    cross_validate: Annotated[
        str | None,
        typer.Option(
            metavar="group=COLUMN",
            help="Leave out one group of its own anchors at a time.",
            rich_help_panel=PROTOCOL,
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option(min=2, help="Most folds of --cross-validate; fewer are quicker.", rich_help_panel=PROTOCOL)
    ] = 100,
    exclude: options.Exclude = None,
    allow_overlap: options.AllowOverlap = False,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="With --data: anchors that forward and influence hold out together; default: reference, else none.",
            rich_help_panel="Anchors",
        ),
    ] = None,
    resamples: options.Resamples = 1000,
    seed: Annotated[int, typer.Option(min=0, help="First of the seeds.", rich_help_panel=PROTOCOL)] = 0,
    method: ways.MethodsOption = None,
    where: options.Where = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    embedding: options.Embedding,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Of embeddings of --data.  [$QUASAR_INDEX_CACHE, else the user's cache folder]"
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the table: .csv or .jsonl.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the curves: .png or .svg.")] = None,
    format_: Annotated[SweepFormat, typer.Option("--format", "-f", help="How to print.")] = SweepFormat.table,
) -> None:
    """Draw curves of SRCC: of selectors over the number of anchors, or over one parameter.

    One of --sizes (with --selectors), --ratios, --offsets, --clusters, --top-k, --shrinkages varies; --method names
    what scores, and --plan declares all of it in a file. Selectors see the anchors of the fold alone.
    What is computed is kept beside --output, --picture or the plan (FILE.points.jsonl): the same command goes on there.
    """
    axes = {
        "sizes": sizes,
        "ratios": ratios,
        "offsets": offsets,
        "clusters": clusters,
        "top-k": top_k,
        "shrinkages": shrinkages,
    }
    if plan is not None:
        _check_beside_a_plan(context)
        declared = qi.sweep.read_plan(plan)
    else:
        labelling.one_rating("a sweep is measured on one rating")
        methods = ways.read_methods(method)
        declared = qi.sweep.Plan(
            qi.sweep.Sweep(
                **_axis(axes, selectors),
                methods=tuple(methods),
                stratify=stratify,
                n_seeds=seeds,
                n_resamples=resamples,
                seed=seed,
            ),
            index=name or "",
            version=version,
            where=where,
            group=group,
            rating=rating,
            data=data,
            score_column=labelling.score_column[0] if labelling.score_column else None,
            image_column=labelling.image_column,
            lower_is_better=labelling.lower_is_better,
            exclude=exclude,
            cross_validate=read_group(cross_validate),
            max_folds=folds,
            allow_overlap=allow_overlap,
        )
        _check(declared)
    _check_files(output, picture)
    state = next((path.with_suffix(".points.jsonl") for path in (output, picture, plan) if path is not None), None)
    qi.allow_pixels(embedding.max_pixels)
    hint = "give --output to keep what is computed" if state is None else "the same command goes on from there"
    with interruptible(hint):
        bench = _bench(declared, cache, embedding)
        with progress_bar("sweeping") as on_progress:
            report = qi.sweep.run_sweep(declared.sweep, bench, state=state, on_progress=on_progress)
    if report.n_resumed:
        note(
            f"{counted(report.n_resumed, 'evaluation was', 'evaluations were')} there already, "
            f"{report.n_computed} {'was' if report.n_computed == 1 else 'were'} computed"
        )
    if picture is not None:
        qi.sweep.draw_sweep(report, picture)
        note(f"wrote {picture}")
    _write(report, format_, output)
    for path, reason in bench.failures[:5]:
        note(f"left out '{path}': {reason}")
    if bench.failures:
        note(f"error: {counted(len(bench.failures), 'image')} could not be embedded")
        raise typer.Exit(qi.DataError.exit_code)


def _write(report: qi.sweep.SweepReport, format_: SweepFormat, output: Path | None) -> None:
    """Write the curves to the output, and print them."""
    rows, columns = report.rows(), list(qi.sweep.SWEEP_COLUMNS)
    if output is not None:
        write_rows(rows, columns, format_=Format(output.suffix[1:]), output=str(output))
    if format_ is SweepFormat.table:
        print_curves(report)
    else:
        write_rows(rows, columns, format_=Format(format_.value), output=None)
    for what, reason in report.failures:
        note(f"left out {what}: {reason}")


def print_curves(report: qi.sweep.SweepReport) -> None:
    """Print the points of a sweep for people."""
    level = f"{report.sweep.level:.0%}"
    print_text(report.protocol)
    units = f"{counted(report.n_units, 'group')}" if report.grouped else f"{counted(report.n_units, 'image')}"
    print_text(f"{counted(report.n_images, 'image')}; over seeds: where {level} of draws lie; bootstrap: over {units}")
    for text in report.notes:
        print_text(text)
    print_text()
    parameter = report.sweep.parameter
    columns = ["method", "selector", parameter, "anchors", "seeds", "SRCC", "over seeds", "bootstrap"]
    rows = []
    for point in report.points:
        cells = [
            point.method,
            point.selector,
            f"{point.value}",
            f"{point.n_anchors:.0f}",
            f"{point.n_seeds}",
            f"{point.srcc:.3f}",
            _interval(point.seeds),
            _interval(point.bootstrap),
        ]
        if parameter == "size":
            paired = point.minus_random
            cells.append("" if paired is None else f"{paired.value:+.3f} {_interval(paired, sign='+')}".strip())
            cells.append("*" if paired is not None and paired.is_clear else "")
        else:
            del cells[1]
        rows.append(cells)
    if parameter == "size":
        columns += ["SRCC - random", "*"]
    else:
        columns.remove("selector")
    print_table(
        columns,
        rows,
        right=[title for title in columns[1:] if title not in ("selector", "*")],
        keep=("selector", parameter, "SRCC", "*"),
        least=("seeds", "anchors", "over seeds"),
    )
    if parameter == "size":
        print_text(f"\n* differs from random selection of the same size ({level}, paired over test groups and seeds)")


def parse_values(option: str, text: str) -> tuple[int | float | str, ...]:
    """Read `V1,V2,...`: numbers, or words."""

    def read(part: str) -> int | float | str:
        for kind in (int, float):
            try:
                return kind(part)
            except ValueError:
                continue
        return part

    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise typer.BadParameter(f"{option} {text}: write values with commas between them")
    return tuple(read(part) for part in parts)


def parse_selectors(text: str) -> tuple[tuple[str, qi.Selector], ...]:
    """Read `--selectors NAME,...` or `all`."""
    names: Sequence[str] = list(qi.SELECTORS) if text == "all" else [part.strip() for part in text.split(",")]
    return qi.sweep.make_selectors(names)


def _check_beside_a_plan(context: typer.Context) -> None:
    """Refuse options that a plan declares."""
    for parameter in context.params:
        source = context.get_parameter_source(parameter)
        if source is not None and source.name == "COMMANDLINE" and parameter not in BESIDE_A_PLAN:
            raise typer.BadParameter(f"--plan declares the sweep: give {parameter.replace('_', '-')} in the file")


def _axis(axes: dict[str, str | None], selectors: str | None) -> dict[str, Any]:
    """Return what varies, its values, and the selectors."""
    given = {key: text for key, text in axes.items() if text is not None}
    if len(given) != 1:
        raise typer.BadParameter(
            "give one of --sizes, --ratios, --offsets, --clusters, --top-k, --shrinkages, or --plan"
        )
    ((option, text),) = given.items()
    if selectors is not None and option != "sizes":
        raise typer.BadParameter("--selectors goes with --sizes")
    return {
        "parameter": qi.sweep.SWEEP_AXES[option],
        "values": parse_values(f"--{option}", text),
        "selectors": parse_selectors("random" if selectors is None else selectors) if option == "sizes" else (),
    }


def _check_files(output: Path | None, picture: Path | None) -> None:
    if picture is not None:
        qi.pictures.check_picture(picture)
    if output is not None and output.suffix not in (".csv", ".jsonl"):
        raise typer.BadParameter(f"--output {output}: name it .csv or .jsonl")
    if output is not None and not output.absolute().parent.is_dir():
        raise qi.DataError(f"the folder of '{output}' does not exist", "make it first")


def _check(plan: qi.sweep.Plan) -> None:
    for is_wrong, message in (
        (not plan.index, "name an index, or give --plan"),
        ((plan.data is None) == (plan.cross_validate is None), "give --data, or --cross-validate group=COLUMN"),
        (plan.cross_validate is not None and bool(plan.exclude), "--exclude is for --data"),
        (plan.cross_validate is not None and bool(plan.group), "--group is for --data: --cross-validate has its own"),
    ):
        if is_wrong:
            raise typer.BadParameter(message)


def _bench(plan: qi.sweep.Plan, cache: Path | None, embedding: options.Embedding) -> qi.sweep.Bench:
    """Make ready what a sweep is measured on; images of --data are embedded, or their embeddings found."""
    index = qi.AnchorIndex.open(plan.index, plan.version)
    shared: dict[str, Any] = {
        "where": plan.where,
        "rating": plan.rating,
        "allow_overlap": plan.allow_overlap,
        "seed": plan.sweep.seed,
    }
    if plan.cross_validate is not None:
        return qi.sweep.anchors_bench(index, plan.cross_validate, max_folds=plan.max_folds, **shared)
    (source,) = read_sources(
        [plan.data or ""],
        score_column=None if plan.score_column is None else [plan.score_column],
        image_column=plan.image_column,
        lower_is_better=plan.lower_is_better,
    )
    rated = qi.rated_source(source)
    kept = embedding.cache if cache is None else qi.EmbeddingCache(cache)
    qi.validation.check_evaluation(
        rated,
        index,
        exclude=plan.exclude,
        allow_overlap=plan.allow_overlap,
        where=plan.where,
        rating=plan.rating,
        group=plan.group or index.content_column(),
    )
    encoder = qi.encoders.LazyEncoder(index.manifest.encoder, **embedding.loading)
    with progress_bar("embedding") as on_image:
        images = qi.embed_rated(rated, encoder, on_progress=on_image, **{**embedding.running, "cache": kept})
    note_found(kept)
    return qi.sweep.index_bench(index, images, exclude=plan.exclude, group=plan.group, **shared)


def _interval(figure: qi.sweep.Estimate, *, sign: str = "") -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"[{figure.low:{sign}.2f}, {figure.high:{sign}.2f}]"
