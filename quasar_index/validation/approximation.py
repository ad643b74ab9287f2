"""Opting in to approximate search: inverted lists a side, tuned and measured against exact search on the anchors.

    recall@k = mean over queries of |found k and nearest k| / k, of each side

Queries are anchors. Neither they nor others of their content (versions of a reference image) count
as their neighbours: a new image has none of these in the index, and near copies are the easiest to find. One half of
the queries chooses how many lists are looked into (the fewest that reach the recall, for each number of re-ranked
candidates; then the fastest); the other half, which chose nothing, gives what the manifest records: recall, times, and
the rank correlation of retrieval scores (k a side, equal weights) with the exact ones. Images unlike all anchors may
find less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..anchors import SIDES, AnchorTable, Side
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray, unit
from ..errors import AnchorIndexError, counted
from ..fits import Fits
from ..index import AnchorIndex
from ..index.change import changing
from ..index.manifest import cache_base
from ..index.records import Approximation
from ..index.search import search
from ..index.side_lists import SideLists
from ..methods.shrinkage import Shrinkage
from ..methods.space import DEFAULT_SPACE, SpaceName, fit_space
from ..methods.whole_side import weighted_sums
from ..parts import Vectors
from ..statistics.correlation import srcc

_Result = TypeVar("_Result")
_RANKED = (2, 4, 8, 16, 32)
"""Candidates whose exact cosines are computed, for each of the k neighbours."""
_ALL_TRIED = 8
"""More candidates than these are tried only where fewer do not reach the recall."""
_LEAST_RANKED = 64
_LEAST_QUERIES = 20
_MARGIN = 0.002
"""Recall that the queries which choose must have to spare, so that others reach it, too."""
_ROUNDS = 3


@checked
def approximate(
    index: AnchorIndex,
    *,
    recall: float = 0.99,
    top_k: int = 256,
    space: SpaceName = DEFAULT_SPACE,
    shrinkage: Shrinkage | None = None,
    rating: str | None = None,
    n_queries: int = 512,
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> AnchorIndex:
    """Let an index be searched approximately from now on, in one space, until its anchors change.

    Args:
        index: The index, at its current version.
        recall: Share of the k nearest anchors of a side that is to be found, in (0, 1).
        top_k: k; larger ones are searched exactly.
        space: The space of its cosines; in others, anchors are searched exactly.
        shrinkage: Of "whitened".
        rating: The opinion score that divides the anchors, where they have several; by others they are searched
            exactly. None for the first.
        n_queries: Queries to choose and to measure with, half of them each; at least 20.
        seed: Of the queries.
        on_step: Called with (done, total) steps.

    Returns:
        The index as it is now; `index.manifest.approximate` says what was measured.

    Raises:
        AnchorIndexError: When the recall cannot be reached, another process changes the index, or nothing can be kept.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> faster = qi.approximate(index, top_k=20, recall=0.9, n_queries=40)
        >>> found = faster.manifest.approximate
        >>> found.top_k, found.recall >= 0.9
        (20, True)
    """
    if not 0 < recall < 1:
        raise AnchorIndexError(f"recall {recall} is not between 0 and 1", "use for example 0.95; exact search has 1")
    steps = iter(range(1, 7))

    def step() -> None:
        if on_step is not None:
            on_step(next(steps), 6)

    with changing(index) as change:
        now = AnchorIndex(index.path, change.manifest)
        plain = replace(now.anchors(rating=rating), approximate=None)
        if now.manifest.patch_size is not None:
            raise AnchorIndexError(
                f"index '{now.name}' holds patches of pristine images, which no method searches",
                "approximate an index of rated images",
            )
        smallest = min(plain.n_good, plain.n_bad)
        if not 1 <= top_k < smallest:
            raise AnchorIndexError(
                f"{counted(top_k, 'neighbour is', 'neighbours are')} not from 1 to fewer than a side of "
                f"{smallest} anchors",
                "change --top-k",
            )
        fitted = fit_space(plain, space, shrinkage=shrinkage)
        anchors = fitted.apply_to_anchors(plain)
        step()
        drawn = _draw(anchors, n_queries, seed)
        sides = []
        for side in SIDES:
            sides.append(_Side.divide(anchors, side, drawn, top_k))
            step()
        n_ranked, n_probe = _fastest(sides, recall)
        step()
        record = _measure(sides, n_ranked, n_probe)
        step()
        kept = [anchors.fits is not None and one.lists.save(anchors.fits, one.side) for one in sides]
        if anchors.fits is None or not all(kept):
            raise AnchorIndexError(f"the lists of '{index.place}' cannot be kept", "make room, check its permissions")
        record = replace(record, space=str(fitted), of=anchors.fits.of, rating=plain.rating)
        manifest = replace(change.manifest, approximate=record)
        manifest.write(index.path)
        step()
    return AnchorIndex(index.path, manifest)


@checked
def search_exactly(index: AnchorIndex) -> AnchorIndex:
    """End the approximate search of an index, and remove its lists; without one, nothing happens.

    Returns:
        The index as it is now.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> faster = qi.approximate(index, top_k=8, recall=0.9, n_queries=40)
        >>> faster.manifest.approximate is None, qi.search_exactly(faster).manifest.approximate is None
        (False, True)
    """
    with changing(index) as change:
        record = change.manifest.approximate
        manifest = replace(change.manifest, approximate=None)
        if record is not None:
            manifest.write(index.path)
            for side in SIDES:
                SideLists.drop(Fits(cache_base(index.path, manifest), record.of), side, len(manifest.shards))
    return AnchorIndex(index.path, manifest)


@dataclass(frozen=True)
class _Sample:
    """Queries, and their nearest anchors of one side.

    Attributes:
        queries: (m, D).
        groups: (m,) the code of each one's content.
        nearest: (m, k) rows on this side, of other contents.
        seconds: Time of the exact search.
    """

    queries: FloatArray
    groups: IntArray
    nearest: IntArray
    seconds: float


@dataclass(frozen=True)
class _Side:
    """A side in lists, with the queries that choose and those that measure."""

    side: Side
    vectors: Vectors
    norms: FloatArray
    groups: IntArray
    lists: SideLists
    choosing: _Sample
    measuring: _Sample
    top_k: int
    n_own: int
    """Most anchors of a query's own content here, so that k others are among the nearest k + n_own."""

    @classmethod
    def divide(cls, anchors: AnchorTable, side: Side, drawn: IntArray, top_k: int) -> _Side:
        """Search a side exactly for the queries (rows of all anchors), and divide it into lists."""
        rows = anchors.side(side)
        vectors, groups = anchors.directions[rows], anchors.group_codes[rows]
        n_own = int(np.bincount(groups, minlength=int(anchors.group_codes.max()) + 1)[anchors.group_codes[drawn]].max())
        if top_k + n_own > len(vectors):
            raise AnchorIndexError(
                f"{counted(top_k, 'neighbour is', 'neighbours are')} more than the {side} anchors of other contents",
                "change --top-k",
            )
        samples = []
        for some in (drawn[: len(drawn) // 2], drawn[len(drawn) // 2 :]):
            queries, own = anchors.directions[some], anchors.group_codes[some]
            _, seconds = _timed(lambda queries=queries: search(queries, vectors, top_k))  # type: ignore[misc]
            nearest = search(queries, vectors, top_k + n_own).rows
            samples.append(_Sample(queries, own, _others(nearest, groups[nearest] == own[:, None], top_k), seconds))
        lists = SideLists.train(vectors)
        return cls(side, vectors, anchors.norms[rows], groups, lists, samples[0], samples[1], top_k, n_own)

    def search(self, queries: FloatArray, n_probe: int, n_ranked: int) -> IntArray:
        """Return (m, k) rows."""
        return self.lists.search(queries, self.vectors, self.top_k, n_probe=n_probe, n_ranked=n_ranked).rows

    def found(self, sample: _Sample, n_probe: int, n_ranked: int, *, lists_alone: bool = False) -> IntArray:
        """Return (m, k) rows of other contents; `lists_alone` leaves out what falls back to exact search."""
        look = self.lists.find if lists_alone else self.lists.search
        k = self.top_k + self.n_own
        rows = look(sample.queries, self.vectors, k, n_probe=n_probe, n_ranked=max(n_ranked, k)).rows
        is_own = (rows >= 0) & (self.groups[rows] == sample.groups[:, None])
        # What was not found gets numbers of its own, for `_recall`.
        return _others(np.where(rows < 0, -1 - np.arange(k), rows), is_own, self.top_k)

    def cosines(self, rows: IntArray) -> DoubleArray:
        """Return the cosines of the queries that measure to the mean of some anchors each, (m, k)."""
        centroids = unit(weighted_sums(self.vectors, rows, self.norms[rows].astype(np.float64)))
        return np.asarray(np.einsum("md,md->m", self.measuring.queries, centroids, dtype=np.float64))

    def fewest_lists(self, recall: float, n_ranked: int) -> int | None:
        """Return the least n_probe that reaches a recall, an eighth more at most; None where none does."""
        low, high = 0, self.lists.n_lists

        def reaches(n_probe: int) -> bool:
            found = self.found(self.choosing, n_probe, n_ranked, lists_alone=True)
            return bool(_recall(found, self.choosing.nearest).mean() >= recall)

        if not reaches(high):
            return None
        while high - low > max(1, low // 8):
            middle = (low + high) // 2 if low else max(1, high // 4)  # small ones are likelier, and fast to try
            if reaches(middle):
                high = middle
            else:
                low = middle
        return high

    def times(self, n_probe: int, n_ranked: int) -> tuple[float, float, float, float]:
        """Time the queries that measure: all of them exactly and by lists, then one alone, likewise (medians)."""
        queries = self.measuring.queries
        ones = [queries[row : row + 1] for row in range(min(_ROUNDS, len(queries)))]

        def median(run: Callable[[FloatArray], object], each: list[FloatArray]) -> float:
            return float(np.median([_timed(lambda some=some: run(some))[1] for some in each]))  # type: ignore[misc]

        def by_lists(some: FloatArray) -> IntArray:
            return self.search(some, n_probe, n_ranked)

        def exactly(some: FloatArray) -> IntArray:
            return search(some, self.vectors, self.top_k).rows

        batch = median(by_lists, [queries] * _ROUNDS)
        return self.measuring.seconds, batch, median(exactly, ones), median(by_lists, ones)


def _draw(anchors: AnchorTable, n_queries: int, seed: int) -> IntArray:
    """Draw the rows of the queries; those of one content come one after the other, so that they stay in one half."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(anchors), min(max(n_queries, _LEAST_QUERIES), len(anchors)), replace=False)
    if anchors.groups is None:
        return np.asarray(drawn)
    place = rng.permutation(int(anchors.groups.max()) + 1)
    return np.asarray(drawn[np.argsort(place[anchors.groups[drawn]], kind="stable")])


def _others(rows: IntArray, is_own: BoolArray, k: int) -> IntArray:
    """Return the first k of (m, n) rows that are not of the query's own content."""
    order = np.argsort(is_own, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, axis=1)


def _recall(found: IntArray, nearest: IntArray) -> DoubleArray:
    """Return the share of (m, k) nearest rows that were found, of each query."""
    shared = [np.intersect1d(*pair, assume_unique=True).size for pair in zip(found, nearest, strict=True)]
    return np.asarray(np.array(shared) / nearest.shape[1])


def _timed(run: Callable[[], _Result]) -> tuple[_Result, float]:
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start


def _fastest(sides: list[_Side], recall: float) -> tuple[int, tuple[int, ...]]:
    """Choose n_ranked, and n_probe of each side."""
    top_k = sides[0].top_k
    found: list[tuple[float, int, tuple[int, ...]]] = []
    for factor in _RANKED:
        if found and factor > _ALL_TRIED:
            break
        n_ranked = max(factor * top_k, _LEAST_RANKED)
        probes = [side.fewest_lists(min(recall + _MARGIN, 1.0), n_ranked) for side in sides]
        n_probe = tuple(n for n in probes if n is not None)
        if len(n_probe) == len(sides):
            took = sum(
                _timed(lambda: side.search(side.choosing.queries, n, n_ranked))[1]  # noqa: B023 - called at once
                for side, n in zip(sides, n_probe, strict=True)
            )
            found.append((took, n_ranked, n_probe))
    if not found:
        n_ranked = max(_RANKED[-1] * top_k, _LEAST_RANKED)
        best = min(
            _recall(
                side.found(side.choosing, side.lists.n_lists, n_ranked, lists_alone=True), side.choosing.nearest
            ).mean()
            for side in sides
        )
        raise AnchorIndexError(
            f"the {counted(top_k, 'nearest anchor is', 'nearest anchors are')} found with a recall of "
            f"{best:.3f} at most, not {recall}",
            "lower --recall, or stay with exact search",
        )
    _, n_ranked, n_probe = min(found)
    return n_ranked, n_probe


def _measure(sides: list[_Side], n_ranked: int, n_probe: tuple[int, ...]) -> Approximation:
    """Measure recall and time with the queries that chose nothing; the space is left to the caller."""
    found = [side.found(side.measuring, n, n_ranked) for side, n in zip(sides, n_probe, strict=True)]
    recalls = [_recall(rows, side.measuring.nearest) for side, rows in zip(sides, found, strict=True)]
    ours = [side.cosines(rows) for side, rows in zip(sides, found, strict=True)]
    exact = [side.cosines(side.measuring.nearest) for side in sides]
    times = np.sum([side.times(n, n_ranked) for side, n in zip(sides, n_probe, strict=True)], axis=0)
    return Approximation(
        space="",
        of="",
        factory=" and ".join(side.lists.factory for side in sides),
        n_lists=(sides[0].lists.n_lists, sides[1].lists.n_lists),
        n_probe=(n_probe[0], n_probe[1]),
        n_ranked=n_ranked,
        top_k=sides[0].top_k,
        n_queries=len(sides[0].measuring.queries),
        recall=float(np.mean(recalls)),
        recall_low=float(np.quantile(recalls, 0.05)),
        score_srcc=srcc(ours[0] - ours[1], exact[0] - exact[1]),
        speedup=float(times[0] / times[1]),
        speedup_single=float(times[2] / times[3]),
    )
