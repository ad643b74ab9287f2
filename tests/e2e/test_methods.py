"""`quasar-index methods`, and the one text that names a method: what is printed is what `--method` reads."""

import csv
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

import quasar_index as qi

from .conftest import Run

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "methods.md").read_text(encoding="utf-8")
VALIDATED = ("rated", "--cross-validate", "group=photograph", "--resamples", 60)
GIVEN = (
    "mean/ridge:space=raw/whitened",
    "mean:rating_power=0.5,normalize_anchors",
    "mean:temperature=1e-05",
    "offset: offset=0.3, shrinkage=oas",
    "clustering:n_clusters=2,prototypes=mean/nearest,seed=3",
    "retrieval:top_k=6,mode=joint,division=local,similarity_temperature=0.10,blend=0.5",
    "knn:top_k=4,shrinkage=2.5",
    "ridge:alphas=0.1:10,space=centred",
)


def first_column(text: str, title: str) -> list[str]:
    """Return the first column of the table whose first title is given."""
    lines = text.splitlines()
    start = next(place for place, line in enumerate(lines) if line.split()[:1] == [title]) + 1
    return [line.split()[0] for line in lines[start:] if line.strip()]


def test_the_list_names_every_method_and_when_to_choose_it(call: Run) -> None:
    done = call("methods", COLUMNS="400")
    assert done.returncode == 0, done.stderr
    assert first_column(done.stdout.partition("\n\nAll take")[0], "method") == list(qi.METHODS)
    for kind in qi.METHODS.values():
        assert kind.when in done.stdout
        assert all(one.name in " ".join(done.stdout.split()) for one in fields(kind))


@pytest.mark.parametrize("name", list(qi.METHODS))
def test_one_method_shows_its_formula_parameters_and_an_example_that_reads(call: Run, name: str) -> None:
    done = call("methods", name, COLUMNS="200")
    assert done.returncode == 0, done.stderr
    kind = qi.METHODS[name]
    shown = first_column(done.stdout.partition("\n\nFor example")[0], "parameter")
    assert sorted(shown) == sorted(one.name for one in fields(kind))
    assert kind.when in done.stdout
    formula = json.loads(call("methods", name, "--json").stdout)[name]["formula"]
    assert "".join(formula.split()) in "".join(done.stdout.split())
    (example,) = re.findall(r"For example: --method (\S+)", done.stdout)
    assert isinstance(qi.read_method(example), kind)


@pytest.mark.parametrize("name", [None, *qi.METHODS])
def test_json_holds_the_defaults_as_they_are_read(call: Run, name: str | None) -> None:
    found = json.loads(call("methods", *([] if name is None else [name]), "--json").stdout)
    assert list(found) == (list(qi.METHODS) if name is None else [name])
    for key, one in found.items():
        assert one["when"]
        assert len(one["formula"]) > 80
        assert one["parameters"].keys() == {field.name for field in fields(qi.METHODS[key])}
        assert all(about["range"] and about["what"] for about in one["parameters"].values())
        defaults = ",".join(f"{parameter}={about['default']}" for parameter, about in one["parameters"].items())
        assert qi.read_method(f"{key}:{defaults}") == qi.METHODS[key]()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("methods", "retreival"), "there is no method 'retreival'; did you mean 'retrieval'?"),
        (("methods", "neural"), "there is no method 'neural'; there are mean, offset, clustering, retrieval"),
        (("score", "x.png", "-i", "rated", "-m", "retreival"), "did you mean 'retrieval'?"),
        (("score", "x.png", "-i", "rated", "-m", "retrieval:topk=8"), "no parameter 'topk'; did you mean 'top_k'?"),
        (("score", "x.png", "-i", "rated", "-m", "mean:space=row"), "space of mean is 'row'; it is raw or centred or"),
        (("score", "x.png", "-i", "rated", "-m", "mean:space=raw,space=raw"), "gives space twice; give it once"),
        (("calibrate", "rated", "-m", "ridge:alpha=1"), "no parameter 'alpha'; did you mean 'alphas'?"),
        (("evaluate", "-i", *VALIDATED, "-m", "mean", "-m", "mena"), "there is no method 'mena'; did you mean 'mean'?"),
        (("sweep", *VALIDATED, "--offsets", "0", "-m", "ofset"), "did you mean 'offset'?"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_typo_is_one_line_that_says_what_was_meant(call: Run, arguments: tuple[object, ...], message: str) -> None:
    done = call(*arguments)
    assert done.returncode == 6
    assert done.stdout == ""
    assert done.stderr.startswith("quasar-index: error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_every_method_that_a_table_prints_reads_back(call: Run, tmp_path: Path) -> None:
    wanted = qi.read_methods(GIVEN)
    assert len(wanted) == 12
    evaluate = ("evaluate", "-i", *VALIDATED)
    given = [word for text in GIVEN for word in ("-m", text)]
    report = json.loads(call(*evaluate, *given, "-f", "json").stdout)
    labels = [one["label"] for one in report["methods"]]
    assert [qi.read_method(text) for text in labels] == wanted
    again = [word for text in labels for word in ("-m", text)]
    assert json.loads(call(*evaluate, *again, "-f", "json").stdout) == report
    assert first_column(call(*evaluate, *given, COLUMNS="300").stdout, "method") == labels
    markdown = call(*evaluate, *given, "-f", "markdown", "--by", "photograph").stdout
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if "|" in line]
    assert [row[0] for row in rows[2 : 2 + len(labels)]] == labels
    assert next(row for row in rows if row[0] == "photograph")[2:] == labels
    swept = ("sweep", *VALIDATED, "--ratios", "1", *given, "--output", tmp_path / "out.csv")
    table = call(*swept, COLUMNS="300")
    assert table.returncode == 0, table.stderr
    assert first_column(table.stdout, "method") == labels
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["method"] for row in csv.DictReader(file)] == labels
    for label in labels:
        made = json.loads(call("calibrate", "rated", "-m", label, "--group", "photograph", "--json").stdout)
        assert made["method"] == label


def test_the_table_of_the_guide_is_that_of_the_command(call: Run) -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) ?\|$", GUIDE.partition("## Spaces")[0], flags=re.MULTILINE)
    found = json.loads(call("methods", "--json").stdout)
    shared = set(found["mean"]["parameters"])
    own = {key: [name for name in one["parameters"] if name not in shared] for key, one in found.items()}
    assert {name: re.findall(r"`(\w+)`", text) for name, text in rows if name in found} == own


@pytest.mark.parametrize("command", [("score", "x.png", "-i", "rated"), ("calibrate", "rated")])
def test_one_method_is_not_silently_the_last_of_two(call: Run, command: tuple[str, ...]) -> None:
    done = call(*command, "-m", "mean", "-m", "knn")
    assert done.returncode == 2
    assert "one method scores here" in done.stderr
