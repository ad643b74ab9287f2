"""Evaluation: how well scores follow opinion scores, with intervals, several methods on the same images.

No image is ever scored by itself or by another version of itself; `folds.py` sees to that.
"""

from .approximation import approximate, search_exactly
from .beforehand import check_cross_validation, check_evaluation
from .calibration import IndexCalibration, calibrate, read_calibration
from .cross_fit import CrossFit, cross_fit
from .evaluate import cross_validate, evaluate
from .fold_scores import SpaceChoice, choose_space
from .folds import Exclusion
from .joined import join_evaluations
from .matrix import Cell, evaluate_matrix
from .overlap import cross_validate_images, evaluate_index
from .patches import evaluate_patches
from .picture import draw_evaluation
from .rated import RatedImages, RatedSource, embed_rated, rated_anchors, rated_embeddings, rated_source
from .report import BREAKDOWN_PAIRS, Breakdown, EvaluationReport, Figure, Outcome
from .sheet import draw_sheet

__all__ = [
    "BREAKDOWN_PAIRS",
    "Breakdown",
    "Cell",
    "CrossFit",
    "EvaluationReport",
    "Exclusion",
    "Figure",
    "IndexCalibration",
    "Outcome",
    "RatedImages",
    "RatedSource",
    "SpaceChoice",
    "approximate",
    "calibrate",
    "check_cross_validation",
    "check_evaluation",
    "choose_space",
    "cross_fit",
    "cross_validate",
    "cross_validate_images",
    "draw_evaluation",
    "draw_sheet",
    "embed_rated",
    "evaluate",
    "evaluate_index",
    "evaluate_matrix",
    "evaluate_patches",
    "join_evaluations",
    "rated_anchors",
    "rated_embeddings",
    "rated_source",
    "read_calibration",
    "search_exactly",
]
