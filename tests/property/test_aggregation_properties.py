"""What holds for the aggregations and scores of any anchors."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quasar_index.arrays import unit
from quasar_index.errors import DataError
from quasar_index.methods import Clustering, Mean, Offset, Retrieval, Scorer, compare
from quasar_index.own_anchors import make_anchors

SETTINGS = settings(max_examples=60, deadline=None)


class Case:
    """Random raw embeddings with scores and sides, and queries."""

    def __init__(self, seed, n, dim, n_queries, *, ties=False, one_good=False):
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.X = (rng.normal(0.3, 1, (n, dim)) * np.exp(rng.normal(0, 0.7, (n, 1)))).astype(np.float32)
        self.quality = rng.integers(0, 5, n).astype(float) if ties else rng.permutation(n).astype(float)
        if one_good:
            self.is_good = np.arange(n) == 0
        else:
            self.is_good = rng.permutation(np.arange(n) < rng.integers(1, n))
        self.ids = [f"{i:04d}" for i in range(n)]
        self.queries = rng.normal(0.3, 1, (n_queries, dim)).astype(np.float32)

    def anchors(self, *, order=None, rotation=None, swap=False):
        order = np.arange(len(self.X)) if order is None else order
        X = self.X if rotation is None else self.X @ rotation
        return make_anchors(
            X[order],
            is_good=~self.is_good[order] if swap else self.is_good[order],
            # A swap of sides turns the direction of the scores too.
            quality=-self.quality[order] if swap else self.quality[order],
            ids=[self.ids[i] for i in order],
        )


CASES = st.builds(
    Case,
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    dim=st.integers(2, 12),
    n_queries=st.integers(1, 9),
    ties=st.booleans(),
    one_good=st.booleans(),
)


def retrieval(sides, **options):
    mode, division = sides
    return Retrieval(mode=mode, division=division, **options)


RETRIEVALS = st.builds(
    retrieval,
    st.sampled_from([("per-side", "global"), ("joint", "global"), ("joint", "local")]),
    top_k=st.integers(1, 50),
    similarity_temperature=st.sampled_from([None, 0.01, 0.05, 1.0]),
    rating_power=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    blend=st.sampled_from([0.0, 0.4, 1.0]),
    normalize_anchors=st.booleans(),
)
BOOLEANS = st.booleans()


def same(found, expected, atol=1e-5):
    np.testing.assert_allclose(found.good, np.broadcast_to(expected.good, found.good.shape), atol=atol)
    np.testing.assert_allclose(found.bad, np.broadcast_to(expected.bad, found.bad.shape), atol=atol)


@SETTINGS
@given(CASES, BOOLEANS)
def test_the_special_cases_that_equal_the_mean(case, normalize):
    anchors = case.anchors()
    queries = unit(case.queries)
    mean = Mean(normalize_anchors=normalize).aggregate(anchors)
    k = len(anchors)
    same(Offset(0.0, normalize_anchors=normalize).aggregate(anchors), mean)
    same(Clustering(1, normalize_anchors=normalize).aggregate(anchors), mean)
    for mode in ("per-side", "joint"):
        same(Retrieval(k, mode=mode, normalize_anchors=normalize).aggregate(anchors, queries), mean)
        same(
            Retrieval(1, mode=mode, blend=0, similarity_temperature=0.1, normalize_anchors=normalize).aggregate(
                anchors, queries
            ),
            mean,
            atol=5e-7,
        )


@SETTINGS
@given(CASES)
def test_local_division_of_all_anchors_is_the_division_at_the_median(case):
    if not (good := case.quality > np.median(case.quality)).any():
        return
    anchors = make_anchors(case.X, is_good=good, quality=case.quality)
    same(
        Retrieval(len(case.X), mode="joint", division="local").aggregate(anchors, unit(case.queries)),
        Mean().aggregate(anchors),
    )


def rounding(case):
    """Return the error of cosines around the anchors' mean: that of float32, more where a direction lies near it."""
    directions = unit(case.X)
    offsets = np.concatenate([directions, unit(case.queries)]) - directions.mean(axis=0)
    return max(1e-5, 1e-6 / np.linalg.norm(offsets, axis=1).min())


def swappable():
    """Return aggregations that treat both sides alike; ties at a local median do not, nor does an offset's count."""
    return st.one_of(
        st.builds(Mean, normalize_anchors=BOOLEANS),
        st.builds(Clustering, st.just(1)),
        RETRIEVALS.filter(lambda r: r.mode == "per-side" or r.division == "global"),
    )


@SETTINGS
@given(CASES, swappable())
@example(Case(seed=0, n=2, dim=2, n_queries=2), Clustering(1))  # nearly parallel anchors
def test_swapping_the_sides_gives_one_minus_the_score(case, aggregator):
    scores = Scorer(case.anchors(), aggregator).score_embeddings(case.queries)
    swapped = Scorer(case.anchors(swap=True), aggregator).score_embeddings(case.queries)
    atol = rounding(case)
    np.testing.assert_allclose(swapped.score, 1 - scores.score, atol=20 * atol)
    np.testing.assert_allclose(swapped.similarity_good, scores.similarity_bad, atol=atol)


@settings(max_examples=30, deadline=None)
@given(CASES, st.floats(0, 0.9))
def test_swapping_equal_sides_of_an_offset(case, offset):
    n = len(case.X) // 2 * 2
    case.X, case.is_good, case.quality = case.X[:n], np.arange(n) < n // 2, np.arange(n) * 1.0
    scores, swapped = (
        Scorer(case.anchors(order=np.arange(n), swap=swap), Offset(offset)).score_embeddings(case.queries)
        for swap in (False, True)
    )
    np.testing.assert_allclose(swapped.score, 1 - scores.score, atol=20 * rounding(case))


AGGREGATORS = st.one_of(
    st.builds(Mean, normalize_anchors=BOOLEANS),
    st.builds(Offset, st.floats(0, 0.9), normalize_anchors=BOOLEANS),
    st.builds(Clustering, st.just(1)),
    RETRIEVALS,
)


@SETTINGS
@given(CASES, AGGREGATORS)
def test_the_order_of_the_anchors_means_nothing(case, aggregator):
    order = case.rng.permutation(len(case.X))
    scores = Scorer(case.anchors(), aggregator).score_embeddings(case.queries)
    permuted = Scorer(case.anchors(order=order), aggregator).score_embeddings(case.queries)
    np.testing.assert_array_equal(permuted.score, scores.score)


@SETTINGS
@given(CASES, AGGREGATORS)
def test_a_rotation_of_the_whole_space_means_nothing(case, aggregator):
    dim = case.X.shape[1]
    rotation = np.linalg.qr(case.rng.normal(size=(dim, dim)))[0].astype(np.float32)
    scores = Scorer(case.anchors(), aggregator).score_embeddings(case.queries)
    rotated = Scorer(case.anchors(rotation=rotation), aggregator).score_embeddings(case.queries @ rotation)
    np.testing.assert_allclose(rotated.score, scores.score, atol=2e-3)


@pytest.mark.parametrize("n_clusters", [2, 5])
def test_clusters_survive_a_rotation(n_clusters):
    rng = np.random.default_rng(0)
    # Well apart, so that k-means has one answer.
    centres = rng.normal(size=(10, 6)) * 10
    X = (np.repeat(centres, 12, axis=0) + rng.normal(0, 0.05, (120, 6))).astype(np.float32)
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0].astype(np.float32)
    is_good = np.arange(120) < 60
    plain, rotated = (Clustering(n_clusters).aggregate(make_anchors(Y, is_good=is_good)) for Y in (X, X @ rotation))
    np.testing.assert_allclose(plain.good @ rotation, rotated.good, atol=1e-4)
    np.testing.assert_allclose(plain.bad @ rotation, rotated.bad, atol=1e-4)


@SETTINGS
@given(CASES, AGGREGATORS, st.integers(1, 9))
def test_a_query_is_scored_alike_in_any_company(case, aggregator, size):
    scorer = Scorer(case.anchors(), aggregator)
    whole = scorer.score_embeddings(case.queries).score
    parts = [
        scorer.score_embeddings(case.queries[start : start + size]).score for start in range(0, len(case.queries), size)
    ]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=2e-4)


@SETTINGS
@given(CASES, AGGREGATORS, st.floats(0.05, 5), st.floats(0.05, 5))
def test_temperature_never_changes_the_order(case, aggregator, one, other):
    centroids = aggregator.aggregate(case.anchors(), unit(case.queries))
    first, second = (compare(case.queries, centroids, temperature=t).score for t in (one, other))
    order = np.argsort(first, kind="stable")
    assert (np.diff(second[order]) >= -1e-12).all()


@SETTINGS
@given(CASES, AGGREGATORS, st.floats(0.1, 1000))
def test_lengths_of_the_queries_mean_nothing(case, aggregator, factor):
    scorer = Scorer(case.anchors(), aggregator)
    scaled = scorer.score_embeddings(case.queries * np.float32(factor)).score
    np.testing.assert_allclose(scaled, scorer.score_embeddings(case.queries).score, atol=2e-4)


@settings(max_examples=150, deadline=None)
@given(CASES, RETRIEVALS, st.booleans())
def test_scores_are_finite_and_in_range_also_for_one_sided_neighbourhoods(case, retrieval, queries_are_anchors):
    # One good anchor among many: joint neighbourhoods without it are the rule. An anchor as a query is its own nearest.
    case.is_good = np.arange(len(case.X)) == 0
    if case.rng.integers(2):
        case.is_good = ~case.is_good
    queries = case.X if queries_are_anchors else case.queries
    centroids = retrieval.aggregate(case.anchors(), unit(queries))
    np.testing.assert_allclose(np.linalg.norm(centroids.good, axis=2), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(centroids.bad, axis=2), 1, atol=1e-5)
    scores = Scorer(case.anchors(), retrieval).score_embeddings(queries)
    assert np.isfinite(scores.score).all()
    assert ((scores.score >= 0) & (scores.score <= 1)).all()
    for similarity in (scores.similarity_good, scores.similarity_bad):
        assert (np.abs(similarity) <= 1 + 1e-6).all()


@SETTINGS
@given(CASES, st.floats(0.01, 1), st.integers(0, 2**32 - 1))
def test_a_draw_is_seeded_and_takes_its_part_of_each_side(case, ratio, seed):
    anchors = case.anchors()
    expected = (round(ratio * anchors.n_good), round(ratio * anchors.n_bad))
    if 0 in expected:
        with pytest.raises(DataError, match="one among them"):
            anchors.subsample(ratio, seed=seed)
        return
    drawn = anchors.subsample(ratio, seed=seed)
    assert (drawn.n_good, drawn.n_bad) == expected
    again = anchors.subsample(ratio, seed=seed)
    assert drawn.ids.tolist() == again.ids.tolist()
    place = {key: row for row, key in enumerate(anchors.ids.tolist())}
    rows = [place[key] for key in drawn.ids.tolist()]
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(drawn.directions, anchors.directions[rows])
    assert drawn.quality.tolist() == anchors.quality[rows].tolist()


@SETTINGS
@given(st.integers(2, 12), st.integers(1, 5), st.floats(0.01, 1), st.integers(0, 2**32 - 1))
def test_a_draw_by_reference_keeps_all_versions(n_references, n_versions, ratio, seed):
    rng = np.random.default_rng(seed)
    n = n_references * (1 + n_versions)
    of = np.repeat(np.arange(n_references), 1 + n_versions)
    is_good = np.tile(np.arange(1 + n_versions) == 0, n_references)
    order = rng.permutation(n)
    anchors = make_anchors(
        rng.normal(size=(n, 3)), is_good=is_good[order], ids=[f"r{of[i]:02d}-{i:03d}" for i in order]
    )
    references = np.array([key.decode().split("-")[0] for key in anchors.ids.tolist()])
    n_drawn = round(ratio * n_references)
    if n_drawn == 0:
        with pytest.raises(DataError, match="selected 0 anchors"):
            anchors.subsample(ratio, seed=seed, references=references)
        return
    drawn = anchors.subsample(ratio, seed=seed, references=references)
    kept = {key.split(b"-")[0] for key in drawn.ids.tolist()}
    assert len(kept) == n_drawn
    assert (drawn.n_good, drawn.n_bad) == (n_drawn, n_drawn * n_versions)
