"""The scores at which the user divides anchors, `?threshold=3` or `?threshold=3,appeal:2`: good is better than that."""

from __future__ import annotations

import math
from dataclasses import replace

from ..errors import DataError
from .base import Division, Rating
from .spec import Options


def read_thresholds(options: Options) -> dict[str | None, float]:
    """Return the thresholds that are given, by column; the column None is the (first) score column.

    Raises:
        DataError: When one is no number, or given twice.
    """
    found: dict[str | None, float] = {}
    given = options.text("threshold") or ""
    for text in filter(None, map(str.strip, given.split(","))):
        column, colon, number = text.rpartition(":")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or (colon and not column):
            hint = "such as threshold=3, or threshold=likes:10 of the score column 'likes'"
            raise DataError(f"option threshold={given} is no number", hint)
        if (column or None) in found:
            raise DataError(f"option threshold={given} gives two for one column", "give one")
        found[column or None] = value
    return found


def threshold_of(options: Options, division: Division, source: str) -> float | None:
    """Return the threshold of a source that has one score; None where none is given.

    Raises:
        DataError: When its sides are declared, or a column is named.
    """
    return thresholds_of(options, division, None, (), source)[0]


def thresholds_of(
    options: Options, division: Division, score: str | None, ratings: tuple[Rating, ...], source: str
) -> tuple[float | None, tuple[Rating, ...]]:
    """Return the threshold of the (first) score, None where none is given, and the further ratings with theirs.

    Raises:
        DataError: When sides are declared, or a column is named that is no score column in use.
    """
    given = read_thresholds(options)
    if given and division != "median":
        message = f"{source} declares its sides, so a threshold divides nothing"
        raise DataError(message, "drop the threshold, or the sides (?ignore=side)")
    names = [rating.name for rating in ratings]
    if unknown := [name for name in given if name not in (None, score, *names)]:
        raise DataError(
            f"{source}: a threshold is given for '{unknown[0]}', which is no score column in use",
            f"score columns: {', '.join([score or 'score', *names])}",
        )
    first = [given[name] for name in dict.fromkeys((None, score)) if name in given]
    if len(first) > 1:
        raise DataError(f"{source}: two thresholds are given for '{score}'", "give one")
    return next(iter(first), None), tuple(replace(rating, threshold=given.get(rating.name)) for rating in ratings)
