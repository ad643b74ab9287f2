"""Several methods over the same anchors: the same scores as one by one, by fewer searches."""

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.index import search
from quasar_index.index.search import nearest, nearest_reference, shared_searches
from quasar_index.methods.together import fit_together, score_together
from quasar_index.statistics.bootstrap import bootstrap, bootstrap_columns

RNG = np.random.default_rng(5)
X = RNG.normal(size=(300, 12)).astype(np.float32)
QUERIES = RNG.normal(size=(1500, 12)).astype(np.float32)  # more than one block
METHODS = qi.read_methods(
    [
        "mean/retrieval:space=raw/whitened",
        "retrieval:top_k=3,space=raw",
        "retrieval:top_k=3",
        "knn:top_k=9,space=raw",
        "knn:top_k=9",
        "retrieval:top_k=40,mode=joint,space=raw",
        "retrieval:top_k=6,mode=joint,division=local,space=raw",
        "retrieval:top_k=200,blend=0.5,space=raw",
        "offset:space=raw",
    ]
)


@pytest.fixture(scope="module")
def anchors():
    return qi.make_anchors(X, quality=X[:, 0] + 0.3 * RNG.normal(size=300))


def test_scores_are_those_of_each_method_alone(anchors):
    steps = []
    fitted = fit_together(METHODS, anchors)
    scored = score_together(fitted, QUERIES, on_progress=lambda done, total: steps.append((done, total)))
    for method, scores in zip(METHODS, scored, strict=True):
        assert np.allclose(scores, method.fit(anchors).score(QUERIES).score, atol=1e-6, rtol=0), str(method)
    assert steps == [(1024, 1500), (1500, 1500)]


def test_anchors_are_mapped_once_a_space_and_searched_once_a_side(anchors, monkeypatch):
    calls = []
    search_really = search._nearest
    monkeypatch.setattr(search, "_nearest", lambda *a: calls.append(a[3]) or search_really(*a))
    fitted = fit_together(METHODS, anchors)
    assert len({id(one.table) for one in fitted}) == 2
    score_together(fitted, QUERIES[:100])
    assert sorted(calls) == ["bad"] * 2 + ["good"] * 2  # raw and whitened


def test_what_cannot_be_fitted_is_named_and_the_others_go_on(anchors):
    fitted = fit_together([qi.Clustering(1000), qi.Mean()], anchors)
    assert isinstance(fitted[0], qi.MethodError)
    assert isinstance(fitted[1], qi.methods.FittedMethod)


@pytest.mark.parametrize("side", ["good", "bad", None])
def test_shared_searches_find_what_searches_find(anchors, side):
    queries = QUERIES[:50] / np.linalg.norm(QUERIES[:50], axis=1, keepdims=True)
    with shared_searches(8):
        for top_k in (5, 1, 20, 400, 8):
            expected = nearest_reference(anchors, queries, top_k, side=side)
            found = nearest(anchors, queries, top_k, side=side)
            assert np.array_equal(found.rows, expected.rows)
            assert np.allclose(found.similarity, expected.similarity, atol=1e-6)
        other = nearest(anchors, queries[::-1].copy(), 5, side=side)  # other queries are searched for anew
        assert np.array_equal(other.rows[::-1], nearest(anchors, queries, 5, side=side).rows)


def test_intervals_of_several_scores_are_those_of_each():
    quality = QUERIES[:200, 0].astype(float)
    columns = [
        quality + RNG.normal(size=200),
        RNG.normal(size=200),
        np.eye(1, 200)[0],
    ]  # the last is constant on many resamples
    groups = [row % 20 for row in range(200)]
    found = bootstrap_columns("srcc", columns, quality, groups=groups, n_resamples=60, seed=4)
    for scores, interval in zip(columns[:2], found, strict=False):
        assert interval == bootstrap("srcc", scores, quality, groups=groups, n_resamples=60, seed=4)
    assert isinstance(found[2], qi.ValidationError)
    assert bootstrap_columns("srcc", [], quality, seed=4) == []
