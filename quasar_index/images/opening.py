"""Which decoder opens an image: told by its first bytes, whatever the file is called."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from ..errors import ImageError
from .formats import FORMATS, HEIF, JXL, has_avif, registered
from .jpegxl import open_jpegxl
from .raw import RawPhotograph, looks_raw, open_raw

_WEIGHTS = {"AVIF": 1.25, "JXL": 1.25, RawPhotograph.format: 2.0}
_HEIF_BRANDS = frozenset((b"heic", b"heim", b"heis", b"heix", b"hevc", b"hevm", b"hevs", b"hevx"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")


def opened(data: bytes, *, max_pixels: int) -> Image.Image:
    """Open an image by its header; its pixels are decoded by `load`.

    Args:
        data: The bytes of an image file.
        max_pixels: Largest width x height, where that must be known before the file is opened.

    Raises:
        ImageError: When a package is not installed that such files need.
        Exception: Whatever Pillow and its plugins raise.
    """
    if looks_raw(data):
        return open_raw(data)
    if data.startswith(_JXL_STARTS):
        JXL.load()
        return open_jpegxl(data, max_pixels=max_pixels)
    if data[4:8] == b"ftyp":
        return _open_heif_or_avif(data)
    # The commonest formats first: Pillow's other plugins take a while to load.
    Image.preinit()
    try:
        return Image.open(io.BytesIO(data), formats=_loaded())
    except UnidentifiedImageError:
        Image.init()
        return Image.open(io.BytesIO(data), formats=_loaded())


def _loaded() -> list[str]:
    """Return the formats to try: not JPEG XL, whose plugin takes other beginnings for its own, and decodes at once."""
    return [name for name in FORMATS if name in Image.OPEN and name != JXL.format]


def _open_heif_or_avif(data: bytes) -> Image.Image:
    """Open one of the formats that are told apart by the brands in their first box."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[place : place + 4] for place in range(16, length, 4))}
    if brands & _AVIF_BRANDS:
        if not has_avif():
            raise ImageError("an AVIF picture, which this Pillow cannot read", "pip install --upgrade pillow")
        format_ = "AVIF"
    elif brands & _HEIF_BRANDS:
        HEIF.load()
        format_ = "HEIF"
    else:
        return Image.open(io.BytesIO(data), formats=registered())
    Image.init()
    try:
        return Image.open(io.BytesIO(data), formats=[format_])
    except UnidentifiedImageError:
        name = "HEIC" if format_ == "HEIF" else format_
        raise ImageError(f"its header cannot be read (a damaged {name} picture)", "restore or remove it") from None


def weight_of(image: Image.Image) -> float:
    """Return how many times the memory of another image of its size decoding an image takes, which is 12 bytes a pixel.

    At 16 megapixels, AVIF took 13 bytes a pixel and JPEG XL up to 15, as their plugins keep all pixels twice. LibRaw,
    which holds four channels of 16 bits and a working copy, took 14 before the picture was handed over.
    """
    return _WEIGHTS.get(image.format or "", 1.0)
