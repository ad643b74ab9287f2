"""How time and memory of adaptive scoring grow with the anchors N, the queries M and the neighbours k."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..anchors import AnchorTable
from ..methods import Retrieval
from ..methods.scoring import Scorer
from .search_figures import QUERY_SEED
from .synthetic import embeddings, synthetic_index
from .timing import PeakMemory, seconds

if TYPE_CHECKING:
    from .figures import BenchOptions

STEPS = 5


def measure(options: BenchOptions) -> list[dict[str, Any]]:
    """Vary N, M and k, one at a time, in steps of a factor of two up to the values of the options.

    Returns:
        Points with the keys `varied` ("N", "M" or "k"), `N`, `M`, `k`, `seconds` (median of three) and `bytes`
        (the process's own memory gained meanwhile; 0 where the system does not tell).
    """
    n = max(options.anchors)
    anchors = synthetic_index(options.path, n, dim=options.dim).anchors()
    queries = embeddings(options.n_queries, dim=options.dim, seed=QUERY_SEED)
    points: list[dict[str, Any]] = []
    for varied, size, m, k in _grid(n, options.n_queries, options.top_k):
        scorer = Scorer(_part(anchors, size), Retrieval(k), space="raw")
        some = queries[:m]
        scorer.score_embeddings(some[:1])
        with PeakMemory() as memory:
            times = [seconds(lambda: scorer.score_embeddings(some))]  # noqa: B023 - called at once
        times += [seconds(lambda: scorer.score_embeddings(some)) for _ in range(2)]  # noqa: B023
        points.append(
            {"varied": varied, "N": size, "M": m, "k": k, "seconds": float(np.median(times)), "bytes": memory.n_bytes}
        )
    return points


def _grid(n: int, m: int, k: int) -> Iterator[tuple[str, int, int, int]]:
    for step in reversed(range(STEPS)):
        if (size := n >> step & ~1) // 2 >= k:
            yield "N", size, m, k
    for step in reversed(range(STEPS)):
        if m >> step:
            yield "M", n, m >> step, k
    for step in reversed(range(STEPS)):
        if k >> step:
            yield "k", n, m, k >> step


def _part(anchors: AnchorTable, size: int) -> AnchorTable:
    """Return the middle of the table, half of it good: a view, nothing is copied."""
    if size == len(anchors):
        return anchors
    start = anchors.n_good - size // 2
    rows = slice(start, start + size)
    quality = None if anchors.quality is None else anchors.quality[rows]
    return AnchorTable(anchors.ids[rows], anchors.directions[rows], anchors.norms[rows], quality, size // 2)
