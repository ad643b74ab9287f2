"""The worked changes of the developer's pages: each is applied to a copy of the package, and used."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tutorials import DOCS, Command, page_of, read_page, run_step
from tests.unit import test_layers

ROOT = DOCS.parent
FOUND = {
    "method": ("extreme:n=10", "extreme:n=50", "a whole number from 1"),
    "encoder": ("colour-grid, 96-d", "coffee-0-none.png"),
    "dataset": ("Postcards", "12 labelled images found, 120 published", "12: 6 good, 6 bad"),
    "selector": ("even", "43"),
}
"""What the commands of a page print once the change is made."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the tutorial of the study makes, and a small data set of postcards."""
    folder = tmp_path_factory.mktemp("study")
    for step in read_page(page_of("tutorials/study")):
        if not isinstance(step, Command) or re.search(r"make_study|build", step.line):
            run_step(step, folder)
    (folder / "cards" / "images").mkdir(parents=True)
    rows = ["name,mos,country"]
    for number, path in enumerate(sorted((folder / "study").glob("*.png"))[:12]):
        shutil.copy(path, folder / "cards" / "images" / path.name)
        rows.append(f"{path.name},{number / 2},Ireland")
    (folder / "cards" / "scores.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the changes of all pages."""
    copy = tmp_path_factory.mktemp("changed")
    for room in ("quasar_index", "cli"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("front", "__pycache__"))
    for page in FOUND:
        text = page_of(f"develop/{page}").read_text(encoding="utf-8")
        diffs = re.findall(r"^```diff\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        assert diffs
        subprocess.run(
            ["git", "apply", "-p0", "--whitespace=error-all", "-"],
            input="".join(diffs), text=True, check=True, cwd=copy,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent)},
        )  # fmt: skip
    (copy / "cli").rename(copy / "quasar_index" / "cli")
    return copy


@pytest.mark.parametrize("page", FOUND)
def test_a_worked_change_can_be_used(page: str, study: Path, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(changed))
    code = "import quasar_index, quasar_index.cli; print(quasar_index.__file__, quasar_index.cli.__file__)"
    used = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=study).stdout
    assert used.count(str(changed)) == 2
    steps = read_page(page_of(f"develop/{page}"))
    printed = "\n".join(run_step(step, study) for step in steps)
    assert len(steps) == 2
    for text in FOUND[page]:
        assert text in printed, printed


def test_worked_changes_keep_the_rules_of_the_house(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_layers, "PACKAGE", changed / "quasar_index")
    files = [file for file in (changed / "quasar_index").rglob("*.py") if "cli" not in file.parts]
    new = [file for file in files if not (ROOT / file.relative_to(changed)).exists()]
    assert {file.stem for file in new} == {"extreme", "colour_grid", "even"}
    for file in new:
        text = file.read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 120, file
        level = test_layers.LEVEL[file.relative_to(changed / "quasar_index").parts[0]]
        assert all(test_layers.LEVEL[name] <= level for name in test_layers.imported_modules(file)), file
