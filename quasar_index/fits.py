"""What was computed from anchors that do not change, kept beside their search cache: moments, centroids, choices.

Every entry is a small `.npz` file named by what it is of (index, version, filter, space, parameters), or one `.npy`
matrix that is mapped; a damaged or missing entry is computed again. Zip files carry checksums. A matrix ends with its
SHA-256, after the array: that it is there, at the place that the shape says, tells a whole file from a torn one without
reading it; `check_entry` compares it. Where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from .arrays import FloatArray
from .paths import PathText, replacing

MAX_ENTRIES = 64
"""Most entries of one version of an index; those that were not used for the longest time make room."""
LARGE = 1 << 26
"""Bytes from which on a matrix is kept and mapped; a smaller one is made faster than it is looked for."""

DAMAGED = Exception
"""What reading a damaged entry raises: `zipfile`, `tokenize` (of NumPy's headers) and NumPy share no narrower class."""
_SEAL = b"\0SHA-256:"

_log = logging.getLogger(__name__)


class Fits:
    """Keeps what is computed of one set of anchors.

    Attributes:
        base: Path of the search cache of an index version, without its ending.
        of: Which anchors, in words: the filter, the draw, the space.
        read_only: Whether nothing is written: those of an index that comes with the package.
    """

    _alive: ClassVar[WeakSet[Fits]] = WeakSet()

    def __init__(self, base: PathText, of: str = "", *, read_only: bool = False) -> None:
        self.base = Path(base)
        self.of = of
        self.read_only = read_only
        self._held: set[str] = set()
        self._alive.add(self)

    def __reduce__(self) -> Any:
        """Be pickled as its place: what it holds there is another process's."""
        return partial(Fits, read_only=self.read_only), (self.base, self.of)

    def within(self, part: str) -> Fits:
        """Return those of a part of the anchors, or of the anchors in a space."""
        return Fits(self.base, f"{self.of}/{part}", read_only=self.read_only)

    def load(self, what: str) -> dict[str, npt.NDArray[Any]] | None:
        """Return the arrays of an entry; None where there is none."""
        path = self._path(what, ".npz")
        try:
            with np.load(path, allow_pickle=False) as entry:
                found = {name: entry[name] for name in entry.files}
        except FileNotFoundError:
            return None
        except DAMAGED as error:
            _log.warning("'%s' is damaged (%s): computing it again", path, error)
            return None
        if not self.read_only:
            _touch(path)
        return found

    def save(self, what: str, **arrays: npt.ArrayLike) -> bool:
        """Keep arrays; return whether they could be written."""

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]

        return self._put(self._path(what, ".npz"), write)

    def hold(self, what: str) -> None:
        """Let an entry make no room for what this process writes, as long as this object lives."""
        self._held.add(self._path(what, ".npz").name)

    def drop(self, what: str) -> None:
        """Remove the arrays of an entry, if they are there."""
        self._path(what, ".npz").unlink(missing_ok=True)

    def normalised(
        self, chunks: Callable[[], Iterable[FloatArray]], shape: tuple[int, ...], *, of: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Return vectors as directions and lengths; large ones are mapped from an entry, which is made if missing.

        Args:
            chunks: Yields the vectors in order, a few thousand at a time.
            shape: (N, D).
            of: Bytes of the whole that these are a part of; a part of a large one is mapped, too.

        Returns:
            (N, D) and (N,) float32, not to be written to; a zero vector keeps its zeros.
        """
        n, dim = shape
        if max(n * dim * 4, of) < LARGE:
            return normalised(chunks(), shape)
        path = self._path("directions and lengths", ".npy")
        self._held.add(path.name)
        if (found := _map(path, n * (dim + 1))) is None:

            def write(temporary: Path) -> None:
                flat = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=(n * (dim + 1),))
                _normalise(chunks(), flat[: n * dim].reshape(n, dim), flat[n * dim :])
                flat.flush()
                with temporary.open("ab") as file:
                    file.write(_SEAL + _digest(flat))

            self._put(path, write)
            found = _map(path, n * (dim + 1))
        if found is None:
            return normalised(chunks(), shape)
        return found[: n * dim].reshape(n, dim), found[n * dim :]

    def _path(self, what: str, ending: str) -> Path:
        key = hashlib.sha256(f"{self.of}/{what}".encode()).hexdigest()[:16]
        return self.base.with_name(f"{self.base.name}-{key}{ending}")

    def _put(self, path: Path, write: Callable[[Path], None]) -> bool:
        if self.read_only:
            return False
        try:
            # Its checksums tell a torn archive; of a matrix, only that its end is there is looked at.
            with replacing(path, sync=path.suffix == ".npy", shared=True) as temporary:
                write(temporary)
        except OSError as error:
            _log.info("'%s' cannot be written (%s)", path, error)
            return False
        with contextlib.suppress(OSError, RuntimeError):  # another process or thread does the same just now
            self._make_room(path)
        return True

    def _make_room(self, written: Path) -> None:
        """Remove the entries beyond the most that were not used for the longest time."""
        held = {written.name}.union(*(fits._held for fits in self._alive))
        entries = sorted(self.base.parent.glob(f"{self.base.name}-*"), key=lambda one: one.stat().st_mtime_ns)
        spare = [path for path in entries if path.name not in held]
        for old in spare[: max(0, len(entries) - MAX_ENTRIES)]:
            old.unlink(missing_ok=True)


def _touch(path: Path) -> None:
    """Note in an entry's time that it was used."""
    with contextlib.suppress(OSError):  # another's file, or a disk that is only read
        os.utime(path)


def normalised(chunks: Iterable[FloatArray], shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return vectors as directions and lengths in memory (see `Fits.normalised`)."""
    directions, lengths = np.empty(shape, dtype=np.float32), np.empty(shape[0], dtype=np.float32)
    _normalise(chunks, directions, lengths)
    return directions, lengths


def _normalise(chunks: Iterable[FloatArray], directions: FloatArray, lengths: FloatArray) -> None:
    start = 0
    for vectors in chunks:
        rows = slice(start, start + len(vectors))
        lengths[rows] = np.linalg.norm(vectors, axis=1)
        directions[rows] = vectors / np.where(lengths[rows] > 0, lengths[rows], 1.0)[:, None]
        start = rows.stop


def check_entry(path: Path) -> None:
    """Compare an entry with the checksums that it was written with.

    Raises:
        DAMAGED: When it is.
    """
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as entry:
            for name in entry.files:
                entry[name]
        return
    matrix, digest = _open(path)
    if _digest(matrix) != digest:
        raise ValueError("not as it was written")


def _map(path: Path, size: int) -> FloatArray | None:
    """Map a flat array; None where it is missing, torn or another one."""
    try:
        found, _ = _open(path)
        if found.shape != (size,) or found.dtype != np.float32:
            raise ValueError(f"{found.shape} {found.dtype} instead of ({size},) float32")
    except FileNotFoundError:
        return None
    except DAMAGED as error:
        _log.warning("'%s' is damaged (%s): computing it again", path, error)
        return None
    _touch(path)
    return np.asarray(found)


def _open(path: Path) -> tuple[np.memmap[Any, Any], bytes]:
    """Map a matrix; return it with the digest that its file ends with.

    Raises:
        OSError, ValueError: When it is missing, or its file does not end there.
    """
    found = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(found, np.memmap):
        raise ValueError("no matrix")  # such as an archive of that name
    with path.open("rb") as file:
        file.seek(found.offset + found.nbytes)
        seal = file.read(len(_SEAL) + hashlib.sha256().digest_size + 1)
    if not seal.startswith(_SEAL) or len(seal) != len(_SEAL) + hashlib.sha256().digest_size:
        raise ValueError("it does not end with its digest")
    return found, seal.removeprefix(_SEAL)


def _digest(matrix: npt.NDArray[Any]) -> bytes:
    """Return the SHA-256 of the bytes of an array in C order."""
    return hashlib.sha256(matrix.data).digest()
