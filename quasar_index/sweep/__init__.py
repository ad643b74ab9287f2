"""Curves of rank correlation: over the number of anchors of selectors, or over one parameter.

A sweep is declared (`declaration.py`, or as a file: `plan.py`), measured on a bench (`bench.py`) point after point
(`run.py`, `state.py`), and read as a table (`report.py`), a picture (`picture.py`) or a suggestion (`suggest.py`).
"""

from __future__ import annotations

from .bench import Bench, anchors_bench, index_bench
from .declaration import Sweep
from .picture import draw_sweep
from .plan import AXES as SWEEP_AXES
from .plan import Plan, make_selectors, read_plan
from .report import COLUMNS as SWEEP_COLUMNS
from .report import CurvePoint, Estimate, SweepReport
from .run import run_sweep
from .suggest import SUGGESTED_SIZES, SuggestedSize, Suggestion, suggest, suggest_from

__all__ = [
    "SUGGESTED_SIZES",
    "SWEEP_AXES",
    "SWEEP_COLUMNS",
    "Bench",
    "CurvePoint",
    "Estimate",
    "Plan",
    "SuggestedSize",
    "Suggestion",
    "Sweep",
    "SweepReport",
    "anchors_bench",
    "draw_sweep",
    "index_bench",
    "make_selectors",
    "read_plan",
    "run_sweep",
    "suggest",
    "suggest_from",
]
