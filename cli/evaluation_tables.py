"""An evaluation as tables: for a terminal, or in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import quasar_index as qi
from quasar_index.errors import counted

from .output import print_table, print_text

TITLES = {"srcc": "SRCC", "krcc": "KRCC", "plcc": "PLCC", "plcc_fitted": "PLCC fitted", "rmse_fitted": "RMSE fitted"}
COLUMNS = ("method", *TITLES.values(), "SRCC - first")
MARK = "*"
EXPLAINED = "the logistic fit is as steep as the scores allow, which weak relations reach by chance: trust the raw PLCC"
LEAST = ("KRCC", "RMSE fitted", "PLCC", "PLCC fitted")


def print_report(report: qi.EvaluationReport) -> None:
    """Print a report for people."""
    for line in _facts(report):
        print_text(line)
    print_text()
    print_table(COLUMNS, _rows(report), right=COLUMNS[1:], keep=("SRCC",), least=LEAST)
    if _is_marked(report):
        print_text(f"{MARK} {EXPLAINED}")
    for columns, rows in _parts(report):
        print_text()
        print_table(columns, rows, right=columns[1:], keep=columns[2:3])


def print_markdown(report: qi.EvaluationReport) -> None:
    """Print a report in Markdown."""
    blocks = ["\n".join(f"- {line}" for line in _facts(report)), _table(COLUMNS, list(_rows(report)))]
    if _is_marked(report):
        blocks.append(f"\\{MARK} {EXPLAINED}")
    print("\n\n".join([*blocks, *(_table(*part) for part in _parts(report))]))  # noqa: T201


def _facts(report: qi.EvaluationReport) -> Iterator[str]:
    yield report.protocol
    counts = [f"{counted(report.n_scored, 'image')} scored", f"{report.n_failed} failed"]
    if report.n_unrated:
        counts.append(f"{report.n_unrated} without a rating left out")
    yield ", ".join(counts)
    if any(one.figures["srcc"].low is not None for one in report.outcomes):
        what = f"{counted(report.n_units, 'group')}" if report.grouped else f"{counted(report.n_units, 'image')}"
        yield f"[{report.level:.0%} bootstrap interval], {counted(report.n_resamples, 'resample')} of {what}"
    yield from report.notes


def _is_marked(report: qi.EvaluationReport) -> bool:
    return any(outcome.fit_at_bound for outcome in report.outcomes)


def _rows(report: qi.EvaluationReport) -> Iterator[tuple[str, ...]]:
    for outcome in report.outcomes:
        paired = outcome.difference
        difference = (
            None
            if paired is None
            else qi.validation.Figure(paired.difference, paired.interval.low, paired.interval.high)
        )
        yield (
            outcome.label,
            *(_cell(outcome.figures[name]) for name in TITLES),  # type: ignore[index]
            "" if difference is None else _cell(difference, signed=True),
        )


def _parts(report: qi.EvaluationReport) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Yield columns and rows of each breakdown: SRCC by value, one column a method."""
    for name, parts in groupby(report.breakdowns, key=lambda part: part.column):
        columns = (name, "n", *(outcome.label for outcome in report.outcomes))
        rows = [(part.value, str(part.n), *("-" if s is None else f"{s:.3f}" for s in part.srcc)) for part in parts]
        yield columns, rows


def _cell(figure: qi.validation.Figure, *, signed: bool = False) -> str:
    if figure.value is None:
        return "-"
    sign = "+" if signed else ""
    value = f"{figure.value:{sign}.3f}{MARK if figure.at_bound else ''}"
    if figure.low is None:
        return value
    return f"{value} [{figure.low:{sign}.2f}, {figure.high:{sign}.2f}]"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ["---", *("---:" for _ in columns[1:])]
    lines = [columns, align, *rows]
    return "\n".join("| " + " | ".join(map(_escaped, line)) + " |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace(MARK, f"\\{MARK}")
