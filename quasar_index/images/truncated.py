"""Files that end too early: the pixels that are there, and which are not.

Pillow would show what is missing as black, and only where a switch of the whole process says so, which other threads
would see. So its loading runs here with a switch of its own, twice over different backgrounds: where the two differ, no
pixel was written. That is true of any format and layout whose decoder goes on until the data end: JPEG, PNG, BMP, GIF,
PPM, TIFF without compression. The others, such as WebP, decode whole files only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageChops, ImageFile

from ..arrays import BoolArray

FILLING = 128
"""Grey of missing pixels, as most viewers show them."""

Opening: TypeAlias = Callable[[bytes], Image.Image]
_END_OF_JPEG = b"\xff\xd9"
_STRIP_PIXELS = 1 << 22
_ORIENTATION = 0x0112
_ENDS_EARLY = re.compile(r"truncated|buffer is not large enough|not enough image data", re.IGNORECASE)


def is_of_truncation(error: BaseException) -> bool:
    """Tell whether Pillow's error means that a file ends too early."""
    return _ENDS_EARLY.search(str(error)) is not None


def load_partly(data: bytes, open_: Opening) -> tuple[Image.Image, Image.Image]:
    """Load what is there of a truncated file.

    Args:
        data: Its bytes.
        open_: Opens an image by its header.

    Returns:
        The loaded image, and one of mode L with its size and orientation: 255 where a pixel is missing.

    Raises:
        ValueError: When nothing is there.
        Exception: Whatever Pillow raises on data that are damaged, too.
    """
    image = open_(data)
    if image.format in {"JPEG", "MPO"}:
        image, missing = _load_jpeg(data, open_)
    else:
        image, missing = _load_rows(data, open_)
    if missing.getextrema() == (255, 255):
        msg = "nothing of it is there"
        raise ValueError(msg)
    missing.getexif()[_ORIENTATION] = image.getexif().get(_ORIENTATION, 1)
    return image, missing


def _load_rows(data: bytes, open_: Opening) -> tuple[Image.Image, Image.Image]:
    """Load what is there over two backgrounds."""
    image = _loaded(open_(data), dark=True)
    return image, _where(lambda one, other: one != other, image, _loaded(open_(data), dark=False))


def _load_jpeg(data: bytes, open_: Opening) -> tuple[Image.Image, Image.Image]:
    """Load a JPEG whose end is set behind what is there: the decoder makes the most of it, and fills up with grey.

    All scans of a progressive one are pictures of more and more detail. Without the end, it would show none; of another
    one it would show the rows that are complete, which tells grey that is there from grey that is not.
    """
    image = open_(data + _END_OF_JPEG)
    image.load()
    grey = _where(lambda one: abs(one.astype(np.int16) - FILLING) <= 1, image, of_all_bands=True)
    if image.info.get("progressive"):
        pixels = np.array(grey)
        pixels[~(pixels > 0).all(axis=1)] = 0
        return image, Image.fromarray(pixels)
    _, missing = _load_rows(data, open_)
    return image, ImageChops.darker(grey, missing)


def describe(missing: BoolArray) -> str:
    """Say how much of an image is missing, and where.

    Args:
        missing: (H, W) of the upright image.

    Returns:
        Such as `truncated: the lower 38% is missing`.
    """
    share = float(missing.mean())
    if share == 0:
        return "truncated: its end is missing, and maybe fine detail"
    percent = f"{max(1, min(99, round(100 * share)))}%"
    for side, half in (
        ("lower", missing[len(missing) // 2 :]),
        ("upper", missing[: len(missing) // 2 + 1]),
        ("right", missing[:, missing.shape[1] // 2 :]),
        ("left", missing[:, : missing.shape[1] // 2 + 1]),
    ):
        edge = {"lower": missing[-1], "upper": missing[0], "right": missing[:, -1], "left": missing[:, 0]}[side]
        if edge.all() and (share > 0.5 or half.sum() == missing.sum()):
            return f"truncated: the {side} {percent} is missing"
    return f"truncated: {percent} of it is missing"


def _loaded(image: Image.Image, *, dark: bool) -> Image.Image:
    """Load an image over a dark or a bright background as far as its data go."""
    level = 0 if dark else 255
    bands = len(image.getbands())
    opaque = image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}
    fill: Any = (*([level] * (bands - 1)), 255 if opaque else level) if bands > 1 else level
    image.im = Image.new(image.mode, image.size, fill).im
    _load_leniently(image)
    return image


def _where(holds: Callable[..., Any], *images: Image.Image, of_all_bands: bool = False) -> Image.Image:
    """Return where something holds of any, or all, bands of images of one size: 255 there; strip by strip."""
    width, height = images[0].size
    found = Image.new("L", images[0].size, 0)
    n_rows = max(1, _STRIP_PIXELS // width)
    for row in range(0, height, n_rows):
        strip = (0, row, width, min(row + n_rows, height))
        mask = holds(*(np.asarray(image.crop(strip)) for image in images))
        if mask.ndim == 3:
            mask = mask.all(axis=2) if of_all_bands else mask.any(axis=2)
        found.paste(Image.fromarray(mask.astype(np.uint8) * 255), strip)
    return found


# Pillow's own method, whose switch is a global of its module, with that global set in a copy of it.
_load_leniently = FunctionType(
    ImageFile.ImageFile.load.__code__,
    {**vars(ImageFile), "LOAD_TRUNCATED_IMAGES": True},
    "load",
    ImageFile.ImageFile.load.__defaults__,
    ImageFile.ImageFile.load.__closure__,
)
