"""Ratings of single people side by side, a column a person: `image,r1,r2,r3`, as subjective studies publish them.

Their mean becomes the score; the columns stay in the table until the source is made, for the checks of raters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa

from ..errors import DataError
from .base import concat_text
from .label_numbers import read_numbers
from .reserved import are_numbers, unused_name
from .score_names import split_columns
from .spec import Options
from .tables import LabelTable

SCORE, STD, COUNT = "score", "score_std", "score_n"
_PEOPLE = (
    "rater|observer|obs|subject|subj|sub|participant|annotator|assessor|judge|juror|expert|worker|user|viewer|person|"
    "voter|evaluator|reviewer"
)
_SCORES = "score|rating|vote|opinion"
_LETTERS = "[rspou]"
# rater_1, S07, score3; rater B; rater1_score
_RATER = re.compile(
    rf"^(?:(?P<word>{_PEOPLE}|{_SCORES}|{_LETTERS})[ _.\-]*\d{{1,4}}"
    rf"|(?P<person>{_PEOPLE})[ _.\-]+[a-z]"
    rf"|(?P<numbered>{_PEOPLE})[ _.\-]*\d{{1,4}}[ _.\-]+(?:{_SCORES}))$",
    re.IGNORECASE,
)
_FEWEST = {True: 2, False: 3}
"""Fewest columns that are unmistakable: with a word before the number, and with a single letter."""


def rater_columns(table: LabelTable, options: Options, *, is_scored: bool, is_long: bool = False) -> list[str]:
    """Return the columns that hold one person's ratings each; empty where there are none.

    Args:
        table: The label file.
        options: `?raters=` names them, with commas between them or by a pattern such as `r*`; `?drop_raters=` leaves
            some out.
        is_scored: Whether other columns tell scores or sides: then only those that are named count.
        is_long: Whether there is a row a rating.

    Raises:
        DataError: When a named column is not there, or a score column is named, too.
    """
    given = options.text("raters")
    if given is not None and options.text("score") is not None:
        raise DataError(f"{table.file}: both a score column and columns of raters are named", "name one of the two")
    if given is None:
        # Beside a column of their mean they count when some are to be left out, which the mean cannot do.
        is_meant = not is_scored or (options.text("drop_raters") is not None and not is_long)
        return without_raters(_unmistakable(table), options, table.file) if is_meant else []
    found: list[str] = []
    for text in split_columns(given):
        matching = [text] if text in table.columns else _matching(text, table)
        if not matching:
            raise DataError(
                f"{table.file} has no column '{text}' of a rater", f"its columns: {', '.join(table.columns)}"
            )
        found += [name for name in matching if name not in found]
    return without_raters(found, options, table.file)


def without_raters(raters: Sequence[str], options: Options, file: str) -> list[str]:
    """Return the raters that `?drop_raters=` does not name.

    Raises:
        DataError: When one of them is no rater, or none is left.
    """
    dropped = split_columns(options.text("drop_raters") or "")
    if not raters and not dropped:
        return []
    if unknown := [name for name in dropped if name not in raters]:
        raise DataError(
            f"{file} has no rater {concat_text(unknown)} to drop",
            f"its raters: {concat_text(list(dict.fromkeys(raters)), 30) or 'none'}",
        )
    kept = [name for name in raters if name not in dropped]
    if not kept:
        raise DataError(f"{file}: all raters are to be dropped", "keep some")
    return kept


def averaged_columns(
    table: LabelTable,
    options: Options,
    *,
    is_scored: bool,
    is_long: bool,
    bounds: tuple[float, float] | None,
) -> tuple[LabelTable, Options, list[str], tuple[str, ...]]:
    """Average ratings that stand side by side, where there are such.

    Args:
        table: The label file.
        options: As of `rater_columns`.
        is_scored: Likewise.
        is_long: Likewise.
        bounds: Lowest and highest rating allowed.

    Returns:
        The table with the mean (see `with_mean`), the options that name it as the score, the columns of raters (none:
        table and options are as they were), and what is to be said.

    Raises:
        DataError: As `rater_columns` and `with_mean`.
    """
    raters = rater_columns(table, options, is_scored=is_scored, is_long=is_long)
    if not raters:
        return table, options, [], ()
    dropped = split_columns(options.text("drop_raters") or "")
    kept = {name: values for name, values in table.columns.items() if name not in dropped}
    table, score = with_mean(replace(table, columns=kept), raters, bounds)
    note = f"columns {concat_text(raters)} of {table.file} were read as raters, and averaged (else name ?score=COLUMN)"
    notes = () if options.text("raters") else (note,)
    return table, replace(options, values={**options.values, "score": score}), raters, notes


def with_mean(table: LabelTable, raters: Sequence[str], bounds: tuple[float, float] | None) -> tuple[LabelTable, str]:
    """Average ratings that stand side by side; single ones may be missing.

    Args:
        table: One row an image.
        raters: Columns of ratings.
        bounds: Lowest and highest rating allowed.

    Returns:
        The table with the ratings as numbers, their mean (null where there is none), `score_std` (n - 1 in the
        denominator; null for a single one) and `score_n`; and the name of the column of means.

    Raises:
        DataError: When a rating is no number, or out of bounds, with its line.
    """
    values = np.full((len(table), len(raters)), np.nan)
    for place, name in enumerate(raters):
        table = table.as_numbers(name, bounds, what=f"rating of '{name}'")
        values[:, place] = table.columns[name].to_numpy(zero_copy_only=False)
    columns = dict(table.columns)
    counts = (~np.isnan(values)).sum(axis=1)
    sums = np.nansum(values, axis=1)
    means = np.divide(sums, counts, out=np.full(len(table), np.nan), where=counts > 0)
    squares = np.nansum((values - means[:, None]) ** 2, axis=1)
    spreads = np.sqrt(np.divide(squares, counts - 1, out=np.full(len(table), np.nan), where=counts > 1))
    score = SCORE if SCORE not in columns else unused_name(SCORE, set(columns)).replace("_in_file", "_of_raters")
    for name in (STD, COUNT):
        if name in columns:
            columns[unused_name(name, set(columns))] = columns.pop(name)
    made = {
        score: pa.array(means, pa.float64(), from_pandas=True),
        STD: pa.array(spreads, pa.float64(), from_pandas=True),
        COUNT: pa.array(counts, pa.int64()),
    }
    return replace(table, columns=columns | made), score


def single_ratings(table: LabelTable, paths: Sequence[str], raters: Sequence[str], options: Options) -> pa.Table | None:
    """Return the ratings that stand side by side one below the other: columns `path`, `rater` and `score`.

    Those beside a column of their mean, too, where they are called as people are.

    Raises:
        DataError: When raters are to be dropped and there are none.
    """
    if not raters:
        raters = [name for name in _unmistakable(table) if not re.match(_SCORES, name, re.IGNORECASE)]
    if not raters:
        without_raters((), options, table.file)
        return None
    parts = []
    for name in raters:
        numbers = read_numbers(table.values(name), table.form).values
        scores = pa.array(numbers, pa.float64(), from_pandas=True)
        part = pa.table({"path": pa.array(paths, pa.string()), "rater": [name] * len(table), "score": scores})
        parts.append(part.filter(scores.is_valid()))
    return pa.concat_tables(parts)


def ratings_hint(table: LabelTable, image: str | None) -> str:
    """Propose columns that may be raters, for a table without scores; empty where none may."""
    names = [name for name in table.columns if name != image and are_numbers(table, name)]
    return f"; if these are raters, ?raters={','.join(names)}" if len(names) > 1 else ""


def _matching(pattern: str, table: LabelTable) -> list[str]:
    """Return the columns that a pattern matches; of another case where none else does."""
    if not any(sign in pattern for sign in "*?["):
        return []
    exact = [name for name in table.columns if fnmatchcase(name, pattern)]
    return exact or [name for name in table.columns if fnmatchcase(name.casefold(), pattern.casefold())]


def _unmistakable(table: LabelTable) -> list[str]:
    """Return the columns that are called as raters are, a word and a number, where these are of one kind."""
    by_word: dict[str, list[str]] = {}
    for name in table.columns:
        if match := _RATER.match(name.strip()):
            word = next(filter(None, match.groups()))
            by_word.setdefault(word.casefold(), []).append(name)
    found = [names for word, names in by_word.items() if len(names) >= _FEWEST[len(word) > 1]]
    if len(found) != 1 or not all(are_numbers(table, name) for name in found[0]):
        return []
    return found[0]
