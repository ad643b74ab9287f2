"""The tools that build the explorer's page: npm packages as their lock names them, put into a copy of its sources."""

import shutil
import subprocess
from pathlib import Path

import pytest

import quasar_index

FRONT = Path(quasar_index.__file__).parent / "explorer" / "front"
PAGE = FRONT.parent / "page"
_SECONDS = 180


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page's sources with their npm packages; tests that need it are skipped where there is no npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("no npm here: install Node.js 20 or newer")
    room = tmp_path_factory.mktemp("front")
    copy = room / "explorer" / "front"
    shutil.copytree(FRONT, copy, ignore=shutil.ignore_patterns("node_modules"))
    (room / "maps").mkdir()
    shutil.copy(FRONT.parents[1] / "maps" / "scatter.js", room / "maps")  # the map's drawing, which the page shares
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not answer within {_SECONDS} s: its registry cannot be reached")
    if done.returncode:
        assert "EUSAGE" not in done.stderr, done.stderr  # package.json and its lock differ: that is ours to mend
        pytest.skip(f"npm cannot install the page's tools here: {done.stderr.strip().splitlines()[-1:]}")
    return copy
