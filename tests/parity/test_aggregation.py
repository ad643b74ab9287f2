"""Each aggregation against loops written down from its formula, with `N` raw embeddings X and scores y."""

from functools import partial

import faiss
import numpy as np
import pytest

from quasar_index import methods
from quasar_index.arrays import unit
from quasar_index.errors import MethodError
from quasar_index.methods.fitted import compare
from quasar_index.own_anchors import make_anchors

# As in the paper: embeddings as they are, all of the same weight unless one is given.
Mean, Offset, Clustering, Retrieval = (
    partial(one, space="raw") for one in (methods.Mean, methods.Offset, methods.Clustering, methods.Retrieval)
)


class Data:
    """Anchors whose raw lengths differ much, so that averaging units instead shows."""

    def __init__(self, n, dim, *, share_good=None, ties=False, seed=0):
        rng = np.random.default_rng(seed)
        self.X = (rng.normal(0.4, 1, (n, dim)) * np.exp(rng.normal(0, 1, (n, 1)))).astype(np.float32)
        self.y = rng.integers(0, 7, n).astype(float) if ties else rng.permutation(n) / n
        if share_good is None:
            self.good = self.y > np.median(self.y)
        else:
            self.good = np.argsort(np.argsort(-self.y)) < share_good * n
        self.ids = [f"{i:05d}" for i in range(n)]
        self.anchors = make_anchors(self.X, is_good=self.good, quality=self.y, ids=self.ids)
        self.queries = unit(rng.normal(0.4, 1, (13, dim)))

    def vectors(self, normalize_anchors):
        return (unit(self.X) if normalize_anchors else self.X).astype(np.float64)


def norm1(vector):
    return vector / np.linalg.norm(vector)


def assert_directions(found, expected):
    np.testing.assert_allclose(found, expected, atol=3e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("normalize_anchors", [False, True])
@pytest.mark.parametrize("shape", [(2, 1), (50, 8), (40_000, 3)])
def test_mean(shape, normalize_anchors):
    data = Data(*shape)
    found = Mean(normalize_anchors=normalize_anchors).aggregate(data.anchors)
    V = data.vectors(normalize_anchors)
    assert found.good.shape == found.bad.shape == (1, 1, shape[1])
    assert_directions(found.good[0, 0], norm1(V[data.good].mean(axis=0)))
    assert_directions(found.bad[0, 0], norm1(V[~data.good].mean(axis=0)))


@pytest.mark.parametrize("normalize_anchors", [False, True])
@pytest.mark.parametrize("share_good", [0.5, 0.2, 0.8])
@pytest.mark.parametrize("offset", [0.0, 0.1, 0.29, 0.5, 0.99])
def test_offset(offset, share_good, normalize_anchors):
    data = Data(60, 6, share_good=share_good)
    V = data.vectors(normalize_anchors)
    n_good = int(data.good.sum())
    n_kept = n_good - int(n_good * offset)
    good = sorted(np.flatnonzero(data.good), key=lambda i: -data.y[i])[:n_kept]
    bad = sorted(np.flatnonzero(~data.good), key=lambda i: data.y[i])[: n_kept if offset else None]
    found = Offset(offset, normalize_anchors=normalize_anchors).aggregate(data.anchors)
    assert_directions(found.good[0, 0], norm1(V[good].mean(axis=0)))
    assert_directions(found.bad[0, 0], norm1(V[bad].mean(axis=0)))


def test_offset_needs_an_order():
    anchors = make_anchors(np.eye(4), is_good=[True, True, False, False])
    for offset in (0.0, 0.5):
        with pytest.raises(MethodError, match="needs an opinion score for every anchor"):
            Offset(offset).aggregate(anchors)
    for offset in (-0.1, 1.0, float("nan")):
        with pytest.raises(MethodError, match=r"it is a number in \[0, 1\)"):
            Offset(offset)


def mean_of_member_means(V, labels):
    return norm1(np.mean([V[labels == k].mean(axis=0) for k in np.unique(labels)], axis=0))


@pytest.mark.parametrize("normalize_anchors", [False, True])
@pytest.mark.parametrize("n_clusters", [1, 4, 25])
def test_clustering(n_clusters, normalize_anchors):
    data = Data(90, 5, share_good=0.3)
    found = Clustering(n_clusters, seed=7, normalize_anchors=normalize_anchors).aggregate(data.anchors)
    for side, centroid in (("good", found.good[0, 0]), ("bad", found.bad[0, 0])):
        rows = data.anchors.side(side)
        V = data.anchors.directions[rows]
        if not normalize_anchors:
            V = V * data.anchors.norms[rows, None]
        kmeans = faiss.Kmeans(5, n_clusters, niter=20, seed=7, min_points_per_centroid=1)
        kmeans.train(V)
        distances = ((V[:, None] - kmeans.centroids) ** 2).sum(axis=2)
        assert_directions(centroid, mean_of_member_means(V.astype(np.float64), distances.argmin(axis=1)))


def test_clusters_count_alike_whatever_their_size():
    # One far image against forty at one place: half of the centroid each.
    bad = np.array([[1.0, 0.0, 0.0]] * 40 + [[0.0, 1.0, 0.0]])
    X = np.concatenate([bad, [[0.0, 0.0, 1.0], [0.0, 0.1, 1.0]]])
    anchors = make_anchors(X, is_good=np.arange(43) >= 41)
    assert_directions(Clustering(2).aggregate(anchors).bad[0, 0], norm1(np.array([1.0, 1.0, 0.0])))


@pytest.mark.filterwarnings("error")
def test_clusters_that_stay_empty_count_for_nothing():
    X = np.concatenate([np.repeat([[1.0, 0.0], [0.0, 1.0]], 10, axis=0), [[-1.0, 0.0]] * 20])
    anchors = make_anchors(X, is_good=np.arange(40) < 20)
    found = Clustering(6).aggregate(anchors)
    assert_directions(found.good[0, 0], norm1(np.array([1.0, 1.0])))
    assert_directions(found.bad[0, 0], np.array([-1.0, 0.0]))


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_weights_by_rating_of_static_aggregations(power):
    data = Data(60, 5)
    weights = np.abs(data.y - np.median(data.y)) ** power
    V = data.X.astype(np.float64)
    found = Mean(rating_power=power).aggregate(data.anchors)
    assert_directions(found.good[0, 0], norm1(weights[data.good] @ V[data.good]))
    assert_directions(found.bad[0, 0], norm1(weights[~data.good] @ V[~data.good]))
    kept = np.flatnonzero(data.good)[np.argsort(-data.y[data.good])][: 30 - int(30 * 0.3)]
    assert_directions(
        Offset(0.3, rating_power=power).aggregate(data.anchors).good[0, 0], norm1(weights[kept] @ V[kept])
    )
    one_cluster = Clustering(1, rating_power=power).aggregate(data.anchors)
    assert_directions(one_cluster.good[0], found.good[0])


def test_a_side_at_the_median_keeps_equal_weights():
    X = np.array([[1.0, 0.1], [0.9, 0.3], [0.1, 1.0], [0.3, 0.9]])
    anchors = make_anchors(X, quality=[5.0, 3.0, 3.0, 3.0], is_good=[True, True, False, False])
    found = Mean(rating_power=2).aggregate(anchors)
    assert_directions(found.good[0, 0], norm1(X[0]))
    assert_directions(found.bad[0, 0], norm1(X[2] + X[3]))


def test_prototypes_stay_apart_and_merge_to_the_paper():
    rng = np.random.default_rng(5)
    places = np.eye(6)
    X = np.concatenate([places[i] + rng.normal(0, 0.01, (4 + 3 * i, 6)) for i in range(6)])
    is_good = np.arange(len(X)) < 4 + 7 + 10
    anchors = make_anchors(X, is_good=is_good)
    kept = Clustering(3, prototypes="mean").aggregate(anchors)
    assert kept.good.shape == kept.bad.shape == (1, 3, 6)
    # Each prototype is the mean of one place, in whatever order.
    nearest = np.argmax(kept.good[0], axis=1)
    assert sorted(nearest) == [0, 1, 2]
    for prototype, place in zip(kept.good[0], nearest, strict=True):
        start = [0, 4, 11][place]
        assert_directions(prototype, norm1(X[start : start + 4 + 3 * place].mean(axis=0)))
    queries = unit(rng.normal(size=(5, 6)))
    pooled = compare(queries, kept)
    np.testing.assert_allclose(pooled.similarity_good, (queries @ kept.good[0].T).mean(axis=1), atol=1e-6)
    nearest_only = compare(queries, Clustering(3, prototypes="nearest").aggregate(anchors))
    np.testing.assert_allclose(nearest_only.similarity_bad, (queries @ kept.bad[0].T).max(axis=1), atol=1e-6)


def test_clustering_errors_and_seed():
    data = Data(30, 4, share_good=0.3)
    with pytest.raises(MethodError, match="10 clusters are more than the 9 good anchors; use n_clusters=9"):
        Clustering(10).aggregate(data.anchors)
    with pytest.raises(MethodError, match="n_clusters of clustering is 0; it is a whole number from 1"):
        Clustering(0)
    one, other = (Clustering(5, seed=seed).aggregate(data.anchors) for seed in (3, 3))
    np.testing.assert_array_equal(one.bad, other.bad)


def naive_weights(data, rows, similarities, options):
    """Return the weights of one side's retrieved anchors."""
    weights = np.ones(len(rows))
    if (t := options.get("similarity_temperature")) is not None:
        logits = similarities[rows] / t
        weights = np.exp(logits - logits.max())
    if p := options.get("rating_power", 0.0):
        by_rating = np.abs(data.y[rows] - np.median(data.y)) ** p
        if (weights * by_rating).sum() > 0:
            weights = weights * by_rating
    return weights


def naive_static_weights(data, rows, options):
    """Return the weights of a whole side: those by rating."""
    weights = np.abs(data.y[rows] - np.median(data.y)) ** options.get("rating_power", 0.0)
    return weights if weights.sum() > 0 else np.ones(len(weights))


def naive_retrieval(data, query, options):
    """Return the two centroids of one query."""
    similarities = unit(data.X).astype(np.float64) @ query
    V = data.vectors(options.get("normalize_anchors", False))
    nearest_first = np.argsort(-similarities, kind="stable")
    good, bad = (nearest_first[mask[nearest_first]] for mask in (data.good, ~data.good))
    top_k = options["top_k"]
    if options.get("mode", "per-side") == "per-side":
        sides = [good[:top_k], bad[:top_k]]
    else:
        retrieved = nearest_first[:top_k]
        if options.get("division") == "local":
            is_good = data.y[retrieved] > np.median(data.y[retrieved])
        else:
            is_good = data.good[retrieved]
        sides = [retrieved[is_good], retrieved[~is_good]]
        sides = [rows if len(rows) else everything[:1] for rows, everything in zip(sides, (good, bad), strict=True)]
    centroids = [norm1(naive_weights(data, rows, similarities, options) @ V[rows]) for rows in sides]
    if (blend := options.get("blend", 1.0)) < 1:
        static = [norm1(naive_static_weights(data, rows, options) @ V[rows]) for rows in (data.good, ~data.good)]
        centroids = [norm1(blend * a + (1 - blend) * s) for a, s in zip(centroids, static, strict=True)]
    return centroids


WEIGHTS = [
    {},
    {"similarity_temperature": 0.05},
    {"rating_power": 1.0},
    {"rating_power": 2.5},
    {"similarity_temperature": 0.02, "rating_power": 0.5},
]


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("more", [{}, {"blend": 0.3}, {"normalize_anchors": True}])
@pytest.mark.parametrize(
    "mode", [{}, {"mode": "joint"}, {"mode": "joint", "division": "local"}], ids=["per-side", "global", "local"]
)
@pytest.mark.parametrize("top_k", [1, 2, 9, 500])
def test_retrieval(top_k, mode, weights, more):
    options = {"top_k": top_k, **mode, **weights, **more}
    data = Data(70, 6, share_good=0.4)
    found = Retrieval(**options).aggregate(data.anchors, data.queries)
    assert found.good.shape == found.bad.shape == (13, 1, 6)
    for m, query in enumerate(data.queries):
        good, bad = naive_retrieval(data, query, options)
        assert_directions(found.good[m, 0], good)
        assert_directions(found.bad[m, 0], bad)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("division", ["global", "local"])
def test_neighbours_all_on_one_side_take_the_nearest_of_the_other(division, weights):
    # Two tight, distant groups of one side each, and within a group one rating: no local division either.
    rng = np.random.default_rng(0)
    data = Data(40, 4)
    data.y = np.repeat([1.0, 0.0], 20)
    data.good = data.y > 0.5
    centres = np.repeat([[1.0, 0, 0, 0], [0, 1.0, 0, 0]], 20, axis=0)
    data.X = (centres + rng.normal(0, 0.05, (40, 4))).astype(np.float32)
    data.anchors = make_anchors(data.X, quality=data.y)
    queries = unit(np.array([[1, 0.1, 0, 0], [0.1, 1, 0, 0], [1, 0.2, 0.1, 0]]))
    options = {"top_k": 6, "mode": "joint", "division": division, **weights}
    found = Retrieval(**options).aggregate(data.anchors, queries)
    for m, query in enumerate(queries):
        good, bad = naive_retrieval(data, query, options)
        assert_directions(found.good[m, 0], good)
        assert_directions(found.bad[m, 0], bad)


def test_neighbours_that_all_lie_at_the_median_keep_their_other_weights():
    data = Data(9, 3)
    data.y = np.array([5.0] * 7 + [1.0, 9.0])
    data.good = np.arange(9) % 2 == 0
    data.anchors = make_anchors(data.X, is_good=data.good, quality=data.y)
    options = {"top_k": 2, "rating_power": 1.0, "similarity_temperature": 0.1}
    found = Retrieval(**options).aggregate(data.anchors, data.queries)
    for m, query in enumerate(data.queries):
        good, bad = naive_retrieval(data, query, options)
        assert_directions(found.good[m, 0], good)
        assert_directions(found.bad[m, 0], bad)


@pytest.mark.parametrize("power", [60.0, 300.0])
@pytest.mark.parametrize("unit_of_scores", [1e-6, 1.0, 1e6])
def test_large_rating_powers_stay_finite_and_mean_the_most_extreme(power, unit_of_scores):
    data = Data(20, 3)
    anchors = make_anchors(data.X, is_good=data.good, quality=data.y**4 * 50 * unit_of_scores)
    found = Retrieval(20, rating_power=power).aggregate(anchors, data.queries)
    best = norm1(data.X[np.argmax(data.y)].astype(np.float64))
    np.testing.assert_allclose(found.good[:, 0], np.tile(best, (13, 1)), atol=1e-3)
    assert np.isfinite(found.bad).all()


def test_sharp_similarity_weights_mean_the_nearest():
    data = Data(40, 5)
    sharp = Retrieval(10, similarity_temperature=1e-6).aggregate(data.anchors, data.queries)
    nearest = Retrieval(1).aggregate(data.anchors, data.queries)
    np.testing.assert_allclose(sharp.good, nearest.good, atol=1e-5)
    np.testing.assert_allclose(sharp.bad, nearest.bad, atol=1e-5)


@pytest.mark.parametrize("division", ["global", "local"])
def test_sharp_weights_hold_within_each_side_of_joint_neighbours(division):
    # Against the nearest of all, the weights of a side that is further away would all underflow to zero.
    data = Data(40, 5)
    options = {"top_k": 30, "mode": "joint", "division": division, "similarity_temperature": 2e-4}
    found = Retrieval(**options).aggregate(data.anchors, data.queries)
    for m, query in enumerate(data.queries):
        good, bad = naive_retrieval(data, query, options)
        np.testing.assert_allclose(found.good[m, 0], good, atol=5e-3)
        np.testing.assert_allclose(found.bad[m, 0], bad, atol=5e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 0}, "top_k of retrieval is 0"),
        ({"mode": "both"}, "mode of retrieval is 'both'; it is per-side or joint"),
        ({"division": "odd"}, "division of retrieval is 'odd'"),
        ({"division": "local"}, "division of retrieval is local, and its mode is per-side"),
        ({"similarity_temperature": 0.0}, "similarity_temperature of"),
        ({"rating_power": -1.0}, "rating_power of"),
        ({"blend": 1.5}, "blend"),
        ({"blend": float("nan")}, "blend"),
    ],
)
def test_parameters_out_of_range(options, message):
    with pytest.raises(MethodError, match=message):
        Retrieval(**options)


def test_retrieval_needs_queries_and_scores():
    anchors = make_anchors(np.eye(4), is_good=[True, True, False, False])
    queries = np.eye(4, dtype=np.float32)
    with pytest.raises(MethodError, match="need the queries"):
        Retrieval(1).aggregate(anchors)
    with pytest.raises(MethodError, match="the weighting by rating needs opinion scores"):
        Retrieval(1, rating_power=1.0).aggregate(anchors, queries)
    with pytest.raises(MethodError, match="needs an opinion score for every anchor"):
        Retrieval(1, mode="joint", division="local").aggregate(anchors, queries)
    assert Retrieval(1).aggregate(anchors, queries).good.shape == (4, 1, 4)


def test_more_neighbours_than_anchors_are_said(caplog):
    data = Data(10, 3)
    Retrieval(6).aggregate(data.anchors, data.queries)
    assert "top-k 6 is more than the 5 anchors" in caplog.text


def test_a_side_that_cancels_out_is_an_error():
    anchors = make_anchors([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], is_good=[True, True, False])
    for aggregator in (Mean(), Clustering(1)):
        with pytest.raises(MethodError, match="cancel out"):
            aggregator.aggregate(anchors)
