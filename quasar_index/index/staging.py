"""What builds and additions share: embedding by a plan that survives an interruption, joining that with labels."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray, IntArray
from ..datasets.base import AnchorSource
from ..datasets.column_types import one_type, source_parts
from ..encoders.base import Encoder
from ..encoders.spec import EncoderSpec
from ..plans.embedding import EmbedJob, piece_schema, read_embedded
from ..plans.executor import Executor, executor_of
from ..plans.inputs import Inputs
from ..plans.plan import Pieces, Plan
from .content_ids import ContentIds, IdPlaces
from .lock import LOCK
from .records import MAIN_EMBEDDING, Dtype
from .store import (
    OWN_COLUMNS,
    READ_ROWS,
    as_embedding_column,
    embedding_type,
    one_chunk,
    stored_column,
    to_embedding_column,
)

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache

_WAS_THERE, _FOUND, _INDEXED = 1, 2, 4


@dataclass
class Progress:
    """What is known of each record while images are embedded.

    Attributes:
        ids: Content id of each record; none for failures and duplicates.
        failures: (path, error) of images that could not be embedded.
        failed_rows: Their records, in order.
        duplicate_rows: Records whose content an earlier record has, in order.
        n_embedded: Images that were embedded by this run.
        n_resumed: Images whose embeddings an interrupted run had left.
        n_found: Images whose embeddings the cache had.
        pieces: Where the embeddings lie.
    """

    ids: ContentIds = field(default_factory=ContentIds)
    failures: list[tuple[str, str]] = field(default_factory=list)
    failed_rows: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    duplicate_rows: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    n_embedded: int = 0
    n_resumed: int = 0
    n_found: int = 0
    pieces: Pieces = field(default_factory=lambda: Pieces(Path(), ()))

    @property
    def n_usable(self) -> int:
        """Images that there is an embedding of."""
        return self.n_embedded + self.n_resumed + self.n_found


def prepare(folder: Path, sources: Sequence[AnchorSource], spec: EncoderSpec) -> Plan:
    """Make a staging folder ready: keep what an interrupted run of the same request left, clear anything else."""
    plan = plan_of(folder, sources, spec)
    if not plan.is_begun():
        folder.mkdir(parents=True, exist_ok=True)
        clear(folder)
        plan.begin()
    return plan


def clear(folder: Path) -> None:
    """Remove all that an interrupted run left in a staging folder, but its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def plan_of(folder: Path, sources: Sequence[AnchorSource], spec: EncoderSpec) -> Plan:
    """Return the plan of embedding some sources; its request holds all that decides the embeddings."""
    encoder = {name: value for name, value in spec.to_dict().items() if name not in ("runtime", "plugin")}
    return Plan(folder, {"encoder": encoder, "sources": [[s.name, len(s), dict(s.checksums)] for s in sources]})


def embed(
    plan: Plan,
    sources: Sequence[AnchorSource],
    encoder: Encoder,
    *,
    batch_size: int,
    n_workers: int | None,
    max_pixels: int,
    indexed: Container[str] = (),
    cache: EmbeddingCache | None = None,
    executor: Executor | None = None,
    shard_rows: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Progress:
    """Embed the images of some sources.

    Args:
        plan: That of the sources (see `prepare`).
        sources: The data sets.
        encoder: Embeds the images.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        indexed: Content ids that need no embedding: the index has them.
        cache: Where embeddings are looked up and put; None to embed every image.
        executor: Who embeds them; None for this process.
        shard_rows: Most images of a shard of the plan; None for `plans.SHARD_ROWS`.
        on_progress: Called with (done, total) images.

    Returns:
        What became of each record, in the order of the sources.
    """
    reads = [source.read_bytes for source in sources]
    inputs = Inputs([source.records["path"] for source in sources], reads)
    job = EmbedJob(encoder, reads, batch_size, n_workers, max_pixels, indexed, cache)
    pieces = plan.run(job, inputs, executor_of(executor), shard_rows=shard_rows, on_progress=on_progress)
    progress = Progress(pieces=pieces)
    flags = bytearray()
    for was_there, batch in read_embedded(pieces):
        keys = batch["id"].to_pylist()
        progress.ids.extend(keys)
        found = batch["found"].to_numpy(zero_copy_only=False)
        known = np.fromiter((key in indexed for key in keys), np.bool_, len(keys)) if indexed != () else False
        flags += (_WAS_THERE * was_there + _FOUND * found + _INDEXED * np.asarray(known)).astype(np.uint8).tobytes()
    progress.failed_rows = np.flatnonzero(~progress.ids.usable)
    progress.duplicate_rows = progress.ids.drop_copies()
    made = np.frombuffer(flags, dtype=np.uint8)[progress.ids.usable]
    counts = np.bincount(made, minlength=2 * _INDEXED)
    progress.n_resumed = int(counts[_WAS_THERE] + counts[_WAS_THERE + _FOUND])
    progress.n_found, progress.n_embedded = int(counts[_FOUND]), int(counts[0])
    progress.failures.extend((path, error) for piece in pieces.pieces for _, path, error in piece.failures)
    return progress


def embedding_id(path: str, embedding: FloatArray) -> str:
    """Return the id of an image of which only its path and its embedding are known."""
    return hashlib.sha256(path.encode() + embedding.tobytes()).hexdigest()[:32]


def take_embeddings(
    sources: Sequence[AnchorSource], embeddings: FloatArray, ids: Sequence[str] | None = None
) -> Progress:
    """Return what becomes of each record whose embedding exists already; see `build_from_embeddings`."""
    paths = (path for source in sources for chunk in source.records["path"].chunks for path in chunk.to_pylist())
    keys = [embedding_id(path, embeddings[row]) for row, path in enumerate(paths)] if ids is None else ids
    progress = Progress(ids=ContentIds(keys))
    progress.duplicate_rows = progress.ids.drop_copies()
    progress.n_embedded = len(progress.ids) - len(progress.duplicate_rows)
    return progress


def embedding_batches(
    progress: Progress,
    embeddings: FloatArray,
    sizes: Sequence[tuple[int, int]] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield embeddings that exist already as `staged_batches` does, each content once, without a second copy."""
    schema = pa.schema(
        [piece_schema(embeddings.shape[1]).field(name) for name in ("id", "width", "height", "embedding")]
    )
    for start in range(0, len(embeddings), READ_ROWS):
        some = range(start, min(start + READ_ROWS, len(embeddings)))
        texts = progress.ids.texts(some)
        rows = [row for row, text in zip(some, texts, strict=True) if text]
        width, height = (
            pa.array([(sizes[row][side] or None) if sizes else None for row in rows], type=pa.int32())
            for side in (0, 1)
        )
        keys = pa.array([text for text in texts if text], type=pa.string())
        part = to_embedding_column(embeddings[start : start + READ_ROWS][np.asarray(rows, dtype=np.int64) - start])
        yield pa.record_batch([keys, width, height, part], schema=schema)
        if on_progress is not None:
            on_progress(min(start + READ_ROWS, len(embeddings)), len(embeddings))


def staged_batches(progress: Progress) -> Iterator[pa.RecordBatch]:
    """Yield what was embedded, each content once: `id`, `width`, `height` and `embedding` (float32)."""
    usable = progress.ids.usable
    for _, batch in read_embedded(progress.pieces):
        rows = batch["row"].to_numpy()
        kept = usable[rows] & batch["embedding"].is_valid().to_numpy(zero_copy_only=False)
        for start in range(0, len(batch), READ_ROWS):
            some = np.flatnonzero(kept[start : start + READ_ROWS]) + start
            yield batch.select(["id", "width", "height", "embedding"]).take(pa.array(some))


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
    places = IdPlaces(table["id"])
    for batch in made:
        rows = places.find(batch["id"].to_pylist())
        some = batch.take(pa.array(np.flatnonzero(rows >= 0)))
        part = table.take(pa.array(rows[rows >= 0])).combine_chunks()
        own = {name: some[name] for name in ("width", "height")}
        own[MAIN_EMBEDDING] = as_embedding_column(some["embedding"], schema.field(MAIN_EMBEDDING).type)
        arrays = [own[name] if name in own else one_chunk(part[name]) for name in schema.names]
        yield pa.record_batch(arrays, schema=schema)
