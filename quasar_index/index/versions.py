"""The versions of an index: list, restore, compact."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..errors import AnchorIndexError
from .anchor_index import AnchorIndex
from .change import changing
from .manifest import Manifest
from .states import find_entry, read_entries, read_tags, write_entry
from .store import open_table, writing

_KEPT = "quasar-index-keeps"
_NEVER = timedelta(days=36500)
"""Age of versions that Lance may give up while it compacts; left to itself, it gives up those of a week ago."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Version:
    """One committed state of an index.

    Attributes:
        version: Its number; each change makes the next one.
        time: UTC, ISO 8601.
        action: What made it.
        n_good: Anchors on the good side.
        n_bad: Anchors on the bad side.
        tags: Names given to it.
        current: Whether it is the one that counts.
        forgotten: Whether its anchors were given up by `compact`.
    """

    version: int
    time: str
    action: str
    n_good: int
    n_bad: int
    tags: tuple[str, ...] = ()
    current: bool = False
    forgotten: bool = False


@dataclass(frozen=True)
class RestoreReport:
    """What a restoration did.

    Attributes:
        index: The index as it is now.
        restored: The version whose state it has now.
        before: The version that was current before.
    """

    index: AnchorIndex
    restored: int
    before: int


@dataclass(frozen=True)
class CompactReport:
    """What compacting did.

    Attributes:
        index: The index as it is now.
        forgotten: Versions that were given up.
        n_bytes_before: Size of the table's folder before.
        n_bytes: Its size now.
    """

    index: AnchorIndex
    forgotten: tuple[int, ...]
    n_bytes_before: int
    n_bytes: int


def history(index: AnchorIndex) -> list[Version]:
    """See `AnchorIndex.history`."""
    current = Manifest.read(index.path)
    tags = read_tags(index.path)
    return [
        Version(
            version=entry.version,
            time=entry.time,
            action=entry.action,
            n_good=entry.manifest.n_good,
            n_bad=entry.manifest.n_bad,
            tags=tuple(sorted(name for name, version in tags.items() if version == entry.version)),
            current=entry.version == current.version,
            forgotten=entry.forgotten,
        )
        for entry in read_entries(index.path, current)
    ]


def restore(index: AnchorIndex, version: int | str) -> RestoreReport:
    """See `AnchorIndex.restore`."""
    with changing(AnchorIndex(index.path, index.manifest)) as change:
        before = change.manifest.version
        entry = find_entry(index.path, change.manifest, version)
        if entry.version == before:
            return RestoreReport(AnchorIndex(index.path, change.manifest), before, before)
        change.take_back(entry.manifest.shards)
        name = f" ({version})" if str(version) != str(entry.version) else ""
        restored = change.commit_manifest(f"restore: version {entry.version}{name}", entry.manifest)
    return RestoreReport(restored, entry.version, before)


def compact(index: AnchorIndex, *, forget_before: int | str | None = None) -> CompactReport:
    """See `AnchorIndex.compact`."""
    with changing(index) as change:
        oldest = None
        if forget_before is not None:
            oldest = find_entry(index.path, change.manifest, forget_before)
            tagged = {name: number for name, number in read_tags(index.path).items() if number < oldest.version}
            if tagged:
                name, number = next(iter(tagged.items()))
                raise AnchorIndexError(
                    f"version {number} is older than {oldest.version} and has the tag '{name}'",
                    "remove the tag first, or keep more versions",
                )
        n_bytes_before = _size(index)
        moved = False

        def rewrite(table: Any) -> None:
            nonlocal moved
            before = table.version
            table.optimize(cleanup_older_than=_NEVER)
            moved |= table.version != before

        for shard in change.manifest.shards:
            # Left by a compaction that was interrupted; torn by a power cut, it would stop every later one.
            (index.path / f"{shard.table}.lance" / "_refs" / "tags" / f"{_KEPT}.json").unlink(missing_ok=True)
        change.write(rewrite)
        changed = change.commit("compact") if moved else AnchorIndex(index.path, change.manifest)
        forgotten: list[int] = []
        if oldest is not None:
            # Marked first: a version that cannot be opened any more is never offered.
            for entry in read_entries(index.path, change.manifest):
                if entry.version < oldest.version and not entry.forgotten:
                    write_entry(index.path, replace(entry, forgotten=True))
                    forgotten.append(entry.version)
            with writing(
                f"the files of old versions of '{index.place}' could not be removed",
                "the index is whole; run it again, and 'quasar-index verify' if it fails again",
            ):
                _clean(changed, oldest.manifest)
    return CompactReport(changed, tuple(forgotten), n_bytes_before, _size(index))


def _clean(index: AnchorIndex, oldest: Manifest) -> None:
    """Let Lance delete the files that only states before `oldest` use.

    Lance cleans by age, measured from a moment later than this one, so the age could reach a version that stays: a tag
    of Lance's on it makes it refuse then, and the files go at the next time.
    """
    for shard in oldest.shards:
        table = open_table(index.path, shard.table)
        times: dict[int, datetime] = {version["version"]: version["timestamp"] for version in table.list_versions()}
        older = [time for version, time in times.items() if version < shard.version]
        if not older:
            continue
        age = datetime.now() - max(older)  # Lance's times are local ones
        if _KEPT in table.tags.list():
            table.tags.delete(_KEPT)
        table.tags.create(_KEPT, shard.version)
        try:
            table.optimize(cleanup_older_than=age)
        except RuntimeError as error:
            _log.info("the files of old versions of '%s' stay for now (%s)", index.path, error)
        finally:
            table.tags.delete(_KEPT)


def _size(index: AnchorIndex) -> int:
    folders = (index.path / f"{shard.table}.lance" for shard in index.manifest.shards)
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
