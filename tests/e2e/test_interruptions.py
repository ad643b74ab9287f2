"""Runs that are stopped: one line, an exit code of their own, and the same command goes on."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from quasar_index.cli import main as commands
from quasar_index.cli import resuming
from quasar_index.cli.output import Terminated

import quasar_index as qi
from quasar_index.encoders.image_tower import ImageTower


@pytest.fixture
def stopping(monkeypatch):
    """Return a function that lets the encoder raise after some batches, and counts the images that it embedded."""
    embedded, forward = [], ImageTower.forward

    def stop(after, error=KeyboardInterrupt):
        embedded.clear()

        def counting(self, pixels):
            if after is not None and len(embedded) >= after:
                raise error
            embedded.append(len(pixels))
            return forward(self, pixels)

        monkeypatch.setattr(ImageTower, "forward", counting)

    stop.embedded = embedded
    return stop


def options(photos, out):
    """Return a run without a cache, so that what is embedded tells which rows are made again."""
    return ("score", photos, "-i", "rated", "-o", out, "--no-cache", "--batch-size", 2, "--threads", 1)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_score_goes_on_after_the_rows_that_are_there(call, photos, tmp_path, stopping, ending):
    # One image a batch, so that the last bits of the embeddings do not depend on where it stopped.
    out = tmp_path / f"scores.{ending}"
    arguments = (*options(photos, out)[:-4], "--batch-size", 1, "--threads", 1)
    stopping(None)
    assert call(*arguments).returncode == 0
    whole, total = out.read_bytes(), sum(stopping.embedded)
    out.unlink()
    stopping(7)
    done = call(*arguments)
    assert done.returncode == 130
    said = "quasar-index: error: interrupted; the same command goes on after the rows that are there"
    assert done.stderr.splitlines()[-1] == said
    assert not out.exists()
    kept = len((tmp_path / f".scores.{ending}.partial.jsonl").read_bytes().splitlines()) - 1
    assert 0 < kept <= 7
    stopping(None)
    done = call(*arguments)
    assert done.returncode == 0
    assert f"{kept} of {total} rows were left by an interrupted run" in done.stderr
    assert sum(stopping.embedded) == total - kept
    assert out.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def interrupted(call, photos, tmp_path, stopping, *more):
    out = tmp_path / "scores.jsonl"
    stopping(3)
    assert call(*options(photos, out), *more).returncode == 130
    stopping(None)
    return out


def n_scored_again(call, stopping, *arguments):
    stopping.embedded.clear()
    done = call(*arguments)
    assert done.returncode == 0, done.stderr
    return sum(stopping.embedded)


def test_rows_of_another_way_to_score_are_not_taken_over(call, photos, tmp_path, stopping):
    out = interrupted(call, photos, tmp_path, stopping)
    assert n_scored_again(call, stopping, *options(photos, out), "--method", "offset") == 20
    assert len(out.read_text().splitlines()) == 20


def test_rows_of_files_that_changed_are_made_again(call, photos, tmp_path, stopping):
    copied = tmp_path / "photos"
    shutil.copytree(photos, copied)
    out = interrupted(call, copied, tmp_path, stopping)
    first = json.loads((tmp_path / ".scores.jsonl.partial.jsonl").read_bytes().splitlines()[1])["row"]["path"]
    Image.open(first).rotate(180).save(first)
    assert n_scored_again(call, stopping, *options(copied, out)) == 20


def test_a_torn_or_foreign_last_row_is_made_again(call, photos, tmp_path, stopping):
    out = interrupted(call, photos, tmp_path, stopping)
    partial = tmp_path / ".scores.jsonl.partial.jsonl"
    lines = partial.read_bytes().splitlines(keepends=True)
    partial.write_bytes(b"".join(lines[:3]) + lines[3][:-5])
    assert n_scored_again(call, stopping, *options(photos, out)) == 20 - 2
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["path"] for row in rows] == sorted(map(str, photos.glob("*.png")))


def test_rows_that_cannot_be_removed_cost_no_result(call, photos, tmp_path, monkeypatch):
    unlink = Path.unlink

    def broken(self, *arguments, **options):
        if self.name.endswith(".partial.jsonl"):
            raise OSError(5, "Input/output error")
        unlink(self, *arguments, **options)

    monkeypatch.setattr(Path, "unlink", broken)
    done = call(*options(photos, tmp_path / "scores.csv"))
    assert done.returncode == 0
    assert "is of no more use, and cannot be removed (Input/output error)" in done.stderr
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 21


def test_two_runs_do_not_write_one_output(photos, tmp_path):
    out = str(tmp_path / "scores.csv")
    with (
        resuming.kept_rows(out, ["a"], lambda row: None),
        pytest.raises(qi.DataError, match="another process writes"),
        resuming.kept_rows(out, ["a"], lambda row: None),
    ):
        pass


def test_a_stopped_build_is_no_index_and_goes_on(call, photos, home, tmp_path, stopping):
    arguments = ("build", tmp_path / "own", "--data", photos / "ratings.csv", "--score-column", "quality")
    arguments += ("--batch-size", 2, "--threads", 1)
    stopping(3, Terminated)
    done = call(*arguments)
    assert done.returncode == 143
    assert done.stderr.splitlines()[-1] == (
        "quasar-index: error: terminated; the same command goes on where it stopped"
    )
    assert "no index" in call("info", tmp_path / "own").stderr
    embedded = sum(stopping.embedded)
    stopping(None)
    done = call(*arguments, "--json")
    assert done.returncode == 0
    kept = int(re.search(r"(\d+) embeddings were left by an interrupted build", done.stderr)[1])
    # What the encoder had just made may not have been taken from it yet.
    assert embedded - 2 * 2 <= kept <= embedded
    assert sum(stopping.embedded) == 20 - kept
    assert call("verify", tmp_path / "own", "--files").returncode == 0
    assert not (tmp_path / ".own.building").exists()


def test_sigterm_is_one_line_and_143(photos, tmp_path):
    rng = np.random.default_rng(0)
    for i in range(300):
        Image.fromarray(rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)).save(tmp_path / f"{i:03d}.bmp")
    labels = "".join(f"{i:03d}.bmp,{i % 17}\n" for i in range(300))
    (tmp_path / "labels.csv").write_text(f"image,score\n{labels}", encoding="utf-8")
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("quasar-index")), "build", str(tmp_path / "own"), "--data",
         str(tmp_path / "labels.csv")],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (tmp_path / ".own.building" / "plan.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143, said
    assert said.splitlines()[-1] == "quasar-index: error: terminated; the same command goes on where it stopped"
    assert "Traceback" not in said
    assert not (tmp_path / "own").exists()


def test_verify_names_the_damage_and_mends_it(call, home, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(home / "rated", own)
    qi.AnchorIndex.open(own).anchors()
    (cache,) = (own / "cache").glob("*.faiss")
    data = bytearray(cache.read_bytes())
    data[-3] ^= 1
    cache.write_bytes(data)
    done = call("verify", own)
    assert done.returncode == 4
    assert done.stdout.splitlines()[0] == (
        "cache: the search cache has other embeddings than the table in 1 row; it is made anew at the next use, or "
        "with --repair"
    )
    done = call("verify", own, "--repair", "--json")
    assert done.returncode == 0
    assert [one["repaired"] for one in json.loads(done.stdout)["damage"]] == [True]
    assert "whole" in call("verify", own).stdout


LATE = """
import os, signal, sys
from quasar_index.cli import main, output

restore = signal.signal
def late(number, handler):
    if handler is signal.SIG_DFL:  # the command has ended, its handler is taken back
        os.kill(os.getpid(), getattr(signal, name))
        for _ in range(1000):
            pass
    return restore(number, handler)

signal.signal(signal.SIGINT, signal.default_int_handler)
output.signal.signal = late
name, sys.argv[1] = sys.argv[1], "--version"
main.main()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 0), ("SIGINT", 130)])
def test_a_signal_at_the_very_end_is_no_traceback(name, code):
    done = subprocess.run([sys.executable, "-c", LATE, name], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_no_signal_is_lost_where_python_drops_what_is_raised():
    program = """
import signal, sys, time, weakref
from quasar_index.cli.output import raising_on_signals, Terminated

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is started to ignore it

class Thing: pass

def sent_while_a_callback_runs(_):
    signal.raise_signal(getattr(signal, sys.argv[1]))

with raising_on_signals():
    thing = Thing()
    watched = weakref.ref(thing, sent_while_a_callback_runs)
    try:
        del thing
        time.sleep(20)
    except KeyboardInterrupt as stop:
        print(type(stop).__name__)
"""
    for name, raised in (("SIGTERM", "Terminated"), ("SIGINT", "KeyboardInterrupt")):
        done = subprocess.run(
            [sys.executable, "-c", program, name], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.stderr) == (f"{raised}\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["score", "info"])
def test_results_that_cannot_be_written_are_one_line(command, photos, home):
    arguments = [photos, "--index", "rated"] if command == "score" else ["rated"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [Path(sys.executable).with_name("quasar-index"), command, *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, env={**os.environ, "QUASAR_INDEX_HOME": home},
        )  # fmt: skip
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    said = "quasar-index: error: nothing more can be written (No space left on device); make room, then run it again"
    assert said in done.stderr.splitlines()


@pytest.mark.parametrize(
    ("signalled", "code", "word"), [(Terminated, 143, "terminated"), (KeyboardInterrupt, 130, "interrupted")]
)
def test_a_signal_outside_of_what_a_command_answers_has_its_line_and_code(monkeypatch, capsys, signalled, code, word):
    app = typer.Typer()

    @app.command()
    def stopped():
        raise signalled

    monkeypatch.setattr(commands, "app", lambda: app(args=[]))
    with pytest.raises(SystemExit) as ended:
        commands._answer()
    assert ended.value.code == code
    assert f"error: {word}" in capsys.readouterr().err
