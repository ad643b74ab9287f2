"""From a file to pixels: decoding, EXIF orientation, conversion to 8-bit RGB, size limits, finding files.

Everything downstream sees uint8 arrays of shape (H, W, 3), RGB, upright. What the formats mean here:
16-bit and floating-point images are scaled to 8 bits, transparency is laid over white (as a viewer shows it), an
animation counts as its first frame, CMYK and palettes are converted by Pillow.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .arrays import ByteArray, DoubleArray
from .errors import DataError, ImageError

MAX_PIXELS = 89_478_485
"""Largest image that is decoded, in pixels: Pillow's limit against decompression bombs (a quarter gigabyte of RGB)."""

IMAGE_SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""File name endings that count as images when a folder is listed; a file named outright is always tried."""


def list_images(folder: Path) -> list[Path]:
    """List the image files below a folder, recursively, in the order of their names.

    Hidden files and folders are left out, and so are links to folders (they may form loops).

    Args:
        folder: An existing folder.

    Returns:
        Paths that start with `folder`, sorted.

    Raises:
        DataError: When the folder cannot be read or holds no image.
    """
    if not folder.is_dir():
        raise DataError(f"no folder '{folder}'", "check the path")
    found: list[Path] = []
    unreadable: list[str] = []
    for root, folders, files in os.walk(folder, onerror=lambda error: unreadable.append(str(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(root, name)
            for name in sorted(files)
            if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES
        ]
    if unreadable:
        raise DataError(f"folder '{unreadable[0]}' cannot be read", "mend its permissions")
    if not found:
        raise DataError(
            f"no image in '{folder}'",
            f"images end in {', '.join(sorted(IMAGE_SUFFIXES))}; name other files outright",
        )
    return sorted(found)


def read_image_bytes(path: str) -> bytes:
    """Read an image file: a local path, or any URL that fsspec opens (`s3://`, `memory://`, ...).

    Raises:
        ImageError: When it cannot be read.
    """
    try:
        if "://" in path:
            import fsspec

            with fsspec.open(path, "rb") as file:
                return bytes(file.read())
        return Path(path).read_bytes()
    except Exception as error:
        # Beside OSError: ValueError for an unknown protocol, ImportError for a missing one, what its client raises.
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ImageError(f"cannot be read ({reason})", "check the path") from error


def content_id(data: bytes) -> str:
    """Return the id of an image: the first 128 bits of the SHA-256 of its file, as 32 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:32]


def allow_pixels(max_pixels: int) -> None:
    """Set Pillow's own limit, which otherwise holds beside `decode`'s, for the whole process.

    Below it Pillow neither warns nor refuses; `decode` refuses what is above.

    Args:
        max_pixels: The largest image that will be decoded.
    """
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = max_pixels


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> ByteArray:
    """Decode an encoded image to upright 8-bit RGB.

    Args:
        data: The bytes of an image file.
        max_pixels: Largest width x height that is decoded.

    Returns:
        (H, W, 3) uint8 RGB, C-ordered, writable.

    Raises:
        ImageError: When the bytes are empty, no known image format, truncated, damaged or too large.
    """
    if not data:
        raise ImageError("the file is empty", "restore or remove it")
    try:
        image = Image.open(io.BytesIO(data))
        if image.width * image.height > max_pixels:  # known from the header, before any pixel is decoded
            raise ImageError(
                f"{image.width} x {image.height} pixels are more than the limit of {max_pixels}",
                "resize it, or raise the limit with --max-pixels",
            )
        return _to_rgb(_upright(image))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError("not an image in a format that Pillow reads", "convert or remove it") from None
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"it has more pixels than the limit of {max_pixels}", "resize it, or raise the limit with --max-pixels"
        ) from error
    except Exception as error:
        # Pillow's plugins raise anything on damaged data.
        raise ImageError(f"cannot be decoded ({error or type(error).__name__})", "restore or remove it") from error


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its EXIF orientation says; metadata that cannot be read say nothing."""
    image.load()  # so that what fails below is the metadata
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # Pillow raises SyntaxError, struct.error, ... by the kind of damage.
        return image


def _to_rgb(image: Image.Image) -> ByteArray:
    """Convert an opened image of any mode to (H, W, 3) uint8."""
    mode = image.mode
    if mode.startswith("I"):  # 16-bit grey, which Pillow would clip instead of scale
        return _grey_to_rgb(np.asarray(image).astype(np.float64), top=65535.0)
    if mode == "F":
        values = np.nan_to_num(np.asarray(image).astype(np.float64))
        return _grey_to_rgb(values, top=1.0 if values.max() <= 1 else 255.0)
    if mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.array(image.convert("RGB"))


def _grey_to_rgb(values: DoubleArray, *, top: float) -> ByteArray:
    """Scale one channel from [0, top] to [0, 255] and repeat it three times."""
    grey = np.clip(np.rint(values * (255.0 / top)), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)
