"""Nearest neighbours within and across sides, for the selectors that need a graph of them: exact, or within cells.

All pairs of M queries and N points cost M N D operations: nothing for thousands, many minutes for a hundred thousand.
So beyond 20,000 squared pairs the points are divided into sqrt(N) cells by k-means, and the queries of a cell are
compared with the points of its 16 nearest cells only: an inverted file (Jegou et al., PAMI 2011) that is probed for a
cell of queries at once, so that the comparison is a matrix product. Memory is the (M, k) result and one such block.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray, IntArray
from ..index.search import Neighbors, search
from .kmeans import train_kmeans

MOST_EXACT = 20_000
"""Its square is the most pairs that are compared exactly."""
_CELLS_PROBED = 16
_TRAINING_POINTS_A_CELL = 64


def neighbors(queries: FloatArray, points: FloatArray, k: int) -> Neighbors:
    """Find the k points of the largest cosine for each query.

    Args:
        queries: (M, D) float32 of length one.
        points: (N, D) float32 of length one.
        k: From 1 to N.

    Returns:
        (M, k) places among the points and cosines, nearest first. Through cells a few true neighbours may be missing,
        and the next ones stand in their place.
    """
    if len(queries) * len(points) <= MOST_EXACT**2:
        return search(queries, points, k)
    n_cells = int(np.sqrt(len(points)))
    stride = max(1, len(points) // (n_cells * _TRAINING_POINTS_A_CELL))
    kmeans = train_kmeans(points[::stride], n_cells, n_iterations=5)
    cell_of, cell_of_query = kmeans.assign(points)[1], kmeans.assign(queries)[1]
    members = _by_cell(cell_of, kmeans.k)
    n_members = np.array([len(rows) for rows in members])
    rows = np.empty((len(queries), k), dtype=np.int64)
    similarity = np.empty((len(queries), k), dtype=np.float32)
    for cell, mine in enumerate(_by_cell(cell_of_query, kmeans.k)):
        if not len(mine):
            continue
        nearest = np.argsort(((kmeans.centroids - kmeans.centroids[cell]) ** 2).sum(axis=1), kind="stable")
        # More cells where these hold fewer points than neighbours are wanted.
        n_probed = max(_CELLS_PROBED, 1 + int(np.searchsorted(np.cumsum(n_members[nearest]), k)))
        among = np.concatenate([members[other] for other in nearest[:n_probed]])
        found = search(np.ascontiguousarray(queries[mine]), points[among], k)
        rows[mine], similarity[mine] = among[found.rows], found.similarity
    return Neighbors(rows, similarity)


def neighbors_within(points: FloatArray, k: int) -> Neighbors:
    """Find the k nearest other points of each point.

    Args:
        points: (N, D) float32 of length one.
        k: From 1 to N - 1.

    Returns:
        As `neighbors`, (N, k), no point among its own neighbours.
    """
    found = neighbors(points, points, k + 1)
    is_self = found.rows == np.arange(len(points))[:, None]
    # Among copies of a point, it need not be the nearest to itself, nor among the k + 1: then the last one goes.
    is_self[~is_self.any(axis=1), -1] = True
    shape = (len(points), k)
    return Neighbors(found.rows[~is_self].reshape(shape), found.similarity[~is_self].reshape(shape))


def _by_cell(labels: IntArray, n_cells: int) -> list[IntArray]:
    """Return the ascending places of each label."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(1, n_cells)))
