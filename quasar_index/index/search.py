"""Nearest anchors by cosine: exact, in batches, with FAISS, or on a GPU with torch where there is one.

Only anchors that carry an approximate search (`AnchorIndex.anchors`, where the user opted in) are searched by it. The
NumPy version is the reference for tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np

from ..anchors import SIDES, AnchorTable, Side
from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..forks import compute_alone
from ..parts import Parts, Vectors, all_products
from .gpu_search import search_on_gpu


@dataclass(frozen=True)
class Neighbors:
    """The nearest anchors of each query, nearest first.

    Attributes:
        rows: (M, k) row numbers in the anchor table.
        similarity: (M, k) float32 cosines in [-1, 1], descending.
    """

    rows: IntArray
    similarity: FloatArray


@checked
def nearest(
    anchors: AnchorTable, queries: FloatArray, top_k: int, *, side: Side | None = None, exact: bool = False
) -> Neighbors:
    """Find the nearest anchors of each query: exactly, unless the anchors carry an approximate search that fits them.

    Args:
        anchors: N anchors.
        queries: (M, D) float32 of length one.
        top_k: k; where a side (or all) has fewer anchors, all of them.
        side: Search one side only (before the search, so that k are found); None for both.
        exact: Search exactly in any case.

    Returns:
        min(k, available) neighbours a query, with their exact cosines.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> anchors = qi.make_anchors(np.eye(4), quality=[0, 1, 2, 3], ids=list("abcd"))
        >>> found = qi.index.nearest(anchors, np.array([[0.6, 0.8, 0, 0]], dtype=np.float32), top_k=2)
        >>> anchors.ids[found.rows].tolist(), found.similarity.astype(float).round(2).tolist()
        ([[b'b', b'a']], [[0.8, 0.6]])
    """
    if anchors.approximate is not None and not exact:
        found = anchors.approximate.nearest(anchors, queries, top_k, side)
        if found is not None:
            return Neighbors(*found)
    if (known := _KNOWN.get()) is not None and known.is_of(anchors, queries):
        return known.nearest(anchors, top_k, side)
    if (shared := _SHARED.get()) is not None:
        return shared.nearest(anchors, queries, top_k, side)
    return _nearest(anchors, queries, top_k, side)


def _nearest(anchors: AnchorTable, queries: FloatArray, top_k: int, side: Side | None) -> Neighbors:
    rows = slice(0, len(anchors)) if side is None else anchors.side(side)
    among = _search(queries, anchors.directions, rows, min(top_k, rows.stop - rows.start), keep=True)
    return Neighbors(rows=among.rows + rows.start, similarity=among.similarity)


@dataclass
class _SharedSearches:
    """The nearest anchors of either side that some queries have, at least `most` of them."""

    most: int
    found: dict[tuple[int, int, Side], Neighbors] = field(default_factory=dict)

    def nearest(self, anchors: AnchorTable, queries: FloatArray, top_k: int, side: Side | None) -> Neighbors:
        """Answer from what was found; those of both sides are the best of each side's."""
        if side is None:
            return best_of([self.nearest(anchors, queries, top_k, one) for one in SIDES], top_k)
        key = (id(anchors.directions), hash(queries.tobytes()), side)
        known = self.found.get(key)
        n_side = anchors.n_good if side == "good" else anchors.n_bad
        if known is None or known.rows.shape[1] < min(top_k, n_side):
            known = self.found[key] = _nearest(anchors, queries, max(top_k, self.most), side)
        return Neighbors(known.rows[:, :top_k], known.similarity[:, :top_k])


_SHARED: ContextVar[_SharedSearches | None] = ContextVar("shared searches", default=None)


@contextmanager
def shared_searches(top_k: int) -> Iterator[None]:
    """Let several methods score the same queries by one search of each side.

    Args:
        top_k: Neighbours that are looked for at once: the most that any of them asks for.
    """
    token = _SHARED.set(_SharedSearches(top_k))
    try:
        yield
    finally:
        _SHARED.reset(token)


@dataclass
class _KnownCosines:
    """The cosines of one query to all anchors."""

    directions: Vectors
    query: FloatArray
    cosines: FloatArray
    found: dict[Side | None, Neighbors] = field(default_factory=dict)

    def is_of(self, anchors: AnchorTable, queries: FloatArray) -> bool:
        """Tell whether these are what is asked for."""
        return anchors.directions is self.directions and len(queries) == 1 and np.array_equal(queries[0], self.query)

    def nearest(self, anchors: AnchorTable, top_k: int, side: Side | None) -> Neighbors:
        """Take the largest."""
        rows = slice(0, len(anchors)) if side is None else anchors.side(side)
        cosines = self.cosines[rows]
        k = min(top_k, len(cosines))
        known = self.found.get(side)
        if known is None or known.rows.shape[1] < k:
            most = min(max(k, _FIRST), len(cosines))
            near = np.argpartition(-cosines, most - 1)[:most]
            near = near[np.argsort(-cosines[near], kind="stable")]
            known = self.found[side] = Neighbors(rows=(near + rows.start)[None], similarity=cosines[near][None])
        return Neighbors(known.rows[:, :k], known.similarity[:, :k])


_FIRST = 1024
"""Of known cosines, the largest that are sorted at first: whoever asks for fewer takes the beginning."""
_KNOWN: ContextVar[_KnownCosines | None] = ContextVar("known cosines", default=None)


@contextmanager
def known_cosines(anchors: AnchorTable, query: FloatArray) -> Iterator[FloatArray]:
    """Compare one query with all anchors once; what searches them for it in here is answered from that.

    Args:
        anchors: N anchors.
        query: (D,) float32 of length one.

    Yields:
        (N,) float32 cosines.
    """
    found = _KnownCosines(anchors.directions, query, anchors.directions @ query)
    token = _KNOWN.set(found)
    try:
        yield found.cosines
    finally:
        _KNOWN.reset(token)


def cosines_to(anchors: AnchorTable, queries: FloatArray, rows: slice) -> FloatArray:
    """Return the (M, n) cosines of (M, D) queries to a run of rows."""
    if (known := _KNOWN.get()) is not None and known.is_of(anchors, queries):
        return known.cosines[None, rows]
    return all_products(queries, anchors.directions[rows])


def search(queries: FloatArray, directions: Vectors, k: int) -> Neighbors:
    """Find the nearest of some unit vectors, exactly: (M, D) queries among (N, D), k <= N of each."""
    return _search(queries, directions, slice(0, len(directions)), k, keep=False)


def _search(queries: FloatArray, matrix: Vectors, rows: slice, k: int, *, keep: bool) -> Neighbors:
    """Search a run of rows, which are numbered from 0 (see `search_on_gpu`); of parts each on its own."""
    if isinstance(matrix, Parts):
        found_in = []
        for array, run, own in matrix.within(rows):
            one = _search(queries, array, run, min(k, run.stop - run.start), keep=keep)
            found_in.append(Neighbors(own[one.rows] - (matrix.first + rows.start), one.similarity))
        return best_of(found_in, k)
    compute_alone()
    if (found := search_on_gpu(queries, matrix, rows, k, keep=keep)) is not None:
        return Neighbors(*found)
    import faiss

    with _batched(faiss, dim=matrix.shape[1], n_queries=len(queries)):
        similarity, near = faiss.knn(queries, matrix[rows], k, metric=faiss.METRIC_INNER_PRODUCT)
    return Neighbors(near, similarity)


def best_of(found: Sequence[Neighbors], k: int) -> Neighbors:
    """Return the k nearest of what several searches of other anchors found, each nearest first."""
    if len(found) == 1:
        return Neighbors(found[0].rows[:, :k], found[0].similarity[:, :k])
    rows = np.concatenate([one.rows for one in found], axis=1)
    similarity = np.concatenate([one.similarity for one in found], axis=1)
    best = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    return Neighbors(np.take_along_axis(rows, best, axis=1), np.take_along_axis(similarity, best, axis=1))


def nearest_reference(anchors: AnchorTable, queries: FloatArray, top_k: int, *, side: Side | None = None) -> Neighbors:
    """Do what `nearest` does by a full sort in NumPy: the reference for tests, slow."""
    rows = slice(0, len(anchors)) if side is None else anchors.side(side)
    similarity = all_products(queries, anchors.directions[rows])
    found = np.argsort(-similarity, axis=1, kind="stable")[:, :top_k]
    return Neighbors(rows=found + rows.start, similarity=np.take_along_axis(similarity, found, axis=1))


@contextmanager
def _batched(faiss: object, *, dim: int, n_queries: int) -> Iterator[None]:
    """Let FAISS answer batches of more than four queries by matrix multiplication.

    By default it does so only from n_queries * dim = 128,000 on, and is several times slower below.
    """
    settings = faiss.cvar  # type: ignore[attr-defined]
    before = settings.distance_compute_blas_threshold
    if n_queries > 4:
        settings.distance_compute_blas_threshold = 4 * dim
    try:
        yield
    finally:
        settings.distance_compute_blas_threshold = before
