"""Images inside Arrow tables: Parquet files with image bytes, and Hugging Face data sets saved to disk.

Only the label columns are read at first; the bytes of an image are fetched when it is opened.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError, first_line, reason
from ..images import read_image_bytes
from .base import AnchorSource
from .column_types import join_shards, without_columns
from .files import Folder, is_url, read_url
from .label_files import OF_FILES
from .labelled import LABEL_OPTIONS, source_from_table
from .spec import Options
from .tables import LabelTable, check_arrow, from_arrow

ARROW_OPTIONS = tuple(name for name in LABEL_OPTIONS if name not in {"root", *OF_FILES})


WHOLE_GROUP_BYTES = 128 << 20
"""Largest row group that is read whole; of a larger one some rows are in memory, as its images are asked for in order.

Most writers make one group of a million rows, however many gigabytes of images they hold.
"""
_ROWS_AT_A_TIME, _BATCHES_HELD = 16, 4  # threads ask for images a little out of order


@dataclass
class ParquetShard:
    """One Parquet file; its row groups are read one by one as their images are asked for."""

    path: str
    column: str
    starts: list[int]
    _group: tuple[int, Any] | None = None
    _lock: Any = field(default_factory=threading.Lock)
    _held: deque[tuple[int, Any]] = field(default_factory=lambda: deque(maxlen=_BATCHES_HELD))
    _coming: Iterator[tuple[int, Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the lock and the row group in memory behind when sent to another process."""
        return {"path": self.path, "column": self.column, "starts": self.starts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a new lock in the other process."""
        self.__init__(**state)  # type: ignore[misc]

    def cell(self, row: int) -> Any:
        """Return the image cell of a row."""
        group = bisect_right(self.starts, row) - 1
        with self._lock:
            if self._group is None or self._group[0] != group:
                self._open(group)
            if self._group is not None and self._group[1] is not None:
                return self._group[1][row - self.starts[group]].as_py()
            return self._streamed(group, row)

    def _open(self, group: int) -> None:
        """Read a row group, or get ready to read one that is too large for that."""
        self._group, self._coming = None, None
        self._held.clear()
        with fsspec.open(self.path, "rb") as file:
            source = pq.ParquetFile(file)
            small = source.metadata.row_group(group).total_byte_size <= WHOLE_GROUP_BYTES
            table = source.read_row_group(group, columns=[self.column]) if small else None
        self._group = (group, None if table is None else table.column(0))

    def _streamed(self, group: int, row: int) -> Any:
        """Return a cell of a row group that is read from its beginning, a few rows at a time."""
        for again in (False, True):
            if again or self._coming is None or (self._held and row < self._held[0][0]):
                self._held.clear()
                self._coming = self._batches(group)
            for start, cells in self._held:
                if start <= row < start + len(cells):
                    return cells[row - start].as_py()
            for start, cells in self._coming:
                self._held.append((start, cells))
                if row < start + len(cells):
                    return cells[row - start].as_py()
        raise DataError(f"{self.path} has no row {row}", "the file has changed; run it again")

    def _batches(self, group: int) -> Iterator[tuple[int, Any]]:
        """Yield the cells of a row group, a few rows at a time, with the number of the first."""
        start = self.starts[group]
        with fsspec.open(self.path, "rb") as file:
            source = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
            for batch in source.iter_batches(
                _ROWS_AT_A_TIME, row_groups=[group], columns=[self.column], use_threads=False
            ):
                yield start, batch.column(0)
                start += len(batch)


@dataclass
class ArrowShard:
    """One Arrow file of a Hugging Face data set; memory-mapped where it is local."""

    path: str
    column: str
    _cells: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the mapping behind when sent to another process."""
        return {"path": self.path, "column": self.column}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the file again when the first image is asked for."""
        self.__init__(**state)  # type: ignore[misc]

    def cell(self, row: int) -> Any:
        """Return the image cell of a row."""
        if self._cells is None:
            self._cells = read_arrow(self.path).column(self.column)
        return self._cells[row].as_py()


@dataclass(frozen=True)
class ArrowImages:
    """Opens images by their synthetic paths.

    Attributes:
        shards: The files.
        rows: Path to number of the shard and row in it.
    """

    shards: Sequence[ParquetShard | ArrowShard]
    rows: dict[str, tuple[int, int]]

    def file(self, path: str) -> str:
        """Return the file that holds an image."""
        return self.shards[self.rows[path][0]].path

    def __call__(self, path: str) -> bytes:
        """Return the bytes of an image.

        Raises:
            DataError: When there is no such image, or its cell is empty.
        """
        if path not in self.rows:
            raise DataError(f"no image '{path}' in this source")
        shard, row = self.rows[path]
        try:
            cell = self.shards[shard].cell(row)
        except DataError:
            raise
        except Exception as error:
            # Arrow's own errors, and others by the kind of damage: one image is lost, not the run.
            raise DataError(f"{path} cannot be read: {first_line(error)}") from error
        if isinstance(cell, dict):
            if cell.get("bytes") is None and cell.get("path"):
                return read_image_bytes(str(cell["path"]))
            cell = cell.get("bytes")
        if not isinstance(cell, bytes) or not cell:
            raise DataError(f"{path} has no image bytes")
        return cell


def image_columns(schema: pa.Schema) -> list[str]:
    """Return the columns that can hold images: binary, or a struct with a field `bytes`."""
    return [column.name for column in schema if _is_binary(column.type) or _is_image_struct(column.type)]


def parquet_schema(path: str) -> pa.Schema:
    """Return the schema of a Parquet file.

    Raises:
        DataError: When it is none.
    """
    try:
        with fsspec.open(path, "rb") as file:
            schema = pq.ParquetFile(file).schema_arrow
        _ = schema.names  # decoded only now
    except (FileNotFoundError, PermissionError) as error:
        raise DataError(f"{path} cannot be read ({reason(error)})", "check the path") from error
    except Exception as error:
        # Beside Arrow's own errors UnicodeDecodeError, OverflowError, ... by the kind of damage.
        raise DataError(f"{path} is not a Parquet file: {first_line(error)}") from error
    return schema


def load_parquet_images(paths: Sequence[str], options: Options, name: str) -> AnchorSource:
    """Read Parquet files that hold the images themselves.

    Args:
        paths: Local paths or URLs of the shards, of one schema.
        options: Any of `ARROW_OPTIONS`.
        name: Name of the source.

    Raises:
        DataError: As `source_from_table`; or when no column, or several, could be the images.
    """
    options.check(ARROW_OPTIONS, name)
    shards: list[ParquetShard | ArrowShard] = []
    tables: list[pa.Table] = []
    for path in paths:
        column = _choose(image_columns(parquet_schema(path)), options, path)
        try:
            table, starts = _parquet_labels(path, column)
            check_arrow(table)
        except Exception as error:
            # As in `parquet_schema`.
            raise DataError(f"{path} is not a sound Parquet file: {first_line(error)}") from error
        tables.append(table)
        shards.append(ParquetShard(path, column, starts))
    return _source(shards, tables, options, name)


def _parquet_labels(path: str, column: str) -> tuple[pa.Table, list[int]]:
    """Read all columns of a Parquet file but the images; also the first row of each of its row groups."""
    with fsspec.open(path, "rb") as file:
        source = pq.ParquetFile(file)
        starts, total = [], 0
        for group in range(source.num_row_groups):
            starts.append(total)
            total += source.metadata.row_group(group).num_rows
        names = [other for other in source.schema_arrow.names if other != column]
        table = source.read(columns=names) if names else _no_columns(total)
        # names of the images only: the bytes stay on disk
        is_struct = _is_image_struct(source.schema_arrow.field(column).type)
        if is_struct and "path" in [child.name for child in _children(source.schema_arrow.field(column).type)]:
            hints = source.read(columns=[f"{column}.path"]).column(0).combine_chunks()
            table = table.append_column(_HINT, _names(hints))
    return table, starts


def load_hugging_face(folder: Folder, options: Options) -> AnchorSource:
    """Read a data set that `datasets` has saved to disk, without that package.

    Args:
        folder: Holds `state.json`, or `dataset_dict.json` and a folder a split.
        options: Any of `ARROW_OPTIONS`; the splits of a dictionary become the column `split`.

    Raises:
        DataError: As `source_from_table`; or when the files are not as that package writes them.
    """
    options.check(ARROW_OPTIONS, folder.root)
    if "dataset_dict.json" in folder.names():
        splits = _inside(_json(folder, "dataset_dict.json").get("splits"), folder.path("dataset_dict.json"))
        places: list[tuple[str, str | None]] = [(f"{split}/", split) for split in splits]
    else:
        places = [("", None)]
    shards: list[ParquetShard | ArrowShard] = []
    tables: list[pa.Table] = []
    for place, split in places:
        state = _json(folder, f"{place}state.json")
        if state.get("_indices_files"):
            raise DataError(
                f"{folder.path(place)} holds a selection of its rows", "save it after dataset.flatten_indices()"
            )
        for file in _data_files(state, folder.path(f"{place}state.json")):
            path = folder.path(f"{place}{file}")
            table = read_arrow(path)
            column = _choose(image_columns(table.schema), options, path)
            cells = table.column(column)
            labels = table.drop_columns([column])
            if _is_image_struct(cells.type) and "path" in [child.name for child in _children(cells.type)]:
                labels = labels.append_column(_HINT, _names(cells.combine_chunks().field("path")))
            if split is not None and "split" not in labels.column_names:
                labels = labels.append_column("split", pa.array([split] * len(labels), pa.string()))
            tables.append(labels)
            shards.append(ArrowShard(path, column))
    if not tables:
        raise DataError(f"{folder.root} has no data files", "a folder as dataset.save_to_disk() writes it")
    return replace(_source(shards, tables, options, folder.name), checksums=dict(folder.checksums))


def read_arrow(path: str) -> pa.Table:
    """Read an Arrow IPC file or stream; memory-mapped where it is local.

    Raises:
        DataError: When it is neither.
    """
    try:
        source = pa.BufferReader(read_url(path)) if is_url(path) else pa.memory_map(path)
        try:
            table = pa.ipc.open_stream(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            table = pa.ipc.open_file(source).read_all()
        check_arrow(table)
    except DataError:
        raise
    except Exception as error:
        # Beside Arrow's own errors UnicodeDecodeError, OverflowError, ... by the kind of damage.
        raise DataError(f"{path} is not an Arrow file: {first_line(error)}") from error
    return table


_HINT = "__image_path__"


def _names(values: Any) -> pa.Array:
    """Return image names as text, whatever struct they came in."""
    if pa.types.is_struct(values.type):
        values = values.field("path")
    return values.cast(pa.string())


def _no_columns(n_rows: int) -> pa.Table:
    return pa.table({_ROW: pa.array(range(n_rows), pa.int64())})


_ROW = "__row__"


def _source(
    shards: list[ParquetShard | ArrowShard], tables: list[pa.Table], options: Options, name: str
) -> AnchorSource:
    rows: dict[str, tuple[int, int]] = {}
    paths: list[str] = []
    for index, (shard, table) in enumerate(zip(shards, tables, strict=True)):
        hints = table.column(_HINT).to_pylist() if _HINT in table.column_names else [None] * len(table)
        file = shard.path.replace("\\", "/").rsplit("/", 1)[-1]
        if len({hint for hint in hints if hint}) < len(hints):
            hints = [None] * len(table)  # missing names, or names that are not unique: the row tells the image
        if any(f"{file}::{hint or row}" in rows for row, hint in enumerate(hints)):
            file = shard.path  # shards of one name in several folders
        for row, hint in enumerate(hints):
            path = f"{file}::{hint or row}"
            rows[path] = (index, row)
            paths.append(path)
    parts = [(shard.path, without_columns(table, (_HINT, _ROW))) for shard, table in zip(shards, tables, strict=True)]
    labels, options = join_shards(parts, options, name)
    table = from_arrow(labels, name)
    if not labels.column_names:
        table = LabelTable(name, {}, range(1, len(paths) + 1), unit="row")
    values = {key: value for key, value in options.values.items() if key != "image"}
    source = source_from_table(table, replace(options, values=values), resolve=str, name=name, paths=paths)
    return replace(source, read_bytes=ArrowImages(shards, rows))


def _choose(columns: list[str], options: Options, path: str) -> str:
    given = options.text("image")
    if given is not None and given in columns:
        return given
    if given is None and len(columns) == 1:
        return columns[0]
    raise DataError(
        f"{path} has {len(columns)} columns of image bytes: {', '.join(columns) or 'none'}"
        + (f"; '{given}' is none of them" if given else ""),
        "name one with ?image=COLUMN" if columns else "a binary column, or a struct of bytes and path",
    )


def _json(folder: Folder, file: str) -> dict[str, Any]:
    try:
        content = json.loads(folder.read(file))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{folder.path(file)} is not JSON: {first_line(error)}") from error
    if not isinstance(content, dict):
        raise DataError(f"{folder.path(file)} is not a JSON object")
    return content


def _data_files(state: dict[str, Any], file: str) -> list[str]:
    """Return the names of the Arrow files that a `state.json` lists."""
    entries = state.get("_data_files") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f"{file} has no list of data files", "a folder as dataset.save_to_disk() writes it")
    return _inside([entry.get("filename") for entry in entries], file)


def _inside(names: Any, file: str) -> list[str]:
    """Check names of files or folders that another file lists: they may not lead out of its folder."""
    for name in names if isinstance(names, list) else [names]:
        if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\\" in name or ":" in name:
            raise DataError(f"{file} names {name!a}, which is nothing in its folder", "save the data set again")
    return list(names)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_image_struct(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind)) and any(
        child.name == "bytes" and _is_binary(child.type) for child in _children(kind)
    )


def _children(kind: pa.DataType) -> list[Any]:
    return [kind.field(index) for index in range(kind.num_fields)]
