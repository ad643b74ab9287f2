"""Colour: diffusion, a shifted channel, few colours, less and more saturation."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image

from ..arrays import ByteArray, FloatArray
from .pixels import blurred, from_lab, to_bytes, to_float, to_lab


def colour_diffusion(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Let colours bleed: a, b become `strength * gaussian(a, b; 1.5 * strength + 2 px)` in L*a*b*.

    KADIS amplifies the smeared colour by the same number; without it a wide blur of a and b is hardly seen.
    """
    lab = to_lab(image)
    lab[..., 1:] = strength * np.asarray(blurred(lab[..., 1:], 1.5 * strength + 2), dtype=np.float32)
    return from_lab(lab)


def colour_shift(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Shift the green channel along a random diagonal, mostly near edges; strength is the way in pixels.

    Diagonals only: along the vertical and horizontal edges of photographs a long shift can be seen less than a
    short one across them.
    """
    step = round(strength / math.sqrt(2))
    dx, dy = (int(sign) * step for sign in rng.choice((-1, 1), size=2))
    height, width = image.shape[:2]
    rows = np.clip(np.arange(height) - dy, 0, height - 1)
    columns = np.clip(np.arange(width) - dx, 0, width - 1)
    green = image[..., 1].astype(np.float32)
    shifted = green[rows[:, None], columns[None, :]]
    result: ByteArray = image.copy()
    result[..., 1] = np.rint(green + _edge_mask(image) * (shifted - green)).astype(np.uint8)
    return result


def _edge_mask(image: ByteArray) -> FloatArray:
    """Return where edges are: (H, W) in [0, 1], gradient magnitude smoothed over 4 px, 1 % clipped a side."""
    grey = np.asarray(cv2.cvtColor(to_float(image), cv2.COLOR_RGB2GRAY), dtype=np.float32)
    down, right = np.gradient(grey)
    edges = np.asarray(blurred(np.hypot(down, right), 4), dtype=np.float32)
    low, high = np.percentile(edges, (1, 99))
    if high <= low:  # a flat image has no edges: shift all of it, which changes nothing inside
        return np.ones_like(edges)
    return np.asarray(np.clip((edges - low) / (high - low), 0, 1), dtype=np.float32)


def colour_quantization(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Leave few colours, dithered; strength is the size of the palette."""
    # A quarter of the pixels gives as good a palette in a quarter of the time.
    sample = Image.fromarray(np.ascontiguousarray(image[::2, ::2]))
    palette = sample.quantize(int(strength), method=Image.Quantize.MEDIANCUT)
    few = Image.fromarray(image).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return np.array(few.convert("RGB"))


def desaturation(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Multiply the saturation of HSV by strength: 0 is grey, below 0 the complementary hue.

    As S * V = V - min(R, G, B) with V = max(R, G, B), this is `V - strength * (V - RGB)` in each channel.
    """
    values = to_float(image)
    brightest = values.max(axis=2, keepdims=True)
    return to_bytes(brightest - np.float32(strength) * (brightest - values))


def oversaturation(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Multiply a and b of L*a*b* by strength."""
    lab = to_lab(image)
    lab[..., 1:] *= np.float32(strength)
    return from_lab(lab)
