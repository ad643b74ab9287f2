"""Patches in one HDF5 file, as GRepQ's authors keep theirs (`pristine_patches_096_0.75_0.80.hdf5`).

The data set `data` is (N, 3, size, size) floating-point, RGB in [0, 1], of 8-bit pictures: 255 times a value is a whole
number. The patch of row 17 has the path `FILE.hdf5::17`.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..arrays import ByteArray
from ..errors import ImageError, reason
from .formats import Extra, ending_of

HDF5 = Extra("hdf5", "h5py", "an HDF5 file of patches", (".hdf5", ".h5"))
_DATA = "data"
_NAME = re.compile(r"(?P<file>.+)::(?P<row>\d{1,9})", re.DOTALL)
_BLOCK_BYTES = 1 << 24
_MOST_CHUNK_BYTES = 1 << 28
_ROUNDING = 1e-3
"""How far 255 times a value may lie from a whole number."""


class PatchFile(NamedTuple):
    """What a file of patches holds: how many, and pixels a side."""

    n_patches: int
    size: int


def is_patch_file(path: str) -> bool:
    """Tell by its ending whether a file holds patches rather than a picture."""
    return ending_of(path) in HDF5.endings


def stored_patch(path: str) -> tuple[str, int] | None:
    """Return the file and the row that a path names a patch of; None where it names none."""
    found = _NAME.fullmatch(path)
    if found is None or not is_patch_file(found["file"]) or os.path.lexists(path):
        return None
    return found["file"], int(found["row"])


def check_patch_file(path: str) -> PatchFile:
    """Read a file of patches from beginning to end, a few at a time.

    Args:
        path: A local file.

    Raises:
        ImageError: When it cannot be read, holds no such data set, or values that are no 8-bit pictures.
    """
    with _opened(path) as data:
        n, _, size, _ = data.shape
        step = max(1, _BLOCK_BYTES // (12 * size * size))
        for start in range(0, n, step):
            _as_pixels(data[start : start + step], start)
        return PatchFile(int(n), int(size))


def read_stored_patch(path: str, row: int) -> ByteArray:
    """Read one patch: (size, size, 3) uint8.

    Raises:
        ImageError: As `check_patch_file`, or when there is no such row.
    """
    with _opened(path) as data:
        if row >= len(data):
            raise ImageError(f"the file has no patch {row}, but {len(data)}", "restore the file that the index is of")
        pixels: ByteArray = _as_pixels(data[row : row + 1], row)[0]
        return pixels


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Any]:
    """Open the data set, checked by its head."""
    HDF5.load()
    import h5py

    if "://" in path:
        raise ImageError("an HDF5 file is read from a local disk", "download it first")
    try:
        with h5py.File(path, "r", locking=False) as file:
            # A link may lead to another file, whose content the index would then hold.
            if not isinstance(file.get(_DATA, getlink=True), h5py.HardLink):
                names = ", ".join(f"'{name}'" for name in list(file)[:3]) or "nothing"
                raise ImageError(f"the file has no data set '{_DATA}', but {names}", "give a file of patches")
            data = file[_DATA]
            _check_head(data)
            yield data
    except ImageError:
        raise
    except Exception as error:  # h5py raises most kinds, also KeyError and RuntimeError, on a damaged file
        raise ImageError(f"cannot be read ({reason(error)})", "check the file, or download it again") from error


def _check_head(data: Any) -> None:
    """Check shape, type and storage."""
    import h5py

    mend = "give (N, 3, size, size) of float32 in [0, 1], as GRepQ's authors keep them"
    if not isinstance(data, h5py.Dataset):
        raise ImageError(f"'{_DATA}' is no data set", mend)
    shape: tuple[int, ...] = tuple(data.shape or ())
    if len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3] or min(shape) < 1:
        raise ImageError(f"'{_DATA}' has shape {shape}", mend)
    if data.dtype.kind != "f":
        raise ImageError(f"'{_DATA}' has values of {data.dtype}", mend)
    if data.is_virtual or data.external:
        raise ImageError(f"the values of '{_DATA}' are in other files", "copy them into one file")
    if data.id.get_storage_size() == 0:
        raise ImageError(f"'{_DATA}' holds no values", "download the file again")
    if data.chunks is not None and np.prod(data.chunks, dtype=float) * data.dtype.itemsize > _MOST_CHUNK_BYTES:
        raise ImageError(
            f"'{_DATA}' is stored in pieces above {_MOST_CHUNK_BYTES >> 20} MiB", "store it in smaller ones"
        )


def _as_pixels(values: Any, start: int) -> ByteArray:
    """Turn (n, 3, size, size) values into (n, size, size, 3) uint8.

    Raises:
        ImageError: When they are no 8-bit pictures.
    """
    scaled = np.asarray(values, dtype=np.float64) * 255.0
    whole = np.rint(scaled)
    with np.errstate(invalid="ignore"):
        outside = ~((whole >= 0) & (whole <= 255)).all(axis=(1, 2, 3))  # also NaN
        broken = ~(np.abs(scaled - whole) <= _ROUNDING).all(axis=(1, 2, 3))
    if outside.any():
        row = int(np.argmax(outside))
        low, high = scaled[row].min() / 255.0, scaled[row].max() / 255.0
        raise ImageError(f"patch {start + row} has values from {low:g} to {high:g}", "they are in [0, 1]: pixels / 255")
    if broken.any():
        row = int(np.argmax(broken))
        raise ImageError(
            f"patch {start + row} is no 8-bit picture: 255 times its values are not whole numbers",
            "store the pixels as they are, divided by 255",
        )
    return np.ascontiguousarray(whole.astype(np.uint8).transpose(0, 2, 3, 1))
