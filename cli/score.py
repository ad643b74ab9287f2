"""`quasar-index score`: images, or embeddings of them, against an index or a pair of prompts."""

from __future__ import annotations

import collections
import contextlib
import functools
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.paths import common_folder

from . import completing, explaining, options, patch_scoring, resuming, saving, score_inputs, scorings, starter
from . import method_option as ways
from .idle import Idle
from .output import Format, choose_format, interruptible, is_table
from .progress import progress_bar
from .ranking import Ranking
from .score_table import write_score_table
from .summary import Summary

_TEXT_FREE = ("version", "where", "rating", "ratio", "seed", "group")
IDLE = (
    *score_inputs.IDLE,
    Idle(
        ("encoder", *options.EMBEDDING[:-1]),
        lambda given: given["embeddings"] is not None,
        "--embeddings are scored as they are, without an encoder",
    ),
    Idle(
        ("max_pixels",),
        lambda given: given["embeddings"] is not None and given["report"] is None,
        "no image is read with --embeddings",
    ),
    Idle(("seed",), lambda given: given["ratio"] == 1 and not ways.is_auto(given), "it is for --ratio"),
    Idle(("prompts", "prompt_pair"), lambda given: given["anchors"] != "text", "they are for --anchors text"),
    Idle(("prompts",), lambda given: given["prompt_pair"] is not None, "--prompt-pair takes its place"),
    Idle(_TEXT_FREE, lambda given: given["anchors"] == "text", "the anchors are two texts"),
    Idle(
        ("index",),
        lambda given: given["anchors"] == "text" and given["encoder"] is not None,
        "--anchors text takes no more of an index than its encoder, which --encoder names",
    ),
    Idle(
        ("verbose",),
        lambda given: not is_table(given["format_"], given["output"]),
        "it is for a table; files have all columns",
    ),
    ways.idle_group("it is for what a method chooses by groups: a shrinkage, a penalty, a space"),
)


class Anchors(str, Enum):
    """What the two sides are."""

    image = "image"
    text = "text"


def score(
    *,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders (recursive), globs, URLs; - reads a list from stdin.", show_default=False),
    ] = None,
    data: score_inputs.DataOption = None,
    index: Annotated[
        list[str] | None,
        typer.Option(
            "--index",
            "-i",
            metavar="NAME",
            help="Name or path of the index; default: starter. Given again: a score for each, score_NAME.",
            autocompletion=completing.indexes,
        ),
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Score embeddings: .npy, .npz or .pt (M, D), an export, or of --save-embeddings."
        ),
    ] = None,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="table, csv, jsonl or parquet.  Default: table on a terminal, jsonl in a pipe.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="File or URL to write; its ending names the format."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="A table with all columns, also the cosines.")] = False,
    exclude: options.ExcludeGlobs = None,
    ranking: Ranking,
    image_column: options.ImageColumn = None,
    keep: score_inputs.KeepOption = None,
    shard: score_inputs.ShardOption = None,
    save_embeddings: score_inputs.SaveOption = None,
    max_failures: score_inputs.FailuresOption = "0",
    tolerate_truncated: score_inputs.TolerateOption = False,
    method: ways.MethodOption = None,
    group: ways.GroupOption = None,
    calibrated: Annotated[
        bool,
        typer.Option(
            "--calibrated",
            help="Also mos, low and high, by 'quasar-index calibrate' with the same --method.",
            rich_help_panel="Method",
        ),
    ] = False,
    explain: explaining.ExplainOption = None,
    explain_top: explaining.ExplainTopOption = None,
    report: explaining.ReportOption = None,
    rating: options.Ratings = None,
    where: options.Where = None,
    version: options.IndexVersion = None,
    ratio: options.Ratio = 1.0,
    seed: Annotated[int, typer.Option(help="Of --ratio.", rich_help_panel="Anchors")] = 0,
    anchors: Annotated[
        Anchors,
        typer.Option(help="text: score by a pair of prompts instead (CLIP-IQA).", rich_help_panel="Text anchors"),
    ] = Anchors.image,
    prompts: Annotated[
        str, typer.Option(help="Named pair of prompts, such as quality or sharpness.", rich_help_panel="Text anchors")
    ] = "quality",
    prompt_pair: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="GOOD BAD", help="Your own pair of prompts.", rich_help_panel="Text anchors"),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option("--encoder", "-e", help="Default: the index's.", rich_help_panel="Encoder"),
    ] = None,
    embedding: options.Embedding,
) -> None:
    """Score images against an index of anchors: one row an image, in order; higher is better.

    A bad image is a row with an error; the others are scored, and the exit code is 3 (see --max-failures).
    """
    most_failures = score_inputs.read_most_failures(max_failures)
    chosen = choose_format(format_, output)
    wishes = explaining.Wishes(explain, explain_top, report)
    wishes.check(output)
    ranking.check()
    scoring = ways.read_method(method) if anchors is Anchors.text else starter.method_of(method, index)
    ratings = _check_ratings(rating, report)
    saving.check_save(save_embeddings, (output, explain, report))
    inputs = score_inputs.read_inputs(
        paths, data, embeddings, image_column=image_column, keep=keep, shard=shard, exclude=exclude
    )
    if report is not None and not inputs.are_files and embeddings is None:
        raise typer.BadParameter("--report shows images by their files: unpack the shards, or leave it out")
    run_options = {**embedding.loading, "n_images": len(inputs.paths)}
    if anchors is Anchors.text:
        if embeddings is not None or calibrated or len(index or ()) > 1:
            raise typer.BadParameter("--anchors text is not for --embeddings, --calibrated or several --index")
        plan = _by_texts(
            scoring,
            encoder,
            index[0] if index else None,
            prompt_pair or _named_pair(prompts),
            embedding.batch_size,
            run_options,
            keeps_temperature="temperature=" in "".join(method or ()),
        )
    else:
        if len(index or ()) > 1 and (wishes or version is not None):
            raise typer.BadParameter("--explain, --report and --version are for one --index: run it for each")
        if calibrated and (where is not None or ratio != 1):
            raise typer.BadParameter("--calibrated is for all anchors of an index: drop --where and --ratio")
        opened = starter.open_indexes(index, version)
        scoring, encoder, prompting = patch_scoring.settle(
            scoring if method else None, opened, encoder, embedding, save_embeddings=save_embeddings
        ) or (scoring, encoder, None)
        streams, specs = _streams(opened, inputs, encoder, embedding.place, prompting)
        if len(specs) > 1 and (save_embeddings is not None or embedding.weights is not None):
            raise typer.BadParameter("--save-embeddings and --weights are for one encoder: the indexes have several")
        chosen_anchors = {"where": where, "ratio": ratio, "seed": seed, "group": group}
        plan = _by_indexes(
            opened,
            specs,
            streams,
            scoring,
            ratings,
            chosen_anchors,
            embedding.batch_size,
            calibrated=calibrated,
            prompting=prompting,
        )
    qi.allow_pixels(embedding.max_pixels)
    if inputs.embedded is None:
        plan.load(run_options, embedding.cache)
    inputs.name_kept(scorings.columns_of(plan.scorings, has_notes=tolerate_truncated))
    columns = scorings.columns_of(plan.scorings, inputs.keep.values(), has_notes=tolerate_truncated)
    decisive = (
        *(where, ratio, seed, group, anchors, prompts, prompt_pair, embedding.max_pixels, ratings, columns),
        *plan.decisive,
    )
    # --explain and --report need every image's embedding, which rows do not hold.
    kept_beside = None if wishes or inputs.embedded is not None else resuming.place_of(output, save_embeddings)
    summary = Summary("image" if inputs.embedded is None else "embedding")
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(
            resuming.kept_rows(
                kept_beside,
                inputs.paths,
                inputs.signature,
                *decisive,
                extra=inputs.kept() if inputs.keep else None,
            )
        )
        saved = stack.enter_context(saving.place_for(save_embeddings, kept.path if kept else None, plan.specs[0]))
        resuming.resume(kept, saved)
        stack.enter_context(interruptible(resuming.hint(kept, output)))
        passing = stack.enter_context(
            explaining.beside(
                wishes,
                plan.scorings,
                plan.indexes[0] if plan.indexes else None,
                {
                    "anchors where": where,
                    "random part of the anchors": f"{ratio:g}, seed {seed}" if ratio != 1 else None,
                },
                embedding.max_pixels,
            )
        )
        images = _scored(
            inputs,
            plan.scorers,
            kept,
            summary,
            {
                "n_workers": embedding.workers,
                "max_pixels": embedding.max_pixels,
                "tolerate_truncated": tolerate_truncated,
            },
        )
        rows = passing(images if saved is None else saved.passing(images))
        rows = inputs.with_columns(rows, kept.n_kept if kept else 0)
        ranking.write(
            summary.passing(rows if kept is None else kept.passing(rows)),
            columns,
            plan.scorings[0].columns[0],
            drain=bool(wishes) or saved is not None,
            format_=chosen,
            output=output,
            types=inputs.types,
            write_table=functools.partial(
                write_score_table, folder=common_folder(inputs.paths), verbose=verbose, to_stdout=output is None
            ),
        )
        saving.write_saved(saved, save_embeddings, inputs.paths, plan.specs[0])
    written = (output, explain, report, save_embeddings)
    summary.end(
        *written,
        more=summary.beside(inputs.n_left_out, has_notes=tolerate_truncated),
        mend=ranking.mend,
        most_failures=most_failures(len(inputs.paths)),
    )


def _scored(
    inputs: score_inputs.Inputs,
    scorers: Sequence[qi.Scorer],
    kept: resuming.KeptRows | None,
    summary: Summary,
    running: dict[str, Any],
) -> Iterator[tuple[qi.ScoredImage, ...]]:
    """Score the images whose rows are not kept yet, with lines or a bar of progress."""
    summary.n_before = 0 if kept is None else kept.n_kept
    with progress_bar("scoring") as say_progress:
        yield from inputs.score(
            scorers,
            summary.n_before,
            lambda done, total: say_progress(done, total, failed=summary.n_failed),
            **running,
        )


def _check_ratings(ratings: list[str] | None, report: str | None) -> list[str | None]:
    """Return the ratings to score by; None for the first one of the index."""
    named = ratings or []
    if again := [name for name, n in collections.Counter(named).items() if n > 1]:
        raise typer.BadParameter(f"--rating {again[0]} is given twice")
    if len(named) > 1 and report is not None:
        raise typer.BadParameter("--report shows one rating: give one --rating, and run it again for the others")
    return [*named] or [None]


def _scoring(
    index: qi.AnchorIndex,
    method: qi.Method,
    rating: str | None,
    chosen: dict[str, Any],
    batch_size: int,
    *,
    calibrated: bool,
) -> scorings.Scoring:
    """Make what scores by one rating of an index."""
    calibration = qi.read_calibration(index, method, rating=rating) if calibrated else None
    group = chosen["group"] or (calibration.column if calibration else None)
    table = index.anchors(**chosen | {"group": group}, rating=rating)
    scoring = ways.settle(method, table, seed=chosen["seed"])
    return scorings.Scoring(qi.Scorer(table, scoring, batch_size=batch_size), calibration)


def _by_indexes(
    indexes: Sequence[qi.AnchorIndex],
    specs: Sequence[qi.EncoderSpec],
    streams: Sequence[int],
    method: qi.Method,
    ratings: Sequence[str | None],
    chosen: dict[str, Any],
    batch_size: int,
    *,
    calibrated: bool,
    prompting: str | None,
) -> scorings.Plan:
    """Make what scores by each rating of each index."""
    names = scorings.names_of(indexes, ratings)
    made = [
        _scoring(one, method, rating, chosen, batch_size, calibrated=calibrated)
        for one in indexes
        for rating in ratings
    ]
    return scorings.Plan(scorings.named(made, names, streams), specs, indexes, prompting)


def _streams(
    indexes: Sequence[qi.AnchorIndex],
    inputs: score_inputs.Inputs,
    encoder: str | None,
    place: dict[str, Any],
    prompting: str | None,
) -> tuple[list[int], list[qi.EncoderSpec]]:
    """Return for each index which embeddings it takes, and the encoders of those."""
    if inputs.embedded is None:
        for one in indexes:
            _check_encoder(one, encoder, patch_scoring.own_loading(place, one.manifest.encoder, prompting))
        return scorings.streams_of(one.manifest.encoder for one in indexes)
    for one in indexes:
        inputs.embedded.check(one.manifest.encoder, one.path.name)
    return [0] * len(indexes), [indexes[0].manifest.encoder]


def _by_texts(
    method: qi.Method,
    encoder: str | None,
    index: str | None,
    pair: tuple[str, str],
    batch_size: int,
    run_options: dict[str, Any],
    *,
    keeps_temperature: bool,
) -> scorings.Plan:
    """Make what scores by a pair of prompts, with the encoder of that name, else with that of the index."""
    if not isinstance(method, qi.Mean) or method != qi.Mean(temperature=method.temperature):
        raise typer.BadParameter("two texts are compared as they are: --method may be mean:temperature=T alone")
    if encoder is None and index is not None:
        recorded = qi.AnchorIndex.open(index).manifest.encoder
        encoder = recorded.name
        run_options = run_options | {"weights": run_options["weights"] or recorded.weights or None}
    encoder = encoder or qi.DEFAULT_ENCODER
    qi.encoders.check_encoder(encoder, for_texts=True, weights=run_options["weights"], device=run_options["device"])
    loaded = qi.load_encoder(encoder, **run_options)
    table, own_temperature = qi.text_anchors(loaded, *pair)
    # Two texts span no space of images.
    method = qi.Mean(space="raw", temperature=method.temperature if keeps_temperature else own_temperature)
    scorer = qi.Scorer(table, method, loaded, batch_size=batch_size)
    return scorings.Plan([scorings.Scoring(scorer)], [loaded.spec])


def _check_encoder(index: qi.AnchorIndex, encoder: str | None, place: dict[str, Any]) -> None:
    """Find what is wrong with the encoder of an index, or with another one that the user named."""
    recorded = index.manifest.encoder
    if encoder is not None and encoder != recorded.name:
        raise qi.AnchorIndexError(
            f"index '{index.path}' holds {recorded.name} ({recorded.dim}-d) but --encoder is {encoder}",
            "drop --encoder or rebuild with 'quasar-index build'",
        )
    qi.encoders.check_recorded_encoder(recorded, **place)


def _named_pair(name: str) -> tuple[str, str]:
    if name not in qi.methods.PROMPT_PAIRS:
        raise typer.BadParameter(
            f"no prompts '{name}'; there are {', '.join(qi.methods.PROMPT_PAIRS)}, or give --prompt-pair"
        )
    return qi.methods.PROMPT_PAIRS[name]
