"""How much a covariance is shrunk before it whitens: lambda, by the ratings in closed form, or by an estimator.

**By the ratings.** The mean of whitened anchors with the weights |y - median| points where ridge regression of the
ratings points, so lambda is chosen as the penalty of that regression is: by leaving out one group of anchors (a
reference with its versions, the answers to a prompt; without groups one anchor) at a time, all from one decomposition.
With X = U diag(s) V^T the n unit embeddings less their mean, d their dimension, tau = sum(s^2) / (n d), t the ratings
less theirs, and for each lambda of a grid

    H = U diag(s^2 / (s^2 + n lambda tau)) U^T + 1 1^T / n,

    e_g = (I - H_gg)^-1 (t - H t)_g

are the errors of group g under the regression without it, exactly (penalty held fixed, with an intercept of its own);
the least sum of |e_g|^2 wins. (scikit-learn's `RidgeCV` leaves out single images in closed form, which other versions
of the image give away, and groups only by fitting anew.)

**Estimators.** lambda = a / (1 - a) for the shrinkage intensity a of Ledoit and Wolf (2004) or OAS (Chen et al. 2010),
which shrink C to (1 - a) C + a mean(w) I.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal, TypeAlias, cast

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, IntArray
from ..errors import MethodError, counted
from ..parts import one_array
from ..statistics.groups import drawn_groups
from .moments import Moments, fit_moments, moments_of

_log = logging.getLogger(__name__)

Shrinkage: TypeAlias = float | Literal["ledoit-wolf", "oas"]

UNRATED_SHRINKAGE = 10.0
"""lambda of anchors that know their sides only, whose ratings do not tell sides, or of ratings that cannot choose."""
GRID: tuple[float, ...] = tuple(float(10 ** (step / 4)) for step in range(-8, 13))
"""Values of lambda that ratings choose from: 0.01 to 1000, four a decade."""
MOST = 20_000
"""Most anchors that choose; of more, whole groups are drawn."""
_LEAST_RATED = 3
_LEAST_INTENSITY = 1e-9
_WITHIN = 1e-9
"""Sums of squared errors that differ by less than this part are equal: then the larger lambda wins."""


def resolved_shrinkage(shrinkage: Shrinkage | None, anchors: AnchorTable) -> float:
    """Return lambda > 0 for anchors.

    Args:
        shrinkage: A value, "ledoit-wolf" or "oas"; None for that of the ratings, 10 where they cannot choose.
        anchors: N anchors.

    Raises:
        MethodError: When a value is not positive or the estimator is unknown.
    """
    if shrinkage is None:
        chosen = rated_shrinkage(anchors)
        return UNRATED_SHRINKAGE if chosen is None else chosen
    if isinstance(shrinkage, str):
        return estimated_shrinkage(fit_moments(anchors), shrinkage)
    if not shrinkage > 0:
        raise MethodError(f"shrinkage {shrinkage} is not positive", "use for example --shrinkage 1")
    return float(shrinkage)


def estimated_shrinkage(moments: Moments, estimator: str) -> float:
    """Return the lambda of "ledoit-wolf" or "oas".

    Raises:
        MethodError: When there is no such estimator.
    """
    dim = len(moments.mean)
    trace, squares = float(moments.eigenvalues.sum()), float((moments.eigenvalues**2).sum())
    apart = squares - trace**2 / dim  # ||C - mean(w) I||^2
    if estimator == "ledoit-wolf":
        intensity = (moments.mean_fourth - squares) / moments.n / apart if apart > 0 else 1.0
    elif estimator == "oas":
        # As scikit-learn has it: without the paper's 2 / p, which vanishes for large p.
        intensity = (squares + trace**2) / (moments.n + 1) / apart if apart > 0 else 1.0
    else:
        raise MethodError(f"no shrinkage '{estimator}'", "use a number, ledoit-wolf or oas")
    intensity = min(max(intensity, _LEAST_INTENSITY), 1 - _LEAST_INTENSITY)  # lambda stays positive and finite
    return intensity / (1 - intensity)


@checked
def rated_shrinkage(anchors: AnchorTable) -> float | None:
    """Return the lambda that the ratings choose, by leaving out one group of anchors at a time.

    It is kept with the fits of the anchors. Anchors without a rating have no part in it; of more than 20,000 rated
    ones, whole groups are drawn (seeded).

    Args:
        anchors: N anchors; `groups` are left out together, others one by one.

    Returns:
        A value of `GRID`; None where sides do not follow the ratings (`AnchorTable.sides_follow_ratings`), there are
        fewer than three ratings, they are all the same, or the anchors are all alike.
    """
    if not anchors.sides_follow_ratings:
        return None
    what = f"shrinkage by ratings {anchors.group_digest}"
    chosen = float(anchors.once(what, lambda: {"shrinkage": _chosen(anchors)}, always=True)["shrinkage"])
    return None if np.isnan(chosen) else chosen


def _chosen(anchors: AnchorTable) -> float:
    """Choose; NaN where the ratings cannot."""
    quality = cast("DoubleArray", anchors.quality)
    rated: BoolArray = ~np.isnan(quality)
    if rated.sum() < _LEAST_RATED or np.ptp(quality[rated]) == 0:
        return np.nan
    used = rated if rated.sum() <= MOST else drawn_groups(anchors.group_codes, MOST, among=rated)
    if used.sum() > 2 * MOST:  # of two large groups: a part of each
        used = np.isin(np.arange(len(used)), np.random.default_rng(0).permutation(np.flatnonzero(used))[:MOST])
    is_whole = bool(used.all())
    # At most twice `MOST` rows: one array.
    directions = one_array(anchors.directions if is_whole else anchors.directions[used])
    own = fit_moments(anchors) if is_whole else moments_of(directions)
    if not own.level > 0:
        return np.nan
    quality = quality[used]
    groups = usable_groups(None if anchors.groups is None else anchors.groups[used])
    # s^2 = n w; what is rounding in U weighs nothing in H.
    basis = (directions - own.mean) @ (own.eigenvectors / np.sqrt(own.n * np.maximum(own.eigenvalues, _tiny(own))))
    filters = [own.eigenvalues / (own.eigenvalues + value * own.level) for value in GRID]
    errors = left_out_errors(basis, filters, quality - quality.mean(), groups)
    sums = np.array([error @ error for error in errors])
    chosen = GRID[int(np.flatnonzero(sums <= sums.min() * (1 + _WITHIN))[-1])]
    _log.info(
        "shrinkage %.3g by the ratings of %s, leaving out %s",
        chosen,
        counted(len(quality), "anchor"),
        "one at a time" if groups is None else counted(len(np.unique(groups)), "group") + " in turn",
    )
    if not rated.all():
        _log.warning(
            "%s no rating: the others choose the shrinkage",
            counted(int((~rated).sum()), "anchor has", "anchors have"),
        )
    return chosen


def _tiny(moments: Moments) -> float:
    return float(moments.eigenvalues.max()) * 1e-12


def usable_groups(groups: IntArray | None) -> IntArray | None:
    """Return the (N,) groups to leave out; None for single anchors, also where all are of one group."""
    if groups is None or (groups == groups[0]).all():
        return None
    return groups


def left_out_errors(
    basis: DoubleArray, filters: Sequence[DoubleArray], target: DoubleArray, groups: IntArray | None
) -> DoubleArray:
    """Return the error of every anchor under regressions fitted without its group, each penalty held fixed.

    Args:
        basis: (N, R) left singular vectors of the anchors less their mean, U.
        filters: P times (R,) s^2 / (s^2 + penalty), in [0, 1).
        target: (N,) ratings less their mean, t.
        groups: (N,) codes; None, or all the same, where each anchor is left out alone.

    Returns:
        (P, N) rating minus what the regression without the group of the anchor (which has an intercept of its own)
        says.
    """
    n, shares = len(target), np.asarray(filters)
    errors: DoubleArray = target - (shares * (basis.T @ target)) @ basis.T
    codes = usable_groups(groups)
    sizes = np.ones(n, dtype=np.int64) if codes is None else np.bincount(codes)[codes]
    alone = np.flatnonzero(sizes == 1)
    leverage = shares @ (basis[alone] ** 2).T + 1.0 / n
    errors[:, alone] /= 1.0 - leverage
    if codes is None or len(alone) == n:
        return errors
    order = np.flatnonzero(sizes > 1)
    order = order[np.lexsort((codes[order], sizes[order]))]  # groups of one size are solved together
    for same in np.split(order, np.flatnonzero(np.diff(sizes[order])) + 1):
        size = int(sizes[same[0]])
        at_once = max(1, _VALUES // (size * max(size, basis.shape[1])))
        for rows in np.split(same.reshape(-1, size), range(at_once, len(same) // size, at_once)):
            part = basis[rows]
            for row, share in enumerate(shares):
                errors[row][rows] = _solved(part, share, errors[row][rows], n)
    return errors


def _solved(part: DoubleArray, share: DoubleArray, residuals: DoubleArray, n: int) -> DoubleArray:
    """Return (I - H_gg)^-1 r_g of G groups of one size k: part (G, k, R), residuals (G, k)."""
    size, rank = part.shape[1:]
    if size <= rank:
        hat = (part * share) @ part.transpose(0, 2, 1) + 1.0 / n
        return np.asarray(np.linalg.solve(np.eye(size) - hat, residuals[..., None])[..., 0])
    # H_gg = W W^T with R + 1 columns: the smaller product is inverted.
    wide = np.concatenate([part * np.sqrt(share), np.full((*part.shape[:2], 1), n**-0.5)], axis=2)
    across = wide.transpose(0, 2, 1)
    inner = np.linalg.solve(np.eye(rank + 1) - across @ wide, across @ residuals[..., None])
    return np.asarray(residuals + (wide @ inner)[..., 0])


_VALUES = 1 << 24
"""Numbers of a stack of groups that are solved at once."""
