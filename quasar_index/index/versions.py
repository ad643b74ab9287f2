"""The versions of an index: tag, list, restore, compact."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..errors import AnchorIndexError
from .anchor_index import AnchorIndex
from .change import changing
from .manifest import Manifest
from .states import check_tag, find_entry, read_entries, read_tags, write_entry, write_tags
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
class TagReport:
    """What tagging did.

    Attributes:
        tag: The tag.
        version: The version that it names now; None when it was removed.
        before: The version that it named before; None where it is new.
    """

    tag: str
    version: int | None
    before: int | None


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


def tag(index: AnchorIndex, name: str, version: int | str | None = None) -> TagReport:
    """Give a version a name, which moves if it named another one.

    Args:
        index: The index.
        name: A letter, then letters, digits, `.`, `_` and `-`.
        version: The version, by number or tag; None for the one that `index` has open.

    Raises:
        AnchorIndexError: When the name cannot be one, there is no such version, or another process changes the index.
    """
    check_tag(name)
    with changing(AnchorIndex(index.path, index.manifest)) as change:
        entry = find_entry(index.path, change.manifest, index.manifest.version if version is None else version)
        tags = read_tags(index.path)
        before = tags.get(name)
        write_tags(index.path, tags | {name: entry.version})
    return TagReport(name, entry.version, before)


def untag(index: AnchorIndex, name: str) -> TagReport:
    """Remove a tag.

    Raises:
        AnchorIndexError: When there is none of that name, or another process changes the index.
    """
    with changing(AnchorIndex(index.path, index.manifest)):
        tags = read_tags(index.path)
        if name not in tags:
            raise AnchorIndexError(f"'{index.path}' has no tag '{name}'", f"tags: {', '.join(tags) or 'none'}")
        before = tags.pop(name)
        write_tags(index.path, tags)
    return TagReport(name, None, before)


def history(index: AnchorIndex) -> list[Version]:
    """Return the states that were committed, oldest first; those newer than the one `index` has open too.

    Raises:
        AnchorIndexError: When the history is damaged.
    """
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
    """Make a new version that equals an old one; what came in between stays in the history.

    Args:
        index: The index.
        version: The old version, by number or tag.

    Raises:
        AnchorIndexError: When there is no such version, or another process changes the index.
    """
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
    """Rewrite the table in fewer files, without deleted rows; give up old versions if asked to.

    Space becomes free only when versions are given up: until then, their files are kept.

    Args:
        index: The index.
        forget_before: Give up all versions older than this one (a number or tag); None to keep all. Whoever has one of
            them open can no longer read it.

    Raises:
        AnchorIndexError: When there is no such version, an older one has a tag, or another process changes the index.
    """
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
                f"the files of old versions of '{index.path}' could not be removed",
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
