"""Brightness: tone curves that fix black and white, and a plain offset.

The curve of KADIS is the parabola through (0, 0), (1/2, m) and (1, 1): `f(x) = (4m - 1) x + (2 - 4m) x^2`.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ..arrays import ByteArray, FloatArray
from .pixels import from_lab, to_bytes, to_lab


def brighten(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Raise mid-tones to `1/2 + strength / 2`, two parts in RGB and one part in the lightness of L*a*b*."""
    middle = 0.5 + strength / 2
    in_rgb = _looked_up(image, middle)
    lab = to_lab(image)
    lab[..., 0] = 100 * _parabola(lab[..., 0] / 100, middle)
    return np.asarray(cv2.addWeighted(in_rgb, 2 / 3, from_lab(lab), 1 / 3, 0), dtype=np.uint8)


def darken(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Lower mid-tones to `1/2 - strength / 2` in RGB."""
    return _looked_up(image, 0.5 - strength / 2)


def mean_shift(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Add a constant of random sign; strength is its size on values in [0, 1]."""
    offset = int(rng.choice((-1, 1))) * round(255 * strength)
    return np.asarray(cv2.LUT(image, np.clip(np.arange(256) + offset, 0, 255).astype(np.uint8)), dtype=np.uint8)


def _parabola(values: npt.NDArray[np.floating], middle: float) -> FloatArray:
    curve = (4 * middle - 1) * values + (2 - 4 * middle) * values**2
    return np.asarray(np.clip(curve, 0, 1), dtype=np.float32)


def _looked_up(image: ByteArray, middle: float) -> ByteArray:
    table = to_bytes(_parabola(np.arange(256, dtype=np.float32) / 255, middle))
    return np.asarray(cv2.LUT(image, table), dtype=np.uint8)
