"""Statistics, fit and intervals against SciPy and the fit that public code uses."""

import itertools
import warnings

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from quasar_index.statistics.bootstrap import (
    STATISTICS,
    _draws,
    _replicates,
    bootstrap,
    bootstrap_all,
    group_codes,
    paired_difference,
)
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
from quasar_index.statistics.logistic import LogisticFit


def pairs(n=80, rho=0.6, seed=0, ties=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
    return (np.round(2 * x), np.round(2 * y)) if ties else (x, y)


@pytest.mark.parametrize(("ties", "rho"), list(itertools.product([False, True], [-0.8, 0.0, 0.6])))
def test_statistics_are_those_of_scipy(ties, rho):
    x, y = pairs(rho=rho, ties=ties)
    assert srcc(x, y) == pytest.approx(scipy.stats.spearmanr(x, y)[0], abs=1e-12)
    assert krcc(x, y) == pytest.approx(scipy.stats.kendalltau(x, y)[0], abs=1e-12)
    assert plcc(x, y) == pytest.approx(scipy.stats.pearsonr(x, y)[0], abs=1e-12)
    assert rmse(x, y) == pytest.approx(np.sqrt(np.mean((x - y) ** 2)), abs=1e-12)


def test_correlate_gathers_all_of_them():
    x, y = pairs()
    found = correlate(x, y)
    assert (found.srcc, found.krcc, found.plcc) == (srcc(x, y), krcc(x, y), plcc(x, y))
    assert (found.plcc_fitted, found.rmse, found.rmse_fitted) == (plcc_fitted(x, y), rmse(x, y), rmse_fitted(x, y))
    assert found.n == 80


@pytest.mark.parametrize("n", [3, 4])
def test_too_few_pairs_for_the_fit_leave_the_rest(n):
    found = correlate([0.1, 0.5, 0.3, 0.7][:n], [1, 2, 4, 3][:n])
    assert found.plcc_fitted is None
    assert found.rmse_fitted is None
    assert found.srcc == pytest.approx(scipy.stats.spearmanr([0.1, 0.5, 0.3, 0.7][:n], [1, 2, 4, 3][:n])[0])


@pytest.mark.parametrize(
    "truth",
    [LogisticFit(5.0, 1.0, 0.55, 0.04), LogisticFit(1.0, 5.0, 0.55, 0.04), LogisticFit(90.0, 20.0, -300.0, 50.0)],
    ids=["rising", "falling", "other units"],
)
def test_fit_recovers_the_parameters(truth):
    x = truth.b3 + truth.b4 * np.random.default_rng(0).uniform(-6, 6, 400)
    exact = fit_logistic(x, truth(x))
    noisy = fit_logistic(x, truth(x) + 0.02 * np.random.default_rng(1).normal(size=400))
    for name in ("b1", "b2", "b3", "b4"):
        assert getattr(exact, name) == pytest.approx(getattr(truth, name), rel=1e-5)
        assert getattr(noisy, name) == pytest.approx(getattr(truth, name), rel=0.05)
    assert exact.direction == np.sign(truth.b1 - truth.b2)


def public_fit(x, y):
    """The values and the rise (b3, |b4|) of the fit of public IQA code: one start at extremes and mean, no bounds."""

    def curve(x, b1, b2, b3, b4):
        return (b1 - b2) / (1 + np.exp(-(x - b3) / abs(b4))) + b2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, _ = scipy.optimize.curve_fit(curve, x, y, p0=[y.max(), y.min(), x.mean(), x.std() / 4], maxfev=10000)
        return curve(x, *found), (found[2], abs(found[3]))


def in_rise(scores, b3, b4):
    """How many scores lie in the middle 80% of a rise; beyond the scores their end stands for b3."""
    b3 = np.clip(b3, np.min(scores), np.max(scores))
    return np.count_nonzero(np.abs(scores - b3) <= np.log(9) * b4 * (1 + 1e-6))


def needed(n):
    """How many of n scores the middle 80% of a rise takes in."""
    return 2 * np.sqrt(n)


@pytest.mark.parametrize(("seed", "rho"), list(itertools.product(range(4), [0.3, 0.6, 0.9, -0.7])))
def test_fit_is_no_worse_than_that_of_public_code(seed, rho):
    x, y = pairs(200, rho, seed)
    try:
        expected, rise = public_fit(x, y)
    except RuntimeError:
        pytest.skip("the public fit does not converge")
    found = fit_logistic(x, y)
    sum_expected, sum_found = np.sum((expected - y) ** 2), np.sum((found(x) - y) ** 2)
    if found.at_bound and sum_found > sum_expected:
        # It took a rise that so few scores cannot support, and gained next to nothing.
        assert in_rise(x, *rise) < needed(200)
        assert sum_found <= sum_expected * 1.001
        return
    assert sum_found <= sum_expected * (1 + 1e-5)
    # Where it found the same minimum, the reported figures agree.
    if sum_found == pytest.approx(sum_expected, rel=1e-5):
        assert plcc_fitted(x, y) == pytest.approx(np.sign(rho) * scipy.stats.pearsonr(expected, y)[0], abs=1e-4)
        assert rmse_fitted(x, y) == pytest.approx(np.sqrt(sum_expected / len(y)), rel=1e-4)


@pytest.mark.parametrize(("n", "rho"), list(itertools.product([15, 30, 71, 200], [0.0, 0.3, -0.6])), ids=str)
def test_fit_is_the_best_of_all_curves_that_the_scores_support(n, rho):
    """Against every curve of a fine grid whose rise takes in 2 sqrt(n) scores."""
    x, y = pairs(n, rho, seed=n)
    found = fit_logistic(x, y)
    assert in_rise(x, found.b3, found.b4) >= needed(n)
    least = np.sum((y - y.mean()) ** 2)
    for b3 in np.linspace(x.min() - 3, x.max() + 3, 300):
        for b4 in np.geomspace(0.01, 10, 80):
            if in_rise(x, b3, b4) >= needed(n):
                rise = scipy.special.expit((x - b3) / b4)
                r = np.corrcoef(rise, y)[0, 1]
                least = min(least, (1 - r**2) * np.sum((y - y.mean()) ** 2))
    assert np.sum((found(x) - y) ** 2) <= least * 1.002


@pytest.mark.parametrize(("n", "raw", "most"), [(15, 0.21, 0.35), (30, 0.15, 0.28), (71, 0.11, 0.2), (200, 0.06, 0.13)])
def test_unrelated_scores_cannot_buy_a_step(n, raw, most):
    """Without the bound these means are 0.47, 0.35, 0.25 and 0.16."""
    pairs_of = [np.random.default_rng(seed).normal(size=(2, n)) for seed in range(100)]
    assert np.mean([abs(plcc(*one)) for one in pairs_of]) < raw
    assert np.mean([abs(plcc_fitted(*one)) for one in pairs_of]) < most


@pytest.mark.parametrize(
    ("n", "b4", "lost"), [(100, 0.1, 0.002), (100, 0.3, 1e-4), (1000, 0.05, 1e-4), (10000, 0.02, 1e-4)]
)
def test_many_scores_support_a_steep_curve(n, b4, lost):
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    truth = scipy.special.expit(x / b4)
    y = truth + 0.1 * rng.normal(size=n)
    assert plcc_fitted(x, y) > scipy.stats.pearsonr(truth, y)[0] - lost


@pytest.mark.parametrize("n", [30, 100, 1000, 10000])
def test_an_exponential_is_no_step(n):
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    y = np.exp(x) + 0.3 * rng.normal(size=n)
    assert plcc_fitted(x, y) > scipy.stats.pearsonr(np.exp(x), y)[0] - 0.005


def test_one_high_score_is_no_curve():
    """A spike at the last score would fit the one rating that stands out."""
    x, y = np.arange(40.0), np.r_[np.tile([1.0, 2.0], 19), 1.5, 9.0]
    assert plcc_fitted(x, y) < 0.75
    assert fit_logistic(x, y).at_bound


@pytest.mark.parametrize(("seed", "rho"), list(itertools.product(range(6), [0.0, 0.05, 0.7])))
@pytest.mark.parametrize("n", [20, 200, 1500])
def test_fit_is_never_worse_than_the_line(n, seed, rho):
    x, y = pairs(n, rho, seed)
    assert abs(plcc_fitted(x, y)) > abs(plcc(x, y)) - 1e-6


def test_only_a_fit_at_its_bound_is_marked():
    x, y = pairs(60, 0.0, seed=1)
    assert correlate(x, y).fit_at_bound
    assert fit_logistic(x, y).at_bound
    curve = LogisticFit(5.0, 1.0, 0.0, 0.5)
    assert not correlate(x, curve(x)).fit_at_bound
    assert not correlate(x[:4], y[:4]).fit_at_bound


def test_fit_of_a_straight_line_is_the_line():
    x = np.linspace(0.4, 0.6, 50)
    curve = fit_logistic(x, 10 * x)
    assert curve(x) == pytest.approx(10 * x, abs=1e-4)


def test_fitted_correlation_keeps_the_direction():
    x, y = pairs(300, 0.9)
    assert plcc_fitted(-x, y) == pytest.approx(-plcc_fitted(x, y), abs=1e-4)
    assert rmse_fitted(-x, y) == pytest.approx(rmse_fitted(x, y), rel=1e-4)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
def test_counted_resamples_give_the_statistics_of_the_drawn_rows(ties, grouped):
    x, y = pairs(60, ties=ties)
    # Groups of unequal size.
    codes = group_codes(np.arange(60) % 7 * (np.arange(60) % 3) if grouped else None, 60)
    found = _replicates(STATISTICS, [x], y, codes, n_resamples=20, seed=3)
    for row, counts in enumerate(np.concatenate(list(_draws(codes, 20, 3)))):
        drawn = np.repeat(np.arange(60), counts.astype(int))
        u, v = x[drawn], y[drawn]
        assert found["srcc"][0, row] == pytest.approx(scipy.stats.spearmanr(u, v)[0], abs=1e-12)
        assert found["krcc"][0, row] == pytest.approx(scipy.stats.kendalltau(u, v)[0], abs=1e-12)
        assert found["plcc"][0, row] == pytest.approx(scipy.stats.pearsonr(u, v)[0], abs=1e-12)
        assert found["rmse"][0, row] == pytest.approx(np.sqrt(np.mean((u - v) ** 2)), abs=1e-12)
    drawn = [np.repeat(np.arange(60), counts.astype(int)) for counts in np.concatenate(list(_draws(codes, 20, 3)))]
    fitted = np.array([(plcc_fitted(x[rows], y[rows]), rmse_fitted(x[rows], y[rows])) for rows in drawn])
    # The grid of starts lies over all pairs in one and over the drawn ones in the other: now and then the
    # searches end in different minima.
    assert np.mean(np.abs(found["plcc_fitted"][0] - fitted[:, 0]) < 0.002) >= 0.8
    assert np.mean(np.abs(found["rmse_fitted"][0] - fitted[:, 1]) < 0.002) >= 0.8


@pytest.mark.parametrize(("statistic", "index"), [("srcc", scipy.stats.spearmanr), ("plcc", scipy.stats.pearsonr)])
def test_interval_agrees_with_scipy(statistic, index):
    x, y = pairs(100)
    found = bootstrap(statistic, x, y, seed=0, n_resamples=4000)
    expected = scipy.stats.bootstrap(
        (x, y),
        lambda u, v: index(u, v)[0],
        paired=True,
        vectorized=False,
        n_resamples=1000,
        method="percentile",
        random_state=np.random.default_rng(1),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.025)
    assert (found.level, found.n_resamples, found.n_units) == (0.95, 4000, 100)


def grouped_pairs(seed=0, n_groups=30, size=10):
    """Scores and ratings that share an offset in each group: images of a group are hardly independent."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), size)
    x = rng.normal(size=n_groups)[groups] + 0.2 * rng.normal(size=len(groups))
    y = 0.5 * x + rng.normal(size=n_groups)[groups] + 0.2 * rng.normal(size=len(groups))
    return x, y, groups


def test_whole_groups_widen_the_interval_of_dependent_images():
    x, y, groups = grouped_pairs()
    images = bootstrap_all(x, y, seed=0, statistics=("srcc", "plcc", "krcc"), n_resamples=400)
    whole = bootstrap_all(x, y, seed=0, statistics=("srcc", "plcc", "krcc"), n_resamples=400, groups=groups)
    for name in images:
        assert whole[name].high - whole[name].low > 1.8 * (images[name].high - images[name].low)
    assert whole["srcc"].n_units == 30


def test_grouped_interval_covers_the_truth():
    truth = srcc(*grouped_pairs(seed=999, n_groups=3000)[:2])
    inside = 0
    for seed in range(120):
        x, y, groups = grouped_pairs(seed)
        inside += truth in bootstrap("srcc", x, y, groups=groups, seed=seed, n_resamples=300)
    assert 0.87 <= inside / 120 <= 0.99  # three standard errors, and percentile intervals run a little narrow


def test_groups_are_labels_of_any_kind():
    x, y, groups = grouped_pairs()
    by_number = bootstrap("srcc", x, y, groups=groups, seed=0)
    assert by_number == bootstrap("srcc", x, y, groups=[f"I{group:02d}" for group in groups], seed=0)
    assert by_number != bootstrap("srcc", x, y, groups=groups, seed=1)
    alone = bootstrap("srcc", x, y, groups=np.arange(len(x)), seed=0)
    assert alone == bootstrap("srcc", x, y, seed=0)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_paired_difference_uses_the_same_resamples(statistic):
    x, y = pairs(100, 0.7)
    nearly = x + 0.05 * np.random.default_rng(5).normal(size=100)
    n_resamples = 50 if "fitted" in statistic else 100
    found = paired_difference(x, nearly, y, statistic=statistic, seed=0, n_resamples=n_resamples)
    single = {"srcc": srcc, "krcc": krcc, "plcc": plcc, "rmse": rmse}
    single |= {"plcc_fitted": plcc_fitted, "rmse_fitted": rmse_fitted}
    assert found.difference == pytest.approx(single[statistic](x, y) - single[statistic](nearly, y))
    assert found.difference in found.interval
    alone = bootstrap(statistic, x, y, seed=0, n_resamples=n_resamples)
    # Far narrower than what two separate intervals would allow.
    assert found.interval.high - found.interval.low < 0.6 * (alone.high - alone.low)
    same = paired_difference(x, x, y, statistic=statistic, seed=0, n_resamples=n_resamples)
    assert (same.difference, same.interval.low, same.interval.high) == (0, 0, 0)
