"""Versions of an index: each can be opened, tagged, restored, given up; scores at an old one are reproducible."""

import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import AnchorIndexError
from quasar_index.index.store import open_table, version_files
from quasar_index.methods import Clustering, Mean, Offset, Retrieval

N, DIM = 40, 6


def rated(rows, scores, *, name="own"):
    records = make_records({"path": [f"{name}/{row}.png" for row in rows], "score": list(scores)}, len(scores))
    return AnchorSource(name, records, "no-reference", "median")


@pytest.fixture
def matrix():
    return np.random.default_rng(0).normal(size=(2 * N, DIM)).astype(np.float32)


@pytest.fixture
def index(matrix, tmp_path):
    return qi.build_from_embeddings(tmp_path / "own", rated(range(N), np.arange(N) * 1.0), matrix[:N]).index


def scores(index, queries):
    """Scores of all methods, which depend on embeddings, sides and qualities."""
    methods = (Mean(), Offset(0.3), Clustering(3), Retrieval(5, rating_power=1.0))
    return np.stack([qi.Scorer(index, method).score_embeddings(queries).score for method in methods])


def test_every_version_scores_as_it_did_when_it_was_made(index, matrix, tmp_path):
    queries = np.random.default_rng(1).normal(size=(7, DIM))
    states = [index]
    states.append(states[-1].add_embeddings(rated(range(N, 2 * N), np.arange(N) * 2.0), matrix[N:]).index)
    states.append(states[-1].relabel(rated(range(5), [90.0, 80, 70, 60, 50])).index)
    states.append(states[-1].remove(where="score < 10").index)
    made = [scores(state, queries) for state in states]
    for one, other in itertools.pairwise(made):
        assert not np.array_equal(one, other)
    numbers = [state.manifest.version for state in states]
    assert numbers == sorted(set(numbers))
    for number, then in zip(numbers, made, strict=True):
        np.testing.assert_array_equal(scores(qi.AnchorIndex.open(tmp_path / "own", number), queries), then)
    versions = states[0].history()
    assert [version.version for version in versions] == numbers
    assert [version.action for version in versions] == [
        "build: 40 anchors", "add: 40 anchors of own", "relabel: 5 anchors by own",
        f"remove: {80 - len(states[-1])} anchors where score < 10",
    ]  # fmt: skip
    assert [version.n_good + version.n_bad for version in versions] == [len(state) for state in states]
    assert [version.current for version in versions] == [False, False, False, True]
    # two caches are kept, however many versions were read
    assert len(list((tmp_path / "own" / "cache").glob("*.faiss"))) == 2
    assert len(list((tmp_path / "own" / "cache").glob("*-v?.npz"))) == 2


def test_restoring_makes_a_new_version_equal_to_the_old(index, tmp_path):
    queries = np.random.default_rng(1).normal(size=(7, DIM))
    before, first = scores(index, queries), index.manifest
    removed = index.remove(where="score < 10").index
    report = removed.restore(str(first.version))
    assert (report.restored, report.before) == (first.version, removed.manifest.version)
    now = qi.AnchorIndex.open(tmp_path / "own")
    assert now.manifest.version > removed.manifest.version
    assert (now.manifest.sources, len(now)) == (first.sources, N)
    np.testing.assert_array_equal(scores(now, queries), before)
    assert now.history()[-1].action == "restore: version 1"
    again = now.restore(now.manifest.version)
    assert again.index.manifest == now.manifest
    assert len(now.history()) == 3


def test_tags_name_versions(index, tmp_path):
    assert index.tags.set("first") == qi.index.TagReport("first", 1, None)
    later = index.remove(where="score < 10").index
    assert len(qi.AnchorIndex.open(tmp_path / "own", "first")) == N
    assert later.history()[0].tags == ("first",)
    assert later.tags.set("first") == qi.index.TagReport("first", later.manifest.version, 1)
    assert later.tags.set("old", 1).version == 1
    assert qi.AnchorIndex.open(tmp_path / "own", 1).tags.set("too").version == 1
    assert later.tags.delete("too") == qi.index.TagReport("too", None, 1)
    assert dict(index.tags) == {"first": 2, "old": 1}
    assert ("first" in later.tags, "too" in later.tags, len(later.tags)) == (True, False, 2)
    assert repr(later.tags) == "Tags({'first': 2, 'old': 1})"
    with pytest.raises(KeyError):
        later.tags["too"]
    restored = later.restore("old")
    assert restored.restored == 1
    assert restored.index.history()[-1].action == "restore: version 1 (old)"
    with pytest.raises(AnchorIndexError, match="has no tag 'too'"):
        later.tags.delete("too")
    for name in ("1st", "a b", "", "../x", "x" * 65):
        with pytest.raises(AnchorIndexError, match="is no tag"):
            later.tags.set(name)


def test_unknown_versions_are_named(index):
    index.tags.set("first")
    for version in (7, "7", "none"):
        with pytest.raises(AnchorIndexError, match=r"has no version.* '?(7|none)'?; there are 1, and the tags first"):
            qi.AnchorIndex.open(index.path, version)


def test_compacting_changes_no_score_and_keeps_all_versions(index, matrix):
    queries = np.random.default_rng(1).normal(size=(7, DIM))
    for start in range(N, 2 * N, 8):
        some = range(start, start + 8)
        index = index.add_embeddings(rated(some, np.arange(8) * 5.0 + 4.5), matrix[start : start + 8]).index
    index = index.remove(where="score < 30").index
    before = scores(index, queries)
    report = index.compact()
    assert report.forgotten == ()
    np.testing.assert_array_equal(scores(report.index, queries), before)
    assert open_table(index.path).to_arrow().num_rows == len(index)
    assert len(qi.AnchorIndex.open(index.path, 1).anchors()) == N
    again = report.index.compact()
    assert again.index.manifest == report.index.manifest  # nothing left to do: no new version


def age(table, days):
    """Let the versions of a table be older: the seconds of their times, where its manifests hold them as a varint."""

    def varint(number):
        return bytes([*((number >> shift & 127) | 128 for shift in range(0, 28, 7)), number >> 28])

    for version in table.list_versions():
        (path,) = Path(table.uri.removeprefix("file://")).glob(f"_versions/*{2**64 - 1 - version['version']}.manifest")
        seconds, data = int(version["timestamp"].timestamp()), path.read_bytes()
        assert data.count(varint(seconds)) == 1
        path.write_bytes(data.replace(varint(seconds), varint(seconds - 86400 * days)))


def test_compacting_keeps_versions_of_any_age(index, matrix):
    # Lance gives up those of a week ago while it compacts, tagged or not, unless it is told otherwise.
    index = index.add_embeddings(rated(range(N, 2 * N), np.arange(N) * 2.0), matrix[N:]).index
    age(open_table(index.path), days=400)
    numbers = [version.version for version in index.history()]
    report = index.compact()
    assert report.index.manifest.version > max(numbers)
    assert [len(qi.AnchorIndex.open(index.path, number).anchors()) for number in numbers] == [N, 2 * N]


@pytest.mark.parametrize("content", [b"", None])
def test_a_mark_that_an_interrupted_compaction_left_is_in_nobodys_way(index, matrix, content):
    """Lance stops at a mark that a power cut has emptied, whatever it is asked for."""
    index = index.add_embeddings(rated(range(N, 2 * N), np.arange(N) * 2.0), matrix[N:]).index
    mark = index.path / "anchors.lance" / "_refs" / "tags" / "quasar-index-keeps.json"
    open_table(index.path).tags.create(mark.stem, 1)
    if content is not None:
        mark.write_bytes(content)
    report = index.compact(forget_before=index.manifest.version)
    assert report.forgotten == (1,)
    assert not mark.exists()
    assert 1 not in version_files(index.path)


def test_given_up_versions_are_listed_but_cannot_be_opened(index, matrix):
    time.sleep(0.05)
    middle = index.add_embeddings(rated(range(N, 2 * N), np.arange(N) * 2.0), matrix[N:]).index
    time.sleep(0.05)
    last = middle.remove(where="score < 10").index
    last.tags.set("first", 1)
    with pytest.raises(AnchorIndexError, match=r"version 1 is older than \d+ and has the tag 'first'"):
        last.compact(forget_before=middle.manifest.version)
    last.tags.delete("first")
    report = last.compact(forget_before=middle.manifest.version)
    assert report.forgotten == (1,)
    assert [version.forgotten for version in report.index.history()][:2] == [True, False]
    with pytest.raises(AnchorIndexError, match=r"version 1 of .* was given up by 'compact'; there are"):
        qi.AnchorIndex.open(index.path, 1)
    assert len(qi.AnchorIndex.open(index.path, middle.manifest.version).anchors()) == 2 * N
    assert len(qi.AnchorIndex.open(index.path).anchors()) == len(last)
    kept = {version["version"] for version in open_table(index.path).list_versions()}
    assert 1 not in kept
    assert {middle.manifest.shards[0].version, report.index.manifest.shards[0].version} <= kept
    all_gone = report.index.compact(forget_before=report.index.manifest.version)
    assert all_gone.n_bytes < report.n_bytes_before
    assert len(qi.AnchorIndex.open(index.path).anchors()) == len(last)


def test_an_index_of_before_there_was_a_history_gets_one(index):
    for path in (index.path / "history").iterdir():
        path.unlink()
    assert [(version.version, version.action) for version in index.history()] == [(1, "build")]
    later = index.remove(where="score < 10").index
    assert [version.action.split(":")[0] for version in later.history()] == ["build", "remove"]
    assert len(qi.AnchorIndex.open(index.path, 1)) == N


def test_a_damaged_history_is_one_clear_error_and_the_index_still_opens(index):
    later = index.remove(where="score < 10").index
    entry = index.path / "history" / "00000001.json"
    entry.write_text(json.dumps({"action": "x"}))
    with pytest.raises(AnchorIndexError, match=r"history entry '.*00000001.json' is damaged"):
        qi.AnchorIndex.open(index.path, 1)
    assert len(qi.AnchorIndex.open(index.path).anchors()) == len(later)
    (index.path / "tags.json").write_text("[")
    with pytest.raises(AnchorIndexError, match=r"tags.json' is damaged"):
        later.history()
