"""What to judge next: photographs whose score is in doubt, spread over what the photographs show.

Each is drawn as k-means++ (Arthur and Vassilvitskii 2007) draws its centres, by the squared distance to the nearest one
that was judged, in the space of unit embeddings less their mean; so twenty reach as far as all do, and a photograph
like one that was judged is seldom asked for. Where what was judged divides into better and worse, the distance is
multiplied by the doubt: 1 for a score in the middle of all, falling to 1/4 for the highest and the lowest.
"""

from __future__ import annotations

import heapq
import itertools
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
    scores = None if values is None else _scores(matrix, rows, values)
    return _drawn(matrix, rows, scores, n, _rows(passed_over, len(matrix)), seed)


@checked
def next_pairs(
    embeddings: npt.ArrayLike,
    pairs: Sequence[tuple[int, int]] | IntArray = (),
    *,
    n: int = 1,
    passed_over: Sequence[tuple[int, int]] | IntArray = (),
    seed: int = 0,
) -> list[tuple[int, int]]:
    """Choose photographs to compare: one as `next_to_judge` does, the other the one that is most like its equal.

    That is the compared photograph whose rating is nearest to what the new one's score lets expect, so the answer is
    open, and all ratings hang together; the first pairs are of photographs that are far apart. Where all photographs
    have been compared, those with the nearest ratings that were not compared with each other.

    Args:
        embeddings: (N, D) raw embeddings of all photographs.
        pairs: m pairs of rows that were compared, the better one first.
        n: How many are wanted.
        passed_over: Pairs that are not asked for.
        seed: Of the draws.

    Returns:
        At most n pairs of rows, a new photograph first; fewer where no more are left.

    Raises:
        DataError: When a row is none of the photographs'.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> shots = np.random.default_rng(0).normal(size=(100, 8))
        >>> [(new, known)] = qi.taste.next_pairs(shots, [(0, 1), (2, 1)])
        >>> new > 2, known in {0, 1, 2}
        (True, True)
    """
    matrix = as_embeddings(embeddings)
    told = [as_pairs(one, len(matrix)).tolist() for one in (pairs, passed_over) if len(one)]
    done = {frozenset(pair) for one in told for pair in one}
    if not len(pairs):
        drawn = _drawn(matrix, _rows((), len(matrix)), None, len(matrix) if done else 2 * n, _rows((), 0), seed)
        first = itertools.zip_longest(drawn[::2], drawn[1::2], fillvalue=drawn[0] if drawn else 0)
        found = [(a, b) for a, b in first if a != b and frozenset((a, b)) not in done][:n]
        return found or _open(drawn, np.zeros(len(matrix)), done, n)
    rows = as_pairs(pairs, len(matrix))
    known = np.unique(rows)
    ratings = ratings_of_pairs(rows, len(matrix))
    scores = _scores(matrix, known, ratings[known])
    times = np.bincount(rows.ravel(), minlength=len(matrix))
    found = []
    for new in _drawn(matrix, known, scores, n, _rows((), 0), seed):
        expected = _expected(scores, known, ratings[known], new)
        free = [row for row in known.tolist() if frozenset((new, row)) not in done]
        if free:
            found.append((new, min(free, key=lambda row: (abs(ratings[row] - expected), times[row], row))))
    return found or _open(known.tolist(), ratings, done, n) or _open(range(len(matrix)), ratings, done, n)


def _open(rows: Sequence[int], ratings: DoubleArray, done: set[frozenset[int]], n: int) -> list[tuple[int, int]]:
    """Return the n pairs of rows with the nearest ratings that are not done."""
    left = (pair for pair in itertools.combinations(sorted(rows), 2) if frozenset(pair) not in done)
    return heapq.nsmallest(n, left, key=lambda pair: (abs(ratings[pair[0]] - ratings[pair[1]]), pair))


def _drawn(
    matrix: FloatArray, rows: IntArray, scores: DoubleArray | None, n: int, passed_over: IntArray, seed: int
) -> list[int]:
    """Draw at most n rows, far from those that were judged and from each other, by (N,) scores with doubt."""
    vectors = unit(matrix)
    vectors = unit(vectors - vectors.mean(axis=0))
    doubt = _doubt(scores, len(matrix))
    free = np.ones(len(matrix), dtype=np.bool_)
    free[rows] = free[passed_over] = False
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


def _squared(vectors: FloatArray, row: int) -> DoubleArray:
    """Return the (N,) squared distances to a row; what rounding leaves of an equal one is 0."""
    found = 2 - 2 * (vectors @ vectors[row]).astype(np.float64)
    return np.where(found > 1e-5, found, 0.0)


def _doubt(scores: DoubleArray | None, n: int) -> DoubleArray:
    """Return (n,) weights from 1/4 to 1: how near a score is to the middle of all."""
    if scores is None:
        return np.ones(n)
    place = (scipy.stats.rankdata(scores) - 0.5) / n
    return np.asarray(_CERTAIN + (1 - _CERTAIN) * (1 - np.abs(2 * place - 1)))


def _scores(matrix: FloatArray, rows: IntArray, ratings: DoubleArray) -> DoubleArray | None:
    """Return the (N,) scores by those that were judged; None where they do not divide, or are too few."""
    if len(rows) < LEAST_JUDGED or np.ptp(ratings) == 0:
        return None
    anchors = make_anchors(matrix[rows], quality=ratings, is_good=good_ones(ratings))
    return np.asarray(Mean().fit(anchors).score(matrix).score, dtype=np.float64)


def _expected(scores: DoubleArray | None, rows: IntArray, ratings: DoubleArray, new: int) -> float:
    """Return the rating that the place of a new photograph's score among those of (m,) compared rows lets expect."""
    if scores is None:
        return float(np.median(ratings))
    return float(np.quantile(ratings, np.mean(scores[rows] < scores[new])))
