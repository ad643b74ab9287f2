"""Whether two sources of one name can be of one scale: joined, they are divided at their common median.

A scale is not written in scores, so this only finds what can hardly be one: ranges of scores that lie apart, or one of
which is a small part of the other. Of eight and eight scores of one scale, drawn at random, it refuses 1 or 2 in 100;
of more, hardly any.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from ..errors import DataError
from .records import SourceRecord

FEW = 8
"""Fewer scores than this say nothing of their scale."""
_SHARED = 1 / 2
"""Least part of the narrower range that lies in the other one."""
_NARROW = 1 / 8
"""Least width of the narrower range, where it has one, as a part of the other's."""
_BEYOND = 1 / 10
"""How far scores may lie beyond a declared range, as a part of its width."""


def check_scales(records: Iterable[SourceRecord], hint: str) -> None:
    """Raise the DataError of sources of one name whose scores can hardly be of one scale.

    Args:
        records: Sources that come together.
        hint: What the user can do.

    Raises:
        DataError: With the ranges of both.
    """
    for name, sources in _telling(records).items():
        declared = next((one.rating.declared_range for one in sources if one.rating.range_is_declared), None)
        ranges = [one.score_range for one in sources if one.score_range is not None]
        for first, second in [(declared, one) for one in ranges] if declared else combinations(ranges, 2):
            if not (_is_within(second, first) if declared else _can_be_one(first, second)):
                raise DataError(
                    f"two data sets called '{name}' can hardly be of one scale: scores from {_words(first)}, and from "
                    f"{_words(second)}",
                    hint,
                )


def joined_in_words(records: Iterable[SourceRecord]) -> tuple[str, ...]:
    """Say of which sources of one name the scores were taken as one scale, though their ranges differ.

    Returns:
        Lines such as `'own': scores from 1.36 to 4.32, and from 1 to 5, taken as one scale`.
    """
    by_name: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        if record.score_range is not None:
            by_name.setdefault(record.name, []).append(record.score_range)
    return tuple(
        f"'{name}': scores from {', and from '.join(map(_words, ranges))}, taken as one scale"
        for name, ranges in by_name.items()
        if len(set(ranges)) > 1
    )


def _telling(records: Iterable[SourceRecord]) -> dict[str, list[SourceRecord]]:
    """Return the sources by name, without those whose range is that of a few scores."""
    by_name: dict[str, list[SourceRecord]] = {}
    for record in records:
        # What is not labelled yet has no anchors, and no range where its scores are few (`labels.record_of`).
        is_few = record.rating.fixed_range is None and 0 < record.n_good + record.n_bad < FEW
        if record.score_range is not None and not is_few:
            by_name.setdefault(record.name, []).append(record)
    return by_name


def _is_within(observed: tuple[float, float], declared: tuple[float, float]) -> bool:
    slack = _BEYOND * (declared[1] - declared[0])
    return declared[0] - slack <= observed[0] and observed[1] <= declared[1] + slack


def _can_be_one(first: tuple[float, float], second: tuple[float, float]) -> bool:
    shared = min(first[1], second[1]) - max(first[0], second[0])
    narrow, wide = sorted(high - low for low, high in (first, second))
    return shared >= _SHARED * narrow and (narrow == 0 or narrow >= _NARROW * wide)


def _words(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:g} to {bounds[1]:g}"
