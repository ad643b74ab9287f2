"""Building an index: labelled images -> embeddings -> a Lance table with a manifest.

Images are embedded by a plan in a hidden sibling of the index, `.NAME.building`. When all are there, the sides are
divided, the final table is written in one stream, and the folder is renamed into place: an interrupted build never
looks complete, and the same command picks it up.
"""

from __future__ import annotations

import logging
import math
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ..arguments import checked
from ..arrays import FloatArray, as_embeddings
from ..datasets.base import AnchorSource
from ..encoders.base import Encoder
from ..encoders.patches import patch_level
from ..encoders.spec import EncoderSpec
from ..errors import DataError, counted
from ..images import MAX_PIXELS
from ..paths import PathText
from ..plans.executor import Executor
from ..plans.plan import drop_plan, read_plan
from . import staging
from .anchor_index import AnchorIndex
from .durable import digests_below, sync_below
from .failures import count_left_out, listed_failures, write_failures
from .labels import check_sides, join_records, label_sources, record_of, with_labels
from .lock import lock
from .manifest import MANIFEST, Manifest, library_versions
from .new_folder import new_index
from .origin import Provenance
from .places import check_free, check_place, new_index_path
from .records import MAIN_EMBEDDING, Dtype, EmbeddingRecord, SourceRecord
from .states import record
from .store import TABLE, write_shards

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Storage:
    """How anchors are kept: the dtype of their embeddings, and most rows of a table (None for one table)."""

    dtype: Dtype
    anchors_per_shard: int | None

    def __post_init__(self) -> None:
        if self.anchors_per_shard is not None and self.anchors_per_shard < 1:
            raise DataError(f"{self.anchors_per_shard} anchors in a table", "put at least 1 into each")

    def is_that_of(self, manifest: Manifest) -> bool:
        """Return whether an index is kept so."""
        n = manifest.n_good + manifest.n_bad
        n_shards = 1 if self.anchors_per_shard is None else math.ceil(n / self.anchors_per_shard)
        return manifest.embeddings[0].dtype == self.dtype and len(manifest.shards) == n_shards


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        index: The new index.
        n_embedded: Images that were embedded by this run.
        n_resumed: Images whose embeddings an interrupted run had left.
        n_duplicates: Images left out because an earlier one has the same content.
        failures: (path, error) of images that could not be embedded; also in `failures.jsonl` of the index.
        n_found: Images whose embeddings the cache had.
    """

    index: AnchorIndex
    n_embedded: int
    n_resumed: int = 0
    n_duplicates: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    n_found: int = 0


@checked
def build_index(
    name: PathText,
    sources: Sequence[AnchorSource],
    encoder: Encoder,
    *,
    dtype: Dtype = "float32",
    anchors_per_shard: int | None = None,
    overwrite: bool = False,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    cache: EmbeddingCache | None = None,
    executor: Executor | None = None,
    shard_rows: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    r"""Embed labelled images and make an index of them.

    Args:
        name: Name or path of the new index (see `new_index_path`).
        sources: The data sets.
        encoder: Embeds the images; patches, its low level where it has two (see `encoders.patch_level`).
        dtype: What the index keeps of an embedding: "float32", or "float16" in half the space.
        anchors_per_shard: Most anchors in one table of the index, each of which is searched on its own; None for one
            table.
        overwrite: Replace an index of that name.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        cache: Where embeddings are looked up and put; None to embed every image.
        executor: Who embeds them: `plans.RayExecutor` for many machines; None for this process.
        shard_rows: Most images of a shard of the plan, which is what a crash costs; None for 1024.
        on_progress: Called with (done, total) images.

    Raises:
        AnchorIndexError: When the index exists and is not to be overwritten.
        DataError: When no image could be embedded, or the anchors fall on one side.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> for i in range(4):
        ...     Image.fromarray(np.full((64, 64, 3), 60 * i, dtype=np.uint8)).save(f"{i}.png")
        >>> _ = Path("rated.csv").write_text("image,score\n0.png,1\n1.png,2\n2.png,3\n3.png,4\n")
        >>> report = qi.build_index("mine", [qi.load_source("rated.csv")], qi.load_encoder())
        >>> len(report.index), report.n_embedded
        (4, 4)
    """
    records = check_build(name, sources, overwrite=overwrite)
    if any(source.kind == "patches" for source in sources):
        encoder = patch_level(encoder)
    total = sum(map(len, sources))
    storage = _Storage(dtype, anchors_per_shard)
    if (report := _made_before(new_index_path(name), sources, encoder.spec, storage)) is not None:
        return report
    with new_index(name, overwrite=overwrite) as (path, folder):
        plan = staging.prepare(folder, sources, encoder.spec)
        # Written last: all but the renaming has been done.
        if (folder / MANIFEST).is_file() and storage.is_that_of(Manifest.read(folder)):
            return _report(path, folder)
        progress = staging.embed(
            plan,
            sources,
            encoder,
            batch_size=batch_size,
            n_workers=n_workers,
            max_pixels=max_pixels,
            cache=cache,
            executor=executor,
            shard_rows=shard_rows,
            on_progress=on_progress,
        )
        if progress.n_usable == 0:
            first, error = progress.failures[0]
            raise DataError(
                f"none of {counted(total, 'image')} could be embedded; the first: '{first}': {error}", "check --data"
            )
        complete = count_left_out(records, sources, progress)
        made = staging.staged_batches(progress)
        manifest = _finish(folder, sources, complete, progress, encoder.spec, storage, made)
    return BuildReport(
        AnchorIndex(path, manifest),
        progress.n_embedded,
        progress.n_resumed,
        len(progress.duplicate_rows),
        tuple(progress.failures),
        progress.n_found,
    )


@checked
def check_build(name: PathText, sources: Sequence[AnchorSource], *, overwrite: bool) -> dict[str, SourceRecord]:
    """Find what stands against a build, before an encoder is loaded; arguments and errors as `build_index`.

    Returns:
        The records of the sources, by name.
    """
    if sum(map(len, sources)) == 0:
        raise DataError("the data hold no images", "check --data")
    path = new_index_path(name)
    if read_plan(path) is None:  # else an interrupted build may have put the index there
        check_free(path, overwrite=overwrite)
    check_place(path)
    records = join_records(map(record_of, sources))
    _check_labels(sources, records)
    return records


@checked
def build_from_embeddings(
    name: PathText,
    source: AnchorSource | Sequence[AnchorSource],
    embeddings: FloatArray,
    *,
    spec: EncoderSpec | None = None,
    ids: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
    dtype: Dtype = "float32",
    anchors_per_shard: int | None = None,
    overwrite: bool = False,
    provenance: Provenance | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    r"""Make an index of embeddings that exist already.

    Args:
        name: Name or path of the new index.
        source: Labels, one row an embedding; several sources one after the other.
        embeddings: (n, D) float32, raw, finite, none all-zero.
        spec: The encoder that made them; None for "precomputed": such an index scores embeddings only.
        ids: Content id of each; None to make them of path and embedding.
        sizes: Width and height of each image, 0 where they are not known; None for none.
        dtype: As of `build_index`.
        anchors_per_shard: As of `build_index`.
        overwrite: Replace an index of that name.
        provenance: Where the embeddings come from, and on which terms; kept with the index.
        on_progress: Called with (done, total) embeddings.

    Returns:
        What was done. Rows with equal ids (equal embeddings and paths) count as duplicates.

    Raises:
        AnchorIndexError: When the index exists and is not to be overwritten.
        DataError: When the counts differ, embeddings are unfit, or the anchors fall on one side.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(4))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
        >>> len(qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index)
        4
    """
    sources = [source] if isinstance(source, AnchorSource) else list(source)
    embeddings = as_embeddings(embeddings)
    check_counts(sources, embeddings, ids, sizes)
    spec = spec or EncoderSpec(name="precomputed", dim=int(embeddings.shape[1]))
    storage = _Storage(dtype, anchors_per_shard)
    records = join_records(map(record_of, sources))
    with new_index(name, overwrite=overwrite) as (path, folder):
        staging.prepare(folder, sources, spec)
        (folder / MANIFEST).unlink(missing_ok=True)  # of other embeddings with these labels
        progress = staging.take_embeddings(sources, embeddings, ids)
        complete = count_left_out(records, sources, progress)
        made = staging.embedding_batches(progress, embeddings, sizes, on_progress)
        manifest = _finish(folder, sources, complete, progress, spec, storage, made, provenance)
    return BuildReport(AnchorIndex(path, manifest), progress.n_embedded, n_duplicates=len(progress.duplicate_rows))


def _made_before(
    path: Path, sources: Sequence[AnchorSource], spec: EncoderSpec, storage: _Storage
) -> BuildReport | None:
    """Tidy up after a build of this request that was interrupted when the index was in place; None where none was."""
    if not ((path / MANIFEST).is_file() and staging.plan_of(path, sources, spec).is_begun()):
        return None
    if not storage.is_that_of(Manifest.read(path)):
        return None
    with lock(path, path.name):
        for rest in (path.with_name(f".{path.name}.replaced"), path.with_name(f".{path.name}.building")):
            shutil.rmtree(rest, ignore_errors=True)
        drop_plan(path)
    return _report(path, path)


def _report(path: Path, folder: Path) -> BuildReport:
    """Return the report of a build whose result is in a folder already."""
    index = AnchorIndex(path, Manifest.read(folder))
    n_duplicates = sum(source.n_duplicates for source in index.manifest.sources)
    return BuildReport(index, 0, len(index), n_duplicates, tuple(listed_failures(folder).items()))


def check_counts(
    sources: Sequence[AnchorSource],
    embeddings: FloatArray,
    ids: Sequence[str] | None,
    sizes: Sequence[tuple[int, int]] | None,
) -> None:
    """Raise a DataError unless there is one of everything for each embedding."""
    n = len(embeddings)
    if n == 0:
        raise DataError("there are no embeddings", "check --embeddings")
    counts = {"label": sum(map(len, sources)), "id": n if ids is None else len(ids)}
    for what, count in (counts | {"size": n if sizes is None else len(sizes)}).items():
        if count != n:
            raise DataError(f"{counted(n, 'embedding')} but {counted(count, what)}", "give one row of labels each")


def usable_records(sources: Sequence[AnchorSource], progress: staging.Progress) -> pa.Table:
    """Return the records that have an embedding, with the columns `id` and `dataset`."""
    usable = staging.records_table(sources).filter(pa.array(progress.ids.usable))
    return usable.append_column("id", progress.ids.column())


def _check_labels(sources: Sequence[AnchorSource], records: dict[str, SourceRecord]) -> None:
    """Raise the DataError of labels that divide nothing before anything is embedded, which may take a day."""
    is_good, _, _ = label_sources(staging.records_table(sources), records)
    check_sides(is_good, records.values())


def _finish(
    folder: Path,
    sources: Sequence[AnchorSource],
    records: dict[str, SourceRecord],
    progress: staging.Progress,
    spec: EncoderSpec,
    storage: _Storage,
    made: Iterable[pa.RecordBatch],
    provenance: Provenance | None = None,
) -> Manifest:
    """Divide the sides, write the final table, the failures and the manifest into the staging folder.

    `made` holds the embeddings (see `staging.staged_batches`).
    """
    table = usable_records(sources, progress)
    is_good, quality, labelled = label_sources(table, records)
    check_sides(is_good, labelled)
    table = with_labels(table, is_good, quality)
    schema = staging.table_schema(table.schema, spec.dim, storage.dtype)
    for rest in folder.glob(f"{TABLE}*.lance"):
        shutil.rmtree(rest)  # of a run that was interrupted here
    batches = staging.final_batches(made, table, schema)
    shards = write_shards(folder, batches, schema, rows=storage.anchors_per_shard)
    write_failures(folder, progress.failures)
    embeddings = (EmbeddingRecord(MAIN_EMBEDDING, spec, storage.dtype),)
    n_good = int(is_good.sum())
    libraries = library_versions([spec.plugin, *(source.plugin for source in sources)])
    manifest = Manifest(embeddings, shards, labelled, n_good, len(is_good) - n_good, libraries=libraries)
    return finish_folder(folder, manifest, "build", provenance or Provenance())


def finish_folder(folder: Path, manifest: Manifest, action: str, provenance: Provenance | None = None) -> Manifest:
    """Write the manifest of a new index, and its first history entry, when all else is on the disk.

    `provenance` is where its anchors come from; None where that is written already.
    """
    digests: dict[str, str] = {}
    for shard in manifest.shards:
        sync_below(folder / f"{shard.table}.lance")
        digests |= digests_below(folder / f"{shard.table}.lance")
    record(folder, manifest, f"{action}: {counted(manifest.n_good + manifest.n_bad, 'anchor')}", digests)
    if provenance is not None:
        provenance.write(folder)
    manifest.write(folder)
    return manifest
