"""The figures by name, with their bars, and running them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError, counted, reason
from ..paths import PathText
from . import encoding_figures, growth, memory_figures, search_figures
from .machine import describe_machine
from .timing import BenchRatio

_log = logging.getLogger(__name__)
SIZES = (29_000, 255_000, 840_000)
"""Anchors of TAD66k, AVA and KADIS-700k (with its references)."""


@dataclass(frozen=True)
class BenchOptions:
    """What to measure on.

    Attributes:
        folder: Where synthetic indexes and photographs are made, and found by later runs.
        anchors: Sizes N of the indexes.
        dim: D of the embeddings.
        n_queries: M of adaptive scoring.
        top_k: k a side.
        rounds: Times that both sides of a ratio are timed.
        n_images: Photographs of the encoding figures.
        images: Image files to use instead of photographs that are made; empty for those.
        encoder: Name of the encoder.
        precision: Of the build (see `load_encoder`); the peers run in float32 as PyTorch does.
        stream: Images of the two streams whose memory is compared.
    """

    folder: PathText
    anchors: tuple[int, ...] = SIZES
    dim: int = 768
    n_queries: int = 1024
    top_k: int = 256
    rounds: int = 5
    n_images: int = 256
    images: tuple[str, ...] = ()
    encoder: str = "efficientnet-lite0"
    precision: str = "auto"
    stream: tuple[int, int] = (1000, 10_000)

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.folder)

    def __post_init__(self) -> None:
        """Check the numbers."""
        if any(n < 64 or n % 2 for n in self.anchors):
            raise DataError("an index of the benchmark has an even number of anchors, 64 or more", "change --anchors")
        if min(self.n_queries, self.top_k, self.rounds, self.n_images) < 1:
            raise DataError("counts must be positive", "change them")
        if self.top_k > min(self.anchors) // 2:
            raise DataError(
                f"top-k {self.top_k} is more than a side of {counted(min(self.anchors), 'anchor')}", "lower --top-k"
            )


@dataclass(frozen=True)
class BenchFigure:
    """A named figure.

    Attributes:
        name: What `--figure` takes.
        what: The ratio in words: this / that.
        measure: Measures it: once, or once for each size.
        bar: What the median is to reach; None without one.
        at_least: Whether the bar is a lower bound.
        sized: Whether it is measured at each size of index.
    """

    name: str
    what: str
    measure: Callable[..., Any]
    bar: float | None = None
    at_least: bool = True
    sized: bool = False


BENCH_FIGURES: dict[str, BenchFigure] = {
    figure.name: figure
    for figure in (
        BenchFigure("build-crops", "build throughput / encoder alone, 224 x 224 pixels",
               encoding_figures.build_crops, 0.90),
        BenchFigure("build-native", "build throughput / encoder alone, 480 x 320 pixels",
               encoding_figures.build_native, 0.90),
        BenchFigure("build-authors", "build throughput / the authors' loop, same encoder and images",
               encoding_figures.build_authors, 4.0),
        BenchFigure("adaptive", "adaptive scoring / bare FAISS exact search of the same, time",
               search_figures.adaptive, 1.10, at_least=False, sized=True),
        BenchFigure("adaptive-loop", "per-image loop with search / adaptive scoring, time an image",
               search_figures.adaptive_loop, 15.0, sized=True),
        BenchFigure("batch-64", "FAISS with its defaults / our search, time of 64 queries",
               search_figures.batch_64, 4.0, sized=True),
        BenchFigure("approximate", "exact search / approximate search with a recall of 0.99, in easy clusters, time",
               search_figures.approximate_search, sized=True),
        BenchFigure("lancedb", "LanceDB's own search / our search, time of 16 queries",
               search_figures.lancedb, sized=True),
        BenchFigure("static", "static scoring, centroids included / one pass over the matrix, time",
               search_figures.static, at_least=False, sized=True),
        BenchFigure("offset", "mask and mean / offset centroid, time",
               search_figures.offset, 50.0, sized=True),
        BenchFigure("select", "selection of 1000 anchors / their products with all anchors, time",
               search_figures.select, at_least=False, sized=True),
        BenchFigure("open", "rebuilding the search index from Lance / opening and first adaptive score, time",
               search_figures.open_and_score, 20.0, sized=True),
        BenchFigure("memory-adaptive", "peak memory of adaptive scoring, with mapped pages, without libraries / matrix",
               memory_figures.adaptive, 1.3, at_least=False, sized=True),
        BenchFigure("memory-stream", "peak memory of scoring 10,000 images / 1,000 images",
               memory_figures.stream, 1.05, at_least=False),
    )
}  # fmt: skip
"""What can be measured; those with a bar are of issue 6."""


@dataclass(frozen=True)
class BenchReport:
    """What was measured.

    Attributes:
        machine: See `describe_machine`.
        options: What it was measured on.
        ratios: The figures.
        growth: Points of the growth curves (see `growth.measure`); empty where they were not asked for.
    """

    machine: dict[str, Any]
    options: BenchOptions
    ratios: tuple[BenchRatio, ...]
    growth: tuple[dict[str, Any], ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        options = {name: str(v) if isinstance(v, os.PathLike) else v for name, v in vars(self.options).items()}
        return {
            "machine": self.machine,
            "options": options,
            "figures": [{"what": BENCH_FIGURES[ratio.figure].what, **ratio.to_dict()} for ratio in self.ratios],
            "growth": list(self.growth),
        }


def run_benchmarks(
    options: BenchOptions,
    figures: Sequence[str] | None = None,
    *,
    with_growth: bool = True,
    on_figure: Callable[[str, int | None], None] | None = None,
    on_ratio: Callable[[BenchRatio], None] | None = None,
) -> BenchReport:
    """Measure figures.

    Args:
        options: What to measure on.
        figures: Names of `BENCH_FIGURES`; None for all of them.
        with_growth: Also measure the growth curves.
        on_figure: Called with a figure's name and N before it is measured.
        on_ratio: Called with each ratio.

    Returns:
        What was measured, and on which machine.

    Raises:
        DataError: On an unknown figure.
    """
    names = list(BENCH_FIGURES) if figures is None else list(figures)
    if unknown := [name for name in names if name not in BENCH_FIGURES]:
        raise DataError(f"no figure '{unknown[0]}'", f"use {', '.join(BENCH_FIGURES)}")
    try:
        options.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"'{options.folder}' cannot be made ({reason(error)})", "name another folder by --work"
        ) from error
    machine = describe_machine()
    ratios: list[BenchRatio] = []
    for name in names:
        for ratio in _measure(BENCH_FIGURES[name], options, on_figure):
            ratios.append(ratio)
            if on_ratio is not None:
                on_ratio(ratio)
    points: list[dict[str, Any]] = []
    if with_growth:
        if on_figure is not None:
            on_figure("growth", max(options.anchors))
        points = growth.measure(options)
    return BenchReport(machine, options, tuple(ratios), tuple(points))


def _measure(
    figure: BenchFigure, options: BenchOptions, on_figure: Callable[[str, int | None], None] | None
) -> Iterator[BenchRatio]:
    for n in options.anchors if figure.sized else (None,):
        if on_figure is not None:
            on_figure(figure.name, n)
        found = figure.measure(options, n) if n else figure.measure(options)
        for values in found if isinstance(found, list) else [found]:
            yield BenchRatio(figure.name, n, bar=figure.bar, at_least=figure.at_least, **values)
