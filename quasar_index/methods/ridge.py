"""Ridge regression of the ratings on the embeddings (Hoerl and Kennard, Technometrics 12(1), 1970).

Its penalty alpha is chosen by leaving out one group of anchors at a time, all from one decomposition: with
X = U diag(s) V^T the embeddings less their mean, t the ratings less theirs, and
H = U diag(s^2 / (s^2 + alpha)) U^T + 1 1^T / n,

    e_g = (I - H_gg)^-1 (t - H t)_g

are the errors of group g under the regression without it, exactly; the least sum of |e_g|^2 wins. (scikit-learn's
`RidgeCV` leaves out single images in closed form, which other versions of the image give away, and groups only by
fitting anew.)

A baseline of every comparison. It needs a rating for every anchor, and answers on their scale
(an index scales ratings to [0, 1]).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable
from ..arrays import DoubleArray, FloatArray, IntArray
from ..errors import MethodError
from ..notation import parameter
from .method import Predictor, RatingMethod


@dataclass(frozen=True)
class Ridge(RatingMethod):
    """Ridge regression of the ratings on the embeddings.

    The embeddings are divided by the root mean square of the anchors' distances to their mean, so that a penalty means
    the same in every space and for every encoder. Memory is that of a few (N, min(N, D)) matrices; time that of an
    eigendecomposition of min(N, D) and of one matrix product of the size of the anchors.

    Attributes:
        alphas: Penalties > 0; leaving out one group of anchors (`AnchorTable.groups`) at a time chooses, or one anchor
            where there are no groups.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> fitted = qi.Ridge().fit(anchors)
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> round(qi.plcc(fitted.score(new).score, new[:, 0]), 2)
        0.93
    """

    when: ClassVar[str] = "a baseline for rated anchors, strong where they are many"

    alphas: tuple[float, ...] = parameter(
        (0.1, 1.0, 10.0, 100.0),
        "penalties to choose from",
        "numbers above 0 with : between them",
        lambda values: len(values) > 0 and all(value > 0 for value in values),
    )

    @property
    def uses_groups(self) -> bool:
        """True: they choose the penalty."""
        return True

    def predictor(self, anchors: AnchorTable) -> Predictor:
        """Return the regression (see `RatingMethod.predictor`).

        Raises:
            MethodError: When an anchor has no rating, or the anchors are all alike.
        """
        quality = anchors.rated("ridge regression")
        vectors = anchors.directions.astype(np.float64) * anchors.norms[:, None]
        mean = vectors.mean(axis=0)
        vectors -= mean
        scale = float(np.sqrt(np.mean(np.einsum("nd,nd->n", vectors, vectors))))
        if not scale > 0:
            raise MethodError("the anchors are all alike, so no regression is possible", "add other anchors")
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
