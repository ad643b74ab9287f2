"""A sheet that shows what two methods see: the same rank positions, tiers of opinion, severity, and where they differ.

Ranks are shares: 0% for the image with the lowest score, 100% for that with the highest. They are on one scale for
any two methods; scores are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps
from scipy.stats import rankdata

from ..arguments import checked
from ..arrays import DoubleArray, IntArray
from ..errors import ValidationError, counted
from ..paths import PathText
from ..pictures import check_picture, write_picture
from ..thumbnails import thumbnail
from .report import EvaluationReport, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

POSITIONS = 7
"""Images a row."""
TIERS = 5
"""Tiers of opinion, of about as many images each; fewer than 9 different ratings are a tier each."""
TYPES = 28
"""Most types of distortion that are drawn, the most frequent ones."""
_COLOURS = ("#0072B2", "#D55E00")  # of Okabe and Ito, as the other pictures
_WIDTH, _TILE = 12.0, 1.6
_BOX = (240, 180)  # pixels of a tile
_SEVERITIES = ("severity", "level")


@checked
def draw_sheet(report: EvaluationReport, path: PathText, *, read_bytes: Callable[[str], bytes] | None = None) -> None:
    """Draw what the first two methods of an evaluation see.

    Rank positions from the worst to the best image; scores by tiers of rating; the rank over severity for each type of
    distortion, where images have the columns `distortion` and `severity` or `level`; and the images whose ranks
    differ most, one of each group where there are groups. An image that cannot be read is a grey tile with its name.

    Args:
        report: The evaluation, of two methods at least.
        path: .png or .svg.
        read_bytes: Opens an image by its path; None for a local path or a URL.

    Raises:
        ValidationError: On fewer than two methods.
        DataError: When the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> report = qi.evaluate([qi.Mean(), qi.Ridge()], anchors, new, new[:, 0], n_resamples=100)
        >>> qi.validation.draw_sheet(report, "sheet.png")
        >>> Path("sheet.png").is_file()
        True
    """
    check_picture(path)
    if len(report.outcomes) < 2:
        raise ValidationError("a sheet compares two methods and there is one", "evaluate two, such as mean/retrieval")
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False}):  # a name with signs of dollar is no formula
        _draw(report, path, read_bytes)


def _draw(report: EvaluationReport, path: PathText, read_bytes: Callable[[str], bytes] | None) -> None:
    """Draw all blocks, one below the other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pair = report.outcomes[:2]
    ranks = [_shares(one.scores) for one in pair]
    show = _Tiles(report, ranks, read_bytes)
    types = _types(report)
    rows = math.ceil(len(types) / POSITIONS)
    heights = [2 * _TILE + 0.7, 3.1, *([1.45 * rows + 0.8] if rows else []), 2 * _TILE + 0.7]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.5), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    figure.suptitle(f"{pair[0].label} and {pair[1].label}: {counted(report.n_scored, 'image')}", fontsize=12)
    grid: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    blocks = list(grid)
    _draw_positions(blocks.pop(0), pair, ranks, show)
    _draw_tiers(blocks.pop(0), pair, report.quality)
    if rows:
        _draw_severities(blocks.pop(0), pair, ranks, types, _severities(report) or [])
    _draw_differences(blocks.pop(0), pair, ranks, show)
    write_picture(figure, path)


class _Tiles:
    """Draws images with what is known of them."""

    def __init__(
        self, report: EvaluationReport, ranks: Sequence[DoubleArray], read_bytes: Callable[[str], bytes] | None
    ) -> None:
        self._report = report
        self._ranks = ranks
        self._read = read_bytes
        n = report.n_scored
        self._paths = [str(one) for one in report.columns.get("path") or (f"image {row}" for row in range(n))]
        self._is_file = "path" in report.columns
        self.groups = report.columns.get("group")

    def draw(self, axis: Axes, row: int, text: str) -> None:
        """Draw an image, or its name where it cannot be read."""
        picture = self._picture(self._paths[row])
        axis.set_xticks([])
        axis.set_yticks([])
        for spine in axis.spines.values():
            spine.set_visible(False)
        if picture is None:
            canvas = Image.new("RGB", _BOX, "#ebebeb")
            name = _short(self._paths[row])
            axis.text(0.5, 0.5, name, ha="center", va="center", fontsize=7, transform=axis.transAxes)
        else:
            canvas = Image.new("RGB", _BOX, "white")
            canvas.paste(picture, ((_BOX[0] - picture.width) // 2, (_BOX[1] - picture.height) // 2))
        axis.imshow(np.asarray(canvas), interpolation="lanczos")
        axis.set_title(f"{text}\nrating {self._report.quality[row]:.3g}", fontsize=8, pad=3)

    def _picture(self, path: str) -> Any:
        if not self._is_file:
            return None
        try:
            picture = thumbnail(path if self._read is None else self._read(path), max(_BOX))
            return None if picture is None else ImageOps.contain(picture, _BOX)
        except Exception:  # a picture is decoration: whatever is wrong with a file, its name is shown
            return None


def _shares(scores: DoubleArray) -> DoubleArray:
    """Return the (n,) ranks in [0, 1], mid-ranks for ties."""
    ranks: DoubleArray = (rankdata(scores) - 1) / max(len(scores) - 1, 1)
    return ranks


def _draw_positions(block: SubFigure, pair: Sequence[Outcome], ranks: Sequence[DoubleArray], show: _Tiles) -> None:
    """Draw the images at the same rank positions of both methods."""
    block.suptitle("The same rank positions, from the worst image to the best", fontsize=10, x=0.01, ha="left")
    n = len(ranks[0])
    places = np.unique(np.linspace(0, n - 1, min(POSITIONS, n)).round().astype(int))
    axes = block.subplots(2, POSITIONS, squeeze=False)
    for line, one, colour in zip(axes, pair, _COLOURS, strict=True):
        order = np.argsort(one.scores, kind="stable")
        for axis in line[len(places) :]:
            axis.set_visible(False)
        for axis, place in zip(line, places, strict=False):
            show.draw(axis, int(order[place]), f"rank {place / max(n - 1, 1):.0%}")
        line[0].set_ylabel(_folded(one.label), fontsize=9, color=colour)


def _draw_tiers(block: SubFigure, pair: Sequence[Outcome], quality: DoubleArray) -> None:
    """Draw how scores are distributed in tiers of rating."""
    block.suptitle("Scores by tiers of rating: quartiles, whiskers from 5% to 95%", fontsize=10, x=0.01, ha="left")
    tiers = _tiers(quality)
    for axis, one, colour in zip(block.subplots(1, 2), pair, _COLOURS, strict=True):
        parts = axis.boxplot(
            [one.scores[rows] for rows in tiers], whis=(5, 95), showfliers=False, widths=0.6, patch_artist=True
        )
        for box in parts["boxes"]:
            box.set(facecolor=colour, alpha=0.35, edgecolor=colour)
        for line in parts["medians"]:
            line.set(color=colour, linewidth=2)
        axis.set_xticks(range(1, len(tiers) + 1), [_range(quality[rows]) for rows in tiers])
        figure = one.figures["srcc"]
        ends = "" if figure.low is None else f" [{figure.low:.2f}, {figure.high:.2f}]"
        axis.set_title(f"{one.label}, SRCC {figure.value:.3f}{ends}", fontsize=9, color=colour)
        axis.set_xlabel("rating, and number of images", fontsize=8)
        axis.set_ylabel("score", fontsize=8)
        _plain(axis)


def _tiers(quality: DoubleArray) -> list[IntArray]:
    """Return the rows of each tier, from the lowest ratings up."""
    values = np.unique(quality)
    edges = values[1:] if len(values) < 9 else np.unique(np.quantile(quality, np.arange(1, TIERS) / TIERS))
    tier = np.searchsorted(edges, quality, side="right")
    return [np.flatnonzero(tier == number) for number in np.unique(tier)]


def _range(quality: DoubleArray) -> str:
    low, high = quality.min(), quality.max()
    return f"{f'{low:.3g}' if low == high else f'{low:.3g} to {high:.3g}'}\n{len(quality)}"


def _types(report: EvaluationReport) -> dict[str, IntArray]:
    """Return the rows of each type of distortion that has several severities."""
    severities, kinds = _severities(report), report.columns.get("distortion")
    if severities is None or kinds is None:
        return {}
    rows: dict[str, list[int]] = {}
    for row, (kind, severity) in enumerate(zip(kinds, severities, strict=True)):
        if kind not in (None, "") and severity is not None:
            rows.setdefault(str(kind), []).append(row)
    several = {kind: own for kind, own in rows.items() if len({severities[row] for row in own}) > 1}
    frequent = sorted(sorted(several), key=lambda kind: -len(several[kind]))[:TYPES]
    return {kind: np.array(several[kind]) for kind in sorted(frequent)}


def _severities(report: EvaluationReport) -> list[float | None] | None:
    """Return the severity of each image; None where there are none that are numbers."""
    for name in _SEVERITIES:
        values = report.columns.get(name)
        if values is None:
            continue
        try:
            return [None if value in (None, "") else float(value) for value in values]
        except (TypeError, ValueError):
            continue
    return None


def _draw_severities(
    block: SubFigure,
    pair: Sequence[Outcome],
    ranks: Sequence[DoubleArray],
    types: dict[str, IntArray],
    severities: Sequence[float | None],
) -> None:
    """Draw the rank over severity, one panel a type."""
    block.supxlabel("severity", fontsize=8)
    words = "Rank over severity by type of distortion: median, and the range from 10% to 90% of the images"
    block.suptitle(words, fontsize=10, x=0.01, ha="left")
    rows = math.ceil(len(types) / POSITIONS)
    axes = block.subplots(rows, POSITIONS, squeeze=False, sharex=True, sharey=True)
    for number, axis in enumerate(axes.flat):
        if number >= len(types):
            axis.set_visible(False)
            continue
        kind, own = list(types.items())[number]
        values = np.array([severities[row] for row in own], dtype=float)
        levels = np.unique(values)
        for one, share, colour in zip(pair, ranks, _COLOURS, strict=True):
            spread = np.array([np.quantile(share[own[values == level]], (0.1, 0.5, 0.9)) for level in levels])
            axis.fill_between(levels, spread[:, 0], spread[:, 2], color=colour, alpha=0.18, linewidth=0)
            axis.plot(levels, spread[:, 1], color=colour, marker="o", markersize=2.5, linewidth=1.3, label=one.label)
        axis.set_title(kind, fontsize=8, pad=2)
        axis.set_ylim(-0.02, 1.02)
        axis.set_yticks([0, 0.5, 1], ["0%", "", "100%"])
        axis.label_outer()
        if number + POSITIONS >= len(types):
            axis.tick_params(labelbottom=True)
        _plain(axis, size=7)
    block.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower right", ncols=2, fontsize=8)


def _draw_differences(block: SubFigure, pair: Sequence[Outcome], ranks: Sequence[DoubleArray], show: _Tiles) -> None:
    """Draw the images whose ranks differ most, in both directions."""
    few = ", one of each group at most" if show.groups is not None else ""
    words = f"The images on which the two differ most in rank{few}: rank by {pair[0].label} | by {pair[1].label}"
    block.suptitle(words, fontsize=10, x=0.01, ha="left")
    gap = ranks[0] - ranks[1]
    axes = block.subplots(2, POSITIONS, squeeze=False)
    for line, sign, colour, one in zip(axes, (1, -1), _COLOURS, pair, strict=True):
        order = _first_of_groups(np.argsort(-sign * gap, kind="stable"), show.groups)
        order = [row for row in order if sign * gap[row] > 0]
        for axis in line[len(order) :]:
            axis.set_visible(False)
        for axis, row in zip(line, order, strict=False):
            show.draw(axis, row, f"{ranks[0][row]:.0%} | {ranks[1][row]:.0%}")
        if order:
            line[0].set_ylabel(f"higher by\n{_folded(one.label)}", fontsize=9, color=colour)


def _first_of_groups(order: IntArray, groups: Sequence[Any] | None) -> list[int]:
    """Return the first rows of an order, one of each group: versions of one image would fill the line."""
    found: dict[Any, int] = {}
    for row in order.tolist():
        found.setdefault(row if groups is None else groups[row], row)
        if len(found) == POSITIONS:
            break
    return list(found.values())


def _plain(axis: Axes, size: int = 8) -> None:
    axis.tick_params(labelsize=size)
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _short(path: str, most: int = 22) -> str:
    name = PurePath(path).name
    return name if len(name) <= most else f"{name[: most - 9]}...{name[-6:]}"


def _folded(label: str, most: int = 20) -> str:
    """Break a long label after its index and its commas."""
    return label if len(label) <= most else label.replace(": ", ":\n").replace(",", ",\n")
