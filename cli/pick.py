"""`quasar-index pick`: the best images of a folder, or of a file of scores, listed, copied or linked."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted
from quasar_index.paths import common_folder

from . import completing, options, starter
from . import method_option as ways
from .files import expand
from .idle import Idle
from .output import Format, Row, check_output, choose_format, interruptible, note, write_rows
from .progress import progress_bar
from .ranking import PERCENTILE, BestOption, MinScoreOption, check_best, n_best
from .results import Scored, is_result, read_scores
from .score_table import write_score_table
from .summary import Summary

IDLE = (
    Idle(
        ("index", "method", "version", "exclude", *options.EMBEDDING),
        lambda given: is_result(given["sources"]),
        "the scores are those of the file",
    ),
    Idle(
        ("burst_pause", "burst_similarity"),
        lambda given: not given["one_of_a_burst"],
        "they are for --one-of-a-burst",
    ),
)
_BURST = "Bursts"
_MOST_NAMES = 3


@dataclass(frozen=True)
class Bursts:
    """Options of bursts."""

    one_of_a_burst: Annotated[
        bool,
        typer.Option(
            "--one-of-a-burst",
            help="Of photographs taken one right after another that look alike, only the best.",
            rich_help_panel=_BURST,
        ),
    ] = False
    burst_pause: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="Longest time between two of a burst.", rich_help_panel=_BURST),
    ] = 3.0
    burst_similarity: Annotated[
        float,
        typer.Option(
            min=-1,
            max=1,
            metavar="COSINE",
            help="Least likeness of two of a burst; 1 is the same image.",
            rich_help_panel=_BURST,
        ),
    ] = 0.65


@dataclass
class Candidates(Scored):
    """Scored images, and for each the one that stays for its burst.

    Attributes:
        stays: Place of that image; its own where it stays.
        n_timeless: Images that do not say when they were taken; None where nobody asked.
        summary: Of scoring them; None where they were read.
    """

    stays: list[int] = field(default_factory=list)
    n_timeless: int | None = None
    summary: Summary | None = None


def pick(
    *,
    sources: Annotated[
        list[str],
        typer.Argument(help="Images, as 'score' takes them, or a file that it wrote."),
    ],
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            help="Name, path or address of the index; default: starter.",
            autocompletion=completing.indexes,
        ),
    ] = None,
    best: BestOption = None,
    min_score: MinScoreOption = None,
    copy_to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Copy them there; nothing is overwritten.")
    ] = None,
    link_to: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Link to them there instead.")] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", "-f", help="Default: table on a terminal, jsonl in a pipe.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File or URL for the list and the reasons.")
    ] = None,
    bursts: Bursts,
    method: ways.MethodOption = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    exclude: options.ExcludeGlobs = None,
    embedding: options.Embedding,
) -> None:
    """List the best images, and copy or link them: those of a folder, or of a file that 'score' wrote.

    Originals stay where they are. A second run finds what is there and adds nothing.
    """
    chosen = choose_format(format_, output)
    from_file = is_result(sources)
    target = _check(sources, best, min_score, copy_to, link_to, bursts, output, from_file=from_file)
    if from_file:
        found = read_scores(sources[0], rating)
        images = Candidates(**vars(found), stays=list(range(len(found.paths))))
    else:
        files = expand(sources, exclude or ())
        images = _score(files.paths, index, method, rating, version, embedding, bursts)
    order = _choose(images, best, min_score)
    placed: list[qi.picking.Placed] = []
    if target is not None:
        how = qi.picking.Placement.copy if copy_to is not None else qi.picking.Placement.link
        with interruptible("the same command goes on"), progress_bar("copying") as on_progress:
            placed = qi.picking.place_files(
                [images.paths[place] for place in order], target, how, on_progress=on_progress
            )
    columns = ["path", "score", PERCENTILE]
    columns += ["familiarity"] if images.familiarity is not None else []
    columns += ["target", "why"] if target is not None else ["why"]
    write_rows(
        _rows(images, order, placed),
        columns,
        format_=chosen,
        output=output,
        text=("path", "target", "why"),
        write_table=functools.partial(
            write_score_table,
            folder=common_folder([images.paths[place] for place in order]),
            verbose=False,
            to_stdout=output is None,
        ),
    )
    more = _what_was_done(images, order, placed, target, "copied" if copy_to is not None else "linked")
    if images.summary is None:
        note("; ".join([*more, *([f"wrote {output}"] if output else [])]))
    else:
        more += filter(None, [images.summary.beside(files.left_out.n_files)])
        images.summary.end(output, more="; ".join(more), mend="see 'quasar-index score'")


def _check(
    sources: Sequence[str],
    best: str | None,
    min_score: float | None,
    copy_to: Path | None,
    link_to: Path | None,
    bursts: Bursts,
    output: str | None,
    *,
    from_file: bool,
) -> Path | None:
    """Find what is wrong before anything takes long; return the folder that the images go to, or None."""
    if copy_to is not None and link_to is not None:
        raise typer.BadParameter("give --copy-to or --link-to")
    if best is not None:
        check_best(best)
    elif min_score is None and not bursts.one_of_a_burst and not from_file:
        raise typer.BadParameter("say which: --best 20, --best 10%, --min-score X or --one-of-a-burst")
    if bursts.one_of_a_burst and from_file:
        raise qi.DataError(
            "--one-of-a-burst compares images, which a file of scores does not hold", "name the images instead of it"
        )
    if output is not None:
        check_output("--output", output)
    target = copy_to or link_to
    if target is not None:
        qi.picking.check_target(target, [one for one in sources if os.path.isdir(one)])  # noqa: PTH112
    return target


def _score(
    files: list[str],
    index: str | None,
    method: list[str] | None,
    rating: str | None,
    version: str | None,
    embedding: options.Embedding,
    bursts: Bursts,
) -> Candidates:
    """Score images, and find the bursts among them."""
    named = None if index is None else [index]
    (opened,) = starter.open_indexes(named, version)
    qi.encoders.check_recorded_encoder(opened.manifest.encoder, **embedding.place)
    table = opened.anchors(rating=rating)
    chosen = ways.settle(starter.method_of(method, named), table)
    scorer = qi.Scorer(table, chosen, batch_size=embedding.batch_size)
    qi.allow_pixels(embedding.max_pixels)
    scorer.encoder = qi.encoders.LazyEncoder(opened.manifest.encoder, **embedding.loading, n_images=len(files))
    scorer.cache = embedding.cache
    summary = Summary()
    hint = "nothing was picked; 'quasar-index score --output FILE' goes on where it was stopped, and pick takes FILE"
    with interruptible(hint), progress_bar("scoring") as on_progress:
        scored = scorer.score_files(
            files,
            n_workers=embedding.threads,
            max_pixels=embedding.max_pixels,
            on_progress=lambda done: on_progress(done, len(files)),
        )
        rows = [row if bursts.one_of_a_burst else replace(row, embedding=None) for row in summary.passing(scored)]
    return _with_bursts(rows, table, bursts, summary)


def _with_bursts(rows: Sequence[qi.ScoredImage], table: qi.AnchorTable, bursts: Bursts, summary: Summary) -> Candidates:
    """Find which images stay for their bursts."""
    import numpy as np

    known = [row.familiarity for row in rows]
    images = Candidates(
        [row.path for row in rows],
        [row.score for row in rows],
        known if any(value is not None for value in known) else None,
        list(range(len(rows))),
        summary=summary,
    )
    vectors = [row.embedding for row in rows if row.embedding is not None]
    if bursts.one_of_a_burst and vectors:
        # Wherever the method takes its cosines, bursts are told apart where the threshold was measured.
        directions = np.zeros((len(rows), table.dim), np.float32)
        places = [place for place, row in enumerate(rows) if row.embedding is not None]
        directions[places] = qi.Mean(space="whitened").fit(table).directions(np.stack(vectors))
        times = [None if row.score is None else qi.picking.taken_at(row.path) for row in rows]
        images.n_timeless = sum(times[place] is None for place in places)
        images.stays = qi.picking.leave_one_of_a_burst(
            times, directions, images.scores, pause=bursts.burst_pause, alike=bursts.burst_similarity
        )
    return images


def _choose(images: Candidates, best: str | None, min_score: float | None) -> list[int]:
    """Return the places of the picked images, the best first."""
    n_scored = sum(score is not None for score in images.scores)
    if not n_scored:
        raise qi.DataError(
            "no image has a score, so that none can be picked", "see 'quasar-index score' for the errors"
        )
    stay = [place for place in qi.picking.order_of(images.scores)[:n_scored] if images.stays[place] == place]
    if best is not None:
        stay = stay[: n_best(best, n_scored)]
    return [place for place in stay if min_score is None or (images.scores[place] or 0.0) >= min_score]


def _rows(images: Candidates, order: Sequence[int], placed: Sequence[qi.picking.Placed]) -> Iterator[Row]:
    """Say of each picked image what it is worth, where it is, and why it was picked."""
    shares = qi.picking.percentiles(images.scores).tolist()
    ranks = {place: rank for rank, place in enumerate(qi.picking.order_of(images.scores), start=1)}
    n_scored = sum(score is not None for score in images.scores)
    alike: dict[int, list[str]] = {}
    for place, stays in enumerate(images.stays):
        if stays != place:
            alike.setdefault(stays, []).append(images.paths[place])
    for place, one in itertools.zip_longest(order, placed):
        why = f"rank {ranks[place]} of {n_scored}"
        if others := alike.get(place):
            names = ", ".join(os.path.basename(name) for name in others[:_MOST_NAMES])  # noqa: PTH119 - may be URLs
            rest = f" and {len(others) - _MOST_NAMES} more" if len(others) > _MOST_NAMES else ""
            why += f"; best of {len(others) + 1} alike: {names}{rest}"
        row: dict[str, Any] = {"path": images.paths[place], "score": images.scores[place], PERCENTILE: shares[place]}
        if images.familiarity is not None:
            row["familiarity"] = images.familiarity[place]
        if one is not None:
            row["target"] = str(one.target)
            if one.target.name != one.source.name:
                why += f"; named {one.target.name}, as another file has its name"
        yield row | {"why": why}


def _what_was_done(
    images: Candidates, order: Sequence[int], placed: Sequence[qi.picking.Placed], target: Path | None, verb: str
) -> list[str]:
    """Say in a few words what came of it."""
    done = [f"{len(order)} picked"]
    if images.n_timeless is not None:
        n_left = sum(place != stays for place, stays in enumerate(images.stays))
        done.append(f"{n_left} left out beside a better one of the burst")
    if images.n_timeless:
        done.append(f"{counted(images.n_timeless, 'image says', 'images say')} no time, and counted as no burst")
    if target is not None:
        n_old = sum(not one.is_new for one in placed)
        there = f" ({n_old} {'was' if n_old == 1 else 'were'} there)" if n_old else ""
        done.append(f"{verb} {len(placed) - n_old} to {target}{there}")
    return done
