"""Evaluation: how well scores follow opinion scores, with intervals, several configurations on the same images.

No image is ever scored by itself or by another version of itself; `folds.py` sees to that.
"""

from __future__ import annotations

from .configuration import Configuration
from .evaluate import cross_validate, evaluate
from .folds import Exclusion
from .picture import draw_evaluation
from .report import BREAKDOWN_PAIRS, Breakdown, EvaluationReport, Figure, Outcome
from .sources import RatedImages, cross_validate_images, embed_rated, evaluate_index, rated_anchors, rated_source

__all__ = [
    "BREAKDOWN_PAIRS",
    "Breakdown",
    "Configuration",
    "EvaluationReport",
    "Exclusion",
    "Figure",
    "Outcome",
    "RatedImages",
    "cross_validate",
    "cross_validate_images",
    "draw_evaluation",
    "embed_rated",
    "evaluate",
    "evaluate_index",
    "rated_anchors",
    "rated_source",
]
