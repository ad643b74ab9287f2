"""Evaluation: how well scores follow opinion scores, with intervals, several methods on the same images.

No image is ever scored by itself or by another version of itself; `folds.py` sees to that.
"""

from .approximation import approximate, search_exactly
from .beforehand import check_cross_validation, check_evaluation, check_few_labels
from .calibration import IndexCalibration, calibrate, read_calibration
from .cross_fit import CrossFit, cross_fit
from .evaluate import cross_validate, evaluate
from .few_label_picture import draw_few_labels
from .few_label_report import FEW_LABEL_COLUMNS, FewLabelRow, FewLabels, Spread
from .few_label_scores import few_labels, few_labels_of_images, join_few_labels
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
    "FEW_LABEL_COLUMNS",
    "Breakdown",
    "Cell",
    "CrossFit",
    "EvaluationReport",
    "Exclusion",
    "FewLabelRow",
    "FewLabels",
    "Figure",
    "IndexCalibration",
    "Outcome",
    "RatedImages",
    "RatedSource",
    "SpaceChoice",
    "Spread",
    "approximate",
    "calibrate",
    "check_cross_validation",
    "check_evaluation",
    "check_few_labels",
    "choose_space",
    "cross_fit",
    "cross_validate",
    "cross_validate_images",
    "draw_evaluation",
    "draw_few_labels",
    "draw_sheet",
    "embed_rated",
    "evaluate",
    "evaluate_index",
    "evaluate_matrix",
    "evaluate_patches",
    "few_labels",
    "few_labels_of_images",
    "join_evaluations",
    "join_few_labels",
    "rated_anchors",
    "rated_embeddings",
    "rated_source",
    "read_calibration",
    "search_exactly",
]
