"""Whether an index is whole: manifest, history, table, search cache and kept computations against one another.

The files of the tables are compared with the digests that the history keeps since they were written, so that a flipped
bit is found wherever it is. Then the tables are read once, as a stream. Labels are made anew from the raw scores, by
the code that builds (`labels`), and compared with the stored ones; the search cache is compared with the table bit by
bit.
What derives from the table can be repaired, because it can be made again: the cache, and what is kept beside it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray
from ..datasets.base import concat_text
from ..errors import DataError, QuasarError, counted, reason
from ..images import content_id, read_image_bytes
from ..images.patch_files import HDF5, stored_patch
from ..images.patches import patched_image
from ..paths import LEFT
from .anchor_index import AnchorIndex
from .cache import drop_cache, load_anchors
from .damage import RESTORE, Damage
from .durable import is_abandoned
from .edit import STAGING
from .failures import listed_failures
from .labels import label_columns, label_sources
from .manifest import Manifest, cache_base
from .mirrors import file_digest, table_files
from .states import Entry, read_entries, read_tags
from .store import embedding_type, from_embedding_column, version_numbers
from .verify_cache import check_cache, check_kept


@dataclass(frozen=True)
class VerifyReport:
    """What was looked at.

    Attributes:
        index: The index.
        n_anchors: Anchors whose embeddings and labels were read.
        n_files: Image files whose content was compared with the anchor's id; 0 unless that was wanted.
        n_missing: Image files that are not where they were.
        damage: What is wrong; empty where the index is whole.
        notes: What is worth knowing and no damage, such as an interrupted addition that waits.
    """

    index: AnchorIndex
    n_anchors: int
    n_files: int = 0
    n_missing: int = 0
    damage: tuple[Damage, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong any more."""
        return all(one.repaired for one in self.damage)


@dataclass
class _Table:
    """What the tables say, in their order; the lengths of the embeddings by name."""

    labels: pa.Table
    norms: dict[str, FloatArray]
    damage: list[Damage] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return list(self.labels["id"].to_pylist())


def verify(
    index: AnchorIndex,
    *,
    files: bool = False,
    repair: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> VerifyReport:
    """See `AnchorIndex.verify`."""
    notes = list(_waiting(index))
    try:
        current = Manifest.read(index.path)
        entries = read_entries(index.path, current)
        damage = [*_history(index, current, entries), *_digests(index, entries, notes)]
    except QuasarError as error:
        damage = [Damage("history", error.message, error.hint)]
    try:
        table = _read_table(index)
    except QuasarError as error:
        return VerifyReport(index, 0, damage=(*damage, Damage("table", error.message, RESTORE)), notes=tuple(notes))
    damage += [*table.damage, *_counts(index.manifest, table.labels), *_divided(index.manifest, table.labels)]
    n_files = n_missing = 0
    if files:
        n_files, n_missing, changed = _files(table.labels, on_progress)
        damage += changed
    # A cache that disagrees with a damaged table may be the one that is right: it is left alone.
    if not any(one.part == "table" for one in damage):
        for name, norms in table.norms.items():
            damage += [*check_cache(index, name, table.labels, norms), *check_kept(index, name)]
    damage += _temporary(index)
    if repair:
        damage = _repair(index, damage)
    return VerifyReport(index, len(table.labels), n_files, n_missing, tuple(damage), tuple(notes))


def _history(index: AnchorIndex, current: Manifest, entries: list[Entry]) -> Iterator[Damage]:
    """Compare the history and the tags with the manifest and with the table's versions."""
    try:
        tags = read_tags(index.path)
        listed_failures(index.path)
    except QuasarError as error:
        yield Damage("history", error.message, error.hint)
        return
    except (ValueError, KeyError, OSError) as error:
        yield Damage("history", f"failures.jsonl is damaged ({error})", "delete it")
        return
    # An approximate search is no state of its own.
    newest, *own = (replace(one, approximate=None) for one in (entries[-1].manifest, current, index.manifest))
    if newest.version == current.version and newest not in own:
        yield Damage("history", f"the entry of version {current.version} is not the manifest", RESTORE)
    kept = {entry.version: entry.manifest.shards for entry in entries if not entry.forgotten}
    for tag, version in tags.items():
        if version not in kept:
            yield Damage("history", f"tag '{tag}' names version {version}, which is not there", "remove the tag")
    # By their files: Lance's own list fails where one of them is damaged, and that is found by its digest.
    there = {name: version_numbers(index.path, name) for name in _table_names(entries)}
    if lost := sorted(
        number for number, shards in kept.items() if any(one.version not in there[one.table] for one in shards)
    ):
        numbers = ", ".join(map(str, lost))
        yield Damage("history", f"the table has lost version {numbers}", "give them up ('quasar-index compact')")


def _digests(index: AnchorIndex, entries: list[Entry], notes: list[str]) -> Iterator[Damage]:
    """Compare the files of the tables, those of all versions, with the digests that were kept as they were written."""
    without = [str(entry.version) for entry in entries if entry.digests is None]
    if without:
        notes.append(f"no digests of the files of version {', '.join(without)}: an earlier quasar-index wrote it")
    known = {name: made for entry in entries for name, made in (entry.digests or {}).items()}
    for name in sorted(name for table in _table_names(entries) for name in table_files(index.path, table)):
        # A file that is in no list was left by an interrupted change, and nothing reads it.
        try:
            if name in known and file_digest(index.path, name) != known[name]:
                yield Damage("table", f"'{name}' is not as it was written", RESTORE)
        except FileNotFoundError:
            continue  # 'compact' has just given it up
        except OSError as error:
            yield Damage("table", f"'{name}' cannot be read ({reason(error)})", RESTORE)


def _table_names(entries: list[Entry]) -> list[str]:
    return list(dict.fromkeys(shard.table for entry in entries for shard in entry.manifest.shards))


def _read_table(index: AnchorIndex) -> _Table:
    """Read all labels, and check every embedding."""
    manifest = index.manifest
    columns = [*label_columns(manifest.sources), "path"]
    batches: list[pa.RecordBatch] = []
    counts: Counter[tuple[str, str]] = Counter()
    norms: dict[str, list[FloatArray]] = {embedding.name: [] for embedding in manifest.embeddings}
    for batch in index.tables.scan([*columns, *norms]):
        # Copied: a column of a batch keeps all of it in memory, and the embeddings may be large.
        batches.append(batch.select(columns).take(pa.array(np.arange(len(batch)))))
        for embedding in manifest.embeddings:
            lengths = _lengths(batch[embedding.name], embedding.encoder.dim)
            norms[embedding.name].append(np.nan_to_num(lengths, nan=0.0, posinf=np.inf))
            counts[embedding.name, "missing"] += int(np.isnan(lengths).sum())
            counts[embedding.name, "not finite"] += int(np.isinf(lengths).sum())
            counts[embedding.name, "zero"] += int((lengths == 0).sum())
    labels = pa.Table.from_batches(batches) if batches else pa.table({name: [] for name in columns})
    none = [np.empty(0, dtype=np.float32)]
    found = _Table(labels, {name: np.concatenate(parts or none) for name, parts in norms.items()})
    for (name, what), count in counts.items():
        if count:
            whose = "" if name == manifest.embeddings[0].name else f" '{name}'"
            message = f"{counted(count, f'embedding{whose} is', f'embeddings{whose} are')} {what}"
            found.damage.append(Damage("table", message, RESTORE))
    for embedding in manifest.embeddings:
        if index.tables.schema.field(embedding.name).type != embedding_type(embedding.encoder.dim, embedding.dtype):
            message = f"'{embedding.name}' is not {embedding.encoder.dim} x {embedding.dtype} in the table"
            found.damage.append(Damage("manifest", message, RESTORE))
    if again := len(labels) - len(set(found.ids)):
        message = f"{counted(again, 'anchor is', 'anchors are')} there twice, by id"
        found.damage.append(Damage("table", message, RESTORE))
    if nameless := labels["id"].null_count:
        found.damage.append(Damage("table", f"{counted(nameless, 'anchor has', 'anchors have')} no id", RESTORE))
    return found


def _lengths(column: pa.Array, dim: int) -> FloatArray:
    """Return the length of each embedding: NaN where there is none, infinity where a number is not finite."""
    missing = column.is_null().to_numpy(zero_copy_only=False)
    filled = column.fill_null([0.0] * dim) if missing.any() else column
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(from_embedding_column(filled, dim), axis=1)
    return np.where(missing, np.nan, np.where(np.isfinite(lengths), lengths, np.inf)).astype(np.float32)


def _counts(manifest: Manifest, labels: pa.Table) -> Iterator[Damage]:
    """Compare the manifest's counts, of all and by source, with the table's."""
    sides, datasets = labels["side"].to_pylist(), labels["dataset"].to_pylist()
    if odd := set(sides) - {"good", "bad"}:
        yield Damage("table", f"a side is called '{min(map(str, odd))}'", RESTORE)
    by_source: dict[tuple[str, str], int] = {}
    for key in zip(datasets, sides, strict=True):
        by_source[key] = by_source.get(key, 0) + 1
    for side, said in (("good", manifest.n_good), ("bad", manifest.n_bad)):
        if sides.count(side) != said:
            message = f"{counted(said, f'{side} anchor')}, the table has {sides.count(side)}"
            yield Damage("manifest", message, RESTORE)
        for source in manifest.sources:
            listed, there = (source.n_good if side == "good" else source.n_bad), by_source.get((source.name, side), 0)
            if listed != there:
                message = f"{counted(listed, f'{side} anchor')} of '{source.name}', the table has {there}"
                yield Damage("manifest", message, RESTORE)
    if unknown := set(datasets) - {source.name for source in manifest.sources}:
        yield Damage("manifest", f"it does not name the data set '{min(map(str, unknown))}'", RESTORE)


def _divided(manifest: Manifest, labels: pa.Table) -> Iterator[Damage]:
    """Divide the anchors again, and compare."""
    records = {source.name: source for source in manifest.sources}
    try:
        is_good, quality, made = label_sources(labels, records)
    except DataError as error:
        yield Damage("table", f"the anchors cannot be divided: {error.message}", RESTORE)
        return
    for now, record in zip(made, manifest.sources, strict=True):
        for mine, theirs in zip(record.ratings, now.ratings, strict=True):
            whose = record.name if mine is record.rating else f"{record.name}, {mine.name}"
            for words, one, other in (
                ("threshold", mine.threshold, theirs.threshold),
                ("score range", mine.score_range, theirs.score_range),
            ):
                if one != other:
                    yield Damage("manifest", f"the {words} of '{whose}' is {one}, by the table {other}", RESTORE)
    moved = int((is_good != (labels["side"].to_numpy() == "good")).sum())
    if moved:
        message = counted(
            moved, "anchor is on the side that its score is not", "anchors are on the side that their score is not"
        )
        yield Damage("table", message, RESTORE)
    stored = labels["quality"].to_numpy().astype(np.float64)
    if wrong := int((~np.isclose(stored, quality, rtol=1e-12, atol=1e-12, equal_nan=True)).sum()):
        message = counted(
            wrong,
            "anchor has a quality that does not follow from its score",
            "anchors have a quality that does not follow from their score",
        )
        yield Damage("table", message, RESTORE)


def _files(labels: pa.Table, on_progress: Callable[[int, int], None] | None) -> tuple[int, int, list[Damage]]:
    """Compare image files with the ids of their anchors."""
    n_files = n_missing = 0
    changed: list[str] = []
    for done, (key, path) in enumerate(zip(labels["id"].to_pylist(), labels["path"].to_pylist(), strict=True), start=1):
        if not os.path.isfile(patched_image(path)):  # noqa: PTH113 - no error for long names
            n_missing += 1
        else:
            n_files += 1
            if stored_patch(path) is not None:
                HDF5.load()  # else its absence would pass for a change of the file
            try:
                if content_id(read_image_bytes(path)) != key:
                    changed.append(path)
            except DataError:
                changed.append(path)
        if on_progress is not None:
            on_progress(done, len(labels))
    if not changed:
        return n_files, n_missing, []
    message = counted(
        len(changed), "image file is not the one that was embedded", "image files are not those that were embedded"
    )
    message += f": {concat_text(changed)}"
    return (
        n_files,
        n_missing,
        [Damage("files", message, "restore the files, or remove these anchors and add them anew")],
    )


def _temporary(index: AnchorIndex) -> Iterator[Damage]:
    """Find files that a process wrote and never renamed into place."""
    for path in _abandoned(index):
        name = path.relative_to(index.path).as_posix()
        yield Damage("leftover", f"'{name}' was left by an interrupted process", "delete it", can_repair=True)


def _abandoned(index: AnchorIndex) -> list[Path]:
    found = [path for folder in ("", "history", "cache", "calibrations") for path in (index.path / folder).glob(LEFT)]
    return [path for path in found if is_abandoned(path)]


def _waiting(index: AnchorIndex) -> Iterator[str]:
    """Name interrupted runs whose embeddings wait to be used."""
    if (index.path / STAGING).exists():
        yield "an interrupted addition waits: the same command goes on"
    resolved = index.path.resolve()
    if resolved.with_name(f".{resolved.name}.building").exists():
        yield "an interrupted build of that name waits: the same command goes on"


def _repair(index: AnchorIndex, damage: list[Damage]) -> list[Damage]:
    """Mend what can be mended, each kind of it once."""
    failed: dict[str, str] = {}
    for part in dict.fromkeys(one.part for one in damage if one.can_repair):
        try:
            _REPAIRS[part](index)
        except OSError as error:
            failed[part] = f"cannot be repaired here ({reason(error)})"
    return [
        one
        if not one.can_repair
        else replace(one, mend=failed[one.part])
        if one.part in failed
        else replace(one, repaired=True)
        for one in damage
    ]


def _drop_abandoned(index: AnchorIndex) -> None:
    for path in _abandoned(index):
        path.unlink(missing_ok=True)


def _bases(index: AnchorIndex) -> list[Path]:
    return [cache_base(index.path, index.manifest, embedding.name) for embedding in index.manifest.embeddings]


def _drop_kept(index: AnchorIndex) -> None:
    for base in _bases(index):
        for path in base.parent.glob(f"{base.name}-*"):
            path.unlink(missing_ok=True)


def _remake_cache(index: AnchorIndex) -> None:
    for embedding, base in zip(index.manifest.embeddings, _bases(index), strict=True):
        drop_cache(base)
        load_anchors(index.path, index.manifest, embedding.name)


_REPAIRS = {"leftover": _drop_abandoned, "kept": _drop_kept, "cache": _remake_cache}
