"""Judgements of one person, kept before anyone is told so: stars of a photograph, or which of two is better.

One SQLite file, beside the marks of the first folder. Photographs are known by their contents, so a judgement stays
with a file that was renamed; each judgement is a row, and the last one of a photograph, or of two, holds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import DataError
from .folders import Folder
from .kept_file import KeptFile

NAME = ".quasar-index-taste.sqlite"
KINDS = ("stars", "pairs")
MOST_STARS = 5
_APPLICATION = 0x51535441  # "QSTA"
_LAYOUT = (
    """CREATE TABLE judgements (
        number INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL,
        first TEXT NOT NULL, second TEXT NOT NULL, stars INTEGER NOT NULL
    )""",
)


class Judgement(NamedTuple):
    """What a person said.

    Attributes:
        kind: One of `KINDS`.
        first: Content id of the photograph, or of the better one of two.
        second: Content id of the other one; "" with stars.
        stars: 1 to 5; 0 where the person passed it over, and 1 for a pair that was answered.
    """

    kind: str
    first: str
    second: str
    stars: int


class Judgements(KeptFile):
    """The judgements of a folder.

    Args:
        folder: The folder.

    Attributes:
        path: Their file, made by the first one.
    """

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder, NAME, "judgements", _LAYOUT, _APPLICATION, place="taste")
        self._lock = threading.Lock()

    def read(self) -> list[Judgement]:
        """Return all judgements, the first one first.

        Raises:
            DataError: When the file cannot be read.
        """
        with self._lock, self.answering():
            connection = self.connect(create=False)
            if connection is None:
                return []
            rows = connection.execute("SELECT kind, first, second, stars FROM judgements ORDER BY number")
            return [Judgement(*row) for row in rows]

    def add(self, judgement: Judgement) -> None:
        """Keep a judgement; it is on the disk when this returns.

        Raises:
            DataError: When it cannot be kept, or is none.
        """
        if judgement.kind not in KINDS or not judgement.first:
            raise DataError("this is no judgement", "reload the page")
        if not 0 <= judgement.stars <= MOST_STARS:
            raise DataError(f"{judgement.stars} stars", f"give 1 to {MOST_STARS}, or 0 to pass it over")
        with self._lock, self.answering():
            connection = self.connect(create=True)
            assert connection is not None  # noqa: S101 - for the type checker
            connection.execute(
                "INSERT INTO judgements (time, kind, first, second, stars) VALUES (?, ?, ?, ?, ?)",
                (time.time_ns(), *judgement),
            )

    def take_back(self, kind: str) -> Judgement | None:
        """Take the last judgement of a kind back and return it; None where there is none.

        Raises:
            DataError: When the file cannot be written.
        """
        with self._lock, self.answering():
            connection = self.connect(create=False)
            if connection is None:
                return None
            ask = (
                "SELECT number, kind, first, second, stars FROM judgements WHERE kind = ? ORDER BY number DESC LIMIT 1"
            )
            row = connection.execute(ask, (kind,)).fetchone()
            if row is None:
                return None
            connection.execute("DELETE FROM judgements WHERE number = ?", row[:1])
            return Judgement(*row[1:])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            super().close()


def stars_of(judgements: Sequence[Judgement]) -> dict[str, int]:
    """Return the stars of each photograph that has any, by its last judgement; 0 where it was passed over."""
    return {one.first: one.stars for one in judgements if one.kind == "stars"}


def pairs_of(judgements: Sequence[Judgement]) -> list[tuple[str, str, bool]]:
    """Return (better, worse, answered) of each two photographs, by their last judgement."""
    last = {frozenset((one.first, one.second)): one for one in judgements if one.kind == "pairs"}
    return [(one.first, one.second, one.stars > 0) for one in last.values()]
