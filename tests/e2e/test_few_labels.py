"""`evaluate --few-labels`: how far a few ratings carry, as tables, data and a picture."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import quasar_index as qi

from .conftest import Run

N = 60


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """Embeddings of 60 images of twelve scenes, with labels, and two indexes of them: of 8 and of 4 numbers."""
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(N, 8)).astype(np.float32)
    quality = embeddings[:, 0] + 0.5 * rng.normal(size=N)
    lines = [f"{row}.png,{quality[row]:.4f},s{row // 5}" for row in range(N)]
    (tmp_path / "own.csv").write_text("\n".join(["image,score,scene", *lines]), encoding="utf-8")
    for name, dim in (("eight", 8), ("four", 4)):
        np.save(tmp_path / f"{name}.npy", embeddings[:, :dim])
        qi.build_from_embeddings(tmp_path / name, *qi.load_embeddings(tmp_path / f"{name}.npy", tmp_path / "own.csv"))
    return tmp_path


def arguments(folder: Path, *more: object) -> tuple[object, ...]:
    files = ("--embeddings", folder / "eight.npy", "--labels", folder / "own.csv")
    return ("evaluate", *files, "--few-labels", "10,30", "--group", "scene", "--seeds", 4, *more)


def in_python(folder: Path, name: str = "eight") -> qi.validation.FewLabels:
    images = qi.rated_anchors(qi.AnchorIndex.open(folder / name))
    methods = qi.read_methods("mean/ridge")
    return qi.validation.few_labels_of_images(methods, images, (10, 30), group="scene", n_seeds=4)


def test_a_table_of_medians(call: Run, vectors: Path) -> None:
    done = call(*arguments(vectors, "-m", "mean/ridge"))
    assert done.returncode == 0, done.stderr
    expected = in_python(vectors)
    assert "20% of 60 images to test on, 12 groups by scene kept whole" in done.stdout
    assert "10 images tested on, 50 in the pool" in done.stdout
    for row in expected.rows:
        found = row.spread("srcc")
        cells = f"{found.median:.3f} [{found.low_quartile:.2f}, {found.high_quartile:.2f}]"
        (line,) = [one for one in done.stdout.splitlines() if cells in one]
        assert line.split()[:2] == [str(row.method), str(row.n_labels)]
        assert f"{found.lowest:.2f} to {found.highest:.2f}" in line


def test_formats_hold_the_same(call: Run, vectors: Path) -> None:
    expected = in_python(vectors)
    report = json.loads(call(*arguments(vectors, "-m", "mean/ridge", "-f", "json")).stdout)
    assert [one["srcc"]["values"] for one in report["rows"]] == [pytest.approx(row.srcc) for row in expected.rows]
    rows = list(csv.DictReader(call(*arguments(vectors, "-m", "mean/ridge", "-f", "csv")).stdout.splitlines()))
    assert [float(one["plcc"]) for one in rows] == pytest.approx([row.spread("plcc").median for row in expected.rows])
    assert {one["n_seeds"] for one in rows} == {"4"}
    for kind, mark in (("markdown", "| ridge | 30 |"), ("latex", r"ridge & 30 &")):
        assert mark in call(*arguments(vectors, "-m", "mean/ridge", "-f", kind)).stdout


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_row_a_seed_and_a_picture_are_written(call: Run, vectors: Path, ending: str) -> None:
    output, picture = vectors / f"seeds.{ending}", vectors / "few.svg"
    done = call(*arguments(vectors, "-m", "mean/ridge", "-o", output, "--picture", picture))
    assert done.returncode == 0, done.stderr
    if ending == "parquet":
        table = pq.read_table(output)
        assert {str(table.schema.field(name).type) for name in ("n_labels", "seed", "n_tests")} == {"int64"}
        rows = table.to_pylist()
    elif ending == "jsonl":
        rows = [json.loads(line) for line in output.read_text().splitlines()]
    else:
        with output.open() as file:
            rows = list(csv.DictReader(file))
    expected = list(in_python(vectors).by_seed())
    assert [(one["method"], int(one["n_labels"]), int(one["seed"])) for one in rows] == [
        (one["method"], one["n_labels"], one["seed"]) for one in expected
    ]
    assert [float(one["srcc"]) for one in rows] == pytest.approx([one["srcc"] for one in expected])
    assert "labels" in picture.read_text()


def test_indexes_are_compared_over_the_same_draws(call: Run, vectors: Path) -> None:
    indexes = ("-i", vectors / "eight", "-i", vectors / "four")
    done = call("evaluate", *indexes, "--few-labels", "10,30", "--group", "scene", "--seeds", 4, "-f", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [one["label"] for one in rows] == ["eight: mean"] * 2 + ["four: mean"] * 2
    for name, part in (("eight", rows[:2]), ("four", rows[2:])):
        expected = in_python(vectors, name).rows[:2]
        assert [one["srcc"]["values"] for one in part] == [list(row.srcc) for row in expected]


def test_images_are_embedded_once(call: Run, photos: Path, tmp_path: Path) -> None:
    given = ("evaluate", "-d", photos / "ratings.csv", "--group", "photograph", "--few-labels")
    kept = {"QUASAR_INDEX_CACHE": str(tmp_path / "cache")}
    early = call(*given, "4,19", **kept)
    assert early.returncode == 7
    assert early.stderr.splitlines()[-1] == (
        "quasar-index: error: 19 labels of a pool of 16 images (seed 0); ask for fewer labels, or a smaller test share"
    )
    assert not (tmp_path / "cache").exists()  # it is told before an image is embedded
    done = call(*given, "8,16", "--device", "cpu", "-f", "json", **kept)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report["n_tests"]) == {4}
    assert report["n_units"] == 5
    assert report["rows"][1]["srcc"]["median"] > 0.5  # blur against sharp photographs
    again = call(*given, "8", "--device", "cpu", **kept)
    assert "20 embeddings were in the cache" in again.stderr


@pytest.mark.parametrize("text", ["", "5,", "1", "5,x", "2.5", "-4"])
def test_numbers_that_are_none_are_refused(call: Run, vectors: Path, text: str) -> None:
    done = call("evaluate", "-i", vectors / "eight", f"--few-labels={text}")
    assert done.returncode == 2
    assert "write whole numbers from 2 with commas between them" in " ".join(done.stderr.replace("│", " ").split())


def test_anchors_of_an_index_do_not_score_other_images(call: Run, vectors: Path) -> None:
    done = call(*arguments(vectors, "-i", vectors / "eight"))
    assert done.returncode == 2
    assert "--few-labels takes its anchors from the images" in " ".join(done.stderr.replace("│", " ").split())
