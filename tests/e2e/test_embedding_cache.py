"""The second look at images needs no encoder, nor what runs it, whatever the method; `cache` shows and empties it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import quasar_index as qi

from .conftest import SUMMARY, Run
from .test_read_only import on_a_read_only_mount

# Runs one command and says which of the heavy libraries it has loaded.
LOADED = """
import sys
from quasar_index.cli import main
heavy = {"torch._C", "torchvision", "timm", "open_clip", "onnxruntime"}  # LanceDB puts an empty torch there
try:
    main.main()
except SystemExit as stop:
    print("code", stop.code, file=sys.stderr)
print("loaded", *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
Look = Callable[..., tuple[str, str, list[str]]]


@pytest.fixture
def look(home: Path, tmp_path: Path) -> Look:
    """Run a command in a process of its own; return what it prints, says, and what it has loaded of heavy libraries."""

    def look(*arguments: object, before: tuple[str, ...] = ()) -> tuple[str, str, list[str]]:
        done = subprocess.run(
            [*before, sys.executable, "-c", LOADED, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "QUASAR_INDEX_HOME": str(home), "COLUMNS": "160"},
        )
        *said, code, loaded = done.stderr.splitlines()
        assert code in ("code 0", "code None"), done.stderr
        return done.stdout, "\n".join(said), loaded.split()[1:]

    return look


def test_score_loads_no_torch_for_known_images(look: Look, photos: Path, tmp_path: Path) -> None:
    score = ("score", photos, "-i", "rated", "-f", "csv")
    first, _, loaded = look(*score)
    assert "onnxruntime" in loaded
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for path in photos.glob("*.png"):
        shutil.copy(path, renamed / f"x{path.name}")
    second, said, loaded = look(*score)
    assert (second, loaded) == (first, [])
    assert SUMMARY.fullmatch(said)  # nothing else
    by_content, _, loaded = look("score", renamed, "-i", "rated", "-f", "csv")
    assert by_content.replace(f"{renamed}/x", f"{photos}/") == first
    assert loaded == []
    page = tmp_path / "page.html"
    other, _, loaded = look(*score, "-m", "retrieval", "--report", page, "--explain", tmp_path / "why.jsonl")
    assert not loaded
    assert other != first
    assert page.read_text(encoding="utf-8").count("data:image/") >= 20
    anew, _, loaded = look(*score, "--no-cache")
    assert "onnxruntime" in loaded
    rows = [[line.split(",") for line in text.splitlines()[1:]] for text in (first, anew)]
    for mine, theirs in zip(*rows, strict=True):
        assert (mine[0], [float(x) for x in mine[1:4]]) == (theirs[0], pytest.approx([float(x) for x in theirs[1:4]]))


def test_the_other_commands_find_what_score_has_embedded(look: Look, photos: Path, home: Path, tmp_path: Path) -> None:
    look("score", photos, "-i", "rated", "-f", "csv")
    ratings, columns = photos / "ratings.csv", ("--score-column", "quality")
    shutil.copytree(home / "rated", tmp_path / "fewer")
    measured = ("-d", ratings, *columns, "--exclude", "same-image", "--resamples", "40")
    evaluated = ("evaluate", "-i", "rated", *measured)
    for command in (
        evaluated,
        ("sweep", "rated", "--offsets", "0,0.2", *measured, "--seeds", "2"),
        ("remove", "./fewer", "--where", "quality > 0.9"),
        ("add", "./fewer", "-d", ratings, *columns),
    ):
        _, said, loaded = look(*command)
        assert not loaded
        assert ("in the cache (--no-cache embeds anew)" in said) == (command[0] != "remove")
    assert len(qi.AnchorIndex.open(tmp_path / "fewer")) == 20
    _, said, loaded = look("check", "-d", ratings, *columns, "-i", "rated")
    assert not loaded
    _, said, loaded = look("build", tmp_path / "new", "-d", ratings, *columns)
    assert "20 embeddings were in the cache" in said
    assert qi.AnchorIndex.open(tmp_path / "new").anchors().ids.tolist() == (
        qi.AnchorIndex.open(home / "rated").anchors().ids.tolist()
    )
    _, said, loaded = look(*evaluated, "--no-cache")
    assert ("cache" in said, "onnxruntime" in loaded) == (False, True)


def test_a_read_only_cache_is_read(look: Look, photos: Path, embedding_cache: Path) -> None:
    if subprocess.run([*on_a_read_only_mount(photos), "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system mounts nothing here")
    paths = sorted(photos.glob("*.png"))
    first, *_ = look("score", *paths[:10], "-i", "rated", "-f", "csv")
    mounted = tuple(on_a_read_only_mount(embedding_cache))
    again, said, loaded = look("score", *paths[:10], "-i", "rated", "-f", "csv", before=mounted)
    assert (again, loaded) == (first, [])
    assert SUMMARY.fullmatch(said)
    _, said, loaded = look("score", *paths, "-i", "rated", "-f", "csv", before=mounted)
    noted, summary = said.splitlines()
    assert noted.startswith("quasar-index: embeddings cannot be kept in ")
    assert noted.endswith(": nothing is lost but time")
    assert SUMMARY.fullmatch(summary)


def test_a_full_disk_costs_one_line(look: Look, photos: Path, tmp_path: Path) -> None:
    small = ["unshare", "--mount", "--map-root-user", "sh", "-c",
             'mkdir -p "$0" && mount -t tmpfs -o size=128k none "$0" && exec "$@"']  # fmt: skip
    if subprocess.run([*small, str(tmp_path / "try"), "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system mounts nothing here")
    score = ("score", photos, "-i", "rated", "-f", "csv")
    first, said, _ = look(*score, before=(*small, os.environ["QUASAR_INDEX_CACHE"]))
    assert said.startswith("quasar-index: embeddings cannot be kept in ")
    assert "disk is full" in said
    assert said.count("\n") == 1  # and the last line
    assert first.count("\n") == 21


def test_cache_shows_what_is_there_and_removes_it(call: Run, photos: Path, embedding_cache: Path) -> None:
    facts = dict(line.split(maxsplit=1) for line in call("cache").stdout.splitlines())
    assert facts == {
        "cache": f"{embedding_cache}/embeddings.sqlite",
        "size": "0 B of at most 2.0 GiB",
        "embeddings": "0",
    }
    assert not embedding_cache.exists()
    call("score", *sorted(photos.glob("*.png"))[:5], "-i", "rated", "-f", "csv")
    done = call("cache", QUASAR_INDEX_CACHE_SIZE="1.5G")
    assert "of at most 1.5 GiB" in done.stdout
    heads, row = (line.split() for line in done.stdout.splitlines()[-2:])
    assert heads[:6] == ["encoder", "input", "rule", "layers", "runtime", "images"]
    assert row[:6] == ["efficientnet-lite0", "at-most=512", "2", "stats", "onnx", "5"]
    found = json.loads(call("cache", "--json").stdout)
    assert (found["limit"], found["n_bytes"]) == (3 << 29, (embedding_cache / "embeddings.sqlite").stat().st_size)
    (share,) = found["encoders"]
    assert [share[name] for name in ("encoder", "dim", "runtime", "n_images")] == [qi.DEFAULT_ENCODER, 1568, "onnx", 5]
    assert "0 embeddings were removed" in call("cache", "--prune", "100M").stderr
    assert "5 embeddings were removed" in call("cache", "--clear").stderr
    assert json.loads(call("cache", "--json").stdout)["encoders"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("cache", "--prune", "half"), 3, "'half' is no size; write for example 500M or 2G"),
        (("cache", "--prune", "1G", "--clear"), 2, "--prune has no effect: --clear removes all"),
        (("sweep", "rated", "--offsets", "0", "-d", "x.csv", "--cache", "here", "--no-cache"), 2,
         "--cache has no effect: --no-cache looks into none"),
        (("check", "-d", "x.csv", "--no-cache"), 2, "--no-cache has no effect: images are embedded for --index alone"),
        (("score", "--embeddings", "x.npy", "-i", "rated", "--no-cache"), 2, "--no-cache has no effect: --embeddings"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(call: Run, arguments: tuple[str, ...], code: int, text: str) -> None:
    done = call(*arguments, COLUMNS="300")
    assert done.returncode == code
    assert text in " ".join(done.stderr.split())


def test_a_wrong_limit_is_named(call: Run, photos: Path) -> None:
    done = call("score", photos, "-i", "rated", QUASAR_INDEX_CACHE_SIZE="a lot")
    assert done.returncode == 3
    assert "$QUASAR_INDEX_CACHE_SIZE: 'a lot' is no size; write for example 500M or 2G" in done.stderr


def test_a_cache_that_is_no_cache_is_one_line(look: Look, call: Run, photos: Path, embedding_cache: Path) -> None:
    embedding_cache.mkdir(parents=True)
    (embedding_cache / "embeddings.sqlite").write_text("no database, but a text that is long enough" * 100)
    image = next(photos.glob("*.png"))
    first, said, _ = look("score", image, "-i", "rated", "-f", "csv")
    noted, summary = said.splitlines()
    assert noted.endswith("is made again, the embeddings in it are lost (file is not a database)")
    assert SUMMARY.fullmatch(summary)
    assert call("score", image, "-i", "rated", "-f", "csv").stdout == first
    assert json.loads(call("cache", "--json").stdout)["encoders"][0]["n_images"] == 1
