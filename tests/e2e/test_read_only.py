"""Indexes that may not be written, on a read-only mount or without permission: they are read, not changed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import quasar_index as qi

from .conftest import SUMMARY

# Runs commands, one after the other, in one process: torch is imported once.
MANY = """
import contextlib, io, json, sys, traceback
from quasar_index.cli import main
done = []
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["quasar-index", *arguments]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main.main() or 0
        except SystemExit as stop:
            code = stop.code or 0
        except BaseException:
            code = 70
            traceback.print_exc()
    done.append([code, *(text.buffer.getvalue().decode() for text in (out, err))])
print(json.dumps(done))
"""
INDEXES = ("cached", "bare", "damaged")
AS_NO_OVERRIDER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Before a command of root's: it may not write where the permissions say so."""


def on_a_read_only_mount(folder: Path) -> list[str]:
    """Return what to put before a command so that it sees a folder mounted read-only."""
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    return ["unshare", "--mount", "--map-root-user", "sh", "-c", script, str(folder)]


def without_permission(folder: Path) -> list[str]:
    """Take the permissions to write from a folder, and return what to put before a command so that they count."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return AS_NO_OVERRIDER if os.geteuid() == 0 else []


@pytest.fixture
def read_only(home: Path, tmp_path: Path) -> Iterator[Path]:
    """A home with the index `rated` three times: with its search cache, without, and with a damaged one."""
    folder = tmp_path / "home"
    qi.AnchorIndex.open(home / "rated").anchors()
    for name in INDEXES:
        shutil.copytree(home / "rated", folder / name)
    shutil.rmtree(folder / "bare" / "cache")
    for path in (folder / "damaged" / "cache").glob("*.faiss"):
        path.write_bytes(path.read_bytes()[:-100])
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("restrict", [on_a_read_only_mount, without_permission])
def test_reading_works_and_writing_is_one_clear_line(
    restrict: Callable[[Path], list[str]], read_only: Path, photos: Path, tmp_path: Path
) -> None:
    before = contents(read_only)
    prefix = restrict(read_only)
    probe = [*prefix, "sh", "-c", f"! touch '{read_only}/bare/x' 2>/dev/null"]
    if (prefix and shutil.which(prefix[0]) is None) or subprocess.run(
        probe, check=False, capture_output=True
    ).returncode:
        pytest.skip("this process cannot be kept from writing so")
    labels, image = str(photos / "ratings.csv"), str(min(photos.glob("*.png")))
    outside = tmp_path / "outside"
    outside.mkdir()
    reading = [
        *(["score", image, "-i", name, "--explain", f"{name}.jsonl", "-o", f"{name}.csv"] for name in INDEXES),
        *([command, name] for command in ("info", "history", "verify") for name in ("cached", "bare")),
        ["evaluate", "-i", "bare", "-m", "mean", "--cross-validate", "group=photograph", "--resamples", "40"],
        ["export", "bare", "bare.parquet"],
    ]
    writing = [
        ["verify", "damaged", "--repair"],
        ["calibrate", "bare", "-m", "mean"],
        ["compact", "cached"],
        ["add", "cached", "--data", labels],
        ["relabel", "cached", labels],
        ["remove", "cached", "--where", "score > 4"],
        ["tag", "cached", "mine"],
        ["restore", "cached", "1"],
        ["build", "new", "--data", labels],
        ["build", "cached", "--data", labels, "--overwrite"],
        ["select", "cached", "--selector", "random", "--size", "8", "--to", "some"],
    ]
    if restrict is without_permission:  # once is enough for what imports torch
        reading, writing = (
            [one for one in some if one[0] not in ("score", "add", "build")] for some in (reading, writing)
        )
    done = subprocess.run(
        [*prefix, sys.executable, "-c", MANY, json.dumps(reading + writing)],
        capture_output=True,
        text=True,
        check=False,
        cwd=outside,
        env={**os.environ, "QUASAR_INDEX_HOME": str(read_only), "COLUMNS": "300", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    for arguments, (code, out, err) in zip(reading, results, strict=False):
        assert code == 0, (arguments, err)
        assert out or "-o" in arguments
        noted = [line for line in err.splitlines() if not SUMMARY.fullmatch(line)]
        assert not noted or arguments[2:4] == ["-i", "damaged"], (arguments, err)
    for ending in (".csv", ".jsonl"):
        scored = {path.read_text(encoding="utf-8") for path in outside.glob(f"*{ending}")}
        assert len(scored) == (restrict is on_a_read_only_mount)  # the same with a cache, without, with a damaged one
    for arguments, (code, out, err) in zip(writing, results[len(reading) :], strict=True):
        assert code == 4, (arguments, code, out, err)
        said = [line for line in (out + err).splitlines() if "Read-only file system" in line or "denied" in line]
        assert len(said) == 1, (arguments, out, err)
        assert "Traceback" not in err
        assert len(err.splitlines()) <= 2, (arguments, err)  # a note of the encoder may come before
    assert contents(read_only) == before
    assert not list(read_only.glob(".*"))
