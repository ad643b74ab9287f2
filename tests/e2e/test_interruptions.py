"""Runs that are stopped: one line, an exit code of their own, and the same command goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.cli import resuming
from quasar_index.encoders.torch_encoder import TorchEncoder


@pytest.fixture
def stopping(monkeypatch):
    """Return a function that lets the encoder raise after some batches, and counts the images that it embedded."""
    embedded = []

    def stop(after, error=KeyboardInterrupt):
        forward = TorchEncoder.forward
        embedded.clear()

        def counting(self, pixels):
            if after is not None and len(embedded) >= after:
                raise error
            embedded.append(len(pixels))
            return forward(self, pixels)

        monkeypatch.undo()
        monkeypatch.setattr(TorchEncoder, "forward", counting)

    stop.embedded = embedded
    return stop


def options(photos, out):
    return ("score", photos, "-i", "rated", "-o", out, "--batch-size", 2, "--workers", 1)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_score_goes_on_after_the_rows_that_are_there(call, photos, tmp_path, stopping, ending):
    # One image a batch in both, so that the last bits of the embeddings do not depend on where it stopped.
    out = tmp_path / f"scores.{ending}"
    arguments = (*options(photos, out)[:-4], "--batch-size", 1, "--workers", 1)
    stopping(None)
    assert call(*arguments).returncode == 0
    whole, total = out.read_bytes(), sum(stopping.embedded)
    out.unlink()
    stopping(7)
    done = call(*arguments)
    assert done.returncode == 130
    assert done.err.splitlines()[-1] == (
        "quasar-index: error: interrupted; the same command goes on after the rows that are there"
    ) if hasattr(done, "err") else "the same command goes on" in done.stderr
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
    assert n_scored_again(call, stopping, *options(photos, out), "--aggregate", "offset") == 20
    assert len(out.read_text().splitlines()) == 20


def test_rows_of_files_that_changed_are_made_again(call, photos, tmp_path, stopping):
    copied = tmp_path / "photos"
    shutil.copytree(photos, copied)
    out = interrupted(call, copied, tmp_path, stopping)
    first = json.loads((tmp_path / ".scores.jsonl.partial.jsonl").read_bytes().splitlines()[1])["row"]["path"]
    shutil.copy(sorted(copied.glob("*.png"))[-1], first)
    assert n_scored_again(call, stopping, *options(copied, out)) == 20


def test_a_torn_or_foreign_last_row_is_made_again(call, photos, tmp_path, stopping):
    out = interrupted(call, photos, tmp_path, stopping)
    partial = tmp_path / ".scores.jsonl.partial.jsonl"
    lines = partial.read_bytes().splitlines(keepends=True)
    partial.write_bytes(b"".join(lines[:3]) + lines[3][:-5])
    assert n_scored_again(call, stopping, *options(photos, out)) == 20 - 2
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["path"] for row in rows] == sorted(map(str, photos.glob("*.png")))


def test_two_runs_do_not_write_one_output(photos, tmp_path):
    out = str(tmp_path / "scores.csv")
    with (
        resuming.kept_rows(out, ["a"], None, None),
        pytest.raises(qi.DataError, match="another process writes"),
        resuming.kept_rows(out, ["a"], None, None),
    ):
        pass


def test_sigterm_is_one_line_and_143_and_the_build_goes_on(home, tmp_path):
    n = 400
    rng = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    from PIL import Image

    for i in range(n):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(images / f"{i:03d}.png")
    (tmp_path / "labels.csv").write_text(
        "image,score\n" + "".join(f"images/{i:03d}.png,{i % 17}\n" for i in range(n)), encoding="utf-8"
    )
    command = [str(Path(sys.executable).with_name("quasar-index")), "build", str(tmp_path / "own"), "--data"]
    process = subprocess.Popen(
        [*command, str(tmp_path / "labels.csv"), "--batch-size", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / ".own.building" / "request.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143, said
    assert said.splitlines()[-1] == "quasar-index: error: terminated; the same command goes on where it stopped"
    assert "Traceback" not in said
    with pytest.raises(qi.AnchorIndexError, match="no index"):
        qi.AnchorIndex.open(tmp_path / "own")
    source = qi.load_source(str(tmp_path / "labels.csv"))
    report = qi.build_index(tmp_path / "own", [source], qi.load_encoder(device="cpu"))
    assert report.n_resumed > 0
    assert report.n_resumed + report.n_embedded == n == len(qi.AnchorIndex.open(tmp_path / "own"))
    assert qi.verify(report.index).is_whole
