"""Columns that come with images and pass on to their rows: how they are kept there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def kept_types(schemas: Iterable[pa.Schema], keep: Mapping[str, str]) -> dict[str, pa.DataType]:
    """Return the Arrow types of kept columns in rows.

    Args:
        schemas: Of the tables that they come from; a column need not be in each.
        keep: Names there, to names in rows.

    Returns:
        Types by the names in rows: whole numbers, numbers, truth values or text.
    """
    import pyarrow as pa

    found: dict[str, pa.DataType] = {}
    known = list(schemas)
    for name, to in keep.items():
        kinds = {_kind(schema.field(name).type) for schema in known if name in schema.names}
        kinds.discard(pa.null())
        if kinds == {pa.int64(), pa.float64()}:
            kinds = {pa.float64()}
        found[to] = kinds.pop() if len(kinds) == 1 else pa.string()
    return found


def plain_value(value: Any, type_: pa.DataType) -> Any:
    """Return a value as it stands in a row, and in JSON."""
    import pyarrow as pa

    if value is None or value != value:  # noqa: PLR0124 - NaN is no JSON
        return None
    if pa.types.is_floating(type_):
        return float(value)
    return str(value) if pa.types.is_string(type_) else value


def _kind(type_: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_null(type_):
        return pa.null()
    if pa.types.is_boolean(type_):
        return pa.bool_()
    if pa.types.is_integer(type_) and type_ != pa.uint64():
        return pa.int64()
    return pa.float64() if pa.types.is_floating(type_) else pa.string()
