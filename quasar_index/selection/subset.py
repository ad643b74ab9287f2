"""From a selector to a subset: how many of each side, in which strata, and the index that is made of it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np

from ..anchors import SIDES, AnchorTable
from ..arguments import checked
from ..arrays import IntArray
from ..errors import MethodError, counted
from ..index.anchor_index import AnchorIndex
from ..index.places import check_free, new_index_path
from ..index.records import Subset
from ..index.selecting import select_into
from ..methods.shrinkage import Shrinkage
from ..methods.space import DEFAULT_SPACE, SpaceName, fit_space
from ..paths import PathText
from ..threads import threads_for
from .base import OnProgress, Selector, rated
from .registry import selector_name


@dataclass(frozen=True)
class SelectReport:
    """What a selection made.

    Attributes:
        index: The new index.
        subset: How its anchors were selected, as its manifest has it.
    """

    index: AnchorIndex
    subset: Subset


@checked
def allocate(anchors: AnchorTable, *, size: int | None = None, fraction: float | None = None) -> tuple[int, int]:
    """Return how many anchors of each side a subset has: in proportion to the sides, one at least; of patches no bad.

    Args:
        anchors: N anchors.
        size: Number of both sides together, from 2 to N; give this or `fraction`.
        fraction: Part of each side, in (0, 1].

    Raises:
        MethodError: When neither or both are given, or one is out of range.
    """
    n = len(anchors)
    if (size is None) == (fraction is None):
        raise MethodError("the size of the subset is not clear", "give either a size or a fraction")
    if fraction is not None:
        if not 0 < fraction <= 1:
            raise MethodError(f"fraction {fraction:g} is not in (0, 1]", "use for example --fraction 0.3")
        n_good, n_bad = (max(min(1, n_side), round(fraction * n_side)) for n_side in (anchors.n_good, anchors.n_bad))
        return n_good, n_bad
    if size is None or not 2 <= size <= n:
        raise MethodError(
            f"{size} of {counted(n, 'anchor')} cannot be selected",
            f"use from 2 (one of each side) to {counted(n, 'anchor')}",
        )
    if not anchors.n_bad:
        return size, 0
    n_good = round(size * anchors.n_good / n)
    n_good = min(max(n_good, 1, size - anchors.n_bad), anchors.n_good, size - 1)
    return n_good, size - n_good


@checked
def select_anchors(
    anchors: AnchorTable,
    selector: Selector,
    *,
    size: int | None = None,
    fraction: float | None = None,
    stratify: int | None = None,
    on_progress: OnProgress | None = None,
) -> IntArray:
    """Choose a subset of anchors.

    Args:
        anchors: N anchors, in the space that the selector is to look at.
        selector: The selector.
        size: Number of anchors of both sides together; give this or `fraction`.
        fraction: Part of each side, in (0, 1].
        stratify: Number of quantile bins of the rating within each side; the selector is applied to each pair of bins
            (the most extreme of both sides, ..., the nearest to the division point) on its own, and of each bin come
            equally many, to within one. None for one bin, which is the whole side.
        on_progress: Called with (done, total) anchors.

    Returns:
        (n,) row numbers, ascending.

    Raises:
        MethodError: When the size is out of range, there are more bins than anchors to choose of a side, or the
            anchors lack what the selector needs.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.selection import Extremes
        >>> anchors = qi.make_anchors(np.eye(6), quality=range(6))
        >>> rows = qi.select_anchors(anchors, Extremes(), size=4)
        >>> anchors.quality[rows].tolist()
        [5.0, 4.0, 0.0, 1.0]
    """
    n_good, n_bad = allocate(anchors, size=size, fraction=fraction)
    if stratify is None:
        with threads_for(len(anchors), len(anchors), anchors.dim):
            return selector.select(anchors, n_good, n_bad, on_progress=on_progress)
    rated(anchors, "a stratified selection")
    if not 1 <= stratify <= min(n_good, n_bad):
        raise MethodError(
            f"{stratify} strata do not fit {n_good} good and {counted(n_bad, 'bad anchor')}",
            f"use from 1 to {min(n_good, n_bad)} strata, or select more anchors",
        )
    # A side is sorted by rating, so its quantile bins are blocks of rows.
    strata = [np.array_split(np.arange(len(anchors))[anchors.side(side)], stratify) for side in SIDES]
    # The first of both take the remainder, so no bin has to give more than it has.
    counts = [[len(part) for part in np.array_split(np.arange(n), stratify)] for n in (n_good, n_bad)]
    chosen, done = [], 0
    for number, (good, bad) in enumerate(zip(*strata, strict=True)):
        rows = np.r_[good, bad]
        wanted = (counts[0][number], counts[1][number])
        n = sum(wanted)

        def progress(now: int, total: int, before: int = done, n: int = n) -> None:
            if on_progress is not None:  # a selector may count what it drops
                on_progress(before + now * n // total, n_good + n_bad)

        part = _reseeded(selector, number, stratify).select(anchors.take(rows), *wanted, on_progress=progress)
        chosen.append(rows[part])
        done += n
    return np.sort(np.concatenate(chosen))


@checked
def select_subset(
    name: PathText,
    index: AnchorIndex,
    selector: Selector,
    *,
    size: int | None = None,
    fraction: float | None = None,
    stratify: int | None = None,
    space: SpaceName = DEFAULT_SPACE,
    shrinkage: Shrinkage | None = None,
    where: str | None = None,
    group: str | None = None,
    rating: str | None = None,
    reason: str = "",
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> SelectReport:
    """Choose a subset of an index's anchors and make an index of it (see `select_into`: sides stay as they are).

    Args:
        name: Name or path of the new index.
        index: The index, at the version that it has open.
        selector: The selector.
        size: Number of anchors; give this or `fraction`.
        fraction: Part of each side, in (0, 1].
        stratify: Number of quantile bins of the rating (see `select_anchors`).
        space: The space that the selector looks at, fitted to all anchors that are selected from.
        shrinkage: Of "whitened".
        where: An SQL filter: select from these anchors only.
        group: Column of contents that stay together in the selector's own validation; None for the index's
            `content_column`.
        rating: Opinion score that divides the anchors, where they have several; None for the first. The new index has
            all ratings, its first one stays the first.
        reason: Why, in a line, for the manifest.
        overwrite: Replace an index of that name.
        on_progress: Called with (done, total) anchors.

    Raises:
        MethodError: As `select_anchors` and `fit_space`.
        AnchorIndexError: When the new index exists and is not to be overwritten, the filter is wrong, or there is no
            such rating.
        DataError: When the filter leaves a side empty, or there is no such column.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.selection import KCenter
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> report = qi.select_subset("small", index, KCenter(), fraction=0.2)
        >>> len(report.index), report.subset.selector, report.subset.of_good
        (12, 'k-center', 30)
    """
    check_free(new_index_path(name), overwrite=overwrite)
    column = group or index.content_column()
    anchors = index.anchors(where=where, group=group, rating=rating)
    allocate(anchors, size=size, fraction=fraction)  # a wrong size is said before the space is fitted
    fitted = fit_space(anchors, space, shrinkage=shrinkage)
    rows = select_anchors(
        fitted.apply_to_anchors(anchors),
        selector,
        size=size,
        fraction=fraction,
        stratify=stratify,
        on_progress=on_progress,
    )
    n_good, before = int(np.searchsorted(rows, anchors.n_good)), index.manifest.subset
    subset = Subset(
        selector=selector_name(selector),
        parameters=parameters(selector),
        n_good=n_good,
        n_bad=len(rows) - n_good,
        of_good=anchors.n_good,
        of_bad=anchors.n_bad,
        index=index.name,
        uid=index.manifest.uid,
        version=index.manifest.version,
        space=str(fitted),
        stratify=stratify,
        where=where,
        group=column,
        reason=reason,
        rating=anchors.rating,
        earlier=() if before is None else (*before.earlier, before.selector),
    )
    ids = [key.decode() for key in anchors.ids[rows].tolist()]
    return SelectReport(select_into(name, index, ids, subset, overwrite=overwrite), subset)


def parameters(selector: Selector) -> dict[str, Any]:
    """Return the parameters of a selector by name."""
    return {one.name: getattr(selector, one.name) for one in fields(cast("Any", selector))}


def _reseeded(selector: Selector, number: int, n_strata: int) -> Selector:
    """Return the selector with a seed of its own for a stratum, so that the draws of two strata are not the same."""
    known = parameters(selector)
    if "seed" not in known:
        return selector
    changed: Selector = replace(cast("Any", selector), seed=known["seed"] * n_strata + number)
    return changed
