"""The starter index as it ships: a first score of any folder, light, without a rating; nothing is written into it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.demo import read_photographs, tiles
from quasar_index.index.places import SHIPPED_HOME, STARTER
from quasar_index.methods.familiarity import usual_nearest
from quasar_index.methods.moments import fit_moments
from quasar_index.methods.space import fit_space
from quasar_index.starter.make import make_starter
from quasar_index.starter.photographs import list_photographs
from quasar_index.starter.ship import ship_starter
from quasar_index.synthesis import distort

from .conftest import Run

HEAVY = ("torch", "faiss", "lancedb", "timm", "torchvision", "open_clip", "pyarrow", "sklearn", "pandas", "matplotlib")
LARGEST = 15_000_000
KEEPS = "comes with quasar-index and stays as it is; make another one of it and yours"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photographs as they are, and blurred, noisy and compressed ones,."""
    rng = np.random.default_rng(0)
    where = tmp_path / "holiday"
    where.mkdir()
    for name, pixels in read_photographs()[:4]:
        tile = tiles(pixels)[0]
        Image.fromarray(tile).save(where / f"{name}-0.png")
        for kind in ("gaussian-blur", "white-noise", "jpeg"):
            Image.fromarray(distort(tile, kind, 5, rng=rng)).save(where / f"{name}-{kind}.png")
    return where


def contents(place: Path) -> dict[str, tuple[int, int]]:
    return {str(path.relative_to(place)): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(place.rglob("*")) if path.is_file()}  # fmt: skip


def test_a_folder_is_scored_without_an_index(run: Run, folder: Path) -> None:
    done = run("score", folder, "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 16
    assert "scored by the starter index, which knows technical quality" in done.stderr
    assert "not how beautiful" in done.stderr
    scores = {Path(row["path"]).stem: row["score"] for row in rows}
    for name in {stem.rpartition("-0")[0] for stem in scores if stem.endswith("-0")}:
        worse = [scores[f"{name}-{kind}"] for kind in ("gaussian-blur", "white-noise", "jpeg")]
        assert scores[f"{name}-0"] > max(worse)


def test_one_image_loads_nothing_heavy(folder: Path, tmp_path: Path) -> None:
    image = next(folder.glob("*.png"))
    for options in ([], ["-m", "mean"], ["-m", "retrieval:top_k=16", "-f", "csv"]):
        program = f"""
import sys
sys.argv = ["quasar-index", "score", {str(image)!r}, *{options!r}]
from quasar_index.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code
allowed = {{"faiss"}} if "retrieval:top_k=16" in sys.argv else set()
print(sorted(set({HEAVY!r}) & set(sys.modules) - allowed), file=sys.stderr)
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path,
                              check=True, timeout=300)  # fmt: skip
        assert done.stderr.splitlines()[-1] == "[]", options


def test_it_is_small_whole_and_says_what_it_is(run: Run) -> None:
    assert sum(size for size, _ in contents(SHIPPED_HOME).values()) <= LARGEST
    info = run("info", STARTER)
    assert info.returncode == 0
    assert "given by no person" in info.stdout
    assert run("verify", STARTER).returncode == 0
    index = qi.AnchorIndex.open(STARTER)
    assert index.manifest.encoder.difference(qi.load_encoder(device="cpu").spec) == ""
    names = index.tables.read(["path", "reference"])
    assert not [path for path in names["path"].to_pylist() if "/" in path]  # of the machine that made it
    assert set(names["reference"].to_pylist()) <= {one.id for one in list_photographs()}


def test_its_matrix_is_the_tables_own() -> None:
    index = qi.AnchorIndex.open(STARTER)
    table = index.tables.read(["id", "embedding", "side", "quality"])
    raw = np.stack(table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)).reshape(len(table), -1)
    anchors = index.anchors()
    assert anchors.ids.tolist() == [key.encode() for key in table["id"].to_pylist()]
    np.testing.assert_allclose(anchors.directions * anchors.norms[:, None], raw, rtol=2e-3, atol=1e-4)
    assert anchors.n_good == table["side"].to_pylist().count("good")


def test_its_fits_are_those_of_its_anchors() -> None:
    """The space is of low rank: what that does to scores is measured here, on images that are no anchors."""
    anchors = qi.AnchorIndex.open(STARTER).anchors()
    full = qi.make_anchors(anchors.directions * anchors.norms[:, None], is_good=anchors.is_good,
                           quality=anchors.quality, groups=anchors.groups)  # fmt: skip
    ready, exact = fit_space(anchors), fit_space(full)
    assert ready.shrinkage == pytest.approx(exact.shrinkage)
    assert ready.basis is not None
    assert ready.basis.shape[1] < 400
    np.testing.assert_allclose(ready.mean, exact.mean, atol=1e-4)
    images = [tile[:200, :200] for _, pixels in read_photographs() for tile in tiles(pixels)]
    rng = np.random.default_rng(0)
    images += [distort(image, kind, 3, rng=rng) for image in images[:8] for kind in ("gaussian-blur", "jpeg")]
    embeddings = qi.encode(qi.load_encoder(device="cpu"), images)
    for method in ("mean", "retrieval"):
        one, other = (qi.read_method(method).fit(table).score(embeddings).score for table in (anchors, full))
        assert qi.srcc(one, other) > 0.98
    known = anchors.once("usual cosines to the nearest anchor of another group", dict)["nearest"]
    np.testing.assert_allclose(known, usual_nearest(full), atol=1e-3)


def test_nothing_is_written_into_it(run: Run, folder: Path, tmp_path: Path) -> None:
    before = contents(SHIPPED_HOME)
    image = next(folder.glob("*.png"))
    for options in ([], ["-m", "knn"], ["-m", "mean:shrinkage=3"], ["--where", "height > 10"],
                    ["--explain", str(tmp_path / "e.jsonl")]):  # fmt: skip
        assert run("score", image, *options).returncode == 0
    assert run("info", STARTER).returncode == 0
    for command in (["remove", STARTER, "--where", "level = 5"], ["calibrate", STARTER], ["tag", STARTER, "mine"],
                    ["add", STARTER, "--data", str(folder)]):  # fmt: skip
        done = run(*command)
        assert done.returncode != 0
        if command[0] != "add":
            assert KEEPS in done.stderr, command
    assert contents(SHIPPED_HOME) == before


def test_an_index_of_ones_own_of_that_name_comes_first(run: Run, photos: Path, folder: Path, tmp_path: Path) -> None:
    assert run("build", tmp_path / "mine" / STARTER, "--data", photos / "ratings.csv", "--score-column", "quality",
               "--device", "cpu").returncode == 0  # fmt: skip
    image = next(folder.glob("*.png"))
    done = run("info", STARTER, QUASAR_INDEX_HOME=str(tmp_path / "mine"))
    assert str(tmp_path / "mine" / STARTER) in done.stdout
    assert run("score", image, QUASAR_INDEX_HOME=str(tmp_path / "mine")).returncode == 0


def test_it_can_be_made_and_shipped_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = tmp_path / "pristine"
    pictures.mkdir()
    for name, pixels in read_photographs()[:3]:
        Image.fromarray(tiles(pixels)[0]).save(pictures / f"{Path(name).stem.replace('_', '-')}_cut1.png")
    made = make_starter(tmp_path, tmp_path / "made", qi.load_encoder(device="cpu"), per_picture=8).index
    home = tmp_path / "home"
    monkeypatch.setattr("quasar_index.index.places.SHIPPED_HOME", home)
    shipped = ship_starter(made, home, rank=12)
    again = qi.AnchorIndex.open(home / STARTER)
    assert len(again) == len(shipped) == len(made)
    assert not list(home.rglob("*.faiss"))
    anchors = again.anchors()
    np.testing.assert_allclose(anchors.directions, made.anchors().directions, atol=1e-3)
    assert qi.Mean().fit(anchors).space.basis.shape == (1568, 12)
    # Twelve directions have a gain of their own, relative to that of the mean variance of the others.
    moments = fit_moments(made.anchors())
    exact = fit_space(made.anchors())
    added = exact.shrinkage * moments.level
    order = np.argsort(moments.eigenvalues)[::-1]
    values, vectors = moments.eigenvalues[order], moments.eigenvectors[:, order]
    others = values[12:].sum() / (1568 - 12)
    mapped = fit_space(anchors).apply(moments.mean + vectors[:, :13].T)
    wanted = np.sqrt((others + added) / (np.append(values[:12], others) + added))
    np.testing.assert_allclose(np.linalg.norm(mapped, axis=1), wanted, rtol=0.01)
    assert again.verify().is_whole
