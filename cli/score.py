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

from . import (
    completing,
    explaining,
    options,
    patch_scoring,
    resuming,
    saving,
    score_anchors,
    score_folder,
    score_inputs,
    starter,
)
from . import distribution as machines
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
    *machines.IDLE,
    *score_folder.IDLE,
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
            help="Name, path or address of the index; default: starter. Given again: a score for each, score_NAME.",
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
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR/",
            help="File or URL to write; its ending names the format. DIR/: very many images, resumable.",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="A table with all columns, also the cosines.")] = False,
    exclude: options.ExcludeGlobs = None,
    ranking: Ranking,
    image_column: options.ImageColumn = None,
    keep: score_inputs.KeepOption = None,
    shard: score_inputs.ShardOption = None,
    save_embeddings: score_inputs.SaveOption = None,
    distribution: machines.Distribution,
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
    in_folder = score_folder.is_folder(output)
    chosen = score_folder.check(format_, embeddings) if in_folder else choose_format(format_, output)
    wishes = explaining.Wishes(explain, explain_top, report)
    wishes.check(None if in_folder else output)
    ranking.check()
    scoring = ways.read_method(method) if anchors is Anchors.text else starter.method_of(method, index)
    ratings = _check_ratings(rating, report)
    saving.check_save(save_embeddings, (output, explain, report))
    inputs = score_inputs.read_inputs(
        paths, data, embeddings, image_column=image_column, keep=keep, shard=shard, exclude=exclude, long=in_folder
    )
    if report is not None and not inputs.are_files and embeddings is None:
        raise typer.BadParameter("--report shows images by their files: unpack the shards, or leave it out")
    run_options = {**embedding.loading, "n_images": len(inputs)}
    if anchors is Anchors.text:
        score_anchors.check_texts(index, embeddings=embeddings, calibrated=calibrated)
        plan = score_anchors.by_texts(
            scoring,
            encoder,
            index[0] if index else None,
            prompt_pair or score_anchors.named_pair(prompts),
            embedding.batch_size,
            run_options,
            keeps_temperature="temperature=" in "".join(method or ()),
        )
    else:
        score_anchors.check_indexes(
            index,
            is_for_one=bool(wishes) or version is not None,
            calibrated=calibrated,
            is_part=where is not None or ratio != 1,
        )
        opened = starter.open_indexes(index, version)
        scoring, encoder, prompting = patch_scoring.settle(
            scoring if method else None, opened, encoder, embedding, save_embeddings=save_embeddings
        ) or (scoring, encoder, None)
        streams, specs = score_anchors.streams(opened, inputs, encoder, embedding.place, prompting)
        if len(specs) > 1 and (save_embeddings is not None or embedding.weights is not None):
            raise typer.BadParameter("--save-embeddings and --weights are for one encoder: the indexes have several")
        chosen_anchors = {"where": where, "ratio": ratio, "seed": seed, "group": group}
        plan = score_anchors.by_indexes(
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
    inputs.name_kept(plan.columns((), has_notes=tolerate_truncated))
    if output is not None and in_folder:
        score_folder.write(
            output,
            inputs,
            plan,
            {"where": where, "ratio": ratio, "seed": seed if ratio != 1 else None, "group": group, "ratings": ratings}
            | ({"prompts": prompt_pair or prompts} if anchors is Anchors.text else {}),
            embedding,
            distribution,
            most_failures=most_failures(len(inputs)),
            tolerate_truncated=tolerate_truncated,
        )
        return
    columns = plan.columns(inputs.keep.values(), has_notes=tolerate_truncated)
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
                "n_workers": embedding.threads,
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
        most_failures=most_failures(len(inputs)),
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
