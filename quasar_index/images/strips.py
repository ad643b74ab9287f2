"""Pictures strip by strip: copies of a whole one, on its way through several types, would add up."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

_LARGE = 1 << 22
_SMALL = 1 << 18


def strips(size: tuple[int, int], *, small: bool = True) -> list[tuple[int, int, int, int]]:
    """Divide a picture of (width, height) into boxes of whole rows.

    Args:
        size: Of the picture, in pixels.
        small: For what copies a strip several times (profiles, deep channels): a quarter of a million pixels each,
            else four million.
    """
    width, height = size
    n_rows = max(1, (_SMALL if small else _LARGE) // width)
    return [(0, row, width, min(row + n_rows, height)) for row in range(0, height, n_rows)]


def cropped(image: Image.Image) -> Iterator[Image.Image]:
    """Return the small strips of a loaded image, from top to bottom."""
    return (image.crop(box) for box in strips(image.size))
