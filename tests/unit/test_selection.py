"""Selectors on data whose answer is known, and against their definitions written out literally."""

import numpy as np
import pytest

from quasar_index.errors import MethodError
from quasar_index.own_anchors import make_anchors
from quasar_index.selection import (
    ContentPairs,
    Density,
    Extremes,
    FacilityLocation,
    Herding,
    KCenter,
    KMeansRepresentatives,
    KMedoids,
    Mmr,
    OutlierTrimmed,
    Random,
    allocate,
    facility_location,
    kmeans,
    kmedoids,
    neighbors,
    redundancy,
    select_anchors,
)
from quasar_index.selection.facility_location import _sparse
from quasar_index.selection.kmeans import representatives
from quasar_index.selection.kmedoids import alternated_medoids, swapped_medoids

DIM = 12
N_CLUSTERS = 5


def nothing(n):
    """Ignore progress."""


def two_sides(good, bad, **columns):
    """Anchors whose rows have the order in which they are given, without ratings."""
    return make_anchors(np.r_[good, bad], is_good=[True] * len(good) + [False] * len(bad), **columns)


def clusters(sign=1.0, *, spread=0.05):
    """Five clusters around axes, of 1 + 2 * 4 points: the centre, then pairs opposite each other around it."""
    points = []
    for cluster in range(N_CLUSTERS):
        centre = sign * np.eye(DIM)[cluster]
        points.append(centre)
        for axis in range(4):
            step = spread * np.eye(DIM)[N_CLUSTERS + axis]
            points += [centre + step, centre - step]
    return np.array(points, dtype=np.float32)


@pytest.fixture(scope="module")
def clustered():
    return two_sides(clusters(), clusters(-1.0))


@pytest.fixture(scope="module")
def cloud():
    """600 anchors of both sides without structure, rated."""
    rng = np.random.default_rng(0)
    points = (rng.normal(size=(600, DIM)) + 0.7) * rng.uniform(0.5, 2, (600, 1))
    return make_anchors(points, quality=rng.random(600))


def points_of(anchors, side):
    return anchors.directions[anchors.side(side)]


# selectors that cover a side


@pytest.mark.parametrize("selector", [KMeansRepresentatives(), KMedoids(), KMeansRepresentatives(3), KMedoids(3)])
def test_one_representative_of_each_cluster_its_centre(clustered, selector):
    rows = selector.select(clustered, N_CLUSTERS, N_CLUSTERS)
    np.testing.assert_array_equal(rows, 9 * np.arange(2 * N_CLUSTERS))


@pytest.mark.parametrize("selector", [KCenter(), FacilityLocation(), Mmr(0.1)])
def test_one_anchor_of_each_cluster(clustered, selector):
    rows = selector.select(clustered, N_CLUSTERS, N_CLUSTERS)
    np.testing.assert_array_equal(rows // 9, np.arange(2 * N_CLUSTERS))


def test_facility_location_takes_the_centres(clustered):
    rows = FacilityLocation().select(clustered, N_CLUSTERS, N_CLUSTERS)
    np.testing.assert_array_equal(rows, 9 * np.arange(2 * N_CLUSTERS))


def test_facility_location_takes_the_first_of_equals():
    """Twins gain the same, wherever they stand and however their products are summed; the second one gains nothing."""
    half = np.random.default_rng(0).normal(size=(151, 77))
    anchors = two_sides(np.repeat(half, 2, axis=0), np.tile(-half, (2, 1)))
    rows = FacilityLocation().select(anchors, 100, 100)
    assert (rows[:100] % 2 == 0).all()
    assert (rows[100:] < 302 + 151).all()
    np.testing.assert_array_equal(rows[:100] // 2, rows[100:] - 302)


def test_k_means_fills_up_where_points_are_alike():
    points = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    chosen = representatives(points, 7)
    assert len(np.unique(chosen)) == 7
    assert set(chosen // 4) == {0, 1, 2}


def test_large_sides_alternate_to_the_same_medoids(clustered, monkeypatch):
    monkeypatch.setattr(kmedoids, "MOST_SWAPPED", 3)
    rows = KMedoids().select(clustered, N_CLUSTERS, N_CLUSTERS)
    np.testing.assert_array_equal(rows, 9 * np.arange(2 * N_CLUSTERS))


def cost(points, medoids):
    return float((1 - points @ points[medoids].T).min(axis=1).sum())


def test_no_swap_betters_the_medoids(cloud):
    points = points_of(cloud, "good")[:60]
    medoids = swapped_medoids(points, 4, seed=1, n_iterations=50)
    assert len(set(medoids.tolist())) == 4
    best = cost(points, medoids)
    for place in range(4):
        for other in range(60):
            swapped = medoids.copy()
            swapped[place] = other
            assert cost(points, swapped) >= best - 1e-4
    one = swapped_medoids(points, 1, seed=0, n_iterations=50)
    assert cost(points, one) == pytest.approx(min(cost(points, np.array([other])) for other in range(60)))


def test_alternating_is_better_than_k_means_and_not_far_from_swapping(cloud):
    points = points_of(cloud, "good")
    start = cost(points, representatives(points, 20, n_iterations=5))
    alternated = cost(points, alternated_medoids(points, 20, seed=0, n_iterations=20))
    swapped = cost(points, swapped_medoids(points, 20, seed=0, n_iterations=20))
    assert swapped <= alternated <= start
    assert alternated < 1.1 * swapped


def farthest_first(points, n, relevance, weight, first):
    """The definition: a full pass for each choice."""
    chosen = [first]
    while len(chosen) < n:
        values = relevance - weight * (points @ points[chosen].T).max(axis=1)
        values[chosen] = -np.inf
        chosen.append(int(np.argmax(values)))
    return sorted(chosen)


@pytest.mark.parametrize("pool", [2, 16, 1024])
def test_k_center_is_farthest_first_traversal(cloud, monkeypatch, pool):
    monkeypatch.setattr(redundancy, "_POOL", pool)
    rows = KCenter().select(cloud, 80, 1)
    points = points_of(cloud, "good")
    first = int(np.argmax(points @ points.mean(axis=0)))
    np.testing.assert_array_equal(rows[:80], farthest_first(points, 80, np.zeros(len(points)), 1.0, first))


@pytest.mark.parametrize("pool", [2, 1024])
@pytest.mark.parametrize("relevance", ["centroid", "rating"])
@pytest.mark.parametrize("balance", [0.0, 0.3, 0.7])
def test_mmr_is_its_definition(cloud, monkeypatch, balance, relevance, pool):
    monkeypatch.setattr(redundancy, "_POOL", pool)
    rows = Mmr(balance, relevance).select(cloud, 60, 1)
    points, quality = points_of(cloud, "good"), cloud.quality[cloud.side("good")]
    mean = points.mean(axis=0)
    values = points @ (mean / np.linalg.norm(mean))
    if relevance == "rating":
        values = np.array([(quality <= one).mean() for one in quality])
    first = int(np.argmax(values)) if balance else int(np.argmax(points @ mean))
    np.testing.assert_array_equal(rows[:60], farthest_first(points, 60, balance * values, 1 - balance, first))


def test_mmr_of_relevance_alone_keeps_the_most_relevant(cloud):
    np.testing.assert_array_equal(Mmr(1.0, "rating").select(cloud, 5, 7), Extremes().select(cloud, 5, 7))


def test_the_most_extreme_ratings_are_kept(cloud):
    rows = Extremes().select(cloud, 5, 7)
    np.testing.assert_array_equal(np.sort(cloud.quality[rows[:5]]), np.sort(cloud.quality)[-5:])
    np.testing.assert_array_equal(np.sort(cloud.quality[rows[5:]]), np.sort(cloud.quality)[:7])


def greedy_facility_location(similarity, n, best):
    chosen = []
    while len(chosen) < n:
        gains = np.maximum(similarity - best, 0).sum(axis=1)
        gains[chosen] = -np.inf
        chosen.append(int(np.argmax(gains)))
        best = np.maximum(best, similarity[chosen[-1]])
    return sorted(chosen)


def test_facility_location_is_the_greedy_subset(cloud):
    points = points_of(cloud, "good").astype(np.float64)
    rows = FacilityLocation().select(cloud, 40, 1)
    np.testing.assert_array_equal(rows[:40], greedy_facility_location(points @ points.T, 40, np.full(len(points), -1)))


def test_the_sparse_facility_location_of_large_sides(cloud, monkeypatch):
    points = points_of(cloud, "good")
    similarity = points.astype(np.float64) @ points.T.astype(np.float64)
    nearest = np.argsort(-similarity, axis=1)[:, :9]
    known = np.full_like(similarity, -np.inf)
    np.put_along_axis(known, nearest.T, np.take_along_axis(similarity, nearest, axis=1).T, axis=0)
    expected = greedy_facility_location(known, 40, points @ points.mean(axis=0))
    np.testing.assert_array_equal(np.sort(_sparse(points, 40, 9, nothing)), expected)
    monkeypatch.setattr(facility_location, "MOST_DENSE", 10)
    np.testing.assert_array_equal(FacilityLocation(9).select(cloud, 40, 1)[:40], expected)


# selectors that match or trim a side


def test_herding_is_its_definition(cloud):
    raw = (cloud.directions * cloud.norms[:, None]).astype(np.float64)
    rows = Herding().select(cloud, 30, 10)
    for found, side in ((rows[:30], "good"), (rows[30:], "bad")):
        points = raw[cloud.side(side)]
        chosen = []
        while len(chosen) < len(found):
            means = (points[chosen].sum(axis=0) + points) / (len(chosen) + 1)
            distance = np.linalg.norm(means - points.mean(axis=0), axis=1)
            distance[chosen] = np.inf
            chosen.append(int(np.argmin(distance)))
        np.testing.assert_array_equal(found - cloud.side(side).start, sorted(chosen))


def test_herding_finds_the_mean_and_is_far_nearer_to_it_than_chance(cloud):
    raw = cloud.directions * cloud.norms[:, None]
    mean = raw[cloud.side("good")].mean(axis=0)

    def distance(rows):
        return np.linalg.norm(raw[rows[:30]].mean(axis=0) - mean)

    chance = min(distance(Random(seed).select(cloud, 30, 30)) for seed in range(100))
    assert distance(Herding().select(cloud, 30, 30)) < chance / 3
    exact = two_sides([*(np.eye(3) + 1), [4 / 3] * 3], [[-1, 0, 0], [-2, 0, 0]])
    assert Herding().select(exact, 1, 1)[0] == 3


def test_density_keeps_the_tight_cluster_and_trimming_leaves_out_the_outliers():
    rng = np.random.default_rng(0)
    tight = np.eye(DIM)[0] + 0.05 * rng.normal(size=(30, DIM))
    loose = np.eye(DIM)[1] + 0.4 * rng.normal(size=(66, DIM))
    outliers = -np.eye(DIM)[2:6]
    anchors = two_sides(np.r_[outliers, loose, tight], rng.normal(size=(20, DIM)))
    np.testing.assert_array_equal(Density(5).select(anchors, 30, 1)[:30], np.arange(70, 100))
    chosen = {row for seed in range(20) for row in OutlierTrimmed(0.04, 5, seed).select(anchors, 40, 1)[:40].tolist()}
    assert chosen == set(range(4, 100))
    # more anchors than trimming would leave: only so few are left out
    np.testing.assert_array_equal(OutlierTrimmed(0.9, 5).select(anchors, 96, 1)[:96], np.arange(4, 100))


def test_pairs_of_one_content_are_found():
    rng = np.random.default_rng(0)
    contents = np.linalg.qr(rng.normal(size=(64, 40)))[0].T
    quality = 0.1 * rng.normal(size=64)
    order = rng.permutation(20)
    # twenty contents on both sides; ten on one side only
    anchors = two_sides(
        np.r_[contents[:20], contents[20:30]] + quality, np.r_[contents[order], contents[30:]] - quality
    )
    for power in (0.0, 1.0):
        rows = ContentPairs(power).select(anchors, 20, 20)
        np.testing.assert_array_equal(rows, np.r_[:20, 30:50])
    few = ContentPairs(n_neighbors=2).select(anchors, 7, 7)
    np.testing.assert_array_equal(np.sort(order[few[7:] - 30]), few[:7])


def greedy_pairs(value, n):
    value = value.copy()
    pairs = []
    while len(pairs) < n:
        g, b = np.unravel_index(np.argmax(value), value.shape)
        pairs.append((g, b))
        value[g], value[:, b] = -np.inf, -np.inf
    good, bad = np.array(pairs).T
    return np.sort(good), np.sort(bad)


@pytest.mark.parametrize(("n", "k"), [(10, 32), (200, 32), (290, 1), (290, 3)])
def test_pairs_are_the_greedy_matching_also_when_neighbours_are_taken(cloud, n, k):
    rows = ContentPairs(0.0, n_neighbors=k).select(cloud, n, n)
    value = points_of(cloud, "good") @ points_of(cloud, "bad").T
    good, bad = greedy_pairs(value, n)
    np.testing.assert_array_equal(rows[:n], good)
    np.testing.assert_array_equal(rows[n:] - cloud.n_good, bad)


def test_pairs_of_a_larger_rating_gap_come_first(cloud):
    value = points_of(cloud, "good") @ points_of(cloud, "bad").T
    gap = cloud.quality[: cloud.n_good, None] - cloud.quality[None, cloud.n_good :]
    gaps = []
    for power in (0.0, 1.0, 2.0):
        rows = ContentPairs(power, n_neighbors=cloud.n_bad).select(cloud, 50, 50)
        good, bad = greedy_pairs(value * gap**power, 50)
        np.testing.assert_array_equal(rows, np.r_[good, bad + cloud.n_good])
        gaps.append(cloud.quality[rows[:50]].mean() - cloud.quality[rows[50:]].mean())
    assert gaps == sorted(gaps)


def test_pairs_of_references_leave_out_the_mildest_distortions():
    """Each reference has a mild and a strong distortion: the mild one is most alike, and shows nothing of quality."""
    rng = np.random.default_rng(0)
    contents = np.linalg.qr(rng.normal(size=(64, 30)))[0].T
    damage = rng.normal(size=64) / 16
    levels = np.tile([0.05, 0.6], 30)
    bad = np.repeat(contents, 2, axis=0) + levels[:, None] * damage
    anchors = two_sides(contents, bad, groups=np.r_[np.arange(30), np.repeat(np.arange(30), 2)])

    def strong(selector, n_good, n_bad):
        rows = selector.select(anchors, n_good, n_bad)
        return (levels[rows[n_good:] - 30] > 0.5).sum()

    assert strong(ContentPairs(0.0), 10, 10) == 0
    assert strong(ContentPairs(), 10, 10) == 10
    # The larger side is filled up by the same rule.
    assert strong(ContentPairs(0.0), 10, 25) == 0
    assert strong(ContentPairs(), 10, 25) == 25


def test_pairs_fill_up_the_larger_side_with_what_is_most_similar(cloud):
    rows = ContentPairs(0.0).select(cloud, 10, 15)
    good, bad = greedy_pairs(points_of(cloud, "good") @ points_of(cloud, "bad").T, 10)
    np.testing.assert_array_equal(rows[:10], good)
    nearest = (points_of(cloud, "bad") @ points_of(cloud, "good").T).max(axis=1)
    nearest[bad] = -np.inf
    np.testing.assert_array_equal(rows[10:] - cloud.n_good, np.sort(np.r_[bad, np.argsort(-nearest)[:5]]))


def test_the_inverted_file_finds_nearly_all_neighbours(monkeypatch):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, DIM))[rng.integers(0, 40, 4000)] + 0.3 * rng.normal(size=(4000, DIM))
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    exact = neighbors.neighbors_within(points, 10)
    monkeypatch.setattr(neighbors, "MOST_EXACT", 100)
    found = neighbors.neighbors_within(points, 10)
    assert (found.rows != np.arange(4000)[:, None]).all()
    recall = np.mean([len(np.intersect1d(one, two)) / 10 for one, two in zip(exact.rows, found.rows, strict=True)])
    assert recall > 0.98


# counts, strata, errors


def test_counts_are_in_proportion_to_the_sides():
    anchors = two_sides(np.ones((10, 2)), -np.ones((90, 2)))
    assert allocate(anchors, size=20) == (2, 18)
    assert allocate(anchors, size=2) == (1, 1)
    assert allocate(anchors, size=3) == (1, 2)
    assert allocate(anchors, size=100) == (10, 90)
    assert allocate(anchors, fraction=0.3) == (3, 27)
    assert allocate(anchors, fraction=0.001) == (1, 1)
    for wrong in ({}, {"size": 5, "fraction": 0.1}, {"size": 1}, {"size": 101}, {"fraction": 0.0}, {"fraction": 1.1}):
        with pytest.raises(MethodError):
            allocate(anchors, **wrong)


def test_strata_give_equally_many_each(cloud):
    rows = select_anchors(cloud, Random(), size=62, stratify=5)
    for side, n in (("good", 31), ("bad", 31)):
        inside = cloud.side(side)
        ranks = rows[(rows >= inside.start) & (rows < inside.stop)] - inside.start
        counts = np.bincount(ranks * 5 // (inside.stop - inside.start), minlength=5)
        assert counts.sum() == n
        assert set(counts) <= {6, 7}
    draws = rows[:31][:6], rows[:31][7:13] - 60
    assert not np.array_equal(*draws)  # each stratum has its own draw
    best = select_anchors(cloud, Extremes(), size=20, stratify=10)
    np.testing.assert_array_equal(best, np.arange(0, 600, 30))


def test_progress_ends_at_the_total(cloud):
    for selector in (KCenter(), KMedoids(), ContentPairs(), Herding()):
        for strata in (None, 3):
            seen = []
            rows = select_anchors(
                cloud, selector, size=31, stratify=strata, on_progress=lambda *now, seen=seen: seen.append(now)
            )
            assert len(rows) == 31
            assert seen[-1] == (31, 31)
            assert sorted(seen) == seen


def test_what_anchors_lack_is_said(clustered, cloud):
    for select in (
        lambda: Extremes().select(clustered, 2, 2),
        lambda: Mmr(relevance="rating").select(clustered, 2, 2),
        lambda: select_anchors(clustered, Random(), size=4, stratify=2),
    ):
        with pytest.raises(MethodError, match="needs an opinion score for every anchor"):
            select()
    with pytest.raises(MethodError, match="9 strata do not fit 5 good and 5 bad anchors"):
        select_anchors(cloud, Random(), size=10, stratify=9)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Mmr(1.5),
        lambda: Mmr(0.5, "size"),
        lambda: Density(0),
        lambda: OutlierTrimmed(1.0),
        lambda: ContentPairs(-1.0),
        lambda: ContentPairs(n_neighbors=0),
        lambda: FacilityLocation(0),
    ],
)
def test_parameters_out_of_range_are_said(wrong):
    with pytest.raises(MethodError):
        wrong()


@pytest.mark.parametrize("selector", [KMeansRepresentatives(), KMedoids()])
def test_large_sides_are_clustered_in_cells(clustered, monkeypatch, selector):
    monkeypatch.setattr(kmeans, "MOST_PRODUCTS", 60)
    seen = []
    rows = selector.select(clustered, 20, 21, on_progress=lambda *now: seen.append(now))
    assert (len(rows), seen[-1]) == (41, (41, 41))
    assert len(seen) > 4
    assert set(rows // 9) == set(range(2 * N_CLUSTERS))  # each cluster has its share
