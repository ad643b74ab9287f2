"""`quasar-index map`: the anchors in two dimensions, as a picture or a page."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import method_option as ways
from . import options
from .idle import Idle
from .output import interruptible, note
from .progress import progress_bar

IDLE = (
    Idle(
        ("thumbnails", "max_pixels"),
        lambda given: not str(given["output"]).lower().endswith(".html"),
        "a picture shows no images; they are for a page (.html)",
    ),
    ways.idle_group("it is for --space auto, and a shrinkage that is not given"),
)


class Projection(str, Enum):
    """Projections."""

    pca = "pca"
    umap = "umap"


def map_(
    name: options.Index,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A page (.html), or a picture (.png, .svg).")
    ],
    projection: Annotated[
        Projection, typer.Option("--projection", "-p", help="pca, or umap (pip install -e '.\\[map]').")
    ] = Projection.pca,
    colour: Annotated[
        str | None,
        typer.Option(
            "--colour",
            "--color",
            "-c",
            metavar="side|rating|COLUMN",
            help="What colours mean; default: the rating where there is one, else the side.",
        ),
    ] = None,
    subset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Mark the anchors of this index, such as a selected one.")
    ] = None,
    mark: Annotated[
        str | None, typer.Option(metavar="SQL", help='Mark the anchors for which this holds, such as "level = 5".')
    ] = None,
    thumbnails: Annotated[
        int, typer.Option(min=0, help="HTML: most images in the page; the marked ones first.")
    ] = 2000,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="HTML: largest image that is decoded, in pixels.")
    ] = options.MAX_PIXELS,
    space: ways.SpaceOption = ways.DEFAULT_SPACE,
    shrinkage: ways.ShrinkageOption = None,
    group: ways.GroupOption = None,
    where: options.Where = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    sample: Annotated[
        int, typer.Option(min=3, help="Most anchors on the map, drawn at random.", rich_help_panel="Anchors")
    ] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Of --sample and umap.", rich_help_panel="Anchors")] = 0,
) -> None:
    """Draw a map of the anchors: their space in two dimensions.

    On the page, hovering a point shows its image, path, side and rating. It is one file that needs no network; the
    images in it are read at the paths of the index, and those that are not there any more just have no picture.
    """
    qi.maps.check_map(output)
    if subset is not None and mark is not None:
        raise typer.BadParameter("--subset and --mark both mark anchors; use one of them")
    spaced = ways.space_method(space, shrinkage)
    index = qi.AnchorIndex.open(name, version)
    anchors = index.anchors(where=where, group=group, rating=rating)
    marks = None
    if subset is not None:
        marks = qi.maps.mark_subset(anchors, qi.AnchorIndex.open(subset))
    elif mark is not None:
        marks = qi.maps.mark_where(index, anchors, mark)
    if marks is not None and marks.n_elsewhere:
        note(
            f"{counted(marks.n_elsewhere, 'anchor', form=',')} of '{subset}' are not among these "
            f"{len(anchors):,}, so they have no mark"
        )
    with interruptible("nothing was written"):
        chosen, strength = ways.settle(spaced, anchors, seed=seed).fixed_space
        placed = qi.maps.project_anchors(
            anchors,
            projection=projection.value,
            space=chosen,
            shrinkage=strength,
            sample=sample,
            keep=None if marks is None else marks.is_marked,
            seed=seed,
        )
        with progress_bar("reading images") as on_progress:
            n_unread = qi.maps.draw_map(
                placed,
                output,
                index=index,
                anchors=anchors,
                colour=colour,
                marks=marks,
                n_thumbnails=thumbnails,
                max_pixels=max_pixels,
                on_progress=on_progress,
            )
    if len(placed) < len(anchors):
        note(
            f"{len(placed):,} of {counted(len(anchors), 'anchor', form=',')} are on the map, "
            f"drawn at random; see --sample"
        )
    if output.suffix.lower() == ".html" and (n_asked := min(thumbnails, len(placed))) < len(placed):
        note(
            f"{n_asked:,} of {len(placed):,} points {'has' if n_asked == 1 else 'have'} an image in the "
            f"page; see --thumbnails"
        )
    if n_unread:
        note(f"{counted(n_unread, 'image', form=',')} cannot be read, so their points show text alone")
    if placed.explained is not None:
        first, second = (100 * share for share in placed.explained)
        flat = "; whitening evens it out: see also --space raw" if chosen == "whitened" and first + second < 10 else ""
        note(f"the two axes hold {first:.1f} % and {second:.1f} % of the variance{flat}")
    note(f"wrote {output}")
