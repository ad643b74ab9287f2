"""The incremental held-out scores and the selections by them are those of a naive computation, step by step."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from quasar_index.methods import Mean
from quasar_index.methods.scoring import Scorer
from quasar_index.own_anchors import make_anchors
from quasar_index.selection.forward import Forward
from quasar_index.selection.held_out import (
    HeldOut,
    changed_correlations,
    leave_group_out_correlation,
    leave_group_out_scores,
    selection_target,
)
from quasar_index.selection.influence import Influence, first_order
from quasar_index.selection.rank_correlation import RankCorrelation

SETTINGS = settings(max_examples=25, deadline=None)


def make(seed, n, dim, n_groups, rated):
    """Return random anchors; n_groups 0 for none."""
    rng = np.random.default_rng(seed)
    X = rng.normal(0.2, 1, (n, dim)) * np.exp(rng.normal(0, 0.5, (n, 1)))
    is_good = rng.permutation(np.arange(n) < rng.integers(2, n - 1))
    groups = None
    if n_groups:
        groups = rng.integers(0, n_groups, n)
        groups[:2] = 0, 1
    return make_anchors(X, is_good=is_good, quality=rng.integers(0, 6, n) + is_good if rated else None, groups=groups)


ANCHORS = st.builds(
    make,
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(6, 24),
    dim=st.integers(3, 10),
    n_groups=st.sampled_from([0, 2, 3, 6, 15]),
    rated=st.booleans(),
)


def codes(anchors):
    return np.arange(len(anchors)) if anchors.groups is None else anchors.groups


def naive_scores(anchors, rows):
    """Score every group by a Scorer that never sees it."""
    scores = np.full(len(anchors), np.nan)
    for group in np.unique(codes(anchors)):
        mine = codes(anchors) == group
        kept = np.setdiff1d(rows, np.flatnonzero(mine))
        if 0 < (kept < anchors.n_good).sum() < len(kept):
            found = Scorer(anchors.take(kept), Mean(space="raw")).score_embeddings(anchors.directions[mine])
            scores[mine] = found.similarity_good - found.similarity_bad
    return scores


def naive_correlation(anchors, rows):
    scores = exact_scores(anchors, rows)
    if np.isnan(scores).all():
        return 0.0
    scores = np.round(np.where(np.isnan(scores), np.nanmedian(scores), scores), 10)
    return 0.0 if np.ptp(scores) == 0 else spearmanr(scores, selection_target(anchors)).statistic


def exact_scores(anchors, rows):
    """Do what `naive_scores` does, one anchor at a time and in float64, so that the same scores tie."""
    raw = anchors.norms[:, None].astype(float) * anchors.directions
    rows = np.asarray(rows)
    scores = np.full(len(anchors), np.nan)
    for i, group in enumerate(codes(anchors)):
        kept = rows[codes(anchors)[rows] != group]
        good, bad = kept[kept < anchors.n_good], kept[kept >= anchors.n_good]
        if len(good) and len(bad):
            cosines = [c @ anchors.directions[i] / np.linalg.norm(c) for c in (raw[good].sum(0), raw[bad].sum(0))]
            scores[i] = cosines[0] - cosines[1]
    return scores


def subset(anchors, data, least=1):
    """Draw rows of both sides."""
    parts = [
        data.draw(st.lists(st.integers(*ends), unique=True, min_size=least, max_size=10))
        for ends in ((0, anchors.n_good - 1), (anchors.n_good, len(anchors) - 1))
    ]
    return np.sort(np.concatenate(parts).astype(np.int64))


@SETTINGS
@given(anchors=ANCHORS, data=st.data())
def test_scores_are_those_of_a_scorer_without_the_group(anchors, data):
    rows = subset(anchors, data)
    found = leave_group_out_scores(anchors, rows)
    np.testing.assert_allclose(found, naive_scores(anchors, rows), atol=2e-6)  # centroids are float32 there
    np.testing.assert_allclose(found, exact_scores(anchors, rows), atol=1e-11)
    if np.isfinite(found).any() and np.nanmax(found) - np.nanmin(found) > 1e-9:
        assert abs(leave_group_out_correlation(anchors, rows) - naive_correlation(anchors, rows)) < 1e-9


@SETTINGS
@given(anchors=ANCHORS, data=st.data())
def test_neighbours_are_those_of_a_new_computation(anchors, data):
    rows = subset(anchors, data)
    validation = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(anchors), max_size=len(anchors))))
    validation = validation if len(validation) > 2 else np.arange(len(anchors))
    held_out = HeldOut(anchors, validation)
    # Reached by steps, as the selections reach it.
    held_out.choose(rows[:1])
    held_out.update(rows[1:], +1)
    np.testing.assert_allclose(held_out.scores(), exact_scores(anchors, rows)[validation], atol=1e-10)
    for sign, candidates in ((+1, np.setdiff1d(np.arange(len(anchors)), rows)), (-1, rows)):
        for one in candidates:
            changed = np.union1d(rows, [one]) if sign > 0 else np.setdiff1d(rows, [one])
            found = held_out.scores_with(np.array([one]), sign)[0]
            np.testing.assert_allclose(found, exact_scores(anchors, changed)[validation], atol=1e-7)


@SETTINGS
@given(anchors=ANCHORS, data=st.data())
def test_forward_takes_the_best_at_every_step(anchors, data):
    sizes = [data.draw(st.integers(1, n)) for n in (anchors.n_good, anchors.n_bad)]
    rows, good = np.arange(len(anchors)), anchors.n_good

    def best(chosen, candidates):
        values = [round(naive_correlation(anchors, np.append(chosen, c).astype(int)), 12) for c in candidates]
        return candidates[int(np.argmax(values))]

    whole = (sizes[0] == good, sizes[1] == anchors.n_bad)
    if whole[0]:
        chosen = [*rows[:good]]
        chosen += rows[good:].tolist() if whole[1] else [best(chosen, rows[good:])]
    else:
        chosen = [best(rows[good:], rows[:good])]
        others = [c for c in rows[good:] if codes(anchors)[c] != codes(anchors)[chosen[0]]]
        chosen += rows[good:].tolist() if whole[1] else [best(chosen, others or rows[good:])]
    while len(chosen) < sum(sizes):
        n_good = sum(c < good for c in chosen)
        unfilled = (n_good < sizes[0], len(chosen) - n_good < sizes[1])
        chosen.append(best(chosen, [c for c in rows if c not in chosen and unfilled[int(c >= good)]]))
    assert Forward().select(anchors, *sizes).tolist() == sorted(chosen)


@SETTINGS
@given(anchors=ANCHORS, data=st.data())
def test_influence_drops_the_worst_at_every_step(anchors, data):
    sizes = [data.draw(st.integers(1, n)) for n in (anchors.n_good, anchors.n_bad)]
    left = list(range(len(anchors)))
    while len(left) > sum(sizes):
        n_good = sum(c < anchors.n_good for c in left)
        surplus = (n_good - sizes[0], len(left) - n_good - sizes[1])
        may_go = [c for c in left if surplus[int(c >= anchors.n_good)] > 0]
        values = [round(naive_correlation(anchors, [r for r in left if r != c]), 12) for c in may_go]
        left.remove(max(zip(values, may_go, strict=True))[1])
    assert Influence(fraction=1e-9).select(anchors, *sizes).tolist() == left


@SETTINGS
@given(anchors=ANCHORS, seed=st.integers(0, 1000))
def test_first_order_is_the_slope(anchors, seed):
    """The derivative is that of finite differences in the weight of one anchor."""
    rows = np.arange(len(anchors))
    held_out = HeldOut(anchors, rows)
    held_out.choose(rows)
    correlate = RankCorrelation(selection_target(anchors))
    one = int(np.random.default_rng(seed).integers(len(anchors)))
    if np.isnan(held_out.scores()).any():
        return  # the slope is for thousands of anchors, where every score exists

    def correlation(weight):
        raw = anchors.norms[:, None].astype(float) * anchors.directions
        raw[one] *= weight
        scores = np.empty(len(anchors))
        for i in rows:
            other = codes(anchors) != codes(anchors)[i]
            sums = [raw[part][other[part]].sum(0) for part in map(anchors.side, ("good", "bad"))]
            good, bad = (s @ anchors.directions[i] / np.linalg.norm(s) for s in sums)
            scores[i] = good - bad
        return np.corrcoef(scores, correlate.target)[0, 1]

    step = 1e-5
    expected = (correlation(1 - step) - correlation(1 + step)) / (2 * step)
    found = first_order(held_out, correlate, rows)[one]
    assert abs(found - expected) < 1e-5 * (1 + abs(expected))


@SETTINGS
@given(anchors=ANCHORS, data=st.data())
def test_blocks_of_both_sides_come_back_in_order(anchors, data):
    rows = subset(anchors, data)
    held_out = HeldOut(anchors, np.arange(len(anchors)))
    held_out.choose(rows)
    correlate = RankCorrelation(selection_target(anchors))
    candidates = np.setdiff1d(np.arange(len(anchors)), rows)
    found = changed_correlations(held_out, correlate, candidates, +1)
    expected = [naive_correlation(anchors, np.append(rows, c)) for c in candidates]
    np.testing.assert_allclose(found, expected, atol=1e-9)
