"""Which anchors a map marks: those of a selected index, or those for which a condition holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray
from ..errors import DataError, counted
from ..index.anchor_index import AnchorIndex


@dataclass(frozen=True)
class Marks:
    """Marked anchors.

    Attributes:
        label: What they are, for the legend.
        is_marked: (N,) whether each anchor is one.
        n_elsewhere: How many of the others' anchors are not among these.
    """

    label: str
    is_marked: BoolArray
    n_elsewhere: int = 0

    @property
    def n(self) -> int:
        """How many are marked."""
        return int(self.is_marked.sum())


@checked
def mark_subset(anchors: AnchorTable, subset: AnchorIndex) -> Marks:
    """Mark the anchors that stand in another index too, by their content ids.

    Args:
        anchors: The anchors on the map.
        subset: For example an index that `select` made of theirs.

    Raises:
        DataError: When it has none of them.
    """
    ids = _ids(subset, None)
    is_marked = np.isin(anchors.ids, ids)
    if not is_marked.any():
        raise DataError(
            f"none of the {counted(len(ids), 'anchor')} of index '{subset.name}' is among these {len(anchors)}",
            "name an index that was selected from this one",
        )
    return Marks(f"in {subset.name}", is_marked, len(ids) - int(is_marked.sum()))


@checked
def mark_where(index: AnchorIndex, anchors: AnchorTable, condition: str) -> Marks:
    """Mark the anchors for which an SQL condition holds.

    Args:
        index: Their index.
        anchors: The anchors on the map.
        condition: Over the table's columns, such as `level = 5`.

    Raises:
        AnchorIndexError: When the condition is wrong.
        DataError: When it holds for none of them.
    """
    is_marked = np.isin(anchors.ids, _ids(index, condition))
    if not is_marked.any():
        raise DataError(
            f"{condition!r} holds for none of these {counted(len(anchors), 'anchor')}", "mend the condition"
        )
    return Marks(condition, is_marked)


def _ids(index: AnchorIndex, where: str | None) -> list[bytes]:
    return [key.encode() for batch in index.tables.scan(["id"], where=where) for key in batch["id"].to_pylist()]
