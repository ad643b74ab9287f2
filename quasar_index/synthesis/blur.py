"""Blur: image * kernel, with a Gaussian, a disc (defocus) or a line segment (motion) as kernel."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np

from ..arrays import ByteArray, FloatArray
from .pixels import blurred

# Sub-pixel samples along each axis of a kernel, so that small radii and odd angles are not jagged.
_SUPERSAMPLING = 16


def gaussian_blur(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Blur with a Gaussian; strength is its standard deviation in pixels."""
    return np.asarray(blurred(image, strength), dtype=np.uint8)


def lens_blur(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Blur with a disc as an unfocused lens does; strength is its radius in pixels."""
    return _convolved(image, _disc(strength))


def motion_blur(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Blur along a line of random direction; strength is its length in pixels."""
    return _convolved(image, _segment(strength, rng.uniform(0, math.pi)))


def _convolved(image: ByteArray, kernel: FloatArray) -> ByteArray:
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE), dtype=np.uint8)


@lru_cache(maxsize=16)
def _disc(radius: float) -> FloatArray:
    half = math.ceil(radius)
    size = 2 * half + 1
    axis = (np.arange(size * _SUPERSAMPLING) + 0.5) / _SUPERSAMPLING - size / 2
    inside = axis[:, None] ** 2 + axis[None, :] ** 2 <= radius**2
    kernel = inside.reshape(size, _SUPERSAMPLING, size, _SUPERSAMPLING).mean(axis=(1, 3))
    weights: FloatArray = (kernel / kernel.sum()).astype(np.float32)
    weights.flags.writeable = False  # the cache hands out one array to all
    return weights


def _segment(length: float, angle: float) -> FloatArray:
    half = math.ceil(length / 2)
    steps = max(2, round(length * _SUPERSAMPLING))
    along = ((np.arange(steps) + 0.5) / steps - 0.5) * length
    rows = half - along * math.sin(angle)
    columns = half + along * math.cos(angle)
    # Bilinear splatting: each sample is shared out among the four pixels around it.
    kernel = np.zeros((2 * half + 2, 2 * half + 2))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = rows - top, columns - left
    for row, column, share in (
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ):
        np.add.at(kernel, (row, column), share)
    kernel = kernel[: 2 * half + 1, : 2 * half + 1]
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
