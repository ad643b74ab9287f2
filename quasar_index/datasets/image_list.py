"""Very long lists of images: a Parquet file whose rows are read when they are needed, not before.

A table of 100 million paths takes 10 GB of memory, one row group of it some 50 MB.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..arguments import checked
from ..errors import DataError, first_line, reason
from ..paths import PathText, sha256_file
from .arrow_images import image_columns
from .files import Folder, split_file, stem
from .labelled import IMAGE_COLUMNS, plain

LONG = 1_000_000
"""Rows from which on a list is not held in memory."""


class ImageList:
    r"""Images that a local Parquet file lists, for `qi.methods.score_to_folder`: of any length, in little memory.

    Unlike `load_images`, rows that repeat an image stay, and names are taken as they stand: relative ones are below
    the folder of the file.

    Args:
        path: The file; a row group of it is held in memory.
        image_column: Column of the images' names; None to find it by its name.

    Raises:
        DataError: When the file cannot be read, or has no such column.

    Example:
        >>> import pyarrow as pa, pyarrow.parquet as pq, quasar_index as qi
        >>> pq.write_table(pa.table({"url": ["s3://photos/a.jpg", "s3://photos/b.jpg"], "n": [1, 2]}), "list.parquet")
        >>> images = qi.datasets.ImageList("list.parquet")
        >>> len(images), images.paths[1:2].to_pylist()
        (2, ['s3://photos/b.jpg'])
    """

    read_bytes: Callable[[str], bytes] | None = None

    @checked
    def __init__(self, path: PathText, *, image_column: str | None = None) -> None:
        folder, file = split_file(os.fspath(path))
        self.file = Path(folder.path(file))
        self.name = stem(file)
        self._given = image_column
        self._folder = folder.root
        try:
            opened = pq.ParquetFile(self.file)
            self.schema: pa.Schema = opened.schema_arrow
        except OSError as error:
            raise DataError(f"{self.file} cannot be read ({reason(error)})", "check the path") from error
        except Exception as error:
            raise DataError(f"{self.file} is not a Parquet file: {first_line(error)}") from error
        self._opened: Any = opened
        groups = [opened.metadata.row_group(n).num_rows for n in range(opened.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(groups, dtype=np.int64)])
        self.image_column = _image_column(self.schema, image_column, file)
        self._held: tuple[int, tuple[str, ...], pa.Table | None] = (-1, (), None)

    def __reduce__(self) -> Any:
        """Be pickled as its path."""
        return partial(ImageList, self.file, image_column=self._given), ()

    def __len__(self) -> int:
        """Return the number of images."""
        return int(self._starts[-1])

    @property
    def paths(self) -> ListedPaths:
        """The paths and URLs of the images; a part of them is an Arrow array."""
        return ListedPaths(self)

    def digest(self) -> str:
        """Return the SHA-256 of the file."""
        return sha256_file(self.file)

    def part(self, start: int, stop: int, columns: Iterable[str]) -> pa.Table:
        """Return columns of a run of rows, as they are in the file."""
        wanted = tuple(columns)
        parts = []
        while start < stop:
            group = int(np.searchsorted(self._starts, start, side="right")) - 1
            first = int(self._starts[group])
            end = min(stop, int(self._starts[group + 1]))
            parts.append(self._group(group, wanted).select(wanted).slice(start - first, end - start))
            start = end
        return pa.concat_tables(parts) if parts else self.schema.empty_table().select(wanted)

    def _group(self, group: int, wanted: tuple[str, ...]) -> pa.Table:
        held, columns, table = self._held
        if table is None or held != group or not set(wanted) <= set(columns):
            columns = tuple(dict.fromkeys([*columns, *wanted]))
            self._held = (-1, columns, None)  # never two at once
            try:
                table = self._opened.read_row_group(group, columns=list(columns))
            except Exception as error:
                raise DataError(f"{self.file} is damaged: {first_line(error)}", "get it again") from error
            self._held = (group, columns, table)
        return table

    def _located(self, names: pa.ChunkedArray) -> pa.Array:
        """Return the path or URL of each name; "" for none."""
        texts = pc.fill_null(names.cast(pa.string()), "").combine_chunks()
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        is_whole = pc.or_(pc.starts_with(texts, "/"), pc.match_substring(texts, "://"))
        if pc.all(is_whole).as_py():
            return texts
        below = Folder(self._folder)
        return pa.array([below.path(text) if text else "" for text in texts.to_pylist()], pa.string())


class ListedPaths:
    """The paths of a list: a sequence of which parts are read as they are asked for."""

    def __init__(self, images: ImageList) -> None:
        self._images = images

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._images)

    def __getitem__(self, rows: slice) -> pa.Array:
        """Return a part of them."""
        start, stop, _ = rows.indices(len(self))
        column = self._images.image_column
        return self._images._located(self._images.part(start, stop, [column])[column])


def _image_column(schema: pa.Schema, given: str | None, file: str) -> str:
    if given is None:
        by_plain = {plain(name): name for name in reversed(schema.names)}
        given = next((by_plain[one] for one in IMAGE_COLUMNS if one in by_plain), None)
        if given is None:
            raise DataError(
                f"{file} has no image column; its columns: {', '.join(schema.names)}",
                "name it with --image-column or image_column=",
            )
    if given not in schema.names:
        raise DataError(f"{file} has no column '{given}'; its columns: {', '.join(schema.names)}", "name one of them")
    kind = schema.field(given).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise DataError(f"column '{given}' of {file} is {kind}, not text", "name the column of paths or URLs")
    return given


@checked
def find_long_list(spec: PathText, *, image_column: str | None = None) -> ImageList | None:
    r"""Return a very long list of images by its path; None for what `load_images` reads.

    Args:
        spec: As of `load_images`.
        image_column: Likewise.

    Returns:
        The list, where the path is of a local Parquet file of more than 1,000,000 rows that holds no images itself.

    Raises:
        DataError: As `ImageList`.

    Example:
        >>> import pyarrow as pa, pyarrow.parquet as pq, quasar_index as qi
        >>> pq.write_table(pa.table({"url": ["s3://photos/a.jpg", "s3://photos/b.jpg"]}), "short.parquet")
        >>> qi.datasets.find_long_list("short.parquet") is None
        True
    """
    path = os.path.expanduser(os.fspath(spec))  # noqa: PTH111 - no error for unknown users
    if not path.lower().endswith(".parquet") or not os.path.isfile(path):  # noqa: PTH113
        return None
    try:
        found = pq.ParquetFile(path)
        if found.metadata.num_rows <= LONG or image_columns(found.schema_arrow):
            return None
    except Exception:  # what is wrong with it, `load_images` says
        return None
    return ImageList(path, image_column=image_column)
