"""Nearest neighbours: the mean rating of the k nearest anchors, weighted by similarity: `sum_i w_i y_i`, sum_i w_i = 1.

A baseline of every comparison. It needs a rating for every anchor, and answers on their scale
(an index scales ratings to [0, 1]).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, unit
from ..index.search import Neighbors, nearest
from ..notation import parameter
from .method import Predictor, RatingMethod

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Knn(RatingMethod):
    """The mean rating of the nearest anchors, weighted by similarity.

    Attributes:
        top_k: k; fewer anchors than that are all used, with a warning.
        similarity_temperature: t > 0 of the weights softmax(cosine / t); None for the cosines themselves as weights
            (negative ones weigh nothing; where none is positive all weigh the same).

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> anchors = qi.make_anchors(np.eye(4), quality=[1, 2, 3, 4])
        >>> qi.Knn(top_k=2, space="raw").fit(anchors).score([[0, 0, 1, 1]]).score.round(2).tolist()
        [3.5]
    """

    when: ClassVar[str] = "a baseline for rated anchors"

    top_k: int = parameter(32, "nearest anchors", "a whole number from 1", lambda value: value >= 1)
    similarity_temperature: float | None = parameter(
        None,
        "t of the weights softmax(cosine / t); none: the cosines themselves",
        "a number above 0",
        lambda value: value is None or value > 0,
    )

    @checked
    def predictor(self, anchors: AnchorTable) -> Predictor:
        """Return the weighted mean over neighbours (see `RatingMethod.predictor`)."""
        anchors = anchors.only_rated("the mean rating of neighbours (knn)")
        quality = anchors.rated("the mean rating of neighbours (knn)")
        if self.top_k > len(anchors):
            _log.warning("top-k %d is more than the %d anchors to choose from: all are used", self.top_k, len(anchors))

        def predict(queries: FloatArray) -> DoubleArray:
            neighbors, weights = self.neighbors(anchors, unit(queries))
            return np.asarray((weights * quality[neighbors.rows]).sum(axis=1))

        return predict

    @checked
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
