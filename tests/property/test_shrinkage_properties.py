"""The shrinkage that ratings choose in closed form, against regressions fitted again without each group."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

import quasar_index as qi
from quasar_index.methods.moments import moments_of
from quasar_index.methods.shrinkage import GRID, left_out_errors, rated_shrinkage
from quasar_index.threads import threads_for


@st.composite
def rated_sets(draw):
    """Return embeddings with more or fewer rows than columns, ratings (few values, outliers), and groups."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    n, dim = draw(st.sampled_from([(12, 5), (12, 40), (30, 7), (30, 29), (9, 900), (40, 3)]))
    embeddings = rng.normal(size=(n, dim)) * np.exp(rng.normal(0, draw(st.sampled_from([0.0, 1.5])), dim)) + 1
    kind = draw(st.sampled_from(["normal", "two values", "outliers"]))
    quality = {
        "normal": rng.normal(size=n),
        "two values": (np.arange(n) < draw(st.integers(1, n - 1))).astype(float),
        "outliers": np.where(rng.random(n) < 0.1, 1000.0, rng.normal(size=n)),
    }[kind]
    if np.ptp(quality) == 0:
        quality[0] += 1
    groups = draw(
        st.sampled_from(
            [
                None,
                np.arange(n),
                np.zeros(n, int),
                np.arange(n) // 3,
                rng.integers(0, 4, n),
                (np.arange(n) == 0).astype(int),
            ]
        )
    )
    return embeddings.astype(np.float32), quality, groups


def divided(quality):
    """Divide at the median; where most have the best rating, below it."""
    sides = quality > np.median(quality)
    return sides if sides.any() else quality >= np.median(quality)


def refitted(directions, quality, groups, value):
    """Return the errors of regressions fitted again without each group: the penalty of all anchors, held fixed."""
    n, dim = directions.shape
    centred = directions - directions.mean(axis=0)
    penalty = n * value * float(np.sum(centred**2)) / (n * dim)
    errors = np.empty(n)
    for group in np.unique(groups):
        out = groups == group
        fitted = Ridge(alpha=penalty, solver="svd").fit(centred[~out], quality[~out])
        errors[out] = quality[out] - fitted.predict(centred[out])
    return errors


@settings(deadline=None)
@given(rated_sets())
def test_it_is_the_best_of_the_grid_when_each_group_is_left_out_by_fitting_again(drawn):
    embeddings, quality, groups = drawn
    anchors = qi.make_anchors(embeddings, quality=quality, is_good=divided(quality), groups=groups)
    codes = anchors.group_codes
    if len(np.unique(codes)) == 1:
        codes = np.arange(len(anchors))
    directions = anchors.directions.astype(np.float64)
    some = GRID[::5]
    with threads_for(1):
        expected = [refitted(directions, anchors.quality, codes, value) for value in some]
    moments = moments_of(anchors.directions)
    kept = moments.eigenvalues > moments.eigenvalues.max() * 1e-12
    weights = moments.eigenvalues[kept]
    basis = (directions - moments.mean) @ (moments.eigenvectors[:, kept] / np.sqrt(moments.n * weights))
    filters = [weights / (weights + value * moments.level) for value in GRID]
    found = left_out_errors(basis, filters, anchors.quality - anchors.quality.mean(), anchors.groups)
    scale = np.abs(anchors.quality).max()
    np.testing.assert_allclose(found[::5], expected, rtol=0, atol=1e-8 * scale)
    sums = [float(one @ one) for one in found]
    chosen = rated_shrinkage(anchors)
    assert chosen in GRID
    assert sums[GRID.index(chosen)] <= min(sums) * (1 + 1e-6)


@settings(deadline=None)
@given(rated_sets(), st.floats(-50, 50), st.floats(0.01, 100))
def test_it_does_not_depend_on_the_scale_of_ratings_or_the_order_of_anchors(drawn, shift, scale):
    embeddings, quality, groups = drawn
    sides = divided(quality)
    codes = np.arange(len(quality)) if groups is None else groups
    first = rated_shrinkage(qi.make_anchors(embeddings, quality=quality, is_good=sides, groups=codes))
    order = np.random.default_rng(0).permutation(len(quality))
    other = rated_shrinkage(
        qi.make_anchors(
            embeddings[order], quality=shift + scale * quality[order], is_good=sides[order], groups=codes[order] + 5
        )
    )
    # Neighbours of the grid may be equal up to rounding.
    assert abs(GRID.index(first) - GRID.index(other)) <= 1


@pytest.mark.parametrize(
    "quality", [[np.nan] * 12, [3.0] * 12, [1.0, 2.0] + [np.nan] * 10], ids=["none", "constant", "two"]
)
def test_ratings_that_cannot_choose_leave_ten(quality):
    x, is_good = np.random.default_rng(0).normal(size=(12, 5)), np.arange(12) < 6
    anchors = qi.make_anchors(x, quality=quality, is_good=is_good)
    assert rated_shrinkage(anchors) is None
    assert str(qi.Mean().fit(anchors).space) == "whitened (shrinkage 10)"
    assert str(qi.Mean().fit(qi.make_anchors(x, is_good=is_good)).space) == "whitened (shrinkage 10)"


def test_ratings_that_are_missing_for_some_are_used_where_they_are(caplog):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 60))
    quality = x[:, 0] + 0.1 * rng.normal(size=40)
    sides = quality > np.median(quality)
    part = np.where(np.arange(40) < 30, quality, np.nan)
    known = ~np.isnan(part)
    with caplog.at_level("INFO"):
        chosen = rated_shrinkage(qi.make_anchors(x, quality=part, is_good=sides))
    assert "10 anchors have no rating" in caplog.text
    assert f"shrinkage {chosen:.3g} by the ratings of 30 anchors, leaving out one at a time" in caplog.text
    assert chosen == rated_shrinkage(qi.make_anchors(x[known], quality=part[known], is_good=sides[known]))


def test_of_many_anchors_whole_groups_are_drawn(monkeypatch):
    monkeypatch.setattr("quasar_index.methods.shrinkage.MOST", 60)
    rng = np.random.default_rng(0)
    x, groups = rng.normal(size=(300, 20)), np.arange(300) // 10
    anchors = qi.make_anchors(x, quality=x[:, 0] + rng.normal(size=300), groups=groups)
    seen = []
    monkeypatch.setattr(
        "quasar_index.methods.shrinkage.left_out_errors",
        lambda basis, filters, target, codes: seen.append(codes) or left_out_errors(basis, filters, target, codes),
    )
    assert rated_shrinkage(anchors) in GRID
    assert len(seen[0]) == 60
    assert np.unique(seen[0], return_counts=True)[1].tolist() == [10] * 6
    assert rated_shrinkage(anchors) in GRID  # kept
    assert len(seen) == 1


def test_it_follows_the_anchors():
    # Of many anchors with a clear rating, less shrinkage; where ratings follow nothing, all the grid has.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 50))
    clear, nothing = x[:, 0] + 0.05 * rng.normal(size=2000), rng.normal(size=2000)
    assert rated_shrinkage(qi.make_anchors(x, quality=clear)) < 0.1
    assert rated_shrinkage(qi.make_anchors(x[:60], quality=nothing[:60])) >= 10


def test_ratings_choose_only_where_sides_are_theirs():
    # References against distorted images: ratings of the distorted ones say something else.
    rng = np.random.default_rng(0)
    x, severity = rng.normal(size=(60, 8)), np.tile(np.arange(6.0), 10)
    anchors = qi.make_anchors(x, quality=-severity, is_good=severity == 0)
    assert rated_shrinkage(anchors) is None
    pinned = qi.Mean(shrinkage=10.0, rating_power=0.0).fit(anchors).score(x).score
    np.testing.assert_array_equal(qi.Mean().fit(anchors).score(x).score, pinned)
    assert rated_shrinkage(qi.make_anchors(x, quality=-severity)) in GRID
    contrary = qi.make_anchors(x, quality=-severity, is_good=severity > 2)
    assert rated_shrinkage(contrary) is None


def test_of_two_large_groups_a_part_is_drawn(monkeypatch):
    monkeypatch.setattr("quasar_index.methods.shrinkage.MOST", 50)
    rng = np.random.default_rng(0)
    x, seen = rng.normal(size=(300, 20)), []
    monkeypatch.setattr(
        "quasar_index.methods.shrinkage.left_out_errors",
        lambda basis, filters, target, codes: seen.append(codes) or left_out_errors(basis, filters, target, codes),
    )
    assert rated_shrinkage(qi.make_anchors(x, quality=x[:, 0], groups=np.arange(300) % 2)) in GRID
    assert len(seen[0]) == 50
    assert set(seen[0]) == {0, 1}
