"""`quasar-index train grepq-low`: what it writes, how it goes on, and what it refuses in one line."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.synthesis import distort


@pytest.fixture(scope="session")
def sets(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a set: photographs, and each under two levels of a blur."""
    folder = tmp_path_factory.mktemp("sets")
    for path in sorted(photos.glob("*_0.png"))[:3]:
        made = folder / path.stem
        made.mkdir()
        shutil.copy(path, made / "REF.png")
        pixels = np.asarray(Image.open(path))
        for level in (2, 5):
            blurred = distort(pixels, "gaussian-blur", level, rng=np.random.default_rng(0))
            Image.fromarray(blurred).save(made / f"blur{level}.png")
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "cache"))


def options(sets, out, *more):
    return ("train", "grepq-low", "--data", sets, "-o", out, "--similarity", "gradient", "--precision", "fp32", *more)


def one_line(done, *parts):
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("quasar-index: error: ")]
    for part in parts:
        assert part in line


def test_a_training_is_an_encoder_with_a_card(call, sets, tmp_path):
    out = tmp_path / "own.safetensors"
    done = call(*options(sets, out, "--epochs", 2, "--batch", 2, "--json", "--holdout", 1))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["path"] == str(out)
    assert report["n_steps"] == 2
    assert len(report["losses"]) == len(report["held_out"]) == 2
    assert report["settings"]["n_held_out"] == 1
    assert done.stderr.splitlines()[0] == "quasar-index: arithmetic: fp32 (as asked)"
    assert {path.name for path in tmp_path.iterdir()} >= {f"own.{ending}" for ending in ("safetensors", "md", "png")}
    with (tmp_path / "own.csv").open() as file:
        assert [(row["epoch"], row["step"]) for row in csv.DictReader(file)] == [("1", "1"), ("2", "1")]
    card = (tmp_path / "own").with_suffix(".md").read_text()
    assert "far behind the encoder" in card
    assert "--encoder grepq-low --weights own.safetensors" in card
    encoder = qi.load_encoder("grepq-low", weights=out, device="cpu", precision="fp32")
    assert encoder.spec.dim == 128
    again = call(*options(sets, out, "--epochs", 2, "--batch", 2, "--holdout", 1))
    assert "nothing was left to do" in again.stdout
    one_line(call(*options(sets, out)), "of another training: epochs 2 (now 15)", "--restart")


def test_a_stopped_command_goes_on(sets, tmp_path):
    """SIGTERM in mid-epoch: one line, exit code 143; the same command ends with the weights of a calm one."""
    program = str(Path(sys.executable).with_name("quasar-index"))
    environment = {**os.environ, "QUASAR_INDEX_PROGRESS_SECONDS": "0"}

    def start(out):
        arguments = options(sets, out, "--epochs", 2, "--batch", 1, "--log-format", "json")
        return subprocess.Popen(
            [program, *map(str, arguments)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def events(text):
        return [json.loads(line) for line in text.splitlines()]

    stopped, calm = tmp_path / "stopped.safetensors", tmp_path / "calm.safetensors"
    with start(stopped) as process:
        for line in process.stderr:
            event = json.loads(line)
            if event.get("what") == "training, images" and event["done"] < event["total"]:
                assert event["loss"] > 0
                process.send_signal(signal.SIGTERM)
                break
        rest = events(process.stderr.read())
    assert process.returncode == 143
    assert rest[-1]["message"] == "error: terminated; the same command goes on where it stopped"
    assert Path(f"{stopped}.checkpoint").is_file()
    said = start(stopped).communicate()[1]
    assert "of 6 steps" in next(one["message"] for one in events(said) if one["event"] == "note")
    start(calm).communicate()
    from tests.unit.test_learning_trainer import same

    assert same(stopped, calm)
    assert not Path(f"{stopped}.checkpoint").exists()


def test_data_that_are_no_sets_are_one_line(call, sets, photos, tmp_path):
    out = tmp_path / "own.safetensors"
    one_line(call(*options(tmp_path / "none", out)), "no such file or folder")
    (tmp_path / "empty").mkdir()
    one_line(call(*options(tmp_path / "empty", out)), "holds no sets", "quasar-index synthesize")
    one_line(call(*options(photos / "ratings.csv", out)), "no undistorted images with distorted versions")
    mixed = tmp_path / "mixed"
    shutil.copytree(sets, mixed)
    first, second = sorted(mixed.iterdir())[:2]
    (first / "blur2.png").unlink()
    one_line(call(*options(mixed, out)), f"'{first.name}' has 2 images, '{second.name}' 3", "--per-image 4x2")
    Image.new("RGB", (50, 50)).save(first / "blur2.png")
    one_line(call(*options(mixed, out)), "blur2.png' is 50 x 50,", "REF.png' of the same set 96 x 96")
    (first / "blur2.png").write_bytes(b"no image")
    one_line(call(*options(mixed, out)), f"'{first / 'blur2.png'}': not an image")
    for path in mixed.glob("*/blur*.png"):
        path.unlink()
    one_line(call(*options(mixed, out)), "no image of", "has a distorted version")
    assert not list(tmp_path.glob("own.*"))


def test_a_missing_image_is_one_line(call, photos, tmp_path):
    (tmp_path / "pristine").mkdir()
    shutil.copy(next(photos.glob("*_0.png")), tmp_path / "pristine" / "a.png")
    qi.synthesis.synthesize(tmp_path / "pristine", tmp_path / "made", per_image=2)
    next((tmp_path / "made" / "dist_imgs").iterdir()).unlink()
    one_line(call(*options(tmp_path / "made" / "labels.csv", tmp_path)), "cannot be read (No such file or directory)")


def test_settings_out_of_range_are_refused(call, sets, tmp_path):
    out = tmp_path / "own.safetensors"
    one_line(call(*options(sets, tmp_path / "own.pt")), "neither a folder nor a .safetensors file")
    one_line(call(*options(sets, tmp_path / "no" / "own.safetensors")), "does not exist; make it first")
    one_line(call(*options(sets, out, "--holdout", 3)), "3 of 3 sets cannot be kept aside", "0 to 2")
    one_line(call(*options(sets, out, "--holdout", 1.5)), "1.5 of 3 sets cannot be kept aside")
    one_line(call(*options(sets, out, "--learning-rate", 0)), "a learning rate of 0 teaches nothing")
    assert call(*options(sets, out, "--epochs", 0)).returncode == 2
    assert call(*options(sets, out, "--similarity", "psnr")).returncode == 2
