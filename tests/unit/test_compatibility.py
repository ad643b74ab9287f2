"""Indexes of every format version that was ever written open in this one; those of a newer one are refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.index.upgrade import FORMAT

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(params=[f"index-v{version}" for version in range(1, FORMAT + 1)])
def old(request, tmp_path):
    """A copy of an index of an earlier version, with and without its cache, and what it must give."""
    shutil.copytree(DATA / request.param, tmp_path / "old")
    return tmp_path / "old", json.loads((DATA / f"{request.param}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("cached", [True, False])
def test_an_old_index_opens_scores_and_is_whole(old, cached):
    path, expected = old
    if not cached:
        shutil.rmtree(path / "cache")
    index = qi.AnchorIndex.open(path)
    anchors = index.anchors()
    assert [key.decode() for key in anchors.ids.tolist()] == expected["ids"]
    assert anchors.n_good == expected["n_good"]
    assert anchors.quality.tolist() == expected["quality"]
    scores = qi.Scorer(index, qi.Mean(space="raw")).score_embeddings(expected["queries"]).score
    np.testing.assert_allclose(scores, expected["scores"], rtol=1e-6)
    report = index.verify()
    assert (report.is_whole, report.damage, report.n_anchors) == (True, (), len(expected["ids"]))


@pytest.mark.parametrize("cached", [True, False])
def test_further_ratings_and_embeddings_stay(old, cached):
    path, expected = old
    if not cached:
        shutil.rmtree(path / "cache")
    index = qi.AnchorIndex.open(path)
    if "noise" not in expected:
        assert (index.ratings, [one.name for one in index.manifest.embeddings]) == (["score"], ["embedding"])
        return
    assert index.ratings == ["quality", "noise"]
    noise, second = index.anchors(rating="noise"), index.anchors(embedding="second")
    assert [key.decode() for key in noise.ids.tolist()] == expected["noise"]["ids"]
    assert (noise.n_good, noise.quality.tolist()) == (expected["noise"]["n_good"], expected["noise"]["quality"])
    scores = qi.Scorer(noise, qi.Mean(space="raw")).score_embeddings(expected["queries"]).score
    np.testing.assert_allclose(scores, expected["noise"]["scores"], rtol=1e-6)
    assert [key.decode() for key in second.ids.tolist()] == expected["second"]["ids"]
    assert second.norms.tolist() == expected["second"]["norms"]


def test_an_index_of_format_1_is_upgraded_by_its_next_change(tmp_path):
    path = tmp_path / "old"
    shutil.copytree(DATA / "index-v1", path)
    expected = json.loads((DATA / "index-v1.json").read_text(encoding="utf-8"))
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    index = qi.AnchorIndex.open(path)
    n_versions = len(index.history())
    # Reading changes nothing, and what is read is of this format.
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
    rule = index.manifest.encoder.input
    assert (index.manifest.schema_version, rule, index.manifest.embeddings[0].dtype) == (FORMAT, None, "float32")
    labels = AnchorSource("own", make_records({"path": ["images/03.png"], "score": [4.0]}, 1), "no-reference", "median")
    changed = index.relabel(labels).index
    data = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    assert (data["schema_version"], data["version"]) == (2, index.manifest.version + 1)
    assert data["shards"] == [{"table": "anchors", "version": changed.manifest.shards[0].version}]
    assert "table_version" not in data
    assert changed.verify().is_whole
    # What was written as format 1 stays as it was written, and opens with its scores.
    entries = sorted((path / "history").glob("*.json"))
    assert [json.loads(one.read_text(encoding="utf-8"))["manifest"]["schema_version"] for one in entries] == (
        [1] * n_versions + [2]
    )
    then = qi.AnchorIndex.open(path, index.manifest.version)
    scores = qi.Scorer(then, qi.Mean(space="raw")).score_embeddings(expected["queries"]).score
    np.testing.assert_allclose(scores, expected["scores"], rtol=1e-6)
    restored = changed.restore("first").index
    assert (len(restored), restored.manifest.version) == (8, index.manifest.version + 2)
    assert restored.verify().is_whole
    restored.tags.delete("first")
    forgotten = restored.compact(forget_before=changed.manifest.version)
    assert forgotten.forgotten == tuple(version for version, *_ in expected["versions"])
    assert forgotten.index.verify().is_whole


def test_its_versions_open_and_it_can_be_changed(old):
    path, expected = old
    versions = [[v.version, v.action, v.n_good, v.n_bad, list(v.tags)] for v in qi.AnchorIndex.open(path).history()]
    assert versions == expected["versions"]
    for version, _, n_good, n_bad, _ in versions:
        then = qi.AnchorIndex.open(path, version)
        assert (then.anchors().n_good, len(then.anchors())) == (n_good, n_good + n_bad)
    removed = qi.AnchorIndex.open(path).remove(ids=expected["ids"][:1])
    assert removed.n_removed == 1
    removed.index.compact()
    assert qi.AnchorIndex.open(path).verify().is_whole


def test_a_newer_format_is_refused_with_the_version_that_is_needed(old):
    path, _ = old
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    manifest["schema_version"] = FORMAT + 1
    manifest["libraries"]["quasar-index"] = "9.1"
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(qi.AnchorIndexError, match=rf"has format {FORMAT + 1}, that of quasar-index 9\.1"):
        qi.AnchorIndex.open(path)
