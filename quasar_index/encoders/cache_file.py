"""The file of the embedding cache: an SQLite database that is made, opened, locked, shortened and made again.

SQLite keeps it whole when a process ends in the middle of a change, and lets several processes read and write it. A
power cut may damage it, which is found sooner or later; then the file is removed and begun again. A process that still
works on the removed one may harm the new one's journal, so whoever reads must check what is read by a checksum.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..arrays import FloatArray

VERSION = 1
"""Of the layout."""
WAIT = 10.0
"""Most seconds to wait for another process."""
PAGE = 32768
"""Bytes of a page: several embeddings fit, so that little of it stays empty."""
FULL = 0.9
"""Part of the limit that is left after an eviction."""
_LAYOUT = (
    "CREATE TABLE encoders (number INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, name TEXT NOT NULL)",
    """CREATE TABLE images (
        number INTEGER PRIMARY KEY, encoder INTEGER NOT NULL, id TEXT NOT NULL, runtime TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, used INTEGER NOT NULL, checksum INTEGER NOT NULL,
        embedding BLOB NOT NULL, UNIQUE (encoder, id)
    )""",
    "CREATE INDEX by_use ON images (used, encoder, runtime)",
    f"PRAGMA user_version = {VERSION}",
)
_log = logging.getLogger(__name__)


class KnownImage(NamedTuple):
    """What is known of an image.

    Attributes:
        embedding: (D,) float32, raw, as it was embedded.
        width: Pixels, upright, before the input rule.
        height: Likewise.
        runtime: What made the embedding, such as "fp32" or "openvino".
    """

    embedding: FloatArray
    width: int
    height: int
    runtime: str


class Damage(Exception):  # noqa: N818 - no error: the file is made again
    """The file is not what this program makes."""


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file is no whole database, or not laid out as this one; else it may be busy."""
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith(("no such", "Could not decode"))
    # Beside SQLite's own: values of another type than was written.
    return type(error) is sqlite3.DatabaseError or isinstance(error, (Damage, TypeError, ValueError))


class CacheFile:
    """A database; whoever uses it from several threads takes turns.

    Args:
        path: Its place. There may be none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def __del__(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()

    def connect(self, *, create: bool) -> sqlite3.Connection | None:
        """Open the file; one that is damaged, or of another version, is begun again.

        Args:
            create: Make it where there is none.

        Returns:
            The open file, the same at every call; None where there is none.

        Raises:
            OSError: When the folder cannot be made, or a damaged file not removed.
            sqlite3.Error: When it cannot be opened.
        """
        if self._connection is None:
            if not self.path.is_file():
                if not create:
                    return None
                self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._open()
            except (sqlite3.Error, Damage) as error:
                if not is_damage(error):
                    raise
                self.start_again(error)
                self._connection = self._open()
        return self._connection

    def start_again(self, why: Exception) -> None:
        """Remove a damaged file; the next `connect` makes a new one.

        Raises:
            OSError: When it cannot be removed.
        """
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self.path.unlink(missing_ok=True)
        self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
        _log.warning("'%s' is made again, the embeddings in it are lost (%s)", self.path, why)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            # Waiting for the disk after every block would slow a fast encoder down.
            connection.execute("PRAGMA synchronous = OFF")
            if _number(connection, "PRAGMA user_version") != VERSION:
                connection.execute(f"PRAGMA page_size = {PAGE}")
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
                with transaction(connection):
                    _lay_out(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables, unless another process has just done so."""
    version = _number(connection, "PRAGMA user_version")
    if version == VERSION:
        return
    if _number(connection, "SELECT count(*) FROM sqlite_master"):
        raise Damage(f"it is of version {version}, this program writes {VERSION}")
    for statement in _LAYOUT:
        connection.execute(statement)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Let changes count when the block ends without an error, and none of them else; no other process writes then."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # where SQLite has done so itself
            connection.execute("ROLLBACK")
        raise


def evict(connection: sqlite3.Connection, limit: int, *, full: float = FULL) -> int:
    """Remove the embeddings that were not used for the longest time, where the file holds more than a limit.

    Args:
        connection: The open file.
        limit: Bytes.
        full: Part of the limit that is left.

    Returns:
        Embeddings that were removed.
    """
    if _sizes(connection)[1] <= limit:
        return 0
    n_removed = 0
    if _sizes(connection)[0] > limit:
        with transaction(connection):
            n = _number(connection, "SELECT count(*) FROM images")
            while n > n_removed and (held := _sizes(connection)[0]) > full * limit:
                some = max(1, round((n - n_removed) * (1 - full * limit / held)))
                oldest = "SELECT number FROM images ORDER BY used, number LIMIT ?"
                connection.execute(f"DELETE FROM images WHERE number IN ({oldest})", (some,))  # noqa: S608 - no value
                n_removed += some
    connection.executescript("PRAGMA incremental_vacuum;")  # `execute` would give back one page
    return n_removed


def _sizes(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the bytes in use, and with the free ones that the next embeddings go to."""
    pages, free, size = (_number(connection, f"PRAGMA {of}") for of in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size, pages * size


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
