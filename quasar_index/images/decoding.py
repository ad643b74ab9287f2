"""From a file to pixels: decoding, EXIF orientation, conversion to 8-bit RGB, size limits.

Everything downstream sees uint8 arrays of shape (H, W, 3), RGB, upright. What the formats mean here:
16-bit and floating-point images are scaled to 8 bits, transparency is laid over white (as a viewer shows it), an
animation counts as its first frame, CMYK and palettes are converted by Pillow.

Files come from strangers. So only formats in `FORMATS` are tried, sizes are checked in the header, only regular files
of a bounded size are read, and pixels are converted in strips: decoding one image takes at most about 12 bytes a pixel
(Pillow's image, its upright copy, the result).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..arguments import checked
from ..arrays import ByteArray, DoubleArray
from ..errors import ImageError, first_line
from .formats import FORMATS, registered

MAX_PIXELS = 89_478_485
"""Largest image that is decoded, in pixels: Pillow's limit against decompression bombs (a quarter gigabyte of RGB)."""

_STRIP_PIXELS = 1 << 22
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@checked
def allow_pixels(max_pixels: int) -> None:
    """Set Pillow's own limit, which otherwise holds beside `decode`'s, for the whole process.

    Below it Pillow neither warns nor refuses; `decode` refuses what is above.

    Args:
        max_pixels: The largest image that will be decoded.
    """
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = max_pixels


@checked
def open_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open an encoded image by its header; no pixel is decoded.

    Args:
        data: The bytes of an image file.
        max_pixels: Largest width x height.

    Raises:
        ImageError: When the bytes are empty, of none of `FORMATS` or damaged, or the image is too large.
    """
    if not data:
        raise ImageError("the file is empty", "restore or remove it")
    too_large = "resize it, or raise the limit with --max-pixels"
    try:
        image = _opened(data)
    except UnidentifiedImageError:
        raise ImageError("not an image in a known format", f"convert it to one of {', '.join(FORMATS[:5])}") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"it has more pixels than the limit of {max_pixels}", too_large) from error
    except Exception as error:
        # Pillow's plugins raise anything on damaged data.
        raise ImageError(f"its header cannot be read ({first_line(error)})", "restore or remove it") from error
    if image.width * image.height > max_pixels:
        raise ImageError(f"{image.width} x {image.height} pixels are more than the limit of {max_pixels}", too_large)
    return image


def _opened(data: bytes) -> Image.Image:
    """Open an image as one of the commonest formats, else of all: Pillow's other plugins take a while to load."""
    Image.preinit()
    try:
        return Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError:
        return Image.open(io.BytesIO(data), formats=registered())


@checked
def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, admit: Callable[[int], None] | None = None) -> ByteArray:
    """Decode an encoded image to upright 8-bit RGB.

    Args:
        data: The bytes of an image file.
        max_pixels: Largest width x height that is decoded.
        admit: Called with the image's pixels before any of them is decoded; it may wait until there is room for them.

    Returns:
        (H, W, 3) uint8 RGB, C-ordered, writable.

    Raises:
        ImageError: When the bytes are empty, no known image format, truncated, damaged or too large.
    """
    image = open_image(data, max_pixels=max_pixels)
    if admit is not None:
        admit(image.width * image.height)
    try:
        image.load()
        return to_rgb(image)
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"it has more pixels than the limit of {max_pixels}", "resize it, or raise the limit with --max-pixels"
        ) from error
    except Exception as error:
        # Pillow's plugins raise anything on damaged data; MemoryError where the image is too large for this machine.
        raise ImageError(f"cannot be decoded ({first_line(error)})", "restore or remove it") from error
    finally:
        image.close()  # its pixels would else wait for Python to find a circle of references


def to_rgb(image: Image.Image) -> ByteArray:
    """Convert an image that Pillow has opened to pixels, as `decode` does it; the image stays as it is.

    Args:
        image: Of any mode; with its EXIF orientation where it has one.

    Returns:
        (H, W, 3) uint8 RGB, upright.
    """
    return _to_rgb(_upright(image))


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its EXIF orientation says; metadata that cannot be read say nothing."""
    try:
        # Not ImageOps.exif_transpose, which copies the pixels in any case and writes the metadata anew.
        method = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Pillow raises SyntaxError, struct.error, ... by the kind of damage.
        return image
    return image if method is None else image.transpose(method)


def _to_rgb(image: Image.Image) -> ByteArray:
    """Convert a decoded image of any mode to (H, W, 3) uint8, strip by strip: copies of all of it would add up."""
    width, height = image.size
    n_rows = max(1, _STRIP_PIXELS // width)
    strips = [(0, row, width, min(row + n_rows, height)) for row in range(0, height, n_rows)]
    top = 65535.0  # of 16-bit grey, which Pillow would clip instead of scale
    if image.mode == "F":
        top = 1.0 if max(float(_values(image.crop(strip)).max()) for strip in strips) <= 1 else 255.0
    if len(strips) == 1:
        return _strip_to_rgb(image, top)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    for strip in strips:
        pixels[strip[1] : strip[3]] = _strip_to_rgb(image.crop(strip), top)
    return pixels


def _strip_to_rgb(image: Image.Image, top: float) -> ByteArray:
    """Convert rows of an image; of those with one deep channel, `top` becomes 255."""
    if image.mode.startswith("I") or image.mode == "F":
        grey = np.clip(np.rint(_values(image) * (255.0 / top)), 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


def _values(image: Image.Image) -> DoubleArray:
    """Return one deep channel as numbers; NaN is black."""
    return np.nan_to_num(np.asarray(image).astype(np.float64))
