"""The picture of a reproduction: our figures, with the published ones where they are printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..arguments import checked
from ..datasets.registry import DATASETS
from ..errors import DataError
from ..paths import PathText
from ..pictures import check_picture, write_picture
from .report import ExperimentResult, Reproduction

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of Okabe and Ito
_DASHES = ("--", ":", "-.")
_MARKERS = ("o", "s", "^", "v", "P", "X")
_COLUMNS = 3


@checked
def draw_reproduction(reproduction: Reproduction, path: PathText) -> None:
    """Draw SRCC: one panel a test set for a figure, one for all test sets of a table.

    Bars are 95 % bootstrap intervals, or the standard deviation over draws, or quartiles over draws of labels; hollow
    diamonds are published figures.

    Args:
        reproduction: What was run.
        path: .png or .svg.

    Raises:
        DataError: When nothing was measured, or the file cannot be written.
    """
    check_picture(path)
    ran = [result for result in reproduction.results if result.measured is not None]
    if not ran:
        raise DataError("there is nothing to draw", "run an experiment first")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    is_table = not reproduction.protocol.x_label
    panels: dict[tuple[str, str], list[ExperimentResult]] = {}
    for result in ran:
        one = result.experiment
        panels.setdefault(("", "") if is_table else (one.panel, one.test), []).append(result)
    columns = 1 if is_table else min(_COLUMNS, len(panels))
    is_wide = is_table or len(panels) == 1
    rows = math.ceil(len(panels) / columns)
    size = (9.0, 4.6) if is_wide else (4.4 * columns + 0.5, 3.6 * rows + 0.9)
    figure = Figure(figsize=size, layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    names = list(dict.fromkeys(result.experiment.series for result in ran))
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, ((panel, test), results) in zip(axes.flat, panels.items(), strict=False):
        _draw_panel(axis, results, names, is_table=is_table)
        title = "" if is_table else f"{f'({panel}) ' if panel else ''}{DATASETS[test].title}"
        axis.set_title(
            f"{title}, n = {results[0].measured.n:,}" if title and results[0].measured else title, fontsize=9
        )
        if not is_table:
            # FIG7 has an axis of its own in each panel.
            label = reproduction.protocol.x_label
            axis.set_xlabel(results[0].experiment.series if label == "value" else label, fontsize=8)
    handles: dict[str, Artist] = {}
    for axis in axes.flat:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(str(label), handle)
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=min(4, len(handles)), fontsize=8
    )
    figure.suptitle(_title(reproduction, ran), fontsize=10, wrap=True)
    write_picture(figure, path)


def _draw_panel(axis: Axes, results: Sequence[ExperimentResult], names: Sequence[str], *, is_table: bool) -> None:
    """Draw the lines of one panel; what has no place on an axis of numbers is a line across."""
    places = [DATASETS[one.experiment.test].title if is_table else one.experiment.x for one in results]
    numbers = [place for place in places if isinstance(place, float)]
    ticks = None if numbers else list(dict.fromkeys(map(str, places)))
    series = list(dict.fromkeys(result.experiment.series for result in results))
    for row, name in enumerate(series):
        chosen = [(place, one) for place, one in zip(places, results, strict=True) if one.experiment.series == name]
        number = names.index(name)
        colour = _COLOURS[number % len(_COLOURS)]
        if ticks is None and isinstance(chosen[0][0], str):
            style = _DASHES[number % len(_DASHES)]
            for _, one in chosen:
                axis.axhline(one.measured.srcc if one.measured else 0, label=name, color=colour, linestyle=style)
            continue
        # Categories would cover each other's bars.
        shift = 0.0 if ticks is None else 0.5 * (row + 0.5) / len(series) - 0.25
        x = [float(place) if ticks is None else ticks.index(str(place)) + shift for place, _ in chosen]  # type: ignore[arg-type]
        y = [one.measured.srcc for _, one in chosen if one.measured is not None]
        axis.errorbar(
            x,
            y,
            yerr=list(zip(*(_bar(one) for _, one in chosen), strict=True)),
            label=name,
            color=colour,
            marker=_MARKERS[(number + number // len(_COLOURS)) % len(_MARKERS)],
            markersize=4.5,
            capsize=2,
            linewidth=1.2,
            linestyle="-" if ticks is None else "none",
        )
        printed = [(place, one.experiment.published.value) for place, (_, one) in zip(x, chosen, strict=True)]
        points = [(place, value) for place, value in printed if value is not None]
        if points:
            axis.plot(
                *zip(*points, strict=True),
                label=f"{name}, published",
                color=colour,
                marker="D",
                markersize=6.5,
                markerfacecolor="none",
                linestyle="none",
            )
    if ticks is not None:
        axis.set_xticks(range(len(ticks)), ticks, rotation=0 if max(map(len, ticks)) < 11 else 30)
        axis.set_xlim(-0.5, len(ticks) - 0.5)
    elif _is_wide(numbers):
        axis.set_xscale("log")
        if len(numbers) < len(places):
            marks = sorted(set(numbers))
            axis.set_xticks(marks, [f"{one:g}" for one in marks], minor=False)
            axis.set_xticks([], minor=True)
    axis.set_ylabel("SRCC", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.axhline(0, color="0.6", linewidth=0.8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _is_wide(numbers: Sequence[float]) -> bool:
    """Return whether positive numbers span two powers of ten, which a linear axis would not show."""
    return min(numbers) > 0 and max(numbers) / min(numbers) >= 100


def _bar(result: ExperimentResult) -> tuple[float, float]:
    """Return how far the bar of a result reaches below and above it."""
    found = result.measured
    if found is None:
        return 0.0, 0.0
    if found.spread is not None:
        return found.spread, found.spread
    if found.low_quartile is not None and found.high_quartile is not None:
        return found.srcc - found.low_quartile, found.high_quartile - found.srcc
    if found.low is None or found.high is None:
        return 0.0, 0.0
    return max(0.0, found.srcc - found.low), max(0.0, found.high - found.srcc)


def _title(reproduction: Reproduction, ran: Sequence[ExperimentResult]) -> str:
    changed = " (with changes: see the table)" if any(result.flags for result in ran) else ""
    return f"{reproduction.protocol.name}: {reproduction.protocol.title}{changed}"
