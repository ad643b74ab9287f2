"""Embedded colour profiles: pixels become sRGB, as every viewer that manages colour shows them.

Relative colorimetric with black point compensation: colours that sRGB has stay what they are, white stays white and
black black, whatever the ink or the display; between profiles of displays it is what browsers do. A profile that is
broken, or of another colour space than its picture, is left aside, as browsers do. PNG's gAMA, cHRM and cICP, EXIF's
colour space and the primaries of AVIF and HEIC without a profile are not looked at: they are often wrong or missing.

Most profiles are one of few sRGBs: each is tried on a grid of colours once, and costs nothing where it changes none.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from .shaper import Shaper, find_shaper

MOST_BYTES = 4 << 20
"""Largest profile that is used; printers' with three intents have two megabytes."""
SAME = 2
"""Levels of 255 by which a colour may change where a profile still counts as sRGB: rounding, tables of few points."""

_MODES = {
    b"RGB ": ("RGB", {"RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "YCbCr"}),
    b"GRAY": ("L", {"1", "L", "LA", "La", "F"}),
    b"CMYK": ("CMYK", {"CMYK"}),
}
"""Colour spaces of profiles: the mode in which pixels are converted, and the modes of pictures that may carry one."""
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")


@dataclass(frozen=True)
class Conversion:
    """From the colours of a profile to sRGB.

    Attributes:
        mode: Pillow's mode of what it takes: "RGB", "L", "CMYK" or "LAB".
        transform: Pillow's; threads may share it.
        greys: What becomes of the 256 levels of one channel; None for colours.
        shaper: The same in full precision, for 16-bit colours; None where the profile works by tables.
    """

    mode: str
    transform: Any
    greys: list[int] | None = None
    shaper: Shaper | None = None

    def apply(self, image: Image.Image) -> Image.Image:
        """Convert an image to RGB, or grey to grey; its alpha, where it has one, is dropped."""
        if image.mode != self.mode:
            grey = self.mode == "L" and image.mode == "RGBA"  # whose three channels are the same
            image = image.getchannel("R") if grey else image.convert(self.mode)
        if self.greys is not None:
            return image.point(self.greys)
        converted: Image.Image = self.transform.apply(image)
        return converted


def find_conversion(image: Image.Image) -> Conversion | None:
    """Find what an image's colours need to become sRGB; None where they are sRGB, or nothing usable says otherwise."""
    if image.mode == "LAB":
        return _of_lab()
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not 128 <= len(profile) <= MOST_BYTES or profile[12:16] not in _CLASSES:
        return None
    mode, fitting = _MODES.get(profile[16:20], ("", set()))
    if image.mode not in fitting and not (mode == "L" and image.mode.startswith("I")):
        return None
    return _of_profile(profile, mode)


@lru_cache(maxsize=8)
def _of_profile(profile: bytes, mode: str) -> Conversion | None:
    from PIL import ImageCms

    try:
        found = _to_srgb(ImageCms.ImageCmsProfile(io.BytesIO(profile)), mode)
        if mode == "L":
            found = replace(found, greys=np.asarray(found.apply(_sample(mode)))[0, :, 1].tolist())
        sample = _sample(mode)
        changed = np.asarray(found.apply(sample).convert("RGB")).astype(int) - np.asarray(sample.convert("RGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # broken
    if mode != "CMYK" and np.abs(changed).max() <= SAME:
        return None
    return replace(found, shaper=find_shaper(profile)) if mode == "RGB" else found


@lru_cache(maxsize=1)
def _of_lab() -> Conversion:
    from PIL import ImageCms

    return _to_srgb(ImageCms.createProfile("LAB"), "LAB")


def _to_srgb(profile: Any, mode: str) -> Conversion:
    from PIL import ImageCms

    # Its shortcuts are wrong by ten levels for dark greys, whose few levels need none.
    exact = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
    transform = ImageCms.ImageCmsTransform(
        ImageCms.ImageCmsProfile(profile) if not isinstance(profile, ImageCms.ImageCmsProfile) else profile,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | exact,
    )
    return Conversion(mode, transform)


def _sample(mode: str) -> Image.Image:
    """Return an image of all grey levels, and for colours a grid of them."""
    levels = np.arange(256, dtype=np.uint8)
    if mode == "L":
        return Image.fromarray(levels[None])
    if mode == "CMYK":
        return Image.new("CMYK", (1, 1))
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    return Image.fromarray(np.concatenate([np.repeat(levels[:, None], 3, axis=1), grid])[None])
