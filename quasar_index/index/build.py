"""Building an index: labelled images -> embeddings -> a Lance table with a manifest.

Embeddings go block by block into a staging table in a hidden sibling of the index, `.NAME.building`. When all are
there, the sides are divided, the final table is written in one stream, and the folder is renamed into place: an
interrupted build never looks complete, and the same command picks it up, embedding no image twice beyond a block.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..anchors import check_two_sides, divide_at_median
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..datasets.base import RECORD_SCHEMA, AnchorSource
from ..encoders.base import Encoder, EncoderSpec
from ..encoders.pipeline import EncodedImage, encode_files
from ..errors import AnchorIndexError, DataError
from ..images import MAX_PIXELS, read_image_bytes
from .anchor_index import AnchorIndex, new_index_path
from .manifest import Manifest, SourceRecord
from .store import OWN_COLUMNS, embedding_type, open_table, scan, to_embedding_column, write_table

BLOCK = 1024
"""Embeddings in one commit to the staging table."""
STAGED = "staged"
FAILURES = "failures.jsonl"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        index: The new index.
        n_embedded: Images that were embedded by this run.
        n_resumed: Images whose embeddings an interrupted run had left.
        n_duplicates: Images left out because an earlier one has the same content.
        failures: (path, error) of images that could not be embedded; also in `failures.jsonl` of the index.
    """

    index: AnchorIndex
    n_embedded: int
    n_resumed: int = 0
    n_duplicates: int = 0
    failures: tuple[tuple[str, str], ...] = ()


@dataclass
class _Progress:
    """What is known of each record while a build runs; `ids` is empty for failures and duplicates."""

    ids: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    failed_rows: list[int] = field(default_factory=list)
    duplicate_rows: list[int] = field(default_factory=list)
    n_embedded: int = 0
    n_resumed: int = 0


def build_index(
    name: str | Path,
    sources: Sequence[AnchorSource],
    encoder: Encoder,
    *,
    overwrite: bool = False,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    on_progress: Callable[[int, int], None] | None = None,
) -> BuildReport:
    """Embed labelled images and make an index of them.

    Args:
        name: Name or path of the new index (see `new_index_path`).
        sources: The data sets.
        encoder: Embeds the images.
        overwrite: Replace an index of that name.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        on_progress: Called with (done, total) images.

    Returns:
        What was done.

    Raises:
        AnchorIndexError: When the index exists and is not to be overwritten.
        DataError: When no image could be embedded, or the anchors fall on one side.
    """
    path = _free_path(name, overwrite=overwrite)
    total = sum(map(len, sources))
    if total == 0:
        raise DataError("the data hold no images", "check --data")
    staging = _staging_folder(path, sources, encoder.spec)
    known = _staged_ids(staging)
    progress = _Progress()
    seen: set[str] = set()
    resumed = frozenset(known)
    images = (image for source in sources for image in _encode_source(
        source, encoder, batch_size=batch_size, n_workers=n_workers, max_pixels=max_pixels, known=resumed
    ))  # fmt: skip
    block: list[EncodedImage] = []
    for row, image in enumerate(images):
        usable = not image.error
        if image.error:
            progress.failures.append((image.path, image.error))
            progress.failed_rows.append(row)
        elif image.id in seen:
            usable = False
            progress.duplicate_rows.append(row)
        elif image.embedding is None:
            progress.n_resumed += 1
        else:
            progress.n_embedded += 1
            block.append(image)
        progress.ids.append(image.id if usable else "")
        seen.add(image.id)
        if len(block) >= BLOCK:
            _stage(staging, block, encoder.spec.dim)
            block = []
        if on_progress is not None:
            on_progress(row + 1, total)
    if block:
        _stage(staging, block, encoder.spec.dim)
    if progress.n_embedded + progress.n_resumed == 0:
        path_, error = progress.failures[0]
        raise DataError(f"none of {total} images could be embedded; the first: '{path_}': {error}", "check --data")
    manifest = _finish(staging, sources, progress, encoder.spec)
    _publish(staging, path)
    return BuildReport(
        AnchorIndex(path, manifest),
        progress.n_embedded,
        progress.n_resumed,
        len(progress.duplicate_rows),
        tuple(progress.failures),
    )


def build_from_embeddings(
    name: str | Path,
    source: AnchorSource,
    embeddings: FloatArray,
    *,
    spec: EncoderSpec | None = None,
    overwrite: bool = False,
) -> BuildReport:
    """Make an index of embeddings that exist already.

    Args:
        name: Name or path of the new index.
        source: Labels, one row an embedding.
        embeddings: (n, D) float32, raw, finite, none all-zero.
        spec: The encoder that made them; None for "precomputed": such an index scores embeddings only.
        overwrite: Replace an index of that name.

    Returns:
        What was done. Rows with equal embeddings and paths count as duplicates.

    Raises:
        AnchorIndexError: When the index exists and is not to be overwritten.
        DataError: When the counts differ, or the anchors fall on one side.
    """
    if len(source) != len(embeddings):
        raise DataError(f"{len(embeddings)} embeddings but {len(source)} labels", "give one row of labels each")
    path = _free_path(name, overwrite=overwrite)
    spec = spec or EncoderSpec(name="precomputed", dim=int(embeddings.shape[1]))
    staging = _staging_folder(path, [source], spec)
    progress = _Progress()
    seen: set[str] = set()
    block: list[EncodedImage] = []
    for row, image_path in enumerate(source.records["path"].to_pylist()):
        key = hashlib.sha256(image_path.encode() + embeddings[row].tobytes()).hexdigest()[:32]
        if key in seen:
            progress.duplicate_rows.append(row)
            progress.ids.append("")
            continue
        seen.add(key)
        progress.ids.append(key)
        progress.n_embedded += 1
        block.append(EncodedImage(image_path, key, embedding=embeddings[row]))
    _stage(staging, block, spec.dim, overwrite=True)
    manifest = _finish(staging, [source], progress, spec)
    _publish(staging, path)
    return BuildReport(AnchorIndex(path, manifest), len(block), n_duplicates=len(progress.duplicate_rows))


def _encode_source(source: AnchorSource, encoder: Encoder, **options: Any) -> Iterator[EncodedImage]:
    paths = (value for chunk in source.records["path"].chunks for value in chunk.to_pylist())
    return encode_files(paths, encoder, read=source.read_bytes or read_image_bytes, **options)


def _free_path(name: str | Path, *, overwrite: bool) -> Path:
    path = new_index_path(name)
    if path.exists() and not overwrite:
        raise AnchorIndexError(f"'{path}' exists already", "choose another name, or replace it with --overwrite")
    if path.exists() and not (path / "manifest.json").is_file():
        raise AnchorIndexError(f"'{path}' exists and is no index", "choose another name")
    return path


def _staging_folder(path: Path, sources: Sequence[AnchorSource], spec: EncoderSpec) -> Path:
    """Return the staging folder: the one an interrupted build of the same request left, else an empty one."""
    request = {"encoder": spec.to_dict(), "sources": [[s.name, len(s), dict(s.checksums)] for s in sources]}
    wanted = json.dumps(request, sort_keys=True)
    staging = path.with_name(f".{path.name}.building")
    record = staging / "request.json"
    if not (record.is_file() and record.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        record.write_text(wanted, encoding="utf-8")
    return staging


def _staged_ids(staging: Path) -> set[str]:
    if not (staging / f"{STAGED}.lance").exists():
        return set()
    table = open_table(staging, STAGED)
    return {key for batch in scan(table, ["id"]) for key in batch["id"].to_pylist()}


def _stage(staging: Path, block: list[EncodedImage], dim: int, *, overwrite: bool = False) -> None:
    """Commit a block of embeddings to the staging table."""
    schema = pa.schema(
        [("id", pa.string()), ("width", pa.int32()), ("height", pa.int32()), ("embedding", embedding_type(dim))]
    )
    batch = pa.record_batch(
        [
            pa.array([image.id for image in block]),
            pa.array([image.width or None for image in block], type=pa.int32()),
            pa.array([image.height or None for image in block], type=pa.int32()),
            to_embedding_column(np.stack([image.embedding for image in block if image.embedding is not None])),
        ],
        schema=schema,
    )
    if overwrite or not (staging / f"{STAGED}.lance").exists():
        write_table(staging, [batch], schema, STAGED)
    else:
        open_table(staging, STAGED).add(pa.Table.from_batches([batch]))


def _finish(staging: Path, sources: Sequence[AnchorSource], progress: _Progress, spec: EncoderSpec) -> Manifest:
    """Divide the sides, write the final table, the failures and the manifest into the staging folder."""
    ids = np.array(progress.ids)
    labels, records = _label(sources, ids != "", progress)
    is_good = labels.is_good[ids != ""]
    check_two_sides(is_good)
    row_of = {key: row for row, key in enumerate(progress.ids) if key}
    table = _records_table(sources)
    extras = [column for column in table.column_names if column not in OWN_COLUMNS]
    columns = [name for name in OWN_COLUMNS if name != "embedding"] + extras
    sides = pa.array(np.where(labels.is_good, "good", "bad"))
    quality = pa.array(labels.quality, from_pandas=True)

    def batches() -> Iterable[pa.RecordBatch]:
        staged = open_table(staging, STAGED)
        for batch in scan(staged, ["id", "width", "height", "embedding"]):
            # An interrupted run may have staged images that the data no longer hold.
            kept = [i for i, key in enumerate(batch["id"].to_pylist()) if key in row_of]
            batch = batch.take(pa.array(kept, type=pa.int64()))  # noqa: PLW2901
            rows = pa.array([row_of[key] for key in batch["id"].to_pylist()], type=pa.int64())
            part = table.take(rows).combine_chunks()
            own = {
                "id": batch["id"],
                "quality": quality.take(rows),
                "side": sides.take(rows),
                "width": batch["width"],
                "height": batch["height"],
            }
            arrays = [own[n] if n in own else _one_chunk(part[n]) for n in columns]
            yield pa.record_batch([*arrays, batch["embedding"]], names=[*columns, "embedding"])

    types = {
        "id": pa.string(), "quality": pa.float64(), "side": pa.string(), "width": pa.int32(), "height": pa.int32(),
        **{field.name: field.type for field in table.schema if field.name != "side"},
    }  # fmt: skip
    schema = pa.schema([*((n, types[n]) for n in columns), ("embedding", embedding_type(spec.dim))])
    version = write_table(staging, batches(), schema)
    if progress.failures:
        lines = (json.dumps({"path": path, "error": error}) for path, error in progress.failures)
        (staging / FAILURES).write_text("\n".join(lines) + "\n", encoding="utf-8")
    manifest = Manifest(spec, tuple(records), int(is_good.sum()), int((~is_good).sum()), version)
    manifest.write(staging)
    return manifest


@dataclass(frozen=True)
class _Labels:
    is_good: BoolArray
    quality: DoubleArray


def _label(
    sources: Sequence[AnchorSource], usable: BoolArray, progress: _Progress
) -> tuple[_Labels, list[SourceRecord]]:
    """Divide each source by its own rule and scale its scores to [0, 1]; only embedded images count.

    Returns:
        Sides and qualities of all records (those of unusable ones mean nothing), and a record for each source.
    """
    goods: list[BoolArray] = []
    qualities: list[DoubleArray] = []
    records: list[SourceRecord] = []
    start = 0
    for source in sources:
        rows = slice(start, start + len(source))
        start += len(source)
        counted = usable[rows]
        raw = source.records["score"].to_numpy().astype(np.float64)
        oriented = -raw if source.lower_is_better else raw
        good = np.zeros(len(source), dtype=np.bool_)
        threshold = None
        if source.division == "median":
            if counted.any():
                good[counted], median = divide_at_median(oriented[counted])
                threshold = -median if source.lower_is_better else median
        else:
            good = np.array([side == "good" for side in source.records["side"].to_pylist()], dtype=np.bool_)
        quality, score_range = _scale(raw, counted, source)
        goods.append(good)
        qualities.append(quality)
        records.append(
            SourceRecord(
                name=source.name,
                kind=source.kind,
                division=source.division,
                lower_is_better=source.lower_is_better,
                score_range=score_range,
                threshold=threshold,
                n_good=int((good & counted).sum()),
                n_bad=int((~good & counted).sum()),
                n_failed=_count(progress.failed_rows, rows),
                n_duplicates=_count(progress.duplicate_rows, rows),
                checksums=dict(source.checksums),
            )
        )
    return _Labels(np.concatenate(goods), np.concatenate(qualities)), records


def _scale(
    raw: DoubleArray, counted: BoolArray, source: AnchorSource
) -> tuple[DoubleArray, tuple[float, float] | None]:
    """Scale raw scores to [0, 1], higher is better, by the declared range, else the observed one."""
    rated = counted & ~np.isnan(raw)
    if not rated.any():
        return np.full(len(raw), np.nan), None
    low, high = source.score_range or (float(raw[rated].min()), float(raw[rated].max()))
    span = high - low or 1.0
    quality = (high - raw if source.lower_is_better else raw - low) / span
    return quality, (low, high)


def _count(rows: list[int] | IntArray, within: slice) -> int:
    return sum(within.start <= row < within.stop for row in rows)


def _records_table(sources: Sequence[AnchorSource]) -> pa.Table:
    """Put the records of all sources below one another, with their data set's name.

    A label file's column whose name the index uses itself becomes `label_NAME`.
    """
    taken = set(OWN_COLUMNS) - set(RECORD_SCHEMA.names)
    tables = [
        source.records.rename_columns(
            [f"label_{name}" if name in taken else name for name in source.records.column_names]
        ).append_column("dataset", pa.array([source.name] * len(source), type=pa.string()))
        for source in sources
    ]
    return pa.concat_tables(tables, promote_options="permissive")


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _publish(staging: Path, path: Path) -> None:
    """Rename the finished folder into place."""
    shutil.rmtree(staging / f"{STAGED}.lance", ignore_errors=True)
    (staging / "request.json").unlink(missing_ok=True)
    if path.exists():
        old = path.with_name(f".{path.name}.replaced")
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
        staging.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    else:
        staging.rename(path)
    _log.info("index written to '%s'", path)
