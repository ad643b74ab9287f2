"""Fragments of an image: small crops at native resolution, tiled to one picture of a fixed size.

GRepQ (Srinath et al. 2024) takes them from FAST-VQA (Wu et al. 2022, arXiv:2207.02595): a grid of cells over the
image, from each cell one crop at a random place.
"""

from __future__ import annotations

import numpy as np

from ..arrays import ByteArray, IntArray

GRID = 7
SIDE = 32
TILED = GRID * SIDE
"""Side of the tiled picture, pixels; smaller images are enlarged first."""


def draw_places(height: int, width: int, rng: np.random.Generator) -> IntArray:
    """Draw where the crops of an image start.

    Cell i of an axis starts at `min(i * (length // 7), length - 32)`; the crop is shifted in it by up to
    `length // 7 - 33` pixels, as in the authors' code, which never draws the last place.

    Args:
        height: Of the image, at least 224.
        width: Likewise.
        rng: Source of the shifts.

    Returns:
        (7, 7, 2): row and column of the first pixel of each crop.
    """
    rows, columns = _starts(height), _starts(width)
    starts = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    for axis, length in enumerate((height, width)):
        room = length // GRID - SIDE
        if room > 0:
            starts[:, :, axis] += rng.integers(0, room, size=(GRID, GRID))
    return starts


def _starts(length: int) -> IntArray:
    return np.minimum(np.arange(GRID) * (length // GRID), length - SIDE)


def cut_fragments(images: ByteArray, places: IntArray) -> ByteArray:
    """Cut the crops of images of one size, and tile them.

    Args:
        images: (N, H, W, 3).
        places: (7, 7, 2), the same for all images.

    Returns:
        (N, 3, 224, 224).
    """
    tiled = np.empty((len(images), 3, TILED, TILED), dtype=np.uint8)
    for i in range(GRID):
        for j in range(GRID):
            row, column = places[i, j]
            crop = images[:, row : row + SIDE, column : column + SIDE]
            tiled[:, :, i * SIDE : (i + 1) * SIDE, j * SIDE : (j + 1) * SIDE] = crop.transpose(0, 3, 1, 2)
    return tiled


def enlarged(images: ByteArray) -> ByteArray:
    """Return images of which both sides are at least 224: smaller ones are enlarged, bilinearly, in proportion.

    Args:
        images: (N, H, W, 3).
    """
    import cv2

    height, width = images.shape[1:3]
    scale = TILED / min(height, width)
    if scale <= 1:
        return images
    size = max(TILED, round(width * scale)), max(TILED, round(height * scale))
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in images])
