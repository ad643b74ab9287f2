"""The committed page of the explorer is what its sources build, small, and free of what its policy forbids."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.front import FRONT, PAGE, front  # noqa: F401 - a fixture

MOST_SCRIPT = 80_000
MOST_LINES = 400
PARTS = {"NOTICE", "app.css", "app.js", "icon.svg", "index.html"}


def test_the_committed_page_is_a_fresh_build(front: Path, tmp_path: Path) -> None:  # noqa: F811
    done = subprocess.run(["node", "build.js", tmp_path], cwd=front, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {file.name for file in PAGE.iterdir()} == PARTS == {file.name for file in tmp_path.iterdir()}
    for name in PARTS:
        assert (tmp_path / name).read_bytes() == (PAGE / name).read_bytes(), f"{name}: run 'make page' and commit it"


def test_sources_are_formatted(front: Path) -> None:  # noqa: F811
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=front, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run 'npm run format': {done.stdout}{done.stderr}"


def test_the_script_is_small() -> None:
    assert len(gzip.compress((PAGE / "app.js").read_bytes(), 9, mtime=0)) <= MOST_SCRIPT


def test_nothing_is_inline_evaluated_or_from_elsewhere() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["/page/icon.svg", "/page/app.css", "/page/app.js"]
    assert all('src="' in tag for tag in re.findall(r"<script[^>]*>", page))
    script = (PAGE / "app.js").read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\(|\.innerHTML\s*=\s*[\"'`]", script)
    # The addresses in it are names of XML, which nobody asks for.
    assert {url.split("/")[2] for url in re.findall(r"https?://[^\"'`\s]+", script)} <= {"www.w3.org"}
    assert "url(" not in (PAGE / "app.css").read_text(encoding="utf-8")


def test_packages_are_pinned_and_their_licences_ship() -> None:
    package = json.loads((FRONT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((FRONT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    notice = (PAGE / "NOTICE").read_text(encoding="utf-8")
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert re.fullmatch(r"[\d.]+", version), f"{name} is not pinned"
        assert lock[f"node_modules/{name}"]["version"] == version
    for name, version in package["dependencies"].items():
        assert f"{name} {version}" in notice.lower()
    assert all(one.get("integrity") for path, one in lock.items() if path)


@pytest.mark.parametrize("file", sorted((FRONT / "src").iterdir()), ids=lambda file: file.name)
def test_sources_are_small(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= 160, "a line is too long to read"
