"""Noise on values in [0, 1], and what a denoiser leaves of it."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ..arrays import ByteArray, FloatArray
from .pixels import to_bytes, to_float


def white_noise(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Add Gaussian noise to R, G and B; strength is its variance on values in [0, 1]."""
    return to_bytes(to_float(image) + _gaussian(image.shape, strength, rng))


def ycbcr_noise(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Add Gaussian noise to Y, Cb and Cr; strength is its variance on values in [0, 1]."""
    # OpenCV's channel order is Y, Cr, Cb, which is the same to noise of one variance.
    ycc = cv2.cvtColor(to_float(image), cv2.COLOR_RGB2YCrCb) + _gaussian(image.shape, strength, rng)
    return to_bytes(np.asarray(cv2.cvtColor(ycc, cv2.COLOR_YCrCb2RGB), dtype=np.float32))


def impulse_noise(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Turn values to 0 or 255, channel by channel; strength is the share of values hit."""
    chance = rng.random(image.shape, dtype=np.float32)
    result = np.where(chance < strength / 2, np.uint8(0), image)
    return np.where(chance > 1 - strength / 2, np.uint8(255), result)


def multiplicative_noise(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Multiply by 1 + Gaussian noise (speckle); strength is the variance of that noise."""
    return to_bytes(to_float(image) * (1 + _gaussian(image.shape, strength, rng)))


def denoise(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:
    """Add white noise and remove it by non-local means: detail is lost with it, and blotches stay.

    KADIS removes it with a network (DnCNN); non-local means does the same kind of harm without weights.
    Strength is the variance of the noise on values in [0, 1].
    """
    noisy = white_noise(image, strength, rng)
    # This h takes nearly all of the noise away; a search window of 7 px (OpenCV: 21) is nine times quicker.
    h = 1.2 * 255 * math.sqrt(strength)
    clean = cv2.fastNlMeansDenoising(noisy, None, h, 5, 7)
    return np.asarray(clean, dtype=np.uint8)


def _gaussian(shape: tuple[int, ...], variance: float, rng: np.random.Generator) -> FloatArray:
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise *= np.float32(math.sqrt(variance))
    return noise
