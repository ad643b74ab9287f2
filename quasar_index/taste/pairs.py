"""Ratings of photographs that were compared two at a time: the model of Bradley and Terry (Biometrika 39, 1952).

    P(i is better than j) = 1 / (1 + exp(-(r_i - r_j))),    r_i ~ N(0, s^2),    s = 1

With that prior the most probable ratings exist and are unique whatever was compared: one that won all of its pairs
stays finite, and photographs that no chain of pairs connects are each rated about 0. That is a logistic regression
without intercept on rows with 1 for the winner and -1 for the loser, penalty 1 / (2 s^2): scikit-learn's, which is here
anyway. (choix, made for such models, minimises the same sum in `opt_pairwise`, and would be one dependency more.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..arguments import checked
from ..arrays import DoubleArray, IntArray
from ..errors import DataError, counted
from ..threads import import_alone

SPREAD = 1.0
"""s: of ratings before anything is compared; two photographs drawn by it differ by 1.4, odds of 4 to 1."""


@checked
def ratings_of_pairs(pairs: Sequence[tuple[int, int]] | npt.NDArray[np.integer], n: int) -> DoubleArray:
    """Return ratings of photographs by which of two was better.

    Args:
        pairs: m pairs of rows, the better one first; a pair may be there several times, and the other way round.
        n: Photographs.

    Returns:
        (n,) ratings, higher is better, with mean 0; a photograph in no pair has 0. The logarithm of the odds that one
        is preferred to another is the difference of their ratings.

    Raises:
        DataError: When there is no pair, or one names no two rows.

    Example:
        >>> import quasar_index as qi
        >>> ratings = qi.taste.ratings_of_pairs([(0, 1), (1, 2), (0, 2)], 4)
        >>> (ratings.round(2) + 0.0).tolist()
        [0.59, 0.0, -0.59, 0.0]
    """
    rows = as_pairs(pairs, n)
    with import_alone():
        from sklearn.linear_model import LogisticRegression

    known, places = np.unique(rows, return_inverse=True)
    m, places = len(rows), places.reshape(rows.shape)
    design = np.zeros((2 * m, len(known)))
    for sign, column in ((1.0, 0), (-1.0, 1)):
        np.add.at(design, (np.arange(m), places[:, column]), sign)
    # A logistic regression needs both answers: each pair is told twice, the second time from the loser's side.
    design[m:] = -design[:m]
    model = LogisticRegression(C=SPREAD**2, fit_intercept=False, solver="newton-cholesky", tol=1e-10)
    ratings = np.zeros(n)
    ratings[known] = model.fit(design, np.repeat([1, 0], m), np.full(2 * m, 0.5)).coef_[0]
    return ratings


def as_pairs(pairs: Sequence[tuple[int, int]] | npt.NDArray[np.integer], n: int) -> IntArray:
    """Return pairs as an (m, 2) array of rows below n.

    Raises:
        DataError: When there is none, or one names no two rows.
    """
    rows = np.asarray(pairs)
    if rows.size == 0:
        raise DataError("there are no pairs", "compare two photographs first")
    if rows.ndim != 2 or rows.shape[1] != 2 or rows.dtype.kind not in "iu":
        raise DataError(f"pairs have shape {rows.shape} and type {rows.dtype}", "give (better, worse) rows")
    if rows.min() < 0 or rows.max() >= n:
        raise DataError(f"a pair names a row outside of {counted(n, 'photograph')}", f"rows are 0 to {n - 1}")
    if (rows[:, 0] == rows[:, 1]).any():
        raise DataError("a pair compares a photograph with itself", "compare two")
    return rows.astype(np.int64)
