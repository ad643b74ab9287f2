"""The picture of a benchmark: the figures against their bars, and the growth curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from quasar_index.paths import PathText
from quasar_index.pictures import check_picture, write_picture

from .figures import BenchReport
from .timing import BenchRatio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "0.6"  # of Okabe and Ito


def draw_benchmarks(report: BenchReport, path: PathText) -> None:
    """Draw each ratio with its spread and its bar, and time and memory against N, M and k where they were measured.

    Args:
        report: What was measured.
        path: .png or .svg.

    Raises:
        DataError: When the file cannot be written.
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ratios = [ratio for ratio in report.ratios if math.isfinite(ratio.median)]
    varied = [name for name in ("N", "M", "k") if any(point["varied"] == name for point in report.growth)]
    height = max(2.4, 0.28 * len(ratios) + 1.2)
    figure = Figure(figsize=(9.5, height + (2.8 if varied else 0)), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    rows = figure.add_gridspec(2 if varied else 1, 1, height_ratios=[height, 2.8] if varied else [1])
    _draw_ratios(figure.add_subplot(rows[0]), ratios)
    if varied:
        inner = rows[1].subgridspec(1, len(varied))
        for place, name in enumerate(varied):
            _draw_growth(figure.add_subplot(inner[place]), name, [p for p in report.growth if p["varied"] == name])
    machine = report.machine
    figure.suptitle(f"{machine['cpu']}, {machine['usable_cores']} cores", fontsize=10)
    write_picture(figure, path)


def _draw_ratios(axis: Axes, ratios: list[BenchRatio]) -> None:
    labels = []
    for place, ratio in enumerate(ratios):
        color = _GREY if ratio.is_met is None else _BLUE if ratio.is_met else _ORANGE
        spread = [[max(0.0, ratio.median - ratio.low)], [max(0.0, ratio.high - ratio.median)]]
        axis.errorbar([ratio.median], [place], xerr=spread, fmt="o", color=color, markersize=4, linewidth=1.2)
        if ratio.bar is not None:
            axis.plot([ratio.bar], [place], marker="|", color="black", markersize=11, markeredgewidth=1.5)
        selector = ratio.detail.get("selector", "")
        labels.append(" ".join(filter(None, (ratio.figure, selector, f"{ratio.anchors:,}" if ratio.anchors else ""))))
    axis.set_yticks(range(len(labels)), labels, fontsize=8)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlabel("ratio (line: lowest to highest round; stroke: the bar; orange: missed)", fontsize=8)
    _tidy(axis)


def _draw_growth(axis: Axes, name: str, points: list[dict[str, Any]]) -> None:
    x = [point[name] for point in points]
    axis.plot(x, [point["seconds"] for point in points], "o-", color=_BLUE, markersize=4, label="seconds")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xlabel(name, fontsize=9)
    axis.set_ylabel("seconds", color=_BLUE, fontsize=8)
    _tidy(axis)
    other = axis.twinx()
    other.plot(x, [point["bytes"] / 2**20 for point in points], "s--", color=_ORANGE, markersize=3)
    other.set_ylim(bottom=0)
    other.set_ylabel("MiB of its own", color=_ORANGE, fontsize=8)
    other.tick_params(labelsize=8)
    for side in ("top", "left"):
        other.spines[side].set_visible(False)


def _tidy(axis: Axes) -> None:
    axis.tick_params(labelsize=8)
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
