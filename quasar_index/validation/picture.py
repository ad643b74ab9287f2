"""The picture of an evaluation: scores against ratings with the logistic fit, one panel a method."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from ..arguments import checked
from ..errors import ValidationError, counted
from ..paths import PathText
from ..pictures import check_picture, write_picture
from ..statistics.correlation import fit_logistic
from .report import EvaluationReport, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS, _MOST = 4, 6
_BLUE, _ORANGE = "#0072B2", "#D55E00"  # of Okabe and Ito: told apart by everyone, and in grey


@checked
def draw_evaluation(report: EvaluationReport, path: PathText) -> None:
    """Draw scores against ratings.

    Args:
        report: The evaluation.
        path: .png or .svg.

    Raises:
        DataError: When the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> report = qi.evaluate([qi.Mean()], anchors, new, new[:, 0], n_resamples=100)
        >>> qi.draw_evaluation(report, "evaluation.svg")
        >>> Path("evaluation.svg").is_file()
        True
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    n = len(report.outcomes)
    columns = _columns(report)
    rows = math.ceil(n / columns)
    figure = Figure(figsize=(3.6 * columns + 0.4, 3.3 * rows + 0.5), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    if (engine := figure.get_layout_engine()) is not None:
        engine.set(hspace=0.06, wspace=0.03)  # type: ignore[call-arg]
    axes = figure.subplots(rows, columns, squeeze=False)
    for place, axis in enumerate(axes.flat):
        if place >= n:
            axis.set_visible(False)
            continue
        _draw_panel(axis, report, report.outcomes[place])
        if place + columns >= n:
            axis.set_xlabel("score")
        if place % columns == 0:
            axis.set_ylabel("rating")
    figure.suptitle(_title(report), fontsize=10, wrap=True)
    write_picture(figure, path)


def _columns(report: EvaluationReport) -> int:
    """Return the panels a row: one row a space where each has as many."""
    counts = set(Counter(outcome.method.space_words for outcome in report.outcomes).values())
    n = counts.pop()
    return n if not counts and 1 < n <= _MOST else min(len(report.outcomes), _COLUMNS)


def _draw_panel(axis: Axes, report: EvaluationReport, outcome: Outcome) -> None:
    n = report.n_scored
    axis.scatter(
        outcome.scores,
        report.quality,
        s=max(2.0, min(18.0, 2000 / n)),
        alpha=max(0.1, min(0.7, 200 / n)),
        color=_BLUE,
        linewidths=0,
        rasterized=n > 5000,
    )
    try:
        curve = fit_logistic(outcome.scores, report.quality)
    except ValidationError:
        pass  # too few images, or no convergence: points alone
    else:
        x = np.linspace(outcome.scores.min(), outcome.scores.max(), 200)
        axis.plot(x, curve(x), color=_ORANGE, linewidth=2, linestyle="--" if curve.at_bound else "-")
    figure = outcome.figures["srcc"]
    interval = "" if figure.low is None else f" [{figure.low:.2f}, {figure.high:.2f}]"
    axis.set_title(f"{outcome.label}\nSRCC {figure.value:.3f}{interval}", fontsize=9)
    axis.tick_params(labelsize=8)
    axis.locator_params(axis="x", nbins=5)
    axis.grid(visible=True, color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _title(report: EvaluationReport) -> str:
    dashed = any(outcome.fit_at_bound for outcome in report.outcomes)
    line = "line: 4-parameter logistic fit" + (", dashed where it is as steep as the scores allow" if dashed else "")
    return f"{report.protocol or 'evaluation'}: {counted(report.n_scored, 'image')}; {line}"
