"""The 25 distortion types of KADID-10k and KADIS-700k (Lin, Hosu, Saupe, QoMEX 2019), five levels each.

Numbers, order and strengths are those of the authors' public MATLAB code (`imdist_generator.m`), except where
a level of theirs leaves the image as it is or breaks the order: an anchor called distorted must be so, and a
higher level must be worse. Changed are 01 (0.1, 0.5 -> 0.5, 0.7), 03 (1, 2 -> 2, 3) and 08 (1 -> 1.5). In 18
and 25 the authors go from more over none to less (0.15, 0.08, 0, -0.08, -0.15 and 0.3, 0.15, 0, -0.4, -0.6);
here a level is the size of the change, up to about theirs, and its direction is drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

import numpy as np

from ..arguments import checked
from ..arrays import ByteArray
from ..errors import DataError
from .blur import gaussian_blur, lens_blur, motion_blur
from .brightness import brighten, darken, mean_shift
from .colour import (
    colour_diffusion,
    colour_quantization,
    colour_shift,
    desaturation,
    oversaturation,
)
from .compression import jpeg, jpeg2000
from .contrast import contrast_change, high_sharpen
from .noise import denoise, impulse_noise, multiplicative_noise, white_noise, ycbcr_noise
from .spatial import colour_block, jitter, non_eccentricity_patch, pixelate, quantization

LEVELS = (1, 2, 3, 4, 5)
"""The levels of every distortion, from weakest to strongest."""
MIN_SIDE = 32
"""Smallest height and width, in pixels, that `distort` takes."""

DistortionFunction: TypeAlias = Callable[[ByteArray, float, np.random.Generator], ByteArray]


@dataclass(frozen=True)
class Distortion:
    """One type of distortion.

    Attributes:
        name: Name in KADID-10k's spelling, lower case with hyphens.
        number: 1..25, KADID-10k's number, part of its file names.
        kind: Family: blur, colour, compression, noise, brightness, spatial, sharpness or contrast.
        parameter: What a strength means, with its unit.
        levels: Strengths of levels 1..5, strictly rising or strictly falling.
        function: `(image, strength, rng) -> image`; neither checks nor modifies its input.
    """

    name: str
    number: int
    kind: str
    parameter: str
    levels: tuple[float, float, float, float, float]
    function: DistortionFunction


_Row: TypeAlias = tuple[str, int, str, str, tuple[float, float, float, float, float], DistortionFunction]

_TABLE: tuple[_Row, ...] = (
    ("gaussian-blur", 1, "blur", "standard deviation, px", (0.5, 0.7, 1, 2, 5), gaussian_blur),
    ("lens-blur", 2, "blur", "radius, px", (1, 2, 4, 6, 8), lens_blur),
    ("motion-blur", 3, "blur", "length, px", (2, 3, 4, 6, 10), motion_blur),
    ("color-diffusion", 4, "colour", "blur and gain of a, b", (1, 3, 6, 8, 12), colour_diffusion),
    ("color-shift", 5, "colour", "shift of green, px", (1, 3, 6, 8, 12), colour_shift),
    ("color-quantization", 6, "colour", "colours", (64, 48, 32, 16, 8), colour_quantization),
    ("color-saturation-1", 7, "colour", "factor on HSV saturation", (0.4, 0.2, 0.1, 0, -0.4), desaturation),
    ("color-saturation-2", 8, "colour", "factor on a, b", (1.5, 2, 3, 6, 9), oversaturation),
    ("jpeg2000", 9, "compression", "compression ratio", (16, 32, 45, 120, 400), jpeg2000),
    ("jpeg", 10, "compression", "libjpeg quality", (43, 36, 24, 7, 4), jpeg),
    ("white-noise", 11, "noise", "variance", (0.001, 0.002, 0.003, 0.005, 0.01), white_noise),
    (
        "white-noise-color-component",
        12,
        "noise",
        "variance, YCbCr",
        (1e-4, 5e-4, 1e-3, 2e-3, 3e-3),
        ycbcr_noise,
    ),
    ("impulse-noise", 13, "noise", "share of values", (0.001, 0.005, 0.01, 0.02, 0.03), impulse_noise),
    ("multiplicative-noise", 14, "noise", "variance", (0.001, 0.005, 0.01, 0.02, 0.05), multiplicative_noise),
    ("denoise", 15, "noise", "variance of its noise", (0.01, 0.03, 0.05, 0.1, 0.15), denoise),
    ("brighten", 16, "brightness", "twice the rise of mid-grey", (0.1, 0.2, 0.4, 0.7, 1.1), brighten),
    ("darken", 17, "brightness", "twice the fall of mid-grey", (0.05, 0.1, 0.2, 0.4, 0.8), darken),
    ("mean-shift", 18, "brightness", "offset of either sign", (0.04, 0.06, 0.08, 0.12, 0.15), mean_shift),
    ("jitter", 19, "spatial", "deviation of 5 offsets, px", (0.05, 0.1, 0.2, 0.5, 1), jitter),
    ("non-eccentricity-patch", 20, "spatial", "patches", (20, 40, 60, 80, 100), non_eccentricity_patch),
    ("pixelate", 21, "spatial", "s, scale 0.95 - s^0.6", (0.01, 0.05, 0.1, 0.2, 0.5), pixelate),
    ("quantization", 22, "spatial", "tones a channel", (20, 16, 13, 10, 7), quantization),
    ("color-block", 23, "spatial", "blocks", (2, 4, 6, 8, 10), colour_block),
    ("high-sharpen", 24, "sharpness", "gain of detail", (1, 2, 3, 6, 12), high_sharpen),
    (
        "contrast-change",
        25,
        "contrast",
        "bend of either sign",
        (0.15, 0.25, 0.35, 0.45, 0.55),
        contrast_change,
    ),
)

DISTORTIONS: dict[str, Distortion] = {row[0]: Distortion(*row) for row in _TABLE}
"""All distortions by name, in the order of their numbers."""


def find_distortion(name: str) -> Distortion:
    """Return the distortion of this name.

    Raises:
        DataError: Where there is none.
    """
    try:
        return DISTORTIONS[name]
    except KeyError:
        near = get_close_matches(name, DISTORTIONS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(DISTORTIONS)}"
        raise DataError(f"there is no distortion {name!r}", hint) from None


def check_level(level: int) -> None:
    """Raise DataError unless a level is one of 1..5."""
    if not isinstance(level, int | np.integer) or level not in LEVELS:
        raise DataError(f"there is no level {level!r}", "levels are 1 (weakest) to 5 (strongest)")


def check_image(image: ByteArray) -> None:
    """Raise DataError unless an image is (H, W, 3) uint8 with both sides at least 32 px."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        what = f"shape {image.shape}, type {image.dtype}" if isinstance(image, np.ndarray) else type(image).__name__
        raise DataError(f"an image to distort is {what}", "an (H, W, 3) uint8 RGB array is needed")
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise DataError(
            f"an image of {width} x {height} px is too small to distort",
            f"both sides need {MIN_SIDE} px at least",
        )


@checked
def distort(image: ByteArray, name: str, level: int, *, rng: np.random.Generator) -> ByteArray:
    """Apply one distortion at one level.

    Args:
        image: (H, W, 3) uint8 RGB, H and W at least 32; not modified.
        name: A key of `DISTORTIONS`.
        level: 1 (weakest) to 5 (strongest).
        rng: Source of noise, positions and directions; the same state gives the same result.

    Returns:
        A new (H, W, 3) uint8 RGB array.

    Raises:
        DataError: On another shape or type, an image too small, an unknown name or level.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> image = np.full((32, 32, 3), 128, dtype=np.uint8)
        >>> noisy = qi.synthesis.distort(image, "white-noise", 3, rng=np.random.default_rng(0))
        >>> noisy.shape, bool(noisy.std() > image.std())
        ((32, 32, 3), True)
    """
    distortion = find_distortion(name)
    check_level(level)
    check_image(image)
    image = np.ascontiguousarray(image)  # OpenCV refuses some strides, such as those of a flipped view
    return distortion.function(image, distortion.levels[level - 1], rng)
