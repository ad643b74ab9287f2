"""Whether an index is whole: manifest, history, table, search cache and kept computations against one another.

The table is read once, as a stream. Labels are made anew from the raw scores, by the code that builds (`labels`), and
compared with the stored ones; the search cache is compared with the table bit by bit, so that a flipped bit in either
is found. What derives from the table can be repaired, because it can be made again: the cache, and what is kept beside
it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from ..anchors import anchor_order
from ..arrays import BoolArray, DoubleArray, FloatArray
from ..datasets.base import concat_text
from ..errors import DataError, QuasarError
from ..images import content_id, read_image_bytes
from .anchor_index import AnchorIndex
from .cache import load_anchors, read_cache
from .edit import STAGING
from .failures import listed_failures
from .labels import label_sources
from .manifest import Manifest
from .states import read_entries, read_tags
from .store import TABLE, from_embedding_column, open_table, scan

_LABELS = ("id", "dataset", "score", "side", "quality", "path")
_ABANDONED = 3600.0
"""Seconds after which a temporary file belongs to no process any more."""
_RESTORE = "restore the folder from a copy, go back to a version that is whole ('quasar-index restore'), or rebuild it"


@dataclass(frozen=True)
class Damage:
    """Something that is not as it should be.

    Attributes:
        part: "manifest", "history", "table", "cache", "kept", "files" or "leftover".
        message: What is wrong, in one line.
        mend: What to do about it.
        can_repair: Whether `verify(repair=True)` mends it.
        repaired: Whether it did.
    """

    part: str
    message: str
    mend: str
    can_repair: bool = False
    repaired: bool = False


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
    """What the table says, in its order."""

    labels: pa.Table
    norms: FloatArray
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
    """Check that an index is whole.

    Args:
        index: The index, at the version that is open.
        files: Also compare the image files, where they exist, with the ids of their anchors, which are content hashes.
        repair: Make anew what can be made anew, and remove temporary files that interrupted processes left.
        on_progress: Called with (done, total) image files.

    Returns:
        What is wrong; a version whose table cannot be read at all is one damage.
    """
    damage = [*_history(index)]
    notes = list(_waiting(index))
    try:
        table = _read_table(index)
    except QuasarError as error:
        return VerifyReport(index, 0, damage=(*damage, Damage("table", error.message, _RESTORE)), notes=tuple(notes))
    damage += [*table.damage, *_counts(index.manifest, table.labels), *_divided(index.manifest, table.labels)]
    n_files = n_missing = 0
    if files:
        n_files, n_missing, changed = _files(table.labels, on_progress)
        damage += changed
    if not table.damage:
        damage += [*_cache(index, table), *_kept(index)]
    damage += _temporary(index)
    if repair:
        damage = [_repair(index, one) for one in damage]
    return VerifyReport(index, len(table.labels), n_files, n_missing, tuple(damage), tuple(notes))


def _history(index: AnchorIndex) -> Iterator[Damage]:
    """Compare the history and the tags with the manifest and with the table's versions."""
    try:
        current = Manifest.read(index.path)
        entries = read_entries(index.path, current)
        tags = read_tags(index.path)
        listed_failures(index.path)
    except QuasarError as error:
        yield Damage("history", error.message, error.hint)
        return
    except (ValueError, KeyError, OSError) as error:
        yield Damage("history", f"failures.jsonl is damaged ({error})", "delete it")
        return
    if entries[-1].version == current.table_version and entries[-1].manifest not in (current, index.manifest):
        yield Damage("history", f"the entry of version {current.table_version} is not the manifest", _RESTORE)
    kept = {entry.version for entry in entries if not entry.forgotten}
    for tag, version in tags.items():
        if version not in kept:
            yield Damage("history", f"tag '{tag}' names version {version}, which is not there", "remove the tag")
    try:
        there = {int(version["version"]) for version in open_table(index.path).list_versions()}
    except QuasarError:
        return  # the table says so itself
    if lost := sorted(kept - there):
        numbers = ", ".join(map(str, lost))
        yield Damage("history", f"the table has lost version {numbers}", "give them up ('quasar-index compact')")


def _read_table(index: AnchorIndex) -> _Table:
    """Read all labels, and check every embedding."""
    dim = index.manifest.encoder.dim
    table = open_table(index.path, TABLE, version=index.manifest.table_version)
    batches, norms = [], []
    n_null = n_infinite = n_zero = 0
    for batch in scan(table, [*_LABELS, "embedding"]):
        batches.append(batch.select(list(_LABELS)))
        column = batch["embedding"]
        n_null += column.null_count
        raw = from_embedding_column(column.fill_null([0.0] * dim) if column.null_count else column, dim)
        lengths = np.linalg.norm(raw, axis=1)
        norms.append(lengths)
        n_infinite += int((~np.isfinite(lengths)).sum())
        n_zero += int((lengths == 0).sum())
    labels = pa.Table.from_batches(batches) if batches else pa.table({name: [] for name in _LABELS})
    found = _Table(labels, np.concatenate(norms) if norms else np.empty(0, dtype=np.float32))
    for count, what in ((n_null, "missing"), (n_infinite, "not finite"), (n_zero - n_null, "zero")):
        if count:
            found.damage.append(Damage("table", f"{count} embeddings are {what}", _RESTORE))
    if again := len(labels) - len(set(found.ids)):
        found.damage.append(Damage("table", f"{again} anchors are there twice, by id", _RESTORE))
    if labels["id"].null_count:
        found.damage.append(Damage("table", f"{labels['id'].null_count} anchors have no id", _RESTORE))
    return found


def _counts(manifest: Manifest, labels: pa.Table) -> Iterator[Damage]:
    """Compare the manifest's counts, of all and by source, with the table's."""
    sides, datasets = labels["side"].to_pylist(), labels["dataset"].to_pylist()
    if odd := set(sides) - {"good", "bad"}:
        yield Damage("table", f"a side is called '{min(map(str, odd))}'", _RESTORE)
    by_source: dict[tuple[str, str], int] = {}
    for key in zip(datasets, sides, strict=True):
        by_source[key] = by_source.get(key, 0) + 1
    for side, said in (("good", manifest.n_good), ("bad", manifest.n_bad)):
        if sides.count(side) != said:
            yield Damage("manifest", f"{said} {side} anchors, the table has {sides.count(side)}", _RESTORE)
        for source in manifest.sources:
            listed, there = (source.n_good if side == "good" else source.n_bad), by_source.get((source.name, side), 0)
            if listed != there:
                yield Damage("manifest", f"{listed} {side} anchors of '{source.name}', the table has {there}", _RESTORE)
    if unknown := set(datasets) - {source.name for source in manifest.sources}:
        yield Damage("manifest", f"it does not name the data set '{min(map(str, unknown))}'", _RESTORE)


def _divided(manifest: Manifest, labels: pa.Table) -> Iterator[Damage]:
    """Divide the anchors again, and compare."""
    records = {source.name: source for source in manifest.sources}
    try:
        is_good, quality, made = label_sources(labels, records)
    except DataError as error:
        yield Damage("table", f"the anchors cannot be divided: {error.message}", _RESTORE)
        return
    for now, record in zip(made, manifest.sources, strict=True):
        for what in ("threshold", "score_range"):
            mine, theirs = getattr(record, what), getattr(now, what)
            if mine != theirs:
                words = what.replace("_", " ")
                yield Damage("manifest", f"the {words} of '{record.name}' is {mine}, by the table {theirs}", _RESTORE)
    moved = int((is_good != (labels["side"].to_numpy() == "good")).sum())
    if moved:
        yield Damage("table", f"{moved} anchors are on the side that their score is not", _RESTORE)
    stored = labels["quality"].to_numpy().astype(np.float64)
    if wrong := int((~np.isclose(stored, quality, rtol=1e-12, atol=1e-12, equal_nan=True)).sum()):
        yield Damage("table", f"{wrong} anchors have a quality that does not follow from their score", _RESTORE)


def _files(labels: pa.Table, on_progress: Callable[[int, int], None] | None) -> tuple[int, int, list[Damage]]:
    """Compare image files with the ids of their anchors."""
    n_files = n_missing = 0
    changed: list[str] = []
    for done, (key, path) in enumerate(zip(labels["id"].to_pylist(), labels["path"].to_pylist(), strict=True), start=1):
        if not os.path.isfile(path):  # noqa: PTH113 - no error for long names
            n_missing += 1
        else:
            n_files += 1
            try:
                if content_id(read_image_bytes(path)) != key:
                    changed.append(path)
            except DataError:
                changed.append(path)
        if on_progress is not None:
            on_progress(done, len(labels))
    if not changed:
        return n_files, n_missing, []
    message = f"{len(changed)} image files are not those that were embedded: {concat_text(changed)}"
    return (
        n_files,
        n_missing,
        [Damage("files", message, "restore the files, or remove these anchors and add them anew")],
    )


def _cache(index: AnchorIndex, table: _Table) -> Iterator[Damage]:
    """Compare the search cache with the table, bit by bit."""
    base = _base(index)
    mend = "it is made anew at the next use"

    def wrong(what: str) -> Damage:
        return Damage("cache", f"the search cache {what}", mend, can_repair=True)

    if not base.with_suffix(".npz").exists():
        return
    dim = index.manifest.encoder.dim
    try:
        cached = read_cache(base, dim)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        yield wrong(f"cannot be read ({error})")
        return
    ids = np.array(table.ids, dtype=np.bytes_)
    is_good: BoolArray = table.labels["side"].to_numpy() == "good"
    quality: DoubleArray | None = table.labels["quality"].to_numpy().astype(np.float64)
    quality = None if quality is None or np.isnan(quality).all() else quality
    order = anchor_order(is_good, None if quality is None else np.nan_to_num(quality), ids)
    if not np.array_equal(cached.ids, ids[order]):
        yield wrong("names other anchors than the table, or in another order")
        return
    rated = None if quality is None else quality[order]
    same = (rated is None) == (cached.quality is None) and (
        rated is None or cached.quality is None or np.array_equal(rated, cached.quality, equal_nan=True)
    )
    if not same or cached.n_good != int(is_good.sum()):
        yield wrong("has other labels than the table")
    if not np.array_equal(cached.norms, table.norms[order]):
        yield wrong("has other lengths than the table")
    row_of = {key: row for row, key in enumerate(cached.ids.tolist())}
    n_wrong = 0
    for batch in scan(open_table(index.path, version=index.manifest.table_version), ["id", "embedding"]):
        raw = from_embedding_column(batch["embedding"], dim)
        rows = [row_of[key.encode()] for key in batch["id"].to_pylist()]
        directions = raw / np.linalg.norm(raw, axis=1)[:, None]
        n_wrong += int((directions.view(np.uint32) != cached.directions[rows].view(np.uint32)).any(axis=1).sum())
    if n_wrong:
        yield wrong(f"has other embeddings than the table in {n_wrong} rows")


def _kept(index: AnchorIndex) -> Iterator[Damage]:
    """Read what is kept beside the cache: centroids, spaces, matrices."""
    for path in sorted(_base(index).parent.glob(f"{_base(index).name}-*.np[yz]")):
        try:
            if path.suffix == ".npz":
                with np.load(path, allow_pickle=False) as entry:
                    for name in entry.files:  # each has a checksum
                        entry[name]
                continue
            matrix = np.load(path, mmap_mode="r", allow_pickle=False)
            steps = range(0, max(1, matrix.size), 1 << 24)
            if not all(np.isfinite(matrix.reshape(-1)[start : start + (1 << 24)]).all() for start in steps):
                raise ValueError("not finite")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            message = f"'{path.name}' beside the search cache is damaged ({error})"
            yield Damage("kept", message, "it is computed anew at the next use", can_repair=True)


def _temporary(index: AnchorIndex) -> Iterator[Damage]:
    """Find files that a process wrote and never renamed into place."""
    for path in _abandoned(index):
        name = path.relative_to(index.path).as_posix()
        yield Damage("leftover", f"'{name}' was left by an interrupted process", "delete it", can_repair=True)


def _abandoned(index: AnchorIndex) -> list[Path]:
    found = [
        path for folder in ("", "history", "cache", "calibrations") for path in (index.path / folder).glob(".*.tmp")
    ]
    return [path for path in found if time.time() - path.stat().st_mtime > _ABANDONED]


def _waiting(index: AnchorIndex) -> Iterator[str]:
    """Name interrupted runs whose embeddings wait to be used."""
    if (index.path / STAGING).exists():
        yield "an interrupted addition waits: the same command goes on"
    resolved = index.path.resolve()
    if resolved.with_name(f".{resolved.name}.building").exists():
        yield "an interrupted build of that name waits: the same command goes on"


def _repair(index: AnchorIndex, damage: Damage) -> Damage:
    if not damage.can_repair:
        return damage
    try:
        if damage.part == "leftover":
            for path in _abandoned(index):
                path.unlink(missing_ok=True)
        else:
            base = _base(index)
            for path in (base.with_suffix(".npz"), base.with_suffix(".faiss"), *base.parent.glob(f"{base.name}-*")):
                path.unlink(missing_ok=True)
            manifest = index.manifest
            load_anchors(index.path, version=manifest.table_version, uid=manifest.uid, dim=manifest.encoder.dim)
    except OSError as error:
        return replace(damage, mend=f"cannot be repaired here ({error.strerror or error})")
    return replace(damage, repaired=True)


def _base(index: AnchorIndex) -> Path:
    return index.path / "cache" / f"{index.manifest.uid}-v{index.manifest.table_version}"
