"""`quasar-index select --suggest`: how few anchors are enough, by selector."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from .output import interruptible, note, print_facts, print_table, print_text
from .progress import progress_bar
from .sweep import parse_selectors, parse_values

SUGGESTION = "Suggestion"
SelectorsOption = Annotated[
    str | None,
    typer.Option(metavar="NAME,...", help="Selectors that are tried; default: all.", rich_help_panel=SUGGESTION),
]
SizesOption = Annotated[
    str | None,
    typer.Option(
        metavar="S1,S2,...",
        help="Fractions up to 1, or numbers from 2.  [0.02,0.05,0.1,0.2,0.3,0.5,1]",
        rich_help_panel=SUGGESTION,
    ),
]
SeedsOption = Annotated[
    int | None, typer.Option(min=1, help="Draws of selectors that are random.  [5]", rich_help_panel=SUGGESTION)
]
FoldsOption = Annotated[
    int | None, typer.Option(min=2, help="Most folds; fewer are quicker.  [20]", rich_help_panel=SUGGESTION)
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE.points.jsonl",
        help="Keep what is computed there: the same command goes on from it.",
        rich_help_panel=SUGGESTION,
    ),
]


def suggest_sizes(
    index: qi.AnchorIndex,
    *,
    again: Sequence[object],
    selectors: str | None,
    sizes: str | None,
    seeds: int | None,
    folds: int | None,
    output: Path | None,
    json: bool,
    **options: Any,
) -> None:
    """Print the suggestions, and the command that makes the best one.

    Args:
        index: The index.
        again: Arguments and options of that command, but for the selector and the size.
        selectors: As the user wrote them; here and below None for the default.
        sizes: As the user wrote them.
        seeds: Draws of selectors that are random.
        folds: Most folds.
        output: Where evaluations are kept.
        json: Print JSON.
        options: More of `qi.sweep.suggest`.
    """
    given: dict[str, Any] = {
        "selectors": None if selectors is None else parse_selectors(selectors),
        "sizes": None if sizes is None else parse_values("--sizes", sizes),
        "n_seeds": seeds,
        "max_folds": folds,
    }
    hint = "give --output to keep what is computed" if output is None else "the same command goes on from there"
    with interruptible(hint), progress_bar("cross-validating") as on_progress:
        found = qi.sweep.suggest(
            index,
            state=output,
            on_plan=_announce,
            on_progress=on_progress,
            **{key: value for key, value in given.items() if value is not None},
            **options,
        )
    if json:
        facts = [suggestion_facts(one) for one in found.by_selector]
        print_facts({"overall": suggestion_facts(found.overall), "by_selector": facts}, as_json=True)
    else:
        _print(found, again)
    for what, reason in found.report.failures:
        note(f"left out {what}: {reason}")


def _announce(n_subsets: int, n_folds: int) -> None:
    subsets = counted(n_subsets, "subset")
    note(f"trying {subsets}, each made and scored in {counted(n_folds, 'fold')}")


def suggestion_facts(one: qi.sweep.SuggestedSize) -> dict[str, Any]:
    """Return a suggestion as plain data."""
    paired = one.chosen.minus_random
    return {
        "selector": one.selector,
        "size": one.chosen.value,
        "n_anchors": round(one.chosen.n_anchors, 1),
        "srcc": one.chosen.srcc,
        "minus_random": paired and paired.value,
        "minus_random_low": paired and paired.low,
        "minus_random_high": paired and paired.high,
        "best_size": one.best.value,
        "best_srcc": one.best.srcc,
        "standard_error": one.standard_error,
        "threshold": one.threshold,
    }


def _print(found: qi.sweep.Suggestion, again: Sequence[object]) -> None:
    report = found.report
    print_text(report.protocol)
    for text in report.notes:
        print_text(text)
    print_text("smallest subset with SRCC >= best - one standard error (over groups and draws)\n")
    columns = ("selector", "size", "anchors", "SRCC", "SRCC - random", "best size", "best SRCC", "SE", "at least")
    rows = []
    for one in found.by_selector:
        paired = one.chosen.minus_random
        cells = (
            f"{one.chosen.value}",
            f"{one.chosen.n_anchors:.0f}",
            f"{one.chosen.srcc:.3f}",
            "" if paired is None else _signed(paired),
            f"{one.best.value}",
            f"{one.best.srcc:.3f}",
            f"{one.standard_error:.3f}",
            f"{one.threshold:.3f}",
        )
        rows.append((one.selector, *cells))
    print_table(columns, rows, right=columns[1:], keep=("size", "SRCC"), least=("at least", "SE", "anchors"))
    best = found.overall
    size = best.chosen.value
    print_text(
        f"\nof all selectors: {best.selector} {size} (SRCC {best.chosen.srcc:.3f}; "
        f"best is {best.best.selector} {best.best.value} with {best.best.srcc:.3f}); to make it:"
    )
    how = ["--selector", best.selector, "--fraction" if isinstance(size, float) or size == 1 else "--size", size]
    words = ["quasar-index", "select", *map(str, [*again, *how]), "--to", "NEW"]
    print(f"    {shlex.join(words)}")  # noqa: T201 - not folded, for it is there to be copied
    print_text("the best of many flatters: judge the subset on other images")


def _signed(figure: qi.sweep.Estimate) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:+.3f}"
    return f"{figure.value:+.3f} [{figure.low:+.2f}, {figure.high:+.2f}]"
