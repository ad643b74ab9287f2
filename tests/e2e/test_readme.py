"""The README keeps its word: its examples run, every command stands in it, its demo table is the demo's."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer

from .conftest import Run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def workplace(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the examples take for granted: `ratings.csv` with its images, and a folder of photographs."""
    shutil.copytree(photos, tmp_path, dirs_exist_ok=True)
    (tmp_path / "holiday").mkdir()
    shutil.copy(photos / "coffee_0.png", tmp_path / "holiday" / "beach.jpg")
    (tmp_path / "holiday" / "broken.jpg").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "indexes"))
    return tmp_path


def test_python_example_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    rng = np.random.default_rng(0)
    names = {
        "embeddings": rng.normal(size=(20, 6)),
        "opinion_scores": rng.random(20),
        "queries": rng.normal(size=(3, 6)),
    }
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102 - it is ours
    out = capsys.readouterr().out
    assert "holiday/beach.jpg 0." in out
    assert "holiday/broken.jpg None not an image" in out


def test_command_examples_run(workplace: Path, call: Run) -> None:
    examples = [line for block in blocks("bash") for line in block.splitlines() if line.startswith("quasar-index ")]
    assert examples
    for line in examples:
        arguments = line.split("#")[0].split()[1:]
        done = call(*arguments, QUASAR_INDEX_HOME=str(workplace / "indexes"))
        assert done.returncode == (3 if "holiday/" in arguments else 0), (line, done.stderr)  # broken.jpg


def test_every_command_has_help_and_stands_in_the_readme() -> None:
    from quasar_index.cli.main import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert {"build", "score", "info", "encoders", "demo"} <= set(commands)
    for name, command in commands.items():
        assert command.help, name
        assert f"`quasar-index {name}" in README, f"the README does not name {name}"


def test_every_option_has_help() -> None:
    from quasar_index.cli.main import app

    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"


@pytest.mark.parametrize("link", re.findall(r"`((?:quasar_index|cli|tests|indexes)/[\w/.]*)`", README))
def test_paths_in_the_readme_exist(link: str) -> None:
    assert (Path(__file__).parents[2] / link).exists()
