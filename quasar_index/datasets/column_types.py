"""One type for the columns of one name, in files and data sets that come together.

An empty column has no type. Types are widened where that loses nothing: whole numbers to larger ones or to numbers with
fractions, dates to times, categories to text. Numbers and text have no common type: `2020` is no word.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import pyarrow as pa

from ..errors import DataError
from .base import AnchorSource, concat_text
from .problems import Problem
from .score_names import split_columns
from .spec import Options

Parts: TypeAlias = "Sequence[tuple[str, pa.Table]]"
"""What comes together: the name of each part in messages, and its columns."""
_WORDS = (
    (pa.types.is_boolean, "true or false"),
    (pa.types.is_integer, "whole numbers"),
    (pa.types.is_floating, "numbers"),
    (pa.types.is_string, "text"),
    (pa.types.is_date, "dates"),
    (pa.types.is_timestamp, "points in time"),
)
_NUMBERS = (pa.types.is_integer, pa.types.is_floating)


@dataclass(frozen=True)
class Clash:
    """A column that has no common type.

    Attributes:
        column: Its name.
        message: What it is in two of the parts, with an example of each.
    """

    column: str
    message: str


def one_type(parts: Parts) -> list[pa.Table]:
    """Give the columns of one name one type in all parts.

    Raises:
        DataError: When a column has none, with both parts, the types and an example of each.
    """
    tables, clashes = common_types(parts)
    if clashes:
        raise DataError(*clash_in_words(clashes))
    return tables


def common_types(parts: Parts) -> tuple[list[pa.Table], list[Clash]]:
    """Give the columns of one name one type; those that have none are left out, and returned as clashes."""
    tables = [_plain(table) for _, table in parts]
    clashes = []
    for name in dict.fromkeys(name for table in tables for name in table.column_names):
        having = [number for number, table in enumerate(tables) if name in table.column_names]
        columns = [tables[number][name] for number in having]
        found = _widened(columns)
        if isinstance(found, list):
            for number, column in zip(having, found, strict=True):
                tables[number] = tables[number].set_column(tables[number].schema.get_field_index(name), name, column)
            continue
        for number in having:
            tables[number] = tables[number].drop_columns([name])
        one, other = (f"{_words(columns[i])} in {parts[having[i]][0]}" for i in found)
        clashes.append(Clash(name, f"column '{name}' is {one}, and {other}"))
    return tables, clashes


def clash_in_words(clashes: Sequence[Clash]) -> tuple[str, str]:
    """Return the message of columns without a common type, and what to do about them."""
    names = [clash.column for clash in clashes]
    also = f"; likewise {concat_text(names[1:])}" if len(names) > 1 else ""
    left_out = f"leave {'it' if len(names) == 1 else 'them'} out, ?ignore={','.join(names)}"
    return clashes[0].message + also, f"rename or mend the column in one of them, or {left_out}"


def join_shards(parts: Parts, options: Options, name: str) -> tuple[pa.Table, Options]:
    """Put the labels of shards below one another; columns without a common type are reported and left out.

    Args:
        parts: The shards of a source.
        options: `?ignore=` names columns to leave out.
        name: Of the source, for messages.

    Returns:
        The labels, and the options that are left for who reads them.

    Raises:
        DataError: When a column that is to be ignored is in no shard.
    """
    ignored = split_columns(options.text("ignore") or "")
    known = {column for _, table in parts for column in table.column_names}
    if unknown := [column for column in ignored if column not in known]:
        raise DataError(f"{name} has no column {concat_text(unknown)} to ignore", f"its columns: {', '.join(known)}")
    tables, clashes = common_types([(where, without_columns(table, ignored)) for where, table in parts])
    if clashes:
        message, hint = clash_in_words(clashes)
        option = f"ignore={','.join(clash.column for clash in clashes)}"
        options.problems.report(Problem(message, hint, count=len(clashes), option=option))
    left = {key: value for key, value in options.values.items() if key != "ignore"}
    return pa.concat_tables(tables, promote_options="default"), replace(options, values=left)


def source_parts(sources: Sequence[AnchorSource]) -> list[tuple[str, pa.Table]]:
    """Return the records of sources, each by the name of its label file where it has one, else by its own."""
    files = [next(iter(source.checksums)) if len(source.checksums) == 1 else source.name for source in sources]
    short = [file.replace("\\", "/").rsplit("/", 1)[-1] for file in files]
    # By their whole paths where files are called the same.
    names = [file if short.count(name) > 1 else name for file, name in zip(files, short, strict=True)]
    return [(name, source.records) for name, source in zip(names, sources, strict=True)]


def without_columns(table: pa.Table, names: Collection[str]) -> pa.Table:
    """Return a table without some columns, which need not be there."""
    return table.drop_columns([name for name in table.column_names if name in names])


def _plain(table: pa.Table) -> pa.Table:
    """Return a table without what only says how columns are stored: categories, extensions, widths of offsets."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        kind = column.type
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind)
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
            kind = pa.string()
        if table.schema.field(place).type != kind:
            table = table.set_column(place, name, column.cast(kind))
    return table


def _widened(columns: Sequence[pa.ChunkedArray]) -> list[pa.ChunkedArray] | tuple[int, int]:
    """Return columns of one type; the numbers of two that have none, where they have none."""
    common: pa.DataType | None = None
    first = 0
    for number, column in enumerate(columns):
        if column.null_count == len(column):
            continue
        wider = column.type if common is None else _wider(common, column.type)
        if wider is None:
            return first, number
        first, common = (number if common is None else first), wider
    common = common or columns[0].type
    done = []
    for number, column in enumerate(columns):
        try:
            is_empty = column.null_count == len(column)
            done.append(pa.chunked_array([pa.nulls(len(column), common)]) if is_empty else column.cast(common))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # such as a whole number beyond 2^53 among fractions
            other = next(i for i, one in enumerate(columns) if one.type != column.type and one.null_count < len(one))
            return min(number, other), max(number, other)
    return done


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds all values of two; None where there is none."""
    if one == other:
        return one
    if all(any(test(kind) for test in _NUMBERS) for kind in (one, other)):
        if any(map(pa.types.is_floating, (one, other))):
            return pa.float64()
        return (
            pa.int64() if pa.types.is_signed_integer(one) != pa.types.is_signed_integer(other) else _unified(one, other)
        )
    moments = [pa.types.is_date(kind) or pa.types.is_timestamp(kind) for kind in (one, other)]
    if all(moments):
        return _wider_moment(one, other)
    for alike in (pa.types.is_boolean, pa.types.is_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_date):
        if alike(one) or alike(other):
            return None
    return _unified(one, other)


def _wider_moment(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if all(map(pa.types.is_date, (one, other))):
        return pa.date32()
    if not all(map(pa.types.is_timestamp, (one, other))):
        time = other if pa.types.is_date(one) else one
        return time if time.tz is None else None
    if (one.tz is None) != (other.tz is None):
        return None
    unit = max(one.unit, other.unit, key=("s", "ms", "us", "ns").index)
    return pa.timestamp(unit, one.tz if one.tz == other.tz else "UTC")


def _unified(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    try:
        schemas = [pa.schema([("column", kind)]) for kind in (one, other)]
        return pa.unify_schemas(schemas, promote_options="permissive").field("column").type
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None


def _words(column: pa.ChunkedArray) -> str:
    words = next((words for test, words in _WORDS if test(column.type)), str(column.type))
    value = next(one for one in column.to_pylist() if one is not None)
    return (
        f"{words} (such as {str(value)[:40]!r})" if isinstance(value, str) else f"{words} (such as {str(value)[:40]})"
    )
