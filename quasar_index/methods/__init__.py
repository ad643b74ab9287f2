"""Aggregations of anchors to centroids, one method a file."""

from __future__ import annotations

from .base import Aggregator, Centroids
from .clustering import Clustering
from .mean import Mean
from .offset import Offset
from .retrieval import Retrieval

__all__ = ["Aggregator", "Centroids", "Clustering", "Mean", "Offset", "Retrieval"]
