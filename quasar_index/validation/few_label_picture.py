"""The picture of few labels: the median SRCC over the number of labels, with its quartiles over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arguments import checked
from ..paths import PathText
from ..pictures import check_picture, write_picture
from .few_label_report import FEW_LABEL_STATISTICS, FewLabels, FewLabelStatistic

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # of Okabe and Ito
_MARKERS = ("o", "s", "^", "D", "v", "P")
_APART = 1.05
"""Factor between the places of two methods, whose bars would cover each other."""


@checked
def draw_few_labels(report: FewLabels, path: PathText) -> None:
    """Draw curves: SRCC and PLCC of each method over the number of labels.

    Points are medians over seeds, thick bars quartiles, thin ones reach from the lowest to the highest.

    Args:
        report: What was found.
        path: .png or .svg.

    Raises:
        DataError: When the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(100, 8))
        >>> found = qi.validation.few_labels([qi.Mean()], x, x[:, 0], (10, 20), n_seeds=3)
        >>> qi.validation.draw_few_labels(found, "few.svg")
        >>> Path("few.svg").is_file()
        True
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels = list(dict.fromkeys(row.label for row in report.rows))
    figure = Figure(figsize=(9.0, 4.4 + 0.2 * ((len(labels) + 2) // 3)), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(FEW_LABEL_STATISTICS), sharey=True)
    handles: list[Artist] = []
    for axis, statistic in zip(axes, FEW_LABEL_STATISTICS, strict=True):
        handles = _draw_panel(axis, report, labels, statistic)
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)), fontsize=8)
    figure.suptitle(f"{report.protocol}\nmedian, quartiles (thick), lowest to highest (thin)", fontsize=8.5, wrap=True)
    write_picture(figure, path)


def _draw_panel(axis: Axes, report: FewLabels, labels: list[str], statistic: FewLabelStatistic) -> list[Artist]:
    handles: list[Artist] = []
    for place, label in enumerate(labels):
        rows = sorted((row for row in report.rows if row.label == label), key=lambda row: row.n_labels)
        spreads = [row.spread(statistic) for row in rows]
        x = [row.n_labels * _APART ** (place - (len(labels) - 1) / 2) for row in rows]
        colour = _COLOURS[place % len(_COLOURS)]
        marker = _MARKERS[(place + place // len(_COLOURS)) % len(_MARKERS)]
        (line,) = axis.plot(
            x, [one.median for one in spreads], color=colour, marker=marker, markersize=5, linewidth=1.4, zorder=4
        )
        handles.append(line)
        axis.vlines(x, [one.lowest for one in spreads], [one.highest for one in spreads], color=colour, linewidth=0.8)
        axis.vlines(
            x, [one.low_quartile for one in spreads], [one.high_quartile for one in spreads], color=colour, linewidth=3
        )
    axis.set_xscale("log")
    ticks = sorted({row.n_labels for row in report.rows})
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.minorticks_off()
    axis.set_xlabel("labels", fontsize=9)
    axis.set_title(statistic.upper(), fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    return handles
