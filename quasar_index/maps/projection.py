"""Two dimensions of the anchor space.

The anchors' directions in the space in use (see `quasar_index.methods.space`), which are what cosines are taken of,
become points (n, 2):

- PCA: the two directions of most variance, (u_i - mean(u)) . v_1 and . v_2; linear, the same on every run, and what it
  leaves out is known: the shares of variance that it shows.
- UMAP (McInnes et al. 2018; the paper's Fig. 1b): neighbours stay neighbours. Distances between its islands, and the
  islands' sizes, say little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import DataError, counted
from ..methods.shrinkage import Shrinkage
from ..methods.space import DEFAULT_SPACE, Space, SpaceName, fit_space
from ..threads import import_alone

ProjectionName: TypeAlias = Literal["pca", "umap"]

PROJECTIONS: tuple[ProjectionName, ...] = ("pca", "umap")
MAP_SAMPLE = 20_000
"""Most anchors on a map, unless the user says otherwise: more neither fit on a screen nor move the projection."""

_LEAST_ANCHORS: dict[ProjectionName, int] = {"pca": 3, "umap": 5}
_NEIGHBOURS = 15  # UMAP's own default


@dataclass(frozen=True)
class AnchorMap:
    """Points of anchors.

    Attributes:
        points: (n, 2) float64, one an anchor.
        rows: (n,) ascending rows of the anchors that were projected.
        projection: "pca" or "umap".
        space: The space, fitted to all anchors, not just those on the map.
        explained: Share of the variance along each axis, in [0, 1]; None for UMAP.
        n_anchors: How many anchors there are, n <= n_anchors.
    """

    points: DoubleArray
    rows: IntArray
    projection: ProjectionName
    space: Space
    explained: tuple[float, float] | None
    n_anchors: int

    def __len__(self) -> int:
        """Return n."""
        return len(self.rows)


@checked
def project_anchors(
    anchors: AnchorTable,
    *,
    projection: ProjectionName = "pca",
    space: SpaceName = DEFAULT_SPACE,
    shrinkage: Shrinkage | None = None,
    sample: int = MAP_SAMPLE,
    keep: BoolArray | None = None,
    seed: int = 0,
) -> AnchorMap:
    """Project anchors to two dimensions.

    Args:
        anchors: N anchors, at least 3 (5 for UMAP).
        projection: "pca" or "umap".
        space: Space in which the anchors' directions are taken.
        shrinkage: Of the whitened space.
        sample: Most anchors on the map; of more, so many are drawn at random, all with the same chance.
        keep: (N,) anchors that are drawn in any case, if they are fewer than `sample`.
        seed: Of the draw and of UMAP.

    Returns:
        The points; the same for the same arguments.

    Raises:
        MethodError: When the space cannot be had.
        DataError: On too few anchors or dimensions, anchors that are all alike, or UMAP that is not installed.
    """
    if projection not in PROJECTIONS:
        raise DataError(f"no projection '{projection}'", f"use {' or '.join(PROJECTIONS)}")
    if (least := _LEAST_ANCHORS[projection]) > min(sample, len(anchors)):
        raise DataError(
            f"{counted(min(sample, len(anchors)), 'anchor is', 'anchors are')} too few for {projection.upper()}",
            f"take at least {least}",
        )
    if anchors.dim < 2:
        raise DataError("embeddings of one dimension fill no map", "map an index of other embeddings")
    fitted = fit_space(anchors, space, shrinkage=shrinkage)
    rows = _draw(len(anchors), sample, keep, seed)
    vectors = fitted.apply(anchors.directions[rows])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(lengths > 0, lengths, np.float32(1))
    if not np.ptp(vectors, axis=0).max() > 1e-6:
        raise DataError("the anchors are all alike, so there is nothing to map", "map other anchors")
    points, explained = _pca(vectors) if projection == "pca" else (_umap(vectors, seed), None)
    return AnchorMap(points, rows, projection, fitted, explained, len(anchors))


def _draw(n: int, sample: int, keep: BoolArray | None, seed: int) -> IntArray:
    """Return at most `sample` of n rows, ascending."""
    if n <= sample:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(keep) if keep is not None and int(keep.sum()) < sample else np.zeros(0, dtype=np.int64)
    others = np.setdiff1d(np.arange(n), kept, assume_unique=True)
    return np.sort(np.concatenate([kept, rng.choice(others, sample - len(kept), replace=False)]))


def _pca(vectors: FloatArray) -> tuple[DoubleArray, tuple[float, float]]:
    with import_alone():
        from sklearn.decomposition import PCA

    # Both solvers are exact, and so the same on every run; the first suits few anchors, the second many.
    solver = "full" if len(vectors) < vectors.shape[1] else "covariance_eigh"
    pca = PCA(n_components=2, svd_solver=solver)
    points = pca.fit_transform(vectors.astype(np.float64))
    first, second = (float(share) for share in pca.explained_variance_ratio_)
    return np.asarray(points, dtype=np.float64), (first, second)


def _umap(vectors: FloatArray, seed: int) -> DoubleArray:
    try:
        from umap import UMAP
    except ImportError as error:
        raise DataError(
            "UMAP needs the package umap-learn, which is not installed",
            "run pip install -e '.[map]', or use --projection pca",
        ) from error
    # One thread, without which a seed does not give the same map twice; below 4,097 anchors neighbours are exact.
    reducer = UMAP(n_neighbors=min(_NEIGHBOURS, len(vectors) - 1), metric="cosine", random_state=seed, n_jobs=1)
    return np.asarray(reducer.fit_transform(vectors), dtype=np.float64)
