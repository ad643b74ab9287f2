"""How fast it is and how much memory it takes, as ratios to peers and limits on the same work in the same run."""

from __future__ import annotations

from .figures import BENCH_FIGURES, BenchFigure, BenchOptions, BenchReport, run_benchmarks
from .machine import describe_machine
from .picture import draw_benchmarks
from .timing import BenchRatio

__all__ = [
    "BENCH_FIGURES",
    "BenchFigure",
    "BenchOptions",
    "BenchRatio",
    "BenchReport",
    "describe_machine",
    "draw_benchmarks",
    "run_benchmarks",
]
