"""The examples in the docstrings of the library run as they stand, on data that they make."""

import doctest
import importlib
import pkgutil

import pytest

import quasar_index as qi
from tests.unit.conftest import public_names

# What a user works with from day to day: each has an example that runs.
EVERYDAY = {
    *("AnchorIndex", "AnchorTable", "make_anchors", "load_source", "load_embeddings", "find_dataset", "list_images"),
    *("load_images", "ImageSource", "EmbeddedImages", "write_embedded_images", "Scorer.score_source"),
    *("EmbeddingCache", "EncoderSpec", "encode", "load_encoder", "distort", "synthesize", "contact_sheet"),
    *("build_index", "build_from_embeddings", "merge", "nearest", "read_export", "Tags"),
    *("Method", "Method.fit", "FittedMethod", "Mean", "Offset", "Clustering", "Retrieval", "Knn", "Ridge"),
    *("read_method", "read_methods", "Scorer", "ScoredImage", "choose_space", "explain", "Report"),
    *("select_anchors", "select_subset", "correlate", "srcc", "krcc", "plcc", "rmse"),
    *("evaluate", "evaluate_index", "cross_validate", "cross_validate_images", "draw_evaluation"),
    *("rated_anchors", "rated_source", "embed_rated", "calibrate", "read_calibration", "approximate", "search_exactly"),
    *("Sweep", "run_sweep", "suggest", "QuasarError"),
}


def modules():
    """Yield every module of the package; the commands have no examples of their own."""
    for module in pkgutil.walk_packages(qi.__path__, "quasar_index."):
        if not module.name.startswith("quasar_index.cli"):
            yield importlib.import_module(module.name)


def examples():
    """Return each test by the name that it is the docstring of, within its module."""
    found = {}
    for module in modules():
        for test in doctest.DocTestFinder(exclude_empty=True).find(module):
            if test.examples:
                found[test.name.removeprefix(f"{module.__name__}.")] = test
    return found


EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda test: test.name.removeprefix("quasar_index."))
def test_example(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QUASAR_INDEX_HOME", raising=False)
    example.globs = {}  # an example brings all that it uses
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert not report, "".join(report)


def test_each_everyday_name_has_one():
    missing = sorted(EVERYDAY - set(EXAMPLES))
    assert not missing, "add an Example: section to their docstrings"


def test_they_are_of_public_names():
    public = set(public_names())
    assert {name.split(".")[0] for name in EXAMPLES} <= public
