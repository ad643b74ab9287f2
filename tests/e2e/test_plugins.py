"""A package with plugins, built and installed as any other: the command line takes its encoder, data set and method."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from tests.plugins import forget, write_package

from .conftest import Run

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plugin as an installer leaves it: its wheel, unpacked."""
    source, wheels, site = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "site"))
    shutil.copytree(PLUGIN, source, dirs_exist_ok=True)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = wheels.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    return site


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """The root of the plugin's data set: the photographs, rated, with its label file."""
    folder = tmp_path_factory.mktemp("days")
    rows = (photos / "ratings.csv").read_text(encoding="utf-8").splitlines()[1:]
    lines = [" ".join(row.split(",")[:2]) for row in rows]
    (folder / "days.txt").write_text("\n".join(lines), encoding="utf-8")
    for path in photos.glob("*.png"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def sunny(tmp_path_factory: pytest.TempPathFactory, site: Path, days: Path) -> Path:
    """The index that the installed command builds of both."""
    index = tmp_path_factory.mktemp("sunny") / "sun"
    command = Path(sys.executable).with_name("quasar-index")
    done = subprocess.run(
        [str(command), "build", str(index), "--data", f"Sunny-Days:{days}", "--encoder", "sunny"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(site), "PATH": "", "QUASAR_INDEX_CACHE": str(index.with_name("cache"))},
    )
    assert done.returncode == 0, done.stderr
    return index


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    forget()
    monkeypatch.setattr(qi.ENCODERS, "_listed", None)


@pytest.fixture(autouse=True)
def clean() -> None:
    forget()


def test_an_index_records_its_plugin(sunny: Path) -> None:
    manifest = qi.AnchorIndex.open(sunny).manifest
    assert (manifest.encoder.name, manifest.encoder.plugin) == ("sunny", "sunny-plugin 0.3")
    assert manifest.libraries["sunny-plugin"] == "0.3"
    assert manifest.sources[0].name == "sunnydays"


@pytest.mark.usefixtures("installed")
def test_the_commands_take_what_it_brings(call: Run, sunny: Path, days: Path, tmp_path: Path) -> None:
    images = sorted(days.glob("*_[03].png"))
    done = call("score", *images, "--index", sunny, "--method", "nearest:floor=0.25", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    scores = np.array([json.loads(line)["score"] for line in done.stdout.splitlines()])
    assert scores.min() == 0.25  # each image is its own nearest anchor, and the worst are below
    assert scores.max() > 0.9
    assert (scores[::2] > scores[1::2]).all()
    assert "of the plugin sunny-plugin 0.3" in call("info", sunny).stdout
    assert "plugin sunny-plugin 0.3" in call("encoders").stdout
    assert json.loads(call("encoders", "--json").stdout)["sunny"]["package"] == "sunny-plugin 0.3"
    assert "in a test" in call("methods").stdout
    assert "a number from 0 to 1" in call("methods", "nearest").stdout
    assert "sunny-plugin 0.3" in call("datasets", "sunnydays").stdout
    assert json.loads(call("datasets", "--json").stdout)["sunnydays"]["licence"] == "MIT"
    added = call("add", sunny, "--data", f"sunnydays:{days}")
    assert added.returncode == 0, added.stderr
    evaluated = call("evaluate", "--index", sunny, "--cross-validate", "group=path", "--method", "nearest/mean")
    assert evaluated.returncode == 0, evaluated.stderr


@pytest.mark.usefixtures("installed")
def test_an_index_of_our_own_encoder_takes_its_selector(call: Run, tmp_path: Path) -> None:
    done = call("select", "rated", "--selector", "first", "--size", 6, "--to", tmp_path / "six", "--json")
    assert done.returncode == 0, done.stderr
    subset = qi.AnchorIndex.open(tmp_path / "six").manifest.subset
    assert subset is not None
    assert (subset.selector, subset.n_good, subset.n_bad) == ("first", 3, 3)


def test_without_the_plugin_each_command_says_so_in_a_line(call: Run, sunny: Path, days: Path) -> None:
    image = next(days.glob("*.png"))
    scored = call("score", image, "--index", sunny)
    assert scored.returncode == qi.EncoderError.exit_code
    assert scored.stderr.splitlines()[-1] == (
        "quasar-index: error: the encoder 'sunny' comes with a plugin that is not here: sunny-plugin 0.3; install that "
        "package if you trust it, or rebuild the index with another encoder"
    )
    assert "sunny, 9-d, of the plugin sunny-plugin 0.3" in call("info", sunny).stdout  # what needs no encoder goes on
    for arguments, message in (
        (("score", image, "--method", "nearest"), "there is no method 'nearest'"),
        (("build", "new", "--data", f"sunnydays:{days}"), "no data set is called 'sunnydays'"),
        (("build", "new", "--data", days / "days.txt", "--encoder", "sunny"), "no encoder 'sunny'"),
    ):
        done = call(*arguments)
        assert done.returncode not in (0, 1)
        assert message in done.stderr.splitlines()[-1]


def test_a_broken_plugin_costs_a_line_never_the_command(run: Run, tmp_path: Path) -> None:
    entries = "".join(f"[quasar_index.{group}]\nbroken = plugin_broken:X\n" for group in ("encoders", "methods"))
    site = tmp_path / "site"
    site.mkdir()
    write_package(site, "plugin-broken", "1.0", entries, "raise ImportError('libwrong.so is not here\\nat all')")
    listed = run("methods", PYTHONPATH=str(site))
    assert listed.returncode == 0
    assert "ridge" in listed.stdout
    (line,) = listed.stderr.splitlines()
    assert line.startswith("quasar-index: the method 'broken' of the plugin plugin-broken 1.0 is left out: ")
    assert line.endswith("ImportError: libwrong.so is not here")
    asked = run("score", "x.png", "--index", "rated", "--method", "broken", PYTHONPATH=str(site))
    assert asked.returncode == qi.MethodError.exit_code
    assert "there is no method 'broken'" in asked.stderr
    assert run("info", "rated", PYTHONPATH=str(site)).stderr == ""  # nobody looked
