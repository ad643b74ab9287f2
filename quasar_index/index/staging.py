"""Embedding in blocks that survive an interruption: the part that builds and additions share.

Embeddings go block by block into a staging table in a folder of their own. The same command finds them there, and
embeds no image twice beyond a block.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray
from ..datasets.base import AnchorSource
from ..datasets.column_types import one_type, source_parts
from ..encoders.base import Encoder
from ..encoders.pipeline import EncodedImage, encode_files
from ..encoders.spec import EncoderSpec
from ..errors import AnchorIndexError
from ..paths import write_atomically
from .durable import files_below, sync_below
from .lock import LOCK
from .records import MAIN_EMBEDDING, Dtype
from .store import (
    OWN_COLUMNS,
    READ_ROWS,
    as_embedding_column,
    embedding_type,
    one_chunk,
    open_table,
    scan,
    stored_column,
    to_embedding_column,
    version_files,
    write_table,
    writing,
)

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache

BLOCK = 1024
"""Embeddings in one commit to the staging table."""
STAGED = "staged"
_REQUEST = "request.json"

_log = logging.getLogger(__name__)


@dataclass
class Progress:
    """What is known of each record while images are embedded.

    Attributes:
        ids: Content id of each record; empty for failures and duplicates.
        failures: (path, error) of images that could not be embedded.
        failed_rows: Their records.
        duplicate_rows: Records whose content an earlier record has.
        n_embedded: Images that were embedded by this run.
        n_resumed: Images whose embeddings an interrupted run had left.
        n_found: Images whose embeddings the cache had.
    """

    ids: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    failed_rows: list[int] = field(default_factory=list)
    duplicate_rows: list[int] = field(default_factory=list)
    n_embedded: int = 0
    n_resumed: int = 0
    n_found: int = 0

    @property
    def n_usable(self) -> int:
        """Images that there is an embedding of."""
        return self.n_embedded + self.n_resumed + self.n_found


def prepare(folder: Path, sources: Sequence[AnchorSource], spec: EncoderSpec) -> None:
    """Make a staging folder ready: keep what an interrupted run of the same request left, clear anything else."""
    if not holds_request(folder, sources, spec):
        folder.mkdir(parents=True, exist_ok=True)
        clear(folder)
        write_atomically(folder / _REQUEST, _request(sources, spec))


def clear(folder: Path) -> None:
    """Remove all that an interrupted run left in a staging folder, but its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def holds_request(folder: Path, sources: Sequence[AnchorSource], spec: EncoderSpec) -> bool:
    """Return whether a folder holds what a run of this request left."""
    try:
        return (folder / _REQUEST).read_bytes() == _request(sources, spec)
    except OSError:
        return False


def has_request(folder: Path) -> bool:
    """Return whether a folder holds what a run of some request left."""
    return (folder / _REQUEST).is_file()


def _request(sources: Sequence[AnchorSource], spec: EncoderSpec) -> bytes:
    encoder = {name: value for name, value in spec.to_dict().items() if name not in ("runtime", "plugin")}
    request = {"encoder": encoder, "sources": [[s.name, len(s), dict(s.checksums)] for s in sources]}
    return json.dumps(request, sort_keys=True).encode()


def drop_request(folder: Path) -> None:
    """Remove the request: what else is there belongs to no run any more."""
    (folder / _REQUEST).unlink(missing_ok=True)


def drop_table(folder: Path) -> None:
    """Remove the staging table."""
    shutil.rmtree(folder / f"{STAGED}.lance", ignore_errors=True)


def staged_ids(folder: Path) -> frozenset[str]:
    """Return the content ids in the staging table, without its last block if an interruption has damaged that."""
    path = folder / f"{STAGED}.lance"
    for _ in range(2):
        if not path.exists():
            return frozenset()
        try:
            table = open_table(folder, STAGED)
            # All columns: a power cut may have emptied any file.
            return frozenset(key for batch in scan(table, table.schema.names) for key in batch["id"].to_pylist())
        except AnchorIndexError as error:
            versions = version_files(folder, STAGED)
            _log.warning("what an interrupted run left is damaged (%s): going back by a block", error.message)
            if len(versions) < 2:
                break
            versions[max(versions)].unlink()
            (path / "_versions" / "latest_version_hint.json").unlink(missing_ok=True)
    drop_table(folder)
    return frozenset()


def _staged_schema(dim: int) -> pa.Schema:
    return pa.schema(
        [("id", pa.string()), ("width", pa.int32()), ("height", pa.int32()), ("embedding", embedding_type(dim))]
    )


def stage(folder: Path, block: Sequence[EncodedImage], dim: int) -> None:
    """Commit a block of embeddings to the staging table."""
    schema = _staged_schema(dim)
    batch = pa.record_batch(
        [
            pa.array([image.id for image in block]),
            pa.array([image.width or None for image in block], type=pa.int32()),
            pa.array([image.height or None for image in block], type=pa.int32()),
            to_embedding_column(np.stack([image.embedding for image in block if image.embedding is not None])),
        ],
        schema=schema,
    )
    path = folder / f"{STAGED}.lance"
    with writing(
        f"embeddings cannot be written to '{folder}'",
        "make room or mend the disk; the same command goes on where it stopped",
    ):
        if not path.exists():
            known = files_below(path)
            write_table(folder, [batch], schema, STAGED)
        else:
            table = open_table(folder, STAGED)
            known = files_below(path)  # after opening, which may remove what a power cut tore
            table.add(pa.Table.from_batches([batch]))
        sync_below(path, known)


def embed(
    folder: Path,
    sources: Sequence[AnchorSource],
    encoder: Encoder,
    *,
    batch_size: int,
    n_workers: int | None,
    max_pixels: int,
    indexed: Container[str] = (),
    cache: EmbeddingCache | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Progress:
    """Embed the images of some sources into the staging table.

    Args:
        folder: A staging folder that was prepared.
        sources: The data sets.
        encoder: Embeds the images.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        indexed: Content ids that need no embedding: the index has them.
        cache: Where embeddings are looked up and put; None to embed every image.
        on_progress: Called with (done, total) images.

    Returns:
        What became of each record, in the order of the sources.
    """
    total = sum(map(len, sources))
    staged = staged_ids(folder)
    progress = Progress()
    seen: set[str] = set()
    known = _Either(staged, indexed)
    images = chain.from_iterable(
        encode_files(
            (value for piece in source.records["path"].chunks for value in piece.to_pylist()),
            encoder,
            read=source.read_bytes,
            batch_size=batch_size,
            n_workers=n_workers,
            max_pixels=max_pixels,
            known=known,
            cache=cache,
        )
        for source in sources
    )
    block: list[EncodedImage] = []
    try:
        for row, image in enumerate(images):
            usable = not image.error
            if image.error:
                progress.failures.append((image.path, image.error))
                progress.failed_rows.append(row)
            elif image.id in seen:
                usable = False
                progress.duplicate_rows.append(row)
            elif image.embedding is not None:
                progress.n_found += image.is_found
                progress.n_embedded += not image.is_found
                block.append(image)
            elif image.id not in indexed:
                progress.n_resumed += 1
            progress.ids.append(image.id if usable else "")
            seen.add(image.id)
            if len(block) >= BLOCK:
                full, block = block, []
                stage(folder, full, encoder.spec.dim)
            if on_progress is not None:
                on_progress(row + 1, total)
    finally:
        # Also when the user or an error ends the run: what is embedded is kept for the next one.
        if block:
            stage(folder, block, encoder.spec.dim)
    return progress


def embedding_id(path: str, embedding: FloatArray) -> str:
    """Return the id of an image of which only its path and its embedding are known."""
    return hashlib.sha256(path.encode() + embedding.tobytes()).hexdigest()[:32]


def take_embeddings(
    sources: Sequence[AnchorSource], embeddings: FloatArray, ids: Sequence[str] | None = None
) -> Progress:
    """Return what becomes of each record whose embedding exists already; see `build_from_embeddings`."""
    paths = [path for source in sources for path in source.records["path"].to_pylist()]
    progress = Progress()
    seen: set[str] = set()
    for row, path in enumerate(paths):
        key = embedding_id(path, embeddings[row]) if ids is None else ids[row]
        if key in seen:
            progress.duplicate_rows.append(row)
        progress.ids.append("" if key in seen else key)
        seen.add(key)
    progress.n_embedded = len(seen)
    return progress


def embedding_batches(
    progress: Progress,
    embeddings: FloatArray,
    sizes: Sequence[tuple[int, int]] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield embeddings that exist already as a staging table has them, each content once, without a second copy."""
    schema = _staged_schema(embeddings.shape[1])
    for start in range(0, len(embeddings), READ_ROWS):
        rows = [row for row in range(start, min(start + READ_ROWS, len(embeddings))) if progress.ids[row]]
        width, height = (
            pa.array([(sizes[row][side] or None) if sizes else None for row in rows], type=pa.int32())
            for side in (0, 1)
        )
        keys = pa.array([progress.ids[row] for row in rows], type=pa.string())
        part = to_embedding_column(embeddings[start : start + READ_ROWS][np.asarray(rows, dtype=np.int64) - start])
        yield pa.record_batch([keys, width, height, part], schema=schema)
        if on_progress is not None:
            on_progress(min(start + READ_ROWS, len(embeddings)), len(embeddings))


def stage_embeddings(
    folder: Path,
    sources: Sequence[AnchorSource],
    embeddings: FloatArray,
    *,
    ids: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> Progress:
    """Put embeddings that exist already into the staging table; see `AnchorIndex.add_embeddings`."""
    progress = take_embeddings(sources, embeddings, ids)
    drop_table(folder)
    write_table(folder, embedding_batches(progress, embeddings, sizes), _staged_schema(embeddings.shape[1]), STAGED)
    sync_below(folder / f"{STAGED}.lance")
    return progress


def staged_batches(folder: Path) -> Iterator[pa.RecordBatch]:
    """Yield the staging table: `id`, `width`, `height` and `embedding` (float32)."""
    return scan(open_table(folder, STAGED), ["id", "width", "height", "embedding"])


@dataclass(frozen=True)
class _Either:
    """The ids of two containers."""

    one: Container[str]
    other: Container[str]

    def __contains__(self, key: object) -> bool:
        return key in self.one or key in self.other


def named_records(sources: Sequence[AnchorSource]) -> list[tuple[str, pa.Table]]:
    """Return the records of each source with its label file's name, as the index has them.

    Columns are called as there (`stored_column`); the data set's name is one of them.
    """
    named = []
    for source, (where, records) in zip(sources, source_parts(sources), strict=True):
        table = records.rename_columns(list(map(stored_column, records.column_names)))
        named.append((where, table.append_column("dataset", pa.array([source.name] * len(source), type=pa.string()))))
    return named


def records_table(sources: Sequence[AnchorSource]) -> pa.Table:
    """Put the records of all sources below one another (`named_records`).

    Raises:
        DataError: When a column has no common type.
    """
    return pa.concat_tables(one_type(named_records(sources)), promote_options="default")


def table_schema(columns: pa.Schema, dim: int, dtype: Dtype = "float32") -> pa.Schema:
    """Return the schema of an index's tables: its own columns in their order, further ones, the embedding.

    Args:
        columns: Columns of the anchors; those that the index makes itself (id, quality, ...) may be missing.
        dim: D.
        dtype: Of the embedding.
    """
    own = {
        "id": pa.string(), "quality": pa.float64(), "side": pa.string(), "width": pa.int32(), "height": pa.int32(),
    }  # fmt: skip
    types = {field.name: field.type for field in columns} | own
    first = [name for name in OWN_COLUMNS if name != "embedding"]
    names = first + [name for name in columns.names if name not in OWN_COLUMNS]
    return pa.schema([*((name, types[name]) for name in names), (MAIN_EMBEDDING, embedding_type(dim, dtype))])


def final_batches(made: Iterable[pa.RecordBatch], table: pa.Table, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Join embeddings with the labels of their anchors.

    Args:
        made: The embeddings (see `staged_batches`).
        table: The anchors: all columns of the schema but width, height and embedding.
        schema: See `table_schema`.

    Yields:
        Batches of the final table, the embeddings in its dtype; staged images that `table` does not name are left out.

    Raises:
        DataError: When an embedding is beyond that dtype.
    """
    row_of: Mapping[str, int] = {key: row for row, key in enumerate(table["id"].to_pylist())}
    for batch in made:
        kept = [i for i, key in enumerate(batch["id"].to_pylist()) if key in row_of]
        some = batch.take(pa.array(kept, type=pa.int64()))
        rows = pa.array([row_of[key] for key in some["id"].to_pylist()], type=pa.int64())
        part = table.take(rows).combine_chunks()
        own = {name: some[name] for name in ("width", "height")}
        own[MAIN_EMBEDDING] = as_embedding_column(some["embedding"], schema.field(MAIN_EMBEDDING).type)
        arrays = [own[name] if name in own else one_chunk(part[name]) for name in schema.names]
        yield pa.record_batch(arrays, schema=schema)
