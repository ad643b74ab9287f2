"""Sources of one name become one only where their scores can be of one scale."""

import numpy as np
import pyarrow.compute as pc
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import DataError
from quasar_index.index.store import open_table

SPEC = qi.EncoderSpec(name="precomputed", dim=4)


def rated(scores, *, first=0, name="own", score_range=None, lower_is_better=False):
    paths = [f"{first + row}.png" for row in range(len(scores))]
    records = make_records({"path": paths, "score": list(map(float, scores))}, len(paths))
    return AnchorSource(
        name, records, "no-reference", "median", lower_is_better=lower_is_better, score_range=score_range
    )


def embeddings(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)


def build(path, *sources):
    return qi.build_from_embeddings(path, sources, embeddings(sum(map(len, sources)), len(path.name))).index


def rows(index):
    table = index.tables.read(index.columns)
    return {row["path"]: row for row in table.to_pylist()}


OWN = np.linspace(1.36, 4.32, 20)
OTHER_SCALES = {
    "-5 to 0": np.linspace(-5, 0, 20),
    "0 to 1": np.linspace(0, 1, 20),
    "0 to 100": np.linspace(0, 100, 20),
    "4 to 10": np.linspace(4, 10, 20),
}
SAME_SCALE = {
    "whole": np.linspace(1, 5, 20),
    "lower half": np.linspace(1, 3, 20),
    "the best": np.full(20, 4.0),
    "few, and beyond": np.array([4.4, 4.5, 4.9]),
    "few": np.array([4.1, 4.2]),
}


@pytest.mark.parametrize("words", OTHER_SCALES)
def test_other_scales_under_one_name_are_refused(tmp_path, words):
    scores = OTHER_SCALES[words]
    said = rf"'own' can hardly be of one scale: scores from 1.36 to 4.32, and from {words}"
    one = build(tmp_path / "one", rated(OWN))
    with pytest.raises(DataError, match=said) as error:
        qi.merge(tmp_path / "both", [one, build(tmp_path / "two", rated(scores, first=50))])
    assert error.value.hint == ("keep them apart, --same-name apart, or join them, --same-name together, if they are")
    assert not (tmp_path / "both").exists()
    more = rated(scores, first=50)
    for use in (
        lambda: one.add_embeddings(more, embeddings(20, 1)),
        lambda: build(tmp_path / "both", rated(OWN), more),
    ):
        with pytest.raises(DataError, match=said) as error:
            use()
        assert error.value.hint == (
            "give one of them another name, ?name=NAME, or declare the range of both, ?range=LOW,HIGH, if they are"
        )
    assert len(qi.AnchorIndex.open(tmp_path / "one")) == 20


@pytest.mark.parametrize("words", SAME_SCALE)
def test_what_can_be_one_scale_is_joined_and_divided_at_the_common_median(tmp_path, words):
    scores = SAME_SCALE[words]
    more = rated(scores, first=50)
    one = build(tmp_path / "one", rated(OWN))
    report = one.add_embeddings(more, embeddings(len(scores), 1))
    median = float(np.median([*OWN, *scores]))
    assert [source.threshold for source in report.index.manifest.sources] == [pytest.approx(median)]
    bounds = (min(*OWN, *scores), max(*OWN, *scores))
    assert report.index.manifest.sources[0].score_range == pytest.approx(bounds)


def test_a_merge_says_which_scores_it_took_as_one_scale(tmp_path):
    one, two = build(tmp_path / "one", rated(OWN)), build(tmp_path / "two", rated(np.linspace(1, 5, 20), first=50))
    report = qi.merge(tmp_path / "both", [one, two])
    assert report.notes == ("'own': scores from 1.36 to 4.32, and from 1 to 5, taken as one scale",)
    other = build(tmp_path / "other", rated(np.linspace(-5, 0, 20), first=80, name="other"))
    report = qi.merge(tmp_path / "more", [one, other])  # of another name: nothing to say
    assert report.notes == ()
    assert [source.score_range for source in report.index.manifest.sources] == [(1.36, 4.32), (-5.0, 0.0)]


def test_sources_of_one_name_are_kept_apart_when_that_is_asked_for(tmp_path):
    one = build(tmp_path / "one", rated(OWN), rated(range(20), first=100, name="own-2"))
    two = build(tmp_path / "two", rated(OTHER_SCALES["-5 to 0"], first=50))
    three = build(tmp_path / "three", rated(OTHER_SCALES["0 to 100"], first=150, lower_is_better=True))
    report = qi.merge(tmp_path / "all", [one, two, three], same_name="apart")
    assert [source.name for source in report.index.manifest.sources] == ["own", "own-2", "own-3", "own-4"]
    assert report.notes == ()
    found = rows(report.index)
    assert {path: row["dataset"] for path, row in found.items() if path in ("0.png", "50.png", "150.png")} == {
        "0.png": "own",
        "50.png": "own-3",
        "150.png": "own-4",
    }
    for index in (one, two, three):
        for path, row in rows(index).items():
            assert (found[path]["side"], found[path]["quality"]) == (row["side"], row["quality"])
            np.testing.assert_array_equal(found[path]["embedding"], row["embedding"])
    assert report.index.verify().is_whole


def test_what_the_user_knows_to_be_one_scale_is_joined(tmp_path):
    one, two = build(tmp_path / "one", rated(OWN)), build(tmp_path / "two", rated(np.linspace(4, 5, 20), first=50))
    with pytest.raises(DataError, match="can hardly be of one scale"):
        qi.merge(tmp_path / "both", [one, two])
    report = qi.merge(tmp_path / "both", [one, two], same_name="together")
    assert report.index.manifest.sources[0].score_range == (1.36, 5.0)
    assert report.notes == ("'own': scores from 1.36 to 4.32, and from 4 to 5, taken as one scale",)
    added = one.add_embeddings(rated(np.linspace(4, 5, 20), first=50, score_range=(1, 5)), embeddings(20, 1))
    assert added.index.manifest.sources[0].score_range == (1, 5)


@pytest.mark.parametrize(("scores", "fits"), [((1.36, 4.32), True), ((4.4, 4.9), True), ((0, 100), False)])
def test_scores_lie_within_a_range_that_is_declared(tmp_path, scores, fits):
    declared = build(tmp_path / "one", rated(np.linspace(1.1, 4.7, 20), score_range=(1, 5)))
    more = rated(np.linspace(*scores, 20), first=50)
    if fits:
        found = declared.add_embeddings(more, embeddings(20, 1)).index
        assert found.manifest.sources[0].score_range == (1, 5)
    else:
        with pytest.raises(DataError, match=r"scores from 1 to 5, and from 0 to 100"):
            declared.add_embeddings(more, embeddings(20, 1))


def test_what_differs_in_its_rule_is_kept_apart_by_the_same_option(tmp_path):
    one, two = build(tmp_path / "one", rated(OWN)), build(tmp_path / "two", rated(OWN, first=50, lower_is_better=True))
    with pytest.raises(DataError, match="differ in lower is better") as error:
        qi.merge(tmp_path / "both", [one, two])
    assert error.value.hint == "keep them apart, --same-name apart"
    sources = qi.merge(tmp_path / "both", [one, two], same_name="apart").index.manifest.sources
    assert [(source.name, source.lower_is_better) for source in sources] == [("own", False), ("own-2", True)]


def test_a_third_source_is_compared_with_each_before_it(tmp_path):
    few = rated([2, 3], first=30)
    with pytest.raises(DataError, match=r"from 1.36 to 4.32, and from -5 to 0"):
        build(tmp_path / "x", few, rated(OWN), rated(OTHER_SCALES["-5 to 0"], first=50))


def test_builds_of_the_same_data_leave_no_trace_of_the_check(tmp_path):
    (source,) = build(tmp_path / "one", rated(OWN), rated(np.linspace(1, 5, 20), first=50)).manifest.sources
    assert (source.score_range, source.rating.range_is_declared, source.rating.kept) == ((1.0, 5.0), False, False)
    assert pc.count(open_table(tmp_path / "one").to_arrow()["id"]).as_py() == 40
