"""A small SQLite file that keeps what a person said of a folder's photographs before anyone is told so.

It lies among files of strangers: it is never a link, and one that is laid out otherwise is refused, not used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import DataError, reason
from .folders import Folder, folder_is_writable

VERSION = 1
_WAIT = 10.0


class KeptFile:
    """The file of one folder.

    Args:
        folder: The folder.
        name: Of the file, where it lies in the folder.
        what: What is kept, such as "marks".
        layout: The commands of SQL that lay it out.
        application: Number that marks it as this program's.
        place: What its folder is called in the user's data, where it lies there.

    Attributes:
        path: The file, made by the first thing that is kept.
    """

    def __init__(
        self, folder: Folder, name: str, what: str, layout: Sequence[str], application: int, *, place: str
    ) -> None:
        self.path = place_of(folder, name, place)
        self._what, self._layout, self._application = what, layout, application
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def connect(self, *, create: bool) -> sqlite3.Connection | None:
        """Return the open file; None where there is none, and none is to be made.

        Raises:
            OddError: When it is a link, or another file.
            sqlite3.Error: When it cannot be opened.
        """
        if self._connection is None:
            if self.path.is_symlink():
                raise OddError("it is a link")
            if not self.path.is_file() and not create:
                return None
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _opened(self.path, self._layout, self._application)
        return self._connection

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Say what stands against the file as a DataError."""
        try:
            yield
        except (sqlite3.Error, OSError, OddError, TypeError, ValueError) as error:
            is_odd = isinstance(error, OddError)
            mend = f"move it away: {self._what} begin anew" if is_odd else "make room, or mend its permissions"
            raise DataError(f"{self._what} cannot be kept in '{self.path}' ({reason(error)})", mend) from error


class OddError(Exception):
    """The file is not what this program makes; said as a DataError."""


def _opened(path: Path, layout: Sequence[str], application: int) -> sqlite3.Connection:
    """Open a file of such a layout, which marks it as this application's, and lay a new one out.

    Raises:
        OddError: When it is another file.
        sqlite3.Error: When it cannot be opened.
    """
    connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    try:
        # A file that strangers made may call functions from its schema.
        connection.execute("PRAGMA trusted_schema = OFF")
        # A commit is on the disk, its name too, when it returns; a rollback journal leaves no files beside this one.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("BEGIN IMMEDIATE")
        tables = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        number = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not tables and number == 0:
            for command in (*layout, f"PRAGMA application_id = {application}", f"PRAGMA user_version = {VERSION}"):
                connection.execute(command)
        elif (number, version, _words(tables)) != (application, VERSION, _words(layout)):
            raise OddError("it is no file of marks that this version reads")
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        connection.close()
        if type(error) is sqlite3.DatabaseError:
            raise OddError(reason(error)) from error
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def _words(commands: Sequence[str]) -> list[str]:
    """Return commands of SQL without white space, which may be written otherwise."""
    return ["".join(one.split()) for one in commands]


def place_of(folder: Folder, name: str, what: str) -> Path:
    """Return where something of a folder is kept: in it, unless it cannot be written; then by what it is elsewhere."""
    beside = Path(folder.real, name)
    if folder_is_writable(folder.real) or not Path(folder.real).is_dir():
        return beside
    home = os.environ.get("XDG_DATA_HOME")
    data = Path(home) if home else Path.home() / ".local" / "share"
    key = hashlib.sha256(os.fsencode(folder.real)).hexdigest()[:24]
    return data / "quasar-index" / what / f"{key}.sqlite"
