"""The Lance table of an index: the record of truth, one row an anchor.

Columns, in order: id (content hash), path, dataset, score (raw opinion score), quality (scaled to [0, 1], higher is
better), side, reference, distortion, level, split, width, height, the label file's further columns, embedding (raw).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray
from ..errors import AnchorIndexError, QuasarError, first_line
from .filters import check_filter, shown

TABLE = "anchors"
OWN_COLUMNS = (
    "id", "path", "dataset", "score", "quality", "side", "reference", "distortion", "level", "split", "width", "height",
    "embedding",
)  # fmt: skip
READ_ROWS = 8192


def embedding_type(dim: int) -> pa.DataType:
    """Return the Arrow type of a D-dimensional embedding."""
    return pa.list_(pa.float32(), dim)


def to_embedding_column(embeddings: FloatArray) -> pa.Array:
    """Wrap (n, D) float32 as an Arrow column without a copy."""
    n, dim = embeddings.shape
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(embeddings).reshape(n * dim)), dim)


def from_embedding_column(column: pa.Array, dim: int) -> FloatArray:
    """View an Arrow column of embeddings as (n, D) float32."""
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), dim)


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
            if not drop_torn(folder, name, version):
                raise
            table = _open(folder, name, version)
    except Exception as error:
        # LanceDB raises ValueError, RuntimeError or OSError, by the kind of damage.
        raise AnchorIndexError(
            f"the table of '{folder}' cannot be opened ({_first_line(error)})",
            "restore the folder or rebuild the index"
            if version is None
            else "run it again, in case 'compact' has just given it up; else restore the folder or rebuild the index",
        ) from error
    return table


def _open(folder: Path, name: str, version: int | None) -> Any:
    import lancedb

    table = lancedb.connect(folder).open_table(name)
    if version is not None and table.version != version:
        table.checkout(version)
    _ = table.schema  # here, where damage becomes an error of ours: Lance panics over some
    return table


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
        # Lance names versions downwards from the largest number, older tables upwards.
        if path.stem.isdecimal():
            found[(1 << 64) - 1 - int(path.stem) if len(path.stem) == 20 else int(path.stem)] = path
    return found


def write_table(folder: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema, name: str = TABLE) -> int:
    """Write a new Lance table from a stream of batches.

    Returns:
        Its version.

    Raises:
        AnchorIndexError: When it cannot be written, such as on a full disk.
    """
    import lancedb

    reader = pa.RecordBatchReader.from_batches(schema, batches)
    # "overwrite" of nothing would be a warning on stderr.
    mode = "overwrite" if (folder / f"{name}.lance").exists() else "create"
    with writing(f"a table cannot be written to '{folder}'", "make room, then run it again"):
        return int(lancedb.connect(folder).create_table(name, reader, mode=mode).version)


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
