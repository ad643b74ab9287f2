"""`quasar-index pull` as people and scripts see it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.published import write_published, zip_published

BOTH = ("clip-rn50", "clip-rn50-pos")


@pytest.fixture
def home(tmp_path):
    """Each test has a home of its own: what is pulled is kept track of there."""
    return tmp_path / "home"


@pytest.fixture
def zipped(tmp_path):
    return zip_published(write_published(tmp_path / "made", "pipal", 60, encoders=BOTH), tmp_path / "pipal.zip")


def test_size_terms_and_citation_are_said(call, server, zipped):
    server.add("/pipal.zip", zipped.read_bytes())
    done = call("pull", f"{server.url}/pipal.zip")
    assert done.returncode == 0
    said, facts = done.stderr.splitlines(), done.stdout
    assert said[0].startswith(f"quasar-index: downloading {server.url}/pipal.zip, ")
    assert said[0].endswith("KiB")
    assert "quasar-index: it has embeddings by clip-rn50-pos, too: --encoder, under another NAME" in said
    assert "quasar-index: 60 embeddings of pipal, 23,400 published" in said
    for text in ("60: 6 good, 54 bad", "clip-rn50, 1024-d", "native size", "research use", "ECCV 2020", "QUASAR"):
        assert text in facts
    assert "quasar-index score IMAGES --index pipal" in facts
    again = call("pull", f"{server.url}/pipal.zip")
    assert again.returncode == 0
    assert "pulled before, 20" in again.stderr
    assert "downloading" not in again.stderr
    info = call("info", "pipal").stdout
    for text in ("pipal: CLIP-RN50_no-pos", "research use", "ECCV 2020"):
        assert text in info


def test_json_is_json(call, server, zipped):
    server.add("/pipal.zip", zipped.read_bytes(), length=-1)
    done = call("pull", f"{server.url}/pipal.zip", "own", "-e", "clip-rn50-pos", "--json", "--log-format", "json",
                QUASAR_INDEX_PROGRESS_SECONDS="0")  # fmt: skip
    facts = json.loads(done.stdout)
    assert facts["encoder"]["name"] == "clip-rn50-pos"
    assert facts["origins"][0]["source"] == f"{server.url}/pipal.zip"
    assert facts["terms"][0]["licence"]
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    progress = [line for line in lines if line["event"] == "progress"]
    assert {line["what"] for line in progress} == {"downloading", "unpacking", "writing"}
    assert [line["total"] for line in progress if line["what"] == "downloading"][-1] is None
    assert any("of a size that the source does not say" in line["message"] for line in lines)


def test_the_published_sets_are_listed(call):
    done = call("pull")
    assert "quasar:pipal" in done.stdout
    assert "255,510" in done.stdout
    listed = json.loads(call("pull", "--json").stdout)
    assert listed["ava"]["url"].startswith("https://")
    assert call("pull", "--offline").returncode == 2, "an option without effect"


def test_raw_files_for_reproduce(call, server, zipped, tmp_path):
    server.add("/pipal.zip", zipped.read_bytes())
    done = call("pull", f"{server.url}/pipal.zip", "--raw", "published")
    assert done.returncode == 0
    assert "pipal_clip_RN50_openai_True.pt" in done.stdout
    assert len(list((tmp_path / "published" / "pipal").glob("*.pt"))) == 2
    assert not (tmp_path / "home").exists()
    refused = call("pull", f"{server.url}/pipal.zip", "name", "--raw", "published")
    assert refused.returncode == 2
    assert "no effect: --raw makes no index" in " ".join(refused.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pipal",), 3, "did you mean quasar:pipal?"),
        (("quasar:ava", "--offline"), 3, "working offline, and https://github.com/"),
        (("quasar:nothing",), 3, "there are quasar:pipal, quasar:ava"),
        (("quasar:ava", "--encoder", "nonsense"), 3, "has no embeddings by nonsense"),
        (("quasar:ava", ".hidden"), 4, "is no name for an index"),
    ],
)
def test_errors_are_one_line(call, arguments, code, words):
    done = call("pull", *arguments)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr


def test_offline_by_the_variable_of_the_hub(call):
    done = call("pull", "quasar:ava", HF_HUB_OFFLINE="1")
    assert done.returncode == 3
    assert "working offline" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_goes_on(server, tmp_path, number, code):
    zipped = zip_published(write_published(tmp_path / "made", "pipal", 1000), tmp_path / "pipal.zip")
    served = server.add("/pipal.zip", zipped.read_bytes(), pause=0.1)
    command = [str(Path(sys.executable).with_name("quasar-index")), "pull", f"{server.url}/pipal.zip"]
    settings = {"cwd": tmp_path, "stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **settings)
    while server.sent < 1_500_000:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert error.splitlines()[-1].endswith("the same command goes on where it stopped")
    served.pause = 0
    done = subprocess.run(command, check=True, **settings)
    assert "are here" in done.stderr.splitlines()[0]
    assert server.sent < len(served.data) + (3 << 20)
    assert "1,000: 100 good, 900 bad" in done.stdout
