"""The raters of a source: who answers upside down, always the same, or at random (see `statistics.screening`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ..arrays import BoolArray
from ..datasets.base import AnchorSource
from ..errors import counted
from ..statistics.screening import Agreement, agreement, screen
from .report import Finding, plural, some


def check_raters(source: AnchorSource) -> Iterator[Finding]:
    """Report raters who disagree with the rest, where the label file has the ratings of single people."""
    single = source.single_ratings
    if single is None or not len(single):
        return
    images = _codes(single["path"])[1]
    names, raters = _codes(single["rater"])
    scores = single["score"].to_numpy()
    if len(names) < 2:
        return
    found = agreement(images, raters, scores)
    finding = _of_two if len(names) == 2 else _of_many
    yield from finding(source.name, names, found, len(single))
    screening = screen(images, raters, scores)
    if screening.is_out.any():
        shown = [
            f"{names[j]}: {screening.n_above[j]} far above the others, {screening.n_below[j]} far below, of "
            f"{counted(int(screening.n_ratings[j]), 'rating')}"
            for j in np.flatnonzero(screening.is_out).tolist()
        ]
        message = f"the screening of ITU-R BT.500 leaves out {plural(len(shown), 'rater', 'raters')}"
        hint = _left_out(names, screening.is_out)
        yield Finding("warning", "raters", source.name, f"{message}; {hint}", len(shown), some(shown))


def _of_two(name: str, names: Sequence[str], found: Agreement, n_ratings: int) -> Iterator[Finding]:
    if found.high[0] < 0:
        message = (
            f"the raters {names[0]} and {names[1]} contradict each other (r {found.r[0]:+.2f}, "
            f"{counted(int(found.n_images[0]), 'image')}): one of them answers upside down"
        )
        yield Finding("warning", "raters", name, f"{message}; leave that one out: ?drop_raters=NAME", 1)
    elif not np.isnan(found.r[0]):
        yield Finding(
            "ok",
            "raters",
            name,
            f"2 raters, {counted(n_ratings, 'rating', form=',')}; they agree with r {found.r[0]:+.2f}",
        )


def _of_many(name: str, names: Sequence[str], found: Agreement, n_ratings: int) -> Iterator[Finding]:
    kinds = (
        ("answers upside down", "answer upside down", np.asarray(found.high < 0)),
        ("hardly agrees with the others", "hardly agree with the others", found.disagrees & ~(found.high < 0)),
        ("always answers the same", "always answer the same", found.is_constant),
    )
    for one, many, is_meant in kinds:
        rows = np.flatnonzero(is_meant)
        if not len(rows):
            continue
        rows = rows[np.argsort(found.r[rows], kind="stable")]
        shown = [f"{names[j]}: {_figures(found, j)}" for j in rows.tolist()]
        who = f"{len(rows)} of {counted(len(names), 'rater', form=',')} {one if len(rows) == 1 else many}"
        usual = f" (r is usually {found.usual:.2f})" if found.usual > 0 else ""
        message = f"{who}{usual}; {_left_out(names, is_meant)}"
        yield Finding("warning", "raters", name, message, len(rows), some(shown))
    known = found.r[~np.isnan(found.r)]
    if len(known) and not any(is_meant.any() for _, _, is_meant in kinds):
        what = f"{counted(len(names), 'rater', form=',')}, {counted(n_ratings, 'rating', form=',')}"
        who = f"each of {len(known):,} who rated enough agrees with the others"
        message = f"{what}; {who}, r {known.min():.2f} to {known.max():.2f}"
        yield Finding("ok", "raters", name, message)


def _figures(found: Agreement, rater: int) -> str:
    n = counted(int(found.n_images[rater]), "image")
    return n if np.isnan(found.r[rater]) else f"r {found.r[rater]:+.2f} with the mean of the others, {n}"


def _left_out(names: Sequence[str], is_meant: BoolArray) -> str:
    shown = [names[j] for j in np.flatnonzero(is_meant).tolist()]
    more = ",..." if len(shown) > 10 else ""
    return f"to leave {'that one' if len(shown) == 1 else 'them'} out: ?drop_raters={','.join(shown[:10])}{more}"


def _codes(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)
