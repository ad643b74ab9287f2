"""The explorer's anchors: their map, and changes that become one version, or none."""

import base64
import json
import os
from contextlib import contextmanager

import numpy as np
import pytest
from filelock import FileLock

import quasar_index as qi
from quasar_index.datasets.base import make_records
from quasar_index.index.lock import LOCK
from tests.explorer_client import Client, make_explorer, served, write_photos

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def rated(tmp_path, no_cache_of_the_user):
    """An index of twelve rated photographs."""
    paths = write_photos(tmp_path / "anchors", 12)
    rows = "".join(f"{path},{number},{'ab'[number % 2]}\n" for number, path in enumerate(paths))
    (tmp_path / "labels.csv").write_text(f"image,quality,camera\n{rows}")
    source = qi.load_source(str(tmp_path / "labels.csv"), score_column="quality")
    return qi.build_index(tmp_path / "rated", [source], qi.load_encoder()).index


@contextmanager
def looking(index):
    scorer = qi.Scorer(index, qi.read_method("retrieval"), qi.load_encoder())
    with served(qi.explorer.Explorer(scorer, index), run=False) as client:
        yield client


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def said(client: Client, path: str, status: int, headers=None, **question) -> str:
    found, _, body = client.ask("POST", path, json.dumps(question), headers)
    assert found == status, body
    return json.loads(body)["error"]


def test_the_map_holds_every_anchor(rated):
    anchors = rated.anchors()
    with looking(rated) as client:
        state = client.get("/api/anchors")
        assert (state["version"], state["n"], state["name"], state["read_only"]) == (1, 12, "rated", "")
        np.testing.assert_array_equal(numbers(state["sides"], "u1") == 0, anchors.is_good)
        points = np.stack([numbers(state[name], "<f4") for name in ("x", "y")], axis=1)
        expected = qi.maps.project_anchors(anchors, space="raw").points
        for axis in (0, 1):
            assert abs(np.corrcoef(points[:, axis], expected[:, axis])[0, 1]) > 0.999
        assert np.ptp(points) == pytest.approx(np.ptp(expected), rel=1e-3)
        assert state["colours"][:2] == ["side", "rating"]
        assert "camera" in state["colours"]
        rating = client.get("/api/anchors/colour?version=1&by=rating")
        np.testing.assert_allclose(numbers(rating["values"], "<f4"), anchors.quality, atol=1e-6)
        camera = client.get("/api/anchors/colour?version=1&by=camera")
        assert camera["groups"] == [["a", "#0072B2", 6], ["b", "#D55E00", 6]]
        assert np.bincount(numbers(camera["codes"], "u1")).tolist() == [6, 6]
        rows = client.get("/api/anchors/rows?version=1&rows=3,11")["rows"]
        labels = rated.metadata(anchors, ["path", "score"]).to_pylist()
        assert [(one["row"], one["path"], one["rating"]) for one in rows] == [
            (row, labels[row]["path"], labels[row]["score"]) for row in (3, 11)
        ]
        status, headers, _ = client.ask("GET", "/anchor/3?version=1")
        assert (status, headers["content-type"]) == (200, "image/jpeg")


def test_one_press_writes_one_version_and_restore_brings_it_back(rated):
    before = rated.to_arrow().to_pylist()
    with looking(rated) as client:
        table = rated.metadata(rated.anchors(), ["id", "score"]).to_pylist()
        done = client.post("/api/anchors/write", version=1, remove=[0, 5], ratings=[[2, 10.5], [3, 0.5]])
        assert done["version"] == 2
        assert done["said"].startswith("2 anchors relabelled, 2 removed")
        now = qi.AnchorIndex.open(rated.path)
        assert [one.version for one in now.history()] == [1, 2]
        scores = {row["id"]: row["score"] for row in now.to_arrow(["id", "score"]).to_pylist()}
        expected = {row["id"]: row["score"] for at, row in enumerate(table) if at not in (0, 5)}
        expected |= {table[2]["id"]: 10.5, table[3]["id"]: 0.5}
        assert scores == expected
        assert now.verify().damage == ()
        state = client.get("/api/anchors")
        assert (state["version"], state["n"], state["scores_version"]) == (2, 10, 1)
        done = client.post("/api/anchors/write", version=2, remove=[1])
        assert (done["version"], done["said"].partition(",")[0]) == (3, "1 anchor removed")
        assert client.post("/api/anchors/restore", version=3, to=1)["version"] == 4
        key = [row["id"] for row in before]
        after = {row["id"]: row for row in qi.AnchorIndex.open(rated.path).to_arrow().to_pylist()}
        assert [after[one] for one in key] == before
        assert [one["version"] for one in client.get("/api/anchors")["history"]] == [4, 3, 2, 1]


def test_a_second_writer_is_a_clear_message_and_nothing_is_written(rated):
    with looking(rated) as client:
        assert client.get("/api/anchors")["version"] == 1
        other = qi.AnchorIndex.open(rated.path)
        other.remove(ids=[other.anchors().ids[0].decode()])
        message = "was changed meanwhile: it has version 2, nothing was written; load that version, then stage again"
        assert message in said(client, "/api/anchors/write", 412, version=1, remove=[1])
        assert message in said(client, "/api/anchors/restore", 412, version=1, to=1)
        assert len(qi.AnchorIndex.open(rated.path)) == 11
        assert client.get("/api/anchors")["version"] == 2
        assert "has version 2" in said(client, "/api/anchors/write", 412, version=1, remove=[1])
        assert client.ask("GET", "/api/anchors/rows?version=1&rows=1")[0] == 412
        with FileLock(rated.path / LOCK):
            assert "another process is changing index 'rated'" in said(
                client, "/api/anchors/write", 422, version=2, remove=[1]
            )
        assert [one.version for one in qi.AnchorIndex.open(rated.path).history()] == [1, 2]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"remove": list(range(12))}, "these are all 12 anchors"),
        ({"remove": [12]}, "there is no such anchor"),
        ({"remove": ["0"]}, "there is no such anchor"),
        ({"ratings": [[0, "5"]]}, "a rating is no number"),
        ({"ratings": [[0]]}, "pairs of a row and what it gets"),
        ({"sides": [[0, "good"]]}, "follow from its ratings; stage a rating"),
        ({}, "nothing is staged"),
        ({"where": "1 = 1"}, "there is nothing called 'where'"),
    ],
)
def test_what_cannot_be_written_is_one_line(rated, question, message):
    with looking(rated) as client:
        client.get("/api/anchors")
        error = said(client, "/api/anchors/write", 422, version=1, **question)
        assert message in error
        assert "\n" not in error
        assert qi.AnchorIndex.open(rated.path).manifest.version == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Cookie": None}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": None}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"X-Run": "of another start"}, 409),
    ],
)
def test_strangers_change_no_index(rated, headers, status):
    with looking(rated) as client:
        for path, question in (("write", {"remove": [1]}), ("restore", {"to": 1})):
            said(client, f"/api/anchors/{path}", status, headers, version=1, **question)
        if status == 403 and "Origin" not in headers:
            for path in ("/api/anchors", "/api/anchors/rows?version=1&rows=1", "/anchor/1?version=1"):
                assert client.ask("GET", path, headers=headers)[0] == 403
        assert qi.AnchorIndex.open(rated.path).manifest.version == 1


def test_declared_sides_are_changed(tmp_path, no_cache_of_the_user):
    paths = write_photos(tmp_path / "anchors", 8)
    rows = "".join(f"{path},{'good' if number < 4 else 'bad'}\n" for number, path in enumerate(paths))
    (tmp_path / "labels.csv").write_text(f"image,side\n{rows}")
    index = qi.build_index(tmp_path / "sides", [qi.load_source(str(tmp_path / "labels.csv"))], qi.load_encoder()).index
    with looking(index) as client:
        sides = numbers(client.get("/api/anchors")["sides"], "u1")
        row = int(np.flatnonzero(sides == 1)[0])
        client.post("/api/anchors/write", version=1, sides=[[row, "good"]])
        assert "no side 'best'" in said(client, "/api/anchors/write", 422, version=2, sides=[[row, "best"]])
        assert numbers(client.get("/api/anchors")["sides"], "u1").sum() == sides.sum() - 1


def test_the_starter_index_stays_as_it_is(tmp_path, no_cache_of_the_user):
    write_photos(tmp_path / "shots", 1)
    with served(make_explorer(tmp_path / "shots"), run=False) as client:
        state = client.get("/api/anchors")
        assert state["read_only"].startswith("index 'starter' comes with quasar-index and stays as it is")
        assert "comes with quasar-index" in said(client, "/api/anchors/write", 422, version=1, remove=[1])
        assert "comes with quasar-index" in said(client, "/api/anchors/restore", 422, version=1, to=1)


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_beforehand(rated):
    rated.path.chmod(0o555)
    try:
        with looking(rated) as client:
            assert "cannot be written" in client.get("/api/anchors")["read_only"]
    finally:
        rated.path.chmod(0o755)


def test_relabelling_and_removing_are_one_version(rated):
    ids = [one.decode() for one in rated.anchors().ids]
    records = make_records({"path": [ids[3]], "score": [4.5]}, 1)
    labels = qi.AnchorSource("new", records, "no-reference", "median", rating="quality")
    report = rated.relabel(labels, remove=[ids[0], "unknown"])
    assert (report.n_changed, report.n_removed, report.index.manifest.version) == (1, 1, 2)
    assert report.index.history()[-1].action == "relabel: 1 anchor by new, 1 anchor removed"
    again = rated.remove(ids=[ids[1]]).index
    assert len(again) == 10
