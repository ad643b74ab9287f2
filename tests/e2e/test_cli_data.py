"""The commands `datasets`, `synthesize` and `check` as a user runs them."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from quasar_index.cli import main as cli

import quasar_index as qi

COMMAND = str(Path(sys.executable).with_name("quasar-index"))


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process, through the place where errors become exit codes."""
    handlers = logging.getLogger().handlers[:]

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["quasar-index", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        out, err = capsys.readouterr()
        return Result(exit_.value.code or 0, out, err)

    yield run
    logging.getLogger().handlers[:] = handlers


def one_line(result, code, *parts):
    """Check that an error is one line with these parts, and no traceback."""
    assert result.code == code, result.err
    assert result.out == ""
    lines = result.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("quasar-index: error: ")
    for part in parts:
        assert part in lines[0]


def usage(result, *parts):
    assert result.code == 2
    text = " ".join(result.err.replace("│", " ").split())
    for part in parts:
        assert part in text


def photo(seed, size=(64, 48)):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def pristine(tmp_path):
    folder = tmp_path / "pristine"
    folder.mkdir()
    for name in ("a", "b", "c d"):
        photo(ord(name[0])).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def labels(pristine):
    (pristine / "labels.csv").write_text("image,score,other\na.png,1,3\nb.png,2,2\nc d.png,3,1\n")
    return pristine / "labels.csv"


# datasets


def test_datasets_lists_all(run):
    result = run("datasets")
    assert result.code == 0
    for dataset in qi.DATASETS.values():
        for part in (dataset.name, dataset.licence, dataset.homepage):
            assert part in result.out
    assert "10,125" in result.out
    assert max(map(len, result.out.splitlines())) <= 160


def test_datasets_shows_one(run):
    result = run("datasets", "KonIQ-10k")
    assert result.code == 0
    for part in (
        "koniq10k",
        "training 7,058",
        "?scale=",
        "?split=",
        "1024x768/",
        "--data 'koniq10k:ROOT?split=training'",
    ):
        assert part in result.out
    assert "\\n" not in result.out


def test_datasets_json(run):
    listed = json.loads(run("datasets", "--json").out)
    assert set(listed) == set(qi.DATASETS)
    assert listed["csiq"]["lower_is_better"] is True
    assert json.loads(run("datasets", "csiq", "--json").out) == listed["csiq"]


def test_datasets_unknown(run):
    one_line(run("datasets", "kadid"), 3, "no data set is called 'kadid'", "kadid10k")


# synthesize


def test_synthesize_lists_distortions(run):
    result = run("synthesize", "--list")
    assert result.code == 0
    for name, distortion in qi.synthesis.DISTORTIONS.items():
        assert name in result.out
        assert distortion.parameter in result.out
    assert json.loads(run("synthesize", "--list", "--json").out)["jpeg"]["levels"] == [43, 36, 24, 7, 4]


def test_synthesize_writes_what_build_reads(run, pristine, tmp_path):
    out = tmp_path / "out"
    result = run("synthesize", pristine, out, "--types", "jpeg,11,blur", "--levels", "1,3", "--threads", "2")
    assert result.code == 0
    assert "3" in result.out
    assert "30: 30 written, 0 kept" in result.out
    assert f"quasar-index build NAME --data {out}" in result.out
    source = qi.load_source(str(out))
    assert len(source) == 33
    bad = source.records.filter(source.records["side"].to_numpy(zero_copy_only=False) == "bad").to_pylist()
    assert {row["distortion"] for row in bad} == {"jpeg", "white-noise", "gaussian-blur", "lens-blur", "motion-blur"}
    assert {row["level"] for row in bad} == {1, 3}
    assert {row["reference"] for row in bad} == {"a", "b", "c d"}
    again = run("synthesize", pristine, out, "--types", "jpeg,11,blur", "--levels", "1,3", "--json")
    assert json.loads(again.out) == {
        "output_dir": str(out), "n_references": 3, "n_distorted": 30, "n_written": 0, "n_kept": 30, "failures": [],
    }  # fmt: skip


def test_synthesize_draws_pairs_by_seed(run, pristine, tmp_path):
    names = []
    for seed in (0, 0, 1):
        out = tmp_path / f"out{len(names)}"
        result = run(
            "synthesize", pristine, out, "--per-image", 2, "--seed", seed, "--format", "bmp", "--types", "jpeg,6,10"
        )
        assert result.code == 0
        names.append(sorted(path.name for path in (out / "dist_imgs").iterdir()))
        assert len(names[-1]) == 6
        assert all(name.endswith(".bmp") for name in names[-1])
    assert names[0] == names[1] != names[2]


def test_synthesize_draws_types_and_levels(run, pristine, tmp_path):
    result = run("synthesize", pristine, tmp_path / "out", "--per-image", "2x3", "--types", "jpeg,6,10")
    assert "18: 18 written" in result.out
    assert len(list((tmp_path / "out" / "dist_imgs").iterdir())) == 3 * 6


def test_synthesize_goes_on_after_a_bad_image(run, pristine, tmp_path):
    (pristine / "bad.png").write_bytes(b"no image")
    result = run("synthesize", pristine, tmp_path / "out", "--types", "jpeg")
    assert result.code == 3
    assert "15: 15 written" in result.out
    assert f"{pristine / 'bad.png'}: not an image" in result.out
    assert result.err == "quasar-index: error: 1 image could not be used\n"


def test_preview_needs_no_output(run, pristine, tmp_path):
    (pristine / "0.png").write_bytes(b"no image")  # passed over
    result = run("synthesize", pristine, "--preview", tmp_path / "sheet.png", "--types", "jpeg,noise")
    assert (result.code, result.out) == (0, "")
    assert f"shows '{pristine / 'a.png'}'" in result.err
    assert Image.open(tmp_path / "sheet.png").size[0] > 6 * 64
    result = run("synthesize", pristine, "--preview", tmp_path / "b.png", "--types", "jpeg", "--preview-of", "b.png")
    assert f"shows '{pristine / 'b.png'}'" in result.err
    assert run("synthesize", pristine / "b.png", "--preview", tmp_path / "c.png", "--types", "jpeg").code == 0
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "c.png").read_bytes()


def test_synthesize_refuses(run, pristine, tmp_path):
    out, sheet = tmp_path / "out", tmp_path / "sheet.png"
    usage(run("synthesize"), "SRC is missing")
    usage(run("synthesize", pristine), "give OUT, --preview SHEET or both")
    usage(run("synthesize", pristine, out, "--preview-of", "a.png"), "--preview-of belongs to --preview")
    usage(run("synthesize", pristine, out, "--levels", "high"), "not a list such as 1,3,5")
    usage(run("synthesize", pristine, out, "--format", "jpg"), "'jpg'")
    one_line(run("synthesize", pristine, out, "--types", "jpg"), 3, "no distortion 'jpg'", "did you mean 'jpeg'?")
    one_line(run("synthesize", pristine, out, "--types", "26"), 3, "no distortion 26", "1 to 25")
    one_line(run("synthesize", pristine, out, "--levels", "6"), 3, "no level 6")
    one_line(run("synthesize", pristine, out, "--types", "jpeg", "--per-image", "6"), 3, "cannot draw 6 of 5")
    one_line(run("synthesize", pristine, out, "--per-image", "4x6"), 3, "cannot draw 4 x 6 of 25 types x 5 levels")
    for text in ("0", "4x", "2x2x2", "many"):
        usage(run("synthesize", pristine, out, "--per-image", text), "neither a number such as 8 nor")
    one_line(run("synthesize", tmp_path / "none", out), 3, "no folder")
    one_line(run("synthesize", pristine, pristine.parent), 3, "lie in the output")
    one_line(run("synthesize", pristine, "--preview", tmp_path / "none/sheet.png"), 3, "cannot be written")
    one_line(run("synthesize", pristine, "--preview", tmp_path / "sheet.xyz"), 3, "cannot be written", ".png")
    one_line(run("synthesize", pristine, "--preview", sheet, "--preview-of", "x.png"), 3, "no preview of 'x.png'")
    assert not out.exists()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupted_synthesis_is_one_line_and_resumes(pristine, tmp_path):
    for number in range(12):
        photo(number, (480, 320)).save(pristine / f"{number}.png")
    arguments = [COMMAND, "synthesize", str(pristine), str(tmp_path / "out"), "--types", "gaussian-blur,jpeg", "--json"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/dist_imgs/*.png")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert process.returncode == 130
    assert out == ""
    assert err == "quasar-index: error: interrupted; the same command goes on where it stopped\n"
    report = json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)
    assert report["n_kept"] > 0
    assert report["n_kept"] + report["n_written"] == report["n_distorted"] == 15 * 10


# check


def test_check_of_sound_data(run, labels):
    result = run("check", "--data", f"{labels}?score=score", "--decode", "--seed", 1, "--threads", 1)
    assert result.code == 0
    assert "warning" not in result.out
    assert result.err == "quasar-index: 3 images checked, nothing to mend\n"
    assert (
        run("check", "--data", labels, "--score-column", "other", "--image-column", "image", "--lower-is-better").code
        == 0
    )


def test_check_warns(run, labels, pristine):
    photo(1).save(pristine / "more.png")
    (pristine / "b.png").unlink()
    result = run("check", "-d", labels)
    assert result.code == 0
    assert "1 file is not there" in result.out
    assert str(pristine / "b.png") in result.out.replace("\n", "")
    assert result.err == "quasar-index: 3 images checked, 2 warnings\n"


def test_check_json(run, labels, tmp_path):
    result = run("check", "--data", labels, "--against", labels, "--json")
    assert result.code == 3
    report = json.loads(result.out)
    assert report["must_stop"] is True
    assert report["n_images"] == 3
    (leak,) = [finding for finding in report["findings"] if finding["severity"] == "error"]
    assert (leak["check"], leak["count"]) == ("leak", 3)
    assert "1 of these findings must be mended" in result.err


def test_check_two_sources(run, labels):
    result = run("check", "--data", labels, "--data", labels)
    assert result.code == 0
    assert "overlap" in result.out


def test_check_against_an_index(run, labels, tmp_path, monkeypatch):
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "home"))
    assert run("build", "mine", "--data", labels, "--device", "cpu").code == 0
    options = ("--index", "mine", "--threshold", "0.9", "--device", "cpu", "--precision", "fp32", "--batch-size", "2")
    result = run("check", "--data", labels, *options, "--max-pixels", "100000")
    assert result.code == 0, result.err
    assert "3 in the index, 0 nearly so (cosine >= 0.9)" in result.out
    one_line(run("check", "--data", labels, "--index", "mine", "--threshold", "2"), 3, "threshold 2 is not in (0, 1]")
    one_line(run("check", "--data", labels, "--index", "mine", "--weights", tmp_path / "w.pt"), 5, "w.pt")


def test_check_refuses(run, labels, tmp_path):
    usage(run("check"), "--data is missing")
    usage(run("check", "--data", labels, "--threshold", "0.9"), "--threshold belongs to --index")
    for source, why in (
        ("none", "no such file or folder"),
        ("none.csv", "cannot be read (No such file or directory)"),
        ("kadid:/tmp", "no data set is called 'kadid'"),
    ):
        read = run("check", "--data", source, "--json")
        (finding,) = json.loads(read.out)["findings"]
        assert (read.code, finding["severity"], finding["data"]) == (3, "error", source)
        assert why in finding["message"]
        assert "1 of these findings must be mended" in read.err
    one_line(run("check", "--data", labels, "--index", "none"), 4, "no index 'none'")


def test_help_is_quick():
    """Asking for help loads none of the heavy libraries."""
    code = (
        "import sys; from quasar_index.cli import main; from typer.testing import CliRunner\n"
        "for name in ('datasets', 'synthesize', 'check'):\n"
        "    assert CliRunner().invoke(main.app, [name, '--help']).exit_code == 0\n"
        "heavy = {'numpy', 'pyarrow', 'PIL', 'torch', 'cv2', 'scipy', 'faiss', 'lancedb', 'skimage'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
