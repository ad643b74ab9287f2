"""Other scorers over the same anchors: the baselines of every comparison (method.md section 1).

- k nearest neighbours: the mean rating of the k nearest anchors, weighted by similarity.
- Ridge regression of the ratings on the embeddings (Hoerl and Kennard, Technometrics 12(1), 1970), its penalty alpha
  chosen by leaving out one group of anchors at a time, all from one decomposition: with X = U diag(s) V^T the
  embeddings less their mean, t the ratings less theirs, H = U diag(s^2 / (s^2 + alpha)) U^T + 1 1^T / n,

      e_g = (I - H_gg)^-1 (t - H t)_g

  are the errors of group g under the regression without it, exactly; the least sum of |e_g|^2 wins. (scikit-learn's
  `RidgeCV` leaves out single images in closed form, which other versions of the image give away, and groups only by
  fitting anew.)

Both need a rating for every anchor, and answer on the scale of those ratings instead of in (0, 1).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable
from ..arrays import DoubleArray, FloatArray, IntArray, unit
from ..errors import AggregationError
from ..index.search import Neighbors, nearest

_log = logging.getLogger(__name__)

Predictor: TypeAlias = Callable[[FloatArray], DoubleArray]
"""From (M, D) embeddings in the space of the anchors, not of length one, to (M,) scores, higher is better."""


@runtime_checkable
class Head(Protocol):
    """Scores queries by rated anchors without centroids. Implementations are frozen dataclasses."""

    def fit(self, anchors: AnchorTable) -> Predictor:
        """Prepare for anchors.

        Args:
            anchors: N anchors, in the space in use; all of them rated.

        Returns:
            What scores queries.

        Raises:
            AggregationError: When an anchor has no rating.
        """
        ...


@dataclass(frozen=True)
class Knn:
    """The mean rating of the nearest anchors, weighted by similarity.

    Attributes:
        top_k: k; fewer anchors than that are all used, with a warning.
        similarity_temperature: t > 0 of the weights softmax(cosine / t); None for the cosines themselves as weights
            (negative ones weigh nothing; where none is positive all weigh the same).
    """

    top_k: int = 32
    similarity_temperature: float | None = None

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.top_k < 1:
            raise AggregationError(f"top-k {self.top_k} is out of range", "use at least --top-k 1")
        if self.similarity_temperature is not None and not self.similarity_temperature > 0:
            raise AggregationError(
                f"similarity temperature {self.similarity_temperature} is out of range", "use a positive one"
            )

    def fit(self, anchors: AnchorTable) -> Predictor:
        """Return the weighted mean over neighbours (see `Head.fit`)."""
        quality = anchors.rated("the mean rating of neighbours (knn)")
        if self.top_k > len(anchors):
            _log.warning("top-k %d is more than the %d anchors to choose from: all are used", self.top_k, len(anchors))

        def predict(queries: FloatArray) -> DoubleArray:
            neighbors, weights = self.neighbors(anchors, unit(queries))
            return np.asarray((weights * quality[neighbors.rows]).sum(axis=1))

        return predict

    def neighbors(self, anchors: AnchorTable, queries: FloatArray) -> tuple[Neighbors, DoubleArray]:
        """Retrieve and weigh neighbours.

        Args:
            anchors: N anchors.
            queries: (M, D) float32 of length one.

        Returns:
            The neighbours, and their (M, k) weights, whose sum is one.
        """
        found = nearest(anchors, queries, self.top_k)
        return found, self._weights(found.similarity.astype(np.float64))

    def _weights(self, similarity: DoubleArray) -> DoubleArray:
        """Turn (M, k) cosines into weights with sum one."""
        if self.similarity_temperature is None:
            weights = np.maximum(similarity, 0.0)
            weights[~(weights > 0).any(axis=1)] = 1.0
        else:
            weights = np.exp((similarity - similarity.max(axis=1, keepdims=True)) / self.similarity_temperature)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Ridge:
    """Ridge regression of the ratings on the embeddings.

    The embeddings are divided by the root mean square of the anchors' distances to their mean, so that a penalty means
    the same in every space and for every encoder. Memory is that of a few (N, min(N, D)) matrices; time that of an
    eigendecomposition of min(N, D) and of one matrix product of the size of the anchors.

    Attributes:
        alphas: Penalties > 0; leaving out one group of anchors (`AnchorTable.groups`) at a time chooses, or one anchor
            where there are no groups.
    """

    alphas: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)
    uses_groups: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the penalties."""
        if not self.alphas or not all(alpha > 0 for alpha in self.alphas):
            raise AggregationError(f"penalties {self.alphas} of ridge are not positive", "use for example 0.1, 1, 10")

    def fit(self, anchors: AnchorTable) -> Predictor:
        """Return the regression (see `Head.fit`).

        Raises:
            AggregationError: When an anchor has no rating, or the anchors are all alike.
        """
        quality = anchors.rated("ridge regression")
        vectors = anchors.directions.astype(np.float64) * anchors.norms[:, None]
        mean = vectors.mean(axis=0)
        vectors -= mean
        scale = float(np.sqrt(np.mean(np.einsum("nd,nd->n", vectors, vectors))))
        if not scale > 0:
            raise AggregationError("the anchors are all alike, so no regression is possible", "add other anchors")
        vectors /= scale
        squares, basis = _decomposed(vectors)
        middle = float(quality.mean())
        target = quality - middle
        projected = basis.T @ target
        groups = _groups_of(anchors)
        errors = [left_out_errors(basis, squares / (squares + alpha), target, groups) for alpha in self.alphas]
        alpha = self.alphas[int(np.argmin([error @ error for error in errors]))]
        coefficients = vectors.T @ (basis @ (projected / (squares + alpha))) / scale
        level = middle - float(mean @ coefficients)

        def predict(queries: FloatArray) -> DoubleArray:
            return np.asarray(queries.astype(np.float64) @ coefficients + level)

        return predict


def _decomposed(vectors: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Return the (R,) squared singular values of (N, D) vectors that are not zero, and the (N, R) left vectors."""
    n, dim = vectors.shape
    if n <= dim:
        squares, basis = scipy.linalg.eigh(vectors @ vectors.T, check_finite=False)
        kept = squares > squares[-1] * _LEAST
        return squares[kept], basis[:, kept]
    squares, right = scipy.linalg.eigh(vectors.T @ vectors, check_finite=False)
    kept = squares > squares[-1] * _LEAST
    return squares[kept], vectors @ (right[:, kept] / np.sqrt(squares[kept]))


def _groups_of(anchors: AnchorTable) -> IntArray | None:
    """Return the (N,) groups to leave out; None for single anchors, also where all are of one group."""
    if anchors.groups is None or (anchors.groups == anchors.groups[0]).all():
        return None
    return anchors.groups


def left_out_errors(
    basis: DoubleArray, filters: DoubleArray, target: DoubleArray, groups: IntArray | None
) -> DoubleArray:
    """Return the error of every anchor under a regression that was fitted without its group, the penalty held fixed.

    Args:
        basis: (N, R) left singular vectors of the anchors less their mean, U.
        filters: (R,) s^2 / (s^2 + penalty), in [0, 1).
        target: (N,) ratings less their mean, t.
        groups: (N,) codes, two different ones at least; None where each anchor is left out alone.

    Returns:
        (N,) rating minus what the regression without the group of the anchor (which has an intercept of its own) says.
    """
    n = len(target)
    residuals = target - basis @ (filters * (basis.T @ target))
    if groups is None:
        return np.asarray(residuals / (1.0 - (basis**2 @ filters + 1.0 / n)))
    errors = np.empty(n)
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        # H_gg = W W^T; the smaller of the two products is inverted.
        part = np.column_stack([basis[rows] * np.sqrt(filters), np.full(len(rows), n**-0.5)])
        if len(rows) <= part.shape[1]:
            errors[rows] = scipy.linalg.solve(np.eye(len(rows)) - part @ part.T, residuals[rows], assume_a="pos")
        else:
            inner = scipy.linalg.solve(np.eye(part.shape[1]) - part.T @ part, part.T @ residuals[rows], assume_a="pos")
            errors[rows] = residuals[rows] + part @ inner
    return errors


_LEAST = 1e-12
"""Squared singular values below this part of the largest are rounding."""
