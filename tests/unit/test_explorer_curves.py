"""Curves for the page's sliders: each value equals the score by the method that its number names."""

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.explorer import explainer
from quasar_index.explorer.curves import MOST, Curves, methods_of_sliders
from quasar_index.index.search import known_cosines
from tests.explorer_client import make_explorer, write_photos

DIM = 24


@pytest.fixture(scope="module")
def anchors():
    x = np.random.default_rng(0).normal(size=(400, DIM))
    return qi.make_anchors(x, quality=np.round(x[:, 0] + 0.2 * x[:, 1], 1))  # some lie at the median


@pytest.fixture(scope="module")
def unrated():
    x = np.random.default_rng(0).normal(size=(90, DIM))
    return qi.make_anchors(x, is_good=[True] * 30 + [False] * 60)


@pytest.fixture(scope="module")
def queries():
    return np.random.default_rng(1).normal(size=(3, DIM)).astype(np.float32)


METHODS = (
    *("mean", "mean:space=raw", "mean:space=centred,temperature=0.3", "mean:normalize_anchors=true"),
    *("offset:offset=0.3", "offset:offset=0.337", "offset:offset=0,space=raw", "offset:offset=0.9,rating_power=2"),
    *("retrieval", "retrieval:space=raw", "retrieval:blend=0.25", "retrieval:similarity_temperature=0.05"),
    *("retrieval:top_k=1", "retrieval:top_k=8,space=raw", "retrieval:top_k=40,blend=0.6", "retrieval:top_k=150"),
    *("retrieval:top_k=30,similarity_temperature=0.1", "retrieval:top_k=12,rating_power=2,normalize_anchors=true"),
)


def shown(curves: dict, method: qi.Method, *, k: int | None = None, offset: float | None = None) -> float:
    """Return the score that the page shows for a method, by the formulas of the page."""
    blend = getattr(method, "blend", 1.0)
    cosines = []
    for side in ("good", "bad"):
        mean = curves["mean"][side]
        if offset is not None:
            cosines.append(curves["offset"][side][curves["offset"]["offset"].index(offset)])
        elif not isinstance(method, qi.Retrieval):
            cosines.append(mean)
        else:
            part = curves["whole"] if k is None else {name: values[k - 1] for name, values in curves["top_k"].items()}
            length = blend**2 + (1 - blend) ** 2 + 2 * blend * (1 - blend) * part[f"{side}_to_mean"]
            cosines.append((blend * part[side] + (1 - blend) * mean) / np.sqrt(length))
    return float(1 / (1 + np.exp(-(cosines[0] - cosines[1]) / curves["temperature"])))


@pytest.mark.parametrize("text", METHODS)
def test_the_value_at_the_number_in_force_is_the_score(anchors, queries, text):
    method = qi.read_method(text)
    fitted = method.fit(anchors)
    curves = Curves(fitted)
    for query, score in zip(fitted.directions(queries), fitted.score(queries).score, strict=True):
        drawn = curves.of(query)
        found = shown(drawn, method, k=getattr(method, "top_k", None), offset=getattr(method, "offset", None))
        assert found == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("text", ["mean", "retrieval", "offset:offset=0.2", "retrieval:top_k=5,space=raw"])
def test_every_value_is_the_score_of_the_command_beside_it(anchors, queries, text):
    method = qi.read_method(text)
    fitted = method.fit(anchors)
    texts = methods_of_sliders(method)
    [drawn] = [Curves(fitted).of(query) for query in fitted.directions(queries[:1])]
    asked = [
        *[(texts["top_k"].format(k=k), k, None) for k in (1, 2, 7, 33, 180, 200)],
        *[(texts["top_k_blend"].format(k=k, blend=blend), k, None) for k, blend in ((3, 0.5), (90, 0.1))],
        *[(texts["offset"].format(offset=offset), None, offset) for offset in (0.0, 0.1, 0.5, 0.995)],
        (texts["whole"], None, None),
        (texts["whole_blend"].format(blend=0.4), None, None),
        (texts["mean"], None, None),
    ]
    for typed, k, offset in asked:
        other = qi.read_method(typed)
        expected = other.fit(anchors).score(queries[:1]).score[0]
        assert shown(drawn, other, k=k, offset=offset) == pytest.approx(expected, abs=1e-5), typed


def test_neighbours_that_all_lie_at_the_median_count_all_the_same(queries):
    x = np.random.default_rng(3).normal(size=(60, DIM))
    quality = np.where(np.arange(60) < 40, 3.0, np.where(np.arange(60) < 50, 5.0, 1.0))
    anchors = qi.make_anchors(x, quality=quality, is_good=np.arange(60) % 2 == 0)
    method = qi.read_method("retrieval:top_k=1,rating_power=1,space=raw")
    fitted = method.fit(anchors)
    near = np.concatenate([x[:4], queries]).astype(np.float32)  # images beside anchors at the median
    for place, query in enumerate(fitted.directions(near)):
        drawn = Curves(fitted).of(query)
        for k in (1, 2, 3, 10):
            other = qi.Retrieval(top_k=k, rating_power=1, space="raw")
            expected = other.fit(anchors).score(near[place : place + 1]).score[0]
            assert shown(drawn, other, k=k) == pytest.approx(expected, abs=1e-5)


def test_a_smaller_side_goes_on_with_all_of_its_anchors(unrated, queries):
    method = qi.Retrieval(top_k=50)
    fitted = method.fit(unrated)
    drawn = Curves(fitted).of(fitted.directions(queries[:1])[0])
    assert drawn["offset"] is None
    assert drawn["top_k"]["k"] == list(range(1, 61))
    assert {len(values) for values in drawn["top_k"].values()} == {60}
    assert shown(drawn, method, k=50) == pytest.approx(fitted.score(queries[:1]).score[0], abs=1e-5)
    assert MOST == 1024


def test_ratings_that_are_predicted_have_no_curves(anchors):
    with pytest.raises(qi.MethodError, match="compares no centroids"):
        Curves(qi.Ridge().fit(anchors))
    assert methods_of_sliders(qi.Ridge()) == {}


@pytest.mark.parametrize("few", [0, 4096])
@pytest.mark.parametrize("text", [*METHODS, "clustering:n_clusters=3", "retrieval:mode=joint,top_k=20"])
def test_the_anchors_that_contribute_most_are_those_of_explain(anchors, queries, text, few, monkeypatch, tmp_path):
    monkeypatch.setattr(explainer, "_FEW", few)
    write_photos(tmp_path, 1)
    made = make_explorer(tmp_path)
    fitted = qi.read_method(text).fit(anchors)
    own = explainer.Explainer(qi.Scorer(fitted), made.index, None)
    monkeypatch.setattr(explainer.Explainer, "_labels", property(lambda _: qi_labels(anchors)))
    for place in range(len(queries)):
        query = queries[place : place + 1]
        found = own.explain(query)
        assert found["score"] == pytest.approx(fitted.score(query).score[0], abs=1e-6)
        [expected] = qi.explain(fitted, query, top=explainer.N_ANCHORS)
        for side in ("good", "bad"):
            mask = expected.is_good == (side == "good")
            weights = {one["anchor"]: one["weight"] for one in found[side]}
            assert list(weights) == expected.rows[mask].tolist()
            assert list(weights.values()) == pytest.approx(expected.weight[mask].tolist(), rel=1e-4, abs=1e-6)
            cosines = [one["cosine"] for one in found[side]]
            assert cosines == pytest.approx(expected.similarity[mask].tolist(), abs=1e-6)


def qi_labels(anchors):
    from quasar_index.report.labels import AnchorLabels

    return AnchorLabels.of(anchors, None)


def test_cosines_that_are_known_answer_searches(anchors, queries):
    directions = qi.Mean(space="raw").fit(anchors).directions(queries)
    for side in (None, "good", "bad"):
        for k in (1, 5, 1000):
            expected = qi.index.nearest(anchors, directions[:1], k, side=side)
            with known_cosines(anchors, directions[0]) as cosines:
                assert cosines == pytest.approx(anchors.directions @ directions[0])
                found = qi.index.nearest(anchors, directions[:1], k, side=side)
                others = qi.index.nearest(anchors, directions[1:], k, side=side)
            assert found.rows.tolist() == expected.rows.tolist()
            assert found.similarity == pytest.approx(expected.similarity, abs=1e-6)
            assert others.rows.shape == (2, found.rows.shape[1])
            assert others.rows.tolist() == qi.index.nearest(anchors, directions[1:], k, side=side).rows.tolist()
