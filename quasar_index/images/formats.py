"""Which files count as images by the ending of their name, and which formats are tried."""

from __future__ import annotations

import os

from PIL import Image

from ..arguments import checked

# fmt: off
IMAGE_SUFFIXES = frozenset((
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpe", ".jpeg", ".jpg", ".jxl", ".pgm", ".png",
    ".ppm", ".tif", ".tiff", ".webp",
))
# fmt: on
"""Names with these endings (any case) are images where a folder is listed; a file named outright is always tried."""

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "MPO", "PPM", "JPEG2000", "AVIF", "HEIF", "JXL")
"""Formats that are tried, whatever a file is called; the last two where a plugin for Pillow is registered.

Not Pillow's thirty others: of EPS it runs Ghostscript, a program interpreter, and most are seldom used and tested.
"""


@checked
def is_image_name(name: str) -> bool:
    """Tell by the ending of its name whether a file is an image."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122 - also for URLs


def registered() -> list[str]:
    """Return those of `FORMATS` that this Pillow opens."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]
