"""Figures of searching, scoring, selecting and opening, on synthetic indexes."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from quasar_index.anchors import SIDES, AnchorTable
from quasar_index.arrays import FloatArray, unit
from quasar_index.errors import QuasarError, first_line
from quasar_index.index import AnchorIndex
from quasar_index.index.search import nearest, search
from quasar_index.index.store import open_table
from quasar_index.methods import Mean, Offset, Retrieval
from quasar_index.methods.scoring import Scorer
from quasar_index.selection import SELECTORS, select_anchors
from quasar_index.validation.approximation import approximate, search_exactly

from . import peers
from .options import BenchOptions
from .synthetic import embeddings, synthetic_index
from .timing import PeakMemory, in_turns, seconds, summary

QUERY_SEED = 987_654_321  # of no chunk of anchors
LOOP_QUERIES = 16
SELECTED = 1000
MOST_ANCHORS = {
    "forward": 1000, "influence": 30_000, "facility-location": 30_000, "kmedoids": 30_000, "mmr": 30_000,
    "density": 30_000, "outlier-trimmed": 30_000,
}  # fmt: skip
"""Selectors that take minutes with more anchors, and are measured up to so many."""


def adaptive(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure adaptive scoring against a bare exact search of both sides."""
    anchors, queries = _anchors(options, n), _queries(options)
    directions = unit(queries)
    scorer = Scorer(anchors, Retrieval(options.top_k, space="raw"))
    ours, bare = in_turns(
        lambda: scorer.score_embeddings(queries),
        lambda: peers.bare_search(anchors, directions, options.top_k),
        rounds=options.rounds,
    )
    return _ratio(ours, bare, "scoring_seconds", "search_seconds", n_queries=len(queries), top_k=options.top_k)


def adaptive_loop(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure a loop over images against adaptive scoring of all, a query of each."""
    anchors, queries = _anchors(options, n), _queries(options)
    some = unit(queries[:LOOP_QUERIES])
    scorer = Scorer(anchors, Retrieval(options.top_k, space="raw"))
    expected = scorer.score_embeddings(queries[: len(some)]).score
    difference = float(np.abs(peers.adaptive_loop(anchors, some, options.top_k) - expected).max())
    loop, ours = in_turns(
        lambda: peers.adaptive_loop(anchors, some, options.top_k),
        lambda: scorer.score_embeddings(queries),
        rounds=options.rounds,
    )
    each = ([t / len(some) for t in loop], [t / len(queries) for t in ours])
    return _ratio(*each, "loop_seconds_a_query", "scoring_seconds_a_query", largest_difference=difference)


def batch_64(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure FAISS's flat index with its defaults against our search, 64 queries at a time."""
    directions, queries = np.asarray(_anchors(options, n).directions), unit(_queries(options)[:64])
    index = peers.flat_index(directions)
    theirs, ours = in_turns(
        lambda: index.search(queries, options.top_k),
        lambda: search(queries, directions, options.top_k),
        rounds=options.rounds,
    )
    return _ratio(theirs, ours, "faiss_seconds", "our_seconds", n_queries=len(queries))


def approximate_search(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure exact search of both sides against the approximate one with a recall of 0.99."""
    index = synthetic_index(options.folder, n, dim=options.dim)
    queries = unit(_queries(options))
    try:
        opted = approximate(index, top_k=options.top_k, space="raw")
        anchors, record = opted.anchors(), opted.manifest.approximate
        exactly, ours = in_turns(
            lambda: [nearest(anchors, queries, options.top_k, side=side, exact=True) for side in SIDES],
            lambda: [nearest(anchors, queries, options.top_k, side=side) for side in SIDES],
            rounds=options.rounds,
        )
    finally:
        search_exactly(index)
    figures = {} if record is None else {"recall": record.recall, "single_query": record.speedup_single}
    return _ratio(exactly, ours, "exact_seconds", "approximate_seconds", n_queries=len(queries), **figures)


def lancedb(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure LanceDB's exact search of a list of queries against ours."""
    directions, queries = np.asarray(_anchors(options, n).directions), unit(_queries(options)[:16])
    index = synthetic_index(options.folder, n, dim=options.dim)
    table = open_table(index.path)

    def theirs() -> None:
        table.search(list(queries)).distance_type("cosine").select(["id", "_distance"]).limit(options.top_k).to_arrow()

    lance, ours = in_turns(theirs, lambda: search(queries, directions, options.top_k), rounds=options.rounds)
    return _ratio(lance, ours, "lancedb_seconds", "our_seconds", n_queries=len(queries))


def static(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure making the mean's centroids and scoring against reading the matrix once."""
    anchors, queries = _anchors(options, n), _queries(options)
    weights = np.ones(n, dtype=np.float32)
    ours, one_pass = in_turns(
        lambda: Scorer(anchors, Mean(space="raw")).score_embeddings(queries),
        lambda: weights @ anchors.directions,
        rounds=options.rounds,
    )
    gigabytes = anchors.directions.nbytes / 1e9 / float(np.median(one_pass))
    return _ratio(ours, one_pass, "scoring_seconds", "pass_seconds", gigabytes_a_second=gigabytes)


def offset(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure masking and averaging against the method offset, at five offsets."""
    anchors = _anchors(options, n)
    offsets = (0.1, 0.2, 0.3, 0.4, 0.5)
    for share in offsets:
        made = Offset(share, space="raw").aggregate(anchors)
        theirs = peers.mask_and_mean(anchors, share)
        if min(float(made.good[0, 0] @ theirs[0]), float(made.bad[0, 0] @ theirs[1])) < 0.9999:
            raise AssertionError("the two ways make other centroids")
    masked, ours = in_turns(
        lambda: [peers.mask_and_mean(anchors, share) for share in offsets],
        lambda: [Offset(share, space="raw").aggregate(anchors) for share in offsets],
        rounds=min(options.rounds, 3),
        warm=False,
    )
    each = ([t / len(offsets) for t in masked], [t / len(offsets) for t in ours])
    return _ratio(*each, "mask_seconds", "offset_seconds", offsets=list(offsets))


def select(options: BenchOptions, n: int) -> list[dict[str, Any]]:
    """Measure each selector against the products of the chosen anchors with all of their side."""
    anchors = _anchors(options, n)
    size = min(SELECTED, n // 4)
    half = size // 2

    def products() -> None:
        for side in (anchors.side("good"), anchors.side("bad")):
            chosen = np.asarray(anchors.directions[side][:half]).T
            for start in range(side.start, side.stop, 16384):
                anchors.directions[start : min(start + 16384, side.stop)] @ chosen

    found: list[dict[str, Any]] = []
    for name, selector in SELECTORS.items():
        if n > MOST_ANCHORS.get(name, n):
            continue
        try:
            took: list[float] = []
            with PeakMemory() as memory:
                took.append(seconds(lambda selector=selector: select_anchors(anchors, selector(), size=size)))  # type: ignore[misc]
        except QuasarError as error:  # a selector that needs what synthetic anchors lack
            found.append({"median": float("nan"), "low": float("nan"), "high": float("nan"), "rounds": 0,
                          "detail": {"selector": name, "error": first_line(error)}})  # fmt: skip
            continue
        limit = seconds(products)
        found.append(
            _ratio(took, [limit], "selection_seconds", "product_seconds", selector=name, n_selected=size,
                   memory_bytes=memory.n_bytes)
        )  # fmt: skip
    return found


def open_and_score(options: BenchOptions, n: int) -> dict[str, Any]:
    """Measure reading the anchors from Lance into a search index against opening its cache, with a first score each."""
    index = synthetic_index(options.folder, n, dim=options.dim)
    query = _queries(options)[:1]
    cache = index.path / "cache"

    def open_cached() -> None:
        Scorer(AnchorIndex.open(index.path), Retrieval(options.top_k, space="raw")).score_embeddings(query)

    def rebuild() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        open_cached()

    open_cached()
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(min(options.rounds, 3)):
        took[0].append(seconds(rebuild))
        _flush(cache)
        took[1].append(seconds(open_cached))
    return _ratio(*took, "rebuild_seconds", "open_seconds")


def _flush(folder: Path) -> None:
    """Have what was written go to disk, so that it does not compete with what is timed next."""
    import os

    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())


@lru_cache(maxsize=1)
def _load(folder: Path, n: int, dim: int) -> AnchorTable:
    anchors = synthetic_index(folder, n, dim=dim).anchors()
    anchors.directions.sum(dtype=np.float64)  # every page is in memory from here on
    return anchors


def _anchors(options: BenchOptions, n: int) -> AnchorTable:
    return _load(options.folder, n, options.dim)


def _queries(options: BenchOptions) -> FloatArray:
    return embeddings(options.n_queries, dim=options.dim, seed=QUERY_SEED)


def _ratio(above: list[float], below: list[float], one: str, other: str, **detail: Any) -> dict[str, Any]:
    values = summary([a / b for a, b in zip(above, below, strict=True)])
    return {**values, "detail": {one: float(np.median(above)), other: float(np.median(below)), **detail}}
