"""Indexes in an object store, an S3 server on this machine: built, read by every command, raced for, and lost."""

import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.index.new_folder import new_index
from tests.explorer_client import served
from tests.object_store import BUCKET, SECRET, Answer, Store, serving_objects

from .conftest import Run

COPY = f"s3://{BUCKET}/copies/rated"


@pytest.fixture(scope="module")
def servers(home: Path) -> Iterator[Store]:
    """A store with a copy of the index `rated`, as `aws s3 cp --recursive` makes one."""
    with serving_objects() as store:
        for path in (home / "rated").rglob("*"):
            if path.is_file() and "cache" not in path.parts:
                store.put(f"copies/rated/{path.relative_to(home / 'rated').as_posix()}", path.read_bytes())
        yield store


@pytest.fixture
def store(servers: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    servers.requests.clear()
    yield servers
    servers.rule = None


def one_line(done: subprocess.CompletedProcess[str], code: int = 4) -> str:
    """Return the one line that a command has ended with."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("quasar-index: encoder ")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("quasar-index: error: ")
    assert SECRET not in done.stdout + done.stderr
    return lines[0]


@pytest.fixture
def labels(tmp_path: Path) -> list[str]:
    """Options of `build` that need no encoder."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "own.npy", rng.normal(size=(30, 8)).astype(np.float32))
    (tmp_path / "own.csv").write_text("image,score\n" + "".join(f"{i}.png,{i}\n" for i in range(30)))
    return ["--embeddings", str(tmp_path / "own.npy"), "--labels", str(tmp_path / "own.csv")]


def test_built_there_it_scores_as_built_here(call: Run, store: Store, photos: Path, tmp_path: Path) -> None:
    address = f"s3://{BUCKET}/team/photos"
    done = call("build", address, "--data", photos / "ratings.csv?score=quality")
    assert done.returncode == 0, done.stderr
    assert address in done.stdout
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("s3")]
    manifest = json.loads(store.read("team/photos/manifest.json"))
    assert {name.split("/")[2] for name in store.names("team/photos/")} == {"manifest.json", manifest["files"]}
    call("build", "here", "--data", photos / "ratings.csv?score=quality")
    there, here = (call("score", photos, "--index", index, "--format", "jsonl") for index in (address, "here"))
    scores = [[json.loads(line)["score"] for line in done.stdout.splitlines()] for done in (there, here)]
    assert len(scores[0]) == 20
    np.testing.assert_allclose(scores[0], scores[1], rtol=0, atol=1e-6)
    # As on another machine: nothing is kept of it there.
    again = call("score", photos, "--index", address, "--format", "jsonl", QUASAR_INDEX_CACHE=str(tmp_path / "other"))
    assert again.stdout == there.stdout
    kept = [path for path in (tmp_path / "other").rglob("*") if path.is_file()]
    assert any(path.suffix == ".faiss" for path in kept)
    everything = [path.read_bytes() for path in kept] + [store.read(name) for name in store.names("team/")]
    assert not any(SECRET.encode() in data for data in everything)


READING = [
    ["info", "INDEX", "--json"],
    ["info", "INDEX", "--where", "score > 3"],
    ["history", "INDEX", "--json"],
    ["verify", "INDEX", "--json"],
    ["score", "PHOTOS", "--index", "INDEX", "--format", "csv"],
    ["score", "PHOTOS", "--index", "INDEX", "--version", "first", "--format", "csv", "--method", "retrieval:top_k=3"],
    ["score", "PHOTOS", "--index", "INDEX", "--explain", "out.jsonl", "--format", "csv"],
    ["pick", "PHOTOS", "--index", "INDEX", "--best", "3"],
    ["evaluate", "--index", "INDEX", "--data", "PHOTOS/ratings.csv?score=quality", "--allow-overlap"],
    ["export", "INDEX", "out.csv"],
    ["map", "INDEX", "--output", "out.svg"],
    ["select", "INDEX", "--to", "part", "--selector", "k-center", "--fraction", "0.5"],
    ["merge", "part", "INDEX", "INDEX"],
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_every_reading_command_says_what_it_says_of_a_folder(
    call: Run, store: Store, photos: Path, home: Path, tmp_path: Path, words: list[str]
) -> None:
    if not dict(qi.AnchorIndex.open(home / "rated").tags):
        qi.AnchorIndex.open(home / "rated").tags.set("first")
        store.put("copies/rated/tags.json", (home / "rated" / "tags.json").read_bytes())
    said = []
    for index in (str(home / "rated"), COPY):
        arguments = [word.replace("INDEX", index).replace("PHOTOS", str(photos)) for word in words]
        done = call(*arguments, "--overwrite") if "part" in words else call(*arguments)
        assert done.returncode == 0, done.stderr
        made = [path.read_text() for path in sorted(tmp_path.glob("out*"))]
        said.append([done.stdout.replace(index, "INDEX"), *made])
    if "part" in words:  # it has a new uid and the time
        said = [["\n".join(line for line in one[0].splitlines() if "created" not in line)] for one in said]
    assert said[0] == said[1]
    assert any(request.startswith("GET /bucket/copies/rated/manifest.json") for request in store.requests)


@pytest.mark.parametrize(
    "words",
    [
        ["tag", COPY, "x"],
        ["remove", COPY, "--where", "score < 2"],
        ["restore", COPY, "1"],
        ["compact", COPY],
        ["approximate", COPY],
        ["calibrate", COPY],
    ],
    ids=lambda words: words[0],
)
def test_changing_commands_say_how(call: Run, store: Store, words: list[str]) -> None:
    line = one_line(call(*words))
    assert f"not changed in place ('{COPY}')" in line
    assert f"quasar-index pull {COPY} rated" in line
    assert not [request for request in store.requests if request.startswith("PUT")]


def test_pulled_changed_and_pushed_back(call: Run, store: Store, labels: list[str], home: Path) -> None:
    address = f"s3://{BUCKET}/team/own"
    assert call("build", address, *labels).returncode == 0
    for name in ("mine", "yours"):
        assert call("pull", address, name).returncode == 0
        assert call("remove", name, "--where", "score < 2").returncode == 0
    old = qi.AnchorIndex.open(address)
    done = call("push", "mine", address)
    assert done.returncode == 0, done.stderr
    assert len(old.to_arrow()) == 30  # who has it open reads on
    assert len(qi.AnchorIndex.open(address)) == 28
    assert "not the index any more that this one was pulled from" in one_line(call("push", "yours", address))
    assert call("remove", "mine", "--where", "score < 5").returncode == 0
    assert call("push", "mine", address).returncode == 0
    assert len(qi.AnchorIndex.open(address)) == 25
    # The files of the one that was replaced stay for who reads them; those before are gone.
    folders = {name.split("/")[2] for name in store.names("team/own/")} - {"manifest.json"}
    manifest = json.loads(store.read("team/own/manifest.json"))
    assert folders == {manifest["files"], manifest["files_before"]}
    assert call("push", "yours", address, "--overwrite").returncode == 0
    assert len(qi.AnchorIndex.open(address)) == 28
    assert len(qi.AnchorIndex.open(home / "yours").anchors()) == 28


def test_of_two_writers_at_once_one_wins(run: Run, store: Store, labels: list[str], tmp_path: Path) -> None:
    """Both have put their files before either puts its manifest."""
    both, first, lock = threading.Event(), [], threading.Lock()

    def rule(method: str, path: str) -> Answer | None:
        if method == "PUT" and path.startswith("/bucket/race/own/manifest.json"):
            with lock:
                first.append(path)
            if len(first) > 1:
                both.set()
            both.wait(60)
            return Answer(delay=0.0 if len(first) == 1 else 0.5 * first.index(path))
        return None

    store.rule = rule
    done: list[subprocess.CompletedProcess[str]] = []

    def build(number: int) -> None:
        cache = str(tmp_path / f"machine-{number}")
        done.append(run("build", "s3://bucket/race/own", *labels, **store.environment, QUASAR_INDEX_CACHE=cache))

    threads = [threading.Thread(target=build, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won, lost = sorted(done, key=lambda one: one.returncode)
    assert won.returncode == 0, won.stderr
    line = one_line(lost)
    assert "another process has just written an index to 's3://bucket/race/own', and that one counts" in line
    manifest = json.loads(store.read("race/own/manifest.json"))
    assert {name.split("/")[2] for name in store.names("race/own/")} == {"manifest.json", manifest["files"]}
    index = qi.AnchorIndex.open("s3://bucket/race/own")
    assert index.verify().is_whole
    assert len(index.anchors()) == 30


def test_who_replaces_an_index_replaces_the_one_that_was_there(
    call: Run, store: Store, labels: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine replaces it while this one works: this one's is refused, though it may overwrite."""
    address = "s3://bucket/replaced/own"
    assert call("build", address, *labels).returncode == 0
    source = qi.load_source(str(tmp_path / "own.csv"))
    cache = os.environ["QUASAR_INDEX_CACHE"]
    made = []

    def replace() -> None:
        with new_index(address, overwrite=True) as (_, folder):
            monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "machine-2"))
            made.append(qi.build_from_embeddings(address, source, np.eye(30), overwrite=True).index)
            monkeypatch.setenv("QUASAR_INDEX_CACHE", cache)
            folder.joinpath("manifest.json").write_text(json.dumps(made[0].manifest.to_dict() | {"uid": "mine"}))

    with pytest.raises(qi.AnchorIndexError, match="another process has just written an index"):
        replace()
    (theirs,) = made
    assert qi.AnchorIndex.open(address).manifest == theirs.manifest
    assert qi.AnchorIndex.open(address).verify().is_whole
    manifest = json.loads(store.read("replaced/own/manifest.json"))
    folders = {name.split("/")[2] for name in store.names("replaced/own/")} - {"manifest.json"}
    assert folders == {manifest["files"], manifest["files_before"]}


@pytest.mark.parametrize(
    ("code", "text"),
    [("ExpiredToken", "The provided token has expired."), ("InvalidAccessKeyId", "That key does not exist.")],
)
def test_credentials_that_do_not_count(call: Run, store: Store, labels: list[str], code: str, text: str) -> None:
    store.rule = lambda *_: Answer(403, code, text)
    for words in (["info", COPY], ["build", "s3://bucket/refused/own", *labels], ["pull", COPY, "mine"]):
        line = one_line(call(*words))
        assert "check the address, your credentials, and your right to it" in line
    # They expire between the manifest and the table.
    store.rule = lambda _, path: Answer(403, code, text) if ".lance" in path else None
    assert "check the network and your credentials" in one_line(call("export", COPY, "out.csv"))
    assert store.names("refused/") == []


def test_no_credentials(call: Run, store: Store, tmp_path: Path) -> None:
    where = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "AWS_CONFIG_FILE": str(tmp_path / "none")}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        line = one_line(call("info", COPY, **where))
    assert "'s3://bucket/copies/rated' cannot be read (Unable to locate credentials)" in line


def test_puts_that_fail_at_first_are_tried_again(call: Run, store: Store, labels: list[str]) -> None:
    failed: dict[str, int] = {}

    def rule(method: str, path: str) -> Answer | None:
        if method == "PUT" and "own/." not in path and failed.setdefault(path, 0) < 1:
            failed[path] += 1
            return Answer(503, "SlowDown", "Please reduce your request rate.")
        return Answer(delay=0.1) if method == "PUT" else None

    store.rule = rule
    done = call("build", "s3://bucket/slow/own", *labels)
    assert done.returncode == 0, done.stderr
    assert len(failed) > 4
    assert qi.AnchorIndex.open("s3://bucket/slow/own").verify().is_whole


@pytest.mark.parametrize("where", [".lance/data/", "/manifest.json"])
def test_puts_that_fail_leave_nothing_that_is_seen(call: Run, store: Store, labels: list[str], where: str) -> None:
    address = f"s3://bucket/failing{where.count('data')}/own"
    store.rule = lambda method, path: (
        Answer(500, "InternalError", "We have a problem.") if method == "PUT" and where in path else None
    )
    line = one_line(call("build", address, *labels))
    assert f"'{address}' cannot be written (We have a problem.); run it again later" in line
    store.rule = None
    assert "no index at" in one_line(call("info", address))
    assert store.names(f"failing{where.count('data')}/") == []
    assert call("build", address, *labels).returncode == 0
    assert qi.AnchorIndex.open(address).verify().is_whole


def test_a_manifest_whose_answer_was_lost_is_there(call: Run, store: Store, labels: list[str]) -> None:
    lost = []

    def rule(method: str, path: str) -> Answer | None:
        if method == "PUT" and path.startswith("/bucket/lost/own/manifest.json") and not lost:
            lost.append(path)
            return Answer(lose=True)
        return None

    store.rule = rule
    done = call("build", "s3://bucket/lost/own", *labels)
    assert done.returncode == 0, done.stderr
    assert lost
    assert qi.AnchorIndex.open("s3://bucket/lost/own").verify().is_whole


def test_a_store_that_forgets_conditions_is_refused(call: Run, store: Store, labels: list[str]) -> None:
    store.rule = lambda *_: Answer(without=frozenset({"if-none-match", "if-match"}))
    line = one_line(call("build", "s3://bucket/forgetful/own", *labels))
    assert "this store puts a file whatever the condition" in line
    assert store.names("forgetful/") == []
    done = call("info", COPY)
    assert done.returncode == 0, done.stderr


def test_a_flipped_bit_is_found(call: Run, store: Store, labels: list[str]) -> None:
    assert call("build", "s3://bucket/bits/own", *labels).returncode == 0
    (name,) = (name for name in store.names("bits/") if name.endswith(".lance"))
    data = bytearray(store.read(name))
    data[len(data) // 3] ^= 1
    store.put(name, bytes(data))
    done = call("verify", "s3://bucket/bits/own")
    assert done.returncode != 0
    assert "is not as it was written" in done.stdout


def test_images_in_a_bucket(call: Run, store: Store, photos: Path, home: Path) -> None:
    for path in photos.glob("*_0.png"):
        store.put(f"photos/trip/{path.name}", path.read_bytes())
    there = call("score", "s3://bucket/photos", "--index", COPY, "--format", "jsonl")
    here = call("score", *sorted(photos.glob("*_0.png")), "--index", home / "rated", "--format", "jsonl")
    scores = [[json.loads(line)["score"] for line in done.stdout.splitlines()] for done in (there, here)]
    assert len(scores[0]) == 5
    assert scores[0] == scores[1]


def test_a_worker_elsewhere_opens_it_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: Run, labels: list[str]
) -> None:
    assert call("build", "s3://bucket/work/own", *labels).returncode == 0
    index = qi.AnchorIndex.open("s3://bucket/work/own")
    sent = pickle.dumps(index)
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "elsewhere"))
    there = pickle.loads(sent)  # noqa: S301 - our own
    assert there.path.is_relative_to(tmp_path / "elsewhere")
    assert (there.place, there.name, len(there.anchors())) == ("s3://bucket/work/own", "own", 30)
    assert call("build", "s3://bucket/work/own", *labels, "--overwrite").returncode == 0
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "third"))
    with pytest.raises(qi.AnchorIndexError, match="another one now"):
        pickle.loads(sent)  # noqa: S301


def test_the_explorer_shows_it_and_changes_nothing(store: Store, photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    index = qi.AnchorIndex.open(COPY)
    scorer = qi.Scorer(index, qi.read_method("retrieval"), qi.load_encoder())
    files = qi.images.survey_folder(tmp_path / "photos").images
    with served(qi.explorer.Explorer(scorer, index, files, folders=[tmp_path / "photos"])) as client:
        assert client.wait()["done"]
        anchors = client.get("/api/anchors")
        assert "is in an object store and is not changed in place" in anchors["read_only"]
        assert client.get("/api/explain/0")["score"] is not None
        for what, question in (("write", {"version": 1, "remove": [0]}), ("restore", {"version": 1, "to": 1})):
            status, _, said = client.ask("POST", f"/api/anchors/{what}", json.dumps(question))
            assert status == 422
            assert b"is in an object store and is not changed in place" in said
    assert not [request for request in store.requests if request.startswith("PUT")]


def test_an_odd_name_and_a_home_in_a_store(call: Run, store: Store, labels: list[str], tmp_path: Path) -> None:
    address = "s3://bucket/my team/été +1"
    assert call("build", address, *labels).returncode == 0
    assert qi.AnchorIndex.open(address).name == "été +1"
    assert len(qi.AnchorIndex.open(address).to_arrow()) == 30
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setenv("QUASAR_INDEX_HOME", "s3://bucket/homes/")
        source = qi.load_source(str(tmp_path / "own.csv"))
        qi.build_from_embeddings("bare", source, np.eye(30))
        assert qi.AnchorIndex.open("bare").place == "s3://bucket/homes/bare"
        assert qi.AnchorIndex.open("starter").name == "starter"
        with pytest.raises(qi.AnchorIndexError, match="no index 'none'"):
            qi.AnchorIndex.open("none")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.csv", "own.npy"]


def test_what_a_killed_process_has_put_is_removed_by_the_next(store: Store, labels: list[str], tmp_path: Path) -> None:
    assert labels
    source = qi.load_source(str(tmp_path / "own.csv"))
    code = (
        "import os, sys, numpy as np, quasar_index as qi\n"
        "from quasar_index.index import publishing\n"
        "publishing.put_on_condition = lambda *_: os._exit(9)\n"
        "qi.build_from_embeddings('s3://bucket/killed/own', qi.load_source(sys.argv[1]), np.eye(30))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "own.csv")], check=False)
    assert done.returncode == 9
    left = {name.split("/")[2] for name in store.names("killed/own/")}
    assert len(left) == 1
    with pytest.raises(qi.AnchorIndexError, match="no index at"):
        qi.AnchorIndex.open("s3://bucket/killed/own")
    qi.build_from_embeddings("s3://bucket/killed/own", source, np.eye(30))
    now = {name.split("/")[2] for name in store.names("killed/own/")}
    assert not left & now
    assert len(now) == 2
