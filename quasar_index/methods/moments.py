"""Mean and covariance of the anchors' unit embeddings, decomposed: what every whitened space is made of.

With u = unit(x): m is the mean of the anchors' u, and C = V diag(w) V^T their covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable
from ..arrays import DoubleArray
from ..parts import Vectors, in_pieces, one_array
from ..threads import threads_for

CHUNK = 16384
"""Anchors that are taken at a time."""
EXACT = 20_000
"""Most anchors whose covariance is summed in double precision; that of more is summed in float32, at full speed."""


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of unit embeddings, decomposed.

    Attributes:
        mean: (D,) float64, m.
        eigenvalues: (R,) float64, w >= 0, R = min(N, D); the others are zero.
        eigenvectors: (D, R) float64, V, one a column.
        mean_fourth: Mean of ||u_i - m||^4, for Ledoit-Wolf.
        n: Number of anchors, N.
    """

    mean: DoubleArray
    eigenvalues: DoubleArray
    eigenvectors: DoubleArray
    mean_fourth: float
    n: int

    @property
    def level(self) -> float:
        """mean(w) over all D eigenvalues: what a shrinkage of 1 adds to each of them."""
        return float(self.eigenvalues.sum()) / len(self.mean)


def fit_moments(anchors: AnchorTable) -> Moments:
    """Compute mean and covariance of the anchors' unit embeddings, once, in one streaming pass (and one over norms).

    Args:
        anchors: N anchors, N >= 2; fewer than D is fine.

    Returns:
        The moments; time grows with min(N, D)^2 (N + D), memory with min(N, D)^2 beside the anchors.
    """
    kept = anchors.once("moments", lambda: vars(moments_of(anchors.directions)))
    return Moments(kept["mean"], kept["eigenvalues"], kept["eigenvectors"], float(kept["mean_fourth"]), len(anchors))


def moments_of(directions: Vectors) -> Moments:
    """Compute the moments of (N, D) float32 embeddings of length one, N >= 2."""
    n, dim = directions.shape
    with threads_for(n, dim, min(n, dim)):
        return _moments_of(directions)


def _moments_of(directions: Vectors) -> Moments:
    n, dim = directions.shape
    if n < dim:
        directions = one_array(directions)
        mean = directions.mean(axis=0, dtype=np.float64)
        centred = directions - mean
        values, left = scipy.linalg.eigh(centred @ centred.T / n, check_finite=False)
        kept = values > values[-1] * 1e-12 if n > 1 else np.zeros(1, dtype=np.bool_)
        vectors = centred.T @ left[:, kept] / np.sqrt(n * values[kept])
        fourth = float(np.mean(np.einsum("nd,nd->n", centred, centred) ** 2))
        return Moments(mean, values[kept], vectors, fourth, n)
    mean = mean_of(directions)
    products = np.zeros((dim, dim))
    for _, part in in_pieces(directions, CHUNK):
        exact = part.astype(np.float64) if n <= EXACT else np.ascontiguousarray(part)
        products += exact.T @ exact
    covariance = products / n - np.outer(mean, mean)
    squared = 1.0 + float(mean @ mean) - 2.0 * (directions @ mean.astype(np.float32)).astype(np.float64)
    values, vectors = scipy.linalg.eigh(covariance, overwrite_a=True, check_finite=False)
    return Moments(mean, np.maximum(values, 0.0), vectors, float(np.mean(squared**2)), n)


def mean_of(directions: Vectors) -> DoubleArray:
    """Return the mean of (N, D) embeddings as (D,) float64, without a float64 copy of them."""
    sums = (part.sum(axis=0, dtype=np.float64) for _, part in in_pieces(directions, CHUNK))
    return np.asarray(sum(sums) / len(directions))
