"""`make bench` runs at tiny sizes and says what it measured. How fast it is, is no matter for a test."""

import contextlib
import io
import json
import re
import sys
from functools import partial
from pathlib import Path

import pytest

import quasar_index as qi

from .conftest import Run

SMALL = ("--anchors", "600", "--queries", "20", "--top-k", "8", "--dim", "32", "--rounds", "2")
BARS = {
    "build-crops": 0.90, "build-native": 0.90, "build-authors": 4, "adaptive": 1.10, "adaptive-loop": 15, "batch-64": 4,
    "open": 20, "memory-adaptive": 1.3, "offset": 50, "memory-stream": 1.05,
}  # fmt: skip


@pytest.fixture
def bench(call: Run) -> Run:
    """Do what `make bench` does."""
    from tests.benchmarks.suite.__main__ import main

    return partial(call, program=main)


def test_figures_of_search(bench: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.benchmarks.suite import search_figures

    slow = ("forward", "influence", "facility-location", "kmeans", "kmedoids", "mmr", "herding")
    monkeypatch.setattr(search_figures, "MOST_ANCHORS", dict.fromkeys(slow, 0))
    names = ["adaptive", "adaptive-loop", "batch-64", "approximate", "lancedb", "static", "offset", "open", "select"]
    wanted = [argument for name in names for argument in ("--figure", name)]
    done = bench(
        *wanted, *SMALL, "--growth", "--json", "--output", "bench.json", "--picture", "bench.svg",
        "--work", tmp_path / "work",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "bench.json").read_text())
    assert list(dict.fromkeys(figure["figure"] for figure in report["figures"])) == names
    for figure in report["figures"]:
        assert figure["anchors"] == 600
        assert figure["bar"] == BARS.get(figure["figure"])
        if figure["median"] is None:  # a selector that needs what synthetic anchors lack
            assert figure["detail"]["error"]
            continue
        assert 0 < figure["low"] <= figure["median"] <= figure["high"]
        expected = None
        if figure["bar"] is not None:
            expected = figure["median"] >= figure["bar"] if figure["at_least"] else figure["median"] <= figure["bar"]
        assert figure["met"] is expected
    assert {point["varied"] for point in report["growth"]} == {"N", "M", "k"}
    assert all(point["seconds"] > 0 for point in report["growth"])
    machine = report["machine"]
    assert machine["usable_cores"] >= 1
    assert {"torch", "numpy", "lancedb"} <= machine["libraries"].keys()
    picture = (tmp_path / "bench.svg").read_text()
    assert all(name in picture for name in names)
    # What was made stays, and is found again.
    assert (tmp_path / "work" / "synthetic-600-32" / "manifest.json").is_file()
    again = bench("--figure", "static", *SMALL, "--work", tmp_path / "work")
    assert again.returncode == 0, again.stderr
    assert "static scoring, centroids included" in again.stdout


def test_figures_of_encoding(bench: Run, photos: Path) -> None:
    done = bench(
        "--figure", "build-crops", "--figure", "build-authors", "--images", photos, "--n-images", 6,
        "--rounds", 1, "--precision", "fp32", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    build, authors = json.loads(done.stdout)["figures"]
    assert build["detail"]["n_images"] == authors["detail"]["n_images"] == 6
    assert build["detail"]["runtime"] == "fp32"
    assert build["detail"]["encoder_images_a_second"] > 0
    assert build["detail"]["decode_milliseconds"] > 0


def test_figures_of_memory(bench: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.benchmarks.suite import memory_figures

    def run_here(code: str, arguments: list[str]) -> str:
        """Do what the measured process does in this one, which has imported everything."""
        with monkeypatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
            patch.setattr(sys, "argv", ["-c", *arguments])
            exec(code, {})  # noqa: S102
        return printed.getvalue()

    monkeypatch.setattr(memory_figures, "_run", run_here)
    done = bench("--figure", "memory-adaptive", "--figure", "memory-stream", *SMALL, "--stream", "4,8", "--json")
    assert done.returncode == 0, done.stderr
    adaptive, stream = json.loads(done.stdout)["figures"]
    assert adaptive["detail"]["matrix_bytes"] == 600 * 32 * 4
    assert adaptive["detail"]["peak_bytes"] > adaptive["detail"]["mapped_bytes"] > 0
    assert stream["detail"]["n_images"] == [4, 8]
    assert 0.5 < stream["median"] < 2


def test_peers_embed_and_score_the_same(photos: Path, tmp_path: Path) -> None:
    import numpy as np

    from quasar_index.encoders.pipeline import encode_files
    from tests.benchmarks.suite import peers
    from tests.benchmarks.suite.synthetic import embeddings, synthetic_index

    paths = sorted(map(str, photos.glob("*.png")))[:4]
    encoder = qi.load_encoder(layers="final", input_rule="crop-64", device="cpu", precision="fp32")
    ours = np.stack([image.embedding for image in encode_files(paths, encoder)])
    np.testing.assert_allclose(peers.authors_loop(paths, encoder), ours, atol=1e-4)
    anchors = synthetic_index(tmp_path, 400, dim=16).anchors()
    queries = embeddings(10, dim=16, seed=1)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    expected = qi.Scorer(anchors, qi.Retrieval(5, space="raw")).score_embeddings(queries).score
    np.testing.assert_allclose(peers.adaptive_loop(anchors, queries, 5), expected, atol=1e-5)
    centroids = qi.Offset(0.3, space="raw").aggregate(anchors)
    for mine, theirs in zip((centroids.good, centroids.bad), peers.mask_and_mean(anchors, 0.3), strict=True):
        np.testing.assert_allclose(mine[0, 0], theirs, atol=1e-5)


def test_synthetic_anchors_are_the_same_each_time_and_clustered(tmp_path: Path) -> None:
    import numpy as np

    from tests.benchmarks.suite.synthetic import synthetic_index

    one, two = (synthetic_index(tmp_path / name, 1000, dim=64).anchors() for name in "ab")
    np.testing.assert_array_equal(one.directions, two.directions)
    assert one.n_good == one.n_bad == 500
    similarity = one.directions @ one.directions.T
    nearest = np.partition(similarity, -2, axis=1)[:, -2]
    assert np.median(nearest) > np.median(similarity) + 0.4


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--figure", "speed"), 3, "no figure 'speed'; use build-crops"),
        (("--anchors", "few"), 2, "no list of numbers"),
        (("--anchors", "601", "--figure", "static"), 3, "even number of anchors"),
        (("--anchors", "600", "--top-k", "400"), 3, "top-k 400 is more than a side"),
        (("--stream", "1,2,3"), 2, "two numbers"),
        (("--picture", "x.pdf"), 3, "names no picture format"),
        (("--output", "nofolder/x.json"), 3, "its folder does not exist"),
        (("--encoder", "nonsense"), 5, "no encoder 'nonsense'"),
    ],
)
def test_errors(bench: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = bench(*arguments)
    assert done.returncode == code
    assert message in re.sub(r"[\s│]+", " ", done.stderr)


def test_list_names_every_bar(bench: Run) -> None:
    done = bench("--list")
    assert done.returncode == 0
    for name, bar in BARS.items():
        assert re.search(rf"^{name} +[<>]= {bar:g} ", done.stdout, flags=re.MULTILINE), name
