"""All that turns anchors into scores: one method a file, and what is made of it."""

from __future__ import annotations

from .centroids import Centroids
from .clustering import Clustering
from .fitted import FittedMethod, Scores, compare
from .knn import Knn
from .mean import Mean
from .method import TEMPERATURE, CentroidMethod, Method, RatingMethod
from .offset import Offset
from .registry import METHODS, read_method, read_methods
from .retrieval import Retrieval
from .ridge import Ridge
from .scoring import ScoredImage, Scorer

__all__ = [
    "METHODS",
    "TEMPERATURE",
    "CentroidMethod",
    "Centroids",
    "Clustering",
    "FittedMethod",
    "Knn",
    "Mean",
    "Method",
    "Offset",
    "RatingMethod",
    "Retrieval",
    "Ridge",
    "ScoredImage",
    "Scorer",
    "Scores",
    "compare",
    "read_method",
    "read_methods",
]
