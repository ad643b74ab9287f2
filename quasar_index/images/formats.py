"""Which files count as images by the ending of their name, which formats are tried, and what an extra would add.

This is the only list of endings. Those of `FORMATS` are what Pillow registers for them; the rest come with a package
that an extra installs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from PIL import Image, features

from ..arguments import checked
from ..errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "MPO", "PPM", "JPEG2000", "AVIF", "HEIF", "JXL")
"""Formats that are tried, whatever a file is called; the last two where their plugin for Pillow is installed.

Not Pillow's thirty others: of EPS it runs Ghostscript, a program interpreter, and most are seldom used and tested.
"""

# Names that browsers and stereo cameras give to JPEG files, unknown to Pillow.
_FURTHER = {".jps": "JPEG", ".pjp": "JPEG", ".pjpeg": "JPEG"}


@dataclass(frozen=True)
class Extra:
    """A package that reads further formats.

    Attributes:
        name: Of the extra that installs it: `pip install -e '.[NAME]'`.
        module: What is imported.
        what: What it reads, for messages.
        endings: Of the names of such files.
        format: Pillow's name of the format; empty where it is no plugin for Pillow.
    """

    name: str
    module: str
    what: str
    endings: tuple[str, ...]
    format: str = ""

    @property
    def is_here(self) -> bool:
        """Whether the package is installed; it is not imported."""
        return self.format in Image.OPEN or find_spec(self.module) is not None

    @property
    def mend(self) -> str:
        """The command that installs it."""
        return install([self.name])

    def load(self) -> None:
        """Import the package, and register it as a plugin for Pillow where it is one.

        Raises:
            ImageError: When it is not installed, or cannot be imported.
        """
        if self.format and self.format in Image.OPEN:
            return
        try:
            module = import_module(self.module)
        except ImportError as error:
            raise ImageError(f"{self.what}, which needs the package {self.module}", self.mend) from error
        if self.format == "HEIF":
            # Images are decoded side by side already: threads of its own would only compete.
            module.register_heif_opener(decode_threads=1)


HEIF = Extra("formats", "pillow_heif", "a HEIC picture", (".heic", ".heics", ".heif", ".heifs", ".hif"), "HEIF")
JXL = Extra("formats", "pillow_jxl", "a JPEG XL picture", (".jxl",), "JXL")
RAW = Extra(
    "raw",
    "rawpy",
    "a raw photograph",
    (
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".k25", ".kdc"),
        *(".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw"),
        ".x3f",
    ),
)
EXTRAS = (HEIF, JXL, RAW)

# Of what Pillow has endings for, the formats that are no pictures, or many at once.
_NO_PICTURES = frozenset(("BUFR", "GRIB", "HDF5", "MPEG", "PDF"))
# Pictures that neither Pillow's list of endings nor an extra knows, for messages.
_OTHER_PICTURES = frozenset((".ai", ".dcm", ".exr", ".hdp", ".hdr", ".jxr", ".psb", ".svg", ".svgz", ".wdp", ".xcf"))


def install(extras: Iterable[str]) -> str:
    """Return the command that installs some extras."""
    return f"pip install -e '.[{','.join(sorted(set(extras)))}]'"


def ending_of(name: str) -> str:
    """Return the ending of a file's name in lower case, with its dot; also of a URL."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122


@cache
def _pillow_endings() -> dict[str, str]:
    """Return all endings that Pillow registers, with their formats."""
    Image.init()
    return dict(Image.EXTENSION) | _FURTHER


def extra_of(name: str) -> Extra | None:
    """Return the extra that files of such a name need, installed or not; None where they need none."""
    ending = ending_of(name)
    return next((extra for extra in EXTRAS if ending in extra.endings), None)


@checked
def is_image_name(name: str) -> bool:
    """Tell by the ending of its name whether a file is an image that can be read, here or with an extra.

    Example:
        >>> import quasar_index as qi
        >>> [qi.images.is_image_name(name) for name in ("a.JPG", "b.heic", "c.dng", "notes.txt")]
        [True, True, True, False]
    """
    return extra_of(name) is not None or _pillow_endings().get(ending_of(name)) in FORMATS


@checked
def is_readable_name(name: str) -> bool:
    """Tell by the ending of its name whether a file is an image that can be read with what is installed.

    Example:
        >>> import quasar_index as qi
        >>> [qi.images.is_readable_name(name) for name in ("a.JPG", "b.jfif", "drawing.svg")]
        [True, True, False]
    """
    extra = extra_of(name)
    if extra is not None:
        return extra.is_here
    format_ = _pillow_endings().get(ending_of(name))
    return format_ in FORMATS and (format_ != "AVIF" or has_avif())


def is_other_picture(name: str) -> bool:
    """Tell by the ending of its name whether a file is a picture of a format that is not read."""
    ending = ending_of(name)
    if is_image_name(name):
        return False
    return ending in _OTHER_PICTURES or _pillow_endings().get(ending, "PDF") not in _NO_PICTURES


def readable_endings() -> list[str]:
    """Return the endings of the images that can be read with what is installed, sorted."""
    known = {*_pillow_endings(), *(ending for extra in EXTRAS for ending in extra.endings)}
    return sorted(ending for ending in known if is_readable_name(f"a{ending}"))


def has_avif() -> bool:
    """Tell whether this Pillow reads AVIF; some distributions build it without."""
    return bool(features.check("avif"))


def registered() -> list[str]:
    """Return those of `FORMATS` that this Pillow opens, with the plugins that are installed."""
    Image.init()
    for extra in EXTRAS:
        if extra.format and extra.is_here:
            with suppress(ImageError):  # what a broken package reads is refused where it comes up
                extra.load()
    return [name for name in FORMATS if name in Image.OPEN]
