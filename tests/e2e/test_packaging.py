"""The wheel holds the command inside the package, no top-level package `cli`, and nothing that only developers run."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from quasar_index.encoders.exported import SHIPPED
from quasar_index.index.places import SHIPPED_HOME
from tests.front import PAGE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out, copy = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    for name in ("quasar_index", "cli"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    # setuptools is among the test requirements, so that nothing is downloaded.
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.whl")
    return found


def test_wheel_holds_every_module(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert not [name for name in names if name.startswith(("cli/", "tests/", "indexes/"))]
    expected = {
        f"quasar_index/{file.relative_to(ROOT / 'quasar_index')}" for file in (ROOT / "quasar_index").rglob("*.py")
    }
    expected |= {f"quasar_index/cli/{file.name}" for file in (ROOT / "cli").glob("*.py")}
    expected |= {
        f"quasar_index/{file.relative_to(ROOT / 'quasar_index')}" for file in (ROOT / "quasar_index").rglob("*.pyi")
    }
    expected |= {"quasar_index/py.typed", "quasar_index/__init__.pyi"}
    # The default encoder's tower, the starter index, and the explorer's page without its sources.
    for shipped in (SHIPPED, SHIPPED_HOME, PAGE):
        files = [file for file in shipped.rglob("*") if file.is_file()]
        assert len(files) >= 2
        expected |= {f"quasar_index/{file.relative_to(ROOT / 'quasar_index')}" for file in files}
    assert expected <= names
    assert not [name for name in names if "benchmark" in name or "explorer/front" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("starter/NOTICE") for name in names)


def test_a_machine_without_a_gpu_needs_the_same_but_for_faiss() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {text.strip() for text in project["dependencies"] if not text.startswith("faiss")} | {"faiss-cpu>=1.15"}
    lines = (ROOT / "requirements" / "cpu.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if not line.startswith(("#", "--"))} == wanted


def test_wheel_declares_the_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "quasar-index = quasar_index.cli.main:run" in archive.read(entry_points).decode()
