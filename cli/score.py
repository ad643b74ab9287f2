"""`quasar-index score`: images, or embeddings of them, against an index or a pair of prompts."""

from __future__ import annotations

import collections
import contextlib
import glob
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import explaining, options, resuming, scorings
from . import method_option as ways
from .idle import Idle
from .output import Format, choose_format, interruptible, note, write_rows
from .progress import progress_bar

_TEXT_FREE = ("version", "where", "rating", "ratio", "seed", "group")
IDLE = (
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
    index: Annotated[str | None, typer.Option("--index", "-i", help="Name or path of the index.")] = None,
    embeddings: Annotated[
        Path | None, typer.Option(help="Score embeddings instead of images: .npy, .npz or .pt (M, D).")
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", "-f", help="Default: table on a terminal, jsonl in a pipe.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File or URL to write; its ending names the format.")
    ] = None,
    method: ways.MethodOption = None,
    group: ways.GroupOption = None,
    calibrated: Annotated[
        bool,
        typer.Option(
            "--calibrated",
            help="Also mos, low, high and familiarity, by 'quasar-index calibrate' with the same --method.",
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

    A bad image is a row with an error; the others are scored, and the exit code is 3.
    """
    if bool(paths) == (embeddings is not None):
        raise typer.BadParameter("give either images or --embeddings")
    chosen = choose_format(format_, output)
    wishes = explaining.Wishes(explain, explain_top, report)
    wishes.check(output)
    scoring = ways.read_method(method)
    ratings = _check_ratings(rating, report)
    opened: qi.AnchorIndex | None = None
    loaded: qi.Encoder | None = None
    files = [] if embeddings is not None else expand(paths or [])
    place, run_options = embedding.place, {**embedding.loading, "n_images": len(files)}
    if anchors is Anchors.text:
        if embeddings is not None or calibrated:
            raise typer.BadParameter("--anchors text is not for --embeddings or --calibrated")
        if not isinstance(scoring, qi.Mean) or scoring != qi.Mean(temperature=scoring.temperature):
            raise typer.BadParameter("two texts are compared as they are: --method may be mean:temperature=T alone")
        loaded, table, own_temperature = _texts(
            encoder or (qi.AnchorIndex.open(index).manifest.encoder.name if index else qi.DEFAULT_ENCODER),
            prompt_pair or _named_pair(prompts),
            place,
            run_options,
        )
        # Two texts span no space of images.
        scoring = qi.Mean(
            space="raw", temperature=scoring.temperature if "temperature=" in "".join(method or ()) else own_temperature
        )
        by_rating = [scorings.Scoring(qi.Scorer(table, scoring, batch_size=embedding.batch_size))]
    else:
        if index is None:
            raise typer.BadParameter("--index is needed (or --anchors text)")
        opened = qi.AnchorIndex.open(index, version)
        if embeddings is None:
            _check_encoder(opened, encoder, place)
        if calibrated and (where is not None or ratio != 1):
            raise typer.BadParameter("--calibrated is for all anchors of an index: drop --where and --ratio")
        chosen_anchors = {"where": where, "ratio": ratio, "seed": seed, "group": group}
        by_rating = [
            _scoring(opened, scoring, one, chosen_anchors, embedding.batch_size, calibrated=calibrated)
            for one in ratings
        ]
    if len(by_rating) == 1:  # its columns need no name
        by_rating = [replace(by_rating[0], rating=None)]
    scorer = by_rating[0].scorer
    qi.allow_pixels(embedding.max_pixels)
    if opened is not None and embeddings is None:  # what else can be wrong has been found: loading takes seconds
        loaded = qi.load_recorded_encoder(opened.manifest.encoder, **run_options)
    scorer.encoder = loaded
    facts = {"anchors where": where, "random part of the anchors": None if ratio == 1 else f"{ratio:g}, seed {seed}"}
    by_what = [(one.scorer.method, one.calibration) for one in by_rating]
    decisive = (where, ratio, seed, group, anchors, prompts, prompt_pair, embedding.max_pixels, ratings, by_what)
    counts: collections.Counter[str] = collections.Counter()
    with contextlib.ExitStack() as stack:
        # --explain and --report need every image's embedding, which rows do not hold.
        kept = stack.enter_context(
            resuming.kept_rows(None if wishes or not files else output, files, opened, scorer.encoder, *decisive)
        )
        stack.enter_context(interruptible(resuming.hint(kept, output)))
        passing = stack.enter_context(explaining.beside(wishes, by_rating, opened, facts, embedding.max_pixels))
        images = (
            _score_files(scorer, files, counts, embedding.workers, embedding.max_pixels, kept)
            if embeddings is None
            else _score_embeddings(scorer, embeddings)
        )
        _write(passing(images), scorings.columns_of(by_rating), kept, chosen, output, drain=bool(wishes))
    if counts["failed"]:
        note(
            f"error: {counts['failed']} of {counted(counts['files'], 'image')} could not be scored, see the "
            f"column error"
        )
        raise typer.Exit(qi.DataError.exit_code)


def _write(
    rows: Iterator[Mapping[str, Any]],
    columns: Sequence[str],
    kept: resuming.KeptRows | None,
    format_: Format,
    output: str | None,
    *,
    drain: bool,
) -> None:
    """Write the rows of images, after those that are kept; with `drain`, take all images though nobody reads."""
    write_rows(rows if kept is None else kept.passing(rows), columns, format_=format_, output=output)
    if drain:
        collections.deque(rows, maxlen=0)  # where the reader of stdout has gone, as `| head` does


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
    return scorings.Scoring(qi.Scorer(table, scoring, batch_size=batch_size), calibration, rating)


def _texts(
    encoder: str, pair: tuple[str, str], place: dict[str, Any], run_options: dict[str, Any]
) -> tuple[qi.Encoder, qi.AnchorTable, float]:
    """Load an encoder, and return it with the anchors that a pair of prompts makes and their temperature."""
    qi.encoders.check_encoder(encoder, for_texts=True, **place)
    loaded = qi.load_encoder(encoder, **run_options)
    return loaded, *qi.text_anchors(loaded, *pair)


def _check_encoder(index: qi.AnchorIndex, encoder: str | None, place: dict[str, Any]) -> None:
    """Find what is wrong with the encoder of an index, or with another one that the user named."""
    recorded = index.manifest.encoder
    if encoder is not None and encoder != recorded.name:
        raise qi.AnchorIndexError(
            f"index '{index.path}' holds {recorded.name} ({recorded.dim}-d) but --encoder is {encoder}",
            "drop --encoder or rebuild with 'quasar-index build'",
        )
    qi.encoders.check_recorded_encoder(recorded, **place)


def _listed() -> list[str]:
    """Read names from stdin: one a line, or each ended by NUL as `find -print0` writes them; of any bytes."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape", newline="\n")
    text = sys.stdin.read()
    return text.split("\0") if "\0" in text else [line.removesuffix("\r") for line in text.split("\n")]


def expand(paths: list[str]) -> list[str]:
    """List the files that the arguments stand for, in order.

    Args:
        paths: Files and URLs (kept as they are), folders (listed recursively), globs, `-` (names on stdin, likewise).

    Raises:
        DataError: When there is no file at all, or a folder or glob gives none.
    """
    from quasar_index.images import find_images

    found: list[str] = []
    for path in paths:
        if path == "-":
            found += expand([line for line in _listed() if line and line != "-"])
        # os.path, because a name that the system finds too long is no file, and no error
        elif "://" in path or os.path.isfile(path):  # noqa: PTH113
            found.append(path)
        elif os.path.isdir(path):  # noqa: PTH112
            found += map(str, qi.list_images(Path(path)))
        elif glob.has_magic(path):
            matches = find_images(path)
            if not matches:
                raise qi.DataError(f"no file matches '{path}'", "check the pattern")
            found += map(str, matches)
        else:
            found.append(path)  # its row will say that it is missing
    if not found:
        raise qi.DataError("no images to score", "name files, folders or globs")
    return found


def _named_pair(name: str) -> tuple[str, str]:
    if name not in qi.methods.PROMPT_PAIRS:
        raise typer.BadParameter(
            f"no prompts '{name}'; there are {', '.join(qi.methods.PROMPT_PAIRS)}, or give --prompt-pair"
        )
    return qi.methods.PROMPT_PAIRS[name]


def _score_files(
    scorer: qi.Scorer,
    files: list[str],
    counts: collections.Counter[str],
    workers: int | None,
    max_pixels: int,
    kept: resuming.KeptRows | None,
) -> Iterator[qi.ScoredImage]:
    """Score files whose rows are not kept yet, with a progress bar; count all `files` and those that `failed`."""
    n_kept = 0 if kept is None else kept.n_kept
    counts.update(files=len(files), failed=0 if kept is None else kept.n_failed)
    with progress_bar("scoring") as on_progress:
        rows = scorer.score_files(
            files[n_kept:],
            n_workers=workers,
            max_pixels=max_pixels,
            on_progress=lambda done: on_progress(n_kept + done, len(files)),
        )
        for row in rows:
            counts["failed"] += bool(row.error)
            yield row


def _score_embeddings(scorer: qi.Scorer, path: Path) -> Iterator[qi.ScoredImage]:
    """Score a file of embeddings."""
    source, matrix = qi.load_embeddings(path)
    rows = scorer.score_embeddings(matrix).rows()
    for name, embedding, row in zip(source.records["path"].to_pylist(), matrix, rows, strict=True):
        yield qi.ScoredImage(name, *row, embedding=embedding)
