"""How an index is changed: under a lock, on top of the current state, and committed in one step.

Lance keeps every version of a table, and `manifest.json` names those that count. A change writes new versions, then
its history entry, then replaces the manifest. Interrupted before that, it has changed nothing: readers still follow the
old manifest, and the next writer first takes the tables back to the versions that it names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import AnchorIndexError, reason
from .anchor_index import AnchorIndex
from .durable import digests_below, files_below, sync_below
from .lock import lock
from .manifest import Manifest, plugin_versions
from .places import check_own
from .records import Shard, SourceRecord
from .states import drop_interrupted, read_entries, record, write_entry
from .store import Tables, drop_torn, open_table, writing
from .upgrade import FORMAT

_log = logging.getLogger(__name__)


@dataclass
class Change:
    """A change that is under way.

    Attributes:
        path: The index folder.
        manifest: The current state, which the change starts from.
    """

    path: Path
    manifest: Manifest
    _written: dict[str, tuple[Any, frozenset[str]]] = field(default_factory=dict, repr=False)

    @property
    def tables(self) -> Tables:
        """The anchors of the current state."""
        return Tables(self.path, self.manifest.shards)

    def write(self, what: Callable[[Any], Any], *, shards: Iterable[Shard] | None = None) -> None:
        """Do something to tables.

        Args:
            what: Called with each of them, as Lance has it, open for writing at the current state.
            shards: Some of the current ones; None for all.

        Raises:
            AnchorIndexError: When it cannot be done, such as on a full disk.
        """
        for shard in self.manifest.shards if shards is None else shards:
            table = self._open(shard)
            with self._writing():
                what(table)

    def take_back(self, shards: Iterable[Shard]) -> None:
        """Give tables the rows that they had at earlier versions."""
        for shard in shards:
            self._open(shard)

    def _open(self, shard: Shard) -> Any:
        """Open a table for writing, with the rows of that version."""
        if shard.table not in self._written:
            drop_torn(self.path, shard.table, shard.version)
            # Not before: a file of the name of a torn one is a new one.
            known = files_below(self.path / f"{shard.table}.lance")
            table = open_table(self.path, shard.table)
            if table.version != shard.version:  # what an interrupted change left
                table = open_table(self.path, shard.table, version=shard.version)
                with self._writing():
                    table.restore()
            self._written[shard.table] = (table, known)
        return self._written[shard.table][0]

    def _writing(self) -> AbstractContextManager[None]:
        return writing(f"index '{self.path}' could not be changed", "it is as it was before")

    def commit(
        self, action: str, *, sources: tuple[SourceRecord, ...] | None = None, plugins: Iterable[str] = ()
    ) -> AnchorIndex:
        """Make the tables' versions the current state.

        Args:
            action: What was done, in one line.
            sources: The sources' records now; None where they stay as they are.
            plugins: Packages of plugins that took part, each "NAME VERSION".

        Returns:
            The index as it is now.
        """
        sources = self.manifest.sources if sources is None else sources
        changed = replace(
            self.manifest,
            sources=sources,
            n_good=sum(source.n_good for source in sources),
            n_bad=sum(source.n_bad for source in sources),
            libraries={**self.manifest.libraries, **plugin_versions(plugins)},
        )
        return self.commit_manifest(action, changed)

    def commit_manifest(self, action: str, manifest: Manifest) -> AnchorIndex:
        """Make the tables' versions the current state, with another manifest."""
        if self.manifest.approximate is not None:
            _log.warning("the approximate search was of the anchors before: 'quasar-index approximate' makes it anew")
        digests: dict[str, str] = {}
        for name, (_, known) in self._written.items():
            table = self.path / f"{name}.lance"
            sync_below(table, known)
            digests |= digests_below(table, known)
        shards = tuple(
            replace(shard, version=int(self._written[shard.table][0].version))
            if shard.table in self._written
            else shard
            for shard in manifest.shards
        )
        manifest = replace(
            manifest, shards=shards, version=self.manifest.version + 1, approximate=None, schema_version=FORMAT
        )
        record(self.path, manifest, action, digests)
        manifest.write(self.path)
        self.manifest = manifest
        return AnchorIndex(self.path, manifest)


@contextmanager
def changing(index: AnchorIndex) -> Iterator[Change]:
    """Start a change of an index.

    Args:
        index: The index; its current state is read again, under the lock.

    Raises:
        AnchorIndexError: When another process is changing it, it cannot be written, or it was opened at an old version.
    """
    check_own(index.path)
    with lock(index.path, index.name):
        manifest = Manifest.read(index.path)
        if index.pinned and index.manifest.version != manifest.version:
            raise AnchorIndexError(
                f"'{index.place}' was opened at version {index.manifest.version}, and the current one is "
                f"{manifest.version}",
                "open the current one, or restore the old one first",
            )
        try:
            drop_interrupted(index.path, manifest)
            entries = read_entries(index.path, manifest)
            if len(entries) == 1:
                write_entry(index.path, entries[0])  # of an index built before there was a history
            yield Change(index.path, manifest)
        except OSError as error:
            raise AnchorIndexError(
                f"index '{index.place}' could not be changed ({reason(error)})",
                "make room or mend the disk, then run the same command again",
            ) from error
