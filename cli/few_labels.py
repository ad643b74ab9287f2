"""`evaluate --few-labels`: what few rated anchors reach, run, printed and written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

import quasar_index as qi
from quasar_index.cells import csv_line
from quasar_index.errors import counted

from .evaluation_files import Outputs
from .evaluation_tables import EvaluationFormat, latex_table, latex_text, markdown_table
from .output import choose_format, note, print_table, print_text, write_rows
from .progress import progress_bar

COLUMNS = ("method", "labels", "SRCC", "SRCC range", "PLCC", "PLCC range")
PARTS = ("median", "low_quartile", "high_quartile", "lowest", "highest")
CSV_COLUMNS = (
    *("index", "method", "n_labels", "n_seeds"),
    *(name if part == "median" else f"{name}_{part}" for name in ("srcc", "plcc") for part in PARTS),
    *("n_images", "n_units", "unit", "test_share", "protocol"),
)


def read_numbers(text: str) -> tuple[int, ...]:
    """Read `N,N,...`, each from 2."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) >= 2 for part in parts):
        raise typer.BadParameter(f"--few-labels {text}: write whole numbers from 2 with commas between them")
    return tuple(dict.fromkeys(map(int, parts)))


@dataclass(frozen=True)
class FewLabelOptions:
    """What is drawn.

    Attributes:
        n_labels: Numbers of labels.
        group: Column whose values are never divided.
        n_seeds: Number of draws.
        test_share: Part of the images to test on.
        seed: Of the first draw.
    """

    n_labels: tuple[int, ...]
    group: str | None
    n_seeds: int
    test_share: float
    seed: int

    def check(self, rated: qi.validation.RatedSource) -> None:
        """Find what stands against it before anything is embedded."""
        qi.validation.check_few_labels(rated, **vars(self))

    def run(
        self,
        methods: Sequence[qi.Method],
        names: Sequence[str],
        images: Sequence[qi.RatedImages],
        outputs: Outputs,
        format_: EvaluationFormat,
    ) -> None:
        """Evaluate, print and write.

        Args:
            methods: What scores.
            names: Of the indexes; none where there is one set of images.
            images: Those of each index.
            outputs: Files that the user asked for: the picture of the curves, and a row a seed.
            format_: How to print.

        Raises:
            Exit: When images failed.
        """
        found: dict[str, qi.validation.FewLabels] = {}
        for name, own in zip(names or [""], images, strict=True):
            with progress_bar("evaluating") as on_progress:
                found[name] = qi.validation.few_labels_of_images(methods, own, **vars(self), on_progress=on_progress)
        report = qi.validation.join_few_labels(found) if len(found) > 1 else next(iter(found.values()))
        if outputs.picture is not None:
            qi.validation.draw_few_labels(report, outputs.picture)
        if (output := outputs.by_seed) is not None:
            columns, kind = list(qi.validation.FEW_LABEL_COLUMNS), choose_format(None, str(output))
            write_rows(report.by_seed(), columns, format_=kind, output=str(output), text=("index", "method"))
        print_few_labels(report.to_dict(), format_)
        for path, reason in report.failures[:5]:
            note(f"left out '{path}': {reason}")
        if report.n_failed:
            note(f"error: {counted(report.n_failed, 'image')} could not be embedded")
            raise typer.Exit(qi.DataError.exit_code)


def print_few_labels(report: Mapping[str, Any], format_: EvaluationFormat) -> None:
    """Print what `FewLabels.to_dict` returns."""
    facts = list(_facts(report))
    if format_ is EvaluationFormat.json:
        print(json.dumps(report, indent=2))  # noqa: T201
    elif format_ is EvaluationFormat.csv:
        lines = [{name: name for name in CSV_COLUMNS}, *_csv_rows(report)]
        print("".join(csv_line(line, CSV_COLUMNS) for line in lines), end="")  # noqa: T201
    elif format_ is EvaluationFormat.markdown:
        print("\n\n".join(["\n".join(f"- {line}" for line in facts), markdown_table(COLUMNS, _rows(report))]))  # noqa: T201
    elif format_ is EvaluationFormat.latex:
        rows = [[latex_text(cell) for cell in row] for row in _rows(report)]
        print("\n".join([*(f"% {line}" for line in facts), *latex_table(map(latex_text, COLUMNS), rows)]))  # noqa: T201
    else:
        for line in facts:
            print_text(line)
        print_text()
        print_table(COLUMNS, _rows(report), right=COLUMNS[1:], keep=("labels", "SRCC"), least=COLUMNS[:2:-1])


def _facts(report: Mapping[str, Any]) -> Iterator[str]:
    yield from str(report["protocol"]).split("\n")
    tests, pools = (_from_to(report[name]) for name in ("n_tests", "n_pools"))
    yield f"{tests} images tested on, {pools} in the pool of labels; larger numbers of labels hold the smaller ones"
    lost = [f"{report['n_failed']} failed"] if report["n_failed"] else []
    if report["n_unrated"]:
        lost.append(f"{report['n_unrated']} without a rating left out")
    if lost:
        yield ", ".join(lost)
    seeds = counted(len(report["seeds"]), "seed")
    yield f"median [quartiles] over {seeds}, and the range from the lowest to the highest; all signed"
    yield from report["notes"]


def _rows(report: Mapping[str, Any]) -> list[list[str]]:
    rows = []
    for one in report["rows"]:
        cells = [one["label"], f"{one['n_labels']:,}"]
        for name in ("srcc", "plcc"):
            found = one[name]
            cells.append(f"{found['median']:.3f} [{found['low_quartile']:.2f}, {found['high_quartile']:.2f}]")
            cells.append(f"{found['lowest']:.2f} to {found['highest']:.2f}")
        rows.append(cells)
    return rows


def _csv_rows(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    shared = {name: report[name] for name in ("n_images", "n_units", "unit", "test_share", "protocol")}
    for one in report["rows"]:
        row = {name: one[name] for name in ("index", "method", "n_labels")} | {"n_seeds": len(report["seeds"])}
        for name in ("srcc", "plcc"):
            row |= {name if part == "median" else f"{name}_{part}": one[name][part] for part in PARTS}
        yield row | shared


def _from_to(numbers: Sequence[int]) -> str:
    lowest, highest = min(numbers), max(numbers)
    return f"{lowest:,}" if lowest == highest else f"{lowest:,} to {highest:,}"
