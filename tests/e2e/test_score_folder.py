"""`score --output DIR/`: the rows of today's file, in shards; interruptions, refusals, other workers, a store."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from PIL import Image

from .conftest import SUMMARY, Run


def equal(one, other):
    """Compare tables: the same columns and rows, numbers to 1e-6."""
    assert one.schema.equals(other.schema), (one.schema, other.schema)
    for name in one.column_names:
        if one.schema.field(name).type == "double":
            mine, theirs = (np.array(table[name].to_pylist(), dtype=float) for table in (one, other))
            np.testing.assert_allclose(mine, theirs, atol=1e-6, rtol=0, err_msg=name)
        else:
            assert one[name].to_pylist() == other[name].to_pylist(), name


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """A folder of 96 images, one of them empty, that nobody has embedded."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(7)
    for i in range(96):
        Image.fromarray(rng.integers(0, 256, (160, 160, 3), dtype=np.uint8)).save(folder / f"{i:03d}.bmp")
    (folder / "050.bmp").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def calm(many, home, tmp_path_factory):
    """Their rows, of a run that nobody disturbed."""
    place = tmp_path_factory.mktemp("calm")
    done = subprocess.run(command(many, place / "calm.parquet"), env=environment(home, place), check=False)
    assert done.returncode == 3
    return pq.read_table(place / "calm.parquet")


def command(many, output, *more):
    program = str(Path(sys.executable).with_name("quasar-index"))
    return [program, "score", str(many), "--index", "rated", "--output", f"{output}", "--no-cache", *map(str, more)]


def environment(home, place, **more):
    return {**os.environ, "QUASAR_INDEX_HOME": str(home), "XDG_CACHE_HOME": str(place), **more}


@pytest.mark.parametrize(
    "options",
    [
        ["--method", "retrieval", "--calibrated", "--keep", "photograph", "--keep", "quality", "--tolerate-truncated"],
        ["--index", "other", "--method", "knn", "--keep", "quality"],
    ],
    ids=["calibrated, kept columns, notes", "two indexes"],
)
def test_rows_are_those_of_a_file(run: Run, photos, home, tmp_path, options):
    if "--calibrated" in options:
        assert run("calibrate", "rated", "--method", "retrieval").returncode == 0
    elif not (home / "other").exists():
        shutil.copytree(home / "rated", home / "other")
    (tmp_path / "cut.png").write_bytes(next(photos.glob("*_0.png")).read_bytes()[:3000])
    labels = (photos / "ratings.csv").read_text().splitlines()
    lines = [labels[0], *(f"{photos}/{line}" for line in labels[1:]), f"{tmp_path}/cut.png,1.0,cut"]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    given = ["score", "--data", tmp_path / "list.csv", "--index", "rated", *options]
    whole = run(*given, "--output", tmp_path / "whole.parquet")
    parts = run(*given, "--output", f"{tmp_path}/parts/", "--shard-rows", "6")
    assert whole.returncode == parts.returncode, parts.stderr
    counts = [SUMMARY.match(one.stderr.splitlines()[-1])["counts"] for one in (whole, parts)]
    assert counts[0].replace("whole.parquet", "parts") == counts[1]
    equal(pq.read_table(tmp_path / "whole.parquet"), ds.dataset(tmp_path / "parts").to_table())
    manifest = json.loads((tmp_path / "parts" / "_manifest.json").read_text())
    assert [one["n_rows"] for one in manifest["shards"]] == [6, 6, 6, 3]
    assert manifest["request"]["indexes"][0]["name"] == "rated"
    assert manifest["command"][:2] == ["quasar-index", "score"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_the_same_command_goes_on(many, calm, home, tmp_path, number, code):
    given = command(many, f"{tmp_path}/out/", "--shard-rows", 4, "--max-failures", 1)
    how = {"env": environment(home, tmp_path), "cwd": tmp_path, "text": True, "stderr": subprocess.PIPE}
    process = subprocess.Popen(given, **how)
    pieces = tmp_path / "out" / ".plan" / "pieces"
    deadline = time.monotonic() + 120
    while len(list(pieces.glob("*.json"))) < 4 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == code, said
    if number == signal.SIGINT:
        assert said.splitlines()[-1] == "quasar-index: error: interrupted; the same command goes on where it stopped"
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name not in (".plan", ".plan.lock")] == []
    done = subprocess.run(given, **how, check=False)
    assert done.returncode == 0, done.stderr
    assert "of 96 rows were left by an interrupted run" in done.stderr
    assert "95 scored, 1 failed (empty); wrote out; see the column error; --max-failures allows that" in (
        done.stderr.replace(f"{tmp_path}/", "")
    )
    equal(calm, pq.read_table(tmp_path / "out"))
    assert not any(path.name.startswith(".") for path in (tmp_path / "out").iterdir())
    if number == signal.SIGKILL:
        return
    again = subprocess.run(given, **how, check=False)
    assert again.returncode == 0
    assert again.stderr.splitlines() == [
        f"quasar-index: '{tmp_path}/out' holds these scores already: 96 rows, 1 of them with an error"
    ]
    other = subprocess.run([*given, "--method", "knn"], **how, check=False)
    assert other.returncode == 3
    assert other.stderr.splitlines()[-1].endswith(
        "holds the scores of another request: other method; name another folder, or remove this one"
    )
    equal(calm, pq.read_table(tmp_path / "out"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "out/", "--sort"], "--sort has no effect: a folder holds the rows of all images"),
        (["--output", "out/", "--report", "a.html"], "--report has no effect: a folder holds scores alone"),
        (["--output", "out/", "--save-embeddings", "a.npz"], "--save-embeddings has no effect: a folder holds scores"),
        (["--output", "out/", "--format", "csv"], "a folder is written as Parquet: drop --format"),
        (["--output", "out.csv", "--shard-rows", "5"], "--shard-rows has no effect: it is for a folder, --output DIR/"),
    ],
)
def test_options_that_do_not_go_with_a_folder_are_refused(run: Run, photos, tmp_path, options, words):
    done = run("score", photos, "--index", "rated", *options)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_not_touched(run: Run, photos, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "letter.txt").write_text("dear")
    done = run("score", photos, "--index", "rated", "--output", "own")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == (
        "quasar-index: error: 'own' is not empty: it holds 'letter.txt'; name a new folder for the scores"
    )
    assert [path.name for path in (tmp_path / "own").iterdir()] == ["letter.txt"]


def test_scores_go_to_an_s3_store(many, calm, home, tmp_path):
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    server_of = pytest.importorskip("moto.server").ThreadedMotoServer
    server = server_of(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        secret = "not-so-secret"  # noqa: S105 - of a store that lives as long as this test
        keys = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        how = {
            "env": environment(home, tmp_path, AWS_ENDPOINT_URL=endpoint, **keys),
            "cwd": tmp_path, "text": True, "capture_output": True,
        }  # fmt: skip
        given = command(many, "s3://scores/run/", "--shard-rows", 40, "--max-failures", "2%")
        refused = subprocess.run(given, **how, check=False)
        assert refused.returncode == 3
        assert "error: 's3://scores/run/' cannot be written" in refused.stderr.splitlines()[-1]
        store = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key=secret,
        )  # fmt: skip
        store.create_bucket(Bucket="scores")
        done = subprocess.run(given, **how, check=False)
        assert done.returncode == 0, done.stderr
        names = sorted(one["Key"] for one in store.list_objects_v2(Bucket="scores")["Contents"])
        assert names[0] == "run/_manifest.json"
        assert len(names) == 4
        for name in names:
            store.download_file("scores", name, str(tmp_path / Path(name).name))
        equal(calm, ds.dataset(sorted(map(str, tmp_path.glob("part-*.parquet")))).to_table())
        assert not list(tmp_path.glob(".quasar*"))
        again = subprocess.run(given, **how, check=False)
        assert "'s3://scores/run/' holds these scores already: 96 rows" in again.stderr
        assert secret not in done.stderr + refused.stderr + (tmp_path / "_manifest.json").read_text()
    finally:
        server.stop()


def test_workers_of_a_cluster_write_the_same_rows(many, calm, home, tmp_path):
    pytest.importorskip("ray")
    more = ("--distribution", "ray", "--workers", 2, "--address", "local", "--shard-rows", 24, "--max-failures", 1)
    done = subprocess.run(
        command(many, f"{tmp_path}/out/", *more),
        env=environment(home, tmp_path), cwd=tmp_path, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    equal(calm, ds.dataset(tmp_path / "out").to_table())
    assert [one["n_rows"] for one in json.loads((tmp_path / "out" / "_manifest.json").read_text())["shards"]] == [
        24
    ] * 4
