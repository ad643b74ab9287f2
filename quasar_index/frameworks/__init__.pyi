"""Scores in the shape that other libraries want: a metric as pyiqa's, one of torchmetrics, a scikit-learn estimator."""

from .image_metric import ImageMetric, metric
from .mean_score import MeanScore
from .regressor import AnchorRegressor

__all__ = ["AnchorRegressor", "ImageMetric", "MeanScore", "metric"]
