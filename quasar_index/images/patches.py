"""Patches of an image: where they lie, and which of a pristine one tell of quality: sharp, and of these colourful.

    sharpness = sum over the patch of sqrt(|G * y^2 - (G * y)^2|), y grey in [0, 1], G a Gaussian of 7 px, sigma 7/6
    colourfulness = sqrt(sd(rg)^2 + sd(yb)^2) + sqrt(mean(rg)^2 + mean(yb)^2), rg = |R - G|, yb = |(R + G)/2 - B|

The choice of GRepQ (Srinath et al., WACV 2024), after NIQE (Mittal et al., IEEE Signal Processing Letters 20(3), 2013).
Beyond its edge a patch counts as black, as in the authors' code, and standard deviations are those of N - 1.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick
from PIL import Image

from ..arguments import checked
from ..arrays import ByteArray, DoubleArray, IntArray
from ..errors import DataError, ImageError
from .decoding import decode
from .in_memory import as_pixels
from .patch_files import read_stored_patch, stored_patch
from .reading import read_image_bytes

SIZE = 96
"""Pixels a side of a patch, those of the authors."""
SHARPNESS = 0.75
COLOURFULNESS = 0.80
_GREY = np.array([0.2989, 0.587, 0.114])
_RADIUS, _SIGMA = 3, 7 / 6
_NAME = re.compile(r"(?P<image>.+)::(?P<size>\d{1,5})x(?P=size)\+(?P<left>\d{1,6})\+(?P<top>\d{1,6})", re.DOTALL)


@dataclass(frozen=True)
class PatchRule:
    """Which patches of pristine images are anchors.

    Attributes:
        size: Pixels a side; patches lie beside one another, from the top left corner on.
        sharpness: A patch is sharp if it has more than this part of the sharpness of the image's sharpest one.
        colourfulness: A sharp patch is chosen if it has more than this part of the colourfulness of the most
            colourful sharp one. A grey image has no colour, and so no such patch.

    Raises:
        DataError: When one is out of range.

    Example:
        >>> import quasar_index as qi
        >>> qi.images.PatchRule().size
        96
    """

    size: int = SIZE
    sharpness: float = SHARPNESS
    colourfulness: float = COLOURFULNESS

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.size < 8:
            raise DataError(f"patches of {self.size} pixels a side", "use at least 8; the authors have 96")
        for name in ("sharpness", "colourfulness"):
            if not 0 <= getattr(self, name) < 1:
                raise DataError(f"the least {name} of patches is {getattr(self, name)}", "it is from 0 to below 1")


@checked
def patch_places(height: int, width: int, size: int, stride: int) -> IntArray:
    """Return where the patches of an image lie, row by row.

    Args:
        height: Of the image, in pixels.
        width: Likewise.
        size: Pixels a side of a patch.
        stride: Pixels from one to the next; what is left at the right and the bottom edge belongs to none.

    Returns:
        (n, 2) left and top, in pixels.

    Raises:
        ImageError: When the image is smaller than a patch.

    Example:
        >>> import quasar_index as qi
        >>> qi.images.patch_places(100, 200, 96, 48).tolist()
        [[0, 0], [48, 0], [96, 0]]
    """
    if stride < 1 or size < 1:
        raise DataError(f"patches of {size} pixels, {stride} apart", "use at least 1 of each")
    if min(height, width) < size:
        raise ImageError(
            f"{width} x {height} pixels are smaller than a patch of {size} x {size}",
            "score larger images, or cut the index into smaller patches",
        )
    left, top = (np.arange(0, side - size + 1, stride, dtype=np.int64) for side in (width, height))
    return np.stack([np.tile(left, len(top)), np.repeat(top, len(left))], axis=1)


@checked
def cut_patches(image: ByteArray, size: int = SIZE, stride: int | None = None) -> ByteArray:
    """Cut an image into patches.

    Args:
        image: (H, W, 3) uint8.
        size: Pixels a side of a patch.
        stride: Pixels from one to the next; None for the size: beside one another.

    Returns:
        (n, size, size, 3) uint8, in the order of `patch_places`.

    Raises:
        ImageError: When the image is smaller than a patch.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> qi.images.cut_patches(np.zeros((100, 200, 3), dtype=np.uint8)).shape
        (2, 96, 96, 3)
    """
    image = as_pixels(image)
    places = patch_places(image.shape[0], image.shape[1], size, stride or size)
    return np.stack([image[top : top + size, left : left + size] for left, top in places.tolist()])


@checked
def patch_sharpness(patches: ByteArray) -> DoubleArray:
    """Return the (n,) sharpness of (n, size, size, 3) uint8 patches: see above.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> noise = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
        >>> (qi.images.patch_sharpness(noise) > qi.images.patch_sharpness(noise // 2 + 64)).tolist()
        [True]
    """
    grey = _checked(patches) @ (_GREY / 255.0)
    kernel = np.exp(-(np.arange(-_RADIUS, _RADIUS + 1) ** 2) / (2 * _SIGMA**2))
    kernel /= kernel.sum()

    def blur(values: DoubleArray) -> DoubleArray:
        for axis in (1, 2):
            values = scipy.ndimage.correlate1d(values, kernel, axis=axis, mode="constant")
        return values

    return np.asarray(np.sqrt(np.abs(blur(grey**2) - blur(grey) ** 2)).sum(axis=(1, 2)))


@checked
def patch_colourfulness(patches: ByteArray) -> DoubleArray:
    """Return the (n,) colourfulness of (n, size, size, 3) uint8 patches: see above.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> qi.images.patch_colourfulness(np.full((1, 8, 8, 3), 77, dtype=np.uint8)).tolist()
        [0.0]
    """
    red, green, blue = np.moveaxis(_checked(patches) / 255.0, -1, 0)
    opponents = np.stack([np.abs(red - green), np.abs((red + green) / 2 - blue)])
    spread, mean = opponents.std(axis=(2, 3), ddof=1), opponents.mean(axis=(2, 3))
    return np.asarray(np.hypot(*spread) + np.hypot(*mean))


@checked
def choose_patches(patches: ByteArray, rule: PatchRule) -> IntArray:
    """Choose patches of one pristine image.

    Args:
        patches: (n, size, size, 3) uint8, of one image.
        rule: Its parts of the largest; both are exceeded strictly.

    Returns:
        (k,) rows of the chosen ones, ascending; none of a grey image. A flat one has patches alike, by their edges.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> noise = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
        >>> noise[1] //= 4
        >>> qi.images.choose_patches(noise, qi.images.PatchRule(size=16)).tolist()
        [0, 2]
    """
    sharpness = patch_sharpness(patches)
    sharp = np.flatnonzero(sharpness > rule.sharpness * sharpness.max(initial=0.0))
    colourfulness = patch_colourfulness(patches[sharp])
    return np.asarray(sharp[colourfulness > rule.colourfulness * colourfulness.max(initial=0.0)], dtype=np.int64)


def _checked(patches: ByteArray) -> ByteArray:
    """Return patches.

    Raises:
        DataError: Unless they are (n, size, size, 3).
    """
    if patches.ndim != 4 or patches.shape[3] != 3:
        raise DataError(f"patches have shape {patches.shape}", "give (n, size, size, 3)")
    return patches


def patch_name(image: str, size: int, left: int, top: int) -> str:
    """Return the path by which `read_image_bytes` reads a patch of an image: `photo.jpg::96x96+192+0`."""
    return f"{image}::{size}x{size}+{left}+{top}"


def patched_image(path: str) -> str:
    """Return the file that a path names a patch of, or the path itself where it names none."""
    if (stored := stored_patch(path)) is not None:
        return stored[0]
    found = None if os.path.lexists(path) else _NAME.fullmatch(path)
    return path if found is None else found["image"]


def read_patch(path: str) -> bytes | None:
    """Read a patch of an image, or of a file of patches, as the bytes of a BMP file; None where the path names none.

    Raises:
        ImageError: When the image or the file cannot be read, or has no such patch.
    """
    if (stored := stored_patch(path)) is not None:
        return _bitmap(read_stored_patch(*stored))
    found = _NAME.fullmatch(path)
    if found is None or os.path.lexists(path):
        return None
    image = found["image"]
    size, left, top = (int(found[name]) for name in ("size", "left", "top"))
    pixels = _decoded(image, _state(image))[top : top + size, left : left + size]
    if pixels.shape != (size, size, 3):
        raise ImageError("the image has no such patch", "restore the image that it was cut of")
    return _bitmap(pixels)


def _bitmap(pixels: ByteArray) -> bytes:
    """Return the bytes of a BMP file: the same for the same pixels, and so the same content id."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "BMP")
    return file.getvalue()


@lru_cache(maxsize=4)
def _decoded(image: str, state: object) -> ByteArray:  # noqa: ARG001 - a file that changed is read again
    """Decode an image, of which the next patch will mostly be."""
    return decode(read_image_bytes(image))


def _state(image: str) -> object:
    """Return what changes when a file does; None of a URL."""
    try:
        status = os.stat(image)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size
