"""JPEG XL: its size and orientation by its header, as the plugin decodes all pixels when it opens a file.

ISO/IEC 18181-1, D.2 and D.3 (SizeHeader, ImageMetadata), and 18181-2 for the boxes around the codestream.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from ..errors import ImageError

_CODESTREAM = b"\xff\x0a"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Header:
    """What the first bytes of a codestream say.

    Attributes:
        width: Pixels, as they are stored.
        height: Likewise.
        orientation: As in EXIF, 1 to 8.
    """

    width: int
    height: int
    orientation: int


class _Bits:
    """Reads numbers bit by bit, the lowest bit first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, n: int) -> int:
        if n > self._left:
            raise ImageError("its header cannot be read (it is cut off)", "restore or remove it")
        value = self._value & ((1 << n) - 1)
        self._value >>= n
        self._left -= n
        return value


def read_header(data: bytes) -> Header:
    """Read size and orientation of a JPEG XL file, with boxes or without.

    Raises:
        ImageError: When there is no codestream, or it is cut off.
    """
    bits = _Bits(_codestream(data)[2:34])
    is_small = bits.take(1)
    height = _size(bits, is_small)
    ratio = bits.take(3)
    width = height * _RATIOS[ratio - 1][0] // _RATIOS[ratio - 1][1] if ratio else _size(bits, is_small)
    has_defaults = bits.take(1)
    orientation = 1 + bits.take(3) if not has_defaults and bits.take(1) else 1
    return Header(width, height, orientation)


def _size(bits: _Bits, is_small: int) -> int:
    """Read a side."""
    return 8 * (1 + bits.take(5)) if is_small else 1 + bits.take(_SIZE_BITS[bits.take(2)])


def _codestream(data: bytes) -> bytes:
    """Return the beginning of the codestream, which lies in a box of its own, or begins in the first of several."""
    if data.startswith(_CODESTREAM):
        return data[:64]
    place = 0
    while place + 8 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        start = place + 8
        if length == 1:
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        if kind == b"jxlp":
            start += 4  # its number
        if kind in (b"jxlc", b"jxlp"):
            found = data[start : start + 64]
            if found.startswith(_CODESTREAM):
                return found
        if length < start - place:  # 0: the last one; else it is damaged
            break
        place += length
    raise ImageError("its header cannot be read (no codestream)", "restore or remove it")


def open_jpegxl(data: bytes, *, max_pixels: int) -> Image.Image:
    """Open a JPEG XL file with the plugin, which is registered, unless it is too large.

    Raises:
        ImageError: When it has more pixels than the limit, or its header cannot be read.
        Exception: Whatever the plugin raises.
    """
    header = read_header(data)
    if header.width * header.height > max_pixels:
        raise ImageError(
            f"{header.width} x {header.height} pixels are more than the limit of {max_pixels}",
            "resize it, or raise the limit with --max-pixels",
        )
    image = Image.open(io.BytesIO(data), formats=["JXL"])
    if header.orientation != 1 and not getattr(image, "jpeg", False):
        # libjxl has turned the pixels, and EXIF may still say how; the file of a JPEG comes out as that JPEG.
        image.getexif()[_ORIENTATION] = 1
    return image
