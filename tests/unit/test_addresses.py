"""What an address of an index is, and what is kept here of indexes in stores: the file system is one in memory."""

import json
import os
import sys
import time
from pathlib import Path

import fsspec
import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets import make_records
from quasar_index.index import mirrors
from quasar_index.index.addresses import (
    Address,
    Mirror,
    mirror_of,
    mirror_place,
    new_place,
    read_place,
    shown,
    target_of,
)

TOKEN = "0123456789abcdef"  # noqa: S105


@pytest.fixture
def index(tmp_path: Path) -> qi.AnchorIndex:
    rng = np.random.default_rng(0)
    records = make_records({"path": [f"{i}.png" for i in range(20)], "score": range(20)}, 20)
    source = qi.AnchorSource("own", records, "no-reference", "median")
    return qi.build_from_embeddings(tmp_path / "own", source, rng.normal(size=(20, 4)).astype(np.float32)).index


@pytest.fixture
def copied(index: qi.AnchorIndex) -> str:
    """A copy of the index in memory, as any tool copies a folder into a store."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    for path in index.path.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            files.pipe(f"/shelf/own/{path.relative_to(index.path).as_posix()}", path.read_bytes())
    return "memory://shelf/own"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("own", Path("own")),
        ("a:b", Path("a:b")),
        ("file:///a/my%20index", Path("/a/my index")),
        ("file:/a/b", Path("/a/b")),
        ("s3://bucket/own/", Address("s3", "bucket/own")),
        (Path("s3://bucket/own"), Address("s3", "bucket/own")),
        ("S3A://bucket/a b", Address("s3", "bucket/a b")),
        ("gcs://bucket/own", Address("gs", "bucket/own")),
        ("sftp://me@host/own", Address("sftp", "me@host/own")),
    ],
)
def test_places(name: str, place: Path | Address) -> None:
    assert read_place(name) == place


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("s3:", "'s3:' is no address of an index; write s3://BUCKET/NAME"),
        ("s3:own", "'s3:own' is no address"),
        ("s3://", "is no address"),
        ("s3://bucket/../x", "is no address"),
        ("s3://bucket//x", "is no address"),
        ("nowhere://a/b", "'nowhere:' begins no address that is known; use a path, file:///FOLDER, s3://BUCKET/NAME"),
        ("https://a.b/own", "not read in place; first: quasar-index pull ADDRESS NAME"),
        ("hf://me/own", "not read in place"),
        ("file://host/own", "with three slashes"),
        ("sftp://me:word@host/own", "may hold no password"),
    ],
)
def test_no_place_becomes_a_folder(name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = qi.AnchorSource("own", make_records({"path": list("ab"), "score": [1, 2]}, 2), "no-reference", "median")
    for act in (qi.AnchorIndex.open, lambda name: qi.build_from_embeddings(name, source, np.eye(2))):
        with pytest.raises(qi.AnchorIndexError) as error:
            act(name)
        assert said in str(error.value)
        assert "word@" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_local_folder_says_its_address() -> None:
    address = Address("s3", "bucket/a b/@x/own:1")
    assert mirror_of(mirror_place(address, f"f-{TOKEN}")) == Mirror(address, TOKEN)
    assert mirror_of(mirror_place(address, "p-1")) == Mirror(address, "")
    assert mirror_of(mirror_place(address, "f-../../x")) is None
    assert mirror_of(new_place(address)) is None
    assert target_of(new_place(address)) == address
    assert target_of(mirror_place(address, "p-1")) is None
    assert shown(new_place(address)) == shown(mirror_place(address, "p-1")) == "s3://bucket/a b/@x/own:1"
    assert mirror_of("indexes/own") is target_of("indexes/own") is None


def test_a_file_address_is_a_folder(index: qi.AnchorIndex, tmp_path: Path) -> None:
    assert qi.AnchorIndex.open(index.path.as_uri()).path == index.path
    merged = qi.index.merge((tmp_path / "two").as_uri(), [index, index], overwrite=False).index
    assert merged.path == tmp_path / "two"


def test_a_copy_in_any_store_is_read(index: qi.AnchorIndex, copied: str) -> None:
    index.tags.set("first")
    fsspec.filesystem("memory").pipe("/shelf/own/tags.json", (index.path / "tags.json").read_bytes())
    there = qi.AnchorIndex.open(copied, "first")
    assert (there.name, there.place, dict(there.tags)) == ("own", copied, {"first": 1})
    assert there.verify().is_whole
    assert there.to_arrow().equals(index.to_arrow())
    queries = np.random.default_rng(1).normal(size=(3, 4))
    scores = [qi.Mean().fit(one.anchors()).score(queries).score for one in (there, index)]
    np.testing.assert_array_equal(*scores)
    # Tags are read anew at each opening, also those that were removed.
    fsspec.filesystem("memory").rm("/shelf/own/tags.json")
    assert dict(qi.AnchorIndex.open(copied).tags) == {}


def test_a_store_without_conditions_is_not_written(index: qi.AnchorIndex) -> None:
    with pytest.raises(qi.AnchorIndexError, match="two writers would mix their indexes"):
        qi.sharing.push(index, "memory://shelf/new")
    with pytest.raises(qi.AnchorIndexError, match="two writers would mix their indexes"):
        qi.index.merge("memory://shelf/new", [index, index], overwrite=False)
    assert not fsspec.filesystem("memory").exists("/shelf/new")


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(qi.AnchorIndexError) as error:
        qi.AnchorIndex.open("gs://bucket/own")
    assert str(error.value) == "'gs://' needs a package that is not installed; pip install -e '.[gs]'"


@pytest.mark.parametrize("token", ["../../up", "a/b", 7, "0123456789ABCDEF"])
def test_a_manifest_that_leads_elsewhere_is_refused(copied: str, token: object) -> None:
    files = fsspec.filesystem("memory")
    manifest = json.loads(files.cat("/shelf/own/manifest.json"))
    files.pipe("/shelf/own/manifest.json", json.dumps(manifest | {"files": token}).encode())
    with pytest.raises(qi.AnchorIndexError, match="names no folder"):
        qi.AnchorIndex.open(copied)


def test_other_files_of_a_stranger_are_not_taken(copied: str, embedding_cache: Path) -> None:
    files = fsspec.filesystem("memory")
    for name in ("history/x.sh", "calibrations/evil.json", "cache/own-v1.npz", "run.py", "history/../../../up.json"):
        files.pipe(f"/shelf/own/{name}", b"{}")
    qi.AnchorIndex.open(copied).anchors()
    kept = {path.name for path in embedding_cache.rglob("*") if path.is_file()}
    assert not {"x.sh", "evil.json", "own-v1.npz", "run.py", "up.json"} & kept
    assert kept >= {"manifest.json", "00000001.json"}


def cached(folder: Path, name: str, n_bytes: int, age: float) -> Path:
    """Make a search cache that was used some seconds ago; return its path, without its ending."""
    base = mirror_place(Address("memory", f"shelf/{name}"), "p-1") / "cache" / f"{name}-v1"
    assert base.is_relative_to(folder)
    base.parent.mkdir(parents=True, exist_ok=True)
    for ending in (".faiss", ".npz", f"-{TOKEN}.npz"):
        path = base.with_name(base.name + ending)
        path.write_bytes(bytes(n_bytes if ending == ".faiss" else 0))
        os.utime(path, (time.time() - age,) * 2)
    return base


def test_search_caches_that_were_used_longest_ago_go_first(
    embedding_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUASAR_INDEX_STORE_CACHE_SIZE", "3K")
    old, middle, new = (cached(embedding_cache, name, 1024, age) for name, age in (("o", 90), ("m", 60), ("n", 30)))
    mirrors.note_use(old)  # now it is the newest
    monkeypatch.setattr(mirrors, "_used", set())
    assert mirrors.make_room(middle.with_name("next-v1"), 1000)
    assert [base.with_suffix(".faiss").exists() for base in (old, middle, new)] == [True, False, True]
    assert not list(middle.parent.iterdir())
    assert not mirrors.make_room(old, 4096)
    assert mirrors.kept_bytes() == 2048
    assert mirrors.prune(0) == 2
    assert mirrors.kept_bytes() == 0


def test_names_of_search_caches() -> None:
    names = {
        "ab-v1.faiss": "ab-v1",
        "ab-v1.npz": "ab-v1",
        f"ab-v1-{TOKEN}.npy": "ab-v1",
        "ab-v1-shrinkage.json": "ab-v1",
        "ab-v12+my-own.npz": "ab-v12+my-own",
        f"ab-v12+my-own-{TOKEN}.npz": "ab-v12+my-own",
    }
    assert {name: mirrors._BASE.fullmatch(name)["base"] for name in names} == names  # type: ignore[index]


def test_under_a_small_limit_it_works_from_memory(
    copied: str, index: qi.AnchorIndex, embedding_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUASAR_INDEX_STORE_CACHE_SIZE", "100")
    there = qi.AnchorIndex.open(copied).anchors()
    np.testing.assert_array_equal(there.directions, index.anchors().directions)
    assert not list(embedding_cache.rglob("*.faiss"))
    monkeypatch.setenv("QUASAR_INDEX_STORE_CACHE_SIZE", "1M")
    assert isinstance(qi.AnchorIndex.open(copied).anchors().directions.base, np.memmap)
    assert len(list(embedding_cache.rglob("*.faiss"))) == 1
