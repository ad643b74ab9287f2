"""Other scorers over the same anchors: the baselines of every comparison (method.md section 1).

- k nearest neighbours: the mean rating of the k nearest anchors, weighted by similarity.
- Ridge regression of the ratings on the embeddings, its penalty chosen by leave-one-out over the anchors
  (Hoerl and Kennard, Technometrics 12(1), 1970; scikit-learn's `RidgeCV`).

Both need a rating for every anchor, and answer on the scale of those ratings instead of in (0, 1).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from .anchors import AnchorTable
from .arrays import DoubleArray, FloatArray, unit
from .errors import AggregationError
from .index.search import Neighbors, nearest

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
    the same in every space and for every encoder. Memory and time are those of a singular value decomposition of the
    (N, D) anchors.

    Attributes:
        alphas: Penalties > 0; leave-one-out over the anchors chooses.
    """

    alphas: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)

    def __post_init__(self) -> None:
        """Check the penalties."""
        if not self.alphas or not all(alpha > 0 for alpha in self.alphas):
            raise AggregationError(f"penalties {self.alphas} of ridge are not positive", "use for example 0.1, 1, 10")

    def fit(self, anchors: AnchorTable) -> Predictor:
        """Return the regression (see `Head.fit`).

        Raises:
            AggregationError: When an anchor has no rating, or the anchors are all alike.
        """
        from sklearn.linear_model import RidgeCV

        quality = anchors.rated("ridge regression")
        vectors = anchors.directions.astype(np.float64) * anchors.norms[:, None]
        mean = vectors.mean(axis=0)
        vectors -= mean
        scale = float(np.sqrt(np.mean(np.einsum("nd,nd->n", vectors, vectors))))
        if not scale > 0:
            raise AggregationError("the anchors are all alike, so no regression is possible", "add other anchors")
        model = RidgeCV(alphas=self.alphas).fit(vectors / scale, quality)
        coefficients = np.asarray(model.coef_ / scale, dtype=np.float64)
        level = float(model.intercept_) - float(mean @ coefficients)

        def predict(queries: FloatArray) -> DoubleArray:
            return np.asarray(queries.astype(np.float64) @ coefficients + level)

        return predict
