"""A taste: what to judge next, ratings of pairs, the index of what was judged, and how far it goes."""

import numpy as np
import pytest
import scipy

import quasar_index as qi


def most_probable(pairs, n, spread):
    """Maximise the probability of the pairs with that of the ratings, by another way."""
    better, worse = np.array(pairs).T

    def cost(ratings):
        return np.logaddexp(0, ratings[worse] - ratings[better]).sum() + (ratings**2).sum() / (2 * spread**2)

    return scipy.optimize.minimize(cost, np.zeros(n), method="BFGS", options={"gtol": 1e-9}).x


def test_ratings_of_pairs_are_the_most_probable_ones():
    rng = np.random.default_rng(0)
    pairs = [tuple(rng.choice(9, 2, replace=False).tolist()) for _ in range(30)] + [(3, 4)] * 3
    found = qi.taste.ratings_of_pairs(pairs, 12)
    np.testing.assert_allclose(found, most_probable(pairs, 12, 1.0), atol=1e-5)
    assert found[9:].tolist() == [0, 0, 0]
    assert abs(found.sum()) < 1e-6


def test_ratings_of_pairs_find_an_order_and_stay_finite_for_one_that_always_wins():
    truth = np.random.default_rng(1).normal(size=15)
    pairs = [(a, b) if truth[a] > truth[b] else (b, a) for a in range(15) for b in range(a)]
    found = qi.taste.ratings_of_pairs(pairs, 15)
    assert np.argsort(found).tolist() == np.argsort(truth).tolist()
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("pairs", "why"),
    [([], "no pairs"), ([(0, 3)], "outside"), ([(1, 1)], "itself"), ([(0.5, 1.0)], "type"), ([(0, 1, 2)], "shape")],
)
def test_what_is_no_pair_is_refused(pairs, why):
    with pytest.raises(qi.DataError, match=why):
        qi.taste.ratings_of_pairs(pairs, 3)


def blobs(n_each=40, n_blobs=5, seed=0):
    """Return embeddings that lie in well-separated groups, and the group of each."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_blobs, 16)) * 4
    which = np.repeat(np.arange(n_blobs), n_each)
    return centres[which] + rng.normal(size=(len(which), 16)) * 0.3, which


@pytest.mark.parametrize("seed", range(5))
def test_first_photographs_reach_every_group(seed):
    shots, which = blobs()
    first = qi.taste.next_to_judge(shots, n=5, seed=seed)
    assert len(set(which[first])) == 5
    # The first of all is drawn at random; with two groups judged, the three others come.
    judged = np.flatnonzero(which < 2)[::10]
    assert set(which[qi.taste.next_to_judge(shots, judged, n=3, seed=seed)]) == {2, 3, 4}


def test_a_photograph_in_doubt_is_asked_for_more_often():
    rng = np.random.default_rng(0)
    shots = rng.normal(size=(300, 6))
    shots /= np.linalg.norm(shots, axis=1, keepdims=True)
    judged = np.arange(40)
    asked = [qi.taste.next_to_judge(shots, judged, shots[judged, 0], seed=seed)[0] for seed in range(300)]
    plain = [qi.taste.next_to_judge(shots, judged, seed=seed)[0] for seed in range(300)]
    assert np.abs(shots[asked, 0]).mean() < np.abs(shots[plain, 0]).mean() - 0.03


def test_nothing_is_asked_for_twice_and_each_seed_is_repeatable():
    shots = np.random.default_rng(0).normal(size=(30, 8))
    shots[20:] = shots[0]  # the same photograph again and again is asked for last
    found = qi.taste.next_to_judge(shots, [3, 4], [1, 2], n=99, passed_over=[5], seed=7)
    assert sorted([*found, 3, 4, 5]) == list(range(30))
    assert found == qi.taste.next_to_judge(shots, [3, 4], [1, 2], n=99, passed_over=[5], seed=7)
    assert found != qi.taste.next_to_judge(shots, [3, 4], [1, 2], n=99, passed_over=[5], seed=8)
    assert sum(row >= 20 or row == 0 for row in found[:17]) <= 1
    assert qi.taste.next_to_judge(shots, range(30)) == []
    with pytest.raises(qi.DataError, match="outside"):
        qi.taste.next_to_judge(shots, [30])
    with pytest.raises(qi.DataError, match="give one each"):
        qi.taste.next_to_judge(shots, [1, 2], [3])


def test_pairs_hang_together_until_nothing_is_left():
    shots = np.random.default_rng(0).normal(size=(7, 8))
    pairs = []
    while found := qi.taste.next_pairs(shots, pairs, seed=len(pairs)):
        [pair] = found
        if pairs and len(pairs) < 6:  # one new photograph, one that is known
            assert len(set(pair) & set(np.ravel(pairs).tolist())) == 1
        pairs.append(pair if shots[pair[0], 0] > shots[pair[1], 0] else pair[::-1])
    assert len({frozenset(pair) for pair in pairs}) == len(pairs) == 21
    ratings = qi.taste.ratings_of_pairs(pairs, 7)
    assert np.argsort(ratings).tolist() == np.argsort(shots[:, 0]).tolist()
    assert qi.taste.next_pairs(shots[:1]) == []
    several = qi.taste.next_pairs(shots, pairs[:1], n=9)
    assert len({new for new, _ in several}) == len(several) == 5
    assert len({frozenset(pair) for pair in qi.taste.next_pairs(shots, n=3)}) == 3


@pytest.mark.parametrize("pairs", [[], [(0, 1)]])
def test_pairs_that_were_passed_over_are_not_asked_for(pairs):
    shots = np.random.default_rng(0).normal(size=(5, 8))
    passed = []
    while found := qi.taste.next_pairs(shots, pairs, passed_over=passed, n=2, seed=len(passed)):
        passed += found
    assert len({frozenset(pair) for pair in passed}) == len(passed) == 10 - len(pairs)


def test_index_of_a_taste_scores_as_the_judge_does(tmp_path):
    rng = np.random.default_rng(0)
    shots = rng.normal(size=(200, 8)).astype(np.float32)
    stars = np.clip(np.round(3.7 + shots[:60, 0]), 1, 5)  # more than half at 4 and 5
    report = qi.taste.build_taste(
        tmp_path / "mine", [f"{i}.jpg" for i in range(60)], shots[:60], stars, score_range=(1, 5)
    )
    index = qi.AnchorIndex.open(tmp_path / "mine")
    assert len(index) == 60
    assert min(index.manifest.n_good, index.manifest.n_bad) >= 20
    assert index.manifest.n_good in {int((stars > value).sum()) for value in range(1, 5)}
    scores = qi.Mean().fit(report.index.anchors()).score(shots[60:]).score
    assert qi.srcc(scores, shots[60:, 0]) > 0.7
    with pytest.raises(qi.AnchorIndexError, match="exists already"):
        qi.taste.build_taste(tmp_path / "mine", ["a", "b"], np.eye(2), [1, 2])
    with pytest.raises(qi.DataError, match="all 3 judgements are the same"):
        qi.taste.source_of_taste(["a", "b", "c"], [4, 4, 4])


def test_agreement_is_that_of_leaving_one_out():
    rng = np.random.default_rng(0)
    shots = rng.normal(size=(30, 6))
    ratings = shots[:, 0] + 0.3 * rng.normal(size=30)
    found = qi.taste.agreement_of_ratings(shots, ratings)
    scores = []
    for row in range(30):
        rest = np.delete(np.arange(30), row)
        good = ratings[rest] > np.sort(ratings[rest])[13]  # 15 of 29 above
        below = ratings[rest] > np.sort(ratings[rest])[14]
        sides = good if abs(2 * good.sum() - 29) <= abs(2 * below.sum() - 29) else below
        anchors = qi.make_anchors(shots[rest], quality=ratings[rest], is_good=sides)
        scores.append(float(qi.Mean().fit(anchors).score(shots[[row]]).score[0]))
    assert found.value == pytest.approx(qi.srcc(scores, ratings), abs=1e-9)
    assert found.n == 30
    assert found.low < found.value < found.high
    assert qi.taste.agreement_of_ratings(shots, -ratings[::-1].copy()).value < 0.5


def test_agreement_says_what_cannot_be_said():
    shots = np.random.default_rng(0).normal(size=(12, 6))
    few = qi.taste.agreement_of_ratings(shots[:6], shots[:6, 0])
    assert (few.n, few.low, few.high) == (6, None, None)
    assert qi.taste.agreement_of_ratings(shots, np.ones(12)).value is None
    lone = qi.taste.agreement_of_ratings(shots, np.eye(12)[0])  # without the only good one nothing divides
    assert lone.n == 11
    assert lone.value is None
    assert qi.taste.agreement_of_pairs(shots, [(0, 1)]).value is None


def test_share_of_pairs_is_counted_without_their_photographs():
    rng = np.random.default_rng(0)
    shots = rng.normal(size=(30, 5))
    drawn = [rng.choice(30, 2, replace=False).tolist() for _ in range(40)]  # most photographs are in several
    pairs = [(a, b) if shots[a, 0] > shots[b, 0] else (b, a) for a, b in drawn]
    found = qi.taste.agreement_of_pairs(shots, pairs)
    right = 0
    for pair in pairs:
        rest = [other for other in pairs if not set(other) & set(pair)]
        known = np.unique(rest)
        ratings = qi.taste.ratings_of_pairs(rest, 30)[known]
        middle = qi.taste.source_of_taste([str(row) for row in known], ratings).threshold
        anchors = qi.make_anchors(shots[known], quality=ratings, is_good=ratings > middle)
        better, worse = qi.Mean().fit(anchors).score(shots[list(pair)]).score
        right += better > worse
    assert found.value == pytest.approx(right / 40)
    assert found.value > 0.6
    assert found.n == 40
    wilson = scipy.stats.binomtest(right, 40).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))
    # What is said by chance is foretold by chance.
    coins = [pair if rng.random() < 0.5 else pair[::-1] for pair in pairs]
    chance = qi.taste.agreement_of_pairs(shots, coins)
    assert chance.low < 0.6
