"""Labels in memory: data frames of any library that speaks Arrow, and lists of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from ..errors import DataError, first_line
from .json_tables import from_rows
from .tables import NAMELESS, LabelTable, from_arrow, name_index


@runtime_checkable
class ArrowTable(Protocol):
    """A table that hands on its columns by the Arrow PyCapsule interface: pandas, polars, pyarrow, DuckDB, ..."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return its rows as a stream of Arrow."""


Frame: TypeAlias = "ArrowTable | Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]"


def is_frame(data: object) -> bool:
    """Tell whether labels are in memory rather than named by a text or a path."""
    return isinstance(data, (ArrowTable, Mapping, list, tuple))


def read_frame(data: Any, name: str) -> LabelTable:
    """Read a table in memory.

    Args:
        data: A data frame, a list of rows (dictionaries), or a dictionary of columns. The index of a pandas frame is
            the column `image` where it names the images and no column does, else `index`, unless it only counts.
        name: Its name in messages.

    Returns:
        The table; its rows are numbered from 1.

    Raises:
        DataError: When it is no table of named columns.
    """
    if isinstance(data, (list, tuple)):
        if not all(isinstance(row, Mapping) for row in data):
            raise DataError(f"{name}: a list of labels holds rows", 'such as [{"image": "a.png", "score": 3.5}, ...]')
        return from_rows([dict(row) for row in data], name, range(1, len(data) + 1), "row")
    if isinstance(data, Mapping):
        return _of_columns({key: list(column) for key, column in data.items() if _is_column(key, column, name)}, name)
    if not hasattr(data, "columns") and hasattr(data, "to_frame"):
        data = data.to_frame()  # one column of pandas, with the names of its rows
    try:
        table = pa.table(data)
        table.validate(full=True)
        # two columns of one name
        if len(set(table.column_names)) == len(table.column_names):
            return from_arrow(table, name)
        problem = "columns of one name"
    except Exception as error:
        # pandas keeps objects of any type in a column, which Arrow refuses with errors of many types.
        problem = first_line(error)
    names = [str(column) for column in getattr(data, "columns", ())]
    if len(set(names)) < len(names) or not names or not hasattr(data, "iloc"):
        raise DataError(f"{name} cannot be read as a table: {problem}", "rename or convert its columns")
    index = [data.index.get_level_values(level).tolist() for level in range(data.index.nlevels)]
    titles = [NAMELESS if title is None else str(title) for title in data.index.names]
    columns = {title: data[title].tolist() for title in data.columns}
    return _of_columns({**columns, **dict(zip(titles, index, strict=True))}, name)


def _is_column(key: Any, column: Any, name: str) -> bool:
    if isinstance(column, (str, bytes)) or not hasattr(column, "__len__") or not hasattr(column, "__iter__"):
        raise DataError(f"{name}: '{key}' is no column", 'such as {"image": ["a.png", ...], "score": [3.5, ...]}')
    return True


def _of_columns(columns: Mapping[Any, list[Any]], name: str) -> LabelTable:
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise DataError(f"{name} has columns of {min(lengths)} to {max(lengths)} rows", "one value an image in each")
    rows = range(1, max(lengths, default=0) + 1)
    return name_index(LabelTable(name, {str(key): column for key, column in columns.items()}, rows, "row"))
