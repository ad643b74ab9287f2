"""The manifest: what was written is read, and what cannot be read is one clear error."""

import json
import os
from dataclasses import asdict

import pytest

from quasar_index.encoders import EncoderSpec, InputRule
from quasar_index.encoders.spec import RULE_VERSION
from quasar_index.errors import AnchorIndexError, QuasarError
from quasar_index.index import AnchorIndex, Manifest, SourceRecord
from quasar_index.index.manifest import MANIFEST
from quasar_index.index.places import new_index_path
from quasar_index.index.records import EmbeddingRecord, RatingRecord, Shard, Subset
from quasar_index.index.upgrade import FORMAT, upgraded
from quasar_index.paths import write_atomically

RATED = SourceRecord(
    "koniq10k", "no-reference", "median", 4, 5,
    ratings=(
        RatingRecord("MOS", "score", True, (1.0, 5.0), range_is_declared=True, threshold=3.25, kept=True),
        RatingRecord("appeal", "appeal", by_person=False),
    ),
    n_failed=1, n_duplicates=2, checksums={"scores.csv": "ab" * 32},
)  # fmt: skip
PAIRS = SourceRecord("kadis700k", "full-reference", "reference", 1, 5)
SPEC = EncoderSpec("clip-rn50", 1024, "0123456789abcdef-nopos", InputRule("none", min_side=32), weights="/w/rn50.pt")
SUBSET = Subset("mmr", {"balance": 0.5}, 5, 10, 50, 100, "whole", "0a", 2, earlier=("kmeans",))


def manifest():
    embeddings = (EmbeddingRecord("embedding", SPEC), EmbeddingRecord("clip", EncoderSpec("precomputed", 7), "float16"))
    shards = (Shard("anchors", 5), Shard("anchors-1", 4))
    return Manifest(embeddings, shards, (RATED, PAIRS), 5, 10, version=3, subset=SUBSET)


def test_round_trip(tmp_path):
    written = manifest()
    written.write(tmp_path)
    assert Manifest.read(tmp_path) == written
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]
    data = json.loads((tmp_path / MANIFEST).read_text())
    assert data["schema_version"] == FORMAT
    assert data["embeddings"][0]["encoder"]["input"]["resize"] == "none"
    assert data["embeddings"][0]["encoder"]["input"]["version"] == RULE_VERSION
    assert {"torch", "numpy", "quasar-index"} <= data["libraries"].keys()


def test_round_trip_without_input_rule(tmp_path):
    embedding = EmbeddingRecord("embedding", EncoderSpec("precomputed", 7))
    written = Manifest((embedding,), (Shard("anchors", 1),), (PAIRS,), 1, 1)
    written.write(tmp_path)
    assert Manifest.read(tmp_path) == written


def test_what_format_1_calls_the_method_of_a_subset_is_its_selector():
    subset = asdict(SUBSET)
    del subset["earlier"]
    subset["method"] = subset.pop("selector")
    old = {"encoder": asdict(SPEC), "sources": [], "table_version": 3, "schema_version": 1, "subset": subset}
    assert upgraded(old)["subset"] == {**asdict(SUBSET), "earlier": ()}
    assert upgraded({**old, "subset": None})["subset"] is None


def test_every_build_has_its_own_uid():
    assert manifest().uid != manifest().uid


@pytest.mark.parametrize("libraries", [{"quasar-index": "9.1"}, {}, None, "gone", ["torch"]])
def test_a_newer_format_is_refused_whatever_else_it_holds(tmp_path, libraries):
    data = {"schema_version": FORMAT + 1}
    if libraries != "gone":
        data["libraries"] = libraries
    (tmp_path / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(AnchorIndexError, match=f"has format {FORMAT + 1}.*; update quasar-index") as caught:
        Manifest.read(tmp_path)
    assert ("9.1" in str(caught.value)) == (libraries == {"quasar-index": "9.1"})


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"schema_version": 1', "null", "[]", '"text"', "{}", '{"schema_version": "1"}', '{"schema_version": 1}',
     b"\xff\xfe\x00"],
)  # fmt: skip
def test_damaged(tmp_path, text):
    (tmp_path / MANIFEST).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(AnchorIndexError, match="rebuild the index"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("embeddings", None), ("embeddings", []), ("embeddings", [{}]), ("sources", None), ("sources", [{}]),
        ("sources", ["x"]), ("sources", [{"ratings": [], "odd": 1}]), ("shards", None), ("shards", []),
        ("shards", [{}]),
        ("shards", [{"table": "../anchors", "version": 1}]), ("shards", [{"table": "anchors", "version": "1"}]),
        *(
            ("embeddings", [{"name": "embedding", "dtype": "float32", "encoder": encoder}])
            for encoder in (
                None, {}, {"name": "x", "dim": 3, "odd": 1}, {"name": "x", "dim": 3, "input": {"odd": 1}},
                {"name": "x", "dim": 3, "input": {"resize": "none", "version": RULE_VERSION + 1}},
            )
        ),
        *(
            ("embeddings", [{"name": name, "dtype": dtype, "encoder": {"name": "x", "dim": 3}}])
            for name, dtype in (("../x", "float32"), ("x", "int8"), (3, "float32"))
        ),
    ],
)  # fmt: skip
def test_misnamed_or_missing_parts(tmp_path, key, value):
    manifest().write(tmp_path)
    data = json.loads((tmp_path / MANIFEST).read_text())
    for change in ({**data, key: value}, {name: data[name] for name in data if name != key}):
        (tmp_path / MANIFEST).write_text(json.dumps(change))
        with pytest.raises(QuasarError):
            Manifest.read(tmp_path)


def test_missing(tmp_path):
    with pytest.raises(AnchorIndexError, match="is no index"):
        Manifest.read(tmp_path)


def test_a_failed_write_leaves_the_old_manifest(tmp_path, monkeypatch):
    written = manifest()
    written.write(tmp_path)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(tmp_path / MANIFEST, b"{}")
    assert Manifest.read(tmp_path) == written


def test_an_index_is_found_by_path_then_in_the_home_then_in_the_working_folder(tmp_path, monkeypatch):
    home, work = tmp_path / "home", tmp_path / "work"
    for folder in (home / "a", work / "indexes" / "a", work / "indexes" / "b", work / "here"):
        folder.mkdir(parents=True)
        manifest().write(folder)
    monkeypatch.chdir(work)
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(home))
    assert AnchorIndex.open("a").path.resolve() == home / "a"
    assert AnchorIndex.open("b").path.resolve() == work / "indexes" / "b"
    assert AnchorIndex.open("here").path.resolve() == work / "here"
    assert AnchorIndex.open(work / "indexes" / "a").path == work / "indexes" / "a"
    assert new_index_path("new") == home / "new"
    monkeypatch.delenv("QUASAR_INDEX_HOME")
    assert AnchorIndex.open("a").path.resolve() == work / "indexes" / "a"
    assert AnchorIndex.open("a").name == "a"
    assert len(AnchorIndex.open("a")) == 15
    with pytest.raises(AnchorIndexError, match=r"no index 'c' .*there are a, b"):
        AnchorIndex.open("c")
    assert new_index_path("x/new").as_posix() == "x/new"
    for name in ("", ".hidden", ".."):
        with pytest.raises(AnchorIndexError, match="is no name for an index"):
            new_index_path(name)


def test_a_missing_index_by_path_is_said_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AnchorIndexError, match=r"no index .*; build it with 'quasar-index build'") as caught:
        AnchorIndex.open(tmp_path / "none")
    assert " or " not in str(caught.value)
