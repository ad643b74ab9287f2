"""Familiarity: what it is by definition, in groups, of few anchors and of many, and where it is kept."""

from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.arrays import unit
from quasar_index.methods import familiarity as module
from quasar_index.methods.familiarity import familiarity

RNG = np.random.default_rng(0)


def anchors_of(x: np.ndarray, groups: object = None) -> qi.AnchorTable:
    return qi.make_anchors(x, quality=np.arange(len(x)), groups=groups)  # type: ignore[arg-type]


def by_definition(x: np.ndarray, groups: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Count, anchor by anchor, those whose nearest one of another group is at most as near."""
    own = []
    for one in range(len(x)):
        others = groups != groups[one]
        own.append(max(float(unit(x[one]) @ unit(other)) for other in x[others]))
    nearest = [max(float(unit(query) @ unit(one)) for one in x) for query in queries]
    return np.array([np.mean(np.array(own) <= near) for near in nearest])


@pytest.mark.parametrize("grouped", [False, True])
def test_it_is_the_share_of_anchors_that_lie_no_nearer_to_another(grouped: bool) -> None:
    x = RNG.normal(size=(200, 6)) + 1
    groups = np.repeat(np.arange(20), 10) if grouped else np.arange(200)
    if grouped:
        x = np.repeat(x[:20], 10, axis=0) + 0.05 * RNG.normal(size=x.shape)
    queries = np.concatenate([RNG.normal(size=(50, 6)) + 1, -x[:3]])
    found = familiarity(anchors_of(x, groups), queries)
    np.testing.assert_allclose(found, by_definition(x, groups, queries), atol=0.02)  # quantiles by percent
    assert 0.2 < found[:50].mean() < 0.8
    assert found[50:].max() < 0.01


def test_anchors_themselves_are_as_familiar_as_can_be() -> None:
    x = RNG.normal(size=(60, 8))
    assert familiarity(anchors_of(x), x[:5]).tolist() == [1.0] * 5


def test_too_few_anchors_or_groups_tell_nothing() -> None:
    x = RNG.normal(size=(7, 8))
    assert np.isnan(familiarity(anchors_of(x), x)).all()
    assert np.isnan(familiarity(anchors_of(RNG.normal(size=(20, 8)), ["one"] * 20), x)).all()
    assert len(familiarity(anchors_of(RNG.normal(size=(20, 8))), np.empty((0, 8)))) == 0


def test_of_many_anchors_a_draw_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    x, queries = RNG.normal(size=(3000, 6)), RNG.normal(size=(200, 6))
    every = familiarity(anchors_of(x), queries)
    monkeypatch.setattr(module_of(), "COMPARED", 1500)
    monkeypatch.setattr(module_of(), "_ASKED", 500)
    monkeypatch.setattr(module_of(), "_VALUES", 4000)
    some = familiarity(anchors_of(x), queries)
    assert abs(some.mean() - every.mean()) < 0.1
    assert 0.6 < np.corrcoef(some, every)[0, 1] < 0.999
    np.testing.assert_array_equal(some, familiarity(anchors_of(x), queries))


def module_of() -> object:
    """Return the module, which has the name of its function."""
    import sys

    assert callable(module)
    return sys.modules["quasar_index.methods.familiarity"]


def test_what_is_usual_is_kept_with_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = RNG.normal(size=(60, 8)).astype(np.float32)
    np.save(tmp_path / "e.npy", x)
    np.savetxt(tmp_path / "l.csv", x[:, 0], header="score", comments="")
    index = qi.build_from_embeddings(tmp_path / "i", *qi.load_embeddings(tmp_path / "e.npy", tmp_path / "l.csv")).index
    queries = RNG.normal(size=(5, 8))
    first = familiarity(index.anchors(), queries)

    def unexpected(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(module_of(), "usual_nearest", unexpected)
    np.testing.assert_array_equal(familiarity(index.anchors(), queries), first)


def test_every_row_of_a_scorer_has_it() -> None:
    x = RNG.normal(size=(60, 8)).astype(np.float32)
    scorer = qi.Scorer(anchors_of(x))
    rows = list(scorer.rows(x[:3]))
    assert [row[3] for row in rows] == [1.0, 1.0, 1.0]
    texts = qi.Scorer(qi.make_anchors(np.eye(2), is_good=[True, False]), qi.Mean(space="raw"))
    assert next(texts.rows(np.array([[0.5, 0.5]])))[3] is None
