"""What `score` scores: files, the images of --data, or --embeddings; all of them or one part of `--shard`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi
from quasar_index.errors import counted

from .data import note_warnings
from .files import expand, holds_files
from .idle import Idle
from .output import note
from .progress import Update
from .resuming import file_signature

_PANEL = "Large jobs"
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        "-d",
        metavar="SPEC",
        help="Images of a label file, tar shards, Parquet or a data set NAME:ROOT; repeatable.",
    ),
]
KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="COLUMN",
        help="Column of --data (or of --embeddings, such as id) to pass on to the rows; repeatable.",
        rich_help_panel=_PANEL,
    ),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Score the I-th of N even parts of the images: 1/N to N/N are all of them, in order.",
        rich_help_panel=_PANEL,
    ),
]
SaveOption = Annotated[
    str | None,
    typer.Option(
        "--save-embeddings",
        metavar="FILE",
        help="Also write the embeddings to .parquet or .npz, for --embeddings.",
        rich_help_panel=_PANEL,
    ),
]
FailuresOption = Annotated[
    str,
    typer.Option(
        "--max-failures",
        metavar="N|P%",
        help="Exit with 0 while at most so many images could not be scored.",
        rich_help_panel=_PANEL,
    ),
]
TolerateOption = Annotated[
    bool,
    typer.Option(
        "--tolerate-truncated",
        help="Score what is there of files that end too early, with a note of what is missing; else they are errors.",
        rich_help_panel=_PANEL,
    ),
]
IDLE = (
    Idle(
        ("exclude",),
        lambda given: given["data"] or given["embeddings"] is not None,
        "it is for folders that are named by their path; --data FOLDER?exclude=GLOB leaves out of others",
    ),
    Idle(("exclude",), lambda given: not any(map(holds_files, given["paths"] or ())), "no folder or glob is named"),
    Idle(("keep",), lambda given: not given["data"] and given["embeddings"] is None, "files have no columns"),
    Idle(("image_column",), lambda given: not given["data"], "it is for a label file of --data"),
    Idle(
        ("save_embeddings", "max_failures", "tolerate_truncated"),
        lambda given: given["embeddings"] is not None,
        "the embeddings are there already",
    ),
)


@dataclass(frozen=True)
class _Part:
    """Images of one source.

    Attributes:
        listed: Their paths; None where the records have them.
        read: How they are opened.
        records: The paths and the columns that come with them; or a list that is read as it is needed. None for none.
    """

    listed: Sequence[str] | None
    read: Callable[[str], bytes] | None = None
    records: Any = None

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.records) if self.listed is None else len(self.listed)

    @cached_property
    def paths(self) -> Sequence[str]:
        """The paths, in memory."""
        return self.records["path"].to_pylist() if self.listed is None else self.listed

    def cut(self, low: int, high: int) -> _Part:
        """Return a run of the images."""
        if self.listed is None:
            return _Part(None, self.read, self.records.slice(low, high - low))
        return _Part(self.listed[low:high], self.read)


@dataclass
class Inputs:
    """The images of a run, in order.

    Attributes:
        parts: By source.
        keep: Columns that pass on to the rows, with their names there.
        embedded: The embeddings of them all, where no image is to be opened.
        n_left_out: Files beside them that cannot be read.
    """

    parts: list[_Part]
    keep: Mapping[str, str] = field(default_factory=dict)
    embedded: qi.index.EmbeddedImages | None = None
    n_left_out: int = 0
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Count the images."""
        self._starts = [0, *accumulate(map(len, self.parts))]

    def __len__(self) -> int:
        """Return the number of images."""
        return self._starts[-1]

    @cached_property
    def paths(self) -> Sequence[str]:
        """Of all images, in memory."""
        return self.parts[0].paths if len(self.parts) == 1 else list(chain(*(one.paths for one in self.parts)))

    def name_kept(self, taken: Sequence[str]) -> None:
        """Name the columns that pass on so that none is called like a column of the result."""
        self.keep = {name: f"{name}_in_file" if name in taken else name for name in self.keep}

    def part(self, number: int, of: int) -> Inputs:
        """Return one of `of` even parts, from 1 on: whole runs of the images, whose lengths differ by one at most."""
        n = len(self)
        first, end = n * (number - 1) // of, n * number // of
        parts = []
        for start, one in zip(self._starts, self.parts, strict=False):
            low, high = max(first - start, 0), min(end - start, len(one))
            if low < high:
                parts.append(one.cut(low, high))
        embedded = self.embedded
        if embedded is not None:
            rows = slice(first, end)
            cut = embedded.records.slice(first, end - first)
            embedded = qi.index.EmbeddedImages(cut, embedded.embeddings[rows], embedded.spec)
        return Inputs(parts or [_Part([])], self.keep, embedded, self.n_left_out)

    @property
    def are_files(self) -> bool:
        """Whether each image can be opened by its path alone."""
        return self.embedded is None and all(part.read is None for part in self.parts)

    @property
    def images(self) -> list[Any]:
        """The images as the library takes them: paths, or sources."""
        if self.parts[0].listed is not None:
            return list(self.parts[0].listed)
        records = (part.records for part in self.parts)
        return [
            one if isinstance(one, qi.datasets.ImageList) else qi.datasets.ImageSource("", one, part.read)
            for one, part in zip(records, self.parts, strict=True)
        ]

    @property
    def types(self) -> dict[str, Any]:
        """The Arrow types of the columns that pass on, in the rows."""
        if not self.keep:
            return {}
        from quasar_index.methods.kept_columns import kept_types

        schemas = [part.records.schema for part in self.parts if part.records is not None]
        return kept_types(schemas, self.keep)

    def kept(self) -> Iterator[dict[str, Any]]:
        """Yield the columns that pass on, row by row."""
        from quasar_index.methods.kept_columns import plain_value

        types = self.types
        for part in self.parts:
            there = [name for name in self.keep if part.records is not None and name in part.records.column_names]
            if not there:
                yield from (dict.fromkeys(self.keep.values()) for _ in range(len(part)))
                continue
            for batch in part.records.select(there).to_batches(1024):
                for row in batch.to_pylist():
                    yield {to: plain_value(row.get(name), types[to]) for name, to in self.keep.items()}

    def with_columns(self, rows: Iterator[dict[str, Any]], start: int) -> Iterator[dict[str, Any]]:
        """Give rows, of the images from one on, the columns that pass on."""
        if not self.keep:
            return rows
        return (row | columns for row, columns in zip(rows, islice(self.kept(), start, None), strict=True))

    def signature(self, row: int) -> list[int] | None:
        """Return size and time of the file that holds an image; None where there is none, or no way to ask (URLs)."""
        part = self.parts[min(bisect_right(self._starts, row) - 1, len(self.parts) - 1)]
        path = self.paths[row]
        holder = getattr(part.read, "file", None)
        return file_signature(path if holder is None else holder(path))

    def score(
        self, scorers: Sequence[qi.Scorer], start: int, update: Update, **running: Any
    ) -> Iterator[tuple[qi.ScoredImage, ...]]:
        """Score the images from one on.

        Args:
            scorers: One an encoder; each embeds the images.
            start: Images that have been scored before.
            update: Is told how many are done, of how many.
            running: Further arguments of `Scorer.score_files`.

        Yields:
            A row a scorer, image by image.
        """
        if self.embedded is not None:
            yield from zip(self._score_embeddings(scorers[0]))
            return
        said = [update, *(lambda done, total: None for _ in scorers[1:])]  # noqa: ARG005
        streams = (self._stream(one, start, to, running) for one, to in zip(scorers, said, strict=True))
        yield from zip(*streams, strict=True)

    def _stream(
        self, scorer: qi.Scorer, start: int, update: Update, running: Mapping[str, Any]
    ) -> Iterator[qi.ScoredImage]:
        total = len(self)
        for first, part in zip(self._starts, self.parts, strict=False):
            before = max(start - first, 0)
            if before >= len(part):
                continue
            done = first + before
            yield from scorer.score_files(
                islice(part.paths, before, None),
                read=part.read,
                on_progress=lambda n, done=done: update(done + n, total),  # type: ignore[misc]
                **running,
            )

    def _score_embeddings(self, scorer: qi.Scorer) -> Iterator[qi.ScoredImage]:
        assert self.embedded is not None  # noqa: S101 - for the type checker
        if not len(self.embedded):
            return
        rows = scorer.rows(self.embedded.embeddings)
        keys = (key or "" for key in self.embedded.records["id"].to_pylist())
        for path, key, embedding, row in zip(self.paths, keys, self.embedded.embeddings, rows, strict=True):
            yield qi.ScoredImage(path, *row, embedding=embedding, id=key)


def read_inputs(
    paths: list[str] | None,
    data: list[str] | None,
    embeddings: Path | None,
    *,
    image_column: str | None = None,
    keep: list[str] | None = None,
    shard: str | None = None,
    exclude: Sequence[str] | None = None,
    long: bool = False,
) -> Inputs:
    """Read which images are to be scored; with `long`, very long lists of them are read as they are needed.

    Raises:
        BadParameter: Unless exactly one kind is named, or when the shard is none.
        DataError: When there are no images, or a column to keep is not there.
    """
    if sum(map(bool, (paths, data, embeddings is not None))) != 1:
        raise typer.BadParameter("give either images, --data or --embeddings")
    part = _read_shard(shard)
    columns = {name: name for name in keep or ()}
    if embeddings is not None:
        embedded = qi.index.read_embedded_images(embeddings)
        found = Inputs([_part_of(embedded.records, None, columns)], columns, embedded)
        _check_columns(columns, [embedded.records.schema])
    elif data:
        sources = [
            (long and part is None and qi.datasets.find_long_list(spec, image_column=image_column))
            or qi.datasets.load_images(spec, image_column=image_column)
            for spec in data
        ]
        note_warnings([one for one in sources if not isinstance(one, qi.datasets.ImageList)])
        records = [one if isinstance(one, qi.datasets.ImageList) else one.records for one in sources]
        _check_columns(columns, [one.schema for one in records])
        parts = [_part_of(table, one.read_bytes, columns) for table, one in zip(records, sources, strict=True)]
        found = Inputs(parts, columns)
    else:
        files = expand(paths or [], exclude or ())
        found = Inputs([_Part(files.paths)], n_left_out=files.left_out.n_files)
    if part is None:
        return found
    mine = found.part(*part)
    note(f"shard {part[0]} of {part[1]}: {len(mine)} of {counted(len(found), 'image')}")
    return mine


def _part_of(records: Any, read: Callable[[str], bytes] | None, columns: Iterable[str]) -> _Part:
    """Return the images of a table, with no more of it than is needed."""
    if isinstance(records, qi.datasets.ImageList):
        return _Part(None, read, records)
    wanted = [name for name in columns if name in records.column_names]
    return _Part(None, read, records.select(["path", *wanted]))


def _check_columns(columns: Iterable[str], schemas: Sequence[Any]) -> None:
    """Raise a DataError where no table has a column."""
    known = dict.fromkeys(name for schema in schemas for name in schema.names if name != "path")
    for name in columns:
        if name not in known:
            raise qi.DataError(f"--keep '{name}' is no column of the data", f"columns: {', '.join(known) or 'none'}")


def _read_shard(text: str | None) -> tuple[int, int] | None:
    """Read `I/N`."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= of:
        raise typer.BadParameter(f"--shard {text} is none: the parts of four are 1/4, 2/4, 3/4 and 4/4")
    return number, of


def read_most_failures(text: str) -> Callable[[int], float]:
    """Read `--max-failures`: a number of images, or a percentage of them.

    Returns:
        The most failures of so many images.
    """
    match = re.fullmatch(r"(\d+)|(\d+(?:\.\d*)?|\.\d+)%", text.strip())
    if match is None or (match[2] and float(match[2]) > 100):
        raise typer.BadParameter(f"--max-failures {text} is neither a number of images nor a percentage such as 0.1%")
    return lambda n: int(match[1]) if match[1] else n * float(match[2]) / 100
