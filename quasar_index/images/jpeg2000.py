"""JPEG 2000 with more than 8 bits a colour: Pillow rounds white up to black there, OpenCV reads it."""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image

from ..errors import ImageError

_START = b"\xff\x4f\xff\x51"
"""The markers that a codestream begins with, in whichever container: its start, and its sizes."""


def colour_depth(data: bytes) -> int:
    """Return the most bits a channel of a JPEG 2000 file that has several; 0 for one channel, or a damaged head."""
    start = data.find(_START)
    try:
        (n,) = struct.unpack_from(">H", data, start + len(_START) + 36)
    except struct.error:
        return 0
    depths = data[start + len(_START) + 38 :][: 3 * n : 3]
    return max(1 + (depth & 127) for depth in depths) if start >= 0 and n > 1 and depths else 0


def read_colours(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Decode a JPEG 2000 file of several channels to RGB or RGBA, of which the upper 8 bits stay.

    Args:
        data: The bytes of the file.
        size: Its (width, height), as its header says.

    Raises:
        ImageError: When OpenCV cannot decode it.
    """
    import cv2

    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or pixels.shape[:2] != size[::-1]:
        raise ImageError("its colours of more than 8 bits cannot be decoded", "convert it to 8 bits a channel")
    upper = (pixels >> (colour_depth(data) - 8)).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(upper[:, :, [2, 1, 0, 3][: upper.shape[2]]]))
