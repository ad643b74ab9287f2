"""The README keeps its word: its examples run, every command stands in it, its demo table is the demo's."""

import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from quasar_index.cli.commands import PANELS, load
from rich.text import Text

from .conftest import Run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def workplace(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the examples take for granted: `ratings.csv` with its images, a folder of photographs, and tar shards."""
    shutil.copytree(photos, tmp_path, dirs_exist_ok=True)
    head, *rows = (tmp_path / "ratings.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{head},appeal", *(f"{row},{n * 7 % 20}" for n, row in enumerate(rows))]
    (tmp_path / "ratings.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "holiday").mkdir()
    shutil.copy(photos / "coffee_0.png", tmp_path / "holiday" / "beach.jpg")
    (tmp_path / "holiday" / "broken.jpg").write_bytes(b"broken")
    (tmp_path / "shards").mkdir()
    with tarfile.open(tmp_path / "shards" / "0.tar", "w") as archive:
        for number, path in enumerate(sorted(photos.glob("*_?.png"))[:9]):
            (tmp_path / "label.json").write_text(f'{{"photo": "{path.stem}"}}', encoding="utf-8")
            archive.add(path, f"{number}.png")
            archive.add(tmp_path / "label.json", f"{number}.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "indexes"))
    return tmp_path


def test_python_examples_run(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("ratings.csv", "more.csv")
    rng = np.random.default_rng(0)
    names = {
        "embeddings": rng.normal(size=(20, 6)),
        "opinion_scores": rng.random(20),
        "queries": rng.normal(size=(3, 6)),
    }
    exec(compile("".join(blocks("python")), "README.md", "exec"), names)  # noqa: S102 - it is ours
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


COMMANDS = [name for lines in PANELS.values() for name in lines]


def test_every_command_stands_in_the_readme() -> None:
    assert {"build", "score", "info", "encoders", "demo"} <= set(COMMANDS)
    for name in COMMANDS:
        assert f"`quasar-index {name}" in README, f"the README does not name {name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = load(name)
    line = " ".join(str(command.help).split("\n\n")[0].split())
    assert line == next(lines[name] for lines in PANELS.values() if name in lines)
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        assert text, f"{name}: {parameter.name} has no help"
        # Rich takes "[map]" for markup and leaves it out, unless it is escaped.
        assert Text.from_markup(text).plain == text.replace("\\[", "["), f"{name}: brackets in {parameter.name}"


def test_every_file_of_a_command_is_registered() -> None:
    folder = Path(__file__).parents[2] / "cli"
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    defined = {name for name, text in texts.items() if re.search(rf"^def {name}_?\(", text, re.MULTILINE)}
    assert defined == set(COMMANDS) | {"main"}


@pytest.mark.parametrize("link", re.findall(r"`((?:quasar_index|cli|tests|indexes)/[\w/.]*)`", README))
def test_paths_in_the_readme_exist(link: str) -> None:
    assert (Path(__file__).parents[2] / link).exists()
