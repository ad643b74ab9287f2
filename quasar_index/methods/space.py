"""The space that cosines and centroids live in, fitted to the anchors in use.

With u = unit(x), m and C = V diag(w) V^T the mean and covariance of the anchors' u:

- raw: x itself (the paper's);
- centred: u - m;
- whitened: (u - m) V diag((w + lambda * mean(w))^-1/2) V^T with shrinkage lambda > 0. (The last V^T turns the result
  back, which changes no cosine, and lets fewer anchors than dimensions do with the eigenvectors that they span.)

lambda = a / (1 - a) for the shrinkage intensity a of Ledoit and Wolf (2004) or OAS (Chen et al. 2010), which shrink C
to (1 - a) C + a mean(w) I. Both come from the same sums as C, in one pass over the anchors plus one over norms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.linalg

from ..anchors import AnchorTable
from ..arrays import DoubleArray, FloatArray
from ..errors import MethodError
from ..fits import LARGE, normalised

SpaceName: TypeAlias = Literal["raw", "centred", "whitened"]
Shrinkage: TypeAlias = float | Literal["ledoit-wolf", "oas"]

SPACES: tuple[SpaceName, ...] = ("raw", "centred", "whitened")
DEFAULT_SPACE: SpaceName = "whitened"
DEFAULT_SHRINKAGE: Shrinkage = 10.0
_CHUNK = 16384
_LEAST = 1e-9


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

    def shrinkage(self, method: Shrinkage) -> float:
        """Return lambda: the given value, or the one of an estimator.

        Args:
            method: A value > 0, "ledoit-wolf" or "oas".

        Raises:
            MethodError: When a value is not positive or the estimator is unknown.
        """
        if not isinstance(method, str):
            if not method > 0:
                raise MethodError(f"shrinkage {method} is not positive", "use for example --shrinkage 1")
            return float(method)
        dim = len(self.mean)
        trace, squares = float(self.eigenvalues.sum()), float((self.eigenvalues**2).sum())
        apart = squares - trace**2 / dim  # ||C - mean(w) I||^2
        if method == "ledoit-wolf":
            intensity = (self.mean_fourth - squares) / self.n / apart if apart > 0 else 1.0
        elif method == "oas":
            # As scikit-learn has it: without the paper's 2 / p, which vanishes for large p.
            intensity = (squares + trace**2) / (self.n + 1) / apart if apart > 0 else 1.0
        else:
            raise MethodError(f"no shrinkage '{method}'", "use a number, ledoit-wolf or oas")
        intensity = min(max(intensity, _LEAST), 1 - _LEAST)  # lambda stays positive and finite
        return intensity / (1 - intensity)


@dataclass(frozen=True)
class Space:
    """A space fitted to anchors; queries go through `apply`, anchors through `apply_to_anchors`.

    Attributes:
        name: "raw", "centred" or "whitened".
        mean: (D,) float64, m; None for raw.
        basis: (D, R) float32, V; None unless whitened.
        gains: (R,) float32, (w + lambda mean(w))^-1/2 relative to its value for w = 0, minus 1; None unless whitened.
        shrinkage: lambda; None unless whitened.
    """

    name: SpaceName = "raw"
    mean: DoubleArray | None = None
    basis: FloatArray | None = None
    gains: FloatArray | None = None
    shrinkage: float | None = None

    def __str__(self) -> str:
        """Return `raw`, `centred`, or `whitened (shrinkage 1)`."""
        return self.name if self.shrinkage is None else f"{self.name} (shrinkage {self.shrinkage:.3g})"

    @property
    def key(self) -> str:
        """What tells it from other spaces: its name, and a hash of its mean and shrinkage."""
        if self.mean is None:
            return self.name
        return f"{self.name} {hashlib.sha256(self.mean.tobytes() + repr(self.shrinkage).encode()).hexdigest()[:16]}"

    def apply(self, directions: npt.ArrayLike) -> FloatArray:
        """Map unit embeddings into the space.

        Args:
            directions: (M, D) embeddings of length one.

        Returns:
            (M, D) float32, not of length one (but in raw space).
        """
        vectors = np.asarray(directions, dtype=np.float32)
        if self.mean is None:
            return vectors
        vectors = vectors - self.mean.astype(np.float32)
        if self.basis is None or self.gains is None:
            return vectors
        return np.asarray(vectors + ((vectors @ self.basis) * self.gains) @ self.basis.T)

    def apply_to_anchors(self, anchors: AnchorTable) -> AnchorTable:
        """Map anchors into the space: the same rows with the directions and norms they have there."""
        if self.mean is None:
            return anchors

        def chunks() -> Iterator[FloatArray]:
            for start in range(0, len(anchors), _CHUNK):
                yield self.apply(anchors.directions[start : start + _CHUNK])

        fits = anchors.fits and anchors.fits.within(self.key)
        shape = anchors.directions.shape
        # An anchor at the very mean has no direction: it stays a zero vector and weighs nothing.
        directions, norms = normalised(chunks(), shape) if fits is None else fits.normalised(chunks, shape)
        return replace(anchors, directions=directions, norms=norms, fits=fits)


def fit_moments(anchors: AnchorTable) -> Moments:
    """Compute mean and covariance of the anchors' unit embeddings in one streaming pass (and one over norms).

    Args:
        anchors: N anchors, N >= 2; fewer than D is fine.

    Returns:
        The moments; time grows with min(N, D)^2 (N + D), memory with min(N, D)^2 beside the anchors.
    """
    if anchors.fits is not None and (kept := anchors.fits.load("moments")):
        return Moments(
            kept["mean"], kept["eigenvalues"], kept["eigenvectors"], float(kept["mean_fourth"]), len(anchors)
        )
    found = _compute_moments(anchors)
    if anchors.fits is not None and anchors.directions.nbytes >= LARGE:
        anchors.fits.save(
            "moments",
            mean=found.mean,
            eigenvalues=found.eigenvalues,
            eigenvectors=found.eigenvectors,
            mean_fourth=found.mean_fourth,
        )
    return found


def _compute_moments(anchors: AnchorTable) -> Moments:
    n, dim = anchors.directions.shape
    if n < dim:
        mean = anchors.directions.mean(axis=0, dtype=np.float64)
        centred = anchors.directions - mean
        values, left = scipy.linalg.eigh(centred @ centred.T / n, check_finite=False)
        kept = values > values[-1] * 1e-12 if n > 1 else np.zeros(1, dtype=np.bool_)
        vectors = centred.T @ left[:, kept] / np.sqrt(n * values[kept])
        fourth = float(np.mean(np.einsum("nd,nd->n", centred, centred) ** 2))
        return Moments(mean, values[kept], vectors, fourth, n)
    total, products = np.zeros(dim), np.zeros((dim, dim))
    for start in range(0, n, _CHUNK):
        part = np.ascontiguousarray(anchors.directions[start : start + _CHUNK])
        total += part.sum(axis=0, dtype=np.float64)
        products += part.T @ part
    mean = total / n
    covariance = products / n - np.outer(mean, mean)
    squared = 1.0 + float(mean @ mean) - 2.0 * (anchors.directions @ mean.astype(np.float32)).astype(np.float64)
    values, vectors = scipy.linalg.eigh(covariance, overwrite_a=True, check_finite=False)
    return Moments(mean, np.maximum(values, 0.0), vectors, float(np.mean(squared**2)), n)


def _mean(anchors: AnchorTable) -> DoubleArray:
    """Return the mean of the directions without a float64 copy of them."""
    starts = range(0, len(anchors), _CHUNK)
    return np.asarray(
        sum(anchors.directions[s : s + _CHUNK].sum(axis=0, dtype=np.float64) for s in starts) / len(anchors)
    )


def fit_space(
    anchors: AnchorTable,
    name: SpaceName = DEFAULT_SPACE,
    *,
    shrinkage: Shrinkage = DEFAULT_SHRINKAGE,
    moments: Moments | None = None,
) -> Space:
    """Fit a space to anchors.

    Args:
        anchors: The anchors in use.
        name: "raw", "centred" or "whitened".
        shrinkage: lambda > 0, "ledoit-wolf" or "oas"; only for whitened.
        moments: Those of the same anchors, if they are known already.

    Returns:
        The space.

    Raises:
        MethodError: On an unknown name or shrinkage, or anchors that are all alike.
    """
    if name not in SPACES:
        raise MethodError(f"no space '{name}'", f"use {', '.join(SPACES)}")
    if name == "raw":
        return Space()
    if name == "centred" and moments is None:
        return Space("centred", mean=_mean(anchors))
    known = moments or fit_moments(anchors)
    if name == "centred":
        return Space("centred", mean=known.mean)
    level = float(known.eigenvalues.sum()) / anchors.dim
    if not level > 1e-15:
        raise MethodError("the anchors are all alike, so their space cannot be whitened", "use --space raw")
    strength = known.shrinkage(shrinkage)
    gains = (1.0 + known.eigenvalues / (strength * level)) ** -0.5 - 1.0
    return Space("whitened", known.mean, known.eigenvectors.astype(np.float32), gains.astype(np.float32), strength)
