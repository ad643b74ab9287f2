"""The space that cosines and centroids live in, fitted to the anchors in use.

With u = unit(x), m and C = V diag(w) V^T the mean and covariance of the anchors' u:

- raw: x itself (the paper's);
- centred: u - m;
- whitened: (u - m) V diag((w + lambda * mean(w))^-1/2) V^T with shrinkage lambda > 0. (The last V^T turns the result
  back, which changes no cosine, and lets fewer anchors than dimensions do with the eigenvectors that they span.)

By default rated anchors choose lambda in closed form (`shrinkage.rated_shrinkage`); it is 10 where anchors know only
their side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, as_numbers, check_vectors
from ..errors import MethodError
from ..fits import Fits, normalised
from ..parts import Parts
from ..threads import threads_for
from .moments import fit_moments, mean_of
from .shrinkage import Shrinkage, resolved_shrinkage

SpaceName: TypeAlias = Literal["raw", "centred", "whitened"]

SPACES: tuple[SpaceName, ...] = ("raw", "centred", "whitened")
DEFAULT_SPACE: SpaceName = "whitened"
MAPPED = 512
"""Anchors that are mapped into a space at a time."""
WHITENED = "whitened space of the ratings"
"""Name of what is kept with the fits of an index (`AnchorTable.once`)."""


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

    @checked
    def apply(self, directions: npt.ArrayLike) -> FloatArray:
        """Map unit embeddings into the space.

        Args:
            directions: (M, D) embeddings of length one.

        Returns:
            (M, D) float32, not of length one (but in raw space).
        """
        vectors = as_numbers(directions, np.float32, "embeddings")
        if self.mean is None:
            return vectors
        check_vectors(vectors, len(self.mean), "embeddings")
        vectors = vectors - self.mean.astype(np.float32)
        if self.basis is None or self.gains is None:
            return vectors
        return np.asarray(vectors + ((vectors @ self.basis) * self.gains) @ self.basis.T)

    @checked
    def apply_to_anchors(self, anchors: AnchorTable) -> AnchorTable:
        """Map anchors into the space: the same rows with the directions and norms they have there."""
        if self.mean is None:
            return anchors

        fits = anchors.fits and anchors.fits.within(self.key)
        directions = anchors.directions
        if not isinstance(directions, Parts):
            directions, norms = self._mapped(directions, fits)
            return replace(anchors, directions=directions, norms=norms, fits=fits)
        mapped, norms = [], np.empty(len(anchors), dtype=np.float32)
        for number, (rows, part) in enumerate(directions.pieces()):
            # Of another part in another file, and mapped there if all of them together are large.
            vectors, norms[rows] = self._mapped(part, fits and fits.within(f"part {number}"), of=directions.nbytes)
            mapped.append(vectors)
        return replace(anchors, directions=replace(directions, arrays=tuple(mapped)), norms=norms, fits=fits)

    def _mapped(self, directions: FloatArray, fits: Fits | None, *, of: int = 0) -> tuple[FloatArray, FloatArray]:
        """Map (n, D) directions into the space: as directions there, and lengths."""

        def chunks() -> Iterator[FloatArray]:
            for start in range(0, len(directions), MAPPED):
                yield self.apply(directions[start : start + MAPPED])

        # An anchor at the very mean has no direction: it stays a zero vector and weighs nothing.
        if fits is None:
            return normalised(chunks(), directions.shape)
        return fits.normalised(chunks, directions.shape, of=of)


@checked
def fit_space(
    anchors: AnchorTable,
    name: SpaceName = DEFAULT_SPACE,
    *,
    shrinkage: Shrinkage | None = None,
) -> Space:
    """Fit a space to anchors.

    Args:
        anchors: The anchors in use.
        name: "raw", "centred" or "whitened".
        shrinkage: lambda > 0, "ledoit-wolf" or "oas"; None for that of the ratings (`rated_shrinkage`), 10 where
            there are none. Only for whitened.

    Returns:
        The space.

    Raises:
        MethodError: On an unknown name or shrinkage, or anchors that are all alike.
    """
    if name not in SPACES:
        raise MethodError(f"no space '{name}'", f"use {', '.join(SPACES)}")
    if name == "raw":
        return Space()
    if name == "centred":
        return Space("centred", mean=mean_of(anchors.directions))
    # That of the ratings is asked for again and again.
    kept = (
        anchors.once(WHITENED, lambda: _whitened(anchors, None)) if shrinkage is None else _whitened(anchors, shrinkage)
    )
    mean, strength = np.asarray(kept["mean"]), float(np.asarray(kept["shrinkage"]))
    basis, gains = (np.asarray(kept[name], dtype=np.float32) for name in ("basis", "gains"))
    return Space("whitened", mean, basis, gains, strength)


def _whitened(anchors: AnchorTable, shrinkage: Shrinkage | None) -> Mapping[str, npt.ArrayLike]:
    """Fit a whitened space: its mean, basis, gains and shrinkage."""
    moments = fit_moments(anchors)
    level = moments.level
    if not level > 1e-15:
        raise MethodError("the anchors are all alike, so their space cannot be whitened", "use --space raw")
    with threads_for(len(anchors), anchors.dim, min(len(anchors), anchors.dim)):
        strength = resolved_shrinkage(shrinkage, anchors)
    gains = (1.0 + moments.eigenvalues / (strength * level)) ** -0.5 - 1.0
    return {
        "mean": moments.mean,
        "basis": moments.eigenvectors.astype(np.float32),
        "gains": gains.astype(np.float32),
        "shrinkage": strength,
    }
