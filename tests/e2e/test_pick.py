"""`score --sort, --best, --min-score` and `pick` as a curator uses them."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from .conftest import SUMMARY, Run
from .test_cli import one_error_line, rows_of
from .test_read_only import on_a_read_only_mount


def scores_of(rows: list[dict[str, object]]) -> list[float]:
    return [float(str(row["score"])) for row in rows if row["score"] not in (None, "")]


@pytest.fixture
def album(photos: Path, tmp_path: Path) -> Path:
    """A folder of ten photographs in two folders of the same names, and two files that are none."""
    folder = tmp_path / "album"
    for place, source in enumerate(sorted(photos.glob("*.png"))[:10]):
        target = folder / ("first", "second")[place % 2] / f"{place // 2}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    (folder / "first" / "none.png").write_text("no image")
    whole = (folder / "first" / "0.png").read_bytes()
    (folder / "second" / "cut.png").write_bytes(whole[: len(whole) // 2])
    return folder


def test_sorted_rows_say_their_percentile_and_failures_come_last(call: Run, album: Path) -> None:
    plain = rows_of(call("score", album, "-i", "rated").stdout)
    assert "percentile" not in plain[0]
    best = rows_of(call("score", album, "-i", "rated", "--sort").stdout)
    assert scores_of(best) == sorted(scores_of(plain), reverse=True)
    assert [row["percentile"] for row in best] == [*np.linspace(100, 10, 10), None, None]
    assert {Path(str(row["path"])).name for row in best[-2:]} == {"none.png", "cut.png"}
    by_path = {row["path"]: row for row in plain}
    assert all({**by_path[row["path"]], "percentile": row["percentile"]} == row for row in best)
    worst = rows_of(call("score", album, "-i", "rated", "--sort-worst").stdout)
    assert scores_of(worst) == sorted(scores_of(plain))
    assert [row["score"] for row in worst[-2:]] == [None, None]


def test_the_best_and_those_above_a_score(call: Run, album: Path, tmp_path: Path) -> None:
    scores = sorted(scores_of(rows_of(call("score", album, "-i", "rated").stdout)), reverse=True)
    for share, n in (("3", 3), ("30%", 3), ("31%", 4), ("100%", 10)):
        done = call("score", album, "-i", "rated", "--best", share)
        assert scores_of(rows_of(done.stdout)) == scores[:n]
        assert done.returncode == 3
        assert "2 failed (1 not an image, 1 truncated); run it without --best to see which" in done.stderr
    done = call("score", album, "-i", "rated", "--best", 50)
    assert scores_of(rows_of(done.stdout)) == scores
    assert "--best 50 is more than the images with a score: all 10 of them" in done.stderr
    enough = scores_of(rows_of(call("score", album, "-i", "rated", "--min-score", scores[4]).stdout))
    assert sorted(enough, reverse=True) == scores[:5]
    assert enough != scores[:5]  # in the order given
    both = call("score", album, "-i", "rated", "--best", 3, "--sort-worst", "--min-score", scores[1], "-o", "b.parquet")
    assert both.stdout == ""
    assert pq.read_table(tmp_path / "b.parquet")["score"].to_pylist() == scores[:2][::-1]
    assert "wrote b.parquet" in both.stderr
    one_error_line(call("score", album, "-i", "rated", "--best", 0), 3, "--best '0' keeps no image", "such as 20")
    one_error_line(call("score", album, "-i", "rated", "--best", "200%"), 3, "--best '200%' is more than all")


def test_of_several_ratings_the_first_one_orders(call: Run, photos: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader((photos / "ratings.csv").open()))
    with (tmp_path / "two.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "quality", "appeal"])
        writer.writerows([photos / row["image"], row["quality"], place % 7] for place, row in enumerate(rows))
    done = call("build", tmp_path / "two", "-d", "two.csv", "--score-column", "quality", "--score-column", "appeal")
    assert done.returncode == 0, done.stderr
    given = ("score", photos, "-i", tmp_path / "two", "--rating", "appeal", "--rating", "quality")
    found = rows_of(call(*given, "--best", 4).stdout)
    every = rows_of(call(*given).stdout)
    assert [row["score_appeal"] for row in found] == sorted((row["score_appeal"] for row in every), reverse=True)[:4]
    assert list(found[0])[-2:] == ["percentile", "error"]
    call(*given, "-o", "two.jsonl")
    one_error_line(call("pick", "two.jsonl", "--best", 2), 3, "several ratings: appeal, quality", "--rating")
    picked = rows_of(call("pick", "two.jsonl", "--best", 4, "--rating", "appeal").stdout)
    assert [row["score"] for row in picked] == [row["score_appeal"] for row in found]
    one_error_line(call("pick", "two.jsonl", "--best", 2, "--rating", "colour"), 3, "no column score_colour")


def test_the_table_says_the_folder_once_and_errors_beside_the_file(call: Run, album: Path) -> None:
    lines = call("score", album, "-i", "rated", "-f", "table").stdout.splitlines()
    assert lines[0] == f"in {album}/"
    assert lines[1].split() == ["score", "familiarity", "file"]
    assert len(lines) == 14
    assert re.fullmatch(r"0\.\d{4} +[01]\.\d{4}  first/0\.png", lines[2])
    (none,) = (line for line in lines if "none.png" in line)
    assert re.fullmatch(r" +- +-  first/none\.png  not an image in a known format; convert it .*", none)
    verbose = call("score", album, "-i", "rated", "-f", "table", "--verbose", "--sort").stdout.splitlines()
    assert verbose[1].split() == ["score", "similarity_good", "similarity_bad", "familiarity", "percentile", "file"]
    refused = call("score", album, "-i", "rated", "-f", "csv", "--verbose", COLUMNS="300")
    assert refused.returncode == 2
    assert "--verbose has no effect: it is for a table" in refused.stderr


def test_a_table_appears_line_by_line(home: Path, album: Path) -> None:
    """What is slow behind a fast image does not hold its line back: here a pipe on stdin that stays open."""
    command = [Path(sys.executable).with_name("quasar-index"), "score", *sorted(album.glob("*/?.png")) * 8]
    command += ["-i", home / "rated", "-f", "table", "--batch-size", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        for _ in range(4):
            assert process.stdout.readline()
        assert process.poll() is None  # most are still to come
        assert len(process.stdout.read().splitlines()) == 2 + 80 - 4


def test_the_last_line(call: Run, album: Path, photos: Path) -> None:
    done = call("score", photos, "-i", "rated", "-o", "scores.csv", "--report", "page.html")
    said = SUMMARY.fullmatch(done.stderr.strip())
    assert said, done.stderr
    assert (said["lead"], said["counts"]) == ("20 images", "20 scored; wrote scores.csv, page.html")
    done = call("score", album / "first" / "none.png", album / "first" / "0.png", "-i", "rated")
    said = SUMMARY.fullmatch(done.stderr.strip())
    assert said, done.stderr
    assert said["counts"] == "1 scored, 1 failed (not an image); see the column error"


def test_pick_copies_the_best_and_a_second_run_changes_nothing(call: Run, album: Path, tmp_path: Path) -> None:
    ranked = rows_of(call("score", album, "-i", "rated", "--best", 4).stdout)
    given = ("pick", album, "-i", "rated", "--best", 4, "--copy-to", "best", "-f", "csv")
    done = call(*given)
    assert done.returncode == 3  # two were no images
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["path"] for row in rows] == [row["path"] for row in ranked]
    assert [float(row["score"]) for row in rows] == pytest.approx(scores_of(ranked))
    assert [row["percentile"] for row in rows] == ["100.0", "90.0", "80.0", "70.0"]
    assert [row["why"][:12] for row in rows] == [f"rank {n} of 10" for n in (1, 2, 3, 4)]
    assert "4 picked; copied 4 to best" in done.stderr
    for row in rows:
        assert (tmp_path / row["target"]).read_bytes() == Path(row["path"]).read_bytes()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "best").iterdir()}
    assert len(before) == 4
    again = call(*given)
    assert again.stdout == done.stdout
    assert "copied 0 to best (4 were there)" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "best").iterdir()} == before


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_pick_from_a_file_of_scores(call: Run, album: Path, tmp_path: Path, ending: str) -> None:
    call("score", album, "-i", "rated", "-o", f"scores.{ending}")
    done = call("pick", f"scores.{ending}", "--best", "40%", "--link-to", "best", "-o", "why.csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "quasar-index: 4 picked; linked 4 to best; wrote why.csv\n"
    rows = list(csv.DictReader((tmp_path / "why.csv").open()))
    scores = scores_of(rows_of(call("score", album, "-i", "rated").stdout))
    assert [float(row["score"]) for row in rows] == sorted(scores, reverse=True)[:4]
    for row in rows:
        assert (tmp_path / row["target"]).resolve() == Path(row["path"]).resolve()
    listed = rows_of(call("pick", f"scores.{ending}").stdout)
    assert len(listed) == 10  # all that have a score
    table = call("pick", f"scores.{ending}", "--best", 1, "-f", "table").stdout.splitlines()
    assert table[1].split() == ["score", "percentile", "familiarity", "file"]
    assert table[2].endswith("rank 1 of 10")


def test_of_a_burst_the_best(call: Run, photos: Path, tmp_path: Path) -> None:
    names = ("coffee_0", "coffee_1", "chelsea_0") if (photos / "chelsea_0.png").is_file() else ()
    sources = [photos / f"{name}.png" for name in names] or sorted(photos.glob("*.png"))[:2] + sorted(
        photos.glob("*.png")
    )[-1:]
    (tmp_path / "day").mkdir()
    for place, source in enumerate(sources):
        for shot in range(3):
            exif = Image.Exif()
            exif[0x010F] = "Maker"  # a PNG takes none without a plain entry
            when = {0x9003: f"2026:07:14 12:00:0{shot}", 0x9291: str(place)}
            exif.get_ifd(0x8769).update(when)
            frame = Image.open(source).convert("RGB").crop((shot, shot, 90 + shot, 90 + shot))
            frame.save(tmp_path / "day" / f"{place}{shot}.png", exif=exif)
    shutil.copy(sources[0], tmp_path / "day" / "timeless.png")
    done = call("pick", "day", "-i", "rated", "--one-of-a-burst")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    every = {row["path"]: row["score"] for row in rows_of(call("score", "day", "-i", "rated").stdout)}
    assert len(rows) < len(every)
    assert "day/timeless.png" in {row["path"] for row in rows}
    assert "1 image says no time, and counted as no burst" in done.stderr
    n_left = len(every) - len(rows)
    assert f"{len(rows)} picked; {n_left} left out beside a better one of the burst" in done.stderr
    told = 0
    for row in rows:
        if "alike" in str(row["why"]):
            names_alike = str(row["why"]).partition(": ")[2].partition(" and ")[0].split(", ")
            assert all(every[f"day/{name}"] <= row["score"] for name in names_alike)
            told += int(re.search(r"best of (\d+) alike", str(row["why"]))[1]) - 1  # type: ignore[index]
    assert told == n_left
    apart = call("pick", "day", "-i", "rated", "--one-of-a-burst", "--burst-pause", 0, "--burst-similarity", 1)
    assert len(rows_of(apart.stdout)) == len(every)


def test_bad_input_of_pick(call: Run, album: Path, tmp_path: Path) -> None:
    given = ("pick", album, "-i", "rated")
    for share, words in (("0", "keeps no image"), ("200%", "more than all"), ("some", "no number of images")):
        one_error_line(call(*given, "--best", share), 3, f"--best '{share}'", words)
    more = call(*given, "--best", 99)
    assert len(rows_of(more.stdout)) == 10
    assert "--best 99 is more than the images with a score: all 10" in more.stderr
    one_error_line(call(*given, "--best", 2, "--copy-to", album / "best"), 3, "lies inside", "name a folder outside")
    (tmp_path / "file").touch()
    one_error_line(call(*given, "--best", 2, "--copy-to", "file"), 3, "file' is no folder")
    one_error_line(call("pick", album / "first" / "none.png", "-i", "rated", "--best", 1), 3, "no image has a score")
    (tmp_path / "empty").mkdir()
    one_error_line(call("pick", "empty", "-i", "rated", "--best", 1), 3, "no image in 'empty'")
    one_error_line(call("pick", "gone.csv", "--best", 1), 3, "'gone.csv' cannot be read")
    (tmp_path / "labels.csv").write_text("image,quality\na.png,3\n")
    one_error_line(call("pick", "labels.csv", "--best", 1), 3, "no column path and score: it has image, quality")
    (tmp_path / "odd.csv").write_text("path,score\na.png,good\n")
    one_error_line(call("pick", "odd.csv", "--best", 1), 3, "'good' in the column score is no number")
    (tmp_path / "lost.csv").write_text("path,score\nlost.png,0.5\n")
    lost = call("pick", "lost.csv", "--copy-to", "best")
    one_error_line(lost, 3, "1 of 1 picked file is not there: 'lost.png'")
    assert not (tmp_path / "best").exists()
    one_error_line(call("pick", "lost.csv", "--one-of-a-burst"), 3, "does not hold", "name the images")
    for usage in (given, (*given, "--best", 1, "--copy-to", "a", "--link-to", "b")):
        assert call(*usage).returncode == 2
    refused = call("pick", "lost.csv", "-i", "rated", "--burst-pause", 2, COLUMNS="300")
    assert "--index has no effect: the scores are those of the file" in refused.stderr
    none = call(*given, "--min-score", 0.9999)
    assert none.stdout == ""
    assert "0 picked" in none.stderr


def test_a_read_only_target_is_told_before_anything_is_scored(home: Path, album: Path, tmp_path: Path) -> None:
    target = tmp_path / "locked"
    target.mkdir()
    mounted = on_a_read_only_mount(target)
    if subprocess.run([*mounted, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mounts of one's own here")
    command = [str(Path(sys.executable).with_name("quasar-index")), "pick", album, "-i", home / "rated", "--best", "2"]
    for folder in (target, target / "new"):
        done = subprocess.run(
            [*mounted, *command, "--copy-to", folder], capture_output=True, text=True, check=False, env=os.environ
        )
        assert done.returncode == 3
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"quasar-index: error: nothing can be written to '{folder}' (Read-only file system)")


def test_marked_images_of_a_page_are_a_file_of_scores(call: Run, album: Path, tmp_path: Path) -> None:
    rows = rows_of(call("score", album, "-i", "rated", "--best", 2).stdout)
    (tmp_path / "marked.csv").write_text("path,score\n" + "".join(f"{row['path']},{row['score']}\n" for row in rows))
    done = call("pick", "marked.csv", "--copy-to", "best", "-f", "jsonl")
    assert [json.loads(line)["path"] for line in done.stdout.splitlines()] == [row["path"] for row in rows]
    assert len(list((tmp_path / "best").iterdir())) == 2
