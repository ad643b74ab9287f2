"""Hostile names and filters on the command line: every image a row, one clear line, nothing raw to a terminal."""

import csv
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow.parquet as pq
import pytest
from quasar_index.cli.files import expand

from .conftest import SUMMARY

Run = Callable[..., CompletedProcess[str]]
GOOD = [b"-o.png", b"=1+1.png", b"esc\x1b[31m.png", b"new\nline.png", b"ok.png", b"\xff\xfe.png"]
SHOWN = ["./-o.png", "./=1+1.png", "esc\x1b[31m.png", "new\nline.png", "ok.png", "\\xff\\xfe.png"]


@pytest.fixture
def hostile(tmp_path: Path, photos: Path) -> Path:
    """The folder that `call` works in, with images of hostile names, a PDF and a pipe."""
    for name in GOOD:
        shutil.copy(next(photos.glob("*.png")), tmp_path / os.fsdecode(name))
    (tmp_path / "a\x1b]0;title\x07.jpg").write_bytes(b"%PDF-1.7")
    os.mkfifo(tmp_path / "a pipe.png")
    return tmp_path


def test_every_name_is_a_row_in_every_format(call: Run, hostile: Path):
    done = call("score", ".", "--index", "rated", "--output", "scores.csv")
    assert done.returncode == 3
    said = SUMMARY.fullmatch(done.stderr.strip())
    assert said, done.stderr
    assert said["lead"] == "error: 8 images"
    assert said["counts"] == "6 scored, 2 failed (1 not an image, 1 no file); wrote scores.csv; see the column error"
    text = (hostile / "scores.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert sorted(row["path"] for row in rows if row["score"]) == sorted(SHOWN)
    errors = {row["path"]: row["error"] for row in rows if row["error"]}
    assert errors["a pipe.png"].startswith("cannot be read (not a regular file)")
    assert errors["a\x1b]0;title\x07.jpg"].startswith("not an image in a known format")

    plain = [name.removeprefix("./") for name in SHOWN]
    call("score", "*.png", "--index", "rated", "--output", "scores.parquet")
    assert sorted(pq.read_table(hostile / "scores.parquet")["path"].to_pylist()) == sorted(plain)
    done = call("score", "*.png", "--index", "rated", "--format", "table")
    assert "\x1b" not in done.stdout
    assert all(name in done.stdout for name in ("esc\\x1b[31m.png", "new\\nline.png", "\\xff\\xfe.png"))


@pytest.mark.parametrize("end", [b"\0", b"\n", b"\r\n"])
def test_names_on_stdin_may_hold_any_byte(end: bytes, hostile: Path, monkeypatch: pytest.MonkeyPatch):
    names = [name for name in GOOD if end == b"\0" or b"\n" not in name]
    monkeypatch.chdir(hostile)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"".join(name + end for name in names)), "utf-8"))
    assert list(map(os.fsencode, expand(["-"]).paths)) == names


def test_files_that_cannot_be_files_are_rows(call: Run, hostile: Path):
    (hostile / "one").symlink_to(hostile)
    (hostile / "two").symlink_to(hostile)  # two loops: following them would never end
    done = call("score", "**/ok.png", "a" * 5000, "nul\0.png", "--index", "rated", "--format", "jsonl")
    rows = list(map(json.loads, done.stdout.splitlines()))
    assert done.returncode == 3
    assert rows[0]["path"] == "ok.png"
    assert rows[0]["score"] > 0
    assert "too long" in rows[1]["error"]
    assert "null byte" in rows[2]["error"]


@pytest.mark.parametrize(
    "where",
    [
        "score > 3 score < 0",
        "score > 3; DROP TABLE anchors",
        "score > 3 --",
        "repeat(path, 9) = '\x1b[31m'",
        "score > " + "1+" * 3000 + "1",
    ],
)
def test_filters_that_try_more_are_refused(call: Run, where: str):
    done = call("score", "ok.png", "--index", "rated", "--where", where)
    assert done.returncode == 4
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("quasar-index: error: filter ")
    assert line.isprintable()


def test_errors_are_printable(call: Run):
    for arguments in (
        ("info", "no\x1b[31m\nsuch"),
        ("score", "a.png", "--index", "b" * 5000),
        ("check", "--data", "\x1b[31m.csv"),
    ):
        done = call(*arguments)
        assert done.returncode in (3, 4)
        (line,) = done.stderr.splitlines()
        assert line.startswith("quasar-index: error: ")
        assert line.isprintable()


def test_synthesize_leaves_out_names_that_tables_cannot_hold(call: Run, hostile: Path):
    done = call("synthesize", ".", "out", "--types", "gaussian-blur")
    assert done.returncode == 3
    assert done.stdout.count("not UTF-8, or holds control characters") == 4
    assert (done.stdout + done.stderr).replace("\n", "").isprintable()
    assert {path.name for path in (hostile / "out" / "ref_imgs").iterdir()} == {"-o.png", "=1+1.png", "ok.png"}
