"""Marks of photographs: picked or rejected, stars, and what was changed last; kept before anyone is told so.

One SQLite file for each folder, beside its photographs; where that folder cannot be written, in the user's data folder.
A mark belongs to a content (the id of the file's bytes) at a path: a file that was renamed or moved keeps its marks, a
file that was changed has none, and two copies have one each. Several servers may change one file; each sees what the
others did.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias
from uuid import uuid4

from ..errors import DataError
from .folders import Files, Folder
from .kept_file import KeptFile

NAME = ".quasar-index-marks.sqlite"
KINDS = ("", "pick", "reject")
_APPLICATION = 0x51534D4B  # "QSMK"
_MOST_CHANGES = 200_000
"""Changes that can be taken back, about; each mark of a photograph is one."""
_LAYOUT = (
    """CREATE TABLE marks (
        content TEXT NOT NULL, path BLOB NOT NULL, mark TEXT NOT NULL, stars INTEGER NOT NULL,
        PRIMARY KEY (content, path)
    )""",
    """CREATE TABLE changes (
        number INTEGER PRIMARY KEY, batch TEXT NOT NULL, time INTEGER NOT NULL,
        content TEXT NOT NULL, path BLOB NOT NULL, mark TEXT, stars INTEGER
    )""",
)

Key: TypeAlias = tuple[str, bytes]
"""A content id, and a path from the folder on as the system has it."""


class Mark(NamedTuple):
    """What a person thinks of a photograph.

    Attributes:
        mark: "pick", "reject" or "".
        stars: 0 to 5.
    """

    mark: str = ""
    stars: int = 0


NONE = Mark()


class MarkStore(KeptFile):
    """The marks of one folder.

    Args:
        folder: The folder.

    Attributes:
        path: Its file, made by the first mark.
    """

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder, NAME, "marks", _LAYOUT, _APPLICATION, place="marks")
        self._known: dict[Key, Mark] = {}
        self._state = -1

    def read(self) -> Mapping[Key, Mark]:
        """Return all marks, as they are now.

        Raises:
            DataError: When the file cannot be read.
        """
        with self.answering():
            connection = self.connect(create=False)
            if connection is None:
                return {}
            state = connection.execute("PRAGMA data_version").fetchone()[0]
            if state != self._state:  # another process changed it
                rows = connection.execute("SELECT content, path, mark, stars FROM marks").fetchall()
                self._known = {(content, bytes(path)): Mark(mark, stars) for content, path, mark, stars in rows}
                self._state = state
            return self._known

    def write(self, changes: Mapping[Key, Mark], batch: str) -> None:
        """Change marks; they are on the disk when this returns.

        Args:
            changes: The new marks.
            batch: What they are taken back by.

        Raises:
            DataError: When they cannot be kept.
        """
        now = time.time_ns()
        with self.answering(), self._transaction() as connection:
            before = self._stored(connection, changes)
            connection.executemany(
                "INSERT INTO changes (batch, time, content, path, mark, stars) VALUES (?, ?, ?, ?, ?, ?)",
                [(batch, now, *key, *(before[key] or (None, None))) for key in changes],
            )
            connection.execute(
                "DELETE FROM changes WHERE number <= (SELECT max(number) FROM changes) - ?", (_MOST_CHANGES,)
            )
            self._put(connection, changes)

    def last(self) -> tuple[int, str] | None:
        """Return when the last change was made, in nanoseconds, and its batch; None where there is none."""
        with self.answering():
            connection = self.connect(create=False)
            if connection is None:
                return None
            found = connection.execute("SELECT time, batch FROM changes ORDER BY number DESC LIMIT 1").fetchone()
            return None if found is None else (found[0], found[1])

    def undo(self, batch: str) -> list[Key]:
        """Take a batch of changes back, on the disk when this returns; return what it changed."""
        with self.answering(), self._transaction() as connection:
            rows = connection.execute(
                "SELECT content, path, mark, stars FROM changes WHERE batch = ? ORDER BY number DESC", (batch,)
            ).fetchall()
            connection.execute("DELETE FROM changes WHERE batch = ?", (batch,))
            old = {(content, bytes(path)): (mark, stars) for content, path, mark, stars in rows}
            gone = [key for key, (mark, _) in old.items() if mark is None]
            connection.executemany("DELETE FROM marks WHERE content = ? AND path = ?", gone)
            for key in gone:
                self._known.pop(key, None)
            self._put(connection, {key: Mark(*value) for key, value in old.items() if value[0] is not None})
            return list(old)

    def _stored(self, connection: sqlite3.Connection, keys: Mapping[Key, Mark]) -> dict[Key, Mark | None]:
        ask = "SELECT mark, stars FROM marks WHERE content = ? AND path = ?"
        found = {key: connection.execute(ask, key).fetchone() for key in keys}
        return {key: None if row is None else Mark(*row) for key, row in found.items()}

    def _put(self, connection: sqlite3.Connection, marks: Mapping[Key, Mark]) -> None:
        rows = [(*key, *mark) for key, mark in marks.items()]
        connection.executemany("INSERT OR REPLACE INTO marks (content, path, mark, stars) VALUES (?, ?, ?, ?)", rows)
        self._known.update(marks)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self.connect(create=True)
        assert connection is not None  # noqa: S101 - for the type checker
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            self._state = -1  # what is known may be what was not kept
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


class Marks:
    """The marks of photographs by their numbers, whichever folders they lie in.

    Args:
        files: The photographs.
        content_of: Returns the content id of one by its number; "" where it is not known.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._stores = [MarkStore(folder) for folder in files.folders]
        self._lock = threading.Lock()
        self._numbers: list[dict[bytes, int]] = [{} for _ in files.folders]
        for number, (place, name) in enumerate(zip(files.folder_of, files.names, strict=True)):
            self._numbers[place][os.fsencode(name)] = number
        self._contents: list[str] = []
        self._of_content: list[dict[str, list[int]]] = [{} for _ in files.folders]

    @property
    def places(self) -> list[str]:
        """Where marks are kept."""
        return [str(store.path) for store in self._stores]

    def know(self, contents: Sequence[str]) -> None:
        """Take note of the content ids of the next photographs; "" where one is not known."""
        with self._lock:
            for number, content in enumerate(contents, start=len(self._contents)):
                self._of_content[self._files.folder_of[number]].setdefault(content, []).append(number)
            self._contents += contents

    def read(self) -> dict[int, Mark]:
        """Return the marks of the photographs that are known by now and have any.

        Raises:
            DataError: When a file of marks cannot be read.
        """
        with self._lock:
            found: dict[int, Mark] = {}
            for place, store in enumerate(self._stores):
                found |= self._found(place, store)
            return found

    def change(self, numbers: Sequence[int], *, mark: str | None = None, stars: int | None = None) -> dict[int, Mark]:
        """Mark photographs; all of it is on the disk when this returns.

        Args:
            numbers: Photographs that are known.
            mark: One of `KINDS`; None to leave it.
            stars: 0 to 5; None to leave them.

        Returns:
            Their new marks.

        Raises:
            DataError: When one is out of range or not known yet, or the marks cannot be kept.
        """
        if mark is not None and mark not in KINDS:
            raise DataError(f"there is no mark '{mark}'", "it is pick, reject or nothing")
        if stars is not None and not 0 <= stars <= 5:
            raise DataError(f"{stars} stars", "give 0 to 5")
        with self._lock:
            if odd := [number for number in numbers if not 0 <= number < len(self._contents)]:
                raise DataError(f"there is no scored photograph {odd[0]}", "wait until it is scored")
            before: dict[int, Mark] = {}
            for place in {self._files.folder_of[number] for number in numbers}:
                before |= self._found(place, self._stores[place])
            after = {}
            for number in dict.fromkeys(numbers):
                old = before.get(number, NONE)
                after[number] = Mark(old.mark if mark is None else mark, old.stars if stars is None else stars)
            changed = {number: new for number, new in after.items() if new != before.get(number, NONE)}
            batch = uuid4().hex
            for place, store in enumerate(self._stores):
                own = {
                    self._key(number): new for number, new in changed.items() if self._files.folder_of[number] == place
                }
                if own:
                    store.write(own, batch)
            return after

    def undo(self) -> dict[int, Mark]:
        """Take the last change back, whenever it was made, and return the marks of what it changed; {} for none.

        Raises:
            DataError: When the marks cannot be kept.
        """
        with self._lock:
            times = [(*found, store) for store in self._stores if (found := store.last()) is not None]
            if not times:
                return {}
            _, batch, _ = max(times, key=lambda one: one[0])
            numbers: set[int] = set()
            for place, store in enumerate(self._stores):
                if (found := store.last()) is None or found[1] != batch:
                    continue
                keys = store.undo(batch)
                for content, path in keys:
                    number = self._numbers[place].get(path)
                    known = number is not None and number < len(self._contents) and self._contents[number] == content
                    numbers |= (
                        {number} if known and number is not None else set(self._of_content[place].get(content, ()))
                    )
            now: dict[int, Mark] = {}
            for place, store in enumerate(self._stores):
                now |= self._found(place, store)
            return {number: now.get(number, NONE) for number in sorted(numbers)}

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for store in self._stores:
                store.close()

    def _key(self, number: int) -> Key:
        return self._contents[number], os.fsencode(self._files.names[number])

    def _found(self, place: int, store: MarkStore) -> dict[int, Mark]:
        """Return the marks of photographs of one folder: their own, else those of the same content that has moved."""
        found: dict[int, Mark] = {}
        moved: list[tuple[str, Mark]] = []
        numbers, n_known = self._numbers[place], len(self._contents)
        for (content, path), mark in store.read().items():
            number = numbers.get(path)
            if number is not None and number >= n_known:
                continue  # its content is not known yet
            if number is not None and self._contents[number] == content:
                found[number] = mark
            elif content:
                moved.append((content, mark))
        for content, mark in moved:
            for number in self._of_content[place].get(content, ()):
                found.setdefault(number, mark)
        return {number: mark for number, mark in found.items() if mark != NONE}
