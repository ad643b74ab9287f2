"""Scores on the opinion scale: coverage, range, JSON, refusals."""

import json

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from quasar_index.errors import ValidationError
from quasar_index.statistics.calibration import Calibration, IsotonicFit, _half, fit_calibration
from quasar_index.statistics.logistic import LogisticFit


def rated(n=200, seed=0, n_groups=None, noise=0.4):
    """Scores in (0, 1) and ratings in [1, 5] that rise with them; groups share a part of their error."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.3, 0.7, n)
    quality = 1 + 4 / (1 + np.exp(-(scores - 0.5) / 0.06)) + noise * rng.standard_normal(n)
    groups = None
    if n_groups is not None:
        groups = rng.integers(0, n_groups, n)
        quality += 0.3 * rng.standard_normal(n_groups)[groups]
    return scores, np.clip(quality, 1, 5), groups


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_coverage_is_nominal_without_groups(map_name, level):
    fresh_scores, fresh_quality, _ = rated(4000, seed=10_000)
    true, measured = [], []
    for seed in range(16):
        scores, quality, _ = rated(200, seed)
        made = fit_calibration(
            scores, quality, groups=None, map_name=map_name, level=level, seed=seed, quality_range=(1, 5)
        )
        _, low, high = made.predict(fresh_scores)
        true.append(np.mean((low <= fresh_quality) & (fresh_quality <= high)))
        measured.append(made.coverage)
    assert np.mean(true) == pytest.approx(level, abs=0.02)
    assert np.mean(measured) == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
def test_coverage_is_nominal_on_new_groups(map_name):
    true, measured = [], []
    for seed in range(16):
        # New groups: the same draw of images, of which only half of the groups are anchors.
        scores, quality, groups = rated(800, seed, n_groups=160)
        anchors = groups < 80
        made = fit_calibration(
            scores[anchors], quality[anchors], groups=groups[anchors], map_name=map_name, quality_range=(1, 5)
        )
        _, low, high = made.predict(scores[~anchors])
        true.append(np.mean((low <= quality[~anchors]) & (quality[~anchors] <= high)))
        measured.append(made.coverage)
    assert np.mean(true) == pytest.approx(0.9, abs=0.02)
    assert np.mean(measured) == pytest.approx(0.9, abs=0.02)


def test_coverage_does_not_hide_behind_shared_groups():
    """Eight copies of each image: the residuals of copies would be known beforehand if groups were divided."""
    scores, quality, _ = rated(40)
    groups = np.repeat(np.arange(40), 8)
    together = fit_calibration(np.repeat(scores, 8), np.repeat(quality, 8), groups=groups)
    assert together.n_groups == 40
    assert together.half_width > 0.2


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
def test_predictions_rise_and_stay_on_the_scale(map_name):
    scores, quality, groups = rated(n_groups=30)
    made = fit_calibration(scores, quality, groups=groups, map_name=map_name, quality_range=(1, 5))
    mos, low, high = made.predict(np.linspace(-1, 2, 301))
    assert mos.dtype == low.dtype == high.dtype == np.float64
    assert (np.diff(mos) > 0).all()
    assert ((mos > 1) & (mos < 5)).all()
    assert ((low >= 1) & (low <= mos) & (mos <= high) & (high <= 5)).all()
    assert np.abs(made.predict(scores)[0] - quality).mean() < 0.6
    assert [len(values) for values in made.predict([])] == [0, 0, 0]
    assert made.map_name == map_name


@pytest.mark.parametrize("ties", [False, True])
def test_isotonic_map_goes_through_the_middle_of_each_step_of_scikit_learn(ties):
    scores, quality, _ = rated()
    scores = np.round(scores, 2) if ties else scores
    made = fit_calibration(scores, quality, groups=None, seed=4)
    fitting = _half(np.arange(200), 4)
    x, y = scores[fitting], quality[fitting]
    steps = np.round(IsotonicRegression().fit_transform(x, y), 9)
    parts = [steps == step for step in np.unique(steps)]
    assert made.curve.scores[::2] == pytest.approx([x[part].mean() for part in parts])
    assert made.curve.quality[::2] == pytest.approx([y[part].mean() for part in parts])
    for score, value, left, right in zip(
        made.curve.scores[1::2], made.curve.quality[1::2], parts[:-1], parts[1:], strict=True
    ):
        assert score == pytest.approx((x[left].max() + x[right].min()) / 2)
        assert value == pytest.approx(y[left | right].mean())


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
def test_survives_json(map_name):
    scores, quality, groups = rated(n_groups=12)
    made = fit_calibration(scores, quality, groups=groups, map_name=map_name, level=0.8)
    back = Calibration.from_dict(json.loads(json.dumps(made.to_dict(), allow_nan=False)))
    assert back == made
    for found, expected in zip(back.predict(scores), made.predict(scores), strict=True):
        assert np.array_equal(found, expected)


def test_the_seed_decides():
    scores, quality, groups = rated(n_groups=20)
    made = [fit_calibration(scores, quality, groups=groups, seed=seed) for seed in (0, 0, 1)]
    assert made[0] == made[1] != made[2]


def test_smallest_set_that_is_taken():
    scores, quality, _ = rated(20)
    made = fit_calibration(scores, quality, groups=list("aaaaabbbbbcccccddddd"))
    assert (made.n_anchors, made.n_groups) == (20, 4)
    assert 0 <= made.coverage <= 1


@pytest.mark.parametrize("seed", range(20))
def test_halves_keep_groups_whole(seed):
    codes = np.repeat(np.arange(6), [1, 2, 3, 10, 20, 4])
    fitting = _half(codes, seed)
    assert set(codes[fitting]).isdisjoint(codes[~fitting])
    assert fitting.any()
    assert not fitting.all()


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
def test_half_without_a_rise_rises_by_one_anchor(map_name):
    """A falling half must not turn the order of the scores around, and still ties none."""
    scores, quality, _ = rated(60)
    fitting = _half(np.arange(60), 0)
    quality[fitting] = quality[fitting].mean() - 0.1 * (scores[fitting] - scores[fitting].mean())
    quality[~fitting] = 1 + 4 * scores[~fitting]
    made = fit_calibration(scores, quality, groups=None, map_name=map_name, seed=0)
    mos, _, _ = made.predict(np.linspace(0, 1, 50))
    assert (np.diff(mos) > 0).all()
    assert np.ptp(mos) < np.ptp(quality) / (np.count_nonzero(fitting) + 1)
    assert mos.mean() == pytest.approx(quality[fitting].mean(), abs=0.05)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"scores": np.linspace(0, 1, 5), "quality": np.arange(5), "groups": None}, "calibration on 5 rated anchors"),
        ({"groups": np.arange(200) % 3}, r"calibration on 3 group\(s\)"),
        ({"groups": ["a"] * 199}, "199 group labels for 200 images"),
        ({"scores": np.full(200, 0.5)}, "all 200 scores are 0.5"),
        ({"quality": np.full(200, 4.0)}, "all 200 ratings are 4"),
        ({"quality": np.full(200, np.nan)}, "ratings are NaN"),
        ({"map_name": "linear"}, "unknown map 'linear'"),
        ({"level": 1.0}, "level 1.0"),
        ({"level": 0.999}, r"a 0.999 interval from \d+ calibrating anchors"),
        ({"quality_range": (1, 3)}, "outside the opinion scale 1 to 3"),
        ({"quality_range": (5, 1)}, "outside the opinion scale"),
    ],
)
def test_refusals(changes, cause):
    scores, quality, groups = rated(n_groups=20)
    arguments = {"scores": scores, "quality": quality, "groups": groups} | changes
    with pytest.raises(ValidationError, match=cause) as caught:
        fit_calibration(arguments.pop("scores"), arguments.pop("quality"), **arguments)
    assert caught.value.hint


def test_inverted_scores_are_refused():
    scores, quality, _ = rated()
    with pytest.raises(ValidationError, match="do not rise with the ratings"):
        fit_calibration(1 - scores, quality, groups=None)


@pytest.mark.parametrize("scores", [[0.5, np.nan], 0.5, [[0.5]], ["0.5"]])
def test_scores_that_cannot_be_calibrated(scores):
    made = fit_calibration(*rated()[:2], groups=None)
    with pytest.raises(ValidationError, match="scores to calibrate"):
        made.predict(scores)


ISOTONIC = fit_calibration(*rated()[:2], groups=None).to_dict()
LOGISTIC = fit_calibration(*rated()[:2], groups=None, map_name="logistic").to_dict()
OLD = {  # as version 0.1.0 wrote them before maps were strictly rising
    "method": "isotonic",
    "curve": {"scores": [0.3, 0.42, 0.44, 0.61], "quality": [1.5, 1.5, 3.25, 4.5]},
    "half_width": 0.75,
    "quality_range": [1.0, 5.0],
    "level": 0.9,
    "coverage": 0.91,
    "n_anchors": 40,
    "n_groups": 8,
}


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (ISOTONIC | {"map": "spline"}, "unknown map 'spline'"),
        (ISOTONIC | {"map": None}, "no sound 'map'"),
        (ISOTONIC | {"curve": [1, 2]}, "no sound 'curve'"),
        (ISOTONIC | {"curve": LOGISTIC["curve"]}, "b1, b2, b3, b4, quality, scores"),
        (ISOTONIC | {"curve": {"scores": [0.2, 0.1], "quality": [1, 2]}}, "out of range"),
        (ISOTONIC | {"curve": {"scores": [0.1, 0.2], "quality": [2, 1]}}, "out of range"),
        (ISOTONIC | {"curve": {"scores": [0.1, 0.2], "quality": [2]}}, "out of range"),
        (ISOTONIC | {"curve": {"scores": [], "quality": []}}, "no sound 'scores'"),
        (ISOTONIC | {"curve": {"scores": ["0.1"], "quality": [2]}}, "no sound 'scores'"),
        (LOGISTIC | {"curve": LOGISTIC["curve"] | {"b4": 0.0}}, "out of range"),
        (LOGISTIC | {"curve": LOGISTIC["curve"] | {"b1": -100.0}}, "out of range"),
        (ISOTONIC | {"half_width": float("nan")}, "no sound 'half_width'"),
        (ISOTONIC | {"half_width": -1.0}, "out of range"),
        (ISOTONIC | {"half_width": True}, "no sound 'half_width'"),
        (ISOTONIC | {"quality_range": [5.0, 1.0]}, "out of range"),
        (ISOTONIC | {"quality_range": [1.0]}, "out of range"),
        (ISOTONIC | {"level": 1.5}, "out of range"),
        (ISOTONIC | {"coverage": 2.0}, "out of range"),
        (ISOTONIC | {"n_anchors": 5}, "out of range"),
        (ISOTONIC | {"n_groups": 3.5}, "no sound 'n_groups'"),
        (ISOTONIC | {"colour": "red"}, "colour"),
        (ISOTONIC | {"rise": None}, "no sound 'rise'"),
        (ISOTONIC | {"rise": {"weight": 0.1, "middle": 0.5}}, "width"),
        (ISOTONIC | {"rise": {"weight": 0.1, "middle": 0.5, "width": 0.0}}, "out of range"),
        (ISOTONIC | {"rise": {"weight": 1.0, "middle": 0.5, "width": 0.1}}, "out of range"),
        ({key: value for key, value in ISOTONIC.items() if key != "level"}, "level"),
        ({}, "no sound 'map'"),
    ],
)
def test_stored_calibrations_are_checked(record, cause):
    with pytest.raises(ValidationError, match=cause) as caught:
        Calibration.from_dict(record)
    assert "calibrate" in caught.value.hint


def test_one_threshold_and_a_flat_curve_are_sound():
    for map_name, curve in (
        ("isotonic", {"scores": [0.5], "quality": [3.0]}),
        ("logistic", {"b1": 3.0, "b2": 3.0, "b3": 0.5, "b4": 1.0}),
    ):
        made = Calibration.from_dict(OLD | {"method": map_name, "curve": curve, "quality_range": [1, 5]})
        assert isinstance(made.curve, (IsotonicFit, LogisticFit))
        assert made.predict([0.1, 0.9])[0].tolist() == [3.0, 3.0]


def test_old_records_predict_the_same_numbers():
    """Steps with flat parts, joined by lines, and intervals around what a logistic says even beyond the scale."""
    made = Calibration.from_dict(OLD)
    found = [values.tolist() for values in made.predict([0.0, 0.35, 0.43, 0.61, 0.9])]
    assert found == [[1.5, 1.5, 2.375, 4.5, 4.5], [1.0, 1.0, 1.625, 3.75, 3.75], [2.25, 2.25, 3.125, 5.0, 5.0]]
    assert made.to_dict() == {{"method": "map"}.get(key, key): value for key, value in OLD.items()}
    curve = {"b1": 6.0, "b2": 0.0, "b3": 0.5, "b4": 0.1}
    mos, low, high = Calibration.from_dict(OLD | {"method": "logistic", "curve": curve}).predict([0.5, 5.0])
    assert (mos.tolist(), low.tolist(), high.tolist()) == ([3.0, 5.0], [2.25, 5.0], [3.75, 5.0])


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
@pytest.mark.parametrize("n", [20, 40, 100])
def test_as_many_values_as_scores(map_name, n):
    """Of 200 images, beyond the anchors' scores too; the isotonic steps alone gave 35 values, from 40 anchors."""
    scores, quality, _ = rated(n, seed=3)
    made = fit_calibration(scores, quality, groups=None, map_name=map_name, level=0.8, quality_range=(1, 5))
    fresh = np.random.default_rng(0).uniform(0.1, 0.9, 200)
    mos, _, _ = made.predict(fresh)
    assert len(np.unique(mos)) == 200
    assert np.array_equal(np.argsort(mos), np.argsort(fresh))


def test_ratings_at_the_ends_of_the_scale_do_not_tie():
    """Half of the anchors have the lowest rating, half the highest."""
    scores = np.linspace(0, 1, 60)
    quality = np.where(scores < 0.5, 1.0, 5.0)
    for map_name in ("isotonic", "logistic"):
        mos, _, _ = fit_calibration(scores, quality, groups=None, map_name=map_name, quality_range=(1, 5)).predict(
            np.linspace(-1, 2, 400)
        )
        assert (np.diff(mos) > 0).all()
        assert 1 < mos[0] < mos[-1] < 5


def weakly_rated(n, seed):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.3, 0.7, n)
    return scores, np.clip(3 + 2 * (scores - 0.5) + 0.8 * rng.standard_normal(n), 1, 5), None


@pytest.mark.parametrize("rated", [rated, weakly_rated])
@pytest.mark.parametrize("n", [40, 100, 300])
def test_the_map_is_no_worse_than_plain_isotonic_regression(n, rated):
    """Mean squared error on fresh images, over 40 sets."""
    fresh_scores, fresh_quality, _ = rated(2000, seed=10_000)
    found, plain = [], []
    for seed in range(40):
        scores, quality, _ = rated(n, seed)
        fitting = _half(np.arange(n), 0)
        try:
            made = fit_calibration(scores, quality, groups=None, quality_range=(1, 5), level=0.8)
        except ValidationError:
            continue  # by chance, the scores do not rise with the ratings
        steps = IsotonicRegression(out_of_bounds="clip").fit(scores[fitting], quality[fitting]).predict(fresh_scores)
        found.append(np.mean((made.predict(fresh_scores)[0] - fresh_quality) ** 2))
        plain.append(np.mean((steps - fresh_quality) ** 2))
    assert np.mean(found) < np.mean(plain)


@pytest.mark.parametrize("map_name", ["isotonic", "logistic"])
@pytest.mark.parametrize(("n", "scale"), [(40, (1, 5)), (100, (1, 5)), (40, None)])
def test_small_sets_are_covered_at_the_level(map_name, n, scale):
    """Over 100 sets, 40 fresh images each: conformal prediction covers 0.9 to 0.9 + 1 / (n / 2 + 1)."""
    inside = 0
    for seed in range(100):
        scores, quality, _ = rated(n + 40, seed)
        made = fit_calibration(
            scores[:n], quality[:n], groups=None, map_name=map_name, seed=seed, quality_range=scale, level=0.9
        )
        # Judged by the map and its half width: what lies beyond an unknown scale is not covered for another reason.
        inside += np.count_nonzero(np.abs(made.predict(scores[n:])[0] - quality[n:]) <= made.half_width)
    sampling = 3 * np.sqrt(0.09 / (n / 2 + 2) / 100 + 0.09 / 4000)
    assert 0.9 - sampling < inside / 4000 < 0.9 + 1 / (n / 2 + 1) + sampling


def test_the_interval_as_a_share_of_the_scale():
    assert Calibration.from_dict(OLD).span == 0.375
    assert Calibration.from_dict(OLD | {"half_width": 3.0}).span == 1.0
