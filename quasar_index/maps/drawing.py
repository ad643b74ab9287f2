"""The picture of a map: PNG or SVG here, HTML in `page`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import IntArray
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from ..paths import PathText
from ..pictures import check_picture, write_picture
from .colouring import GREY, SCALE_NAME, Colouring, Groups, Scale, colour_points
from .marking import Marks
from .packing import default_colour
from .page import write_page
from .projection import AnchorMap
from .wording import axis_titles, map_subtitle, map_title, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".html", ".png", ".svg")
MAP_THUMBNAILS = 2000
"""Most pictures inside a page, unless the user says otherwise: 3 to 6 MB."""

_SHUFFLE_SEED = 0
Entry: TypeAlias = tuple[str, str, str]
"""Of the legend: label, colour of the disc, colour of its edge."""


@checked
def check_map(path: PathText) -> None:
    """Raise a DataError unless the file can become a map (see `check_picture`; pages, too)."""
    check_picture(path, ENDINGS, "format of a map")


@checked
def draw_map(
    projection: AnchorMap,
    path: PathText,
    *,
    index: AnchorIndex,
    anchors: AnchorTable,
    colour: str | None = None,
    marks: Marks | None = None,
    n_thumbnails: int = MAP_THUMBNAILS,
    max_pixels: int = MAX_PIXELS,
    on_progress: Callable[[int, int], None] | None = None,
) -> int | None:
    """Draw a map: a picture, or one self-contained page where hovering shows the image, its path, side and rating.

    Args:
        projection: Points of the anchors.
        path: .html, .png or .svg.
        index: The anchors' index, for what is known of them.
        anchors: The anchors that were projected.
        colour: "side", "rating" (which needs ratings), or a column of the index; None for the rating where there is
            one, else the side.
        marks: Anchors that get a ring.
        n_thumbnails: HTML: most images that are put into the page: the marked ones first, then a random draw.
        max_pixels: HTML: largest image that is decoded for it.
        on_progress: HTML: called with (done, total) images, by the calling thread.

    Returns:
        HTML: how many images were asked for and could not be read, which costs them their picture; None otherwise.

    Raises:
        DataError: When there is nothing to colour by, or the file cannot be written.
    """
    check_map(path)
    colour = colour or default_colour(anchors.quality)
    colouring = colour_points(index, anchors, projection.rows, colour)
    if Path(path).suffix.lower() == ".html":
        return write_page(
            projection,
            path,
            index=index,
            anchors=anchors,
            colouring=colouring,
            column=colour,
            marks=marks,
            n_thumbnails=n_thumbnails,
            max_pixels=max_pixels,
            on_progress=on_progress,
        )
    _draw_picture(projection, path, index.name, colouring, marks)
    return None


def _draw_picture(projection: AnchorMap, path: PathText, name: str, colouring: Colouring, marks: Marks | None) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 6.4), layout="constrained", dpi=150)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    dimmed = marks is not None
    if isinstance(colouring, Groups):
        entries = _draw_groups(axis, projection, colouring, dimmed=dimmed)
    else:
        entries = _draw_scale(figure, axis, projection, colouring)
    if marks is not None:
        ringed = projection.points[marks.is_marked[projection.rows]]
        size = 3.2 * _point_size(len(projection))
        axis.scatter(
            ringed[:, 0], ringed[:, 1], s=size, facecolors="none", edgecolors="black", linewidths=0.9, zorder=3
        )
        entries.append((f"marked: {shorten(marks.label)} ({len(ringed):,})", "none", "black"))
    _style(axis, projection)
    if entries:
        _legend(figure, entries, colouring.title if isinstance(colouring, Groups) else "")
    title = figure.suptitle(f"{map_title(projection, name)}\n{map_subtitle(projection)}", fontsize=10)
    title.set_parse_math(False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing")  # a prompt may be in any script
        write_picture(figure, path)


def _draw_groups(axis: Axes, projection: AnchorMap, colouring: Groups, *, dimmed: bool) -> list[Entry]:
    colours = np.empty(len(projection), dtype=object)
    for group in colouring.groups:
        colours[group.members] = group.colour
    alpha = max(0.25, min(0.85, 2500 / len(projection))) * (0.8 if dimmed else 1.0)
    everything = np.arange(len(projection))
    _scatter(axis, projection, everything, alpha=alpha, c=colours)
    return [
        (f"{shorten(group.label)} ({int(group.members.sum()):,})", group.colour, "none")
        for group in colouring.groups
        if group.members.any()
    ]


def _draw_scale(figure: Figure, axis: Axes, projection: AnchorMap, colouring: Scale) -> list[Entry]:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    values = colouring.values
    known, unknown = np.flatnonzero(~np.isnan(values)), np.flatnonzero(np.isnan(values))
    bar = ScalarMappable(Normalize(float(values[known].min()), float(values[known].max())), SCALE_NAME)
    # Not transparent, which would falsify the steps of the scale.
    _scatter(axis, projection, unknown, alpha=1.0, c=np.full(len(values), GREY, dtype=object))
    _scatter(axis, projection, known, alpha=1.0, c=bar.to_rgba(values))
    drawn = figure.colorbar(bar, ax=axis, shrink=0.8, pad=0.02)
    drawn.set_label(colouring.title, fontsize=9, parse_math=False)
    drawn.ax.tick_params(labelsize=8)
    return [(f"none ({len(unknown):,})", GREY, "none")] if len(unknown) else []


def _scatter(axis: Axes, projection: AnchorMap, rows: IntArray, *, alpha: float, c: Any) -> None:
    """Draw points in random order, so that no group hides another by coming last; c holds the colours of all n."""
    order = np.random.default_rng(_SHUFFLE_SEED).permutation(rows)
    x, y = projection.points[order].T
    n = len(projection)
    axis.scatter(x, y, s=_point_size(n), c=c[order].tolist(), alpha=alpha, linewidths=0, rasterized=n > 5000)


def _point_size(n: int) -> float:
    return max(4.0, min(30.0, 12_000 / n))


def _style(axis: Axes, projection: AnchorMap) -> None:
    # One scale for both axes: distances are what the map is about.
    axis.set_aspect("equal", adjustable="datalim")
    x_title, y_title = axis_titles(projection)
    axis.set_xlabel(x_title, fontsize=9)
    axis.set_ylabel(y_title, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(visible=True, color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _legend(figure: Figure, entries: list[Entry], title: str) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=7, markerfacecolor=face, markeredgecolor=edge)
        for _, face, edge in entries
    ]
    columns = 1 if max(len(label) for label, *_ in entries) > 40 else min(4, len(entries))
    legend = figure.legend(
        handles,
        ["x"] * len(entries),  # names go in below: one that begins with _ would be left out here
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        fontsize=9,
        title=title,
        title_fontsize=9,
    )
    for text, (label, *_) in zip(legend.get_texts(), entries, strict=True):
        text.set_text(label)
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)  # a $ is a $
