"""Similarities and weights of an explanation rebuild the score, whatever made it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from quasar_index.errors import MethodError
from quasar_index.methods import TEMPERATURE, Clustering, Knn, Mean, Offset, Retrieval, Ridge, Scorer
from quasar_index.methods.explanation import explain
from quasar_index.own_anchors import make_anchors

POWERS = st.sampled_from([0.0, 1.0, 2.5])


def retrieval(sides, **options):
    mode, division = sides if options["top_k"] else ("per-side", "global")
    return Retrieval(mode=mode, division=division, **options)


AGGREGATIONS = st.one_of(
    st.builds(Mean, normalize_anchors=st.booleans(), rating_power=POWERS),
    st.builds(Offset, offset=st.sampled_from([0.0, 0.3]), normalize_anchors=st.booleans(), rating_power=POWERS),
    st.builds(
        Clustering,
        n_clusters=st.integers(1, 3),
        prototypes=st.sampled_from(["merged", "mean", "nearest"]),
        normalize_anchors=st.booleans(),
        rating_power=POWERS,
    ),
    st.builds(
        retrieval,
        st.sampled_from([("per-side", "global"), ("joint", "global"), ("joint", "local")]),
        top_k=st.none() | st.integers(1, 40),
        similarity_temperature=st.sampled_from([None, 0.05]),
        rating_power=POWERS,
        blend=st.sampled_from([0.0, 0.4, 1.0]),
        normalize_anchors=st.booleans(),
    ),
)


def data(seed, n=30, dim=7, n_queries=5):
    rng = np.random.default_rng(seed)
    X = rng.normal(0.3, 1, (n, dim)) * np.exp(rng.normal(0, 0.7, (n, 1)))
    anchors = make_anchors(X, quality=rng.integers(0, 6, n).astype(float), is_good=np.arange(n) % 3 == 0)
    return anchors, rng.normal(0.3, 1, (n_queries, dim)).astype(np.float32)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), AGGREGATIONS, st.sampled_from(["raw", "centred", "whitened"]))
def test_weights_rebuild_the_score(seed, method, space):
    anchors, queries = data(seed)
    scorer = Scorer(anchors, replace(method, space=space))
    scores = scorer.score_embeddings(queries)
    explanations = list(explain(scorer.fitted, queries))
    assert len(explanations) == len(queries)
    for row, found in enumerate(explanations):
        contributions = found.weight * found.similarity
        good, bad = contributions[found.is_good].sum(), contributions[~found.is_good].sum()
        assert expit((good - bad) / TEMPERATURE) == pytest.approx(scores.score[row], abs=1e-6)
        assert good == pytest.approx(scores.similarity_good[row], abs=1e-6)
        assert bad == pytest.approx(scores.similarity_bad[row], abs=1e-6)
        assert (found.weight != 0).all()
        similarity = scorer.fitted.table.directions[found.rows] @ scorer.fitted.directions(queries)[row]
        np.testing.assert_allclose(found.similarity, similarity, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([None, 0.1]))
def test_weights_rebuild_the_rating_of_neighbours(seed, top_k, temperature):
    anchors, queries = data(seed)
    scorer = Scorer(anchors, Knn(top_k, temperature, space="centred"))
    for score, found in zip(scorer.score_embeddings(queries).score, explain(scorer.fitted, queries), strict=True):
        assert (found.weight * anchors.quality[found.rows]).sum() == pytest.approx(score, abs=1e-6)
        np.testing.assert_array_equal(found.is_good, found.rows < anchors.n_good)


def test_the_largest_contributions_come_first_and_top_keeps_them():
    anchors, queries = data(3)
    scorer = Scorer(anchors, Retrieval(9, rating_power=0.0))
    (whole, *_), (part, *_) = list(explain(scorer.fitted, queries)), list(explain(scorer.fitted, queries, top=2))
    assert len(whole) == 18
    assert len(part) == 4
    for side in (True, False):
        contributions = np.abs(whole.weight * whole.similarity)[whole.is_good == side]
        assert (np.diff(contributions) <= 1e-12).all()
        np.testing.assert_array_equal(part.rows[part.is_good == side], whole.rows[whole.is_good == side][:2])


def test_what_cannot_be_explained():
    anchors, queries = data(1)
    with pytest.raises(MethodError, match="ridge is no sum over anchors"):
        next(Ridge().fit(anchors).explain(queries))
    with pytest.raises(MethodError, match="0 anchors a side"):
        next(Mean().fit(anchors).explain(queries, top=0))
