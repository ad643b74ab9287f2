"""The leave-one-group-out rank correlation of a subset of the anchors, and of all its neighbours by rank-one updates.

    s_i = cos(x_i, S_good - P_good,g(i)) - cos(x_i, S_bad - P_bad,g(i))        estimate = SRCC(s, quality)

S is the sum of the raw embeddings chosen on a side and P_g the part of it that group g gave, so every anchor is scored
by the mean centroids (`methods.mean`) of the chosen anchors of *other* groups: never by itself, nor by another
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

from ..anchors import SIDES, AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, IntArray
from ..errors import DataError, MethodError, ValidationError, counted
from ..statistics.correlation import srcc
from .rank_correlation import RankCorrelation, with_median

_CHUNK = 4096
_CACHED = 256  # rows at a time where little is computed of each: they stay in the processor's cache
_TINY = 1e-12  # length of a sum that has cancelled out, as of centroids
_MOST_CACHED = 2048  # anchors whose products with each other are kept: 32 MB
_OWN = 1024  # anchors whose group is scored, at a time: few enough for a matrix of their groups
_BLOCK = 256  # candidates evaluated at a time: with V = 4096, 8 MB a temporary


@checked
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
    codes = anchors.group_codes
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


@checked
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
        MethodError: When all ratings are the same.
        ValidationError: When no anchor can be scored without its own group, or all scores are the same.
    """
    target = selection_target(anchors)
    scores = leave_group_out_scores(anchors, rows)
    if np.isnan(scores).all():
        raise ValidationError(
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
        MethodError: When all ratings are the same.
    """
    if anchors.quality is None or np.isnan(anchors.quality).any():
        return anchors.is_good.astype(np.float64)
    if np.ptp(anchors.quality) == 0:
        raise MethodError(
            f"all {counted(len(anchors), 'opinion score is', 'opinion scores are')} {anchors.quality[0]:.6g}, "
            f"so no subset orders them better",
            "check the score column, or use a selector that needs no ratings, such as kmeans",
        )
    return anchors.quality


def check_groups(anchors: AnchorTable) -> None:
    """Raise a MethodError unless the anchors are of two groups or more."""
    if anchors.groups is not None and (anchors.groups == anchors.groups[0]).all():
        raise MethodError(
            f"all {counted(len(anchors), 'anchor is', 'anchors are')} of one group, so none can be held out "
            f"from the others",
            "group by another column, or use a selector without validation, such as kmeans",
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
        codes = anchors.group_codes
        labels, self.group = np.unique(codes[validation], return_inverse=True)
        """(V,) number of the group of each validation anchor, from 0 to G - 1."""
        place = np.minimum(np.searchsorted(labels, codes), len(labels) - 1)
        self.group_of = np.where(labels[place] == codes, place, -1)
        """(N,) the same of every anchor; -1 for a group without validation anchors."""
        self.n_groups = len(labels)
        self._cached: tuple[DoubleArray, DoubleArray] | None = None
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
        self.is_chosen = np.zeros(len(self.anchors), dtype=np.bool_)
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
        self.is_chosen[rows] = sign > 0
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
            self.squares[side] = self.sums[side] @ self.sums[side]
            for start in range(0, len(active), _CACHED):
                some = active[start : start + _CACHED]
                rest = self.sums[side] - self.parts[side, some]
                self.squares[side, some] = np.einsum("gd,gd->g", rest, rest)
            own = np.flatnonzero(self.n_parts[side, self.group])
            for start in range(0, len(own), _CACHED):
                some = own[start : start + _CACHED]
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
        groups = self.group_of[candidates]
        active = np.flatnonzero(self.n_parts[side])
        with_sum, with_parts, with_validation, lengths = self._products(candidates, side, active)
        inner = np.repeat(with_sum[:, None], self.n_groups, axis=1)  # (C, G): <R_g, x_c>
        inner[:, active] -= with_parts
        squares = self.squares[side] + 2 * sign * inner + lengths[:, None]
        n_rest = np.repeat(self.n_rest[side][None] + sign, len(candidates), axis=0)
        # Its own group never sees the candidate, so nothing changes there.
        own = np.flatnonzero(groups >= 0)
        squares[own, groups[own]] = self.squares[side, groups[own]]
        n_rest[own, groups[own]] = self.n_rest[side, groups[own]]
        scores = sign * with_validation
        scores *= groups[:, None] != self.group
        scores += self.products[side]
        scores /= _lengths(squares, n_rest)[:, self.group]
        scores -= self.cosines[1 - side]
        return np.asarray(scores if side == 0 else -scores)

    def _products(
        self, candidates: IntArray, side: int, active: IntArray
    ) -> tuple[DoubleArray, DoubleArray, DoubleArray, DoubleArray]:
        """Return <x_c, S> (C,), <x_c, P_g> (C, n) of some groups, <x_c, u_i> (C, V) and |x_c|^2 (C,)."""
        if len(self.anchors) > _MOST_CACHED:
            raw = self.raw(candidates)
            with_sum, with_parts = raw @ self.sums[side], raw @ self.parts[side, active].T
            return with_sum, with_parts, raw @ self.directions.T, np.einsum("cd,cd->c", raw, raw)
        if self._cached is None:
            raw = self.raw(np.arange(len(self.anchors)))
            self._cached = raw @ raw.T, raw @ self.directions.T
        gram, with_validation = self._cached
        rows = np.arange(len(self.anchors))[self.anchors.side(SIDES[side])]
        chosen = rows[self.is_chosen[rows]]
        chosen = chosen[np.argsort(self.group_of[chosen], kind="stable")]
        inner = gram[np.ix_(candidates, chosen)]
        starts = np.searchsorted(self.group_of[chosen], active)
        with_parts = np.add.reduceat(inner, starts, axis=1) if len(active) else np.empty((len(candidates), 0))
        return inner.sum(axis=1), with_parts, with_validation[candidates], gram[candidates, candidates]

    def slopes(self, weights: DoubleArray, rows: IntArray) -> DoubleArray:
        """Differentiate a weighted sum of the cosines to one side by the weight of each of its anchors.

        Args:
            weights: (V,) of the cosines, 0 where there is no score.
            rows: (C,) of one side.

        Returns:
            (C,) float64: `<x_c, v - v_g(c)>`, v the sum of `v_g = sum_(i in g) w_i (u_i - cos_i R_g / |R_g|) / |R_g|`
            over all groups; products with v are float32.
        """
        side = int(rows[0] >= self.anchors.n_good)
        lengths = _lengths(self.squares[side], self.n_rest[side])
        scaled = np.where(weights == 0, 0.0, weights / lengths[self.group])
        turned = np.where(weights == 0, 0.0, scaled * self.cosines[side])
        along = np.bincount(self.group, turned) / np.where(np.isnan(lengths), 1.0, lengths)
        total = scaled @ self.directions - along.sum() * self.sums[side] + along @ self.parts[side]
        found = self._times(rows, total)
        # v_g of the few anchors whose group is scored, some groups at a time.
        own = np.flatnonzero(self.group_of[rows] >= 0)
        own = own[np.argsort(self.group_of[rows[own]], kind="stable")]
        by_group = np.argsort(self.group, kind="stable")
        starts = np.searchsorted(self.group[by_group], np.arange(self.n_groups + 1))
        for start in range(0, len(own), _OWN):
            some = own[start : start + _OWN]
            groups, place = np.unique(self.group_of[rows[some]], return_inverse=True)
            mine = by_group[starts[groups[0]] : starts[groups[-1] + 1]]
            ones = scipy.sparse.csr_array((scaled[mine], (self.group[mine] - groups[0], np.arange(len(mine)))))
            pull = (ones @ self.directions[mine])[groups - groups[0]]
            pull -= along[groups, None] * (self.sums[side] - self.parts[side, groups])
            found[some] -= np.einsum("cd,cd->c", self.raw(rows[some]), pull[place])
        return found

    def _times(self, rows: IntArray, vector: DoubleArray) -> DoubleArray:
        """Return <x, vector> of many rows, (n,)."""
        found = np.empty(len(rows))
        single = vector.astype(np.float32)
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            found[start : start + _CHUNK] = self.anchors.norms[part] * (self.anchors.directions[part] @ single)
        return found


def _lengths(squares: DoubleArray, n_rest: npt.NDArray[np.int64]) -> DoubleArray:
    """Return |R_g| of its square; NaN where nothing is left, or what is left cancels out."""
    there = (n_rest > 0) & (squares > _TINY * _TINY)
    return np.asarray(np.sqrt(np.where(there, squares, np.nan)))


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
    """Raise a MethodError unless every value is at least what stands beside it."""
    for name, (value, least) in sizes.items():
        if value < least:
            raise MethodError(f"{name} {value} is too small", f"use at least {least}")


def _checked(anchors: AnchorTable, rows: IntArray) -> IntArray:
    rows = np.sort(np.asarray(rows, dtype=np.int64))
    if len(rows) and (rows[0] < 0 or rows[-1] >= len(anchors) or (rows[1:] == rows[:-1]).any()):
        raise DataError(f"rows repeat or are not in 0..{len(anchors) - 1}", "give each row of the anchors once")
    n_good = int(np.searchsorted(rows, anchors.n_good))
    if n_good in (0, len(rows)):
        raise DataError(
            f"the {counted(len(rows), 'chosen anchor is', 'chosen anchors are')} not of both sides",
            "choose some of each side",
        )
    return rows
