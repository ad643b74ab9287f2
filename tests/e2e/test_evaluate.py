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
    compare = ("--compare", "space=raw,whitened", "aggregate=mean,retrieval", "head=knn,ridge", "--top-k", 4)
    common = ("evaluate", "-i", "rated", "--cross-validate", "group=photograph", *QUICK, *compare)
    done = call(*common, "--by", "photograph", "-f", "json", "--picture", tmp_path / "out.png")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [one["label"] for one in report["configurations"]] == [
        f"{space} {method}"
        for space in ("raw", "whitened")
        for method in ("mean", "retrieval top_k=4", "knn top_k=4", "ridge")
    ]
    assert (report["n_scored"], report["n_folds"], report["interval"]["n_units"]) == (20, 5, 5)
    assert report["configurations"][0]["srcc"]["value"] > 0.5
    assert report["configurations"][0]["srcc_minus_first"] is None
    low, high = (report["configurations"][4]["srcc_minus_first"][name] for name in ("low", "high"))
    assert low <= high
    assert [part["n"] for part in report["breakdowns"]] == [4] * 5
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_table_and_markdown(call: Run, caplog: pytest.LogCaptureFixture) -> None:
    common = ("evaluate", "-i", "rated", "--cross-validate", "group=photograph", *QUICK)
    table = call(*common, "--compare", "aggregate=mean,retrieval", "--top-k", 50)
    assert table.returncode == 0, table.stderr
    assert "one photograph left out at a time (5 groups)" in table.stdout
    assert caplog.text.count("top-k 50 is more than") == 1  # not once a fold
    text = call(*common, "--head", "ridge", "--space", "centred", "-f", "markdown", "--by", "photograph").stdout
    assert "| centred ridge | " in text
    assert "| photograph | n | centred ridge |" in text


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
        json.loads(call(*common, "-a", "retrieval", "--top-k", 2, *more).stdout)
        for more in ((), ("--exclude", "group=photograph"))
    )
    assert (plain["n_folds"], without["n_folds"]) == (1, 5)
    assert without["interval"]["n_units"] == 5
    assert plain["configurations"][0]["srcc"]["value"] > without["configurations"][0]["srcc"]["value"]


def test_overlap_is_refused_excluded_or_flagged(call: Run, photos: Path) -> None:
    common = ("evaluate", "-i", "rated", "--data", photos / "ratings.csv", *QUICK, "--device", "cpu", "-f", "json")
    refused = call(*common)
    assert refused.returncode == 7
    assert "20 of 20 images would be scored by themselves" in refused.stderr
    assert "--exclude same-image" in refused.stderr
    flagged = json.loads(call(*common, "--allow-overlap", "--head", "knn", "--top-k", 1).stdout)
    assert flagged["n_overlap"] == 20
    assert flagged["notes"][0].startswith("leak: 20 images")
    fair = json.loads(call(*common, "--exclude", "same-image", "--head", "knn", "--top-k", 1).stdout)
    assert (fair["n_overlap"], fair["n_folds"]) == (0, 20)
    values = [one["configurations"][0]["srcc"]["value"] for one in (flagged, fair)]
    assert values[0] == pytest.approx(1)
    assert values[1] < 1


@pytest.mark.parametrize("head", ["knn", "ridge"])
def test_score_by_a_head(call: Run, photos: Path, tmp_path: Path, head: str) -> None:
    few = sorted(photos.glob("coffee*.png"))
    rows = [json.loads(line) for line in call("score", *few, "-i", "rated", "--head", head).stdout.splitlines()]
    assert rows[0]["score"] > rows[3]["score"]
    assert rows[0]["similarity_good"] is None
    anchors = qi.AnchorIndex.open("rated").anchors()
    np.save(tmp_path / "e.npy", anchors.directions[:2] * anchors.norms[:2, None])
    done = call("score", "--embeddings", "e.npy", "-i", "rated", "--head", head)
    assert json.loads(done.stdout.splitlines()[0])["similarity_bad"] is None
    assert call("score", few[0], "-i", "rated", "--head", head, "-a", "retrieval").returncode == 2
    assert call("score", few[0], "-i", "rated", "--head", head, "--blend", "0.5").returncode == 2


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
        ((*index, "--cross-validate", "group=photograph", "-a", "clustering"), 6, "100 clusters"),
        ((*index, "--cross-validate", "group=photograph", "--picture", "out.gif"), 3, ".png or .svg"),
        (index, 2, ""),
        (("evaluate", *data), 2, ""),
        ((*index, *data, "--cross-validate", "group=photograph"), 2, ""),
        ((*index, *data, "--exclude", "group=photograph", "--cross-validate", "group=photograph"), 2, ""),
        ((*index, "--cross-validate", "photograph"), 2, ""),
        ((*index, "--cross-validate", "group=photograph", "--compare", "space=nosuch"), 2, ""),
        ((*index, "--cross-validate", "group=photograph", "--top-k", 3), 2, ""),
        ((*index, "--cross-validate", "group=photograph", "--space", "raw", "--shrinkage", 3), 2, ""),
        ((*index, "--cross-validate", "group=photograph", "space=raw"), 2, ""),
    ):
        done = call(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert words in done.stderr
        assert code == 2 or done.stderr.strip().count("\n") == 0
    assert not (tmp_path / "out.gif").exists()
