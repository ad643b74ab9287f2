"""The pages that the documentation makes from the code: one for each of what there is, and all of it on the page."""

import importlib
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from quasar_index.cli.commands import PANELS, load

import quasar_index as qi
from tests.unit.conftest import public_names

COMMANDS = [name for lines in PANELS.values() for name in lines]


@pytest.fixture(scope="module")
def pages():
    """All pages by name; what writes them needs no Sphinx."""
    folder = str(Path(__file__).parents[2] / "docs" / "extensions")
    sys.path.insert(0, folder)
    try:
        commands, registry, api = map(importlib.import_module, ("command_pages", "registry_pages", "api_pages"))
    finally:
        sys.path.remove(folder)
    made = commands.command_pages() | registry.method_pages() | registry.selector_pages() | registry.encoder_pages()
    return made | registry.dataset_pages() | registry.distortion_pages() | api.api_pages()


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("commands", COMMANDS),
        ("methods", qi.METHODS),
        ("selectors", qi.SELECTORS),
        ("encoders", qi.ENCODERS),
        ("datasets", qi.DATASETS),
    ],
)
def test_each_has_a_page_and_a_line_in_the_list(pages, kind, names):
    assert {name.partition("/")[2] for name in pages if name.startswith(f"{kind}/")} == {*names, "index"}
    listed = pages[f"{kind}/index"]
    for name in names:
        assert f"[`{name}`]({name}.md)" in listed
        assert f"\n{name}\n" in listed  # in the menu


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_has_its_arguments_and_options(pages, name):
    text = pages[f"commands/{name}"]
    command = load(name)
    for one in command.params:
        words = (
            [*one.opts, *one.secondary_opts] if one.param_type_name == "option" else [one.metavar or one.name.upper()]
        )
        for word in words:
            assert word.strip("[]") in text
    assert command.help.split("\n\n")[0].split(":")[0] in text.replace("\\", "")


@pytest.mark.parametrize("name", qi.METHODS)
def test_the_page_of_a_method_has_formula_and_parameters(pages, name):
    text, kind = pages[f"methods/{name}"], qi.METHODS[name]
    assert kind.when.split(",")[0] in text.replace("\\", "")
    for one in fields(kind):
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{one.name}` |")]
        assert row.count(" | ") == 3
        assert all(cell.strip() for cell in row.strip("|").split(" | ")), "default, range and words"
    first = (sys.modules[kind.__module__].__doc__ or "").splitlines()[0]
    assert first in text.replace("\\", "")


def test_each_distortion_has_a_row_with_its_levels(pages):
    rows = [line for line in pages["distortions"].splitlines() if line.startswith("| ")][2:]
    assert len(rows) == len(qi.synthesis.DISTORTIONS) == 25
    for one, row in zip(qi.synthesis.DISTORTIONS.values(), rows, strict=True):
        assert row.startswith(f"| {one.number} | `{one.name}` |")
        assert [float(cell) for cell in row.rstrip("| ").split("| ")[-1].split(", ")] == list(one.levels)


def test_a_formula_is_a_block_of_its_own(pages):
    assert "```text\nsum_i w_i exp((s_i - m) / t) x_i" in pages["methods/retrieval"]
    assert "```text\nx_t = argmax_x  lambda r(x)" in pages["selectors/mmr"]


def test_each_public_name_stands_on_one_page(pages):
    texts = [text for name, text in pages.items() if name.startswith("api/")]
    for name in public_names():
        entries = [text for text in texts if any(line.startswith(".. ") and line.split(".")[-1] == name
                                                 for line in text.splitlines())]  # fmt: skip
        assert len(entries) == 1, name
