"""A matrix of indexes as tables: a row an index whose anchors score, a column an index whose images are scored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quasar_index.cells import csv_line
from quasar_index.errors import counted
from quasar_index.validation import Cell, Figure

from .evaluation_tables import (
    EvaluationFormat,
    as_figure,
    figure_text,
    latex_figure,
    latex_table,
    latex_text,
    markdown_table,
)
from .output import print_table, print_text

CORNER = "anchors \\ tests"
COLUMNS = ("anchors", "tests", "method", "n", "n_shared", "srcc", "srcc_low", "srcc_high", "resampled", "why")


def print_matrix(cells: Sequence[Cell], format_: EvaluationFormat, interval: Mapping[str, Any]) -> None:
    """Print a matrix: one for each method.

    Args:
        cells: What `evaluate_matrix` returned.
        format_: The format.
        interval: `level`, `n_resamples` and `seed` of the intervals.
    """
    if format_ is EvaluationFormat.json:
        print(json.dumps({"interval": dict(interval), "cells": list(map(_row, cells))}, indent=2))  # noqa: T201
        return
    if format_ is EvaluationFormat.csv:
        lines = [{name: name for name in COLUMNS}, *map(_row, cells)]
        print("".join(csv_line(line, COLUMNS) for line in lines), end="")  # noqa: T201
        return
    names = list(dict.fromkeys(cell.anchors for cell in cells))
    for number, method in enumerate(dict.fromkeys(cell.method for cell in cells)):
        own = {(cell.anchors, cell.tests): cell for cell in cells if cell.method == method}
        facts = list(_facts(str(method), list(own.values()), interval))
        columns = [CORNER, *names]
        figures = [[own[anchors, tests].srcc for tests in names] for anchors in names]
        if number:
            print()  # noqa: T201
        if format_ is EvaluationFormat.latex:
            rows = [
                [latex_text(name), *(latex_figure(as_figure(one), bold=_is_best(own, name, tests))
                  for tests, one in zip(names, line, strict=True))]
                for name, line in zip(names, figures, strict=True)
            ]  # fmt: skip
            print("\n".join([*(f"% {line}" for line in facts), *latex_table(map(latex_text, columns), rows)]))  # noqa: T201
            continue
        texts = [
            [name, *(figure_text(as_figure(one)) for one in line)] for name, line in zip(names, figures, strict=True)
        ]
        if format_ is EvaluationFormat.markdown:
            print("\n\n".join(["\n".join(f"- {line}" for line in facts), markdown_table(columns, texts)]))  # noqa: T201
            continue
        for line in facts:
            print_text(line)
        print_text()
        print_table(columns, texts, right=columns[1:], keep=columns[1:])


def _facts(method: str, cells: Sequence[Cell], interval: Mapping[str, Any]) -> Iterator[str]:
    yield f"SRCC of {method}: a row scores by its anchors, a column is scored; on the diagonal by cross-validation"
    counts = dict.fromkeys(
        f"{counted(cell.n, 'image')} of {cell.tests}, resampled by {cell.unit}" for cell in cells if cell.n
    )
    yield f"[{interval['level']:.0%} bootstrap interval], {counted(interval['n_resamples'], 'resample')}"
    yield from counts
    for cell in cells:
        if cell.n_shared:
            shares = counted(cell.n_shared, "image shares", "images share")
            yield f"{cell.tests}: {shares} content or reference with anchors of {cell.anchors}, and went without these"
        if cell.why:
            yield f"{cell.anchors} against {cell.tests}: {cell.why}"


def _is_best(cells: Mapping[tuple[str, str], Cell], anchors: str, tests: str) -> bool:
    """Tell whether no other index scores the images better, as it is printed."""
    own = {one: cell.srcc.value for (one, other), cell in cells.items() if other == tests and cell.srcc is not None}
    values = {one: round(value, 3) for one, value in own.items() if value is not None}
    return len(values) > 1 and values.get(anchors) == max(values.values())


def _row(cell: Cell) -> dict[str, Any]:
    figure = cell.srcc or Figure(None)
    return {
        "anchors": cell.anchors,
        "tests": cell.tests,
        "method": str(cell.method),
        "n": cell.n,
        "n_shared": cell.n_shared,
        "srcc": figure.value,
        "srcc_low": figure.low,
        "srcc_high": figure.high,
        "resampled": cell.unit,
        "why": cell.why or None,
    }
