"""The picture of a sweep: SRCC along its curves, the band of random selection behind every one of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..arguments import checked
from ..errors import counted
from ..paths import PathText
from ..pictures import check_picture, write_picture
from .declaration import RANDOM
from .report import CurvePoint, SweepReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of Okabe and Ito, without the pale one
_MARKERS = ("o", "s", "^", "D", "v", "P")
_GREY = "0.45"
_TOGETHER = len(_COLOURS)
"""Most selectors in one panel; more get a panel each."""
_COLUMNS = 4


@checked
def draw_sweep(report: SweepReport, path: PathText) -> None:
    """Draw the curves.

    The grey band is where 95% of random draws lie (at the sweep's level). A filled marker differs from random selection
    by the paired interval, a hollow one does not. Where a parameter varies, bars are intervals over test groups, and
    the band is that of the draws.

    Args:
        report: The sweep.
        path: .png or .svg.

    Raises:
        DataError: When the file cannot be written.
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = _panels(report)
    columns = min(len(panels), _COLUMNS)
    rows = math.ceil(len(panels) / columns)
    width, height = (7.2, 4.6) if len(panels) == 1 else (3.3 * columns + 0.5, 2.7 * rows + 0.9)
    figure = Figure(figsize=(width, height), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for place, axis in enumerate(axes.flat):
        if place >= len(panels):
            axis.set_visible(False)
            continue
        title, curves = panels[place]
        _draw_panel(axis, report, title, curves)
        if place == 0 or len(curves) > 1:
            axis.legend(fontsize=7.5, frameon=False, loc="best")
        if place + columns >= len(panels):
            axis.set_xlabel(_axis_title(report))
            axis.xaxis.set_tick_params(labelbottom=True)
        if place % columns == 0:
            axis.set_ylabel("SRCC")
    figure.suptitle(_title(report), fontsize=9, wrap=True)
    write_picture(figure, path)


def _panels(report: SweepReport) -> list[tuple[str, list[tuple[str, str]]]]:
    """Divide the curves: by method, and by selector where those are many; all in one where a parameter varies."""
    if report.sweep.parameter != "size":
        return [("", report.curves)]
    panels: list[tuple[str, list[tuple[str, str]]]] = []
    for method in dict.fromkeys(method for method, _ in report.curves):
        selectors = [selector for one, selector in report.curves if one == method and selector != RANDOM]
        if len(selectors) <= _TOGETHER:
            panels.append((method, [(method, selector) for selector in selectors]))
        else:
            several = len({one for one, _ in report.curves}) > 1
            more = f"\n{method}" if several else ""
            panels += [(f"{selector}{more}", [(method, selector)]) for selector in selectors]
    return panels


def _draw_panel(axis: Axes, report: SweepReport, title: str, curves: list[tuple[str, str]]) -> None:
    by_size = report.sweep.parameter == "size"
    if by_size:
        method = curves[0][0] if curves else title
        _draw_random(axis, report.curve(method, RANDOM))
    for place, (method, selector) in enumerate(curves):
        points = report.curve(method, selector)
        colour, marker = _COLOURS[place % len(_COLOURS)], _MARKERS[place % len(_MARKERS)]
        x, y = [_x(point, report) for point in points], [point.srcc for point in points]
        axis.plot(x, y, color=colour, linewidth=1.6, zorder=3, label=selector or method)
        clear = [by_size and point.minus_random is not None and point.minus_random.is_clear for point in points]
        for one, two, is_filled in zip(x, y, clear, strict=True):
            face = colour if is_filled or not by_size else "white"
            axis.plot(one, two, marker, color=colour, markerfacecolor=face, markersize=5, zorder=4)
        if not by_size:
            _draw_intervals(axis, points, x, colour, 3 * (place - (len(curves) - 1) / 2))
    if report.sweep.parameter in ("size", "top-k", "clusters") or _is_wide(report):
        axis.set_xscale("log")
        ticks = sorted({_x(point, report) for point in report.points})
        axis.set_xticks(ticks, [f"{tick:g}" if report.sweep.parameter == "ratio" else f"{tick:,.0f}" for tick in ticks])
        axis.minorticks_off()
    if report.sweep.parameter == "shrinkage":
        axis.set_xticks(range(len(report.sweep.values)), [str(value) for value in report.sweep.values])
    if title:
        axis.set_title(title, fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _draw_random(axis: Axes, points: list[CurvePoint]) -> None:
    """Draw the mean of random draws, and the band where they lie."""
    x = [point.n_anchors for point in points]
    low = [point.srcc if point.seeds.low is None else point.seeds.low for point in points]
    high = [point.srcc if point.seeds.high is None else point.seeds.high for point in points]
    axis.fill_between(x, low, high, color="0.85", linewidth=0, zorder=1)
    axis.plot(x, [point.srcc for point in points], color=_GREY, linewidth=1.6, linestyle="--", zorder=2, label=RANDOM)


def _draw_intervals(axis: Axes, points: list[CurvePoint], x: list[float], colour: str, shift: float) -> None:
    """Draw intervals over test groups as bars, set apart by `shift` points, and where draws lie as a band."""
    from matplotlib.transforms import offset_copy

    moved = offset_copy(axis.transData, fig=axis.get_figure(root=True), x=shift, units="points")
    drawn = [point for point in points if point.seeds.low is not None]
    if drawn:
        low = [point.srcc if point.seeds.low is None else point.seeds.low for point in points]
        high = [point.srcc if point.seeds.high is None else point.seeds.high for point in points]
        axis.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0, zorder=1)
    for one, point in zip(x, points, strict=True):
        if point.bootstrap.low is not None and point.bootstrap.high is not None:
            ends = (point.bootstrap.low, point.bootstrap.high)
            axis.vlines(one, *ends, color=colour, alpha=0.6, linewidth=1, transform=moved)
            axis.update_datalim([(one, end) for end in ends])  # moved lines do not count by themselves
    axis.autoscale_view()


def _x(point: CurvePoint, report: SweepReport) -> float:
    """Return where a point stands: its number of anchors, its value, or the place of that."""
    if point.parameter in ("size", "ratio"):
        return point.n_anchors if point.parameter == "size" else float(point.value)
    return report.sweep.values.index(point.value) if point.parameter == "shrinkage" else float(point.value)


def _is_wide(report: SweepReport) -> bool:
    values = [value for value in report.sweep.values if not isinstance(value, str)]
    return report.sweep.parameter == "ratio" and max(values) / min(values) > 20


def _axis_title(report: SweepReport) -> str:
    return {
        "size": "anchors",
        "ratio": "part of the anchors",
        "offset": "offset",
        "clusters": "clusters a side",
        "top-k": "k",
        "shrinkage": "shrinkage",
    }[report.sweep.parameter]


def _title(report: SweepReport) -> str:
    level = f"{report.sweep.level:.0%}"
    lines = [f"{report.protocol}: {counted(report.n_images, 'image')}"]
    if report.sweep.parameter == "size":
        band = f"band: {level} of random draws" if report.sweep.n_seeds > 1 else "dashed: one random draw"
        lines.append(f"{band}; filled: differs from random ({level}, paired over test groups)")
    elif any(point.bootstrap.low is not None for point in report.points):
        what = "groups" if report.grouped else "images"
        band = f"; band: {level} of draws" if any(point.seeds.low is not None for point in report.points) else ""
        lines.append(f"bars: {level} bootstrap interval over {report.n_units} test {what}{band}")
    return "\n".join(lines)
