"""Evaluations of the same images by several indexes, as one: encoders side by side, with paired differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..arguments import checked
from ..arrays import IntArray
from ..errors import ValidationError, counted
from ..statistics.bootstrap import MIN_GROUPS_INTERVAL, MIN_PAIRS_INTERVAL, paired_difference
from ..statistics.groups import group_codes
from .figures import Bootstrap, Columns, Scored, make_report
from .fold_scores import FoldScores
from .report import EvaluationReport, Outcome

_KEYS = ("path", "id")


@checked
def join_evaluations(reports: Mapping[str, EvaluationReport], *, by: Sequence[str] = ()) -> EvaluationReport:
    """Join evaluations of the same images: every method by every index, compared with the first one.

    Images are the same by path, or by id where more of them agree by id; those that one of the evaluations lacks are
    left out of all, and the report says how many.

    Args:
        reports: By what each is called, at least one.
        by: Columns for breakdowns, where images are left out.

    Returns:
        One report; intervals and differences are made on the same resamples.

    Raises:
        ValidationError: When fewer than 3 images are common, they are rated otherwise, or the resamples differ.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> groups = np.arange(60) // 5
        >>> one, other = (qi.cross_validate([qi.Mean()], y, x[:, 0], groups, n_resamples=100) for y in (x, x[:, :4]))
        >>> both = qi.validation.join_evaluations({"all": one, "four": other})
        >>> [outcome.label for outcome in both.outcomes], both.outcomes[1].difference is None
        (['all: mean', 'four: mean'], False)
    """
    names, parts = list(reports), list(reports.values())
    first = parts[0]
    how = [(one.n_resamples, one.level, one.seed, one.grouped, one.unit) for one in parts]
    if len(set(how)) > 1:
        raise ValidationError(
            f"evaluations with other resamples: {' and '.join(map(str, dict.fromkeys(how)))}", "evaluate all alike"
        )
    rows = _common_rows(parts)
    n = len(rows[0])
    for name, one, own in zip(names, parts, rows, strict=True):
        apart = ~np.isclose(one.quality[own], first.quality[rows[0]], rtol=1e-6, atol=1e-9)
        if apart.any():
            raise ValidationError(
                f"{counted(int(apart.sum()), 'image is', 'images are')} rated otherwise in '{name}' than in "
                f"'{names[0]}'",
                "compare them on images with the same ratings",
            )
    left_out = [f"{len(one.quality) - n} of '{name}'" for name, one in reports.items() if len(one.quality) > n]
    bootstrap = Bootstrap(first.n_resamples, first.level, first.seed)
    groups = [first.columns["group"][row] for row in rows[0]] if first.grouped else None
    if left_out:
        joined = _anew(reports, rows, groups, by, bootstrap)
    else:
        outcomes = [
            replace(one, scores=one.scores[own], index=name, difference=None)
            for (name, report), own in zip(reports.items(), rows, strict=True)
            for one in report.outcomes
        ]
        codes = group_codes(groups, n)
        if n >= MIN_PAIRS_INTERVAL and codes.max() + 1 >= MIN_GROUPS_INTERVAL:
            outcomes[1:] = [_compared(one, outcomes[0], first, codes, bootstrap) for one in outcomes[1:]]
        breakdowns = [
            replace(parts[0], srcc=tuple(value for part in parts for value in part.srcc))
            for parts in zip(*(one.breakdowns for one in parts), strict=True)
        ]
        joined = replace(
            first,
            outcomes=tuple(outcomes),
            breakdowns=tuple(breakdowns),
            columns={name: values for name, values in first.columns.items() if name != "fold"},
        )
    failures = {path: reason for one in parts for path, reason in one.failures}
    return replace(
        joined,
        n_anchors=max(one.n_anchors for one in parts),
        n_folds=max(one.n_folds for one in parts),
        n_failed=len(failures),
        failures=tuple(failures.items()),
        n_unrated=first.n_unrated,
        n_overlap=max(one.n_overlap for one in parts),
        unit=first.unit,
        protocol="\n".join(dict.fromkeys(one.protocol for one in parts)),
        notes=(
            *([f"not in all of them, and left out: {', '.join(left_out)}"] if left_out else []),
            *_notes(reports),
        ),
    )


def _anew(
    reports: Mapping[str, EvaluationReport],
    rows: Sequence[IntArray],
    groups: list[Any] | None,
    by: Sequence[str],
    bootstrap: Bootstrap,
) -> EvaluationReport:
    """Compute everything on the images that are common."""
    scored = [
        Scored(
            [one.method for one in report.outcomes],
            FoldScores(np.stack([one.scores[own] for one in report.outcomes]), ((),) * len(report.outcomes)),
            (),
            report.quality[own],
            name,
        )
        for (name, report), own in zip(reports.items(), rows, strict=True)
    ]
    first = next(iter(reports.values()))
    columns = {name: [values[row] for row in rows[0]] for name, values in first.columns.items() if name != "fold"}
    parts: Columns = {name: columns[name] for name in by}
    report = make_report(scored, groups=groups, by=parts, bootstrap=bootstrap)
    return replace(report, columns={**columns, **report.columns})


def _compared(one: Outcome, first: Outcome, report: EvaluationReport, codes: IntArray, bootstrap: Bootstrap) -> Outcome:
    try:
        difference = paired_difference(one.scores, first.scores, report.quality, groups=codes, **vars(bootstrap))
    except ValidationError:
        return one
    return replace(one, difference=difference)


def _common_rows(reports: Sequence[EvaluationReport]) -> list[IntArray]:
    """Return for each report the rows of the images that all have, in the order of the first."""
    found: list[list[IntArray]] = []
    for name in _KEYS:
        if not all(name in one.columns for one in reports):
            continue
        tables = [dict(zip(_numbered(one.columns[name]), range(len(one.quality)), strict=True)) for one in reports]
        common = [key for key in tables[0] if all(key in table for table in tables)]
        found.append([np.array([table[key] for key in common], dtype=np.int64) for table in tables])
    if not found:
        lengths = {len(one.quality) for one in reports}
        if len(lengths) > 1:
            raise ValidationError(
                f"{' and '.join(map(str, sorted(lengths)))} images without paths or ids", "evaluate the same images"
            )
        return [np.arange(lengths.pop())] * len(reports)
    best = max(found, key=lambda rows: len(rows[0]))
    if len(best[0]) < 3:
        raise ValidationError(
            f"{counted(len(best[0]), 'image is', 'images are')} in all of them, by path or by id",
            "compare indexes on the same images, at least 3",
        )
    return best


def _numbered(values: Sequence[Any]) -> list[tuple[Any, int]]:
    """Tell the values that are there twice."""
    seen: Counter[Any] = Counter()
    keys = []
    for value in values:
        keys.append((value, seen[value]))
        seen[value] += 1
    return keys


def _notes(reports: Mapping[str, EvaluationReport]) -> list[str]:
    """Return the notes of all, each once; those that not all share say whose they are."""
    counts = Counter(note for one in reports.values() for note in one.notes)
    noted = [
        note if counts[note] == len(reports) else f"{name}: {note}"
        for name, one in reports.items()
        for note in one.notes
    ]
    return list(dict.fromkeys(noted))
