"""Scoring as a job: containers, parts of the work, several indexes, saved embeddings, failures, progress."""

import csv
import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from quasar_index.cli import progress, saving

import quasar_index as qi
from quasar_index.encoders.image_tower import ImageTower

from .conftest import Run

# So that the last bits do not depend on where a run stopped.
ONE_BY_ONE = ("--batch-size", 1, "--threads", 1, "--no-cache")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """The photographs as two tar shards, each image with its number and photograph; the sixth is cut off."""
    folder = tmp_path_factory.mktemp("shards")
    images = sorted(photos.glob("*.png"))
    for shard in range(2):
        with tarfile.open(folder / f"{shard}.tar", "w") as archive:
            for number in range(shard * 10, shard * 10 + 10):
                content = images[number].read_bytes()
                labels = {"number": number, "photo": images[number].stem.rpartition("_")[0], "score": number / 2}
                for ending, data in (
                    ("png", content[:100] if number == 5 else content),
                    ("json", json.dumps(labels).encode()),
                ):
                    member = tarfile.TarInfo(f"{number:03d}.{ending}")
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, photos: Path, home: Path) -> Path:
    """An index of some of these photographs, of the same encoder as `rated`; and `final`, of another one."""
    folder = tmp_path_factory.mktemp("others")
    rated = qi.AnchorIndex.open(home / "rated")
    rated.export(folder / "all.parquet")
    found = qi.read_export(folder / "all.parquet")
    rows = np.random.default_rng(0).permutation(20)
    source = found.sources[0]
    shuffled = source.records.set_column(1, "score", pa.array(np.array(source.records["score"])[rows]))
    turned = qi.AnchorSource("turned", shuffled, source.kind, source.division)
    qi.build_from_embeddings(folder / "other", turned, found.embeddings, spec=found.spec, ids=found.ids)
    encoder = qi.load_encoder(device="cpu", layers="final")
    qi.build_index(folder / "final", [qi.load_source(photos / "ratings.csv", score_column="quality")], encoder)
    return folder


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of images of each forward pass; it raises where `stop_after` is reached."""
    seen: list[int] = []
    forward = ImageTower.forward

    def counting(self: ImageTower, pixels: object) -> object:
        seen.append(len(pixels))  # type: ignore[arg-type]
        return forward(self, pixels)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageTower, "forward", counting)
    return seen


def rows_of(done: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


def test_shards_are_scored_as_their_files_are(call: Run, shards: Path, photos: Path) -> None:
    done = call("score", "--data", shards, "-i", "rated", "--keep", "number", "--keep", "score", "-f", "csv")
    assert done.returncode == 3
    assert "error: 20 images in " in done.stderr
    assert done.stderr.endswith(": 19 scored, 1 failed (truncated); see the column error\n")
    rows = rows_of(done)
    assert list(rows[0])[:4] == ["path", "number", "score_in_file", "score"]
    assert [row["path"] for row in rows] == [f"{n // 10}.tar::{n:03d}.png" for n in range(20)]
    assert [row["number"] for row in rows] == [str(n) for n in range(20)]
    assert [bool(row["error"]) for row in rows] == [n == 5 for n in range(20)]
    files = rows_of(call("score", photos, "-i", "rated", "-f", "csv"))
    for row, file in zip(rows, files, strict=True):
        if not row["error"]:
            assert float(row["score"]) == pytest.approx(float(file["score"]), abs=1e-6)


def test_columns_keep_their_types(call: Run, photos: Path, tmp_path: Path) -> None:
    table = pa.table(
        {
            "jpeg": [path.read_bytes() for path in sorted(photos.glob("coffee_*.png"))],
            "n": pa.array([1, None, 3, 4]),
            "part": [0.5, float("nan"), 2.0, 3.0],
            "good": [True, False, None, True],
            "day": pa.array([0, 1, 2, 3], pa.date32()),
            "name": ["=a", None, "c", "d"],
        }
    )
    pq.write_table(table, tmp_path / "images.parquet")
    keep = [part for name in table.column_names[1:] for part in ("--keep", name)]
    done = call("score", "--data", tmp_path / "images.parquet", "-i", "rated", *keep, "-o", tmp_path / "out.parquet")
    assert done.returncode == 0, done.stderr
    found = pq.read_table(tmp_path / "out.parquet").select(table.column_names[1:])
    assert [str(one) for one in found.schema.types] == ["int64", "double", "bool", "string", "string"]
    assert found.to_pydict() == {
        "n": [1, None, 3, 4],
        "part": [0.5, None, 2.0, 3.0],
        "good": [True, False, None, True],
        "day": ["1970-01-01", "1970-01-02", "1970-01-03", "1970-01-04"],
        "name": ["=a", None, "c", "d"],
    }


def test_several_sources_are_one_job(call: Run, photos: Path, shards: Path, tmp_path: Path) -> None:
    (tmp_path / "shots.csv").write_text(f"file,photo\n{photos / 'coffee_0.png'},mine\n")
    asked = (
        "score",
        "-d",
        tmp_path / "shots.csv",
        "-d",
        shards / "1.tar",
        "-i",
        "rated",
        "--keep",
        "number",
        "-f",
        "csv",
    )
    rows = rows_of(call(*asked))
    assert [row["number"] for row in rows] == ["", *map(str, range(10, 20))]
    assert [row["path"] for row in rows][:2] == [str(photos / "coffee_0.png"), "1.tar::010.png"]
    parts = [rows_of(call(*asked, "--shard", f"{n}/3")) for n in (1, 2, 3)]
    assert [len(part) for part in parts] == [3, 4, 4]
    assert [row["path"] for part in parts for row in part] == [row["path"] for row in rows]
    assert [row["number"] for part in parts for row in part] == [row["number"] for row in rows]


@pytest.mark.parametrize(("n", "of"), [(7, 3), (3, 7), (1, 1), (10_000, 64)])
def test_parts_of_the_work_are_even_and_all_of_it(n: int, of: int) -> None:
    from quasar_index.cli.score_inputs import Inputs, _Part

    paths = [str(i) for i in range(n)]
    inputs = Inputs([_Part(paths[: n // 3]), _Part([]), _Part(paths[n // 3 :])])
    parts = [inputs.part(number, of).paths for number in range(1, of + 1)]
    assert [path for part in parts for path in part] == paths
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_part_without_images_is_an_empty_result(call: Run, photos: Path, tmp_path: Path) -> None:
    done = call("score", photos / "coffee_0.png", "-i", "rated", "--shard", "1/2", "-o", tmp_path / "out.csv")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "quasar-index: shard 1 of 2: 0 of 1 image"
    assert (tmp_path / "out.csv").read_text() == "path,score,similarity_good,similarity_bad,familiarity,error\n"


def test_two_indexes_of_one_encoder_embed_once(
    call: Run, photos: Path, other: Path, tmp_path: Path, embedded: list[int]
) -> None:
    images = [photos / "coffee_0.png", tmp_path / "none.png", photos / "coffee_3.png"]
    both = rows_of(call("score", *images, "-i", "rated", "-i", other / "other", "-f", "csv", *ONE_BY_ONE))
    assert sum(embedded) == 2
    assert list(both[0])[1:4] == ["score_rated", "similarity_good_rated", "similarity_bad_rated"]
    for name, path in (("rated", "rated"), ("other", other / "other")):
        alone = rows_of(call("score", *images, "-i", path, "-f", "csv", *ONE_BY_ONE))
        for one, row in zip(alone, both, strict=True):
            assert (row["path"], row["error"]) == (one["path"], one["error"])
            assert [row[f"score_{name}"]] == pytest.approx([one["score"]]) or float(
                row[f"score_{name}"]
            ) == pytest.approx(float(one["score"]), abs=1e-6)


def test_two_indexes_of_two_encoders(call: Run, photos: Path, other: Path, tmp_path: Path, embedded: list[int]) -> None:
    images = [photos / "coffee_0.png", tmp_path / "none.png", photos / "coffee_3.png"]
    indexes = ("-i", other / "final", "-i", "rated")
    both = rows_of(call("score", *images, *indexes, "-f", "csv", *ONE_BY_ONE))
    assert sum(embedded) == 4
    for name, path in (("rated", "rated"), ("final", other / "final")):
        alone = rows_of(call("score", *images, "-i", path, "-f", "csv", *ONE_BY_ONE))
        for n in (0, 2):
            assert float(both[n][f"score_{name}"]) == pytest.approx(float(alone[n]["score"]), abs=1e-6)
    assert "cannot be read" in both[1]["error"]
    assert "; check the path; " not in both[1]["error"]  # said once, not once an encoder
    refused = call("score", *images, *indexes, "--save-embeddings", tmp_path / "e.npz")
    assert refused.returncode == 2
    assert "--save-embeddings and --weights are for one encoder" in " ".join(refused.stderr.split())


@pytest.mark.parametrize("ending", ["parquet", "npz"])
def test_saved_embeddings_give_the_scores_again(
    call: Run, shards: Path, other: Path, tmp_path: Path, ending: str
) -> None:
    saved = tmp_path / f"e.{ending}"
    first = call(
        "score", "--data", shards, "-i", "rated", "-f", "csv", "--save-embeddings", saved, "--max-failures", "5%"
    )
    assert first.returncode == 0
    assert "19 scored, 1 failed (truncated); wrote " in first.stderr
    assert first.stderr.endswith("; see the column error; --max-failures allows that\n")
    assert f"19 embeddings in '{saved}'" in first.stderr
    again = call("score", "--embeddings", saved, "-i", "rated", "--keep", "id", "-f", "csv")
    assert again.returncode == 0, again.stderr
    rows = {row["path"]: row for row in rows_of(first) if not row["error"]}
    for row in rows_of(again):
        assert float(row["score"]) == pytest.approx(float(rows.pop(row["path"])["score"]), abs=1e-6)
        assert len(row["id"]) == 32
    assert not rows
    refused = call("score", "--embeddings", saved, "-i", other / "final")
    assert refused.returncode == 4
    assert "(1568-d) but index 'final' holds" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]


def test_an_export_keeps_its_paths(call: Run, home: Path, tmp_path: Path) -> None:
    index = qi.AnchorIndex.open(home / "rated")
    for ending in ("npz", "parquet"):
        index.export(tmp_path / f"all.{ending}")
        rows = rows_of(call("score", "--embeddings", tmp_path / f"all.{ending}", "-i", "rated", "-f", "csv"))
        assert sorted(row["path"] for row in rows) == sorted(index.tables.read(["path"])["path"].to_pylist())


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the encoder be interrupted after so many images, of one a batch."""
    forward, seen = ImageTower.forward, []

    def stopping(self: ImageTower, pixels: object) -> object:
        if len(seen) == after:
            raise KeyboardInterrupt
        seen.append(1)
        return forward(self, pixels)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageTower, "forward", stopping)


@pytest.mark.parametrize("to_stdout", [False, True])
def test_an_interrupted_job_loses_neither_rows_nor_embeddings(
    call: Run, shards: Path, other: Path, tmp_path: Path, embedded: list[int], to_stdout: bool
) -> None:
    mine = tmp_path / "shards"
    shutil.copytree(shards, mine)
    out, saved = tmp_path / "out.csv", tmp_path / "e.npz"
    asked = ["score", "--data", mine, "-i", "rated", "-i", other / "other", "--keep", "photo", "--shard", "1/1"]
    asked += ["--save-embeddings", saved, *ONE_BY_ONE, *(["-f", "csv"] if to_stdout else ["-o", out])]
    done = call(*asked)
    assert done.returncode == 3
    whole = done.stdout if to_stdout else out.read_text()
    embeddings = saved.read_bytes()
    saved.unlink()
    with pytest.MonkeyPatch.context() as patched:
        interrupt(patched, 8)
        done = call(*asked)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1].endswith("interrupted; the same command goes on after the rows that are there")
    assert not saved.exists()
    embedded.clear()
    done = call(*asked)
    assert done.returncode == 3
    left = next(line for line in done.stderr.splitlines() if "left by an interrupted run" in line)
    n_left = int(left.split()[1])
    assert 5 < n_left <= 9
    assert sum(embedded) == 20 - n_left
    assert (done.stdout if to_stdout else out.read_text()) == whole
    assert saved.read_bytes() == embeddings
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.npz", *([] if to_stdout else ["out.csv"]), "shards"]


def test_rows_of_a_changed_container_or_column_are_made_again(
    call: Run, photos: Path, tmp_path: Path, embedded: list[int]
) -> None:
    names = [path.name for path in sorted(photos.glob("coffee_*.png"))]
    for name in names:
        shutil.copy(photos / name, tmp_path / name)
    labels = tmp_path / "shots.csv"

    def write(*cameras: str) -> None:
        labels.write_text("\n".join(["image,camera", *(f"{n},{c}" for n, c in zip(names, cameras, strict=True))]))

    asked = ["score", "--data", labels, "-i", "rated", "--keep", "camera", "-o", tmp_path / "out.csv", *ONE_BY_ONE]
    write("a", "b", "c", "d")
    with pytest.MonkeyPatch.context() as patched:
        interrupt(patched, 3)
        assert call(*asked).returncode == 130
    write("a", "x", "c", "d")
    embedded.clear()
    assert call(*asked).returncode == 0
    assert sum(embedded) == 3  # the second row says another camera now: it and those behind it are made again
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["camera"] for row in rows] == ["a", "x", "c", "d"]


def test_embeddings_that_a_power_cut_took_are_made_again(tmp_path: Path) -> None:
    spec = qi.EncoderSpec("own", 3, "f")
    images = [(qi.ScoredImage(str(n), 0.5, embedding=np.full(3, n, np.float32), id=f"{n:032x}"),) for n in range(4)]
    images.insert(1, (qi.ScoredImage("bad", error="x"),))
    place = saving.Embeddings(tmp_path / "e", 3)
    list(place.passing(images))
    place.close()
    file = tmp_path / "e"
    file.write_bytes(file.read_bytes()[:-5])  # of four, the last one is torn
    place = saving.Embeddings(file, 3)
    assert place.keep([True, False, True, True, True]) == 4
    list(place.passing(images[4:]))
    assert place.write(str(tmp_path / "out.npz"), ["0", "bad", "1", "2", "3"], spec) == 4
    place.close()
    found = qi.index.read_embedded_images(tmp_path / "out.npz")
    assert found.records["path"].to_pylist() == ["0", "1", "2", "3"]
    assert found.embeddings[:, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("most", "code"), [("0", 3), ("1", 3), ("2", 0), ("9.9%", 3), ("10%", 0), ("100%", 0)])
def test_failures_that_are_allowed(call: Run, photos: Path, tmp_path: Path, most: str, code: int) -> None:
    images = [*sorted(photos.glob("*.png"))[:2]] * 9 + [tmp_path / "none.png", tmp_path / "nor.png"]
    done = call("score", *images, "-i", "rated", "--max-failures", most)
    assert done.returncode == code
    assert "18 scored, 2 failed (missing); see the column error" in done.stderr
    assert ("error: 20 images" in done.stderr) == (code == 3)
    assert ("--max-failures allows that" in done.stderr) == (code == 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "{photos}", "{photos}"], "give either images, --data or --embeddings"),
        (["{photos}", "--shard", "0/4"], "--shard 0/4 is none: the parts of four are 1/4, 2/4, 3/4 and 4/4"),
        (["{photos}", "--max-failures", "some"], "--max-failures some is neither a number of images nor a percentage"),
        (["{photos}", "--keep", "x"], "--keep has no effect: files have no columns"),
        (["--data", "{photos}", "--keep", "x"], "--keep 'x' is no column of the data; columns: image, quality, photo"),
        (["{photos}", "--save-embeddings", "a.csv"], "--save-embeddings 'a.csv' does not end in .parquet or .npz"),
        (["{photos}", "--save-embeddings", "a/b.npz"], "'a/b.npz' cannot be written, its folder does not exist"),
        (["{photos}", "-i", "rated"], "two scores would be called score_rated"),
        (["{photos}", "-i", "x", "--report", "p.html"], "--explain, --report and --version are for one --index"),
        (["--data", "{shards}", "--report", "p.html"], "--report shows images by their files"),
        (["{photos}", "-o", "a.parquet", "--save-embeddings", "a.parquet"], "'a.parquet' is named twice"),
    ],
)
def test_what_makes_no_sense_is_one_line(call: Run, photos: Path, shards: Path, options: list[str], said: str) -> None:
    done = call("score", *(one.format(photos=photos, shards=shards) for one in options), "-i", "rated")
    assert done.returncode in (2, 3), done.stderr
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_lines_of_progress_off_a_terminal(call: Run, shards: Path) -> None:
    asked = ("score", "--data", shards, "-i", "rated", "-f", "csv", *ONE_BY_ONE)
    done = call(*asked, QUASAR_INDEX_PROGRESS_SECONDS="0")
    lines = [line for line in done.stderr.splitlines() if "scoring:" in line]
    assert len(lines) == 20
    assert lines[-1].startswith("quasar-index: scoring: 20 of 20 (100.0%), ")
    assert "/s, 0 s left, 1 failed, " in lines[-1]
    done = call(*asked, QUASAR_INDEX_PROGRESS_SECONDS="3600")
    (said,) = done.stderr.splitlines()
    assert said.startswith("quasar-index: error: 20 images in ")
    done = call(*asked, "--log-format", "json", QUASAR_INDEX_PROGRESS_SECONDS="0")
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["event"] for one in said] == ["progress"] * 20 + ["note"]
    last = said[-2]
    assert (last["what"], last["done"], last["total"], last["failed"], last["seconds_left"]) == (
        "scoring",
        20,
        20,
        1,
        0,
    )
    assert last["rate"] > 0
    assert last["memory_bytes"] > 1 << 20
    broken = call("score", "--data", "nothing.csv", "-i", "rated", "--log-format", "json")
    assert json.loads(broken.stderr)["event"] == "error"
    assert broken.returncode == json.loads(broken.stderr)["exit_code"] == 3
    assert call(*asked, QUASAR_INDEX_PROGRESS_SECONDS="often").stderr.count("give seconds, such as 30") == 1


def test_builds_and_syntheses_have_lines_of_progress_too(call: Run, photos: Path, tmp_path: Path) -> None:
    every = {"QUASAR_INDEX_PROGRESS_SECONDS": "0"}
    data = ("--data", photos / "ratings.csv", "--score-column", "quality")
    done = call("build", tmp_path / "own", *data, "--log-format", "json", **every)
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["done"] for one in said if one["event"] == "progress"] == list(range(1, 21))
    done = call("synthesize", photos, tmp_path / "made", "--types", "gaussian-blur", "--levels", "1", **every)
    assert done.stderr.count("quasar-index: distorting: ") == 20, done.stderr


def test_the_bar_shows_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with progress.progress_bar("scoring") as update:
        update(3333, 10_000, failed=21)
    said = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "3333/10000" in said
    assert "21 failed" in said


def test_all_is_saved_though_nobody_reads_the_rows(shards: Path, home: Path, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("quasar-index")
    pipe = f"'{command}' score --data '{shards}' -i '{home / 'rated'}' --save-embeddings e.npz | head -n 1"
    done = subprocess.run(["bash", "-c", pipe], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["path"] == "0.tar::000.png"
    assert len(qi.index.read_embedded_images(tmp_path / "e.npz")) == 19
    assert [path.name for path in tmp_path.iterdir()] == ["e.npz"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (8.4, "8 s"), (60, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (97200, "1 d 3 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text
