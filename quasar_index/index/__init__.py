"""The anchor index: manifest, Lance table, FAISS search, building."""

from __future__ import annotations

from .anchor_index import AnchorIndex
from .build import BuildReport, build_from_embeddings, build_index
from .manifest import Manifest, SourceRecord
from .search import Neighbors, nearest

__all__ = [
    "AnchorIndex",
    "BuildReport",
    "Manifest",
    "Neighbors",
    "SourceRecord",
    "build_from_embeddings",
    "build_index",
    "nearest",
]
