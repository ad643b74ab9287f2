"""The Lance tables of an index, its shards: the record of truth, one row an anchor.

Columns, in order: id (content hash), path, dataset, score (raw opinion score), quality (scaled to [0, 1], higher is
better), side, reference, distortion, level, split, width, height, the label file's further columns (among them the
further ratings), embedding (raw), further embeddings. `quality` and `side` are those of the first rating.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, repeat
from operator import itemgetter
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray
from ..datasets.base import MADE_COLUMNS
from ..errors import AnchorIndexError, DataError, QuasarError, first_line
from .addresses import mirror_of
from .addresses import shown as shown_place
from .filters import check_filter, shown
from .mirrors import table_files, table_place
from .records import Dtype, Shard

TABLE = "anchors"
OWN_COLUMNS = (
    "id", "path", "dataset", "score", "quality", "side", "reference", "distortion", "level", "split", "width", "height",
    "embedding",
)  # fmt: skip
READ_ROWS = 8192
_OF_A_STORE = "run it again, in case it has just been replaced; else check the network and your credentials"
_used_by: int | None = None


def stored_column(name: str) -> str:
    """Return the column that a label file's column becomes: `label_NAME` where the index uses its name itself."""
    return f"label_{name}" if name in MADE_COLUMNS else name


def embedding_type(dim: int, dtype: Dtype = "float32") -> pa.DataType:
    """Return the Arrow type of a D-dimensional embedding."""
    return pa.list_(pa.float16() if dtype == "float16" else pa.float32(), dim)


def to_embedding_column(embeddings: FloatArray, dtype: Dtype = "float32") -> pa.Array:
    """Wrap (n, D) float32 as an Arrow column, without a copy where it stays float32.

    Raises:
        DataError: When a number is beyond float16, whose largest is 65504.
    """
    n, dim = embeddings.shape
    values = np.ascontiguousarray(embeddings)
    if dtype == "float16":
        with np.errstate(over="ignore"):
            values = values.astype(np.float16)
        if not np.isfinite(values).all():
            raise DataError("embeddings have numbers beyond 65504, the largest of float16", "keep them as float32")
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(n * dim)), dim)


def from_embedding_column(column: pa.Array, dim: int) -> FloatArray:
    """Read an Arrow column of embeddings as (n, D) float32, without a copy where it is float32."""
    values = np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), dim)
    return values.astype(np.float32, copy=False)


def as_embedding_column(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return a column of embeddings in the dtype of a table's column; errors as `to_embedding_column`."""
    if column.type == type_:
        return column
    dtype: Dtype = "float16" if type_.value_type == pa.float16() else "float32"
    return to_embedding_column(from_embedding_column(column, type_.list_size), dtype)


@dataclass(frozen=True)
class Tables:
    """The shards of one version of an index, read as one table.

    Attributes:
        folder: The index folder.
        shards: Its tables, in order.
    """

    folder: Path
    shards: tuple[Shard, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """That of the first shard, which all have.

        Raises:
            AnchorIndexError: When it cannot be opened.
        """
        return open_table(self.folder, self.shards[0].table, version=self.shards[0].version).schema

    def each(self) -> list[Tables]:
        """Return each shard on its own."""
        return [Tables(self.folder, (shard,)) for shard in self.shards]

    def scan(self, columns: Sequence[str], *, where: str | None = None) -> Iterator[pa.RecordBatch]:
        """Stream some columns of all shards (see `scan`).

        Raises:
            AnchorIndexError: When a shard is damaged, or the filter or a column is wrong.
        """
        for shard in self.shards:
            yield from scan(open_table(self.folder, shard.table, version=shard.version), columns, where=where)

    def read(self, columns: Sequence[str], *, where: str | None = None) -> pa.Table:
        """Return some columns of all shards; errors as `scan`."""
        batches = list(self.scan(columns, where=where))
        return pa.Table.from_batches(batches, pa.schema([self.schema.field(name) for name in columns]))


def open_table(folder: Path, name: str = TABLE, *, version: int | None = None) -> Any:
    """Open a Lance table of a folder.

    Args:
        folder: The index (or a build's staging) folder.
        name: Table name.
        version: Version to read; None for the newest.

    Returns:
        A `lancedb.table.Table`.

    Raises:
        AnchorIndexError: When it is missing, damaged, or lacks the version.
    """
    try:
        try:
            table = _open(folder, name, version)
        except Exception:
            if mirror_of(folder) is not None or not drop_torn(folder, name, version):
                raise
            table = _open(folder, name, version)
    except QuasarError:
        raise
    except Exception as error:
        # LanceDB raises ValueError, RuntimeError or OSError, by the kind of damage.
        raise AnchorIndexError(
            f"the table of '{shown_place(folder)}' cannot be opened ({_first_line(error)})",
            _OF_A_STORE
            if mirror_of(folder) is not None
            else "restore the folder or rebuild the index"
            if version is None
            else "run it again, in case 'compact' has just given it up; else restore the folder or rebuild the index",
        ) from error
    return table


def _open(folder: Path, name: str, version: int | None) -> Any:
    place, options = table_place(folder, name)
    table = _lancedb().connect(place, storage_options=options).open_table(name)
    if version is not None and table.version != version:
        table.checkout(version)
    _ = table.schema  # here, where damage becomes an error of ours: Lance panics over some
    return table


def _lancedb() -> Any:
    """Return the module.

    Raises:
        AnchorIndexError: In a process forked from one that has used it: there one read in three waits for ever.
    """
    global _used_by  # noqa: PLW0603
    import lancedb

    _used_by = _used_by or os.getpid()
    if _used_by != os.getpid():
        raise AnchorIndexError(
            "the table of an index cannot be read in a process forked from one that has read or written such a table",
            "start workers by 'spawn' and open the index in the worker, or make the scorer before the fork",
        )
    return lancedb


def drop_torn(folder: Path, name: str = TABLE, version: int | None = None) -> bool:
    """Remove what a power cut left of versions that were never committed; return whether there was any.

    Lance reads the newest version first, even where another one is asked for, and all of them to list or to clean them.
    One that is being written by another process appears whole.

    Args:
        folder: The folder of the table.
        name: Table name.
        version: Only newer ones; None for all.
    """
    torn = [
        path
        for number, path in version_files(folder, name).items()
        if (version is None or number > version) and not path.read_bytes().endswith(b"LANC")
    ]
    for path in torn:
        path.unlink(missing_ok=True)
    return bool(torn)


def version_files(folder: Path, name: str = TABLE) -> dict[int, Path]:
    """Return the versions whose files are there, damaged ones and those that were never committed too."""
    found = {}
    for path in (folder / f"{name}.lance" / "_versions").glob("*.manifest"):
        if (number := _version_number(path.stem)) is not None:
            found[number] = path
    return found


def _version_number(stem: str) -> int | None:
    # Lance names versions downwards from the largest number, older tables upwards.
    if not stem.isdecimal():
        return None
    return (1 << 64) - 1 - int(stem) if len(stem) == 20 else int(stem)


def version_numbers(folder: Path, name: str) -> set[int]:
    """Return the numbers of the versions of a table whose files are there, in an object store too."""
    paths = (PurePosixPath(file) for file in table_files(folder, name))
    numbers = (_version_number(path.stem) for path in paths if path.suffix == ".manifest")
    return {number for number in numbers if number is not None}


def write_table(folder: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema, name: str = TABLE) -> int:
    """Write a new Lance table from a stream of batches.

    Returns:
        Its version.

    Raises:
        AnchorIndexError: When it cannot be written, such as on a full disk.
    """
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    # "overwrite" of nothing would be a warning on stderr.
    mode = "overwrite" if (folder / f"{name}.lance").exists() else "create"
    with writing(f"a table cannot be written to '{folder}'", "make room, then run it again"):
        return int(_lancedb().connect(folder).create_table(name, reader, mode=mode).version)


def write_shards(
    folder: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema, *, rows: int | Sequence[int] | None = None
) -> tuple[Shard, ...]:
    """Write the tables of a new index from a stream of batches.

    Args:
        folder: Where.
        batches: The rows; other tables that an interrupted run left there are replaced.
        schema: Of all of them.
        rows: Most rows of a table, or the rows of each; None for one table.

    Returns:
        The shards.

    Raises:
        AnchorIndexError: When they cannot be written, such as on a full disk.
    """
    shards: list[Shard] = []
    sizes = repeat(rows or 1 << 62) if rows is None or isinstance(rows, int) else iter(rows)
    for number, part in groupby(_cut(batches, sizes), key=itemgetter(0)):
        name = f"{TABLE}-{number}" if number else TABLE
        shards.append(Shard(name, write_table(folder, (batch for _, batch in part), schema, name)))
    return tuple(shards) or (Shard(TABLE, write_table(folder, [], schema)),)


def _cut(batches: Iterable[pa.RecordBatch], sizes: Iterator[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Cut batches where a table has its rows; yield each piece with the number of its table."""
    number, room = -1, 0
    for batch in batches:
        start = 0
        while start < len(batch):
            while room == 0:
                number, room = number + 1, next(sizes, 1 << 62)
            piece = batch.slice(start, room)
            yield number, piece
            start, room = start + len(piece), room - len(piece)


@contextmanager
def writing(problem: str, mend: str) -> Iterator[None]:
    """Say in one line what Lance could not write, whatever it raises, such as on a full disk.

    Raises:
        AnchorIndexError: With that line.
    """
    try:
        yield
    except (ValueError, RuntimeError, OSError) as error:
        raise AnchorIndexError(f"{problem} ({_first_line(error)})", mend) from error


def scan(table: Any, columns: Sequence[str], *, where: str | None = None) -> Iterator[pa.RecordBatch]:
    """Stream some columns of a table.

    Args:
        table: A Lance table.
        columns: Their names.
        where: An SQL filter; None for all rows.

    Yields:
        Record batches, in the table's order.

    Raises:
        AnchorIndexError: When the filter or a column is wrong.
    """
    _lancedb()
    if unknown := [name for name in columns if name not in table.schema.names]:
        raise AnchorIndexError(f"there is no column '{unknown[0]}'", f"columns: {', '.join(table.schema.names)}")
    try:
        query = table.search().select(list(columns))
        if where is not None:
            query = query.where(check_filter(where))
        yield from query.to_batches(READ_ROWS)
    except QuasarError:
        raise
    except Exception as error:
        # ValueError, RuntimeError, OSError, or a panic of Lance's own, by the kind of damage.
        if where is None:
            raise AnchorIndexError(
                f"the data of the index are damaged or missing ({_first_line(error)})",
                "run it again, in case 'compact' has just given them up; else restore its folder or rebuild the index",
            ) from error
        raise AnchorIndexError(
            f"filter {shown(where)} cannot be used ({_first_line(error)})", f"columns: {', '.join(table.schema.names)}"
        ) from error


def _first_line(error: Exception) -> str:
    # The place in Lance's source code, which ends its messages, says nothing to a user.
    return first_line(error, 4000).split(", /", 1)[0][:200]


def one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
