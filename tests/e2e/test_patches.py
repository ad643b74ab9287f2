"""An index of patches by the commands: built, looked at, scored by, explained, evaluated, changed, passed on."""

import base64
import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageFilter

import quasar_index as qi
from quasar_index.demo import read_photographs

from .browser import Browser
from .conftest import Run

SIZE = 64


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photographs, rated ones of two levels, and the index `clean` of patches of four."""
    folder = tmp_path_factory.mktemp("patches")
    (folder / "photographs").mkdir()
    (folder / "rated").mkdir()
    rows = []
    for number, (name, pixels) in enumerate(read_photographs()[:6]):
        image = Image.fromarray(pixels).convert("RGB").crop((0, 0, 3 * SIZE, 2 * SIZE))
        if number < 4:
            image.save(folder / "photographs" / f"{name}.png")
        for level in range(2):
            small = image.resize((image.width // 2**level, image.height // 2**level))
            turned = small.resize(image.size).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            turned.save(folder / "rated" / f"{name}{level}.png")
            rows.append([f"{name}{level}.png", round(5 - 2 * level + 0.1 * number, 1), name])
    with (folder / "rated" / "ratings.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["image", "score", "photograph"], *rows])
    source = qi.datasets.choose_pristine_patches(sorted((folder / "photographs").iterdir()), qi.images.PatchRule(SIZE))
    qi.build_index(folder / "clean", [source], qi.load_encoder(device="cpu"))
    return folder


@pytest.fixture
def made(data: Path, tmp_path: Path) -> Path:
    """A copy of it in the working folder, whose patches are of the photographs as they are in the first."""
    shutil.copytree(data, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_build_cuts_as_the_library_does(run: Run, made: Path) -> None:
    index = made / "built"
    done = run("build", index, "--patches", "photographs", "--patch-size", SIZE)
    assert done.returncode == 0, done.stderr
    ours = qi.AnchorIndex.open(index)
    assert sorted(ours.anchors().ids.tolist()) == sorted(qi.AnchorIndex.open(made / "clean").anchors().ids.tolist())
    done = run("add", index, "--patches", "rated")
    assert done.returncode == 0, done.stderr
    assert len(qi.AnchorIndex.open(index)) > len(ours)


def test_an_index_of_patches_scores_and_explains(run: Run, made: Path) -> None:
    shown = run("info", "clean").stdout
    assert "patches of pristine images, all good; score by --method patches" in shown
    assert "64 x 64, every 64 pixels of 4 images" in shown
    assert "shrinkage" not in shown
    record = json.loads(run("info", "clean", "--json").stdout)
    assert record["sources"][0]["patches"] == {
        "size": SIZE, "n_images": 4, "stride": SIZE, "sharpness": 0.75, "colourfulness": 0.8,
    }  # fmt: skip
    Image.fromarray(np.zeros((SIZE - 1, SIZE, 3), np.uint8)).save(made / "small.png")
    done = run("score", "--index", "clean", "rated", "small.png", "--explain", "e.jsonl", "--explain-top", 2)
    assert done.returncode == 3
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(0 < row["score"] <= 0.5 for row in rows[:-1])
    assert rows[-1]["error"].startswith("64 x 63 pixels are smaller than a patch of 64 x 64")
    named = run("score", "--index", "clean", "rated", "--method", "patches")
    assert [json.loads(line)["score"] for line in named.stdout.splitlines()] == [row["score"] for row in rows[:-1]]
    told = [json.loads(line) for line in (made / "e.jsonl").read_text().splitlines()]
    assert len(told) == 2 * len(rows[:-1])
    assert told[0]["unusual"] >= told[1]["unusual"] > 0
    assert {row["size"] for row in told} == {SIZE}
    assert "2 patches of 12 images, the most unusual" in done.stderr
    assert run("score", "--index", "clean", "rated", "--explain", "e.parquet").returncode == 0
    assert pq.read_table(made / "e.parquet").column_names == ["path", "left", "top", "size", "unusual", "contribution"]


def test_an_index_of_patches_is_evaluated_beside_another(run: Run, made: Path) -> None:
    where = ("--data", "rated/ratings.csv", "--group", "photograph", "--resamples", 60)
    methods = ("--method", "patches:ridge=0.001/1")
    done = run("evaluate", "--index", "clean", *where, *methods, "--predictions", "p.csv", "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [one["method"] for one in report["methods"]] == ["patches", "patches:ridge=1"]
    with (made / "p.csv").open(encoding="utf-8") as file:
        predicted = [float(row["patches"]) for row in csv.DictReader(file)]
    scored = run("score", "--index", "clean", "--data", "rated/ratings.csv").stdout
    assert [json.loads(line)["score"] for line in scored.splitlines()] == pytest.approx(predicted, abs=1e-6)
    both = run("evaluate", "--index", "clean", "--index", "starter", *where, "--format", "json")
    assert both.returncode == 0, both.stderr
    assert "pristine patches of index 'clean'" in both.stdout
    assert "anchors of index 'starter'" in both.stdout


def test_commands_change_and_pass_on_an_index_of_patches(run: Run, made: Path) -> None:
    first = next((made / "photographs").iterdir()).name
    for command in (
        ("tag", "clean", "first"),
        ("remove", "clean", "--where", f"reference like '%{first}'"),
        ("verify", "clean", "--files"),
        ("restore", "clean", "first"),
        ("history", "clean"),
        ("export", "clean", "out.parquet"),
        ("build", made / "again", "--embeddings", "out.parquet"),
        ("merge", made / "both", "clean", made / "again"),
        ("select", "clean", "--to", made / "few", "--selector", "random", "--size", 3),
        ("map", "clean", "--output", "map.html"),
        ("push", "clean", "out.quasar"),
        ("pull", "out.quasar", made / "pulled"),
        ("score", "--index", made / "pulled", "rated"),
    ):
        done = run(*command)
        assert done.returncode == 0, (command, done.stderr)
    cuts = made / "cuts"
    cuts.mkdir()
    for number in range(4):
        name = next((made / "photographs").iterdir())
        Image.open(name).crop((number * 32, 0, number * 32 + SIZE, SIZE)).save(cuts / f"{number}.png")
    assert run("build", made / "ready", "--patches", "cuts", "--ready-cut").returncode == 0
    assert "64 x 64, ready-cut" in run("info", made / "ready").stdout


def test_a_file_of_patches_builds_an_index(run: Run, made: Path) -> None:
    rng = np.random.default_rng(0)
    patches = rng.integers(0, 256, (5, 3, SIZE, SIZE), dtype=np.uint8)
    with h5py.File(made / "pristine_patches.hdf5", "w") as file:
        file.create_dataset("data", data=patches.astype(np.float32) / np.float32(255))
    done = run("build", made / "ready", "--patches", "pristine_patches.hdf5")
    assert done.returncode == 0, done.stderr
    assert "64 x 64, ready-cut" in run("info", made / "ready").stdout
    for command in (
        ("add", made / "ready", "--patches", "pristine_patches.hdf5"),
        ("verify", made / "ready", "--files"),
        ("score", "-i", made / "ready", "rated"),
        ("map", made / "ready", "--output", "map.html"),
    ):
        done = run(*command)
        assert done.returncode == 0, (command, done.stderr)
    assert "data:image/" in (made / "map.html").read_text(encoding="utf-8")  # pictures of patches that are no files


def test_the_page_shows_where_a_photograph_is_unusual(run: Run, made: Path, browser: Browser) -> None:
    _, pixels = read_photographs()[0]
    photograph = Image.fromarray(pixels).convert("RGB").crop((0, 0, 6 * SIZE, 5 * SIZE))
    box = (2 * SIZE, SIZE, 4 * SIZE, 3 * SIZE)
    photograph.save(made / "sharp.png")
    photograph.paste(photograph.crop(box).filter(ImageFilter.GaussianBlur(5)), box[:2])
    photograph.save(made / "blurred.png")
    done = run("score", "-i", "clean", "sharp.png", "blurred.png", "rated", "lost.png", "--report", "page.html")
    assert done.returncode == 3, done.stderr
    browser.open(made / "page.html")
    cards = "[...document.querySelectorAll('.image')]"
    shown = browser.run(f"return {cards}.map(one => [one.dataset.name, one.querySelector('.heat')?.src])")
    heat: dict[str, Any] = dict(shown)  # type: ignore[call-overload]
    assert heat.pop("lost.png") is None
    assert len(heat) == 14
    stands_out = {}
    for name in ("sharp.png", "blurred.png"):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(heat[name].partition(",")[2]))))
        assert picture.shape[2] == 4
        scale = picture.shape[1] / photograph.width
        left, top, right, bottom = (round(side * scale) for side in box)
        alpha = picture[..., 3].astype(float)
        inside = alpha[top:bottom, left:right].mean()
        outside = (alpha.sum() - alpha[top:bottom, left:right].sum()) / (alpha.size - (bottom - top) * (right - left))
        stands_out[name] = inside / outside
    assert stands_out["blurred.png"] > 1.5 > 1.1 > stands_out["sharp.png"]
    assert alpha.max() < 200  # the photograph is to be seen below

    def is_shown(selector: str) -> object:
        return browser.run("return getComputedStyle(document.querySelector(arguments[0])).display", selector) != "none"

    assert is_shown(".heat")
    browser.run("document.querySelector('[data-name=\"blurred.png\"]').click()")
    assert is_shown("#large-heat")
    assert browser.run("return document.getElementById('large-heat').src") == heat["blurred.png"]
    assert "Nearest" not in browser.text("#large")
    browser.press("u")
    assert not is_shown("#large-heat")
    assert not is_shown(".heat")
    browser.run("document.getElementById('heat').click()")
    assert is_shown(".heat")
    assert browser.complaints() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("score", "--index", "clean", "rated", "--method", "mean"), "no bad side; use --method patches"),
        (("score", "rated", "--method", "patches"), "these anchors are whole images"),
        (("score", "--index", "clean", "rated", "--save-embeddings", "e.npz"), "one embedding an image"),
        (("score", "--index", "clean", "rated", "--method", "patches:prompts"), "needs an encoder with a text tower"),
        (("add", "clean", "--data", "rated/ratings.csv"), "in one index; build an index of each"),
        (("add", "starter", "--patches", "photographs"), "holds whole images"),
        (("calibrate", "clean"), "have no ratings"),
        (("approximate", "clean"), "which no method searches"),
        (("evaluate", "--index", "clean", "--cross-validate", "group=reference"), "have no ratings"),
        (("evaluate", "-i", "clean", "-d", "rated/ratings.csv", "--exclude", "same-image"), "score together"),
        (("build", "x", "--patches", "photographs", "--data", "rated"), "give either --data, --embeddings or"),
        (("build", "x", "--patches", "photographs", "--ready-cut", "--patch-size", 64), "are taken as they are"),
        (("build", "x", "--patches", "photographs", "--lower-is-better"), "--patches have no labels"),
        (("build", "x", "--data", "rated/ratings.csv", "--ready-cut"), "it is for --patches"),
        (("build", "x", "--patches", "p.hdf5", "--patch-size", 64), "those of HDF5 files, are taken as they are"),
        (("build", "x", "--patches", "p.hdf5", "--patches", "photographs"), "name it alone, or give --ready-cut"),
        (("build", "x", "--patches", "p.hdf5"), "'p.hdf5': cannot be read"),
    ],
)
def test_what_patches_do_not_do_is_one_line(run: Run, made: Path, arguments: tuple[object, ...], message: str) -> None:
    done = run(*arguments)
    assert done.returncode not in (0, 1), done.stdout
    assert "Traceback" not in done.stderr
    assert message in " ".join(done.stderr.replace("│", " ").split()), done.stderr
