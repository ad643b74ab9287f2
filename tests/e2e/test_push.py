"""Sharing an index by the commands: push into a file or onto a hub, look at it, pull it, score the same."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import quasar_index as qi
from tests.hub import TOKEN, serving

from .conftest import Run


def scores(run: Run, photos: Path, index: str, **environment: str) -> list[float]:
    done = run("score", photos, "-i", index, "--format", "jsonl", **environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["score"] for line in done.stdout.splitlines()]


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """A home of indexes of somebody else."""
    return {"QUASAR_INDEX_HOME": str(tmp_path / "elsewhere")}


@pytest.mark.parametrize("options", [(), ("--private",)])
def test_an_index_travels_as_a_file(
    call: Run, photos: Path, tmp_path: Path, elsewhere: dict[str, str], options
) -> None:
    done = call("push", "rated", "rated.quasar", *options, "--licence", "CC-BY-4.0")
    assert done.returncode == 0, done.stderr
    assert "CC-BY-4.0" in done.stdout
    assert "quasar-index pull rated.quasar" in done.stdout
    assert ("the paths of its images go with it" in done.stderr) == (not options)
    facts = call("info", "rated.quasar").stdout
    assert "efficientnet-lite0" in facts
    assert "the index: CC-BY-4.0" in facts
    told = json.loads(call("info", "rated.quasar", "--json").stdout)
    assert (told["private"], told["manifest"]["n_good"] + told["manifest"]["n_bad"]) == (bool(options), 20)
    pulled = call("pull", "rated.quasar", "theirs", **elsewhere)
    assert pulled.returncode == 0, pulled.stderr
    assert scores(call, photos, "theirs", **elsewhere) == scores(call, photos, "rated")
    assert call("verify", "theirs", **elsewhere).returncode == 0
    assert "CC-BY-4.0" in call("info", "theirs", **elsewhere).stdout
    again = call("pull", "rated.quasar", "theirs", "--overwrite", **elsewhere)
    assert again.returncode == 0, again.stderr
    known = str(photos).encode() in (tmp_path / "rated.quasar").read_bytes()
    assert known == (not options)


def test_an_index_travels_by_a_hub(run: Run, photos: Path, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    with serving() as hub:
        there = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "hf")}
        there["HF_HUB_OFFLINE"] = ""
        done = run("push", "rated", "hf://me/rated", "--json", **there)
        assert done.returncode == 0, done.stderr
        facts = json.loads(done.stdout)
        assert (facts["target"], facts["n_anchors"], facts["private"]) == ("hf://me/rated", 20, False)
        assert sorted(hub.repos["me/rated"]) == ["README.md", "rated.quasar"]
        assert {line.partition(": ")[0] for line in done.stderr.splitlines()} == {"quasar-index"}
        pulled = run("pull", "hf://me/rated", **elsewhere, **there)
        assert pulled.returncode == 0, pulled.stderr
        refused = run("push", "rated", "hf://me/rated", **{**there, "HF_TOKEN": ""})
        assert (refused.returncode, refused.stderr.count("error:")) == (3, 1)
        assert "hf auth login" in refused.stderr
    assert scores(run, photos, "rated", **elsewhere) == scores(run, photos, "rated")


def test_one_version_is_pushed(call: Run, home: Path, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    own = tmp_path / "own"
    shutil.copytree(home / "rated", own)
    qi.AnchorIndex.open(own).remove(where="quality < 0.1")
    for version, n in (("1", 20), ("2", len(qi.AnchorIndex.open(own)))):
        assert call("push", own, f"v{version}.quasar", "--version", version).returncode == 0
        assert call("pull", f"v{version}.quasar", f"v{version}", **elsewhere).returncode == 0
        assert len(qi.AnchorIndex.open(Path(elsewhere["QUASAR_INDEX_HOME"], f"v{version}"))) == n < 21
    assert n < 20


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("push", "rated", "rated.zip"), 3, "is no name of a bundle"),
        (("push", "rated", "no/rated.quasar"), 3, "its folder does not exist"),
        (("push", "rated", "https://example.org/rated.quasar"), 3, "is a web address"),
        (("push", "starter", "starter.quasar"), 4, "everybody has it"),
        (("push", "missing", "x.quasar"), 4, "no index 'missing'"),
        (("info", "missing.quasar"), 4, "there is no bundle 'missing.quasar'"),
        (("info", "page.quasar"), 4, "is no bundle"),
        (("info", "good.quasar", "--where", "score > 3"), 4, "quasar-index pull good.quasar"),
        (("score", "x.png", "-i", "good.quasar"), 4, "a bundle is no index yet: quasar-index pull good.quasar"),
        (("pull", "bad.quasar", "bad"), 4, "is damaged"),
    ],
)
def test_what_cannot_be_is_one_line(call: Run, tmp_path: Path, arguments, code: int, message: str) -> None:
    (tmp_path / "page.quasar").write_text("<html>")
    (tmp_path / "x.png").write_bytes(b"x")
    assert call("push", "rated", "good.quasar").returncode == 0
    content = bytearray((tmp_path / "good.quasar").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "bad.quasar").write_bytes(content)
    done = call(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_a_pushed_file_is_complete_or_not_there(call: Run, home: Path, tmp_path: Path) -> None:
    """A full disk leaves the bundle that was there."""
    assert call("push", "rated", "rated.quasar").returncode == 0
    before = (tmp_path / "rated.quasar").read_bytes()
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import quasar_index as qi\n"
        f"try: qi.sharing.push(qi.AnchorIndex.open({str(home / 'rated')!r}), 'rated.quasar', private=True)\n"
        "except qi.DataError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert "'rated.quasar' cannot be written" in done.stdout, done.stderr
    assert (tmp_path / "rated.quasar").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rated.quasar"]
    with zipfile.ZipFile(tmp_path / "rated.quasar") as archive:
        assert archive.testzip() is None
