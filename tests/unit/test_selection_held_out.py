"""Forward selection and influence pruning on anchors whose right subset is known, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest

from quasar_index.anchors import AnchorTable
from quasar_index.errors import DataError, MethodError, QuasarError, ValidationError
from quasar_index.own_anchors import make_anchors
from quasar_index.selection import held_out
from quasar_index.selection.base import Selector
from quasar_index.selection.forward import Forward
from quasar_index.selection.held_out import (
    draw_validation,
    leave_group_out_correlation,
    leave_group_out_scores,
)
from quasar_index.selection.influence import Influence
from quasar_index.selection.rank_correlation import RankCorrelation, with_median

HELD_OUT = [Forward(), Influence()]


def with_noise(seed=0, n=24, n_noise=120, dim=24):
    """Return anchors in which one direction follows quality; most ("noise...") lie far off it, each elsewhere."""
    rng = np.random.default_rng(seed)
    quality = np.concatenate([np.linspace(-1, 1, n), rng.uniform(-1, 1, n_noise)])
    X = rng.normal(0, 0.02, (n + n_noise, dim))
    X[:, 0] += quality
    X[:, 1] += 1
    off = rng.normal(0, 1, (n_noise, dim - 2))
    X[n:, 2:] += 2 * off / np.linalg.norm(off, axis=1, keepdims=True)
    return make_anchors(X, quality=quality, ids=[f"{'clear' if i < n else 'noise'}{i:03d}" for i in range(len(X))])


def with_misleading(seed=0, n=100, n_wrong=10, dim=8):
    """Return anchors in which one direction follows quality and a second one is of content, balanced at every quality.

    Those named "wrong..." are of middling quality, long, and pull the sides apart along the second direction.
    """
    rng = np.random.default_rng(seed)
    level = np.concatenate([np.repeat(np.linspace(-1, 1, n // 2), 2), 0.02 * np.tile([-1, 1], n_wrong // 2)])
    level += rng.uniform(0, 1e-4, len(level))
    X = rng.normal(0, 0.02, (len(level), dim))
    X[:, 0] += level
    X[:, 1] += 1
    X[:n, 2] += np.repeat(rng.normal(0, 0.5, n // 2), 2) * np.tile([1, -1], n // 2)
    X[n:, 2] += np.sign(level[n:])
    X[n:] *= 3
    return make_anchors(X, quality=level, ids=[f"{'right' if i < n else 'wrong'}{i:03d}" for i in range(len(X))])


def with_one_large_group(seed=0):
    """Return unrated anchors, two thirds of them of group 0, which has a strong direction of its own.

    A weak direction tells good from bad in all of them: only it helps a group that may not be scored by itself.
    """
    rng = np.random.default_rng(seed)
    sign = np.tile([1.0, -1.0], 30)
    groups = np.repeat(np.r_[np.zeros(20), np.arange(1, 11)].astype(int), 2)
    X = rng.normal(0, 0.02, (60, 3))
    X[:, 0] += 3
    X[:, 1] += 0.3 * sign + rng.normal(0, 0.2, 60)
    X[:, 2] += 2 * sign * (groups == 0)
    return X, sign > 0, groups


def named(anchors, rows, start):
    return int(np.char.startswith(anchors.ids[rows], start).sum())


def counts(anchors, rows):
    return int((rows < anchors.n_good).sum()), int((rows >= anchors.n_good).sum())


def test_forward_finds_the_informative_few():
    anchors = with_noise()
    for selector in (Forward(), Forward(n_candidates=100, n_validation=100)):
        chosen = selector.select(anchors, 4, 4)
        assert named(anchors, chosen, b"clear") == 8
        everything = leave_group_out_correlation(anchors, np.arange(len(anchors)))
        assert leave_group_out_correlation(anchors, chosen) > everything


@pytest.mark.parametrize("selector", [Influence(), Influence(n_exact=0), Influence(fraction=0.06)])
def test_influence_drops_the_misleading(selector):
    anchors = with_misleading()
    n_right = [named(anchors, np.arange(len(anchors))[anchors.side(side)], b"right") for side in ("good", "bad")]
    chosen = selector.select(anchors, *n_right)
    assert named(anchors, chosen, b"wrong") == 0
    everything = leave_group_out_correlation(anchors, np.arange(len(anchors)))
    assert leave_group_out_correlation(anchors, chosen) > everything + 0.05


def test_groups_never_score_themselves():
    """Only its own direction tells the good version of a content from its bad one: without it, nothing does."""
    n_groups = 12
    own = np.repeat(np.eye(n_groups), 2, axis=0) * np.tile([1, -1], n_groups)[:, None]
    X = np.column_stack([np.ones(2 * n_groups), own])
    is_good = np.tile([True, False], n_groups)
    rows = np.arange(2 * n_groups)
    alone = leave_group_out_scores(make_anchors(X, is_good=is_good), rows)
    assert (alone[:n_groups] > 0.01).all()
    assert (alone[n_groups:] < -0.01).all()
    grouped = leave_group_out_scores(make_anchors(X, is_good=is_good, groups=rows // 2), rows)
    np.testing.assert_allclose(grouped, 0, atol=1e-7)


@pytest.mark.parametrize("selector", HELD_OUT)
@pytest.mark.parametrize("seed", range(3))
def test_selections_do_not_profit_from_a_group_that_scores_itself(selector, seed):
    X, is_good, groups = with_one_large_group(seed)
    by_itself, by_group = (make_anchors(X, is_good=is_good, groups=codes) for codes in (np.arange(60), groups))
    of_large = by_group.groups == 0
    assert of_large[selector.select(by_itself, 3, 3)].sum() > of_large[selector.select(by_group, 3, 3)].sum()


@pytest.mark.parametrize("selector", HELD_OUT)
@pytest.mark.parametrize("rated", [True, False])
@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 9), (20, 2), (20, 40)])
def test_counts_are_exact_and_runs_agree(selector, rated, grouped, sizes):
    rng = np.random.default_rng(1)
    is_good = np.arange(60) < 20
    anchors = make_anchors(
        rng.normal(0.1, 1, (60, 8)) + is_good[:, None] * rng.normal(0, 0.5, 8),
        is_good=is_good,
        quality=is_good + rng.uniform(0, 1, 60) if rated else None,
        groups=np.arange(60) % 20 if grouped else None,
    )
    assert isinstance(selector, Selector)
    chosen = selector.select(anchors, *sizes)
    assert counts(anchors, chosen) == sizes
    assert (np.diff(chosen) > 0).all()
    assert selector.select(anchors, *sizes).tolist() == chosen.tolist()


def test_large_sets_are_drawn_from_and_seeded():
    anchors = with_noise(n=60, n_noise=300)
    some = [Forward(n_candidates=40, n_validation=150, seed=seed).select(anchors, 6, 6) for seed in (0, 0, 1)]
    assert some[0].tolist() == some[1].tolist() != some[2].tolist()
    assert all(counts(anchors, rows) == (6, 6) for rows in some)
    everything = leave_group_out_correlation(anchors, np.arange(len(anchors)))
    assert min(leave_group_out_correlation(anchors, rows) for rows in some) > everything
    pruned = [Influence(n_exact=50, n_validation=150, seed=seed).select(anchors, 6, 6) for seed in (0, 0, 1)]
    assert pruned[0].tolist() == pruned[1].tolist() != pruned[2].tolist()
    assert all(counts(anchors, rows) == (6, 6) for rows in pruned)


@pytest.mark.parametrize("selector", HELD_OUT)
def test_equal_anchors_fall_to_the_lowest_row(selector):
    rng = np.random.default_rng(0)
    half = rng.normal(0, 1, (10, 6)) + np.where(np.arange(10)[:, None] < 5, 0.5, -0.5)
    anchors = make_anchors(np.repeat(half, 2, axis=0), is_good=np.arange(20) < 10)
    chosen = selector.select(anchors, 1, 1)
    # Ids follow rows, so the twins stand side by side.
    assert (chosen % 2 == 0).all()


def test_unrated_anchors_follow_the_side():
    rng = np.random.default_rng(0)
    is_good = np.arange(80) < 10
    X = rng.normal(0, 1, (80, 10))
    X[:, 0] += np.where(is_good, 2, -2)
    anchors = make_anchors(X, is_good=is_good, groups=np.arange(80) % 10)
    chosen = Forward().select(anchors, 2, 4)
    scores = leave_group_out_scores(anchors, chosen)
    auc = (scores[:10, None] > scores[None, 10:]).mean()
    assert auc > 0.99
    # The largest SRCC that a target of two values allows.
    assert leave_group_out_correlation(anchors, chosen) == pytest.approx(0.571, abs=0.01)


def test_validation_of_few_references_takes_both_sides_alike():
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (500, 4))
    few = draw_validation(make_anchors(X, is_good=np.arange(500) < 30), 100, rng)
    assert [(few < 30).sum(), (few >= 30).sum()] == [30, 70]
    even = draw_validation(make_anchors(X, is_good=np.arange(500) < 200), 100, rng)
    assert [(even < 200).sum(), (even >= 200).sum()] == [50, 50]
    assert len(draw_validation(make_anchors(X, quality=np.arange(500)), 100, rng)) == 100


def test_an_anchor_without_a_score_is_no_opinion():
    X = np.array([[1.0, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
    anchors = make_anchors(X, quality=[4, 3, 1, 2], groups=[0, 1, 0, 2])
    scores = leave_group_out_scores(anchors, np.array([0, 2]))
    assert np.isnan(scores[anchors.groups == 0]).all()
    assert np.isfinite(scores[anchors.groups != 0]).all()
    # Ratings 4 and 1 get the middle, 3 is above it and 2 below: ranks (2.5, 4, 2.5, 1) with (4, 3, 1, 2).
    assert leave_group_out_correlation(anchors, np.array([0, 2])) == pytest.approx(1.5 / np.sqrt(4.5 * 5))


def test_rank_correlations_with_ties_are_those_of_scipy():
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    target = rng.integers(0, 4, 30)
    scores = np.concatenate([rng.normal(0, 1, (3, 30)), rng.integers(0, 3, (3, 30)), np.ones((1, 30))])
    found = RankCorrelation(target.astype(float))(scores)
    expected = [spearmanr(row, target).statistic for row in scores[:-1]]
    np.testing.assert_allclose(found, [*expected, 0], atol=1e-12)


@pytest.mark.parametrize("selector", HELD_OUT)
@pytest.mark.parametrize("grouped", [True, False])
def test_products_that_are_kept_change_nothing(monkeypatch, selector, grouped):
    rng = np.random.default_rng(2)
    X = rng.normal(0.1, 1, (90, 8))
    anchors = make_anchors(X, quality=X[:, 0] + rng.normal(0, 1, 90), groups=np.arange(90) % 30 if grouped else None)
    kept = selector.select(anchors, 9, 14)
    few = replace(selector, n_validation=40).select(anchors, 9, 14)
    monkeypatch.setattr(held_out, "_MOST_CACHED", 0)
    assert selector.select(anchors, 9, 14).tolist() == kept.tolist()
    assert replace(selector, n_validation=40).select(anchors, 9, 14).tolist() == few.tolist()


def test_missing_scores_take_the_median_of_their_row():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1, (40, 9))
    scores[rng.random(scores.shape) < 0.4] = np.nan
    scores[3], scores[4] = np.nan, np.arange(9)
    filled = with_median(scores)
    for row, (before, after) in enumerate(zip(scores, filled, strict=True)):
        missing = np.isnan(before)
        np.testing.assert_array_equal(after[~missing], before[~missing])
        assert (after[missing] == (0 if row == 3 else np.median(before[~missing]))).all()


@pytest.mark.parametrize("selector", HELD_OUT)
def test_constant_ratings_are_an_error(selector):
    X = np.random.default_rng(0).normal(0, 1, (10, 4))
    anchors = make_anchors(X, is_good=np.arange(10) < 5, quality=np.ones(10))
    with pytest.raises(MethodError, match="all 10 opinion scores are 1"):
        selector.select(anchors, 2, 2)
    with pytest.raises(MethodError, match="all 10 opinion scores are 1"):
        leave_group_out_correlation(anchors, np.arange(10))


@pytest.mark.parametrize("selector", HELD_OUT)
def test_one_group_is_an_error(selector):
    X = np.random.default_rng(0).normal(0, 1, (10, 4))
    anchors = make_anchors(X, quality=np.arange(10), groups=np.zeros(10))
    with pytest.raises(MethodError, match="all 10 anchors are of one group"):
        selector.select(anchors, 2, 2)
    with pytest.raises(ValidationError, match="without its own group"):
        leave_group_out_correlation(anchors, np.arange(10))


@pytest.mark.parametrize("rows", [[0, 1], [8, 9], [0, 9, 9], [0, 10], [-1, 9], []])
def test_rows_must_be_of_both_sides(rows):
    anchors = make_anchors(np.random.default_rng(0).normal(0, 1, (10, 4)), quality=np.arange(10))
    with pytest.raises(DataError):
        leave_group_out_scores(anchors, np.array(rows, dtype=int))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Forward(n_candidates=0), "n_candidates 0"),
        (lambda: Forward(n_validation=2), "n_validation 2"),
        (lambda: Influence(fraction=0), "fraction 0"),
        (lambda: Influence(fraction=1), "fraction 1"),
        (lambda: Influence(n_validation=1), "n_validation 1"),
        (lambda: Influence(n_exact=-1), "n_exact -1"),
    ],
)
def test_parameters_are_checked(make, word):
    with pytest.raises(QuasarError, match=word):
        make()


@pytest.mark.parametrize("selector", HELD_OUT)
def test_an_anchor_at_the_mean_has_a_score_of_zero(selector):
    """In a centred space an anchor may have no direction; it belongs to no side and harms nothing."""
    rng = np.random.default_rng(0)
    found = make_anchors(rng.normal(0, 1, (12, 4)), quality=np.arange(12))
    directions = found.directions.copy()
    directions[3] = 0
    anchors = AnchorTable(found.ids, directions, found.norms, found.quality, found.n_good)
    assert leave_group_out_scores(anchors, np.arange(12))[3] == 0
    assert counts(anchors, selector.select(anchors, 3, 3)) == (3, 3)
