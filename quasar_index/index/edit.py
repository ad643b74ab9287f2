"""Changing the anchors of an index: add, remove, relabel.

Whatever changes, the sides are divided and the scores scaled again, by the code that builds (`labels`), and the rows
that differ are written: an index that grew equals one that was built of the same images at once. (The sources of a
selected index keep the threshold and the score range of the index that they were selected from: `SourceRecord.kept`.)
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray, as_embeddings
from ..datasets.base import AnchorSource
from ..datasets.column_types import one_type
from ..encoders.base import Encoder, reading_as
from ..encoders.patches import patch_level
from ..encoders.spec import EncoderSpec
from ..errors import AnchorIndexError, DataError, counted
from ..images import MAX_PIXELS
from ..plans.executor import Executor
from ..plans.plan import drop_plan
from . import staging
from .anchor_index import AnchorIndex
from .build import check_counts, usable_records
from .change import Change, changing
from .failures import count_failures, listed_failures, write_failures
from .labels import check_sides, join_records, label_columns, label_sources, record_of, with_labels
from .records import MAIN_EMBEDDING, SourceRecord
from .rows import declared_sides, id_condition, selected_ids, set_labels, update_rows
from .store import OWN_COLUMNS

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache

STAGING = ".adding"
"""Folder inside the index in which embeddings wait that an interrupted addition made."""
_MADE = ("id", "path", "dataset", "quality", "width", "height", MAIN_EMBEDDING)
"""Columns that a further label file does not change."""
_IDS_A_DELETION = 5000
_WIDENED = "quasar_widened"
"""Name of a column while it is being widened."""


@dataclass(frozen=True)
class AddReport:
    """What an addition did.

    Attributes:
        index: The index as it is now.
        n_added: New anchors.
        n_updated: Anchors whose labels were changed by the added data.
        n_unchanged: Images that the index held already, with the same labels.
        n_moved: Anchors that were there before and are on the other side now.
        n_embedded: Images that were embedded by this run.
        n_resumed: Images whose embeddings an interrupted run had left.
        n_duplicates: Images left out because an earlier one, or an anchor of another data set, has the same content.
        failures: (path, error) of images that could not be embedded; also in `failures.jsonl` of the index.
        n_found: Images whose embeddings the cache had.
    """

    index: AnchorIndex
    n_added: int
    n_updated: int
    n_unchanged: int
    n_moved: int
    n_embedded: int = 0
    n_resumed: int = 0
    n_duplicates: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    n_found: int = 0


@dataclass(frozen=True)
class RemoveReport:
    """What a removal did.

    Attributes:
        index: The index as it is now.
        n_removed: Anchors that are gone.
        n_moved: Anchors that are on the other side now.
        unknown: Ids that were to be removed and are not in the index.
    """

    index: AnchorIndex
    n_removed: int
    n_moved: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class RelabelReport:
    """What relabelling did.

    Attributes:
        index: The index as it is now.
        n_matched: Anchors that the label file names.
        n_changed: Those of them whose label changed.
        n_moved: Anchors that are on the other side now.
        unmatched: Names in the label file that no anchor has.
        n_removed: Anchors that are gone, of those that were to be removed.
    """

    index: AnchorIndex
    n_matched: int
    n_changed: int
    n_moved: int
    unmatched: tuple[str, ...] = ()
    n_removed: int = 0


def add(
    index: AnchorIndex,
    sources: Sequence[AnchorSource],
    encoder: Encoder,
    *,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int | None = None,
    cache: EmbeddingCache | None = None,
    executor: Executor | None = None,
    shard_rows: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> AddReport:
    """See `AnchorIndex.add`."""
    total = sum(map(len, sources))
    if total == 0:
        raise DataError("the data hold no images", "check --data")
    with changing(index) as change:
        if change.manifest.patch_size is not None:
            encoder = patch_level(encoder)
        encoder = reading_as(encoder, change.manifest.encoder)
        _check_encoder(change, encoder.spec)
        records, known = _prepare(change, sources)
        folder = change.path / STAGING
        plan = staging.prepare(folder, sources, encoder.spec)
        progress = staging.embed(
            plan,
            sources,
            encoder,
            batch_size=batch_size,
            n_workers=n_workers,
            max_pixels=MAX_PIXELS if max_pixels is None else max_pixels,
            indexed=frozenset(known["id"].to_pylist()),
            cache=cache,
            executor=executor,
            shard_rows=shard_rows,
            on_progress=on_progress,
        )
        if not progress.ids.usable.any():
            first, error = progress.failures[0]
            raise DataError(
                f"none of {counted(total, 'image')} could be embedded; the first: '{first}': {error}", "check --data"
            )
        return _join(change, folder, sources, records, known, progress, staging.staged_batches(progress))


def add_embeddings(
    index: AnchorIndex,
    source: AnchorSource | Sequence[AnchorSource],
    embeddings: FloatArray,
    *,
    spec: EncoderSpec | None = None,
    ids: Sequence[str] | None = None,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> AddReport:
    """See `AnchorIndex.add_embeddings`."""
    sources = [source] if isinstance(source, AnchorSource) else list(source)
    embeddings = as_embeddings(embeddings)
    check_counts(sources, embeddings, ids, sizes)
    with changing(index) as change:
        _check_encoder(change, spec or EncoderSpec(name="precomputed", dim=int(embeddings.shape[1])))
        records, known = _prepare(change, sources)
        progress = staging.take_embeddings(sources, embeddings, ids)
        made = staging.embedding_batches(progress, embeddings, sizes)
        return _join(change, change.path / STAGING, sources, records, known, progress, made)


def remove(index: AnchorIndex, *, ids: Sequence[str] | None = None, where: str | None = None) -> RemoveReport:
    """See `AnchorIndex.remove`."""
    if (ids is None) == (where is None):
        raise AnchorIndexError("give the anchors to remove either by id or by a filter", "for example dataset = 'live'")
    with changing(index) as change:
        table = change.tables.read(label_columns(change.manifest.sources))
        present = set(table["id"].to_pylist())
        wanted = set(ids or ())
        if where is not None:
            wanted = selected_ids(change, where)
        gone = wanted & present
        unknown = tuple(key for key in dict.fromkeys(ids or ()) if key not in present)
        if not gone:
            return RemoveReport(AnchorIndex(change.path, change.manifest), 0, 0, unknown)
        kept = table.filter(pa.array([key not in gone for key in table["id"].to_pylist()]))
        if not kept.num_rows:
            raise DataError(f"these are all {counted(len(gone), 'anchor')}", "delete the folder of the index instead")
        names = set(kept["dataset"].to_pylist())
        records = {record.name: record for record in change.manifest.sources if record.name in names}
        try:
            is_good, quality, labelled = label_sources(kept, records)
            check_sides(is_good, labelled)
        except DataError as error:
            these = "this anchor" if len(gone) == 1 else f"these {counted(len(gone), 'anchor')}"
            raise DataError(f"without {these} the rest cannot be divided: {error.message}", "remove fewer") from error
        if where is not None:
            change.write(lambda lance: lance.delete(where))
        else:
            delete_ids(change, gone)
        after = with_labels(kept, is_good, quality)
        n_moved = update_rows(change, kept, after, [])
        action = f"remove: {counted(len(gone), 'anchor')}" + (f" where {where}" if where else "")
        changed = change.commit(action, sources=labelled)
    return RemoveReport(changed, len(gone), n_moved, unknown)


def delete_ids(change: Change, gone: Collection[str]) -> None:
    """Delete anchors by their content ids."""
    ordered = sorted(gone)
    for start in range(0, len(ordered), _IDS_A_DELETION):
        change.write(methodcaller("delete", id_condition(ordered[start : start + _IDS_A_DELETION])))


def _check_encoder(change: Change, spec: EncoderSpec) -> None:
    if difference := spec.difference(change.manifest.encoder):
        recorded = change.manifest.encoder
        raise AnchorIndexError(
            f"index '{change.path}' holds {recorded.name} ({recorded.dim}-d) but the data to add are embedded by "
            f"{spec.name} ({spec.dim}-d): {difference}",
            "embed them with the index's encoder",
        )


def _prepare(change: Change, sources: Sequence[AnchorSource]) -> tuple[dict[str, SourceRecord], pa.Table]:
    """Check, before anything is embedded, that the sources fit the index; return its records and its labels.

    Raises:
        AnchorIndexError: When its anchors have further embeddings, which the new ones would lack.
        DataError: When a source differs in its rule, or a column in its type.
    """
    if further := [embedding.name for embedding in change.manifest.embeddings[1:]]:
        raise AnchorIndexError(
            f"the anchors of '{change.path}' have another embedding, '{further[0]}', which added images would lack",
            "add to the index that it was made of, then attach the embedding again",
        )
    records = join_records([*change.manifest.sources, *map(record_of, sources)])
    without = {"width", "height", *(embedding.name for embedding in change.manifest.embeddings)}
    known = change.tables.read([name for name in change.tables.schema.names if name not in without])
    together, *_ = one_type(
        [(f"index '{AnchorIndex(change.path, change.manifest).name}'", known), *staging.named_records(sources)]
    )
    added = staging.records_table(sources)
    # Of one type already, as far as what is in them goes: then the index keeps its own.
    kinds = [field if _can_be(added, field) else together.schema.field(field.name) for field in known.schema]
    return records, known.cast(pa.schema(kinds))


def _can_be(added: pa.Table, field: pa.Field) -> bool:
    """Return whether a column of added records can have the type of that of the index."""
    if field.name not in added.column_names:
        return True
    column = added[field.name]
    if pa.types.is_string(field.type) and not pa.types.is_string(column.type):
        return bool(column.null_count == len(column))
    try:
        column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give the columns of added records the types that they have in the index."""
    for place, name in enumerate(table.column_names):
        if name in schema.names:
            table = table.set_column(place, name, table[name].cast(schema.field(name).type))
    return table


def _retype(change: Change, known: pa.Table) -> None:
    """Give the columns of the index the types that the labels of its anchors have now: wider ones."""
    for field in change.tables.schema:
        if field.name not in known.column_names or known.schema.field(field.name).type == field.type:
            continue
        now = known.schema.field(field.name)
        if known[field.name].null_count == len(known):
            change.write(methodcaller("drop_columns", [field.name]))
            change.write(methodcaller("add_columns", pa.schema([now])))
        elif pa.types.is_floating(now.type):
            # Lance widens whole numbers to larger ones in place, but not to fractions.
            number = "double" if now.type == pa.float64() else "float"
            quoted = f"`{field.name}`"
            change.write(methodcaller("add_columns", {_WIDENED: f"cast({quoted} as {number})"}))
            change.write(methodcaller("drop_columns", [field.name]))
            change.write(methodcaller("alter_columns", {"path": _WIDENED, "rename": field.name}))
        else:
            change.write(methodcaller("alter_columns", {"path": field.name, "data_type": now.type}))


def _join(
    change: Change,
    folder: Path,
    sources: Sequence[AnchorSource],
    records: dict[str, SourceRecord],
    known: pa.Table,
    progress: staging.Progress,
    made: Iterable[pa.RecordBatch],
) -> AddReport:
    """Write the embeddings that were made, and the labels that changed, and commit."""
    added = _cast(usable_records(sources, progress), known.schema)
    row_of = {key: row for row, key in enumerate(known["id"].to_pylist())}
    rows = np.array([row_of.get(key, -1) for key in added["id"].to_pylist()], dtype=np.int64)
    datasets = np.array(["", *known["dataset"].to_pylist()], dtype=object)[rows + 1]
    is_again = (rows >= 0) & (datasets == np.array(added["dataset"].to_pylist(), dtype=object))
    again, fresh = added.filter(pa.array(is_again)), added.filter(pa.array(rows < 0))
    again = declared_sides(again, again["dataset"].to_pylist(), records)
    new_fields = [
        column
        for column in added.schema
        if column.name not in (*known.schema.names, *OWN_COLUMNS) and not pa.types.is_null(column.type)
    ]
    before = known
    for column in new_fields:
        before = before.append_column(column, pa.nulls(len(known), column.type))
    columns = [name for name in again.column_names if name in before.schema.names and name not in _MADE]
    updated, is_updated = set_labels(before, rows[is_again], again, columns)
    failures = dict(progress.failures)
    listed = listed_failures(change.path)
    everything = pa.concat_tables(
        [updated, fresh.select([name for name in fresh.column_names if name in updated.column_names])],
        promote_options="default",
    )
    is_good, quality, labelled = label_sources(everything, count_failures(records, sources, failures.keys() - listed))
    check_sides(is_good, labelled)
    everything = with_labels(everything, is_good, quality)
    n_updated = int(is_updated.sum())
    index, n_moved = AnchorIndex(change.path, change.manifest), 0
    if len(fresh) or n_updated:
        _retype(change, known)
        if new_fields:
            change.write(lambda lance: lance.add_columns(pa.schema(new_fields)))
        n_moved = update_rows(change, before, everything.slice(0, len(known)), columns)
        if len(fresh):
            own = [
                known.schema.field(one.name) if one.name in known.column_names else one for one in change.tables.schema
            ]
            schema = pa.schema([*own, *new_fields])
            batches = staging.final_batches(made, everything.slice(len(known)), schema)
            last = change.manifest.shards[-1:]
            change.write(lambda lance: lance.add(pa.RecordBatchReader.from_batches(schema, batches)), shards=last)
        names = ", ".join(dict.fromkeys(source.name for source in sources))
        action = f"add: {counted(len(fresh), 'anchor')} of {names}"
        if n_updated:
            action += f", {counted(n_updated, 'label')} changed"
        index = change.commit(action, sources=labelled, plugins=[source.plugin for source in sources])
    if failures.keys() - listed.keys():
        write_failures(change.path, (listed | failures).items())
    drop_plan(folder)  # first: without it, the rest is nobody's
    shutil.rmtree(folder, ignore_errors=True)
    return AddReport(
        index,
        n_added=len(fresh),
        n_updated=n_updated,
        n_unchanged=len(again) - n_updated,
        n_moved=n_moved,
        n_embedded=progress.n_embedded,
        n_resumed=progress.n_resumed,
        n_duplicates=len(progress.duplicate_rows) + int(((rows >= 0) & ~is_again).sum()),
        failures=tuple(progress.failures),
        n_found=progress.n_found,
    )
