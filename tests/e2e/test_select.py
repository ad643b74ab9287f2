"""`quasar-index select`: an index of fewer anchors, which does all that an index does."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

import quasar_index as qi

from .conftest import Run


def test_a_selected_index_is_an_index(call: Run, photos: Path, tmp_path: Path) -> None:
    options = ("--selector", "kmeans", "--size", 8, "--space", "whitened", "--shrinkage", "oas", "--seed", 1)
    done = call("select", "rated", *options, "--to", tmp_path / "few", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["n_anchors"], made["subset"]["n_good"], made["subset"]["of_good"]) == (8, 4, 10)
    assert made["subset"]["parameters"] == {"seed": 1, "n_iterations": 20}

    info = call("info", tmp_path / "few")
    assert info.returncode == 0, info.stderr
    for text in ("8: 4 good, 4 bad", "kmeans seed=1", "4 of 10 good and 4 of 10 bad anchors of rated, version 1"):
        assert text in info.stdout
    assert "whitened (shrinkage" in info.stdout
    assert "the index that it was selected from" in info.stdout
    facts = json.loads(call("info", tmp_path / "few", "--json").stdout)
    assert facts["subset"] == made["subset"]

    image = min(photos.glob("*.png"))
    scored = call("score", image, "--index", tmp_path / "few", "-f", "jsonl")
    assert scored.returncode == 0, scored.stderr
    assert 0 < json.loads(scored.stdout)["score"] < 1
    data = ("--data", photos / "ratings.csv", "--score-column", "quality", "--exclude", "same-image")
    evaluated = call("evaluate", "--index", tmp_path / "few", *data)
    assert evaluated.returncode == 0, evaluated.stderr

    exported = call("export", tmp_path / "few", tmp_path / "few.parquet", "--json")
    assert json.loads(exported.stdout)["anchors"] == 8
    built = call("build", tmp_path / "again", "--embeddings", tmp_path / "few.parquet", "--json")
    assert built.returncode == 0, built.stderr
    one, other = (qi.AnchorIndex.open(tmp_path / name) for name in ("few", "again"))
    assert one.anchors().ids.tolist() == other.anchors().ids.tolist()
    assert one.manifest.sources == other.manifest.sources
    removed = call("remove", tmp_path / "few", "--id", one.anchors().ids[0].decode(), "--json")
    assert removed.returncode == 0, removed.stderr
    assert json.loads(removed.stdout)["n_moved"] == 0


@pytest.fixture(scope="module")
def both(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the photographs and their mirror images: enough to calibrate on a part of it."""
    folder = tmp_path_factory.mktemp("both")
    rows = ["image,quality,photograph"]
    for line in (photos / "ratings.csv").read_text(encoding="utf-8").splitlines()[1:]:
        name, quality, photograph = line.split(",")
        with Image.open(photos / name) as image:
            image.save(folder / name)
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"mirrored_{name}")
        rows += [line, f"mirrored_{name},{float(quality) + 0.05:.3f},{photograph}"]
    (folder / "ratings.csv").write_text("\n".join(rows), encoding="utf-8")
    source = qi.load_source(str(folder / "ratings.csv"), score_column="quality")
    qi.build_index(folder / "index", [source], qi.load_encoder(device="cpu"))
    return folder / "index"


def test_a_selected_index_calibrates_explains_and_maps(call: Run, photos: Path, both: Path, tmp_path: Path) -> None:
    few = tmp_path / "few"
    made = call("select", both, "-s", "content-pairs", "--size", 24, "--to", few)
    assert made.returncode == 0, made.stderr
    calibrated = call("calibrate", few, "--group", "photograph", "--level", 0.8, "--json")
    assert calibrated.returncode == 0, calibrated.stderr
    image = min(photos.glob("*.png"))
    wanted = ("--calibrated", "--explain", "why.jsonl", "--explain-top", 0, "--report", "report.html", "-f", "jsonl")
    scored = call("score", image, "--index", few, *wanted)
    assert scored.returncode == 0, scored.stderr
    row = json.loads(scored.stdout)
    assert row["low"] <= row["mos"] <= row["high"]
    why = [json.loads(line) for line in (tmp_path / "why.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {one["anchor"] for one in why} == {key.decode() for key in qi.AnchorIndex.open(few).anchors().ids.tolist()}
    assert image.name in (tmp_path / "report.html").read_text(encoding="utf-8")
    folds = call("evaluate", "--index", few, "--cross-validate", "group=photograph")
    assert folds.returncode == 7
    assert folds.stdout == ""
    advised = "quasar-index sweep index --selectors content-pairs --sizes 0.6 --cross-validate group=photograph"
    assert "holds the 24 of 40 anchors that 'content-pairs' chose" in folds.stderr
    assert advised in folds.stderr
    swept = call("sweep", both, *shlex.split(advised)[3:], "--seeds", 1, "--resamples", 40, "-f", "jsonl")
    assert swept.returncode == 0, swept.stderr
    points = [json.loads(line) for line in swept.stdout.splitlines()]
    n_anchors = {point["selector"]: point["n_anchors"] for point in points}
    assert n_anchors.keys() == {"random", "content-pairs"}
    assert set(n_anchors.values()) == {20}  # 0.6 of what is left without a photograph
    mapped = call("map", both, "--subset", few, "-o", "map.svg")
    assert mapped.returncode == 0, mapped.stderr
    assert "marked: in few (24)" in (tmp_path / "map.svg").read_text(encoding="utf-8")
    alone = call("map", few, "-o", "few.png", "--colour", "rating")
    assert alone.returncode == 0, alone.stderr
    again = call("select", few, "-s", "k-center", "--size", 4, "--to", tmp_path / "fewer")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("selector", list(qi.SELECTORS))
def test_every_selector_selects(call: Run, tmp_path: Path, selector: str) -> None:
    done = call(
        *("select", "rated", "--selector", selector, "--fraction", 0.5, "--to", tmp_path / "half"),
        *("--group", "photograph", "--json"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_anchors"] == 10
    manifest = qi.AnchorIndex.open(tmp_path / "half").manifest
    assert (manifest.n_good, manifest.n_bad) == (5, 5)
    assert manifest.subset is not None
    assert (manifest.subset.selector, manifest.subset.group) == (selector, "photograph")


def test_the_choices_of_the_command_are_the_selectors() -> None:
    from quasar_index.cli import select

    assert list(select.SELECTORS) == list(qi.SELECTORS)


def test_strata_filter_overwrite_and_version(call: Run, home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "rated", tmp_path / "rated")
    assert call("remove", tmp_path / "rated", "--where", "quality > 0.9").returncode == 0
    options = ("-s", "random", "--fraction", 0.5, "--stratify", 2, "--version", 1, "--to", tmp_path / "half")
    assert call("select", tmp_path / "rated", *options).returncode == 0
    again = call("select", tmp_path / "rated", *options)
    assert again.returncode == 4
    assert "exists already" in again.stderr
    done = call("select", tmp_path / "rated", *options, "--overwrite", "--where", "quality < 0.8 OR quality > 0.99")
    assert done.returncode == 0, done.stderr
    assert "2 strata" in done.stdout
    assert "where quality < 0.8" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["-s", "random"], 2, "either --size or --fraction"),
        (["-s", "random", "--size", "4", "--fraction", "0.1"], 2, "either --size or --fraction"),
        (["-s", "herding", "--size", "4", "--seed", "1"], 2, "--seed is for random"),
        (["-s", "kmeans", "--size", "4", "--balance", "1"], 2, "--balance is for mmr, not for kmeans"),
        (["-s", "random", "--size", "4", "--space", "raw", "--shrinkage", "2"], 2, "--shrinkage"),
        (["-s", "random", "--size", "40"], 6, "40 of 20 anchors cannot be selected"),
        (["-s", "mmr", "--size", "4", "--balance", "2"], 6, "balance 2.0 is not in"),
        (["-s", "random", "--size", "6", "--stratify", "5"], 6, "5 strata do not fit"),
        (["-s", "random", "--size", "6", "--group", "nothing"], 3, "no column 'nothing'"),
        (["-s", "best", "--size", "6"], 2, "best"),
    ],
)
def test_mistakes_are_one_line(call: Run, tmp_path: Path, options: list[str], code: int, text: str) -> None:
    done = call("select", "rated", *options, "--to", tmp_path / "new")
    assert done.returncode == code, done.stderr
    words = " ".join(done.stderr.replace("│", " ").split())
    assert text in words
    assert not (tmp_path / "new").exists()
