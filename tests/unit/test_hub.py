"""Pushing to the Hugging Face hub and pulling from it, by the hub's own client and a hub on this machine."""

import re

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.sharing import fetch_from_hub, install_bundle, push
from quasar_index.sharing.hub import HubAddress
from tests.hub import READER, TOKEN, serving

N, DIM = 20, 5
MATRIX = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)  # a store of its own, far away
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name in qi.sharing.OFFLINE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with serving() as made:
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


@pytest.fixture
def index(hub):
    columns = {"path": [f"/home/me/<b>|{row}.png" for row in range(N)], "score": [row % 9 for row in range(N)]}
    source = AnchorSource("my|own<script>", make_records(columns, N), "no-reference", "median")
    spec = qi.EncoderSpec("clip-rn50", DIM, "0123456789abcdef", qi.encoders.InputRule("none"))
    return qi.build_from_embeddings("own", source, MATRIX, spec=spec).index


def scores(index):
    return qi.Mean().fit(index).score(MATRIX[:4]).score


def test_an_index_goes_to_the_hub_and_comes_back(hub, index, tmp_path):
    report = push(index, "hf://me/rated-photos", licence="CC-BY-4.0")
    assert hub.commits == [("quasar-index push", ["rated-photos.quasar", "README.md"])]
    assert len(hub.repos["me/rated-photos"]["rated-photos.quasar"]) == report.bundle.n_bytes
    for address in ("hf://me/rated-photos", "hf://datasets/me/rated-photos@main/rated-photos.quasar"):
        file = fetch_from_hub(address, tmp_path / "got")
        assert file == tmp_path / "got/rated-photos.quasar"
    np.testing.assert_array_equal(scores(install_bundle(file, "copy")), scores(index))
    n_calls = len(hub.calls)
    fetch_from_hub("hf://me/rated-photos", tmp_path / "got")
    assert [call for call in hub.calls[n_calls:] if call.startswith("GET /datasets/")] == []  # it is there already


def test_the_card_says_what_it_is(hub, index):
    push(index, "hf://me/rated-photos", licence="CC-BY-4.0")
    card = hub.repos["me/rated-photos"]["README.md"].decode()
    head, _, text = card.removeprefix("---\n").partition("\n---\n")
    assert head.splitlines() == [
        'license: "cc-by-4.0"',
        'pretty_name: "rated-photos"',
        'tags: ["quasar-index", "image-quality-assessment", "image-aesthetics"]',
        'size_categories: ["n<1K"]',
    ]
    anchors = f"{N}: {index.manifest.n_good} good, {index.manifest.n_bad} bad"
    said = ("20 rated anchor images", f"| anchors | {anchors} |", "`clip-rn50`, 5-d, input native", "MIT")
    for words in (*said, "rated by score, 0 to 8", "- the index: CC-BY-4.0", "quasar-index pull hf://me/rated-photos"):
        assert words in text, words
    assert "<script>" not in card
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}


def test_a_private_push_tells_nothing_of_places(hub, index):
    push(index, "hf://me/secret", private=True)
    everything = b"".join(hub.repos["me/secret"].values())
    assert not any(secret in everything for secret in (b"/home", b"script", b"my|own", b"my\\|own"))
    assert b"left out" in hub.repos["me/secret"]["README.md"]


def test_a_card_of_the_users_own_stays(hub, index):
    push(index, "hf://me/own")
    first = hub.repos["me/own"]["README.md"]
    hub.repos["me/own"]["README.md"] = first.replace(b"An index of", b"Our index of")
    push(index, "hf://me/own", private=True)  # ours: written anew
    assert b"An index of" in hub.repos["me/own"]["README.md"]
    hub.repos["me/own"]["README.md"] = b"# Mine"
    push(index, "hf://me/own")
    assert hub.repos["me/own"]["README.md"] == b"# Mine"
    assert hub.commits[-1] == ("quasar-index push", ["own.quasar"])


@pytest.mark.parametrize(("token", "message"), [("", "hf auth login"), (READER, "You may not write here")])
def test_who_may_not_write_is_told(hub, index, monkeypatch, token, message):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(qi.DataError, match=message):
        push(index, "hf://me/own")
    assert hub.repos == {}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hf://me/none", "is not there, or not open to you"),
        ("hf://me/secret", "is not there, or not open to you"),
        ("hf://me/empty", "has no bundle"),
        ("hf://me/two", "has 2 bundles: a.quasar, b.quasar"),
        ("hf://me/two/c.quasar", "has no such file"),
        ("hf://me/two@v2", "has no such revision"),
        ("hf://me/a--b..c", "is no name on the hub"),
        ("hf://me", "names nothing on the hub"),
    ],
)
def test_what_cannot_be_fetched_is_one_line(hub, tmp_path, monkeypatch, address, message):
    monkeypatch.setenv("HF_TOKEN", "")
    hub.repos |= {"me/secret": {}, "me/empty": {"README.md": b"x"}, "me/two": {"a.quasar": b"x", "b.quasar": b"x"}}
    hub.private.add("me/secret")
    with pytest.raises(qi.DataError, match=re.escape(message)):
        fetch_from_hub(address, tmp_path / "got")


def test_without_a_network_there_is_one_line(hub, index, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(qi.DataError, match="needs the network, which HF_HUB_OFFLINE"):
            push(index, "hf://me/own")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # before it tries again
    for call in (lambda: push(index, "hf://me/own"), lambda: fetch_from_hub("hf://me/own", tmp_path / "got")):
        with pytest.raises(qi.DataError, match="the hub cannot be reached"):
            call()


def test_addresses():
    assert HubAddress.read("hf://a/b") == HubAddress("a/b")
    assert HubAddress.read("hf://datasets/a/b@refs/pr/1/x.quasar") == HubAddress("a/b", "refs/pr/1", "x.quasar")
    assert HubAddress.read("hf://a/b/x.quasar") == HubAddress("a/b", None, "x.quasar")
    for text in ("hf://a", "hf://a/b/c", "hf://a/../b", "hf://-a/b", "hf://a/b@", "https://a/b"):
        with pytest.raises(qi.DataError):
            HubAddress.read(text)
