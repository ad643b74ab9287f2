"""FAISS against the full sort in NumPy."""

import faiss
import numpy as np
import pytest

from quasar_index.arrays import unit
from quasar_index.index.search import nearest, nearest_reference
from quasar_index.own_anchors import make_anchors


def assert_same_neighbors(found, expected, all_similarities):
    """Compare neighbours; where rows differ, their similarities must tie."""
    assert found.rows.shape == expected.rows.shape
    np.testing.assert_allclose(found.similarity, expected.similarity, atol=2e-6)
    # What was returned is what those rows are worth, and no row comes twice.
    np.testing.assert_allclose(np.take_along_axis(all_similarities, found.rows, axis=1), found.similarity, atol=2e-6)
    assert all(len(set(rows)) == len(rows) for rows in found.rows.tolist())
    assert (np.diff(found.similarity, axis=1) <= 2e-6).all()


@pytest.mark.parametrize("n_queries", [1, 3, 5, 64])  # FAISS changes its method above four queries
@pytest.mark.parametrize(
    ("n", "dim", "top_k"), [(2, 1, 1), (30, 5, 8), (30, 5, 1000), (333, 17, 1), (1500, 64, 32), (700, 300, 150)]
)
@pytest.mark.parametrize("side", [None, "good", "bad"])
def test_nearest_is_exact(n, dim, top_k, n_queries, side):
    rng = np.random.default_rng(n * dim + n_queries)
    # Off-centre like real embeddings, so that cosines are close together; a fifth of them good.
    anchors = make_anchors(rng.normal(0.5, 1, (n, dim)), is_good=np.arange(n) < max(1, n // 5))
    queries = unit(rng.normal(0.5, 1, (n_queries, dim)))
    found = nearest(anchors, queries, top_k, side=side)
    available = {"good": anchors.n_good, "bad": anchors.n_bad, None: n}[side]
    assert found.rows.shape == (n_queries, min(top_k, available))
    assert found.rows.dtype == np.int64
    if side is not None:
        assert (anchors.is_good[found.rows] == (side == "good")).all()
    similarities = queries @ anchors.directions.T
    assert_same_neighbors(found, nearest_reference(anchors, queries, top_k, side=side), similarities)


def test_ties():
    rng = np.random.default_rng(0)
    few = rng.normal(size=(5, 8))
    anchors = make_anchors(np.repeat(few, 10, axis=0), is_good=np.arange(50) % 2 == 0)
    queries = unit(rng.normal(size=(9, 8)))
    for top_k in (1, 7, 10, 25, 50):
        assert_same_neighbors(
            nearest(anchors, queries, top_k), nearest_reference(anchors, queries, top_k), queries @ anchors.directions.T
        )


def test_an_anchor_is_its_own_nearest():
    rng = np.random.default_rng(0)
    anchors = make_anchors(rng.normal(size=(200, 16)), is_good=np.arange(200) < 100)
    found = nearest(anchors, anchors.directions, 1)
    np.testing.assert_array_equal(found.rows[:, 0], np.arange(200))
    np.testing.assert_allclose(found.similarity, 1, atol=1e-6)


def test_faiss_settings_are_left_as_they_were():
    anchors = make_anchors(np.random.default_rng(0).normal(size=(20, 4)), is_good=np.arange(20) < 10)
    before = faiss.cvar.distance_compute_blas_threshold
    nearest(anchors, anchors.directions, 3)
    assert faiss.cvar.distance_compute_blas_threshold == before
