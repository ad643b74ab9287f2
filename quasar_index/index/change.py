"""How an index is changed: under a lock, on top of the current state, and committed in one step.

Lance keeps every version of the table, and `manifest.json` names the one that counts. A change writes new versions,
then its history entry, then replaces the manifest. Interrupted before that, it has changed nothing: readers still
follow the old manifest, and the next writer first takes the table back to the version that it names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import AnchorIndexError, reason
from .anchor_index import AnchorIndex
from .durable import digests_below, files_below, sync_below
from .lock import lock
from .manifest import Manifest, SourceRecord
from .states import drop_interrupted, read_entries, record, write_entry
from .store import TABLE, drop_torn, open_table, scan, writing

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
    _table: Any = field(default=None, repr=False)
    _known: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def table(self) -> Any:
        """The Lance table, at the current state and open for writing."""
        if self._table is None:
            drop_torn(self.path, version=self.manifest.table_version)
            # Not before: a file of the name of a torn one is a new one.
            self._known = files_below(self.path / f"{TABLE}.lance")
            table = open_table(self.path, TABLE)
            if table.version != self.manifest.table_version:  # what an interrupted change left
                table = open_table(self.path, TABLE, version=self.manifest.table_version)
                with self._writing():
                    table.restore()
            self._table = table
        return self._table

    def read(self, columns: Iterable[str]) -> pa.Table:
        """Return columns of all anchors of the current state, in the table's order."""
        wanted = list(columns)
        table = open_table(self.path, TABLE, version=self.manifest.table_version)
        empty = pa.schema([table.schema.field(name) for name in wanted])
        return pa.Table.from_batches(list(scan(table, wanted)), empty)

    def write(self, what: Callable[[Any], Any]) -> None:
        """Do something to the table.

        Raises:
            AnchorIndexError: When it cannot be done, such as on a full disk.
        """
        table = self.table
        with self._writing():
            what(table)

    def _writing(self) -> AbstractContextManager[None]:
        return writing(f"index '{self.path}' could not be changed", "it is as it was before")

    def commit(self, action: str, *, sources: tuple[SourceRecord, ...] | None = None) -> AnchorIndex:
        """Make the table's version the current state.

        Args:
            action: What was done, in one line.
            sources: The sources' records now; None where they stay as they are.

        Returns:
            The index as it is now.
        """
        sources = self.manifest.sources if sources is None else sources
        changed = replace(
            self.manifest,
            sources=sources,
            n_good=sum(source.n_good for source in sources),
            n_bad=sum(source.n_bad for source in sources),
        )
        return self.commit_manifest(action, changed)

    def commit_manifest(self, action: str, manifest: Manifest) -> AnchorIndex:
        """Make the table's version the current state, with another manifest."""
        if self.manifest.approximate is not None:
            _log.warning("the approximate search was of the anchors before: 'quasar-index approximate' makes it anew")
        manifest = replace(manifest, table_version=int(self.table.version), approximate=None)
        table = self.path / f"{TABLE}.lance"
        sync_below(table, self._known)
        record(self.path, manifest, action, digests_below(table, self._known))
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
    with lock(index.path, index.name):
        manifest = Manifest.read(index.path)
        if index.pinned and index.manifest.table_version != manifest.table_version:
            raise AnchorIndexError(
                f"'{index.path}' was opened at version {index.manifest.table_version}, and the current one is "
                f"{manifest.table_version}",
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
                f"index '{index.path}' could not be changed ({reason(error)})",
                "make room or mend the disk, then run the same command again",
            ) from error
