"""A method as an estimator of scikit-learn: embeddings and ratings in, predicted ratings out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import DoubleArray, FloatArray, IntArray
from ..errors import QuasarError
from ..methods.method import Method, RatingMethod
from ..methods.registry import read_method
from ..own_anchors import make_anchors
from ..statistics.groups import group_codes
from ..statistics.rising_maps import apply_map, fit_map
from ..threads import import_alone
from ..validation import choose_space
from ..validation.cross_fit import leave_group_out
from ..validation.fold_scores import score_folds

with import_alone():
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils.validation import check_is_fitted, validate_data

FOLDS = 10
"""Parts that are left out in turn to put scores on the scale of the ratings."""
ROWS = 64
"""Predictions are made of a multiple of so many rows: products of matrices then round alike, whatever stands beside."""
FEWEST = 20
"""Fewest ratings for that; with fewer, the map is fitted to scores of the anchors by themselves."""


class AnchorRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Predicts ratings of images from their embeddings; an estimator of scikit-learn.

    `fit` makes the rows anchors. Methods that predict ratings (knn, ridge) answer on the scale of `y`. The scores of
    the others, in (0, 1), are put on it by a rising map, which is fitted to scores of rows that were left out; it
    changes no order. An embedding of zeros has no direction: it is no anchor, and the mean rating (on_scale=False: 0.5)
    is predicted for it.

    Args:
        method: What scores, such as "retrieval:top_k=8", or a `Method`.
        on_scale: Put scores on the scale of `y`; False gives them as they are.
        seed: Of the parts that are left out.

    Attributes:
        fitted_: The method, fitted to the anchors.
        n_features_in_: D.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from sklearn.model_selection import cross_val_score
        >>> X = np.random.default_rng(0).normal(size=(200, 16))
        >>> y = 3 + X[:, 0]
        >>> model = qi.frameworks.AnchorRegressor("ridge")
        >>> model.fit(X[:100], y[:100]).predict(X[100:]).shape
        (100,)
        >>> bool(cross_val_score(model, X, y, cv=4).mean() > 0.5)
        True
    """

    def __init__(self, method: str | Method = "mean", *, on_scale: bool = True, seed: int = 0) -> None:
        self.method = method
        self.on_scale = on_scale
        self.seed = seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = not self.on_scale  # scores between 0 and 1 are no ratings
        return tags

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, groups: Sequence[object] | npt.NDArray[Any] | None = None
    ) -> AnchorRegressor:
        """Make anchors of embeddings and ratings.

        Args:
            X: (N, D) raw embeddings of one encoder.
            y: (N,) ratings, higher is better.
            groups: (N,) labels of contents that are left out together; None where each image stands alone.

        Returns:
            This estimator.

        Raises:
            ValueError: When X or y is none that scikit-learn takes.
            DataError: On ratings that are all the same.
            MethodError: When there is no such method, or the anchors cannot serve it.
        """
        matrix, ratings = validate_data(
            self, X, y, y_numeric=True, dtype=np.float32, ensure_min_samples=2, ensure_min_features=2
        )
        ratings = np.asarray(ratings, dtype=np.float64)
        codes = group_codes(groups, len(matrix), alone=True)
        usable = matrix.any(axis=1)
        matrix, ratings, codes = matrix[usable], ratings[usable], codes[usable]
        method = read_method(self.method) if isinstance(self.method, str) else self.method
        anchors = make_anchors(matrix, quality=ratings, groups=codes)
        if method.is_auto:
            method = choose_space(anchors, method, seed=self.seed).method
        self.fitted_ = method.fit(anchors)
        self.map_ = None
        self.nothing_ = float(ratings.mean()) if self.on_scale or isinstance(method, RatingMethod) else 0.5
        if self.on_scale and not isinstance(method, RatingMethod):
            scores = self._left_out(method, matrix, ratings, codes)
            self.map_ = (*fit_map("isotonic", scores, ratings), (float(ratings.min()), float(ratings.max())))
        return self

    def predict(self, X: npt.ArrayLike) -> DoubleArray:
        """Predict ratings.

        Args:
            X: (M, D) raw embeddings.

        Returns:
            (M,) float64, on the scale of the ratings; with `on_scale=False`, scores of the method.

        Raises:
            ValueError: When X is none that scikit-learn takes.
        """
        check_is_fitted(self)
        matrix = validate_data(self, X, reset=False, dtype=np.float32)
        usable = matrix.any(axis=1)
        found = np.full(len(matrix), self.nothing_)
        if n := int(usable.sum()):
            padded = matrix[usable][np.arange(-(-n // ROWS) * ROWS) % n]
            scores = self.fitted_.score(padded).score[:n]
            found[usable] = scores if self.map_ is None else apply_map(*self.map_, scores)
        return found

    def _left_out(self, method: Method, matrix: FloatArray, ratings: DoubleArray, codes: IntArray) -> DoubleArray:
        """Score the anchors, each by others; by all of them where they are too few to leave some out."""
        if len(matrix) >= FEWEST and codes.max() > 0:
            try:
                parts = leave_group_out(matrix, ratings, codes, max_folds=FOLDS, seed=self.seed)
                found = score_folds([method], parts.folds, parts.embeddings, parts.anchors_of, seed=self.seed)
                return np.asarray(found.scores[0])
            except QuasarError:  # such as a part without which one side is empty
                pass
        return self.fitted_.score(matrix).score
