"""The search that a GPU runs, here on the CPU, against the full sort in NumPy; and when it is chosen."""

import gc
import sys

import numpy as np
import pytest
import torch
from test_search import assert_same_neighbors

from quasar_index.arrays import unit
from quasar_index.index import gpu_search
from quasar_index.index.search import nearest, nearest_reference
from quasar_index.own_anchors import make_anchors

CPU = torch.device("cpu")


def make(n, dim, n_queries, *, seed=0):
    rng = np.random.default_rng(seed)
    anchors = make_anchors(rng.normal(0.5, 1, (n, dim)), is_good=np.arange(n) < max(1, n // 5))
    return anchors, unit(rng.normal(0.5, 1, (n_queries, dim)))


@pytest.fixture
def card(monkeypatch):
    """Let the CPU stand for a card with 8 GB free, on which every search is worth it."""
    monkeypatch.setattr(gpu_search, "_card", lambda: None if gpu_search._failures else CPU)
    monkeypatch.setattr(gpu_search, "_free_bytes", lambda card: 8 << 30)
    monkeypatch.setattr(gpu_search, "LEAST_WORK", 0)
    monkeypatch.setattr(gpu_search, "_failures", [])
    monkeypatch.setattr(gpu_search, "_resident", {})


@pytest.mark.parametrize("block_rows", [1, 3, 64, 10**6])
@pytest.mark.parametrize(("n", "dim", "k"), [(2, 1, 1), (60, 5, 8), (60, 5, 12), (333, 17, 66), (500, 64, 32)])
@pytest.mark.parametrize("side", [None, "good", "bad"])
def test_blocks_of_any_size_find_the_nearest(n, dim, k, block_rows, side):
    anchors, queries = make(n, dim, 9)
    rows = slice(0, n) if side is None else anchors.side(side)
    k = min(k, rows.stop - rows.start)
    found_rows, found = gpu_search.top_k(
        queries, anchors.directions, rows, k, device=CPU, block_bytes=4 * max(9, dim) * block_rows
    )
    assert (found_rows.dtype, found.dtype) == (np.int64, np.float32)
    expected = nearest_reference(anchors, queries, k, side=side)
    neighbors = type(expected)(found_rows + rows.start, found)
    assert_same_neighbors(neighbors, expected, queries @ anchors.directions.T)


@pytest.mark.parametrize("block_rows", [1, 7, 50])
@pytest.mark.parametrize("k", [1, 7, 10, 25, 50])
def test_ties_across_blocks(block_rows, k):
    rng = np.random.default_rng(0)
    anchors = make_anchors(np.repeat(rng.normal(size=(5, 8)), 10, axis=0), is_good=np.arange(50) % 2 == 0)
    queries = unit(rng.normal(size=(9, 8)))
    rows, found = gpu_search.top_k(
        queries, anchors.directions, slice(0, 50), k, device=CPU, block_bytes=4 * 9 * block_rows
    )
    expected = nearest_reference(anchors, queries, k)
    assert_same_neighbors(type(expected)(rows, found), expected, queries @ anchors.directions.T)


def test_more_queries_than_a_block(monkeypatch):
    monkeypatch.setattr(gpu_search, "_QUERIES", 4)
    anchors, queries = make(80, 6, 11)
    rows, found = gpu_search.top_k(queries, anchors.directions, slice(0, 80), 5, device=CPU)
    expected = nearest_reference(anchors, queries, 5)
    assert_same_neighbors(type(expected)(rows, found), expected, queries @ anchors.directions.T)
    none, _ = gpu_search.top_k(queries[:0], anchors.directions, slice(0, 80), 5, device=CPU)
    assert none.shape == (0, 5)


def test_float32_is_multiplied_in_full_and_the_setting_is_left_as_it_was():
    anchors, queries = make(30, 4, 2)
    torch.set_float32_matmul_precision("medium")
    try:
        gpu_search.top_k(queries, anchors.directions, slice(0, 30), 3, device=CPU)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


@pytest.mark.usefixtures("card")
def test_a_matrix_is_uploaded_once_and_freed_with_its_array(monkeypatch):
    anchors, queries = make(200, 8, 5)
    for side in ("good", "bad", None):
        found = nearest(anchors, queries, 7, side=side)
        expected = nearest_reference(anchors, queries, 7, side=side)
        assert_same_neighbors(found, expected, queries @ anchors.directions.T)
        monkeypatch.setattr(gpu_search, "_upload", pytest.fail)
    assert len(gpu_search._resident) == 1
    del anchors
    gc.collect()
    assert gpu_search._resident == {}


@pytest.mark.usefixtures("card")
def test_a_matrix_that_does_not_fit_is_streamed(monkeypatch):
    monkeypatch.setattr(gpu_search, "_free_bytes", lambda card: 1000)
    monkeypatch.setattr(gpu_search, "_upload", pytest.fail)
    anchors, queries = make(200, 8, 5)
    found = nearest(anchors, queries, 7, side="bad")
    expected = nearest_reference(anchors, queries, 7, side="bad")
    assert_same_neighbors(found, expected, queries @ anchors.directions.T)


@pytest.mark.usefixtures("card")
def test_a_card_that_fails_is_left_alone_with_one_warning(monkeypatch, caplog):
    def full(*args, **options):
        raise torch.OutOfMemoryError("out of memory\nmore lines")

    monkeypatch.setattr(gpu_search, "top_k", full)
    anchors, queries = make(200, 8, 5)
    for _ in range(3):
        found = nearest(anchors, queries, 7)
        assert_same_neighbors(found, nearest_reference(anchors, queries, 7), queries @ anchors.directions.T)
    assert [record.message for record in caplog.records] == [
        "the search on the GPU failed (out of memory): from here on the CPU searches"
    ]
    assert gpu_search._resident == {}


def test_it_is_chosen_only_where_torch_is_loaded_sees_a_card_and_may(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: asked.append(1) or False)
    monkeypatch.setattr(gpu_search, "_failures", [])
    assert gpu_search._card() is None
    assert len(asked) == 1
    monkeypatch.setenv("QUASAR_INDEX_SEARCH", "cpu")
    assert gpu_search._card() is None
    monkeypatch.delenv("QUASAR_INDEX_SEARCH")
    monkeypatch.delitem(sys.modules, "torch")
    assert gpu_search._card() is None
    assert len(asked) == 1


@pytest.mark.usefixtures("card")
def test_small_searches_stay_on_the_cpu(monkeypatch):
    anchors, queries = make(200, 8, 5)
    monkeypatch.setattr(gpu_search, "LEAST_WORK", 5 * 200 * 8 + 1)
    assert gpu_search.search_on_gpu(queries, anchors.directions, slice(0, 200), 3, keep=True) is None
    monkeypatch.setattr(gpu_search, "LEAST_WORK", 5 * 200 * 8)
    assert gpu_search.search_on_gpu(queries, anchors.directions, slice(0, 200), 3, keep=True) is not None
