"""A build by workers of a Ray cluster equals a local one, whatever dies meanwhile."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from tests import clusters
from tests.clusters import Killer, build, differences, make_images, state

# Not imported here: Ray reads the environment when it is imported.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
ROOT = Path(__file__).parents[2]
N = 64


@pytest.fixture(scope="module")
def three_nodes():
    with clusters.cluster() as made:
        yield made


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    return make_images(tmp_path_factory.mktemp("ray") / "images", N)


@pytest.fixture(scope="module")
def calm(tmp_path_factory, labels):
    """What a build in this process makes."""
    folder = tmp_path_factory.mktemp("calm") / "calm"
    qi.build_index(folder, [qi.load_source(str(labels))], Killer(), batch_size=4)
    return state(folder)


def drive(*arguments, **more):
    """Start a driver in a process of its own."""
    command = [sys.executable, "-m", "tests.clusters", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)


def n_pieces(name):
    return len(list((name.with_name(f".{name.name}.building") / "pieces").glob("*.json")))


def test_a_worker_that_dies_at_a_write_costs_its_shard_and_nothing_else(three_nodes, labels, calm, tmp_path):
    for kill in ("before", "between", "after"):
        flags = tmp_path / kill
        flags.mkdir()
        (flags / "one").touch()
        done = []
        report = build(
            three_nodes.address,
            tmp_path / f"of-{kill}",
            labels,
            Killer(kill, str(flags)),
            on_progress=lambda n, _, done=done: done.append(n),
        )
        assert not list(flags.iterdir()), f"nothing died {kill} the write"
        assert differences(state(tmp_path / f"of-{kill}"), calm) == []
        assert [Path(path).name for path, _ in report.failures] == ["0005.png"]
        assert done[-1] == N
        assert done == sorted(done)


def test_a_poisonous_image_fails_after_three_deaths_and_the_plan_ends(three_nodes, calm, tmp_path, monkeypatch):
    monkeypatch.setattr("quasar_index.plans.ray_run.PATIENCE", 1.0)
    labels = make_images(tmp_path / "images", N, poison=30)
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    report = build(three_nodes.address, tmp_path / "poisoned", labels, Killer(flags=str(deaths)))
    assert {Path(path).name: error for path, error in report.failures if "0005" not in path} == {
        "0030.png": "its worker died three times"
    }
    assert len(list(deaths.iterdir())) == 3
    assert len(report.index) == len(calm["ids"]) - 1
    assert report.index.verify().damage == ()


def test_a_node_that_leaves_costs_no_row(three_nodes, labels, calm, tmp_path):
    name = tmp_path / "left"
    node = clusters.add_node(three_nodes)

    def remove():
        while n_pieces(name) < 2:
            time.sleep(0.05)
        three_nodes.remove_node(node, allow_graceful=False)

    thread = threading.Thread(target=remove)
    thread.start()
    try:
        report = build(three_nodes.address, name, labels, Killer(delay=0.2), n_workers=4)
    finally:
        thread.join()
    assert [Path(path).name for path, _ in report.failures] == ["0005.png"]
    assert differences(state(name), calm) == []


def test_a_driver_that_dies_loses_nothing_and_a_second_one_waits(three_nodes, labels, calm, tmp_path):
    name = tmp_path / "driven"
    driver = drive(three_nodes.address, name, labels, "--delay", 0.3, "--die-at", 3)
    while driver.poll() is None and n_pieces(name) < 1:
        time.sleep(0.05)
    with pytest.raises(qi.AnchorIndexError, match="another process is changing index 'driven'"):
        qi.build_index(name, [qi.load_source(str(labels))], Killer())
    assert driver.wait(timeout=120) == -9, driver.stderr.read()
    assert not name.exists()
    pieces = name.with_name(".driven.building") / "pieces"
    kept = sorted(pieces.glob("*.json"))
    kept[0].write_text(kept[0].read_text()[:40])  # a torn sidecar
    file = pieces / json.loads(kept[1].read_text())["file"]
    file.write_bytes(file.read_bytes()[:-100])  # and a torn file
    assert drive(three_nodes.address, name, labels, "--die-in", "rename").wait(timeout=120) == -9
    assert not name.exists()
    report = build(three_nodes.address, name, labels, Killer())
    assert report.n_embedded == 0
    assert differences(state(name), calm) == []


def test_a_commit_that_is_repeated_doubles_nothing(three_nodes, labels, calm, tmp_path):
    name = tmp_path / "committed"
    assert drive(three_nodes.address, name, labels, "--die-in", "renamed").wait(timeout=120) == -9
    report = build(three_nodes.address, name, labels, Killer())
    assert report.n_embedded == 0
    assert differences(state(name), calm) == []
    assert not list(name.parent.glob(".committed*"))
    assert not (name / "plan.json").exists()


def test_an_addition_by_workers_equals_a_local_one(three_nodes, labels, tmp_path):
    source = qi.load_source(str(labels))
    first = replace(source, records=source.records.slice(0, 24))
    found = {}
    for name, executor in (("near", None), ("far", qi.plans.RayExecutor(2, three_nodes.address))):
        index = qi.build_index(tmp_path / name, [first], Killer(), batch_size=4).index
        report = index.add([source], Killer(), batch_size=4, executor=executor, shard_rows=clusters.SHARD)
        found[name] = report.n_added, report.n_unchanged, report.n_duplicates, len(report.failures)
        index = qi.AnchorIndex.open(tmp_path / name)
        assert len(index) == N - 2
    assert found["far"] == found["near"]
    assert differences(state(tmp_path / "far"), state(tmp_path / "near")) == []


def test_a_worker_that_cannot_work_is_named(three_nodes, labels, tmp_path, monkeypatch):
    from quasar_index.plans import ray_executor, ray_run

    with monkeypatch.context() as patched:
        patched.setattr(ray_executor, "_probe", lambda folder: contextlib.nullcontext("elsewhere"))
        with pytest.raises(qi.AnchorIndexError, match=r"cannot see or write the folder of the plan, '.*'; put it on a"):
            build(three_nodes.address, tmp_path / "unseen", labels, Killer())
    for module in (ray_executor, ray_run):
        monkeypatch.setattr(module, "own_version", lambda: "9.9")
    with pytest.raises(qi.DataError, match=r"has quasar-index .*, and this machine 9.9; install the same version"):
        build(three_nodes.address, tmp_path / "unseen", labels, Killer())


def _listing(folder):
    with contextlib.suppress(FileNotFoundError):
        return sorted((one.name, one.stat().st_mtime_ns) for one in folder.iterdir())
    return None


def test_the_command_starts_a_cluster_of_its_own_and_leaves_nothing(tmp_path, photos, built):
    home, place = tmp_path / "home", tmp_path / "place"
    home.mkdir()
    place.mkdir()
    watched = [place, Path(tempfile.gettempdir(), "ray"), home / ".ray", Path.home() / ".ray"]
    before = [_listing(folder) for folder in watched]
    environment = os.environ | {"HOME": str(home), "RAY_TMPDIR": str(place), "QUASAR_INDEX_HOME": str(tmp_path)}
    environment["QUASAR_INDEX_PROGRESS_SECONDS"] = "1000"
    command = [
        *(sys.executable, "-m", "quasar_index.cli", "build", "far", "--data", str(photos / "ratings.csv")),
        *("--score-column", "quality", "--distribution", "ray", "--workers", "2", "--shard-rows", "6", "--no-cache"),
        *("--encoder", "efficientnet-lite0", "--json"),
    ]
    run = subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    said, told = run.communicate(timeout=300)
    assert (run.returncode, told) == (0, "")
    assert json.loads(said)["index"].endswith("far")
    assert [_listing(folder) for folder in watched] == before
    assert not list(Path(tempfile.gettempdir()).glob(f"quasar-ray-{run.pid}-*"))
    assert differences(state(tmp_path / "far"), state(built)) == []
    images = sorted(map(str, photos.glob("*.png")))
    scores = [
        [
            row.score
            for row in qi.Scorer(qi.AnchorIndex.open(one), qi.Retrieval(), qi.load_encoder()).score_files(images)
        ]
        for one in (tmp_path / "far", built)
    ]
    np.testing.assert_allclose(*scores, atol=1e-6)


def test_what_stands_against_it_is_one_line(tmp_path, labels):
    source = qi.load_source(str(labels))
    with pytest.raises(qi.QuasarError, match=r"no Ray cluster answers at '127.0.0.1:1'"):
        qi.build_index(tmp_path / "none", [source], Killer(), executor=qi.plans.RayExecutor(1, "127.0.0.1:1"))
    with pytest.raises(qi.QuasarError, match="n_workers is 0; give at least 1"):
        qi.plans.RayExecutor(0)
    code = (
        "import sys; sys.modules['ray'] = None; import quasar_index as qi; from tests.clusters import Killer\n"
        f"try: qi.build_index({str(tmp_path / 'none')!r}, [qi.load_source({str(labels)!r})], Killer(),"
        " executor=qi.plans.RayExecutor(1))\n"
        "except qi.DataError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "many machines need Ray, which is not installed; pip install -e '.[ray]'\n"
