"""In CI no test is skipped unless the list says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skips import ALLOWED, is_allowed

ROOT = Path(__file__).parents[2]
CONFTEST = "from tests.skips import pytest_collectreport, pytest_runtest_logreport, pytest_sessionfinish\n"
CONFTEST += "from tests.skips import pytest_terminal_summary\n"


def ended(folder: Path, text: str, ci: str) -> "subprocess.CompletedProcess[str]":
    """Run a file of tests with the hooks alone."""
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_one.py").write_text(f"import pytest\n\n{text}", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(
    "text",
    [
        "def test_a():\n    pytest.skip('no time')\n",
        "@pytest.mark.skipif(True, reason='no time')\ndef test_a():\n    pass\n",
        "pytest.skip('no time', allow_module_level=True)\n",
    ],
)
def test_an_unlisted_skip_fails_in_ci_alone(tmp_path: Path, text: str) -> None:
    text = f"{text}\n"
    (tmp_path / "test_two.py").write_text("def test_b():\n    pass\n", encoding="utf-8")
    done = ended(tmp_path, text, ci="true")
    assert "test_one.py" in done.stdout
    assert "not on the list" in done.stdout
    assert "no time" in done.stdout
    assert done.returncode == 1
    elsewhere = ended(tmp_path, text, ci="")
    assert "not on the list" not in elsewhere.stdout
    assert elsewhere.returncode == 0


def test_a_run_without_skips_passes_and_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    text = "@pytest.mark.xfail(reason='known')\ndef test_a():\n    assert False\n\n\ndef test_b():\n    pass\n"
    done = ended(tmp_path, text, ci="true")
    assert "1 passed, 1 xfailed" in done.stdout
    assert done.returncode == 0


def test_what_is_on_the_list_may_be_skipped_and_names_files_that_exist() -> None:
    assert is_allowed("tests/unit/test_hostile_images.py::test_a_folder", "root may read every folder")
    assert not is_allowed("tests/unit/test_hostile_images.py::test_a_folder", "no time")
    assert not is_allowed("tests/unit/test_images.py::test_a_folder", "root may read every folder")
    for tests, reasons, why in ALLOWED:
        assert why
        assert (ROOT / tests.partition("::")[0].rstrip("*")).exists(), tests
        assert reasons.strip("*")
