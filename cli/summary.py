"""The last line of a run over many images: how many, how fast, what failed and why, what was written."""

from __future__ import annotations

import collections
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import typer

import quasar_index as qi
from quasar_index.errors import DataError, counted

from .output import Row, note
from .progress import duration

_MOST_CAUSES = 5
MANY_UNLIKE = 0.2
"""Share of images that are unlike all anchors, from which on it is said: one in twenty of the anchors is itself."""
_One = TypeVar("_One", bound="Row | qi.ScoredImage")


class Summary:
    """Counts rows as they pass, and says at the end what came of them.

    Attributes:
        n_failed: Rows with an error so far.
        n_before: Rows of an earlier run, which took no time in this one.
    """

    def __init__(self, what: str = "image", n_before: int = 0) -> None:
        """Begin; the clock runs.

        Args:
            what: What a row is of.
            n_before: Rows of an earlier run, which took no time in this one.
        """
        self.n_failed = 0
        self._n_truncated = 0
        self._what = what
        self._n = 0
        self.n_before = n_before
        self._n_compared = self._n_unlike = 0
        self._is_whole = False
        self._causes: collections.Counter[str] = collections.Counter()
        self._begun = time.monotonic()

    def passing(self, rows: Iterable[_One]) -> Iterator[_One]:
        """Yield rows or scored images, counted."""
        from quasar_index.methods.causes import cause_of

        for row in rows:
            error = row["error"] if isinstance(row, Mapping) else row.error
            self._n += 1
            known = _familiarity(row)
            self._n_truncated += bool(row.get("note") if isinstance(row, Mapping) else row.note)
            self._n_compared += known is not None
            self._n_unlike += known is not None and known < qi.methods.UNLIKE
            if error:
                self.n_failed += 1
                self._causes[cause_of(error)] += 1
            yield row
        self._is_whole = True

    def take(self, facts: Mapping[str, Any], n_before: int) -> None:
        """Take the counts of rows that are written already: those of the manifest of a folder."""
        self._n, self.n_failed, self.n_before = facts["n_rows"], facts["n_failed"], n_before
        self._n_truncated, self._n_compared, self._n_unlike = (
            facts[f"n_{name}"] for name in ("truncated", "compared", "unlike")
        )
        self._causes.update(facts["causes"])
        self._is_whole = True

    def beside(self, n_left_out: int, *, has_notes: bool = False) -> str:
        """Say how many files were left out beside the images, and of rows that have notes how many are truncated."""
        is_said = has_notes and self._n_truncated > 0
        truncated = f"{self._n_truncated} of them truncated, see the column note" if is_said else ""
        left_out = f"{counted(n_left_out, 'other file')} left out" if n_left_out else ""
        return "; ".join(filter(None, [truncated, left_out]))

    def end(self, *written: str | None, more: str = "", mend: str = "", most_failures: float = 0) -> None:
        """Print the line (see `say`).

        Raises:
            Exit: With the code of an error where more images failed than may.
        """
        self.say(*written, more=more, mend=mend, most_failures=most_failures)
        if self.n_failed > most_failures:
            raise typer.Exit(DataError.exit_code)

    def say(self, *written: str | None, more: str = "", mend: str = "", most_failures: float = 0) -> None:
        """Print the line; an error where more images failed than may.

        Args:
            written: Files that were written; None for none.
            more: What else was done.
            mend: Said of failed images: where their errors stand.
            most_failures: How many may.
        """
        if not self._is_whole:  # nobody reads the rows any more
            return
        n, total = self._n_unlike, self._n_compared
        if total and n / total >= MANY_UNLIKE:
            are, their = ("is", "its score says") if n == 1 else ("are", "their scores say")
            note(f"{n} of {counted(total, self._what)} {are} unlike all anchors: {their} little")
        seconds = time.monotonic() - self._begun
        rate = (self._n - self.n_before) / seconds if seconds > 0 else 0.0
        took = f"{seconds:.1f} s" if seconds < 60 else duration(seconds)
        text = f"{counted(self._n, self._what)} in {took} ({rate:.1f}/s): {self._n - self.n_failed} scored"
        if self.n_failed:
            known = self._causes.most_common(_MOST_CAUSES)
            rest = self.n_failed - sum(n for _, n in known)
            parts = [f"{n} {cause}" for cause, n in known] + ([f"{rest} for other causes"] if rest else [])
            text += f", {self.n_failed} failed ({parts[0].split(' ', 1)[1] if len(parts) == 1 else ', '.join(parts)})"
        files = [file for file in written if file is not None]
        wrote = f"wrote {', '.join(files)}" if files else ""
        allowed = "--max-failures allows that" if 0 < self.n_failed <= most_failures else ""
        ending = "; ".join(filter(None, [text, more, wrote, mend if self.n_failed else "", allowed]))
        note(f"error: {ending}" if self.n_failed > most_failures else ending)


def _familiarity(row: Row | qi.ScoredImage) -> float | None:
    """Return the first familiarity of a row."""
    if isinstance(row, qi.ScoredImage):
        return row.familiarity
    return next((value for name, value in row.items() if name.startswith("familiarity")), None)
