"""How few anchors are enough: the smallest subset within one standard error of the best.

    best = the size of highest SRCC        suggested = min { size : SRCC(size) >= SRCC(best) - SE(best) }

Source: Breiman, Friedman, Olshen and Stone, "Classification and regression trees", 1984, section 3.4.3 (the 1-SE rule).
SRCC is that of the anchors themselves, one group left out at a time, over the mean of the draws; SE is the standard
deviation of that mean over resamples of the groups (and of the draws, where there are several).

The SRCC of what was chosen as best among many flatters; judge the subset on images that had no part in this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..arguments import checked
from ..errors import ValidationError
from ..index.anchor_index import AnchorIndex
from ..methods.mean import Mean
from ..methods.method import Method
from ..paths import PathText
from ..selection.base import Selector
from ..selection.registry import SELECTORS
from .bench import anchors_bench
from .declaration import Sweep, Value
from .report import CurvePoint, SweepReport
from .run import run_sweep

SUGGESTED_SIZES: tuple[Value, ...] = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1)
"""Fractions that are tried unless others are given; all anchors are always tried."""
SUGGESTION_FOLDS = 20
"""Most folds unless another number is given: every selector selects in every fold."""


@dataclass(frozen=True)
class SuggestedSize:
    """The smallest subset within one standard error of the best.

    Attributes:
        method: Label of the method.
        selector: The selector.
        chosen: The suggested point of its curve.
        best: The point of highest SRCC.
        standard_error: Of the best one.
    """

    method: str
    selector: str
    chosen: CurvePoint
    best: CurvePoint
    standard_error: float

    @property
    def threshold(self) -> float:
        """The SRCC that was to be reached."""
        return self.best.srcc - self.standard_error


@dataclass(frozen=True)
class Suggestion:
    """What is suggested.

    Attributes:
        by_selector: For each selector, by its own best.
        overall: By the best of all selectors.
        report: The curves.
    """

    by_selector: tuple[SuggestedSize, ...]
    overall: SuggestedSize
    report: SweepReport


@checked
def suggest(
    index: AnchorIndex,
    *,
    selectors: Sequence[tuple[str, Selector]] | None = None,
    sizes: Sequence[Value] = SUGGESTED_SIZES,
    group: str | None = None,
    method: Method | None = None,
    where: str | None = None,
    rating: str | None = None,
    stratify: int | None = None,
    max_folds: int = SUGGESTION_FOLDS,
    n_seeds: int = 5,
    n_resamples: int = 1000,
    seed: int = 0,
    state: PathText | None = None,
    on_plan: Callable[[int, int], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Suggestion:
    """Suggest for each selector how few anchors are enough, by cross-validation over the anchors themselves.

    Args:
        index: The index.
        selectors: Name and selector of each; None for all of `SELECTORS`.
        sizes: Fractions or numbers to try beside all anchors.
        group: Column whose values are left out together; None for the reference images where there are any, else
            each anchor alone.
        method: What scores; None for the default.
        where: SQL filter of the anchors.
        rating: Opinion score, where the anchors have several; None for the first.
        stratify: Quantile bins of the rating in a selection.
        max_folds: Most folds: more groups are merged by a seeded draw.
        n_seeds: Draws of selectors that are random.
        n_resamples: Resamples of the groups.
        seed: First of the seeds.
        state: File of points that are known, where new ones are added; None to keep nothing.
        on_plan: Called first with (evaluations, folds of each): what it is going to cost.
        on_progress: Called with (done, total) evaluations.

    Returns:
        The suggestions, and the curves that they come from.

    Raises:
        ValidationError: When there are too few anchors or groups for a standard error, or as `anchors_bench`.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.sweep import make_selectors, suggest
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> found = suggest(index, selectors=make_selectors(["extremes"]), sizes=[0.2, 0.5], n_seeds=2, n_resamples=50)
        >>> found.overall.selector, found.overall.chosen.value, round(found.overall.best.srcc, 1)
        ('random', 1, 1.0)
    """
    tried = selectors or [(name, kind()) for name, kind in SELECTORS.items()]
    sweep = Sweep(
        "size",
        (*sizes, 1),
        selectors=tuple(tried),
        methods=(method or Mean(),),
        stratify=stratify,
        n_seeds=n_seeds,
        n_resamples=n_resamples,
        seed=seed,
    )
    column = group or index.content_column() or "id"
    bench = anchors_bench(index, column, where=where, rating=rating, max_folds=max_folds, seed=seed)
    if on_plan is not None:
        on_plan(len(set(sweep.points())), len(bench.folds))
    report = run_sweep(sweep, bench, state=state, on_progress=on_progress)
    return suggest_from(report)


@checked
def suggest_from(report: SweepReport) -> Suggestion:
    """Read suggestions off the curves of a sweep of sizes.

    Raises:
        ValidationError: When the sweep is of something else, or has no standard errors.
    """
    if report.sweep.parameter != "size":
        raise ValidationError(f"a sweep of {report.sweep.parameter} suggests no subset", "sweep sizes")
    by_selector = tuple(
        _smallest(method, selector, points)
        for method, selector in report.curves
        if (points := report.curve(method, selector))
    )
    if not by_selector:
        reasons = "; ".join(dict.fromkeys(reason for _, reason in report.failures))
        raise ValidationError(f"no size could be tried ({reasons or 'no anchors'})", "give other --sizes")
    best = max(by_selector, key=lambda one: one.best.srcc)
    return Suggestion(by_selector, _smallest(best.method, "", list(report.points), best.best), report)


def _smallest(
    method: str, selector: str, points: Sequence[CurvePoint], best: CurvePoint | None = None
) -> SuggestedSize:
    top = best or max(points, key=lambda point: (point.srcc, -point.n_anchors))
    error = top.standard_error
    if error is None:
        raise ValidationError(
            "there are too few anchors or groups for a standard error, so no size can be suggested",
            "use a larger index, or --group with at least 5 groups",
        )
    enough = [point for point in points if point.srcc >= top.srcc - error]
    chosen = min(enough, key=lambda point: (point.n_anchors, -point.srcc))
    return SuggestedSize(method, selector or chosen.selector, chosen, top, error)
