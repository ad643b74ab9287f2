"""Spaces against scikit-learn's shrinkage estimators and the plain formula."""

import numpy as np
import pytest
from sklearn.covariance import OAS, ledoit_wolf_shrinkage

import quasar_index as qi
from quasar_index.arrays import unit
from quasar_index.methods.moments import fit_moments
from quasar_index.methods.shrinkage import estimated_shrinkage
from quasar_index.methods.space import Space, fit_space

SHAPES = [(40, 12), (12, 40), (200, 16)]  # more anchors than dimensions, fewer, many more


def anchors_of(n: int, dim: int, seed: int = 0) -> qi.AnchorTable:
    rng = np.random.default_rng(seed)
    scales = np.linspace(0.1, 3, dim)  # unequal axes, else whitening does nothing
    return qi.make_anchors(rng.normal(size=(n, dim)) * scales + 2, quality=rng.random(n))


@pytest.mark.parametrize(("n", "dim"), SHAPES)
def test_shrinkage_is_that_of_scikit_learn(n: int, dim: int) -> None:
    anchors = anchors_of(n, dim)
    moments = fit_moments(anchors)
    units = anchors.directions.astype(np.float64)
    for method, intensity in (("ledoit-wolf", ledoit_wolf_shrinkage(units)), ("oas", OAS().fit(units).shrinkage_)):
        assert estimated_shrinkage(moments, method) == pytest.approx(intensity / (1 - intensity), rel=1e-4)


@pytest.mark.parametrize(("n", "dim"), SHAPES)
@pytest.mark.parametrize("shrinkage", [0.01, 1.0, 50.0])
def test_whitening_is_the_formula(n: int, dim: int, shrinkage: float) -> None:
    anchors = anchors_of(n, dim)
    queries = anchors_of(9, dim, seed=1).directions
    space = fit_space(anchors, "whitened", shrinkage=shrinkage)
    units = anchors.directions.astype(np.float64)
    mean = units.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(units.T, bias=True))
    transform = vectors @ np.diag((np.maximum(values, 0) + shrinkage * values.mean()) ** -0.5)
    expected = unit((queries - mean) @ transform)
    found = unit(space.apply(queries))
    # The two differ by a rotation: all cosines agree.
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=2e-4)


def test_infinite_shrinkage_is_centred() -> None:
    anchors = anchors_of(50, 10)
    queries = anchors_of(7, 10, seed=1).directions
    scores = [
        qi.Scorer(space.apply_to_anchors(anchors)).score_embeddings(space.apply(queries)).score
        for space in (fit_space(anchors, "whitened", shrinkage=1e9), fit_space(anchors, "centred"))
    ]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-5)


def test_whitened_anchors_have_equal_variance_in_every_direction() -> None:
    anchors = anchors_of(2000, 6)
    table = fit_space(anchors, "whitened", shrinkage=1e-6).apply_to_anchors(anchors)
    raw = table.directions * table.norms[:, None]
    covariance = np.cov(raw.T, bias=True)
    np.testing.assert_allclose(covariance, np.eye(6) * covariance[0, 0], atol=1e-2 * covariance[0, 0])


def test_raw_space_changes_nothing() -> None:
    anchors = anchors_of(20, 5)
    assert Space().apply_to_anchors(anchors) is anchors


def test_bad_requests() -> None:
    anchors = anchors_of(20, 5)
    for arguments in ({"name": "white"}, {"name": "whitened", "shrinkage": 0}, {"name": "whitened", "shrinkage": "lw"}):
        with pytest.raises((qi.DataError, qi.MethodError)):
            fit_space(anchors, **arguments)
    alike = qi.make_anchors(np.ones((4, 3)), is_good=[True, True, False, False])
    with pytest.raises(qi.MethodError, match="all alike"):
        fit_space(alike, "whitened")
