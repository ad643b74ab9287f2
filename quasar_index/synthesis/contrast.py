"""Sharpness and contrast: an unsharp mask that overshoots, and an S-shaped tone curve."""

from __future__ import annotations

import cv2
import numpy as np

from ..arrays import ByteArray
from .pixels import blurred, from_lab, to_bytes, to_lab

_SHARPEN_SIGMA = 3.0


def high_sharpen(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Sharpen lightness: `L + strength * (L - gaussian(L; 3 px))`, as imsharpen of MATLAB does."""
    lab = to_lab(image)
    lightness = lab[..., 0]
    detail = lightness - np.asarray(blurred(lightness, _SHARPEN_SIGMA), dtype=np.float32)
    lab[..., 0] = np.clip(lightness + np.float32(strength) * detail, 0, 100)
    return from_lab(lab)


def contrast_change(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Bend tones about mid-grey, to more or to less contrast at random.

    With t = x - 1/2, `f = 1/2 + (1 - curl / 4) t + curl t^3` keeps black, mid-grey and white. It is the cubic
    through KADIS's nodes; strength / 4 is how far the tones 0.3 and 0.7 go, apart or together.
    """
    curl = int(rng.choice((-1, 1))) * strength / 4 / 0.042
    t = np.arange(256) / 255 - 0.5
    table = to_bytes(0.5 + (1 - curl / 4) * t + curl * t**3)
    return np.asarray(cv2.LUT(image, table), dtype=np.uint8)
