"""What every selector promises: the counts, ascending rows, the same subset each time, whatever the order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quasar_index.own_anchors import make_anchors
from quasar_index.selection import SELECTORS, allocate, select_anchors

DETERMINISTIC = ("extremes", "k-center", "herding", "facility-location", "mmr", "density", "content-pairs")
sizes = st.integers(6, 60)


def rated(seed, n, dim=7):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, max(2, n // 3), n)
    groups[:2] = 0, 1  # one group alone cannot be held out from others
    return rng.normal(size=(n, dim)) + 0.5, rng.permutation(n) / n, groups


@pytest.mark.parametrize("name", SELECTORS)
@given(seed=st.integers(0, 1000), n=sizes, data=st.data())
@settings(max_examples=15, deadline=None)
def test_counts_order_and_repeatability(name, seed, n, data):
    points, quality, groups = rated(seed, n)
    anchors = make_anchors(points, quality=quality, groups=groups)
    n_good = data.draw(st.integers(1, anchors.n_good))
    n_bad = data.draw(st.integers(1, anchors.n_bad))
    rows = SELECTORS[name]().select(anchors, n_good, n_bad)
    assert len(rows) == n_good + n_bad
    assert (np.diff(rows) > 0).all()
    assert (rows < anchors.n_good).sum() == n_good
    assert rows[0] >= 0
    assert rows[-1] < n
    np.testing.assert_array_equal(SELECTORS[name]().select(anchors, n_good, n_bad), rows)


@pytest.mark.parametrize("name", [name for name, one in SELECTORS.items() if hasattr(one(), "seed")])
def test_seeded_methods_follow_their_seed(name):
    points, quality, groups = rated(0, 300)
    anchors = make_anchors(points, quality=quality, groups=groups)
    small = {"n_validation": 50} if name in ("forward", "influence") else {}
    one, again, other = (SELECTORS[name](seed=seed, **small).select(anchors, 10, 10) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", DETERMINISTIC)
@given(seed=st.integers(0, 1000), n=sizes)
@settings(max_examples=10, deadline=None)
def test_names_and_order_do_not_matter(name, seed, n):
    points, quality, _ = rated(seed, n)
    ids = [f"{row:03d}" for row in range(n)]
    order = np.random.default_rng(seed + 1).permutation(n)
    one = make_anchors(points, quality=quality, ids=ids)
    # the same anchors under other names, in another order, on the same sides
    other = make_anchors(points[order], quality=quality[order], ids=ids)
    chosen = [one.ids[select_anchors(one, SELECTORS[name](), fraction=0.4)]]
    renamed = other.ids[select_anchors(other, SELECTORS[name](), fraction=0.4)]
    chosen.append(np.array([ids[order[int(key)]].encode() for key in renamed.tolist()]))
    assert set(chosen[0].tolist()) == set(chosen[1].tolist())


# Extremes need ratings. Two anchors that are the only cover of each other are equally good facilities, by definition.
@pytest.mark.parametrize("name", [name for name in DETERMINISTIC if name not in ("extremes", "facility-location")])
@given(seed=st.integers(0, 1000), n=st.integers(30, 60))  # of two or three on a side, any may be the best
@settings(max_examples=10, deadline=None)
def test_rows_without_ratings_may_stand_in_any_order(name, seed, n):
    points, quality, _ = rated(seed, n)
    good = quality > 0.5
    order = np.random.default_rng(seed + 1).permutation(n)
    one, other = make_anchors(points, is_good=good), make_anchors(points[order], is_good=good[order])
    chosen = {int(one.ids[row]) for row in select_anchors(one, SELECTORS[name](), fraction=0.4)}
    again = {int(order[int(other.ids[row])]) for row in select_anchors(other, SELECTORS[name](), fraction=0.4)}
    assert chosen == again


@given(n_good=st.integers(1, 500), n_bad=st.integers(1, 500), data=st.data())
def test_allocation_fills_exactly_and_stays_within_the_sides(n_good, n_bad, data):
    anchors = make_anchors(np.ones((n_good + n_bad, 2)), is_good=np.arange(n_good + n_bad) < n_good)
    size = data.draw(st.integers(2, n_good + n_bad))
    good, bad = allocate(anchors, size=size)
    assert good + bad == size
    assert 1 <= good <= n_good
    assert 1 <= bad <= n_bad
    assert abs(good - size * n_good / (n_good + n_bad)) <= 1
    part = data.draw(st.floats(0.001, 1.0))
    good, bad = allocate(anchors, fraction=part)
    assert 1 <= good <= n_good
    assert 1 <= bad <= n_bad
