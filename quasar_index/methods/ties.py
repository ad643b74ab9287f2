"""Equal files tie: the second copy of a file in a run gets the scores of the first.

What else comes with an image in its batch changes the rounding of its embedding (by 1e-7 or so), and of its score. So
the first row of each content id is kept for the run: in a temporary SQLite file, of which 2 MB are in memory, 82 bytes
an image. Where the disk is full, copies are scored anew.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..arguments import checked
from ..errors import reason

if TYPE_CHECKING:
    import sqlite3

Row: TypeAlias = tuple[float | None, float | None, float | None, float | None]
"""Score, similarities to the good and the bad side, and familiarity."""
_log = logging.getLogger(__name__)
_TABLE = "CREATE TABLE rows (id TEXT PRIMARY KEY, score, good, bad, familiarity) WITHOUT ROWID"


class Ties:
    """The first row of each content id.

    Example:
        >>> import quasar_index as qi
        >>> ties = qi.methods.Ties()
        >>> ties.tied(["a", "b"], [(0.51, None, None, None), (0.9, None, None, None)])[0][0]
        0.51
        >>> ties.tied(["a", ""], [(0.52, None, None, None), (0.9, None, None, None)])
        [(0.51, None, None, None), (0.9, None, None, None)]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._is_full = False

    def __reduce__(self) -> tuple[type[Ties], tuple[()]]:
        """Be pickled as new ones: another process has a run of its own."""
        return Ties, ()

    @checked
    def tied(self, ids: Sequence[str], rows: Sequence[Row]) -> list[Row]:
        """Return the first row of each id, and keep those of new ones.

        Args:
            ids: Content ids; an empty one is equal to no other.
            rows: As many, just computed.

        Returns:
            As many rows.
        """
        import sqlite3

        if self._process != os.getpid():  # a forked process has a run of its own, and its parent's file is not shared
            self.__init__()  # type: ignore[misc]
        with self._lock:
            if self._is_full:
                return list(rows)
            try:
                return [self._first(one, row) if one else row for one, row in zip(ids, rows, strict=True)]
            except sqlite3.Error as error:
                self._is_full, self._connection = True, None
                _log.warning("copies of a file may differ in the last digits: rows are not kept (%s)", reason(error))
                return list(rows)

    def _first(self, one: str, row: Row) -> Row:
        connection = self._connection or self._open()
        kept = connection.execute("INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?)", (one, *row))
        if kept.rowcount:
            return row
        found: Row = connection.execute(
            "SELECT score, good, bad, familiarity FROM rows WHERE id = ?", (one,)
        ).fetchone()
        return found

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        # Without a name, SQLite removes the file by itself.
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for command in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", _TABLE, "BEGIN"):
            self._connection.execute(command)
        return self._connection
