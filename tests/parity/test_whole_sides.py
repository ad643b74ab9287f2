"""Adaptive anchors without a k: whole sides, softly weighted, exactly and to first order, against plain loops."""

import numpy as np
import pytest
from scipy.stats import spearmanr

import quasar_index as qi
from quasar_index.arrays import unit
from quasar_index.methods import whole_side


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(600, 300)) + 0.2) * np.exp(rng.normal(0, 0.3, (600, 1)))
    return qi.make_anchors(x, quality=x[:, 0] + 0.3 * rng.normal(size=600)), unit(rng.normal(size=(300, 300)) + 0.2)


def naive(anchors, query, side, temperature, power):
    total = np.zeros(anchors.dim)
    median = np.median(anchors.quality)
    for row in range(*anchors.side(side).indices(len(anchors))):
        weight = np.exp(anchors.directions[row] @ query / temperature) * abs(anchors.quality[row] - median) ** power
        total += weight * anchors.norms[row] * anchors.directions[row]
    return total / np.linalg.norm(total)


@pytest.mark.parametrize(("temperature", "power"), [(None, 0.0), (None, 1.0), (0.1, 2.0)])
def test_all_anchors_of_a_side_count_by_their_similarity(data, temperature, power):
    anchors, queries = data
    method = qi.Retrieval(similarity_temperature=temperature, rating_power=power, space="raw")
    found = method.aggregate(anchors, queries)
    for side, made in (("good", found.good), ("bad", found.bad)):
        for row, query in enumerate(queries[:9]):
            np.testing.assert_allclose(made[row, 0], naive(anchors, query, side, temperature or 0.3, power), atol=2e-6)


@pytest.mark.parametrize("space", ["raw", "centred", "whitened"])
def test_large_sides_are_summed_to_first_order_with_the_nearest_exact(data, space, monkeypatch):
    anchors, queries = data
    fitted = qi.Retrieval(space=space).fit(anchors)
    exact = fitted.score(queries).score
    monkeypatch.setattr(whole_side, "MOST_EXACT", 10)
    close = fitted.score(queries).score
    assert not np.array_equal(close, exact)
    assert spearmanr(close, exact).statistic > 0.998
    assert np.abs(close - exact).max() < 0.15 * exact.std()
    monkeypatch.setattr(whole_side, "N_NEAREST", 600)  # all of them: nothing is left to the first order
    np.testing.assert_allclose(fitted.score(queries).score, exact, atol=1e-5)


def test_explanations_rebuild_scores_of_large_sides(data, monkeypatch):
    anchors, queries = data
    monkeypatch.setattr(whole_side, "MOST_EXACT", 10)
    fitted = qi.Retrieval().fit(anchors)
    scores = fitted.score(queries)
    for row, found in enumerate(fitted.explain(queries)):
        parts = found.weight * found.similarity
        assert parts[found.is_good].sum() == pytest.approx(scores.similarity_good[row], abs=1e-5)
        assert parts[~found.is_good].sum() == pytest.approx(scores.similarity_bad[row], abs=1e-5)


def test_a_high_temperature_is_the_mean(data):
    anchors, queries = data
    soft = qi.Retrieval(similarity_temperature=1e6).fit(anchors).score(queries).score
    np.testing.assert_allclose(soft, qi.Mean().fit(anchors).score(queries).score, atol=1e-5)


def test_joint_neighbours_need_a_k():
    with pytest.raises(qi.MethodError, match="mode of retrieval is joint, and it has no top_k"):
        qi.Retrieval(mode="joint")


def test_a_low_temperature_is_exact_whatever_the_size(data, monkeypatch):
    anchors, queries = data
    method = qi.Retrieval(similarity_temperature=0.01)
    exact = method.fit(anchors).score(queries).score
    monkeypatch.setattr(whole_side, "MOST_EXACT", 10)
    monkeypatch.setattr(whole_side, "_VALUES", 1000)  # a few queries at a time
    np.testing.assert_allclose(method.fit(anchors).score(queries).score, exact, atol=1e-5)
    nearest = qi.Retrieval(top_k=1, rating_power=0.0).fit(anchors).score(queries).score
    sharp = qi.Retrieval(similarity_temperature=1e-6, rating_power=0.0).fit(anchors).score(queries).score
    np.testing.assert_allclose(sharp, nearest, atol=1e-5)
