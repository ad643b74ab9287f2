"""Indexes at `gs://`, by Google's own protocol on this machine; `gcsfs` may not be installed."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets import make_records
from quasar_index.index.addresses import Address
from quasar_index.index.object_store import Found, TakenError, put_on_condition
from tests.google_store import GoogleStore, serving_google

pytest.importorskip("gcsfs")


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleStore]:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("GOOGLE_"):
            monkeypatch.delenv(name)
    with serving_google() as store:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", store.url)
        monkeypatch.setenv("FSSPEC_GS_TOKEN", "anon")
        yield store


def test_puts_keep_to_their_conditions(google: GoogleStore) -> None:
    address, place = Address("gs", "bucket/own"), "bucket/own/manifest.json"
    put_on_condition(address, place, b"one", None)
    with pytest.raises(TakenError):
        put_on_condition(address, place, b"two", None)
    _, generation = google.objects[place]
    with pytest.raises(TakenError):
        put_on_condition(address, place, b"two", Found(b"one", str(generation + 1)))
    put_on_condition(address, place, b"two", Found(b"one", str(generation)))
    assert google.objects[place][0] == b"two"


def test_built_read_and_replaced(google: GoogleStore, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    records = make_records({"path": [f"{i}.png" for i in range(20)], "score": range(20)}, 20)
    source = qi.AnchorSource("own", records, "no-reference", "median")
    embeddings = rng.normal(size=(20, 4)).astype(np.float32)
    here = qi.build_from_embeddings(tmp_path / "own", source, embeddings).index
    qi.build_from_embeddings("gs://bucket/team/own", source, embeddings)
    with pytest.raises(qi.AnchorIndexError, match="exists already"):
        qi.build_from_embeddings("gs://bucket/team/own", source, embeddings)
    there = qi.AnchorIndex.open("gs://bucket/team/own")
    assert there.verify().is_whole
    queries = rng.normal(size=(5, 4))
    scores = [qi.Mean().fit(one.anchors()).score(queries).score for one in (there, here)]
    np.testing.assert_allclose(*scores, rtol=0, atol=1e-6)
    qi.build_from_embeddings("gs://bucket/team/own", source, 2 * embeddings, overwrite=True)
    assert qi.AnchorIndex.open("gs://bucket/team/own").manifest.uid != there.manifest.uid
    assert len(there.to_arrow()) == 20
    folders = {path.split("/")[3] for path in google.objects if path.startswith("bucket/team/own/")}
    assert len(folders) == 3
