"""What is known of the photographs, a column a fact: a hundred thousand rows stay small, and are sent in blocks."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..arrays import DoubleArray, FloatArray, IntArray
from ..cells import as_text
from ..methods.scoring import ScoredImage
from .folders import Files

BLOCK = 8192
"""Most rows of one answer."""
FIGURES = ("score", "familiarity", "opinion", "low", "high", "taken")


class Photos:
    """The rows of photographs, in the order of their files; those that are scored come first.

    Args:
        files: n files.
        dim: D of their embeddings.

    Attributes:
        files: As given.
        n_done: Rows that are scored, or have an error.
        n_failed: Rows that have an error.
        figures: By name, (n,) float64; NaN where there is none.
        sizes: (n, 2) width and height in pixels; 0 where they are not known.
        content: (n,) content ids; empty where they are not known.
        burst: (n,) the photograph that stays for each one's burst; None until all are scored.
        errors: By row.
    """

    def __init__(self, files: Files, dim: int) -> None:
        n = len(files)
        self.files = files
        self.n_done = self.n_failed = 0
        self.figures: dict[str, DoubleArray] = {name: np.full(n, np.nan) for name in FIGURES}
        self.sizes: IntArray = np.zeros((n, 2), np.int64)
        self.content: npt.NDArray[np.bytes_] = np.zeros(n, "S32")
        self.burst: IntArray | None = None
        self.errors: dict[int, str] = {}
        self._vectors = _Vectors(dim)
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._ended: float | None = None

    def __len__(self) -> int:
        """Return n."""
        return len(self.files)

    def add(
        self,
        images: Sequence[ScoredImage],
        taken: Sequence[float | None],
        opinions: tuple[DoubleArray, DoubleArray, DoubleArray] | None = None,
    ) -> None:
        """Add the next rows.

        Args:
            images: m rows of a scorer, with their embeddings.
            taken: m times in seconds.
            opinions: mos, low and high, (m,) each; None without a calibration.
        """
        with self._lock:
            first, end = self.n_done, self.n_done + len(images)
            for name, values in (
                ("score", [one.score for one in images]),
                ("familiarity", [one.familiarity for one in images]),
                ("taken", taken),
            ):
                self.figures[name][first:end] = np.array(values, dtype=np.float64)
            if opinions is not None:
                for name, column in zip(("opinion", "low", "high"), opinions, strict=True):
                    self.figures[name][first:end] = column
            self.sizes[first:end] = [(one.width, one.height) for one in images]
            self.content[first:end] = [one.id.encode() for one in images]
            for row, one in enumerate(images, start=first):
                if one.error:
                    self.errors[row] = one.error
                    self.n_failed += 1
            self._vectors.write(first, [one.embedding for one in images])
            self.n_done = end
            if end == len(self):
                self._ended = time.monotonic()

    def embeddings(self, rows: Sequence[int]) -> FloatArray:
        """Return the (m, D) raw embeddings of scored rows; zeros where there is none."""
        return self._vectors.read(rows)

    @property
    def rate(self) -> float | None:
        """Photographs a second so far."""
        seconds = (self._ended or time.monotonic()) - self._begun
        return self.n_done / seconds if self.n_done and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; None before anything is known."""
        return None if not self.rate else (len(self) - self.n_done) / self.rate

    def close(self) -> None:
        """Let go of the embeddings."""
        self._vectors.close()

    def columns(self, first: int) -> dict[str, Any]:
        """Return at most `BLOCK` rows that are done, from one on, as plain lists by name."""
        with self._lock:
            end = min(self.n_done, first + BLOCK)
            rows = range(first, end)
            found: dict[str, Any] = {
                "from": first,
                "n": len(rows),
                "done": end == len(self),
                "id": list(rows),
                "name": [as_text(name) for name in self.files.names[first:end]],
                "folder": self.files.folder_of[first:end],
            }
            for name in FIGURES:
                found[name] = plain(self.figures[name][first:end])
            widths, heights = self.sizes[first:end].T.tolist() if rows else ([], [])
            found |= {"width": widths, "height": heights}
            found["burst"] = list(rows) if self.burst is None else self.burst[first:end].tolist()
            found["error"] = [self.errors.get(row, "") for row in rows]
            return found


class _Vectors:
    """Embeddings in a file without a name, which goes when the process does: those of 100,000 images are 700 MB."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()

    def write(self, first: int, vectors: Sequence[FloatArray | None]) -> None:
        nothing = np.zeros(self._dim, np.float32)
        block = np.stack([nothing if one is None else one for one in vectors]).astype(np.float32)
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="quasar-index-")  # noqa: SIM115 - open as long as it lives
            self._file.seek(first * self._dim * 4)
            self._file.write(block.tobytes())

    def read(self, rows: Sequence[int]) -> FloatArray:
        found = np.zeros((len(rows), self._dim), np.float32)
        with self._lock:
            for place, row in enumerate(rows):
                assert self._file is not None  # noqa: S101 - for the type checker: rows are written before
                self._file.seek(row * self._dim * 4)
                found[place] = np.frombuffer(self._file.read(self._dim * 4), np.float32)
        return found


def plain(values: DoubleArray, digits: int = 7) -> list[float | None]:
    """Return numbers for JSON: None for NaN."""
    return [None if value != value else round(value, digits) for value in values.tolist()]  # noqa: PLR0124


def shown_folder(path: str) -> str:
    """Return a folder's path as people are shown it."""
    return as_text(path.replace(os.sep, "/"))
