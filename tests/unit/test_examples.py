"""The examples in the docstrings of the library run as they stand, on data that they make."""

import doctest
import importlib
import pkgutil

import pytest

from tests.unit.conftest import public_names

ROOMS = ("index", "datasets", "encoders", "synthesis", "statistics")


def examples():
    for room in ROOMS:
        package = importlib.import_module(f"quasar_index.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module.name)):
                if test.examples:
                    yield pytest.param(test, id=test.name.removeprefix("quasar_index."))


@pytest.mark.parametrize("example", list(examples()))
def test_example(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUASAR_INDEX_HOME", raising=False)
    example.globs = {}  # an example brings all that it uses
    report: list[str] = []
    doctest.DocTestRunner().run(example, out=report.append)
    assert not report, "".join(report)


def test_each_room_has_some():
    names = {parameter.id.rsplit(".", 1)[1] for parameter in examples()}
    assert {"AnchorIndex", "build_index", "load_source", "load_encoder", "distort", "correlate"} <= names
    assert names <= set(public_names())
