"""Profiles of displays in full precision: three curves and a matrix, applied to 16-bit colours.

Pillow's littleCMS takes 8 bits a channel. Of the wide spaces that photographers keep their 16-bit files in (ProPhoto
RGB, Adobe RGB) 8 bits are too few: what they convert to has steps that look like damage.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..arrays import ByteArray, DoubleArray

_SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
"""Colorants of sRGB as columns of XYZ under D50."""
_STEPS = 65536
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""Numbers of each type of parametric curve of ICC.1."""


@dataclass(frozen=True)
class Shaper:
    """A display's colours.

    Attributes:
        curves: (3, 65536) linear light of the levels of each channel, in [0, 1].
        matrix: (3, 3) from its linear colours to those of sRGB.
    """

    curves: DoubleArray
    matrix: DoubleArray

    def apply(self, values: DoubleArray) -> ByteArray:
        """Convert (..., 3) colours in [0, 1] to 8-bit sRGB, clipped."""
        levels = np.rint(np.clip(values, 0, 1) * (_STEPS - 1)).astype(np.int64)
        light = np.stack([curve[levels[..., channel]] for channel, curve in enumerate(self.curves)], axis=-1)
        light = np.clip(light @ self.matrix.T, 0, 1)
        encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
        pixels: ByteArray = np.rint(encoded * 255).astype(np.uint8)
        return pixels


def find_shaper(profile: bytes) -> Shaper | None:
    """Read the curves and the matrix of an RGB profile; None where it works by tables, has a grey black or damage."""
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        entries = [struct.unpack_from(">4sII", profile, 132 + 12 * row) for row in range(min(count, 100))]
        tags = {name: profile[start : start + size] for name, start, size in entries}
        if b"A2B0" in tags or b"A2B1" in tags:
            return None
        colorants = [np.array(struct.unpack_from(">3i", tags[name], 8)) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        with np.errstate(all="ignore"):
            curves = np.stack([_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")])
    except (struct.error, KeyError, ValueError, ArithmeticError):
        return None
    if not np.isfinite(curves).all() or curves[:, 0].max() > 1e-4:
        return None  # whose black would need compensation
    return Shaper(np.clip(curves, 0, 1), np.linalg.inv(_SRGB) @ np.stack(colorants, axis=1))


def _curve(tag: bytes) -> DoubleArray:
    """Return a curve of ICC.1 at all levels."""
    x = np.linspace(0, 1, _STEPS)
    kind, number = tag[:4], struct.unpack_from(">I", tag, 8)[0]
    if kind == b"curv":
        if number == 0:
            return x
        if number == 1:
            return np.asarray(x ** (struct.unpack_from(">H", tag, 12)[0] / 256))
        table = np.frombuffer(tag, dtype=">u2", count=number, offset=12) / 65535
        return np.interp(x, np.linspace(0, 1, number), table)
    form = number >> 16
    if kind != b"para" or form not in _PARAMETERS:
        raise ValueError(kind)
    given = [value / 65536 for value in struct.unpack_from(f">{_PARAMETERS[form]}i", tag, 12)]
    power, a, b, c, d, e, f = given + [1.0, 0.0, 0.0, -1.0, 0.0, 0.0][len(given) - 1 :]
    curved = np.maximum(a * x + b, 0) ** power
    if form in (1, 2):
        return np.asarray(np.where(x >= -b / a, curved, 0.0) + c)  # c is 0 in the first of them
    return np.asarray(np.where(x >= d, curved + e, c * x + f))
