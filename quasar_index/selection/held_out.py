"""The leave-one-group-out rank correlation of a subset of the anchors, and of all its neighbours by rank-one updates.

    s_i = cos(x_i, S_good - P_good,g(i)) - cos(x_i, S_bad - P_bad,g(i))        estimate = SRCC(s, quality)

S is the sum of the raw embeddings chosen on a side and P_g the part of it that group g gave, so every anchor is scored
by the mean centroids (`aggregation.mean`) of the chosen anchors of *other* groups: never by itself, nor by another
version of itself. Anchors without ratings are correlated with their side, which orders subsets as the AUC does.

With R_g = S - P_g, a candidate x_c that comes (+) or goes (-) changes only

    <u_i, R_g> by +-<u_i, x_c>        |R_g|^2 by +-2 <R_g, x_c> + |x_c|^2        for g other than its own group,

so that it costs one row of Gram products, and a block of candidates is one matrix product (ours; the leave-one-out
identity of sums). An anchor whose side is empty without its own group has no score (NaN). In the correlation it then
takes the median of the scores, "no opinion": were it left out, leaving the hard anchors without a score would pay.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable
from ..arrays import DoubleArray, IntArray
from ..correlation import srcc
from ..errors import AggregationError, DataError, EvaluationError
from .base import SIDES

_CHUNK = 4096
_DECIMALS = 10  # of scores, in [-2, 2]: duplicates tie whatever the order in which their products were summed
_TINY = 1e-12  # length of a sum that has cancelled out, as of centroids
_BLOCK = 256  # candidates evaluated at a time: with V = 4096, 8 MB a temporary


def leave_group_out_scores(anchors: AnchorTable, rows: IntArray) -> DoubleArray:
    """Score all anchors by the mean centroids of some, each without those of its own group.

    Args:
        anchors: N anchors, in the space in use; `anchors.groups` says which stay together, None that each is alone.
        rows: (n,) rows of the chosen anchors, without repeats, some on each side.

    Returns:
        (N,) float64 in [-2, 2], the cosine to the good centroid less the one to the bad; higher is better; NaN where
        a side has no anchor of another group.

    Raises:
        DataError: When the rows leave a side empty, repeat, or are out of range.
    """
    rows = _checked(anchors, rows)
    codes = group_codes(anchors)
    # By group, so that a group's part is summed once, or once a chunk where it is larger than that.
    order = np.argsort(codes, kind="stable")
    sums = side_sums(anchors, rows)
    scores = np.empty(len(anchors))
    for start in range(0, len(order), _CHUNK):
        part = np.sort(order[start : start + _CHUNK])
        held_out = HeldOut(anchors, part)
        held_out.choose(rows, sums=sums)
        scores[part] = held_out.scores()
    return scores


def leave_group_out_correlation(anchors: AnchorTable, rows: IntArray) -> float:
    """Return the SRCC of `leave_group_out_scores` with the ratings, or with the side where anchors have none.

    An anchor without a score counts as the median of the scores.

    Args:
        anchors: N anchors, in the space in use.
        rows: (n,) rows of the chosen anchors, some on each side.

    Returns:
        SRCC in [-1, 1].

    Raises:
        DataError: As `leave_group_out_scores`.
        AggregationError: When all ratings are the same.
        EvaluationError: When no anchor can be scored without its own group, or all scores are the same.
    """
    target = selection_target(anchors)
    scores = leave_group_out_scores(anchors, rows)
    if np.isnan(scores).all():
        raise EvaluationError(
            f"no anchor can be scored by the {len(rows)} chosen ones without its own group",
            "choose anchors of more groups",
        )
    return srcc(with_median(scores[None])[0], target)


def selection_target(anchors: AnchorTable) -> DoubleArray:
    """Return what scores should follow: the ratings, or 1 (good) and 0 (bad) unless every anchor has one.

    Args:
        anchors: N anchors.

    Returns:
        (N,) float64, higher is better.

    Raises:
        AggregationError: When all ratings are the same.
    """
    if anchors.quality is None or np.isnan(anchors.quality).any():
        return anchors.is_good.astype(np.float64)
    if np.ptp(anchors.quality) == 0:
        raise AggregationError(
            f"all {len(anchors)} opinion scores are {anchors.quality[0]:.6g}, so no subset orders them better",
            "check the score column, or use a method that needs no ratings, such as kmeans",
        )
    return anchors.quality


def group_codes(anchors: AnchorTable) -> IntArray:
    """Return the group of each anchor, (N,); without groups each is its own."""
    return np.arange(len(anchors)) if anchors.groups is None else anchors.groups


def check_groups(anchors: AnchorTable) -> None:
    """Raise an AggregationError unless the anchors are of two groups or more."""
    if anchors.groups is not None and (anchors.groups == anchors.groups[0]).all():
        raise AggregationError(
            f"all {len(anchors)} anchors are of one group, so none can be held out from the others",
            "group by another column, or use a method without validation, such as kmeans",
        )


def draw_validation(anchors: AnchorTable, most: int, rng: np.random.Generator) -> IntArray:
    """Draw the anchors that are scored: all, where they are few.

    Anchors and not whole groups are drawn, as what a group must not do is to score its own; that shows more groups for
    the same price. Of anchors without ratings as many of each side as there are, since references are few.

    Args:
        anchors: N anchors.
        most: How many at most.
        rng: Draws them.

    Returns:
        Ascending rows.
    """
    if len(anchors) <= most:
        return np.arange(len(anchors))
    if anchors.quality is not None and not np.isnan(anchors.quality).any():
        return np.sort(rng.choice(len(anchors), most, replace=False))
    smaller = min(anchors.n_good, anchors.n_bad, most // 2)
    wanted = (smaller, most - smaller) if anchors.n_good < anchors.n_bad else (most - smaller, smaller)
    parts = [
        rng.choice(np.arange(len(anchors))[anchors.side(side)], n, replace=False)
        for side, n in zip(SIDES, wanted, strict=True)
    ]
    return np.sort(np.concatenate(parts))


def side_sums(anchors: AnchorTable, rows: IntArray) -> DoubleArray:
    """Return the sums of the raw embeddings chosen on each side, (2, D): good, bad."""
    sums = np.zeros((2, anchors.dim))
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        weights = anchors.norms[part].astype(np.float64)
        good = part < anchors.n_good
        sums += np.stack([weights * good, weights * ~good]) @ anchors.directions[part].astype(np.float64)
    return sums


class HeldOut:
    """A subset that grows or shrinks, and the scores it gives to validation anchors of other groups.

    Args:
        anchors: N anchors, in the space in use.
        validation: (V,) ascending rows of the anchors that are scored.
    """

    def __init__(self, anchors: AnchorTable, validation: IntArray) -> None:
        self.anchors = anchors
        self.validation = validation
        self.directions = anchors.directions[validation].astype(np.float64)
        codes = group_codes(anchors)
        labels, self.group = np.unique(codes[validation], return_inverse=True)
        """(V,) number of the group of each validation anchor, from 0 to G - 1."""
        place = np.minimum(np.searchsorted(labels, codes), len(labels) - 1)
        self.group_of = np.where(labels[place] == codes, place, -1)
        """(N,) the same of every anchor; -1 for a group without validation anchors."""
        self.n_groups = len(labels)
        self.choose(np.empty(0, dtype=np.int64))

    def choose(self, rows: IntArray, *, sums: DoubleArray | None = None) -> None:
        """Start from a subset.

        Args:
            rows: (n,) rows of the anchors.
            sums: Their `side_sums`, where they are known.
        """
        self.sums = side_sums(self.anchors, rows) if sums is None else sums.copy()
        self.parts = np.zeros((2, self.n_groups, self.anchors.dim))
        self.n_parts = np.zeros((2, self.n_groups), dtype=np.int64)
        self.n_chosen = np.zeros(2, dtype=np.int64)
        self._count(rows, +1)
        self._refresh()

    def update(self, rows: IntArray, sign: int) -> None:
        """Add (sign +1) anchors to the subset, or take them out (-1)."""
        self.sums += sign * side_sums(self.anchors, rows)
        self._count(rows, sign)
        self._refresh()

    def _count(self, rows: IntArray, sign: int) -> None:
        side_of = (rows >= self.anchors.n_good).astype(np.int64)
        self.n_chosen += sign * np.bincount(side_of, minlength=2)
        known = self.group_of[rows] >= 0
        for side in (0, 1):
            mine = rows[known & (side_of == side)]
            for start in range(0, len(mine), _CHUNK):
                part = mine[start : start + _CHUNK]
                groups, place = np.unique(self.group_of[part], return_inverse=True)
                ones = scipy.sparse.csr_array((np.ones(len(part)), (place, np.arange(len(part)))))
                self.parts[side, groups] += sign * (ones @ self.raw(part))
                self.n_parts[side, groups] += sign * np.bincount(place)

    def _refresh(self) -> None:
        """Recompute products and lengths from the sums: it costs little, and no rounding piles up."""
        self.products = self.sums @ self.directions.T  # (2, V): <u_i, R_g>
        self.squares = np.empty((2, self.n_groups))  # |R_g|^2
        for side in (0, 1):
            active = np.flatnonzero(self.n_parts[side])
            rest = self.sums[side] - self.parts[side, active]
            self.squares[side] = self.sums[side] @ self.sums[side]
            self.squares[side, active] = np.einsum("gd,gd->g", rest, rest)
            own = np.flatnonzero(self.n_parts[side, self.group])
            for start in range(0, len(own), _CHUNK):
                some = own[start : start + _CHUNK]
                parts = self.parts[side, self.group[some]]
                self.products[side, some] -= np.einsum("vd,vd->v", self.directions[some], parts)
        self.n_rest = self.n_chosen[:, None] - self.n_parts  # (2, G)
        self.cosines = np.stack([self._cosines(side) for side in (0, 1)])  # (2, V)

    def _cosines(self, side: int) -> DoubleArray:
        lengths = _lengths(self.squares[side], self.n_rest[side])
        return np.asarray(self.products[side] / lengths[self.group])

    def raw(self, rows: IntArray) -> DoubleArray:
        """Return raw embeddings, (n, D) float64."""
        return np.asarray(self.anchors.norms[rows, None].astype(np.float64) * self.anchors.directions[rows])

    def scores(self) -> DoubleArray:
        """Return the scores of the validation anchors by the subset, (V,), NaN where there is none."""
        return np.asarray(self.cosines[0] - self.cosines[1])

    def scores_with(self, candidates: IntArray, sign: int) -> DoubleArray:
        """Score the validation anchors by each subset that differs in one anchor.

        Args:
            candidates: (C,) rows of one side.
            sign: +1 when they come, -1 when they go.

        Returns:
            (C, V) float64, NaN where there is no score.
        """
        side = int(candidates[0] >= self.anchors.n_good)
        raw = self.raw(candidates)
        groups = self.group_of[candidates]
        inner = np.repeat((raw @ self.sums[side])[:, None], self.n_groups, axis=1)  # (C, G): <R_g, x_c>
        active = np.flatnonzero(self.n_parts[side])
        inner[:, active] -= raw @ self.parts[side, active].T
        squares = self.squares[side] + 2 * sign * inner + np.einsum("cd,cd->c", raw, raw)[:, None]
        n_rest = np.repeat(self.n_rest[side][None] + sign, len(candidates), axis=0)
        # Its own group never sees the candidate, so nothing changes there.
        own = np.flatnonzero(groups >= 0)
        squares[own, groups[own]] = self.squares[side, groups[own]]
        n_rest[own, groups[own]] = self.n_rest[side, groups[own]]
        scores = sign * (raw @ self.directions.T)
        scores *= groups[:, None] != self.group
        scores += self.products[side]
        scores /= _lengths(squares, n_rest)[:, self.group]
        scores -= self.cosines[1 - side]
        return np.asarray(scores if side == 0 else -scores)

    def slopes(self, side: int, weights: DoubleArray) -> DoubleArray:
        """Differentiate a weighted sum of the cosines to one side by the sum of that side, per group.

        Args:
            side: 0 for good, 1 for bad.
            weights: (V,), 0 where there is no score.

        Returns:
            (G, D): `sum_(i in g) w_i (u_i - cos_i R_g / |R_g|) / |R_g|`.
        """
        lengths = _lengths(self.squares[side], self.n_rest[side])
        scaled = np.where(weights == 0, 0.0, weights / lengths[self.group])
        turned = np.where(weights == 0, 0.0, scaled * self.cosines[side])
        place = (self.group, np.arange(len(self.group)))
        slopes = np.asarray(scipy.sparse.csr_array((scaled, place)) @ self.directions)
        along = np.bincount(self.group, turned) / np.where(np.isnan(lengths), 1.0, lengths)
        slopes -= along[:, None] * self.sums[side]
        slopes += along[:, None] * self.parts[side]
        return slopes


def _lengths(squares: DoubleArray, n_rest: npt.NDArray[np.int64]) -> DoubleArray:
    """Return |R_g| of its square; NaN where nothing is left, or what is left cancels out."""
    there = (n_rest > 0) & (squares > _TINY * _TINY)
    return np.asarray(np.sqrt(np.where(there, squares, np.nan)))


def with_median(scores: DoubleArray) -> DoubleArray:
    """Give the scores that are missing the median of the others in their row.

    Args:
        scores: (C, V), NaN where missing.

    Returns:
        (C, V), 0 throughout a row without any.
    """
    missing = np.isnan(scores)
    rows = np.flatnonzero(missing.any(axis=1))
    if not len(rows):
        return scores
    filled = scores.copy()
    for row in rows:
        there = ~missing[row]
        filled[row, ~there] = np.median(scores[row, there]) if there.any() else 0.0
    return np.asarray(filled)


class RankCorrelation:
    """Rank correlations of many score vectors with one target.

    Args:
        target: (V,) higher is better, not constant.
    """

    def __init__(self, target: DoubleArray) -> None:
        centred = scipy.stats.rankdata(target) - (len(target) + 1) / 2
        self.target = centred / (np.linalg.norm(centred) or 1.0)
        places = np.arange(len(target)) - (len(target) - 1) / 2
        self._places = places / (np.linalg.norm(places) or 1.0)

    def __call__(self, scores: DoubleArray) -> DoubleArray:
        """Return the SRCC of each row.

        Args:
            scores: (C, V), NaN where missing, which counts as the row's median.

        Returns:
            (C,) in [-1, 1]; 0 where all scores are the same.
        """
        values = np.round(with_median(scores), _DECIMALS)
        order = np.argsort(values, axis=1)
        # Without ties the k-th in order has rank k: no need to invert the order.
        found = self.target[order] @ self._places
        ordered = np.take_along_axis(values, order, axis=1)
        for row in np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1)):
            ranks = scipy.stats.rankdata(values[row]) - (values.shape[1] + 1) / 2
            found[row] = ranks @ self.target / (np.linalg.norm(ranks) or 1.0)
        return np.asarray(found)


def changed_correlations(held_out: HeldOut, correlate: RankCorrelation, rows: IntArray, sign: int) -> DoubleArray:
    """Return the rank correlation of the subset with each one of some anchors added or removed.

    Args:
        held_out: The subset.
        correlate: Correlates scores of its validation anchors.
        rows: (C,) ascending, of either side.
        sign: +1 when they come, -1 when they go.

    Returns:
        (C,) SRCC in [-1, 1], rounded so that equal candidates tie.
    """
    border = int(np.searchsorted(rows, held_out.anchors.n_good))
    values = np.empty(len(rows))
    for first, last in ((0, border), (border, len(rows))):
        for start in range(first, last, _BLOCK):
            part = slice(start, min(start + _BLOCK, last))
            values[part] = correlate(held_out.scores_with(rows[part], sign))
    return np.asarray(np.round(values, 12))


def check_least(**sizes: tuple[int, int]) -> None:
    """Raise an AggregationError unless every value is at least what stands beside it."""
    for name, (value, least) in sizes.items():
        if value < least:
            raise AggregationError(f"{name} {value} is too small", f"use at least {least}")


def _checked(anchors: AnchorTable, rows: IntArray) -> IntArray:
    rows = np.sort(np.asarray(rows, dtype=np.int64))
    if len(rows) and (rows[0] < 0 or rows[-1] >= len(anchors) or (rows[1:] == rows[:-1]).any()):
        raise DataError(f"rows repeat or are not in 0..{len(anchors) - 1}", "give each row of the anchors once")
    n_good = int(np.searchsorted(rows, anchors.n_good))
    if n_good in (0, len(rows)):
        raise DataError(f"the {len(rows)} chosen anchors are not of both sides", "choose some of each side")
    return rows
