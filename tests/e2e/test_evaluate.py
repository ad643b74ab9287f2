"""`quasar-index evaluate`, as people call it."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi

from .conftest import Run

QUICK = ("--resamples", 40)


@pytest.fixture(scope="module")
def others(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other rated images: the photographs of the index mirrored, with a broken one among them."""
    folder = tmp_path_factory.mktemp("others")
    with (photos / "ratings.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        with Image.open(photos / row["image"]) as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / row["image"])
    (folder / rows[-1]["image"]).write_bytes(b"no image")
    with (folder / "ratings.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["image", "quality", "photograph"])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_leave_one_group_of_an_index_out(call: Run, tmp_path: Path) -> None:
    compare = ("-m", "mean/ridge:space=raw/whitened", "-m", "retrieval/knn:top_k=4,space=raw/whitened")
    common = ("evaluate", "-i", "rated", "--cross-validate", "group=photograph", *QUICK, *compare)
    done = call(*common, "--by", "photograph", "-f", "json", "--picture", tmp_path / "out.png")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [one["label"] for one in report["methods"]] == [
        *("mean:space=raw", "mean", "ridge:space=raw", "ridge:space=whitened"),
        *("retrieval:top_k=4,space=raw", "retrieval:top_k=4", "knn:top_k=4,space=raw", "knn:top_k=4"),
    ]
    assert (report["n_scored"], report["n_folds"], report["interval"]["n_units"]) == (20, 5, 5)
    assert report["methods"][0]["srcc"]["value"] > 0.5
    assert report["methods"][0]["srcc_minus_first"] is None
    low, high = (report["methods"][4]["srcc_minus_first"][name] for name in ("low", "high"))
    assert low <= high
    assert [part["n"] for part in report["breakdowns"]] == [4] * 5
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_table_and_markdown(call: Run, caplog: pytest.LogCaptureFixture) -> None:
    common = ("evaluate", "-i", "rated", "--cross-validate", "group=photograph", *QUICK)
    table = call(*common, "-m", "mean", "-m", "retrieval:top_k=50")
    assert table.returncode == 0, table.stderr
    assert "one photograph left out at a time (5 groups)" in table.stdout
    assert caplog.text.count("top-k 50 is more than") == 1  # not once a fold
    text = call(*common, "-m", "ridge:space=raw", "-f", "markdown", "--by", "photograph").stdout
    assert "| ridge:space=raw | " in text
    assert "| photograph | n | ridge:space=raw |" in text


def test_cross_validation_of_images(call: Run, others: Path) -> None:
    done = call(
        "evaluate", "--data", others / "ratings.csv", "--cross-validate", "group=photograph", *QUICK, "-f", "json",
        "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 3  # one is broken
    assert "error: 1 image could not be embedded" in done.stderr
    report = json.loads(done.stdout)
    assert (report["n_scored"], report["n_failed"]) == (19, 1)
    assert Path(report["failures"][0]["path"]).name.endswith("_3.png")


def test_index_against_other_images(call: Run, others: Path) -> None:
    common = ("evaluate", "-i", "rated", "--data", others / "ratings.csv", *QUICK, "-f", "json", "--device", "cpu")
    plain, without = (
        json.loads(call(*common, "-m", "retrieval:top_k=2", *more).stdout)
        for more in ((), ("--exclude", "group=photograph"))
    )
    assert (plain["n_folds"], without["n_folds"]) == (1, 5)
    assert without["interval"]["n_units"] == 5
    assert plain["methods"][0]["srcc"]["value"] > without["methods"][0]["srcc"]["value"]


def test_overlap_is_refused_excluded_or_flagged(call: Run, photos: Path) -> None:
    common = ("evaluate", "-i", "rated", "--data", photos / "ratings.csv", *QUICK, "--device", "cpu", "-f", "json")
    refused = call(*common)
    assert refused.returncode == 7
    assert "20 of 20 images would be scored by themselves" in refused.stderr
    assert "--exclude same-image" in refused.stderr
    flagged = json.loads(call(*common, "--allow-overlap", "-m", "knn:top_k=1").stdout)
    assert flagged["n_overlap"] == 20
    assert flagged["notes"][0].startswith("leak: 20 images")
    fair = json.loads(call(*common, "--exclude", "same-image", "-m", "knn:top_k=1").stdout)
    assert (fair["n_overlap"], fair["n_folds"]) == (0, 20)
    values = [one["methods"][0]["srcc"]["value"] for one in (flagged, fair)]
    assert values[0] == pytest.approx(1)
    assert values[1] < 1


@pytest.mark.parametrize("method", ["knn", "ridge"])
def test_score_by_predicted_ratings(call: Run, photos: Path, tmp_path: Path, method: str) -> None:
    few = sorted(photos.glob("coffee*.png"))
    rows = [json.loads(line) for line in call("score", *few, "-i", "rated", "-m", method).stdout.splitlines()]
    assert rows[0]["score"] > rows[3]["score"]
    assert rows[0]["similarity_good"] is None
    anchors = qi.AnchorIndex.open("rated").anchors()
    np.save(tmp_path / "e.npy", anchors.directions[:2] * anchors.norms[:2, None])
    done = call("score", "--embeddings", "e.npy", "-i", "rated", "-m", method)
    assert json.loads(done.stdout.splitlines()[0])["similarity_bad"] is None
    done = call("score", few[0], "-i", "rated", "-m", f"{method}:blend=0.5")
    assert done.returncode == 6
    assert f"the method '{method}' has no parameter 'blend'" in done.stderr


def test_bad_input(call: Run, photos: Path, tmp_path: Path) -> None:
    data = ("--data", photos / "ratings.csv")
    index = ("evaluate", "-i", "rated")
    constant = tmp_path / "constant.csv"
    constant.write_text("image,quality\n" + "".join(f"{p},3\n" for p in sorted(photos.glob("*.png"))), encoding="utf-8")
    few = tmp_path / "few.csv"
    few.write_text("image,quality\n" + "".join(f"{photos}/coffee_{i}.png,{i}\n" for i in range(2)), encoding="utf-8")
    for arguments, code, words in (
        ((*index, "--data", constant), 7, "all 20 ratings are 3"),
        ((*index, "--data", few), 7, "at least 3 are needed"),
        ((*index, "--cross-validate", "group=nosuch"), 3, "no column 'nosuch'"),
        ((*index, "--cross-validate", "group=photograph", "--by", "nosuch"), 3, "no column 'nosuch'"),
        ((*index, "--cross-validate", "group=dataset"), 7, "all images are in one group"),
        ((*index, "--cross-validate", "group=photograph", "-m", "clustering"), 6, "100 clusters"),
        ((*index, "--cross-validate", "group=photograph", "--picture", "out.gif"), 3, ".png or .svg"),
        (index, 2, ""),
        (("evaluate", *data), 2, ""),
        ((*index, *data, "--cross-validate", "group=photograph"), 2, ""),
        ((*index, *data, "--exclude", "group=photograph", "--cross-validate", "group=photograph"), 2, ""),
        ((*index, "--cross-validate", "photograph"), 2, ""),
        ((*index, "--cross-validate", "group=photograph", "-m", "mean:space=raw/nosuch"), 6, "'nosuch'"),
        ((*index, "--cross-validate", "group=photograph", "-m", "mean:top_k=3"), 6, "no parameter 'top_k'"),
        (
            (*index, "--cross-validate", "group=photograph", "-m", "mean:space=raw,shrinkage=3"),
            6,
            "shrinkage of mean is 3.0, and its space is raw",
        ),
        ((*index, "--cross-validate", "group=photograph", "space=raw"), 2, ""),
    ):
        done = call(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert words in done.stderr
        assert code == 2 or done.stderr.strip().count("\n") == 0
    assert not (tmp_path / "out.gif").exists()
