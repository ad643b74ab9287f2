"""Computing a sweep, point after point; what an interrupted one has left is not computed again."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray
from ..errors import QuasarError, ValidationError, counted
from ..methods.method import Method
from ..methods.space import fit_space
from ..paths import PathText
from ..selection.subset import select_anchors
from ..statistics.bootstrap import MIN_GROUPS_INTERVAL, MIN_PAIRS_INTERVAL, resample
from ..statistics.correlation import srcc
from ..validation.fold_scores import choose_space, score_folds
from .bench import Bench
from .declaration import Point, Sweep
from .draws import draw_ratio
from .report import SweepReport, summarise
from .state import PointResult, PointStore, point_key

CACHED_BYTES = 1 << 30
"""Most bytes of folds' anchors that are kept between points."""


@checked
def run_sweep(
    sweep: Sweep,
    bench: Bench,
    *,
    state: PathText | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> SweepReport:
    r"""Compute a sweep.

    In every fold the selector sees the anchors of the fold alone, in the space of the method; the subset is then
    scored with like any index of these anchors: its space is fitted to it. The resamples of the test groups are the
    same for all points, so that differences between points are paired.

    Args:
        sweep: What to compute.
        bench: What to measure it on.
        state: File of the points that are known already, where new ones are added; None to keep nothing.
        on_progress: Called with (done, total) points.

    Returns:
        The curves. Points that the anchors cannot serve (more clusters than anchors, no ratings for a selector that
        needs them) are left out, and `failures` says why.

    Raises:
        ValidationError: When no point can be computed.
        DataError: When the state cannot be read or written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.sweep import Sweep, anchors_bench, make_selectors, run_sweep
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> rows = [f"{i}.png,{score:.4f},scene {i // 5}" for i, score in enumerate(x[:, 0])]
        >>> _ = Path("own.csv").write_text("\n".join(["image,score,scene", *rows]))
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> sweep = Sweep("size", (0.2, 1), make_selectors(["random"]), n_seeds=2, n_resamples=50)
        >>> report = run_sweep(sweep, anchors_bench(index, "scene"))
        >>> [(point.selector, point.value, round(point.srcc, 1)) for point in report.points]
        [('random', 0.2, 0.9), ('random', 1, 1.0)]
    """
    store = PointStore(state)
    folds = _FoldAnchors(bench)
    keys = {point: _key(point, sweep, bench) for point in sweep.points()}
    n_resumed = sum(store.get(key) is not None for key in set(keys.values()))
    results: dict[Point, PointResult] = {}
    failures: dict[Point, QuasarError] = {}
    for done, (point, key) in enumerate(keys.items(), start=1):
        result = store.get(key)
        if result is None and not _draws_nothing(point, results):
            try:
                result = _compute(point, sweep, bench, folds).rounded()
            except QuasarError as error:
                failures[point] = error
            else:
                store.put(key, point.label, result)
        if result is not None:
            results[point] = result
        if on_progress is not None:
            on_progress(done, len(keys))
    n_computed = len({keys[point] for point in results}) - n_resumed
    report = summarise(sweep, bench, results, failures, n_computed=n_computed, n_resumed=n_resumed)
    if not report.points:  # also where "all anchors" is all that could be computed, which is no curve
        first = next(iter(failures.values()))
        raise ValidationError(f"no point of the sweep can be computed: {first.message}", first.hint)
    return report


def _key(point: Point, sweep: Sweep, bench: Bench) -> str:
    version = importlib.metadata.version("quasar-index")
    return point_key(
        version,
        bench.identity,
        point.method,
        point.selector,
        (point.parameter, point.value, point.seed) if point.selector or point.parameter == "ratio" else None,
        sweep.stratify if point.selector else None,
        sweep.n_resamples,
        sweep.seed,
    )


def _compute(point: Point, sweep: Sweep, bench: Bench, folds: _FoldAnchors) -> PointResult:
    """Score all images, and correlate."""
    counts: list[int] = []
    digest = hashlib.sha256()

    def anchors_of(kept: BoolArray) -> AnchorTable:
        anchors = _drawn(point, sweep, bench, folds, kept)
        counts.append(len(anchors))
        digest.update(anchors.ids.tobytes() + b"\0")
        return anchors

    found = score_folds([point.method], bench.folds, bench.embeddings, anchors_of, seed=sweep.seed)
    scores = found.scores[0]
    sizes = [len(fold.images) for fold in bench.folds]
    return PointResult(
        srcc(scores, bench.quality),
        float(np.average(counts, weights=sizes)),
        _resampled(scores, bench, sweep),
        digest.hexdigest()[:32],
    )


def _draws_nothing(point: Point, results: Mapping[Point, PointResult]) -> bool:
    """Say whether two draws before this one chose the same anchors: then its selector has drawn nothing, nor will it.

    Greedy selectors draw only where there are many anchors, and cost the most where there are few.
    """
    if point.selector is None or point.seed is None:
        return False
    before = [results[one].subset for one in results if replace(point, selector=one.selector, seed=one.seed) == one]
    return len(before) >= 2 and len(set(before)) == 1


def _drawn(point: Point, sweep: Sweep, bench: Bench, folds: _FoldAnchors, kept: BoolArray) -> AnchorTable:
    """Return the anchors of a fold that a point scores with."""
    anchors = folds.anchors(kept)
    if point.parameter == "ratio" and point.seed is not None:
        return draw_ratio(anchors, float(point.value), point.seed, bench.references)
    if point.selector is None:
        return anchors
    value = float(point.value)
    if value > bench.n_anchors:
        raise ValidationError(
            f"{point.value} of {counted(bench.n_anchors, 'anchor')} cannot be selected", "use a smaller size"
        )
    rows = select_anchors(
        folds.in_space(kept, point.method, sweep.seed),
        point.selector,
        size=min(int(value), len(anchors)) if value > 1 else None,
        fraction=value if value <= 1 else None,
        stratify=sweep.stratify,
    )
    return anchors.take(rows)


def _resampled(scores: DoubleArray, bench: Bench, sweep: Sweep) -> DoubleArray | None:
    if not has_intervals(bench):
        return None
    return resample("srcc", scores, bench.quality, groups=bench.groups, n_resamples=sweep.n_resamples, seed=sweep.seed)


def has_intervals(bench: Bench) -> bool:
    """Say whether there are images and groups enough for a bootstrap."""
    n_groups = len(bench.quality) if bench.groups is None else len(np.unique(bench.groups))
    return len(bench.quality) >= MIN_PAIRS_INTERVAL and n_groups >= MIN_GROUPS_INTERVAL


class _FoldAnchors:
    """The anchors of folds, made once as long as they fit."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._made: dict[object, AnchorTable] = {}
        self._spaces: dict[object, Method] = {}
        self._n_bytes = 0

    def anchors(self, kept: BoolArray) -> AnchorTable:
        """Return the anchors of a fold."""
        return self._keep(np.packbits(kept).tobytes(), lambda: self._bench.anchors_of(kept))

    def in_space(self, kept: BoolArray, method: Method, seed: int) -> AnchorTable:
        """Return the anchors of a fold in the space of a method, fitted to them."""
        anchors = self.anchors(kept)
        fold = np.packbits(kept).tobytes()
        if method.is_auto:
            asked = (fold, method)
            if asked not in self._spaces:
                self._spaces[asked] = choose_space(anchors, method, seed=seed).method
            method = self._spaces[asked]
        name, shrinkage = method.fixed_space
        if name == "raw":
            return anchors
        return self._keep(
            (fold, name, shrinkage),
            lambda: fit_space(anchors, name, shrinkage=shrinkage).apply_to_anchors(anchors),
        )

    def _keep(self, key: object, make: Callable[[], AnchorTable]) -> AnchorTable:
        if key in self._made:
            return self._made[key]
        made = make()
        if self._n_bytes + made.directions.nbytes <= CACHED_BYTES:
            self._made[key] = made
            self._n_bytes += made.directions.nbytes
        return made
