"""What holds for the correlations of any pairs."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quasar_index.statistics.bootstrap import bootstrap
from quasar_index.statistics.correlation import correlate, fit_logistic, krcc, plcc, srcc

# Whole numbers make ties likely, and no map below can merge two of them.
VALUES = st.integers(-1000, 1000)
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=60)


def columns(pairs):
    scores, quality = np.array(pairs, dtype=np.float64).T
    assume(np.ptp(scores) > 0 and np.ptp(quality) > 0)
    return scores, quality


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_ranks_know_no_strictly_rising_map(pairs):
    scores, quality = columns(pairs)
    for statistic in (srcc, krcc):
        expected = statistic(scores, quality)
        for mapped in (scores**3 + scores, np.exp(scores / 500), 3 * scores - 7):
            assert statistic(mapped, quality) == pytest.approx(expected, abs=1e-12)
            assert statistic(scores, mapped := np.arctan(quality / 900)) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_negation_flips_the_sign(pairs):
    scores, quality = columns(pairs)
    for statistic in (srcc, krcc, plcc):
        assert statistic(-scores, quality) == pytest.approx(-statistic(scores, quality), abs=1e-12)
        assert statistic(scores, -quality) == pytest.approx(-statistic(scores, quality), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(PAIRS, st.integers(0, 2**32 - 1))
def test_order_of_the_images_means_nothing(pairs, seed):
    scores, quality = columns(pairs)
    order = np.random.default_rng(seed).permutation(len(scores))
    for statistic in (srcc, krcc, plcc):
        assert statistic(scores[order], quality[order]) == pytest.approx(statistic(scores, quality), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_plcc_knows_no_units(pairs):
    scores, quality = columns(pairs)
    assert plcc(0.001 * scores + 3, quality) == pytest.approx(plcc(scores, quality), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_all_figures_are_in_range_and_the_fit_never_hurts(pairs):
    scores, quality = columns(pairs)
    found = correlate(scores, quality)
    for value in (found.srcc, found.krcc, found.plcc):
        assert -1 - 1e-12 <= value <= 1 + 1e-12
    assert found.rmse >= 0
    if len(scores) < 5:
        assert found.plcc_fitted is None
        return
    assert -1 - 1e-9 <= found.plcc_fitted <= 1 + 1e-9
    # A wide logistic is almost a line, so that it cannot fit worse than one.
    assert abs(found.plcc_fitted) >= abs(found.plcc) - 1e-5
    assert found.rmse_fitted <= quality.std() * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_the_fitted_curve_is_monotone(pairs):
    scores, quality = columns(pairs)
    assume(len(scores) >= 5)
    curve = fit_logistic(scores, quality)
    steps = np.diff(curve(np.linspace(-1500, 1500, 400)))
    assert (steps * curve.direction >= -1e-9 * np.abs(steps).max()).all()
    assert curve.b4 > 0
    middle = np.clip(curve.b3, scores.min(), scores.max())
    in_rise = np.abs(scores - middle) <= np.log(9) * curve.b4 * (1 + 1e-6) + 1e-2
    assert np.count_nonzero(in_rise) >= min(2 * np.sqrt(len(scores)), len(scores))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=20, max_size=40, unique_by=(lambda p: p[0], lambda p: p[1])))
def test_interval_mirrors_with_the_scores(pairs):
    scores, quality = columns(pairs)
    straight = bootstrap("srcc", scores, quality, seed=0, n_resamples=100)
    turned = bootstrap("srcc", -scores, quality, seed=0, n_resamples=100)
    assert -1 <= straight.low <= straight.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-straight.high, -straight.low), abs=1e-9)
