"""Spatial faults: scattered pixels, copied patches, big pixels, few tones, blocks of colour.

Sizes in pixels are those of KADIS, whose images are 512 x 384; on smaller images blocks shrink and patches
stay nearer to their place.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..arrays import ByteArray
from .pixels import to_bytes

_JITTER_ROUNDS = 5
_PATCH = 16
_PATCH_REACH = 16
_BLOCK = 32


def jitter(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Scatter pixels five times by Gaussian offsets; strength is their standard deviation in pixels."""
    height, width = image.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    # Float between the rounds: at small strengths 8-bit rounding would undo each of them.
    result = image.astype(np.float32)
    for _ in range(_JITTER_ROUNDS):
        offsets = rng.standard_normal((2, height, width), dtype=np.float32) * np.float32(strength)
        result = cv2.remap(result, x + offsets[0], y + offsets[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return to_bytes(result / 255)


def non_eccentricity_patch(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Copy patches of 16 x 16 px to places up to 8 px away; strength is the number of patches."""
    result: ByteArray = image.copy()
    height, width = image.shape[:2]
    margin = min(_PATCH_REACH, (min(height, width) - _PATCH) // 2)
    for _ in range(int(strength)):
        top = int(rng.integers(margin, height - _PATCH - margin, endpoint=True))
        left = int(rng.integers(margin, width - _PATCH - margin, endpoint=True))
        down, right = rng.integers(-(margin // 2), margin // 2, size=2, endpoint=True)
        patch = result[top : top + _PATCH, left : left + _PATCH].copy()
        result[top + down : top + down + _PATCH, left + right : left + right + _PATCH] = patch
    return result


def pixelate(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Shrink by `0.95 - strength ** 0.6` and enlarge again, both to the nearest pixel."""
    # "Exact" aligns the centres of pixels; OpenCV's plain mode would also shift the image.
    height, width = image.shape[:2]
    scale = 0.95 - strength**0.6
    small = cv2.resize(
        image, (max(1, int(width * scale)), max(1, int(height * scale))), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), dtype=np.uint8)


def quantization(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Leave few tones in each channel, evenly spaced from 0 to 255; strength is their number."""
    tones = int(strength)
    bins = np.arange(256) * tones // 256
    return np.asarray(cv2.LUT(image, to_bytes(bins / (tones - 1))), dtype=np.uint8)


def colour_block(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Cover places with squares of 32 x 32 px of random colour; strength is the number of squares."""
    result: ByteArray = image.copy()
    height, width = image.shape[:2]
    side = min(_BLOCK, min(height, width) // 4)
    for _ in range(int(strength)):
        top = int(rng.integers(0, height - side, endpoint=True))
        left = int(rng.integers(0, width - side, endpoint=True))
        result[top : top + side, left : left + side] = rng.integers(0, 256, size=3)
    return result
