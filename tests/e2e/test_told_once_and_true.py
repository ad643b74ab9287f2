"""What commands say of themselves: each kind of warning once, indexes that are indexes, sides as they came about."""

import csv
import logging
from pathlib import Path

import pytest
from quasar_index.cli.main import _Once

from .conftest import Run


def test_a_kind_of_warning_is_said_once_a_command(run: Run, photos: Path) -> None:
    for _ in range(2):  # and again by the next command
        done = run("score", photos, "-i", "rated", "-m", "retrieval:top_k=50", "--batch-size", 4)
        assert done.returncode == 0
        assert done.stderr.splitlines()[:-1] == [
            "quasar-index: top-k 50 is more than the 10 anchors to choose from: all are used"
        ]


def test_kinds_differ_by_wording_not_by_numbers() -> None:
    once = _Once()

    def passes(text: str, *values: object, level: int = logging.WARNING) -> bool:
        return once.filter(logging.LogRecord("x", level, "x.py", 1, text, values, None))

    assert passes("%d of %d", 1, 2)
    assert not passes("%d of %d", 3, 4)
    assert passes("'a' holds 12 of 30")
    assert not passes("'a' holds 13.5 of 1,000")
    assert passes("another")
    assert passes("step %d", 1, level=logging.INFO)
    assert passes("step %d", 2, level=logging.INFO)


def test_the_filter_ends_with_the_command(call: Run) -> None:
    call("encoders")
    assert not [one for handler in logging.getLogger().handlers for one in handler.filters if isinstance(one, _Once)]


def test_hidden_folders_are_no_indexes(call: Run, home: Path, tmp_path: Path) -> None:
    for name in ("mine", ".mine.replaced", ".mine.building"):
        (tmp_path / "indexes" / name).mkdir(parents=True)
        (tmp_path / "indexes" / name / "manifest.json").write_text("{}", encoding="utf-8")
    done = call("info", "nosuch", QUASAR_INDEX_HOME=str(tmp_path / "indexes"))
    assert done.returncode == 4
    assert done.stderr.strip().endswith("; there are mine")


@pytest.mark.parametrize("kind", ["sides", "references", "ratings"])
def test_info_says_how_the_sides_came_about(call: Run, photos: Path, tmp_path: Path, kind: str) -> None:
    with (photos / "ratings.csv").open(encoding="utf-8") as file:
        names = [str(photos / row["image"]) for row in csv.DictReader(file)]
    rows = {
        "sides": [("image", "side"), *((name, "good" if "_0" in name else "bad") for name in names)],
        "references": [
            ("image", "reference", "score"),
            *((name, f"{name[:-6]}_0.png", place) for place, name in enumerate(names) if "_0" not in name),
        ],
        "ratings": [("image", "score"), *((name, place) for place, name in enumerate(names))],
    }[kind]
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    spec = "labels.csv?division=reference" if kind == "references" else "labels.csv"
    assert call("build", tmp_path / "made" / "new", "-d", spec, "--device", "cpu").returncode == 0
    shown = call("info", tmp_path / "made" / "new").stdout
    said = {
        "sides": "no-reference, 5 good, 15 bad; the sides are as labelled",
        "references": "full-reference, 5 good, 15 bad; reference images are good, distorted ones bad",
        "ratings": "no-reference, 10 good, 10 bad; good is above the median opinion score, 9.5",
    }
    assert said[kind] in shown
    assert sum(text.split("; ")[1] in shown for text in said.values()) == 1
