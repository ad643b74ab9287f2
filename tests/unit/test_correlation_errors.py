"""Pairs that no statistic, fit or interval can be had from: one error, cause and mend."""

import logging

import numpy as np
import pytest
import scipy.optimize

from quasar_index.errors import ValidationError
from quasar_index.statistics import bootstrap as resampling
from quasar_index.statistics import correlation
from quasar_index.statistics.bootstrap import STATISTICS, bootstrap, bootstrap_all, paired_difference
from quasar_index.statistics.correlation import (
    correlate,
    fit_logistic,
    krcc,
    plcc,
    plcc_fitted,
    rmse,
    rmse_fitted,
    srcc,
)
from quasar_index.statistics.groups import group_codes

ALL = [srcc, krcc, plcc, plcc_fitted, rmse, rmse_fitted, correlate, fit_logistic]
RISING = np.linspace(0.2, 0.8, 12)
RATINGS = np.array([1, 2, 2, 3, 1, 4, 3, 5, 4, 5, 5, 4.5])


@pytest.mark.parametrize("statistic", ALL)
@pytest.mark.parametrize(
    ("scores", "quality", "cause"),
    [
        (np.full(12, 0.5), RATINGS, "all 12 scores are 0.5"),
        (RISING, np.full(12, 3), "all 12 ratings are 3"),
        (0.5 + 1e-16 * RISING, RATINGS, "all 12 scores are 0.5"),
        (
            np.where(RISING > 0.7, np.nan, RISING),
            RATINGS,
            "scores are NaN or infinite in 2 of 12 rows, first in row 10",
        ),
        (
            RISING,
            np.where(RATINGS == 3, np.inf, RATINGS),
            "ratings are NaN or infinite in 2 of 12 rows, first in row 3",
        ),
        (RISING[:11], RATINGS, "11 scores but 12 ratings"),
        ([0.1, 0.2], [1, 2], "2 scored images"),
        ([], [], "0 scored images"),
        (RISING[:, None], RATINGS, r"scores have shape \(12, 1\)"),
        (RISING, RATINGS.astype(str), "ratings have shape"),
        (RISING, [None, *RATINGS[1:]], "type object"),
    ],
)
def test_unfit_pairs(statistic, scores, quality, cause):
    with pytest.raises(ValidationError, match=cause) as caught:
        statistic(scores, quality)
    assert caught.value.hint
    assert caught.value.exit_code == 7


def test_four_pairs_have_no_fit():
    with pytest.raises(ValidationError, match="4 pairs for a curve with 4 parameters"):
        fit_logistic([1, 2, 3, 4], [1, 2, 3, 5])


def give_up(*_, **__):
    raise RuntimeError("Optimal parameters not found")


def test_fit_that_never_converges(monkeypatch, caplog):
    monkeypatch.setattr(scipy.optimize, "curve_fit", give_up)
    monkeypatch.setattr(scipy.optimize, "minimize", lambda *_, **__: scipy.optimize.OptimizeResult(success=False))
    with pytest.raises(ValidationError, match="does not converge") as caught:
        fit_logistic(RISING, RATINGS)
    assert "raw PLCC" in caught.value.hint
    with caplog.at_level(logging.WARNING, logger=correlation.__name__):
        assert correlate(RISING, RATINGS).plcc_fitted is None
    assert "does not converge" in caplog.text


def test_simplex_serves_where_the_gradient_fails(monkeypatch):
    expected = fit_logistic(RISING, RATINGS)
    monkeypatch.setattr(scipy.optimize, "curve_fit", give_up)
    assert fit_logistic(RISING, RATINGS)(RISING) == pytest.approx(expected(RISING), abs=0.02)


def test_five_points_on_which_the_gradient_search_runs_in_circles():
    """The rise of so few scores must take in all of them: the curve is nearer than a line, and passes through none."""
    scores, quality = [0, 0, 1, -1, -2], [0, 0, 2, -1, -1]
    curve = fit_logistic(scores, quality)
    assert curve.at_bound
    assert np.max(np.abs(curve(scores) - quality)) < 0.25


def test_unrelated_scores_have_a_defined_fit():
    """The best curve of scores that say nothing is flat; its correlation is 0 or nearly so, never NaN."""
    scores, quality = np.repeat([0.0, 1.0], 10), np.tile([1.0, 2.0], 10)
    assert plcc_fitted(scores, quality) == pytest.approx(0, abs=1e-6)
    assert rmse_fitted(scores, quality) == pytest.approx(0.5)


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e150])
def test_units_do_not_matter(scale):
    assert plcc(scale * RISING, RATINGS) == pytest.approx(plcc(RISING, RATINGS))
    assert plcc_fitted(scale * RISING, RATINGS) == pytest.approx(plcc_fitted(RISING, RATINGS))


@pytest.mark.parametrize("resample", [bootstrap, lambda _, *rest, **options: bootstrap_all(*rest, **options)])
@pytest.mark.parametrize(
    ("options", "n", "cause"),
    [
        ({}, 9, "no interval from 9 pairs"),
        ({"level": 1.0}, 12, "level 1.0"),
        ({"level": 0.0}, 12, "level 0.0"),
        ({"n_resamples": 30}, 12, "30 resamples for a 0.95 interval"),
        ({"groups": list("aabbccddaabb")}, 12, r"no interval from 4 group\(s\)"),
        ({"groups": list("abc")}, 12, "3 group labels for 12 images"),
        ({"groups": [*"abcdefghijk", None]}, 12, "row 11 has no group"),
        ({"groups": np.append(np.arange(11.0), np.nan)}, 12, "row 11 has no group"),
    ],
)
def test_no_interval(resample, options, n, cause):
    with pytest.raises(ValidationError, match=cause) as caught:
        resample("srcc", RISING[:n], RATINGS[:n], seed=0, **options)
    assert caught.value.hint


def test_unknown_statistic():
    with pytest.raises(ValidationError, match="unknown statistic 'spearman'"):
        bootstrap("spearman", RISING, RATINGS, seed=0)


def test_differences_check_both_scores():
    with pytest.raises(ValidationError, match="11 scores but 12 ratings"):
        paired_difference(RISING, RISING[:11], RATINGS, seed=0)
    with pytest.raises(ValidationError, match="no interval from 9 pairs"):
        paired_difference(RISING[:9], RISING[:9], RATINGS[:9], seed=0)


def test_ratings_that_hardly_vary_have_no_interval():
    """One image of twelve differs: more than a third of the resamples lack it."""
    with pytest.raises(ValidationError, match=r"srcc is undefined on \d+ of 1000 resamples"):
        bootstrap("srcc", RISING, [1] * 11 + [2], seed=0)


def test_undefined_resamples_are_counted_not_averaged():
    """Two images of twelve differ: some resamples lack both, and the interval says so."""
    found = bootstrap("plcc", RISING, [1] * 9 + [2] * 3, seed=0)
    assert 900 <= found.n_resamples < 1000
    assert np.isfinite([found.low, found.high]).all()


def test_every_interval_is_finite_on_coarse_data():
    scores, quality = np.repeat([0.0, 1.0, 2.0], 8), np.tile([1.0, 2.0, 2.0, 3.0], 6)
    for name, interval in bootstrap_all(scores, quality, seed=0, n_resamples=60).items():
        assert name in STATISTICS
        assert -1 <= interval.low <= interval.high <= 3


def test_groups_are_numbered_by_first_appearance():
    assert group_codes(["b", "a", "b", "c"], 4).tolist() == [0, 1, 0, 2]
    assert group_codes(None, 3).tolist() == [0, 1, 2]
    labels = ["b", None, "", "b", float("nan")]
    assert group_codes(labels, 5, alone=True).tolist() == [0, 1, 2, 0, 3]
    for missing in (None, "", float("nan")):
        with pytest.raises(ValidationError, match="row 1 has no group"):
            group_codes(["b", missing], 2)


def test_global_random_state_is_left_alone():
    np.random.seed(1)  # noqa: NPY002 - the global generator is what must not move
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    bootstrap("srcc", RISING, RATINGS, seed=0)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_batches_do_not_change_the_resamples(monkeypatch):
    whole = bootstrap_all(RISING, RATINGS, seed=0, n_resamples=40)
    monkeypatch.setattr(resampling, "_BATCH_ELEMENTS", 36)
    for name, interval in bootstrap_all(RISING, RATINGS, seed=0, n_resamples=40).items():
        assert (interval.low, interval.high) == pytest.approx((whole[name].low, whole[name].high))
