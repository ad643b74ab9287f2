"""Nearest anchors by cosine: exact, in batches, with FAISS; the NumPy version beside it is the reference for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable, Side
from ..arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Neighbors:
    """The nearest anchors of each query, nearest first.

    Attributes:
        rows: (M, k) row numbers in the anchor table.
        similarity: (M, k) float32 cosines in [-1, 1], descending.
    """

    rows: IntArray
    similarity: FloatArray


def nearest(anchors: AnchorTable, queries: FloatArray, top_k: int, *, side: Side | None = None) -> Neighbors:
    """Find the nearest anchors of each query, exactly.

    Args:
        anchors: N anchors.
        queries: (M, D) float32 of length one.
        top_k: k; where a side (or all) has fewer anchors, all of them.
        side: Search one side only (before the search, so that k are found); None for both.

    Returns:
        min(k, available) neighbours a query.
    """
    rows = slice(0, len(anchors)) if side is None else anchors.side(side)
    found = search(queries, anchors.directions[rows], min(top_k, rows.stop - rows.start))
    return Neighbors(rows=found.rows + rows.start, similarity=found.similarity)


def search(queries: FloatArray, directions: FloatArray, k: int) -> Neighbors:
    """Find the nearest of some unit vectors: (M, D) queries among (N, D), k <= N of each."""
    import faiss

    with _batched(faiss, dim=directions.shape[1], n_queries=len(queries)):
        similarity, rows = faiss.knn(queries, directions, k, metric=faiss.METRIC_INNER_PRODUCT)
    return Neighbors(rows, similarity)


def nearest_reference(anchors: AnchorTable, queries: FloatArray, top_k: int, *, side: Side | None = None) -> Neighbors:
    """Do what `nearest` does by a full sort in NumPy: the reference for tests, slow."""
    rows = slice(0, len(anchors)) if side is None else anchors.side(side)
    similarity = queries @ anchors.directions[rows].T
    found = np.argsort(-similarity, axis=1, kind="stable")[:, :top_k]
    return Neighbors(rows=found + rows.start, similarity=np.take_along_axis(similarity, found, axis=1))


@contextmanager
def _batched(faiss: object, *, dim: int, n_queries: int) -> Iterator[None]:
    """Let FAISS answer batches of more than four queries by matrix multiplication.

    By default it does so only from n_queries * dim = 128,000 on, and is several times slower below.
    """
    settings = faiss.cvar  # type: ignore[attr-defined]
    before = settings.distance_compute_blas_threshold
    if n_queries > 4:
        settings.distance_compute_blas_threshold = 4 * dim
    try:
        yield
    finally:
        settings.distance_compute_blas_threshold = before
