"""k-means representatives: the anchors nearest to the centroids of k-means, one a cluster.

With n clusters C_1..C_n of a side, found by Lloyd's algorithm on unit embeddings (k-means++ seeding, Arthur and
Vassilvitskii 2007), the subset is { argmin_{x in C_j} ||x - mean(C_j)|| }. QUASAR averages the clusters themselves
(section 3.3); here one image stands for each.

Lloyd's algorithm costs N n D a round, which for a tenth of a large side is hours. So where N n is above 2^27, the side
is first divided into N n / 2^27 cells by k-means, and the clusters, as many a cell as its share of the side, are found
within each cell (hierarchical k-means, Nister and Stewenius 2006): the work is then 2^27 D a round, whatever N and n.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side

MOST_PRODUCTS = 1 << 27
"""Most N n of one clustering; beyond, the points are divided into cells first."""
_MOST_PLUS_PLUS = 2048
"""Most clusters that are seeded by k-means++, which passes over the side once a cluster; more are seeded at random."""


@dataclass(frozen=True)
class KMeansRepresentatives:
    """Keeps the member nearest to each k-means centroid; as many clusters as anchors are wanted.

    Attributes:
        seed: Of k-means.
        n_iterations: Of k-means.
    """

    seed: int = 0
    n_iterations: int = 20

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            def inside(points: FloatArray, n: int) -> IntArray:
                return representatives(points, n, seed=self.seed, n_iterations=self.n_iterations)

            return choose_by_cell(one_array(anchors.directions[rows]), n, inside, advance, seed=self.seed)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def choose_by_cell(
    points: FloatArray, n: int, choose: Callable[[FloatArray, int], IntArray], advance: Advance, *, seed: int = 0
) -> IntArray:
    """Choose points, within cells of nearby ones where there are too many for one clustering.

    Args:
        points: (N, D) float32.
        n: How many, at most N.
        choose: Returns the different places of so many points among those of a cell.
        advance: Called as points are chosen.
        seed: Of the cells.

    Returns:
        (n,) different places.
    """
    n_cells = -(-len(points) * n // MOST_PRODUCTS)
    if n_cells == 1:
        places = choose(points, n)
        advance(n)
        return places
    labels = train_kmeans(points, n_cells, seed=seed, n_iterations=10).assign(points)[1]
    cells = [np.flatnonzero(labels == cell) for cell in range(n_cells)]
    ends = np.cumsum([len(cell) for cell in cells]) * n // len(points)
    chosen = []
    for cell, share in zip(cells, np.diff(ends, prepend=0).tolist(), strict=True):
        if share:
            chosen.append(cell[choose(points[cell], share)])
            advance(share)
    return np.concatenate(chosen)


def representatives(points: FloatArray, n: int, *, seed: int = 0, n_iterations: int = 20) -> IntArray:
    """Cluster points and return the one nearest to each centroid.

    Args:
        points: (N, D) float32.
        n: Number of clusters, at most N.
        seed: Of k-means.
        n_iterations: Of k-means.

    Returns:
        (n,) different places. A cluster without members (of which there are some where points are alike) is stood for
        by the point that is farthest from its own centroid.
    """
    distances, labels = train_kmeans(points, n, seed=seed, n_iterations=n_iterations).assign(points)
    order = np.lexsort((distances, labels))  # by cluster, the nearest first, then the lowest row
    is_first = np.r_[True, np.diff(labels[order]) > 0]
    chosen = order[is_first]
    if len(chosen) < n:
        rest = order[~is_first]
        farthest = rest[np.lexsort((rest, -distances[rest]))]
        chosen = np.r_[chosen, farthest[: n - len(chosen)]]
    return np.asarray(chosen)


def train_kmeans(points: FloatArray, n: int, *, seed: int = 0, n_iterations: int = 20) -> Any:
    """Return FAISS's k-means of points, trained."""
    import faiss

    few = n <= _MOST_PLUS_PLUS
    kmeans = faiss.Kmeans(
        points.shape[1],
        n,
        niter=n_iterations,
        seed=seed,
        init_method=faiss.ClusteringInitMethod_KMEANS_PLUS_PLUS if few else faiss.ClusteringInitMethod_RANDOM,
        min_points_per_centroid=1,  # below its default of 39, FAISS prints a warning and goes on
    )
    kmeans.train(np.ascontiguousarray(points, dtype=np.float32))
    return kmeans
