"""`score --explain`: every score is rebuilt from the file alone, whatever the method."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.special import expit

from .conftest import SUMMARY, Run

N, M, DIM = 90, 7, 16
COLUMNS = ["path", "anchor", "anchor_path", "side", "rating", "similarity", "weight", "contribution"]

WAYS = {
    "mean": "mean:space=raw",
    "mean, unit lengths": "mean:space=raw,normalize_anchors",
    "mean, centred": "mean:space=centred",
    "mean, whitened": "mean",
    "mean, rating weights": "mean:space=raw,rating_power=1",
    "offset": "offset:offset=0.3,space=raw",
    "clustering": "clustering:n_clusters=4",
    "retrieval": "retrieval:top_k=5,space=raw",
    "retrieval, whitened": "retrieval:top_k=5",
    "retrieval, weights": "retrieval:top_k=9,space=centred,similarity_temperature=0.1,rating_power=2",
    "retrieval, blend": "retrieval:top_k=5,blend=0.4",
    "retrieval, joint": "retrieval:mode=joint,top_k=12,space=raw",
    "retrieval, local and blended": "retrieval:mode=joint,division=local,top_k=12,blend=0.5",
    "knn": "knn:top_k=6,space=raw",
    "knn, whitened": "knn:top_k=6,similarity_temperature=0.2",
}


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of rated embeddings, `own`, and `queries.npy`."""
    folder = tmp_path_factory.mktemp("vectors")
    rng = np.random.default_rng(0)
    quality = rng.random(N)
    anchors = rng.normal(size=(N, DIM)) + quality[:, None] * rng.normal(size=DIM) + 0.5
    np.save(folder / "anchors.npy", anchors.astype(np.float32))
    np.save(folder / "queries.npy", (rng.normal(size=(M, DIM)) + 0.5).astype(np.float32))
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = [[f"a{i:03d}.png", 1 + 4 * q] for i, q in enumerate(quality)]
        csv.writer(file).writerows([["image", "score"], *rows])
    return folder


@pytest.fixture
def explain(vectors: Path, call: Run, tmp_path: Path):
    """Score the queries with `--explain`; returns the scores, and the rows of the file by path."""
    index = vectors / "own"
    if not index.exists():
        data = ["--embeddings", vectors / "anchors.npy", "--labels", vectors / "labels.csv", "--score-column", "score"]
        assert call("build", index, *data).returncode == 0

    def explain(*options: object, file: str = "why.jsonl"):
        done = call("score", "--embeddings", vectors / "queries.npy", "-i", index, "--explain", file, *options)
        assert done.returncode == 0, done.stderr
        scores = {row["path"]: row for row in map(json.loads, done.stdout.splitlines())}
        path = tmp_path / file
        rows = pq.read_table(path).to_pylist() if file.endswith("parquet") else map(json.loads, path.open())
        by_path: dict[str, list[dict]] = {name: [] for name in scores}
        for row in rows:
            assert list(row) == COLUMNS
            by_path[row["path"]].append(row)
        return scores, by_path, done.stderr

    return explain


@pytest.mark.parametrize("way", WAYS)
def test_the_file_alone_rebuilds_every_score(way: str, explain) -> None:
    scores, rows, _ = explain(
        "-m", WAYS[way], "--explain-top", 0, file="why.parquet" if "blend" in way else "why.jsonl"
    )
    assert len(scores) == M
    for path, score in scores.items():
        own = rows[path]
        assert own
        assert all(row["weight"] for row in own)
        if "knn" in way:
            assert sum(row["weight"] for row in own) == pytest.approx(1)
            assert sum(row["contribution"] for row in own) == pytest.approx(score["score"], abs=1e-6)
            continue
        sums = {
            side: sum(row["weight"] * row["similarity"] for row in own if row["side"] == side)
            for side in ("good", "bad")
        }
        assert sums["good"] == pytest.approx(score["similarity_good"], abs=1e-6)
        assert sums["bad"] == pytest.approx(score["similarity_bad"], abs=1e-6)
        assert expit((sums["good"] - sums["bad"]) / 0.07) == pytest.approx(score["score"], abs=1e-6)
        for row in own:
            assert row["contribution"] == row["weight"] * row["similarity"]


def test_rows_name_the_anchors_as_their_label_file_does(explain, vectors: Path) -> None:
    ratings = {row["image"]: float(row["score"]) for row in csv.DictReader((vectors / "labels.csv").open())}
    median = np.median(list(ratings.values()))
    _, rows, stderr = explain("--explain-top", 0)
    assert SUMMARY.fullmatch(stderr.strip())  # nothing else
    for own in rows.values():
        assert len(own) == len({row["anchor"] for row in own}) == N
        for row in own:
            rating = ratings[Path(row["anchor_path"]).name]
            assert row["rating"] == pytest.approx(rating)
            assert row["side"] == ("good" if rating > median else "bad")


def test_the_top_are_the_largest_contributions_and_the_cut_is_told(explain) -> None:
    _, whole, _ = explain("--explain-top", 0)
    _, cut, stderr = explain("--explain-top", 3)
    assert "3 anchors a side of 7 images; --explain-top 0 writes all" in stderr
    for path, rows in cut.items():
        for side in ("good", "bad"):
            largest = sorted((abs(row["contribution"]) for row in whole[path] if row["side"] == side), reverse=True)
            assert [abs(row["contribution"]) for row in rows if row["side"] == side] == largest[:3]
    _, default, stderr = explain()
    assert default == whole  # 90 anchors are fewer than the default a side
    assert SUMMARY.fullmatch(stderr.strip())  # nothing else


def test_both_formats_hold_the_same(explain) -> None:
    _, lines, _ = explain("-m", "retrieval")
    _, parquet, _ = explain("-m", "retrieval", file="why.parquet")
    assert lines == parquet


def test_what_cannot_be_explained_is_said_before_anything_is_scored(call: Run, explain, vectors: Path) -> None:
    explain()  # makes the index
    (Path.cwd() / "why.jsonl").unlink()
    base = ["score", "--embeddings", vectors / "queries.npy", "-i", vectors / "own"]
    for options, code, words in (
        (["-m", "ridge", "--explain", "why.jsonl"], 6, "ridge is no sum over anchors"),
        (["--explain", "why.txt"], 3, "does not end in .jsonl or .parquet"),
        (["--explain", "nowhere/why.jsonl"], 3, "its folder does not exist"),
        (["--report", "page.png"], 3, "does not end in .html"),
        (["--explain", "a.jsonl", "--output", "a.jsonl"], 2, "named twice"),
        (["--explain-top", "3"], 2, "for --explain"),
    ):
        done = call(*base, *options)
        assert done.returncode == code, done.stderr
        assert words in " ".join(done.stderr.replace("│", " ").split())
        assert done.stdout == ""
    assert list(Path.cwd().iterdir()) == []
