"""Conversions between 8-bit RGB and the value ranges in which the distortions are computed."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ..arrays import ByteArray, FloatArray


def to_float(image: ByteArray) -> FloatArray:
    """Return an 8-bit image as float32 in [0, 1], the range in which KADIS states its strengths."""
    return np.asarray(np.divide(image, np.float32(255)), dtype=np.float32)


def to_bytes(values: npt.NDArray[np.floating]) -> ByteArray:
    """Clip values to [0, 1] and round them to 8 bits."""
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), dtype=np.uint8)


def to_lab(image: ByteArray) -> FloatArray:
    """Convert 8-bit sRGB to CIE L*a*b* (D65).

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        (H, W, 3) float32; L in [0, 100], a and b about [-128, 127].
    """
    return np.asarray(cv2.cvtColor(to_float(image), cv2.COLOR_RGB2Lab), dtype=np.float32)


def from_lab(lab: FloatArray) -> ByteArray:
    """Convert CIE L*a*b* (as `to_lab` returns it) to 8-bit sRGB; colours outside of the gamut are clipped."""
    return to_bytes(np.asarray(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), dtype=np.float32))


def blurred(values: npt.NDArray[np.generic], sigma: float) -> npt.NDArray[np.generic]:
    """Return values after MATLAB's Gaussian filter: support cut at two sigma, borders replicated.

    Args:
        values: (H, W) or (H, W, C) uint8 or float32.
        sigma: Standard deviation in pixels, greater than 0.

    Returns:
        A new array of the same shape and type.
    """
    size = 2 * int(np.ceil(2 * sigma)) + 1
    return np.asarray(cv2.GaussianBlur(values, (size, size), sigma, borderType=cv2.BORDER_REPLICATE))
