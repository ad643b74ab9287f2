"""`quasar-index sweep` and `select --suggest`, as people call them."""

import csv
import json
import shlex
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Run

VALIDATE = ("sweep", "rated", "--cross-validate", "group=photograph", "--resamples", 60, "--seeds", 2)


@pytest.fixture(scope="module")
def mirrored(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photographs of the index, mirrored: other images, with ratings."""
    folder = tmp_path_factory.mktemp("mirrored")
    with (photos / "ratings.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        with Image.open(photos / row["image"]) as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / row["image"])
    (folder / "ratings.csv").write_bytes((photos / "ratings.csv").read_bytes())
    return folder


def test_curves_of_selectors(call: Run, tmp_path: Path) -> None:
    arguments = (*VALIDATE, "--selectors", "random,extremes,herding", "--sizes", "0.3,8,1")
    arguments += ("--output", "out.csv", "--picture", "out.png")
    done = call(*arguments)
    assert done.returncode == 0, done.stderr
    assert "one photograph left out at a time (5 groups)" in done.stdout
    assert {"over", "seeds", "bootstrap"} <= set(done.stdout.splitlines()[3].split())
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["selector"], row["value"]) for row in rows] == [
        (selector, value) for selector in ("random", "extremes", "herding") for value in ("0.3", "8", "1")
    ]
    assert all(row["minus_random"] == "" for row in rows if row["selector"] == "random")
    assert all(row["minus_random_low"] for row in rows if row["selector"] == "extremes" and row["value"] != "1")
    assert (tmp_path / "out.png").stat().st_size > 10_000
    # 2 sizes x (2 random draws + 1 + 1), and all anchors once
    assert len((tmp_path / "out.points.jsonl").read_text(encoding="utf-8").splitlines()) == 9
    again = call(*arguments)
    assert "9 evaluations were there already, 0 were computed" in again.stderr
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("axis", "labels"),
    [
        (("--offsets", "0,0.4"), ["0", "0.4"]),
        (("--clusters", "1,2"), ["1", "2"]),
        (("--top-k", "2,4"), ["2", "4"]),
        (("--shrinkages", "1,oas"), ["1", "oas"]),
        (("--ratios", "0.5,1"), ["0.5", "1"]),
    ],
)
def test_curves_of_a_parameter(call: Run, axis: tuple[str, str], labels: list[str]) -> None:
    done = call(*VALIDATE, *axis, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [str(row["value"]) for row in rows] == labels
    assert all(-1 <= row["srcc"] <= 1 for row in rows)
    assert call(*VALIDATE, *axis).returncode == 0


def test_own_images_are_embedded_once(call: Run, mirrored: Path, tmp_path: Path) -> None:
    data = ("--data", mirrored / "ratings.csv", "--device", "cpu", "--cache", tmp_path / "cache")
    arguments = ("sweep", "rated", *data, "--sizes", "0.5,1", "--seeds", 2, "--resamples", 60, "-f", "csv")
    first = call(*arguments)
    assert first.returncode == 0, first.stderr
    assert "in the cache" not in first.stderr
    second = call(*arguments)
    assert "20 embeddings were in the cache (--no-cache embeds anew)" in second.stderr
    assert second.stdout == first.stdout
    assert first.stdout.startswith("method,selector,parameter,value,")


def test_a_leak_is_refused(call: Run, photos: Path, tmp_path: Path) -> None:
    data = ("--data", photos / "ratings.csv", "--device", "cpu", "--cache", tmp_path / "cache")
    done = call("sweep", "rated", *data, "--sizes", "0.5")
    assert done.returncode == 7
    assert "20 of 20 images would be scored by themselves" in done.stderr


def test_a_plan(call: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    text = 'index = "rated"\ncross-validate = "photograph"\noffsets = [0, 0.5]\nresamples = 60\n'
    text += 'method = "mean:space=centred"\n'
    plan.write_text(text, encoding="utf-8")
    done = call("sweep", "--plan", plan, "--picture", "offsets.svg")
    assert done.returncode == 0, done.stderr
    assert "offset:space=centred" in done.stdout
    assert (tmp_path / "offsets.svg").is_file()
    plan.write_text(
        text.replace('"mean:space=centred"', '["mean:space=raw/centred", "mean", "offset"]'), encoding="utf-8"
    )
    rows = [json.loads(line) for line in call("sweep", "--plan", plan, "-f", "jsonl").stdout.splitlines()]
    assert [row["method"] for row in rows[::2]] == ["offset:space=raw", "offset:space=centred", "offset"]
    for wrong, said in (
        ('"men"', "there is no method 'men'; did you mean 'mean'?"),
        ("3", "'method' is 3; it is a text such as"),
    ):
        plan.write_text(text.replace('"mean:space=centred"', wrong), encoding="utf-8")
        done = call("sweep", "--plan", plan)
        assert done.returncode == 3
        assert done.stderr.strip().count("\n") == 0
        assert said in done.stderr
    plan.write_text(text.replace("offsets", "ofsets"), encoding="utf-8")
    done = call("sweep", "--plan", plan)
    assert done.returncode == 3
    assert done.stderr.strip().count("\n") == 0
    assert "unknown key 'ofsets'; did you mean 'offsets'?" in done.stderr


def test_suggestions(call: Run, tmp_path: Path) -> None:
    common = ("select", "rated", "--suggest", "--group", "photograph", "--selectors", "random,herding", "--seeds", 2)
    done = call(*common, "--sizes", "0.2,0.5", "--output", "kept.points.jsonl")
    assert done.returncode == 0, done.stderr
    assert "smallest subset with SRCC >= best - one standard error" in done.stdout
    command = next(line for line in done.stdout.splitlines() if line.startswith("    quasar-index select"))
    assert "--group photograph" in command
    words = shlex.split(command.replace("--to NEW", f"--to {tmp_path}/suggested"))
    made = call(*words[1:])
    assert made.returncode == 0, made.stderr
    assert f"selected by  {words[words.index('--selector') + 1]}" in made.stdout
    assert (tmp_path / "kept.points.jsonl").is_file()
    found = json.loads(call(*common, "--sizes", "0.2,0.5", "--output", "kept.points.jsonl", "--json").stdout)
    assert [one["selector"] for one in found["by_selector"]] == ["random", "herding"]
    for one in found["by_selector"]:
        assert one["srcc"] >= one["threshold"] == pytest.approx(one["best_srcc"] - one["standard_error"])


def test_bad_input(call: Run, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('index = "rated"', encoding="utf-8")
    for arguments, code in (
        ((*VALIDATE,), 2),
        ((*VALIDATE, "--offsets", "0", "--clusters", "2"), 2),
        ((*VALIDATE, "--offsets", "0,,1"), 2),
        ((*VALIDATE, "--offsets", "2"), 7),
        ((*VALIDATE, "--offsets", "0", "--selectors", "herding"), 2),
        ((*VALIDATE, "--sizes", "0.5", "--selectors", "nosuch"), 3),
        ((*VALIDATE, "--sizes", "0.5", "--output", "out.xlsx"), 2),
        ((*VALIDATE, "--sizes", "0.5", "--output", "no/out.csv"), 3),
        ((*VALIDATE, "--sizes", "0.5", "--picture", "out.gif"), 3),
        ((*VALIDATE, "--sizes", "0.5", "--data", "x.csv"), 2),
        ((*VALIDATE, "--top-k", "2", "--method", "offset"), 6),
        (("sweep", "--sizes", "0.5", "--cross-validate", "group=photograph"), 2),
        (("sweep", "rated", "--sizes", "0.5"), 2),
        (("sweep", "--plan", plan, "--seeds", 3), 2),
        (("sweep", "--plan", "nosuch.toml"), 3),
        (("select", "rated", "--suggest", "--size", 3), 2),
        (("select", "rated", "--selector", "random", "--to", "x", "--size", 4, "--selectors", "herding"), 2),
        (("select", "rated", "--size", 4), 2),
    ):
        done = call(*arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert code == 2 or done.stderr.strip().count("\n") == 0
