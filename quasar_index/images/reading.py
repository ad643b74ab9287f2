"""The bytes of an image file, and the id that they give it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable

from ..arguments import checked
from ..errors import ImageError, reason
from ..paths import PathText

MAX_FILE_BYTES = 1 << 30
"""Largest image file that is read: 12 bytes for each of `MAX_PIXELS`, more than any format needs."""

_READ_BYTES = 1 << 24


@checked
def read_image_bytes(
    path: PathText, *, max_bytes: int = MAX_FILE_BYTES, opener: Callable[[str, int], int] = os.open
) -> bytes:
    """Read an image file: a local path, or any URL that fsspec opens (`s3://`, `memory://`, ...).

    Args:
        path: The path or URL. Local pipes and devices are refused: they may never end. `PATH::96x96+192+0` is a
            patch of an image, cut out of its decoded pixels (see `patches.patch_name`); `FILE.hdf5::17` one of a file
            of patches.
        max_bytes: Largest file that is read.
        opener: Opens a local file, as `os.open` does: of a path and flags it makes a file descriptor.

    Raises:
        ImageError: When it cannot be read, or is larger.
    """
    path = os.fspath(path)
    if "::" in path:
        from .patches import read_patch

        if (patch := read_patch(path)) is not None:
            return patch
    try:
        if "://" in path:
            import fsspec

            with fsspec.open(path, "rb") as file:
                pieces = bytearray()
                while len(pieces) <= max_bytes and (piece := file.read(_READ_BYTES)):
                    pieces += piece
            data, n_bytes = bytes(pieces), len(pieces)
        else:
            # Not blocking, else opening a pipe would wait for whoever writes to it.
            with open(path, "rb", opener=lambda name, flags: opener(name, flags | _NON_BLOCKING)) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise ImageError("cannot be read (not a regular file)", "name an image file")
                n_bytes = status.st_size
                data = file.read() if n_bytes <= max_bytes else b""
    except ImageError:
        raise
    except Exception as error:
        # Beside OSError: ValueError for an unknown protocol, ImportError for a missing one, what its client raises.
        raise ImageError(f"cannot be read ({reason(error)})", "check the path") from error
    if n_bytes > max_bytes:
        raise ImageError(f"the file is larger than the limit of {max_bytes} bytes", "convert it, or raise --max-pixels")
    return data


_NON_BLOCKING = getattr(os, "O_NONBLOCK", 0)  # not on Windows


@checked
def content_id(data: bytes) -> str:
    """Return the id of an image: the first 128 bits of the SHA-256 of its file, as 32 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:32]
