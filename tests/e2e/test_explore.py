"""`quasar-index explore`: a page whose numbers are those of `score`, and which ends in one line."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import quasar_index as qi
from tests.explorer_client import explore_command, write_photos


@pytest.fixture
def shots(tmp_path):
    write_photos(tmp_path / "my shots", bursts=True)
    return tmp_path / "my shots"


def scores_by(run, command: str) -> list[dict]:
    """Return the rows that a command prints, which is typed as the page shows it."""
    import shlex

    words = shlex.split(command)
    assert words[:2] == ["quasar-index", "score"]
    return [json.loads(line) for line in run(*words[1:], "--format", "jsonl").stdout.splitlines()]


@pytest.mark.parametrize(
    "options", [(), ("--method", "mean:space=raw"), ("--index", "rated", "--method", "offset:offset=0.3")]
)
def test_numbers_are_those_of_the_command_beside_them(run, home, shots, options):
    environment = {**os.environ, "QUASAR_INDEX_HOME": str(home)}
    with explore_command(shots, *options, environment=environment) as (_, client):
        state = client.wait()
        shown = client.get("/api/photos?from=0")
        rows = scores_by(run, state["command"])
        assert [Path(row["path"]).name for row in rows] == shown["name"]
        for name in ("score", "familiarity"):
            assert shown[name] == pytest.approx([row[name] for row in rows], abs=1e-4)
        explained = client.get("/api/explain/3")
        [row] = scores_by(run, explained["commands"]["now"])
        assert explained["score"] == pytest.approx(row["score"], abs=1e-4)
        assert explained["similarity_good"] == pytest.approx(row["similarity_good"], abs=1e-4)
        [row] = scores_by(run, explained["commands"]["top_k"].replace("{k}", "3"))
        top = explained["curves"]["top_k"]
        assert top["good"][2] == pytest.approx(row["similarity_good"], abs=1e-4)
        assert top["bad"][2] == pytest.approx(row["similarity_bad"], abs=1e-4)


def test_opinions_are_those_of_the_calibration(run, home, shots, photos, tmp_path):
    own = shutil.copytree(home, tmp_path / "own home")  # the others' index stays without a calibration
    run = partial(run, QUASAR_INDEX_HOME=str(own))
    made = run("calibrate", "rated")
    assert made.returncode == 0, made.stderr
    environment = {**os.environ, "QUASAR_INDEX_HOME": str(own)}
    with explore_command(photos, "-i", "rated", environment=environment) as (_, client):
        state = client.wait()
        assert state["command"].endswith("--method mean --calibrated")
        assert state["index"]["calibrated"]
        assert state["index"]["range"][0] < state["index"]["range"][1]
        shown = client.get("/api/photos?from=0")
        rows = scores_by(run, state["command"])
        for ours, theirs in {"opinion": "mos", "low": "low", "high": "high"}.items():
            assert shown[ours] == pytest.approx([row[theirs] for row in rows], abs=1e-4)
        explained = client.get("/api/explain/2")
        assert explained["opinion"] == pytest.approx(rows[2]["mos"], abs=1e-4)
        # The pictures of its anchors are there, and they are the files that were embedded.
        anchor = explained["good"][0]["anchor"]
        assert explained["good"][0]["picture"]
        assert client.ask("GET", f"/anchor/{anchor}")[1]["content-type"] == "image/jpeg"
        [path] = [path for path in photos.iterdir() if path.name == explained["good"][0]["name"]]
        before = path.read_bytes()
        client.ask("GET", f"/anchor/{anchor}")
    path.write_bytes((photos / explained["bad"][0]["name"]).read_bytes())
    try:
        with explore_command("-i", "rated", environment=environment) as (_, client):
            assert client.ask("GET", f"/anchor/{anchor}")[0] == 404
            assert client.get("/api/state")["n_photos"] == 0
    finally:
        path.write_bytes(before)


def test_marks_survive_a_killed_server(shots):
    with explore_command(shots) as (process, client):
        client.wait()
        client.post("/api/marks", ids=[0, 2], mark="pick")
        client.post("/api/marks", ids=[1], mark="reject", stars=3)
        process.kill()
        process.wait()
    (shots / "02.jpg").rename(shots / "renamed.jpg")
    with explore_command(shots) as (_, client):
        client.wait()
        names = client.get("/api/photos?from=0")["name"]
        marks = {names[int(number)]: mark for number, mark in client.marks().items()}
        pick = {"mark": "pick", "stars": 0}
        assert marks == {"00.jpg": pick, "renamed.jpg": pick, "01.jpg": {"mark": "reject", "stars": 3}}
        assert set(client.post("/api/undo")["marks"]) == {"1"}
        assert client.marks()["0"] == pick


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_it_ends_with_one_line(shots, number, code, word):
    with explore_command(shots) as (process, client):
        client.wait()
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(timeout=20) == code
    assert rest == f"quasar-index: error: {word}; marks are kept; the same command goes on\n"


def test_it_ends_while_it_scores(tmp_path):
    write_photos(tmp_path / "shots", 200)
    with explore_command(tmp_path / "shots", "--no-cache", "--batch-size", "2", "--threads", "1") as (process, client):
        assert not client.get("/api/state")["done"]
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(timeout=20) == 130
    assert rest.count("\n") == 1
    assert "marks are kept" in rest


def test_two_servers_of_one_folder(shots):
    with explore_command(shots) as (_, one), explore_command(shots) as (_, other):
        one.wait()
        other.wait()
        assert one.port != other.port
        one.post("/api/marks", ids=[0], mark="pick")
        other.post("/api/marks", ids=[1], mark="reject")
        assert one.marks() == other.marks() == {"0": {"mark": "pick", "stars": 0}, "1": {"mark": "reject", "stars": 0}}
        # Each has a token and a cookie of its own.
        for path in ("/api/state", "/?token=" + one.token):
            assert other.ask("GET", path, headers={"Cookie": one.cookie})[0] == 403


def test_what_stands_against_it_is_one_line(run, shots, tmp_path):
    with explore_command(shots) as (_, client):
        done = run("explore", shots, "--port", client.port, "--no-browser")
        assert done.returncode == 3
        assert done.stderr.splitlines()[-1] == (
            f"quasar-index: error: port {client.port} is taken; give another --port, or none for a free one"
        )
    for arguments, code, words in (
        ((tmp_path / "empty",), 3, "no image in"),
        ((shots, "--index", "none"), 4, "none"),
        (("s3://bucket/a.jpg",), 3, "is no file of this machine"),
        ((shots, "--host", "0.0.0.0"), 3, "no address of its own"),  # noqa: S104
        ((shots / "00.jpg", "--exclude", "x"), 2, "--exclude has no effect"),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        done = run("explore", *arguments, "--no-browser")
        assert done.returncode == code, done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_without_the_extra_a_line_says_how_to_get_it(shots):
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['quasar-index', 'explore', sys.argv[1]]\n"
        "from quasar_index.cli.main import run; run()"
    )
    done = subprocess.run([sys.executable, "-c", code, shots], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == "quasar-index: error: the explorer needs its extra; pip install -e '.[explore]'\n"
    check = "import quasar_index as qi, sys; qi.explorer.Explorer; print({'starlette', 'uvicorn'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_another_host_is_warned_of(shots):
    # An address of this machine that is not 127.0.0.1, where there is one.
    import socket

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            own = probe.getsockname()[0]
    except OSError:
        pytest.skip("this machine has no address but loopback")
    process = subprocess.Popen(
        [sys.executable, "-m", "quasar_index.cli", "explore", shots, "--host", own, "--no-browser"],
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in process.stderr:
        said.append(line)
        if re.search(r"http://\S+token=", line):
            break
    process.terminate()
    process.wait()
    process.stderr.close()
    assert any(f"warning: other machines can reach {own}" in line for line in said)
    assert f"http://{own}:" in said[-1]


def test_the_browser_is_opened_with_the_address(shots, tmp_path):
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    script.chmod(0o755)
    environment = {**os.environ, "BROWSER": f"{script} %s"}
    process = subprocess.Popen(
        [sys.executable, "-m", "quasar_index.cli", "explore", shots], stderr=subprocess.PIPE, text=True, env=environment
    )
    address = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
    for _ in range(200):
        if (tmp_path / "opened").exists() and (tmp_path / "opened").read_text():
            break
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()
    process.stderr.close()
    assert (tmp_path / "opened").read_text() == address


def test_the_help_is_short(run):
    lines = run("explore", "--help", COLUMNS="100").stdout.splitlines()
    assert len(lines) <= 50
    assert qi.explorer.__doc__
