"""The distortion types of the data sets that number them in file names, and how severe each level of them is.

A published level is not always a severity. Where a type changes an image to either side (brighter or darker), the
middle level is the mildest; one type of TID2013 counts its levels backwards, and of another, people like some levels
better than the original. `python -m tests.benchmarks.severity` compares the tables with the human scores of KADID-10k
and TID2013.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

KADID_DISTORTIONS = (
    "gaussian-blur",
    "lens-blur",
    "motion-blur",
    "color-diffusion",
    "color-shift",
    "color-quantization",
    "color-saturation-1",
    "color-saturation-2",
    "jpeg2000",
    "jpeg",
    "white-noise",
    "white-noise-color-component",
    "impulse-noise",
    "multiplicative-noise",
    "denoise",
    "brighten",
    "darken",
    "mean-shift",
    "jitter",
    "non-eccentricity-patch",
    "pixelate",
    "quantization",
    "color-block",
    "high-sharpen",
    "contrast-change",
)
"""KADID-10k and KADIS-700k: `I01_{type:02d}_{level:02d}`, types from 1."""

TID2013_DISTORTIONS = (
    "additive-gaussian-noise",
    "noise-in-color-components",
    "spatially-correlated-noise",
    "masked-noise",
    "high-frequency-noise",
    "impulse-noise",
    "quantization-noise",
    "gaussian-blur",
    "denoising",
    "jpeg",
    "jpeg2000",
    "jpeg-transmission-errors",
    "jpeg2000-transmission-errors",
    "non-eccentricity-pattern-noise",
    "local-block-wise-distortions",
    "mean-shift",
    "contrast-change",
    "change-of-color-saturation",
    "multiplicative-gaussian-noise",
    "comfort-noise",
    "lossy-compression-of-noisy-images",
    "color-quantization-with-dither",
    "chromatic-aberrations",
    "sparse-sampling-and-reconstruction",
)
"""TID2013: `I01_{type:02d}_{level}`, types from 1."""

Severities: TypeAlias = Mapping[str, "tuple[float, ...] | None"]
"""For each type of distortion the severity of its levels 1 to 5; None where its levels are none."""

MOST_SEVERE = 5.0
_RISING = (1.0, 2.0, 3.0, 4.0, 5.0)
_TWO_SIDED = (2.0, 1.0, 0.0, 1.0, 2.0)

KADID_SEVERITIES: Severities = MappingProxyType(
    dict.fromkeys(KADID_DISTORTIONS, _RISING) | {"mean-shift": _TWO_SIDED, "contrast-change": _TWO_SIDED}
)
"""KADID-10k and KADIS-700k. Types 18 and 25 go from more over (nearly) none to less: distance from level 3."""

TID2013_SEVERITIES: Severities = MappingProxyType(
    dict.fromkeys(TID2013_DISTORTIONS, _RISING)
    | {"local-block-wise-distortions": _RISING[::-1], "contrast-change": None}
)
"""TID2013. Type 15 has fewer and larger blocks at higher levels, which people mind less; of type 17, the even levels
raise the contrast, which they like, and the odd ones lower it."""


def severity_of(distortion: str | None, level: int | None, severities: Severities = KADID_SEVERITIES) -> float | None:
    """Return how severe a distortion is, from 0 (an undistorted image) to 5.

    Args:
        distortion: Name of its type; None for a reference image.
        level: Its level; 0 for a reference image, None where it is not known.
        severities: The table of the data set.

    Returns:
        The severity; None where it is not known.
    """
    if level == 0:
        return 0.0
    by_level = severities.get(distortion or "")
    return by_level[level - 1] if by_level and level is not None and 1 <= level <= len(by_level) else None
