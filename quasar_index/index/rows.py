"""Rows of an index under change: which are meant, what of them differs, writing that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..arrays import BoolArray, IntArray
from .change import Change
from .records import SourceRecord


def selected_ids(change: Change, where: str) -> set[str]:
    """Return the ids of the anchors for which an SQL condition holds."""
    return {key for batch in change.tables.scan(["id"], where=where) for key in batch["id"].to_pylist()}


def id_condition(ids: Sequence[str]) -> str:
    """Return the SQL condition that holds for some ids."""
    return "id IN ({})".format(", ".join("'" + key.replace("'", "''") + "'" for key in ids))


def declared_sides(part: pa.Table, datasets: Sequence[str], records: Mapping[str, SourceRecord]) -> pa.Table:
    """Drop the sides of rows that are divided at the median: theirs are made anew."""
    declared = pa.array([records[name].division == "reference" for name in datasets], type=pa.bool_())
    sides = pc.if_else(declared, part["side"], pa.scalar(None, pa.string()))
    return part.set_column(part.schema.get_field_index("side"), "side", sides)


def set_labels(table: pa.Table, rows: IntArray, part: pa.Table, columns: Sequence[str]) -> tuple[pa.Table, BoolArray]:
    """Set columns of some rows to what another table says; where it says nothing, they stay.

    Args:
        table: N rows.
        rows: (n,) rows to set.
        part: n rows with their new values.
        columns: Columns to set.

    Returns:
        The table, and (N,) which rows are different now.
    """
    is_changed = np.zeros(len(table), dtype=np.bool_)
    for name in columns:
        old, new = table[name].combine_chunks(), part[name].combine_chunks().cast(table.schema.field(name).type)
        said = new.is_valid().to_numpy(zero_copy_only=False) & differs(old.take(pa.array(rows)), new)
        if said.any():
            source = np.arange(len(table))
            source[rows[said]] = len(table) + np.flatnonzero(said)
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, pa.concat_arrays([old, new]).take(pa.array(source)))
            is_changed[rows[said]] = True
    return table, is_changed


def update_rows(change: Change, before: pa.Table, after: pa.Table, columns: Sequence[str]) -> int:
    """Write the rows that differ, and of them the columns that do; return how many are on the other side."""
    different = {
        name: differs(before[name].combine_chunks(), after[name].combine_chunks())
        for name in dict.fromkeys(("side", "quality", *columns))
    }
    written = ["id", *(name for name, rows in different.items() if rows.any())]
    rows = np.flatnonzero(np.logical_or.reduce(list(different.values())))
    if len(rows):
        write_part(change, after.select(written).take(pa.array(rows)).combine_chunks())
    return int(different["side"].sum())


def write_part(change: Change, part: pa.Table) -> None:
    """Write columns of some rows: `id`, and the columns."""
    change.write(lambda lance: lance.merge_insert("id").when_matched_update_all().execute(part))


def differs(one: pa.Array, other: pa.Array) -> BoolArray:
    """Return where two columns differ; two nulls are equal."""
    try:
        unequal = pc.fill_null(pc.not_equal(one, other), False)
    except pa.ArrowNotImplementedError:  # lists and the like
        pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return np.array([mine != theirs for mine, theirs in pairs], dtype=np.bool_)
    either = pc.or_(unequal, pc.xor(one.is_null(), other.is_null()))
    return np.asarray(either.to_numpy(zero_copy_only=False), dtype=np.bool_)
