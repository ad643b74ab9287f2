"""`compare` and `Scorer` against SciPy's softmax and plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from quasar_index.arrays import unit
from quasar_index.errors import AnchorIndexError, DataError, MethodError
from quasar_index.methods import TEMPERATURE, Centroids, Clustering, Mean, Retrieval, Scorer, compare
from quasar_index.methods.fitted import QUERY_BLOCK
from quasar_index.own_anchors import make_anchors


def cosine(a, b):
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("temperature", [0.01, TEMPERATURE, 1.0, 7.0])
@pytest.mark.parametrize("n_prototypes", [1, 3])
@pytest.mark.parametrize("adaptive", [False, True])
def test_compare_is_the_softmax_of_cosines(temperature, n_prototypes, adaptive):
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(12, 9)).astype(np.float32) * 5  # raw: of any length
    shape = (12 if adaptive else 1, n_prototypes, 9)
    centroids = Centroids(good=unit(rng.normal(size=shape)), bad=unit(rng.normal(size=shape)))
    scores = compare(queries, centroids, temperature=temperature)
    for m, query in enumerate(queries):
        b = m if adaptive else 0
        good = np.mean([cosine(query, c) for c in centroids.good[b]])
        bad = np.mean([cosine(query, c) for c in centroids.bad[b]])
        assert scores.similarity_good[m] == pytest.approx(good, abs=1e-6)
        assert scores.similarity_bad[m] == pytest.approx(bad, abs=1e-6)
        assert scores.score[m] == pytest.approx(softmax(np.array([good, bad]) / temperature)[0], abs=1e-5)
    assert len(scores) == 12
    assert scores.score.dtype == np.float64


def test_default_temperature_and_range():
    assert TEMPERATURE == 0.07
    centroids = Centroids(good=np.eye(2, dtype=np.float32)[None, :1], bad=-np.eye(2, dtype=np.float32)[None, :1])
    scores = compare([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], centroids)
    assert scores.score[1] == 0.5
    assert 0 <= scores.score[2] < 1e-12 < 1 - 1e-12 < scores.score[0] <= 1
    # Even where the exponential overflows.
    assert compare([[1.0, 0.0], [-1.0, 0.0]], centroids, temperature=1e-6).score.tolist() == [1.0, 0.0]
    for temperature in (0.0, -1.0):
        with pytest.raises(MethodError, match="is not positive"):
            compare([[1.0, 0.0]], centroids, temperature=temperature)
    with pytest.raises(DataError, match="temperature of compare is nan; give a number"):
        compare([[1.0, 0.0]], centroids, temperature=float("nan"))


@pytest.fixture
def anchors():
    rng = np.random.default_rng(1)
    return make_anchors(rng.normal(0.3, 1, (60, 8)), quality=rng.normal(size=60))


@pytest.mark.parametrize("aggregator", [Mean(), Clustering(3), Retrieval(), Retrieval(7), Retrieval(9, mode="joint")])
def test_a_scorer_scores_each_embedding_by_itself(anchors, aggregator):
    rng = np.random.default_rng(2)
    queries = rng.normal(size=(QUERY_BLOCK + 5, 8))  # over one block
    aggregator = replace(aggregator, space="raw", temperature=0.2)
    scores = Scorer(anchors, aggregator).score_embeddings(queries)
    for m in (0, 1, QUERY_BLOCK - 1, QUERY_BLOCK, QUERY_BLOCK + 4):
        centroids = aggregator.aggregate(anchors, unit(queries[m : m + 1]))
        good, bad = cosine(queries[m], centroids.good[0, 0]), cosine(queries[m], centroids.bad[0, 0])
        assert scores.score[m] == pytest.approx(softmax([good / 0.2, bad / 0.2])[0], abs=1e-5)


def test_a_scorer_refuses_unfit_embeddings(anchors):
    scorer = Scorer(anchors, Retrieval(3))
    with pytest.raises(DataError, match="7-d, 8-d is needed"):
        scorer.score_embeddings(np.ones((2, 7)))
    with pytest.raises(DataError, match="row 1 of embeddings has NaN"):
        scorer.score_embeddings([[1.0] * 8, [np.nan] * 8])
    with pytest.raises(DataError, match="row 0 of embeddings has only zeros"):
        scorer.score_embeddings(np.zeros((1, 8)))
    with pytest.raises(AnchorIndexError, match="no encoder"):
        scorer.score_images([np.zeros((8, 8, 3), dtype=np.uint8)])
    assert len(scorer.score_embeddings(np.empty((0, 8)))) == 0
    assert len(Scorer(anchors).score_embeddings(np.empty((0, 8)))) == 0
    assert len(scorer.score_images([])) == 0
