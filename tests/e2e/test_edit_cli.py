"""The life of an index through the commands: build, add, relabel, remove, tag, restore, export, import, merge."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import quasar_index as qi

from .conftest import Run


def facts(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def labels(photos: Path, tmp_path: Path) -> dict[str, Path]:
    """The ratings in two files, and a third with other scores for the first rows."""
    with (photos / "ratings.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    image, quality = header.index("image"), header.index("quality")
    half = len(rows) // 2
    parts = {
        "first": [(str(photos / row[image]), row[quality]) for row in rows[:half]],
        "second": [(str(photos / row[image]), row[quality]) for row in rows[half:]],
        "new": [*((row[image], 6 + place) for place, row in enumerate(rows[:3])), ("nobody.png", 1)],
    }
    for name, part in parts.items():
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("image", "score"), *part])
    return {name: tmp_path / f"{name}.csv" for name in parts}


def test_an_index_lives(call: Run, photos: Path, labels: dict[str, Path], tmp_path: Path) -> None:
    name = tmp_path / "life"
    image = min(photos.glob("*.png"))
    scores = {}

    def score(*options: object) -> str:
        done = call("score", image, "--index", name, *options, "-f", "jsonl", "-m", "retrieval:top_k=3")
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert facts(call("build", name, "--data", f"{labels['first']}?name=own", "--json"))["anchors"].startswith("10:")
    scores[1] = score()
    added = facts(call("add", name, "--data", f"{labels['second']}?name=own", "--json"))
    assert (added["n_added"], added["n_anchors"], added["n_good"]) == (10, 20, 10)
    scores[added["version"]] = score()
    same = facts(call("add", name, "--data", f"{labels['second']}?name=own", "--json"))
    assert (same["n_added"], same["n_unchanged"], same["version"]) == (0, 10, added["version"])
    done = call("relabel", name, labels["new"], "--json")
    relabelled = facts(done)
    assert (relabelled["n_matched"], relabelled["n_changed"], len(relabelled["unmatched"])) == (3, 3, 1)
    assert "1 name has no anchor" in done.stderr
    assert "nobody.png" in done.stderr
    scores[relabelled["version"]] = score()
    removed = facts(call("remove", name, "--where", "score > 7.5", "--json"))
    assert (removed["n_removed"], removed["n_anchors"]) == (1, 19)
    scores[removed["version"]] = score()
    assert call("tag", name, "whole", "--version", relabelled["version"]).returncode == 0
    for version, then in scores.items():
        assert score("--version", version) == then
    assert score("--version", "whole") == scores[relabelled["version"]]
    assert len(set(scores.values())) == 4
    info = facts(call("info", name, "--version", 1, "--where", "score > 3", "--json"))
    assert info["n_good"] == 5
    assert sum(info["selected"].values()) < 10
    restored = facts(call("restore", name, "whole", "--json"))
    assert (restored["restored"], restored["n_anchors"]) == (relabelled["version"], 20)
    assert score() == scores[relabelled["version"]]
    listed = facts(call("history", name, "--json"))["versions"]
    assert [entry["action"].split(":")[0] for entry in listed] == [
        "build", "add", "relabel", "remove", "restore",
    ]  # fmt: skip
    shown = call("history", name)
    assert "whole" in shown.stdout
    assert "current" in shown.stdout
    compacted = facts(call("compact", name, "--forget-before", "whole", "--json"))
    assert compacted["forgotten"] == [1, added["version"]]
    gone = call("score", image, "--index", name, "--version", 1)
    assert gone.returncode == 4
    assert "was given up" in gone.stderr
    assert score() == scores[relabelled["version"]]

    # out and in again, in every format
    for ending in ("npz", "parquet", "pt"):
        assert facts(call("export", name, tmp_path / f"out.{ending}", "--json"))["anchors"] == 20
        again = tmp_path / f"again-{ending}"
        assert call("build", again, "--embeddings", tmp_path / f"out.{ending}").returncode == 0
        assert call("score", image, "--index", again, "-f", "jsonl", "-m", "retrieval:top_k=3").stdout == score()
    part = facts(call("export", name, tmp_path / "part.parquet", "--where", "side = 'good'", "--json"))
    assert pq.read_table(tmp_path / "part.parquet").num_rows == part["anchors"] == 10

    # the authors' two files, by the option for labels
    (tmp_path / "out-labels.parquet").unlink()
    authors = call(
        "build", tmp_path / "authors", "--embeddings", tmp_path / "out.pt", "--labels", tmp_path / "out.json"
    )
    assert authors.returncode == 0, authors.stderr
    assert len(qi.AnchorIndex.open(tmp_path / "authors")) == 20

    # one of two
    small = tmp_path / "small"
    assert call("build", small, "--data", f"{labels['first']}?name=other").returncode == 0
    merged = facts(call("merge", tmp_path / "both", name, small, "--json"))
    assert (merged["n_merged"], merged["n_duplicates"]) == (20, 10)


def test_scores_of_two_scales_are_not_merged_in_silence(call: Run, tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    indexes = []
    for place, (low, high) in enumerate([(1.36, 4.32), (-5, 0), (1, 5)]):
        folder = tmp_path / str(place)
        folder.mkdir()
        np.save(folder / "own.npy", matrix[20 * place : 20 * place + 20])
        scores = enumerate(np.linspace(low, high, 20).tolist())
        (folder / "own.csv").write_text("id,score\n" + "".join(f"{place}-{n},{score:g}\n" for n, score in scores))
        indexes.append(folder / "index")
        done = call("build", indexes[-1], "--embeddings", folder / "own.npy", "--labels", folder / "own.csv")
        assert done.returncode == 0, done.stderr
    one, two, three = indexes
    refused = call("merge", tmp_path / "both", one, two)
    assert refused.returncode == qi.DataError.exit_code
    assert refused.stderr.strip() == (
        "quasar-index: error: two data sets called 'own' can hardly be of one scale: scores from 1.36 to 4.32, and "
        "from -5 to 0; keep them apart, --same-name apart, or join them, --same-name together, if they are"
    )
    done = call("merge", tmp_path / "both", one, three)
    assert done.returncode == 0
    assert "'own': scores from 1.36 to 4.32, and from 1 to 5, taken as one scale" in done.stderr
    assert call("merge", tmp_path / "apart", one, two, "--same-name", "apart").returncode == 0
    info = call("info", tmp_path / "apart").stdout
    assert "data own-2" in info
    assert "scores 1.36 to 4.32" in info
    assert "scores -5 to 0" in info


def test_what_was_changed_is_told_in_two_lines(call: Run, labels: dict[str, Path], tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", matrix)
    (tmp_path / "x.csv").write_text("id,score\n" + "".join(f"{n},{n}\n" for n in range(6)))
    name = tmp_path / "own"
    assert call("build", name, "--embeddings", tmp_path / "x.npy", "--labels", tmp_path / "x.csv").returncode == 0
    np.save(tmp_path / "y.npy", -matrix[:2])
    (tmp_path / "y.csv").write_text("id,score\na,10\nb,11\n")
    added = call("add", name, "--embeddings", tmp_path / "y.npy", "--labels", tmp_path / "y.csv")
    assert added.returncode == 0, added.stderr
    assert "2 anchors added" in added.stdout
    assert len(added.stdout.strip().splitlines()) == 2
    removed = call("remove", name, "--where", "score = 0", "--json")
    assert facts(removed)["n_removed"] == 1
    unknown = call("remove", name, "--id", "none")
    assert unknown.returncode == 0
    assert "no anchor has the id none" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["remove", "rated"], 2, "either --id or --where"),
        (["add", "rated"], 2, "either --data, --embeddings or --patches"),
        (["remove", "rated", "--where", "nonsense = 1"], 4, "filter 'nonsense = 1' cannot be used"),
        (["remove", "rated", "--where", "dataset = 'ratings'"], 3, "these are all 20 anchors"),
        (["info", "rated", "--where", "score >"], 4, "cannot be used"),
        (["score", "x.png", "-i", "rated", "--where", "score >"], 4, "cannot be used"),
        (["score", "x.png", "-i", "rated", "--where", "side = 'good'"], 3, "no bad one"),
        (["score", "x.png", "-i", "rated", "--version", "9"], 4, "has no version 9; there are 1"),
        (["info", "rated", "--version", "none"], 4, "has no version or tag 'none'"),
        (["restore", "rated", "9"], 4, "has no version 9"),
        (["tag", "rated", "no tag"], 4, "is no tag"),
        (["tag", "rated", "none", "--delete"], 4, "has no tag 'none'"),
        (["export", "rated", "out.txt"], 3, "names no format"),
        (["merge", "new", "rated", "missing"], 4, "no index 'missing'"),
        (["compact", "rated", "--forget-before", "9"], 4, "has no version 9"),
        (["history", "missing"], 4, "no index 'missing'"),
    ],
    ids=lambda value: "-".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_input_is_one_clear_line(call: Run, arguments: list[str], code: int, message: str) -> None:
    done = call(*arguments)
    assert done.returncode == code, done.stderr
    assert message in " ".join(done.stderr.replace("│", " ").split())
    if code > 2:
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
