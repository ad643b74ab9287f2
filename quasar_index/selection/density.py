"""Selection by local density: the typical anchors of a side, or all but its outliers.

    density(x) = 1/k sum of cos(x, x') over the k nearest other anchors x' of the side

the mean similarity to the nearest neighbours (the inverse of the average k-NN distance of Angiulli and Pizzuti 2002,
an outlier score). Sides of more than 20,000 anchors find their neighbours within cells (see `neighbors`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..errors import MethodError, counted
from ..parts import one_array
from .base import Advance, OnProgress, choose_by_side
from .neighbors import neighbors_within


@dataclass(frozen=True)
class Density:
    """Keeps the anchors whose neighbours are nearest.

    Attributes:
        n_neighbors: k; where a side has fewer other anchors, all of them.
    """

    n_neighbors: int = 10

    def __post_init__(self) -> None:
        """Check the number of neighbours."""
        _check_neighbors(self.n_neighbors)

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            density = local_density(one_array(anchors.directions[rows]), self.n_neighbors)
            advance(n)
            return np.argsort(-density, kind="stable")[:n]

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


@dataclass(frozen=True)
class OutlierTrimmed:
    """Leaves out the least dense anchors, and draws from the others at random: what is typical, but as varied as it is.

    Attributes:
        share: Share of a side that is left out, in [0, 1); fewer where more anchors are wanted than would be left.
        n_neighbors: k of the density.
        seed: Of the draw.
    """

    share: float = 0.1
    n_neighbors: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters."""
        _check_neighbors(self.n_neighbors)
        if not 0 <= self.share < 1:
            raise MethodError(f"share {self.share} is not in [0, 1)", "use for example --share 0.1")

    @checked
    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""
        rng = np.random.default_rng(self.seed)

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            density = local_density(one_array(anchors.directions[rows]), self.n_neighbors)
            n_kept = max(n, len(density) - round(self.share * len(density)))
            advance(n)
            return rng.choice(np.argsort(-density, kind="stable")[:n_kept], n, replace=False)

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def local_density(points: FloatArray, n_neighbors: int) -> FloatArray:
    """Return the mean cosine of each point to its nearest others.

    Args:
        points: (N, D) float32 of length one, N >= 2.
        n_neighbors: k.

    Returns:
        (N,) float32 in [-1, 1].
    """
    return np.asarray(neighbors_within(points, min(n_neighbors, len(points) - 1)).similarity.mean(axis=1))


def _check_neighbors(n_neighbors: int) -> None:
    if n_neighbors < 1:
        raise MethodError(
            f"{counted(n_neighbors, 'neighbour is', 'neighbours are')} too few", "use at least --neighbors 1"
        )
