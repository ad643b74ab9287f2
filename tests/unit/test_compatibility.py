"""Indexes of every format version that was ever written open in this one; those of a newer one are refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.index.manifest import SCHEMA_VERSION

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(params=[f"index-v{version}" for version in range(1, SCHEMA_VERSION + 1)])
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
    scores = qi.Scorer(index, qi.Mean(), space="raw").score_embeddings(expected["queries"]).score
    np.testing.assert_allclose(scores, expected["scores"], rtol=1e-6)
    report = qi.verify(index)
    assert (report.is_whole, report.damage, report.n_anchors) == (True, (), len(expected["ids"]))


def test_its_versions_open_and_it_can_be_changed(old):
    path, expected = old
    versions = [[v.version, v.action, v.n_good, v.n_bad, list(v.tags)] for v in qi.history(qi.AnchorIndex.open(path))]
    assert versions == expected["versions"]
    for version, _, n_good, n_bad, _ in versions:
        then = qi.AnchorIndex.open(path, version)
        assert (then.anchors().n_good, len(then.anchors())) == (n_good, n_good + n_bad)
    removed = qi.remove(qi.AnchorIndex.open(path), ids=expected["ids"][:1])
    assert removed.n_removed == 1
    qi.compact(removed.index)
    assert qi.verify(qi.AnchorIndex.open(path)).is_whole


def test_a_newer_format_is_refused_with_the_version_that_is_needed(old):
    path, _ = old
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    manifest["schema_version"] = SCHEMA_VERSION + 1
    manifest["libraries"]["quasar-index"] = "9.1"
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(qi.AnchorIndexError, match=rf"has format {SCHEMA_VERSION + 1}, that of quasar-index 9\.1"):
        qi.AnchorIndex.open(path)
