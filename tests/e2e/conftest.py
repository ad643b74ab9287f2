"""Small real data: photographs of scikit-image, rated by how strongly they are blurred, and an index of them."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.demo import read_photographs, tiles
from quasar_index.synthesis import distort

from .browser import browser  # noqa: F401 - a fixture

Run = Callable[..., subprocess.CompletedProcess[str]]
SIDE = 96
SUMMARY = re.compile(r"quasar-index: (?P<lead>.*) in [\d.]+ s \([\d.]+/s\): (?P<counts>.*)")
"""The last line of a run over images."""


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 20 rated images of five photographs, with `ratings.csv` (image, quality, photograph)."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    rows = []
    for name, pixels in read_photographs()[:5]:
        tile = tiles(pixels)[0][:SIDE, :SIDE]
        for level in range(4):
            image = tile if level == 0 else distort(tile, "gaussian-blur", level + 2, rng=rng)
            Image.fromarray(image).save(folder / f"{name}_{level}.png")
            rows.append([f"{name}_{level}.png", round(5 - level + 0.1 * rng.random(), 3), name])
    with (folder / "ratings.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["image", "quality", "photograph"], *rows])
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """The index `rated` of these photographs, which nobody may change."""
    folder = tmp_path_factory.mktemp("built") / "rated"
    source = qi.load_source(str(photos / "ratings.csv"), score_column="quality")
    qi.build_index(folder, [source], qi.load_encoder(device="cpu"))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    """An index home with a copy of the index `rated`: what one module calibrates, no other one meets."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(built, folder / "rated")
    return folder


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Run the installed command in an empty folder, with `$QUASAR_INDEX_HOME` set to `home`."""

    def run(*arguments: object, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).with_name("quasar-index")), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            input=stdin,
            env={**os.environ, "QUASAR_INDEX_HOME": str(home), "COLUMNS": "160", **environment},
        )

    return run


@pytest.fixture
def call(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Do what `run` does inside this process, which saves importing torch each time; or what another `program` does."""
    from quasar_index.cli import main

    def call(
        *arguments: object, stdin: str | None = None, program: Callable[[], None] = main.main, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("QUASAR_INDEX_HOME", str(home))
        monkeypatch.setattr(sys, "argv", ["quasar-index", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        try:
            program()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, out, err)

    return call
