"""The README and the guides keep their word: their commands and examples run, and what they name is there."""

import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.demo import read_photographs

from .conftest import Run

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "README.md", ROOT / "docs" / "index.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
README = PAGES["README.md"]


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks of a page in a language; `sh` are commands that need a network, weights or machines."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Return the commands of a page that are to run, as arguments."""
    lines = [line for block in blocks(text, "bash") for line in block.replace("\\\n", " ").splitlines()]
    return [line.split("#")[0].split()[1:] for line in lines if line.startswith("quasar-index ")]


RUNNING = {name: lines for name, text in PAGES.items() if (lines := commands(text))}
PYTHON = {name: code for name, text in PAGES.items() if (code := "".join(blocks(text, "python")))}


@pytest.fixture(scope="module")
def taken_for_granted(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples take for granted: rated images, photographs, tar shards, and an index `mine`."""
    folder = tmp_path_factory.mktemp("granted")
    shutil.copytree(photos, folder, dirs_exist_ok=True)
    head, *rows = (folder / "ratings.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{head},appeal", *(f"{row},{n * 7 % 20}" for n, row in enumerate(rows))]
    (folder / "ratings.csv").write_text("\n".join(lines), encoding="utf-8")
    shutil.copy(folder / "ratings.csv", folder / "more.csv")
    (folder / "holiday").mkdir()
    shutil.copy(photos / "coffee_0.png", folder / "holiday" / "beach.jpg")
    (folder / "holiday" / "broken.jpg").write_bytes(b"broken")
    (folder / "photographs").mkdir()
    for name, pixels in read_photographs()[:2]:
        Image.fromarray(pixels[:200, :200]).save(folder / "photographs" / f"{name}.png")
    (folder / "shards").mkdir()
    with tarfile.open(folder / "shards" / "0.tar", "w") as archive:
        for number, path in enumerate(sorted(photos.glob("*_?.png"))[:9]):
            (folder / "label.json").write_text(f'{{"photo": "{path.stem}"}}', encoding="utf-8")
            archive.add(path, f"{number}.png")
            archive.add(folder / "label.json", f"{number}.json")
    source = qi.load_source(folder / "ratings.csv", score_column="quality")
    qi.build_index(folder / "indexes" / "mine", [source], qi.load_encoder(device="cpu"))
    return folder


@pytest.fixture
def workplace(taken_for_granted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with all that, and where commands look for indexes."""
    shutil.copytree(taken_for_granted, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "indexes"))
    return tmp_path


def test_pages_have_commands_and_examples() -> None:
    assert {"README.md", "docs/guides/score.md", "docs/guides/anchors.md", "docs/guides/evaluation.md"} <= set(RUNNING)
    assert {"README.md", "docs/guides/python.md"} <= set(PYTHON)


@pytest.mark.parametrize("name", RUNNING)
def test_commands_of_a_page_run(name: str, workplace: Path, call: Run) -> None:
    if ["build", "mine"] in [line[:2] for line in RUNNING[name]]:
        shutil.rmtree(workplace / "indexes" / "mine")
    for arguments in RUNNING[name]:
        done = call(*arguments, QUASAR_INDEX_HOME=str(workplace / "indexes"))
        has_broken = any(one.startswith("holiday/") for one in arguments)
        assert done.returncode == (3 if has_broken else 0), (arguments, done.stderr)
        assert done.stdout.strip() or done.stderr.strip(), arguments
        for option in ("-o", "--output", "--report", "--explain", "--sheet", "--picture", "--results", "--copy-to"):
            if option in arguments:
                assert (workplace / arguments[arguments.index(option) + 1]).exists(), arguments


@pytest.mark.parametrize("name", PYTHON)
def test_python_of_a_page_runs(name: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(workplace / "indexes" / "mine")
    rng = np.random.default_rng(0)
    names = {
        "embeddings": rng.normal(size=(20, 6)),
        "opinion_scores": rng.random(20),
        "queries": rng.normal(size=(3, 6)),
    }
    exec(compile(PYTHON[name], name, "exec"), names)  # noqa: S102 - it is ours
    out = capsys.readouterr().out
    assert "holiday/beach.jpg 0." in out
    assert re.search(r"holiday/broken\.jpg None .*not an image", out)


def test_the_readme_is_short_and_says_how_to_begin() -> None:
    assert len(README) < 6000
    assert README.index("make demo") < README.index("make test") < README.index("## ") < 1200
    assert len(commands(README)) == 3


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_said_to_be_on_a_package_index(name: str) -> None:
    # An extra may stand in what a command prints: `left out: 3 .heic (pip install -e '.[formats]')`.
    text = PAGES[name].replace("(pip install -e '.[formats,raw]')", "")
    assert not re.search(r"(pip3?|pipx|uv|uvx) (install|add|run)? ?'?quasar-index", text)


@pytest.mark.parametrize("name", PAGES)
def test_paths_on_a_page_exist(name: str) -> None:
    named = re.findall(r"`((?:quasar_index|cli|tests|indexes|docs|requirements)/[\w/.-]*)`?", PAGES[name])
    assert not [path for path in named if not (ROOT / path).exists()]
    scripts = re.findall(r"python -m (tests(?:\.\w+)+)", PAGES[name].replace("\n", " "))
    for one in scripts:
        path = ROOT / one.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), one


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[name])
    lost = [one for one in links if not (ROOT / name).parent.joinpath(one).exists() and "/made/" not in one]
    assert not lost
