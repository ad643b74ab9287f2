"""What the colours of a map mean: a few groups, or a scale.

Groups have the colours of Okabe and Ito (2008), told apart by readers of every colour vision; scales are viridis,
whose steps look even and which keeps its order in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, IntArray
from ..errors import DataError, counted
from ..index.anchor_index import AnchorIndex

BLUE, VERMILLION, GREY, PALE = "#0072B2", "#D55E00", "#8A8A8A", "#D4D4D4"
PALETTE = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")
MAX_CATEGORIES = len(PALETTE)
"""Most values of a column that have a colour of their own; the rarer ones share a grey."""
SCALE_NAME = "viridis"


@dataclass(frozen=True)
class Group:
    """Points of one colour.

    Attributes:
        label: Its name, as the data have it: anything at all.
        colour: "#rrggbb".
        members: (n,) which points.
    """

    label: str
    colour: str
    members: BoolArray


@dataclass(frozen=True)
class Groups:
    """Points of a few colours.

    Attributes:
        title: What tells them apart.
        groups: The groups; together they hold every point once.
    """

    title: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Scale:
    """Points coloured by a number.

    Attributes:
        title: What it is.
        values: (n,) float64, NaN where there is none.
    """

    title: str
    values: DoubleArray


Colouring: TypeAlias = Groups | Scale


def colour_points(index: AnchorIndex, anchors: AnchorTable, rows: IntArray, colour: str) -> Colouring:
    """Say how points are coloured.

    Args:
        index: The anchors' index.
        anchors: The anchors.
        rows: (n,) those on the map.
        colour: "side"; "rating" (the opinion score scaled to [0, 1], which serves several data sets at once); or a
            column of the table: numbers become a scale, anything else groups.

    Raises:
        DataError: When there is no such column, or nothing in it to colour by.
    """
    if colour == "side":
        is_good = anchors.is_good[rows]
        return Groups("side", (Group("good", BLUE, is_good), Group("bad", VERMILLION, ~is_good)))
    if colour == "rating":
        if anchors.quality is None or np.isnan(anchors.quality[rows]).all():
            raise DataError("these anchors have no ratings", "use --colour side, or a column such as distortion")
        return Scale(f"{anchors.rating or 'rating'}, 0 worst to 1 best", anchors.quality[rows])
    known = [name for name in index.columns if name != "embedding"]
    if colour not in known:
        raise DataError(
            f"index '{index.name}' has no column '{colour}' to colour by", f"use side, rating, {', '.join(known)}"
        )
    column = index.metadata(anchors, [colour], rows=rows)[colour].combine_chunks()
    empty = DataError(f"column '{colour}' is empty for these anchors", "colour by another column")
    if column.null_count == len(column):
        raise empty
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        if not np.isfinite(values).any():
            raise empty
        return Scale(colour, np.where(np.isfinite(values), values, np.nan))
    return Groups(colour, _groups([None if v is None else str(v) for v in column.to_pylist()]))


def _groups(values: Sequence[str | None]) -> tuple[Group, ...]:
    """Make groups: the most frequent values first, then the others as one, then those without a value."""
    labels = np.array(["" if value is None else value for value in values], dtype=object)
    is_known = np.array([value is not None for value in values])
    counts: dict[str, int] = {}
    for value in labels[is_known]:
        counts[value] = counts.get(value, 0) + 1
    order = sorted(counts, key=lambda value: (-counts[value], value))
    found = [
        Group(value, colour, is_known & (labels == value))
        for value, colour in zip(order[:MAX_CATEGORIES], PALETTE, strict=False)
    ]
    if rest := order[MAX_CATEGORIES:]:
        others = is_known & np.isin(labels.astype(str), np.array(rest, dtype=str))
        found.append(Group(f"{counted(len(rest), 'other value')}", GREY, others))
    if not is_known.all():
        found.append(Group("none", PALE, ~is_known))
    return tuple(found)
