"""Which tests may be skipped where `CI` is true, and why; a run there fails when any other one is skipped.

The hooks are those of `conftest.py`.
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

ALLOWED = (
    ("tests/unit/test_maps.py::*", "*umap*", "the extra `map` is 0.4 GB; `make packaging` draws a map with it"),
    ("tests/unit/test_runtimes.py::*", "*openvino*", "the extra `openvino` is 0.2 GB; `make packaging` scores with it"),
    (
        "tests/unit/test_data_frames.py::*",
        "pandas 3*",
        "Python 3.10 gets pandas 2, which reads no Arrow tables",
    ),
    ("tests/unit/test_severities.py::*", "*label files*", "the published label files may not be passed on"),
    ("tests/unit/test_hostile_images.py::*", "root may read*", "CI runs as root, who may read every folder"),
    ("tests/unit/test_explorer_marks.py::*", "root writes*", "CI runs as root, who may write everywhere"),
    ("tests/unit/test_explorer_anchors.py::*", "root may write*", "CI runs as root, who may write everywhere"),
    ("tests/parity/test_correlation.py::*", "*does not converge", "the other program's fit fails, not ours"),
    ("tests/e2e/test_cli_data.py::*", "it was done before*", "a quick machine ends the work before the signal comes"),
    (
        "tests/e2e/test_examples_of_libraries.py::*",
        "*fiftyone*",
        "FiftyOne brings a MongoDB server; its example ran by hand",
    ),
    ("tests/e2e/test_completion.py::*", "no * here", "a shell that the machine has not, and that could not be fetched"),
    ("tests/e2e/test_explore.py::*", "*no address but loopback", "a machine of CI may have no network"),
    ("tests/e2e/test_embedding_cache.py::*", "*mounts nothing*", "CI may run where nothing can be mounted"),
    ("tests/e2e/test_pick.py::*", "no mounts*", "CI may run where nothing can be mounted"),
    ("tests/e2e/test_read_only.py::*", "this process cannot*", "CI may run where root writes everywhere"),
    ("tests/*", "*registry cannot be reached*", "npm's registry may be out of reach for an hour"),
    ("tests/*", "npm cannot install*", "npm's registry may be out of reach for an hour"),
)
"""Of each: test, reason that it gives, and why that is all right; the first two are patterns."""
_skipped: list[tuple[str, str]] = []


def is_allowed(test: str, reason: str) -> bool:
    """Whether a test may be skipped for a reason."""
    return any(fnmatchcase(test, tests) and fnmatchcase(reason, reasons) for tests, reasons, _ in ALLOWED)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a test that is skipped."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a module that is skipped."""
    if report.skipped:
        _note(report)


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    _skipped.append((report.nodeid, reason.removeprefix("Skipped: ")))


def _unlisted() -> Iterator[str]:
    if os.environ.get("CI") == "true":
        yield from (f"{test}: {reason}" for test, reason in _skipped if not is_allowed(test, reason))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test was skipped that may not be."""
    if any(_unlisted()) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that were skipped and may not be."""
    if lines := list(_unlisted()):
        terminalreporter.section("skipped, and not on the list of tests/skips.py")
        for line in lines:
            terminalreporter.write_line(line)
