"""Every table that a command prints, at the widths of terminals: whole numbers, no line too long, no silent loss."""

import collections
import contextlib
import csv
import fcntl
import functools
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.demo import DemoReport

from .conftest import Run
from .paper_data import make_kadis700k, make_tid2013

WIDTHS = (60, 80, 100, 200)
ALL = 3000
"""A width at which every table shows everything."""
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
VALIDATED = ("-i", "rated", "--cross-validate", "group=photograph", "--resamples", 40)
COMPARED = ("-m", "mean:space=raw/whitened", "-m", "retrieval", "-m", "knn")
SWEPT = ("sweep", "rated", "--cross-validate", "group=photograph", "--resamples", 60, "--seeds", 2)

COMMANDS: dict[str, tuple[object, ...]] = {
    "evaluate": ("evaluate", *VALIDATED, *COMPARED, "-m", "retrieval:top_k=4,space=raw", "--by", "photograph"),
    "sweep": (*SWEPT, "--selectors", "random,extremes", "--sizes", "0.3,8", "--output", "sizes.csv"),
    "sweep of a parameter": (*SWEPT, "--offsets", "0,0.4", "--output", "offsets.csv"),
    "suggest": ("select", "rated", "--suggest", "--selectors", "random,extremes", "--sizes", "0.3,1", "--seeds", 2,
                "--folds", 5, "--output", "suggest.points.jsonl"),
    "score": ("score", "photos", "--index", "rated", "--format", "table"),
    "calibrated": ("score", "photos", "--index", "rated", "--format", "table", "--calibrated"),
    "reproduce": ("reproduce", "table1", "--data-root", "data", "--indexes", "made", "--encoder", "efficientnet-lite0",
                  "--resamples", 50, "--only", "tid2013,spaq"),
    "demo": ("demo",),
    "history": ("history", "rated"),
    "info": ("info", "rated"),
    "check": ("check", "--data", "photos/ratings.csv", "--data", "again.csv", "--score-column", "quality"),
    "datasets": ("datasets",),
    "a data set": ("datasets", "kadid10k"),
    "synthesize --list": ("synthesize", "--list"),
    "encoders": ("encoders",),
    "methods": ("methods",),
    "a method": ("methods", "retrieval"),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "photos").symlink_to(photos)
    text = (photos / "ratings.csv").read_text(encoding="utf-8").replace("\n", f"\n{photos}/", 20)
    (folder / "again.csv").write_text(text, encoding="utf-8")
    make_tid2013(folder / "data" / "tid2013")
    make_kadis700k(folder / "data" / "kadis700k")
    return folder


@pytest.fixture
def place(kept: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where commands run; what takes long or changes each time is measured once, or given."""
    for one in kept.iterdir():
        (tmp_path / one.name).symlink_to(one)
    srcc = {way: np.array([0.9123, 0.8, -0.1234, 0.5, 0.6]) for way in ("mean:space=raw", "retrieval:top_k=8")}
    given = DemoReport(qi.AnchorIndex.open(home / "rated"), tmp_path / "images", srcc, (12, 30))
    monkeypatch.setattr(qi.demo, "run_demo", lambda *_, **__: given)
    monkeypatch.setattr(qi, "load_encoder", functools.cache(qi.load_encoder))
    return tmp_path


def numbers(text: str) -> collections.Counter[str]:
    """Count the words that are numbers, or bounds of an interval."""
    words = (word.strip("[](),;:%") for word in text.split())
    return collections.Counter(word for word in words if NUMBER.fullmatch(word))


@pytest.mark.parametrize("name", COMMANDS)
def test_tables_fit_and_cut_no_number(call: Run, place: Path, name: str) -> None:
    def shown(width: int) -> str:
        done = call(*COMMANDS[name], COLUMNS=str(width))
        assert done.returncode == 0, done.stderr
        return done.stdout

    if name == "calibrated":
        assert call("calibrate", "rated").returncode == 0
    whole = shown(ALL)
    assert "left out to fit" not in whole
    for width in WIDTHS:
        text = shown(width)
        long = [line for line in text.splitlines() if len(line) > width and "    quasar-index" not in line]
        assert not long
        table, *left_out = re.split(
            r"^left out to fit.*?(?:has|have)(?: |\n)(?:them|it)$", text, flags=re.MULTILINE | re.DOTALL
        )
        kept = "".join([table, *left_out])
        assert set(numbers(kept)) <= set(NUMBER.findall(whole))
        if not left_out:
            assert numbers(kept) >= numbers(whole)


@pytest.mark.parametrize("width", WIDTHS)
def test_evaluation_is_that_of_json(call: Run, width: int) -> None:
    given = ("evaluate", *VALIDATED, *COMPARED)
    report = json.loads(call(*given, "--format", "json").stdout)
    text = call(*given, COLUMNS=str(width)).stdout
    left_out = " ".join(text.partition("left out to fit")[2].split())
    keys = {"SRCC": "srcc", "KRCC": "krcc", "PLCC": "plcc", "PLCC fitted": "plcc_fitted", "RMSE fitted": "rmse_fitted"}
    gone = [name.strip() for name in left_out.partition(":")[2].partition(";")[0].split(",") if name.strip()]
    assert "SRCC" not in gone
    assert bool(gone) == (width < 100)
    if gone:
        assert left_out == f" {width} columns: {', '.join(gone)}; a wider terminal or --format csv has them".strip()
    for one in report["methods"]:
        for title, key in keys.items():
            if title not in gone:
                figure = one[key]
                assert f"{figure['value']:.3f}" in text.split()
                assert f"[{figure['low']:.2f}, {figure['high']:.2f}]" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_scores_are_those_of_csv(call: Run, photos: Path, width: int) -> None:
    given = ("score", photos, "--index", "rated")
    rows = list(csv.DictReader(call(*given, "--format", "csv").stdout.splitlines()))
    words = call(*given, "--format", "table", COLUMNS=str(width)).stdout.split()
    shown = [name for name in ("score", "similarity_good", "similarity_bad") if name in words]
    assert shown[0] == "score"
    for row in rows:
        assert {f"{float(row[name]):.4f}" for name in shown} <= set(words)


def test_a_real_terminal_sets_the_width(home: Path, tmp_path: Path) -> None:
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 62, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [Path(sys.executable).with_name("quasar-index"), "datasets"]
    process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=environment, cwd=tmp_path)
    os.close(other)
    found = b""
    with contextlib.suppress(OSError):  # the end of a pseudo terminal
        while part := os.read(main, 4096):
            found += part
    assert process.wait() == 0
    os.close(main)
    lines = re.sub(r"\x1b\[[\d;]*m", "", found.decode()).splitlines()
    assert max(map(len, lines)) <= 62
    assert " ".join(lines).split("left out ")[1] == "to fit 62 columns: better; a wider terminal or --json has it"
