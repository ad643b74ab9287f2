"""How far an index of a taste goes: each judgement is left out, and foretold by the others.

An index whose anchors are few follows what was judged by chance in part, so a figure comes with its interval and the
number of judgements. Leaving one out is a little unkind to so few: the mean of the others lies on the other side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..arguments import checked
from ..arrays import DoubleArray, IntArray, as_embeddings
from ..errors import DataError, ValidationError, counted
from ..methods.mean import Mean
from ..methods.method import Method
from ..own_anchors import make_anchors
from ..statistics.bootstrap import MIN_PAIRS_INTERVAL, bootstrap
from ..statistics.correlation import srcc
from .making import good_ones
from .pairs import as_pairs, ratings_of_pairs

LEVEL = 0.95


@dataclass(frozen=True)
class Agreement:
    """How well what was left out is foretold.

    Attributes:
        what: "srcc", signed, of ratings; "share" of pairs foretold right, where 1/2 is chance.
        value: The figure; None where there is none (too few judgements, or scores that are all the same).
        low: Lower end of its 95% interval; None where there is none.
        high: Upper end.
        n: Judgements that were foretold.
    """

    what: str
    value: float | None
    low: float | None
    high: float | None
    n: int


@checked
def agreement_of_ratings(
    embeddings: npt.ArrayLike, ratings: npt.ArrayLike, *, method: Method | None = None, seed: int = 0
) -> Agreement:
    """Leave out each photograph, score it by the others, and compare the scores with the ratings.

    Args:
        embeddings: (m, D) raw embeddings of the judged photographs.
        ratings: (m,) ratings, higher is better.
        method: What scores; None for the mean, which is the default of an index.
        seed: Of the bootstrap.

    Returns:
        The signed SRCC and its bootstrap interval over photographs, from 10 on.

    Raises:
        DataError: When the lengths differ, or embeddings are unfit.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> shots = np.random.default_rng(0).normal(size=(40, 4))
        >>> found = qi.taste.agreement_of_ratings(shots, shots[:, 0])
        >>> found.what, found.n, found.value > 0.5, found.low < found.value < found.high
        ('srcc', 40, True, True)
    """
    matrix, values = as_embeddings(embeddings), np.asarray(ratings, dtype=np.float64)
    if values.shape != (len(matrix),):
        raise DataError(f"{counted(len(matrix), 'embedding')} but ratings of shape {values.shape}", "give one each")
    everyone = np.arange(len(values))
    scores = np.full(len(values), np.nan)
    for row in everyone:
        others = everyone[everyone != row]
        found = _scores(matrix, others, values[others], np.array([row]), method or Mean())
        if found is not None:
            scores[row] = found[0]
    known = np.isfinite(scores)
    n = int(known.sum())
    try:
        value = srcc(scores[known], values[known])
    except ValidationError:
        return Agreement("srcc", None, None, None, n)
    if n < MIN_PAIRS_INTERVAL:
        return Agreement("srcc", value, None, None, n)
    try:
        interval = bootstrap("srcc", scores[known], values[known], seed=seed, level=LEVEL)
    except ValidationError:  # ratings repeat too much
        return Agreement("srcc", value, None, None, n)
    return Agreement("srcc", value, interval.low, interval.high, n)


@checked
def agreement_of_pairs(
    embeddings: npt.ArrayLike, pairs: Sequence[tuple[int, int]] | IntArray, *, method: Method | None = None
) -> Agreement:
    """Leave out each pair, with all that was said of its two photographs, and foretell which is better.

    Args:
        embeddings: (N, D) raw embeddings of photographs.
        pairs: m pairs of rows, the better one first.
        method: As of `agreement_of_ratings`.

    Returns:
        The share of pairs that were foretold right (an equal score is half a one), with Wilson's interval.

    Raises:
        DataError: When there is no pair, or one names no two rows.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> shots = np.random.default_rng(0).normal(size=(40, 4))
        >>> pairs = [(a, a + 1) if shots[a, 0] > shots[a + 1, 0] else (a + 1, a) for a in range(0, 40, 2)]
        >>> found = qi.taste.agreement_of_pairs(shots, pairs)
        >>> found.what, found.n, found.value > 0.5
        ('share', 20, True)
    """
    matrix = as_embeddings(embeddings)
    rows = as_pairs(pairs, len(matrix))
    right, n = 0.0, 0
    for pair in rows:
        rest = rows[~np.isin(rows, pair).any(axis=1)]
        if not len(rest):
            continue
        known = np.unique(rest)
        found = _scores(matrix, known, ratings_of_pairs(rest, len(matrix))[known], pair, method or Mean())
        if found is None:
            continue
        n += 1
        right += 0.5 * (1 + float(np.sign(found[0] - found[1])))
    if not n:
        return Agreement("share", None, None, None, 0)
    low, high = _wilson(right, n)
    return Agreement("share", right / n, low, high, n)


def _scores(
    matrix: npt.NDArray[np.float32], rows: IntArray, ratings: DoubleArray, asked: IntArray, method: Method
) -> DoubleArray | None:
    """Return scores of some rows by others that were judged; None where those do not divide."""
    if len(rows) < 2 or np.ptp(ratings) == 0:
        return None
    anchors = make_anchors(matrix[rows], quality=ratings, is_good=good_ones(ratings))
    return np.asarray(method.fit(anchors).score(matrix[asked]).score, dtype=np.float64)


def _wilson(right: float, n: int) -> tuple[float, float]:
    """Return Wilson's interval of a share; halves are allowed, unlike in scipy's `binomtest`."""
    z = float(scipy.stats.norm.ppf((1 + LEVEL) / 2))
    share, part = right / n, z * z / n
    half = z * np.sqrt(share * (1 - share) / n + part / (4 * n))
    return float((share + part / 2 - half) / (1 + part)), float((share + part / 2 + half) / (1 + part))
