"""All selectors at five sizes against random selection, by leave-one-group-out over the anchors of an index.

    python tests/benchmarks/compare_selection.py INDEX --group COLUMN --output FOLDER [--folds 10] [-m mean:space=raw]

The method that scores, and so the space that selectors look at, is the library's default unless it is given.

Writes the curves (CSV), their picture and a table that says which selector differs from random selection beyond the 95%
interval (paired over test groups and seeds). At that level one comparison in twenty does so by chance: the table counts
them. What is computed is kept in FOLDER, and the same command goes on from there; selectors that take long come last.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import quasar_index as qi

SLOW = ("forward", "influence")


def main() -> None:
    """Compare, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index")
    parser.add_argument("--group", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--method", "-m", default="mean", metavar="NAME:PARAMETER=VALUE,...")
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.4, 0.7])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--folds", type=int, default=100)
    parser.add_argument("--without-slow", action="store_true")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    index = qi.AnchorIndex.open(given.index)
    bench = qi.sweep.anchors_bench(index, given.group, max_folds=given.folds)
    method = qi.read_method(given.method)
    name = f"{index.name}-{method}"
    names = [one for one in qi.SELECTORS if one not in SLOW]
    for selectors in (names,) if given.without_slow else (names, [*names, *SLOW]):
        sweep = qi.sweep.Sweep(
            "size",
            (*given.sizes, 1),
            selectors=qi.sweep.make_selectors(selectors),
            methods=(method,),
            n_seeds=given.seeds,
        )
        report = qi.sweep.run_sweep(sweep, bench, state=given.output / f"{name}.points.jsonl")
        qi.sweep.draw_sweep(report, given.output / f"{name}.png")
        with (given.output / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, qi.sweep.SWEEP_COLUMNS)
            writer.writeheader()
            writer.writerows(report.rows())
        (given.output / f"{name}.txt").write_text("\n".join(table(report)) + "\n", encoding="utf-8")


def table(report: qi.sweep.SweepReport) -> list[str]:
    """Return the comparison as lines."""
    lines = [report.protocol, *report.notes, ""]
    values = [value for value in report.sweep.values if value != 1]
    lines.append("selector".ljust(18) + "".join(f"{value:g}".rjust(28) for value in values))
    better: list[str] = []
    worse: list[str] = []
    n = 0
    for _, selector in report.curves:
        cells = []
        for value in values:
            (point,) = [one for one in report.points if (one.selector, one.value) == (selector, value)] or [None]
            if point is None:
                cells.append("-")
                continue
            paired = point.minus_random
            if paired is None or paired.low is None or paired.high is None:
                low, high = point.seeds.low, point.seeds.high
                cells.append(f"{point.srcc:.3f}" + ("" if low is None else f" ({low:.2f} to {high:.2f})"))
                continue
            n += 1
            mark = "*" if paired.is_clear else " "
            if paired.is_clear:
                (better if paired.value > 0 else worse).append(f"{selector} {value:g}")
            cells.append(f"{point.srcc:.3f} {paired.value:+.2f} [{paired.low:+.2f}, {paired.high:+.2f}]{mark}")
        lines.append(selector.ljust(18) + "".join(cell.rjust(28) for cell in cells))
    lines += [
        "",
        "random: mean SRCC (where 95% of draws lie); others: SRCC, minus random [95% interval]; * beyond it",
        f"all anchors: {next((f'{one.srcc:.3f}' for one in report.points if one.value == 1), '-')}",
        f"better than random beyond the interval: {', '.join(better) or 'none'}",
        f"worse: {', '.join(worse) or 'none'}",
        f"{len(better) + len(worse)} of {n} comparisons; some {0.05 * n:.0f} would be by chance",
        *(f"left out {what}: {reason}" for what, reason in report.failures),
    ]
    return lines


if __name__ == "__main__":
    main()
