"""A reproduction as tables: for a terminal, or in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import quasar_index as qi
from quasar_index.errors import counted

from .output import print_table, print_text
from .tables import Cell

MOST_ROWS = 40
"""A table of more experiments leaves out those that did not run, and counts them."""
RIGHT = ("published", "ours", "n", "anchors")


def print_reproduction(found: qi.reproduction.Reproduction) -> None:
    """Print a reproduction for people."""
    print_text(f"{found.protocol.name}: {found.protocol.title}")
    print_text(f"{_reading(found)}\n")
    columns, rows, marks = _table(found)
    keep = ("test set", "method", found.protocol.x_label, "published", "ours", "status")
    print_table(columns, [_styled(row) for row in rows], right=RIGHT, keep=keep, least=("anchors", "n"))
    for line in _remarks(found, marks):
        print_text(line)
    if others := _others(found):
        print_text("\npublished for other methods or settings, not run here")
        print_table(*others, right=others[0][1:])
    if found.missing:
        print_text("\n" + missing_text(found.missing))


def print_reproduction_markdown(found: qi.reproduction.Reproduction) -> None:
    """Print a reproduction in Markdown."""
    columns, rows, marks = _table(found)
    parts = [
        f"**{found.protocol.name}**: {found.protocol.title}",
        f"{_reading(found)}.",
        _markdown(columns, rows, right=RIGHT),
    ]
    parts += ["\n".join(f"- {line.strip()}" for line in _remarks(found, marks) if line)]
    if others := _others(found):
        parts += ["Published for other methods or settings, not run here:", _markdown(*others, right=others[0][1:])]
    for one in found.missing:
        parts.append(f"Missing {one.kind} `{one.name}`: {one.reason}\n\n```\n" + "\n".join(one.how) + "\n```")
    print("\n\n".join(part for part in parts if part))  # noqa: T201


def _reading(found: qi.reproduction.Reproduction) -> str:
    """Say what a figure is."""
    if any(one.n_labels is not None for one in found.protocol.experiments):
        return "median SRCC (its quartiles) over seeded draws of labels; n: images tested on in each"
    text = "SRCC [95% bootstrap interval], or mean ± standard deviation over draws"
    return text + "; the paper's are absolute values" * any(
        one.published.value is not None for one in found.protocol.experiments
    )


def missing_text(missing: Sequence[qi.reproduction.MissingInput]) -> str:
    """Return lines that say what is missing, and how to get it."""
    lines = [(f"missing {one.kind} {one.name}: {one.reason}", *(f"  {line}" for line in one.how)) for one in missing]
    return "\n".join(line for part in lines for line in part)


def _table(found: qi.reproduction.Reproduction) -> tuple[tuple[str, ...], list[tuple[str, ...]], dict[str, int]]:
    """Return columns, rows, and the numbers of the remarks that the rows refer to."""
    x_label = found.protocol.x_label
    shown = [one for one in found.results if not _is_hidden(found, one)]
    of_panels = any(one.experiment.panel for one in shown)
    marks: dict[str, int] = {}
    columns = (
        *(["panel"] if of_panels else []),
        "test set",
        "method",
        *([x_label] if x_label else []),
        "published",
        "ours",
        "n",
        "anchors",
        "status",
    )
    rows = []
    for result in shown:
        one, measured = result.experiment, result.measured
        remarks = [text for text in (*result.flags, one.note) if text and result.status in ("ran", "planned")]
        numbers = _runs(sorted(marks.setdefault(text, len(marks) + 1) for text in remarks))
        rows.append(
            (
                *([one.panel] if of_panels else []),
                qi.DATASETS[one.test].title,
                one.series,
                *([_x(one.x)] if x_label else []),
                "-" if one.published.value is None else f"{one.published.value:.3f}",
                "-" if measured is None else _figure(measured),
                "-" if measured is None else f"{measured.n:,}",
                "-" if measured is None else f"{measured.n_anchors:,}",
                _status(result) + (f" ({numbers})" if numbers else ""),
            )
        )
    return columns, rows, marks


def _runs(numbers: Sequence[int]) -> str:
    """Write ascending numbers, runs of three or more as such: `1-4, 7`."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{one[0]}-{one[-1]}" if len(one) > 2 else ", ".join(map(str, one)) for one in parts)


def _is_hidden(found: qi.reproduction.Reproduction, result: qi.reproduction.ExperimentResult) -> bool:
    return len(found.results) > MOST_ROWS and result.status in ("missing", "failed")


def _status(result: qi.reproduction.ExperimentResult) -> str:
    if result.status in ("ran", "planned"):
        return "would run" if result.status == "planned" else "ran"
    return f"{result.status}: {'; '.join(result.reasons)}"


def _styled(row: Sequence[str]) -> list[Cell]:
    style = "red" if row[-1].startswith("failed") else "dim" if row[-1].startswith("missing") else ""
    return [(cell, style) for cell in row]


def _figure(measured: qi.reproduction.Measurement) -> str:
    if measured.spread is not None:
        return f"{measured.srcc:.3f} ± {measured.spread:.3f}"
    if measured.low_quartile is not None:
        return f"{measured.srcc:.3f} ({measured.low_quartile:.2f} to {measured.high_quartile:.2f})"
    if measured.low is None:
        return f"{measured.srcc:.3f}"
    return f"{measured.srcc:.3f} [{measured.low:.2f}, {measured.high:.2f}]"


def _x(x: float | str | None) -> str:
    return f"{x:g}" if isinstance(x, float) else str(x)


def _remarks(found: qi.reproduction.Reproduction, marks: dict[str, int]) -> Iterator[str]:
    """Yield what a reader should know below the table."""
    for text, number in marks.items():
        yield f"({number}) {text}"
    hidden = [one for one in found.results if _is_hidden(found, one)]
    if hidden:
        counts = Counter(reason for one in hidden for reason in one.reasons)
        why = ", ".join(f"{reason} ({count})" for reason, count in counts.items())
        yield f"{len(hidden)} of {counted(len(found.results), 'experiment')} did not run and are not shown: {why}"
    steps = Counter(step for one in found.results if one.status == "planned" for step in one.reasons)
    yield from (f"would {step}" for step in steps)
    yield from found.protocol.notes
    shown = [one.experiment.published for one in found.results if not _is_hidden(found, one)]
    yield from dict.fromkeys(f"published '-': {one.source}" for one in shown if one.value is None)


def _others(found: qi.reproduction.Reproduction) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    """Return the printed figures of other methods, for the test sets that were asked for."""
    tests = list(dict.fromkeys(one.experiment.test for one in found.results))
    rows = [
        (name, *(f"{values[test]:.3f}" if test in values else "" for test in tests))
        for name, values in found.protocol.others.items()
        if any(test in values for test in tests)
    ]
    return (("method", *(qi.DATASETS[test].title for test in tests)), rows) if rows else None


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[str]) -> str:
    align = ["---:" if name in right else "---" for name in columns]
    lines = [columns, align, *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
