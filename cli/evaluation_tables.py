"""An evaluation as tables: for a terminal, in Markdown, LaTeX or CSV; all from `EvaluationReport.to_dict()`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby
from typing import Any, TypeAlias

from quasar_index.cells import csv_line
from quasar_index.errors import counted

from .output import print_table, print_text

Report: TypeAlias = Mapping[str, Any]
"""What `EvaluationReport.to_dict` returns."""

TITLES = {"srcc": "SRCC", "krcc": "KRCC", "plcc": "PLCC", "plcc_fitted": "PLCC fitted", "rmse_fitted": "RMSE fitted"}
FITTED = ("plcc_fitted", "rmse_fitted")
LOWER_IS_BETTER = ("rmse_fitted",)
COLUMNS = ("method", *TITLES.values(), "SRCC - first")
MARK = "*"
EXPLAINED = "the logistic fit is as steep as the scores allow, which weak relations reach by chance: trust the raw PLCC"
LEAST = ("KRCC", "RMSE fitted", "PLCC", "PLCC fitted")
PAIRED = "srcc_minus_first"
CSV_COLUMNS = (
    *("part", "index", "method", "n"),
    *(f"{name}{end}" for name in (*TITLES, PAIRED) for end in ("", "_low", "_high")),
    *("fit_at_bound", "level", "n_resamples", "resampled", "n_units", "protocol"),
)
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)


class EvaluationFormat(str, Enum):
    """Formats of an evaluation."""

    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    latex = "latex"


def print_report(report: Report) -> None:
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


def print_markdown(report: Report) -> None:
    """Print a report in Markdown."""
    blocks = ["\n".join(f"- {line}" for line in _facts(report)), markdown_table(COLUMNS, list(_rows(report)))]
    if _is_marked(report):
        blocks.append(f"\\{MARK} {EXPLAINED}")
    print("\n\n".join([*blocks, *(markdown_table(*part) for part in _parts(report))]))  # noqa: T201


def print_latex(report: Report) -> None:
    """Print a report in LaTeX, for the package booktabs: the best of each statistic in bold; facts are comments."""
    best = {name: _best(report["methods"], name) for name in TITLES}
    rows = []
    for outcome in report["methods"]:
        cells = [latex_text(outcome["label"])]
        for name in TITLES:
            marked = name in FITTED and outcome["fit_at_bound"]
            cells.append(latex_figure(outcome[name], bold=_shown(outcome[name]) == best[name], mark=marked))
        paired = outcome[PAIRED]
        rows.append([*cells, "" if paired is None else latex_figure(paired, signed=True)])
    lines = [*(f"% {line}" for line in _facts(report)), *latex_table([latex_text(title) for title in COLUMNS], rows)]
    if _is_marked(report):
        lines.append(f"% ${MARK}$ {EXPLAINED}")
    for columns, parts in _parts(report):
        lines += ["", *latex_table(map(latex_text, columns), [_best_of_row(part) for part in parts])]
    print("\n".join(lines))  # noqa: T201


def print_csv(report: Report) -> None:
    """Print a report as CSV: a row a method, then one for each of its parts, whose `part` is COLUMN=VALUE."""
    print(csv_text([report]), end="")  # noqa: T201


def csv_text(reports: Sequence[Report]) -> str:
    """Return reports as one CSV."""
    lines = [csv_line({name: name for name in CSV_COLUMNS}, CSV_COLUMNS)]
    for report in reports:
        lines += [csv_line({**dict.fromkeys(CSV_COLUMNS), **row}, CSV_COLUMNS) for row in _csv_rows(report)]
    return "".join(lines)


def print_json(report: Report) -> None:
    """Print a report as JSON."""
    print(json.dumps(report, indent=2))  # noqa: T201


SHOW: dict[EvaluationFormat, Callable[[Report], None]] = {
    EvaluationFormat.table: print_report,
    EvaluationFormat.csv: print_csv,
    EvaluationFormat.json: print_json,
    EvaluationFormat.markdown: print_markdown,
    EvaluationFormat.latex: print_latex,
}


def print_reports(reports: Sequence[Report], format_: EvaluationFormat) -> None:
    """Print several reports: one CSV, one list of JSON, or tables one after the other."""
    if format_ is EvaluationFormat.csv:
        print(csv_text(reports), end="")  # noqa: T201
    elif format_ is EvaluationFormat.json:
        print(json.dumps(reports, indent=2))  # noqa: T201
    else:
        for number, report in enumerate(reports):
            if number:
                print()  # noqa: T201
            SHOW[format_](report)


def _facts(report: Report) -> Iterator[str]:
    yield from str(report["protocol"]).split("\n")
    counts = [f"{counted(report['n_scored'], 'image')} scored", f"{report['n_failed']} failed"]
    if report["n_unrated"]:
        counts.append(f"{report['n_unrated']} without a rating left out")
    yield ", ".join(counts)
    interval = report["interval"]
    if any(one["srcc"]["low"] is not None for one in report["methods"]):
        what = counted(interval["n_units"], "group" if interval["grouped"] else "image")
        if interval["resampled"] not in ("group", "image"):
            what += f" by {interval['resampled']}"
        yield f"[{interval['level']:.0%} bootstrap interval], {counted(interval['n_resamples'], 'resample')} of {what}"
    yield from report["notes"]


def _is_marked(report: Report) -> bool:
    return any(outcome["fit_at_bound"] for outcome in report["methods"])


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    for outcome in report["methods"]:
        paired = outcome[PAIRED]
        yield (
            outcome["label"],
            *(figure_text(outcome[name], mark=name in FITTED and outcome["fit_at_bound"]) for name in TITLES),
            "" if paired is None else figure_text(paired, signed=True),
        )


def _csv_rows(report: Report) -> Iterator[dict[str, Any]]:
    interval = report["interval"]
    for outcome in report["methods"]:
        which = {"index": outcome["index"], "method": outcome["method"]}
        row = {**which, "n": report["n_scored"], "fit_at_bound": str(outcome["fit_at_bound"]).lower()}
        row |= {name: interval[name] for name in ("level", "n_resamples", "resampled", "n_units")}
        for name in (*TITLES, PAIRED):
            figure = outcome[name] or {"value": None, "low": None, "high": None}
            row |= {name: figure["value"], f"{name}_low": figure["low"], f"{name}_high": figure["high"]}
        yield {**row, "protocol": report["protocol"]}
        for part in report["breakdowns"]:
            of_part = f"{part['column']}={part['value']}"
            yield {**which, "part": of_part, "n": part["n"], "srcc": part["srcc"][outcome["label"]]}


def _parts(report: Report) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Yield columns and rows of each breakdown: SRCC by value, one column a method."""
    labels = [outcome["label"] for outcome in report["methods"]]
    for name, parts in groupby(report["breakdowns"], key=lambda part: str(part["column"])):
        rows = [(part["value"], str(part["n"]), *(_number(part["srcc"][label]) for label in labels)) for part in parts]
        yield (name, "n", *labels), rows


def _number(value: float | None, *, signed: bool = False) -> str:
    return "-" if value is None else f"{value:{'+' if signed else ''}.3f}"


def _ends(figure: Report, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return "" if figure["low"] is None else f" [{figure['low']:{sign}.2f}, {figure['high']:{sign}.2f}]"


def figure_text(figure: Report, *, signed: bool = False, mark: bool = False) -> str:
    """Write a figure with its interval."""
    if figure["value"] is None:
        return "-"
    return f"{_number(figure['value'], signed=signed)}{MARK if mark else ''}{_ends(figure, signed=signed)}"


def as_figure(figure: Any) -> Report:
    """Return a figure of the library, or None, as these tables take it."""
    return {name: getattr(figure, name, None) for name in ("value", "low", "high")}


def _shown(figure: Report) -> float | None:
    """Return a figure as it is printed: what looks equal is equally good."""
    return None if figure["value"] is None else round(figure["value"], 3)


def _best(outcomes: Sequence[Report], name: str) -> float | None:
    """Return the best figure as it is printed; None where there is nothing to compare."""
    values = [value for one in outcomes if (value := _shown(one[name])) is not None]
    if len(values) < 2:
        return None
    return min(values) if name in LOWER_IS_BETTER else max(values)


def _best_of_row(part: Sequence[str]) -> list[str]:
    """Return the cells of a part in LaTeX, the best in bold."""
    value, n, *cells = part
    numbers = [float(cell) for cell in cells if cell != "-"]
    best = max(numbers) if len(numbers) > 1 else None
    shown = [_bold(_minus(one)) if one != "-" and float(one) == best else _minus(one) for one in cells]
    return [latex_text(value), n, *shown]


def latex_text(text: str) -> str:
    """Escape text for LaTeX."""
    return text.translate(_TEX)


def _minus(number: str) -> str:
    """Write a number with the sign that LaTeX sets for it."""
    if number == "-":
        return "--"
    return f"${number}$" if number[0] in "+-" else number


def _bold(text: str) -> str:
    return f"$\\mathbf{{{text.strip('$')}}}$" if text.startswith("$") else f"\\textbf{{{text}}}"


def latex_figure(figure: Report, *, bold: bool = False, signed: bool = False, mark: bool = False) -> str:
    """Write a figure with its interval for LaTeX."""
    if figure["value"] is None:
        return "--"
    value = _minus(_number(figure["value"], signed=signed))
    ends = _ends(figure, signed=signed).strip()
    range_ = f" {{\\scriptsize ${ends}$}}" if ends else ""
    return f"{_bold(value) if bold else value}{'$^*$' if mark else ''}{range_}"


def latex_table(columns: Any, rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table of booktabs."""
    titles = list(columns)
    body = [" & ".join(row) + r" \\" for row in rows]
    return [
        f"\\begin{{tabular}}{{l{'r' * (len(titles) - 1)}}}",
        r"\toprule",
        " & ".join(titles) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    align = ["---", *("---:" for _ in columns[1:])]
    lines = [columns, align, *rows]
    return "\n".join("| " + " | ".join(map(_escaped, line)) + " |" for line in lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace(MARK, f"\\{MARK}")
