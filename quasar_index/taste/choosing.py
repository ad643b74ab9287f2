"""What to judge next: photographs whose score is in doubt, spread over what the photographs show.

Each is drawn as k-means++ (Arthur and Vassilvitskii 2007) draws its centres, by the squared distance to the nearest one
that was judged, in the space of unit embeddings less their mean; so twenty reach as far as all do, and a photograph
like one that was judged is seldom asked for. Where what was judged divides into better and worse, the distance is
multiplied by the doubt: 1 for a score in the middle of all, falling to 1/4 for the highest and the lowest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, IntArray, as_embeddings, unit
from ..errors import DataError, counted
from ..methods.mean import Mean
from ..own_anchors import make_anchors
from .making import good_ones
from .pairs import as_pairs, ratings_of_pairs

LEAST_JUDGED = 6
"""Fewer say nothing about which scores are in doubt: spread alone decides."""
_CERTAIN = 0.25
"""Weight of the best and the worst score; 1 is that of the middle."""


@checked
def next_to_judge(
    embeddings: npt.ArrayLike,
    judged: Sequence[int] | IntArray = (),
    ratings: npt.ArrayLike | None = None,
    *,
    n: int = 1,
    passed_over: Sequence[int] | IntArray = (),
    seed: int = 0,
) -> list[int]:
    """Choose photographs to judge.

    Args:
        embeddings: (N, D) raw embeddings of all photographs.
        judged: m rows that were judged.
        ratings: (m,) their ratings, higher is better; None to go by spread alone.
        n: How many are wanted.
        passed_over: Rows that are not asked for, either.
        seed: Of the draws.

    Returns:
        At most n rows, in the order to judge them in; fewer where no more are left.

    Raises:
        DataError: When a row is none of the photographs', or the lengths of `judged` and `ratings` differ.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> shots = np.random.default_rng(0).normal(size=(100, 8))
        >>> first = qi.taste.next_to_judge(shots, n=20)
        >>> further = qi.taste.next_to_judge(shots, first, shots[first, 0], n=5)
        >>> len(set(first) | set(further))
        25
    """
    matrix = as_embeddings(embeddings)
    rows, values = _judged(judged, ratings, len(matrix))
    vectors = _centred(matrix)
    doubt = _doubt(matrix, rows, values)
    free = np.ones(len(matrix), dtype=np.bool_)
    free[rows] = free[_rows(passed_over, len(matrix))] = False
    rng = np.random.default_rng(seed)
    far = np.full(len(matrix), np.inf)
    for row in rows:
        far = np.minimum(far, _squared(vectors, int(row)))
    found: list[int] = []
    for _ in range(min(n, int(free.sum()))):
        weights = np.where(free, doubt * np.where(np.isinf(far), 1.0, far), 0.0)
        if not weights.sum() > 0:  # all that are left are like those judged
            weights = free.astype(np.float64)
        row = int(rng.choice(len(matrix), p=weights / weights.sum()))
        found.append(row)
        free[row] = False
        far = np.minimum(far, _squared(vectors, row))
    return found


@checked
def next_pair(
    embeddings: npt.ArrayLike,
    pairs: Sequence[tuple[int, int]] | IntArray = (),
    *,
    passed_over: Sequence[int] | IntArray = (),
    seed: int = 0,
) -> tuple[int, int] | None:
    """Choose two photographs to compare: one as `next_to_judge` does, the other the one that is most like its equal.

    That is the compared photograph whose rating is nearest to what the new one's score lets expect, so the answer is
    open, and all ratings hang together; the first pair is of two that are far apart. Where all photographs have been
    compared, the two with the nearest ratings that were not compared with each other.

    Args:
        embeddings: (N, D) raw embeddings of all photographs.
        pairs: m pairs of rows that were compared, the better one first.
        passed_over: Rows that are not asked for.
        seed: Of the draws.

    Returns:
        Two rows; None where nothing is left to compare.

    Raises:
        DataError: When a row is none of the photographs'.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> shots = np.random.default_rng(0).normal(size=(100, 8))
        >>> compared = [(0, 1), (2, 1)]
        >>> new, known = qi.taste.next_pair(shots, compared)
        >>> new > 2, known in {0, 1, 2}
        (True, True)
    """
    matrix = as_embeddings(embeddings)
    n = len(matrix)
    if not len(pairs):
        two = next_to_judge(matrix, n=2, passed_over=passed_over, seed=seed)
        return (two[0], two[1]) if len(two) == 2 else None
    rows = as_pairs(pairs, n)
    known = np.unique(rows)
    ratings = ratings_of_pairs(rows, n)
    new = next_to_judge(matrix, known, ratings[known], passed_over=passed_over, seed=seed)
    asked = np.setdiff1d(known, _rows(passed_over, n))
    if new and len(asked):
        expected = _expected(matrix, known, ratings[known], new[0])
        times = np.bincount(rows.ravel(), minlength=n)
        nearest = min(asked.tolist(), key=lambda row: (abs(ratings[row] - expected), times[row], row))
        return new[0], nearest
    done = {frozenset(pair) for pair in rows.tolist()}
    open_ = [
        (a, b) for i, a in enumerate(asked.tolist()) for b in asked.tolist()[i + 1 :] if frozenset((a, b)) not in done
    ]
    return min(open_, key=lambda pair: (abs(ratings[pair[0]] - ratings[pair[1]]), pair), default=None)


def _judged(
    judged: Sequence[int] | IntArray, ratings: npt.ArrayLike | None, n: int
) -> tuple[IntArray, DoubleArray | None]:
    rows = _rows(judged, n)
    if ratings is None:
        return rows, None
    values = np.asarray(ratings, dtype=np.float64)
    if values.shape != rows.shape:
        raise DataError(f"{counted(len(rows), 'judged row')} but ratings of shape {values.shape}", "give one each")
    return rows, values


def _rows(rows: Sequence[int] | IntArray, n: int) -> IntArray:
    found = np.asarray(rows, dtype=np.int64).ravel()
    if len(found) and not (found.min() >= 0 and found.max() < n):
        raise DataError(f"a row lies outside of {counted(n, 'photograph')}", f"rows are 0 to {n - 1}")
    return found


def _centred(matrix: FloatArray) -> FloatArray:
    vectors = unit(matrix)
    return unit(vectors - vectors.mean(axis=0))


def _squared(vectors: FloatArray, row: int) -> DoubleArray:
    """Return the (N,) squared distances to a row; what rounding leaves of an equal one is 0."""
    found = 2 - 2 * (vectors @ vectors[row]).astype(np.float64)
    return np.where(found > 1e-5, found, 0.0)


def _doubt(matrix: FloatArray, rows: IntArray, ratings: DoubleArray | None) -> DoubleArray:
    """Return (N,) weights from 1/4 to 1: how near a score is to the middle of all."""
    scores = None if ratings is None else _scores(matrix, rows, ratings)
    if scores is None:
        return np.ones(len(matrix))
    place = (scipy.stats.rankdata(scores) - 0.5) / len(scores)
    return np.asarray(_CERTAIN + (1 - _CERTAIN) * (1 - np.abs(2 * place - 1)))


def _scores(matrix: FloatArray, rows: IntArray, ratings: DoubleArray) -> DoubleArray | None:
    """Return the (N,) scores by those that were judged; None where they do not divide, or are too few."""
    if len(rows) < LEAST_JUDGED or np.ptp(ratings) == 0:
        return None
    anchors = make_anchors(matrix[rows], quality=ratings, is_good=good_ones(ratings))
    return np.asarray(Mean().fit(anchors).score(matrix).score, dtype=np.float64)


def _expected(matrix: FloatArray, rows: IntArray, ratings: DoubleArray, new: int) -> float:
    """Return the rating of the compared photograph that has the place in its scores nearest to that of a new one."""
    scores = _scores(matrix, rows, ratings)
    if scores is None:
        return float(np.median(ratings))
    return float(np.quantile(ratings, np.mean(scores[rows] < scores[new])))
