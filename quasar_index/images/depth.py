"""Which values of a deep picture are black and white: 16-bit and 32-bit integers, signed ones, floating point.

The type and TIFF's tags say it where they can (BitsPerSample, SMaxSampleValue, white-is-zero); else the values tell
apart the ranges that are in use, with a margin, so that neither a few hot pixels nor overshoot changes the scale:

    floating point   0..1 where all but one value in 10,000 are at most 1.5; else 0..255 or 0..65535, where one in 100
                     reaches a sixteenth of the range and all but one in 10,000 are at most 1.5 times the range
    16 bits          0..65535 where more than one value in 10,000 exceeds 4095, which 12-bit sensors do not
    signed 16 bits   0..255 where all but one in 10,000 hold it; 0..32767 where more exceed 4095
    32 bits          0..255 likewise; 0..65535 where they exceed 4095; all of the type where one in 100 reaches 2^24

All else fits two readings, of which one would be nearly black or white: an error, never a guess. Resampling and
sharpening overshoot by a fifth at most (1.5 leaves room), hot pixels are fewer than one in 10,000.

Rule 1 had no tags and no margin: 0..65535 for integers, 0..1 for floating point up to 1, else 0..255.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from ..arrays import ByteArray, DoubleArray
from ..errors import ImageError
from .strips import cropped, strips

MARGIN = 1.5
"""Largest value of a range, as a multiple of its white."""
WHITE = 65535.0
HOT = 10_000
"""One value in so many may lie outside."""
REACH = 16
"""One value in 100 must reach white divided by this, else the range is too wide to be meant."""

_FLOAT_RANGES = (1.0, 255.0, 65535.0)
_BITS, _COMPRESSION, _PHOTOMETRIC, _HIGH, _PLANES, _FORMAT, _LOWEST, _HIGHEST = _TAGS = (
    258, 259, 262, 281, 284, 339, 340, 341,
)  # fmt: skip
_SIGNED = 2
_WRITTEN_BY_HAND = ("TIFF", "PNG", "PPM")
"""Formats whose writers leave 12 bits in 16 as they are."""
_BY_HAND = "convert it to 8 bits a channel, or say its range by TIFF's tag SMaxSampleValue"
_OF_12_BITS = "hardly exceed 4095: 12 bits, or a nearly black picture?"

Parts: TypeAlias = Callable[[], Iterable[DoubleArray]]
"""Gives the values of a picture part by part; called anew for each pass."""


@dataclass(frozen=True)
class Range:
    """What a channel's numbers mean.

    Attributes:
        white: Value that becomes 255; with `inverted`, 0.
        black: Value that becomes 0; with `inverted`, 255.
        inverted: Whether white is zero.
    """

    white: float
    black: float = 0.0
    inverted: bool = False

    def to_levels(self, values: DoubleArray) -> DoubleArray:
        """Scale values to 0..255, clipped, not rounded; NaN is black."""
        levels = np.clip((values - self.black) * (255.0 / (self.white - self.black)), 0, 255)
        return np.nan_to_num(255.0 - levels if self.inverted else levels)


@dataclass(frozen=True)
class Samples:
    """How a file stores its samples, as far as Pillow's mode does not tell.

    Attributes:
        bits: Of a sample.
        signed: Whether they are signed integers.
        tags: Those of a TIFF file's page; empty for other formats.
        colour: Whether a sample of more than 8 bits is one of several, of which Pillow keeps the upper byte.
    """

    bits: int
    signed: bool
    tags: dict[int, Any]
    colour: bool

    @classmethod
    def of(cls, image: Image.Image) -> Samples:
        """Read how an opened image, which is not loaded, is stored.

        Raises:
            ImageError: When its samples are signed bytes, which Pillow takes for unsigned ones.
        """
        found: Any = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
        tags = {tag: found[tag] for tag in _TAGS if tag in found}
        raw = " ".join(str(_raw_mode(tile)) for tile in getattr(image, "tile", ()))
        bits = _first(tags.get(_BITS)) or (16 if ";16" in raw or image.mode.startswith("I") else 8)
        signed = _first(tags.get(_FORMAT)) == _SIGNED
        if signed and bits <= 8:
            raise ImageError("its samples are signed bytes", "convert it to unsigned ones")
        is_scaled = image.format == "PPM" and ";16" not in raw  # by the greatest value that its head names
        if bits == 16 and (is_scaled or image.format not in _WRITTEN_BY_HAND):
            tags = {_HIGHEST: 65535}  # a codec knows the depth of its pixels
        if bits == 16 and _first(tags.get(_PLANES)) == 2 and _first(tags.get(_COMPRESSION)) == 1:
            _read_planes(image, ";16L" if found.prefix == b"II" else ";16B")
        return cls(int(bits), signed, tags, ";16" in raw and not is_deep(image))


def is_deep(image: Image.Image) -> bool:
    """Tell whether Pillow gives one channel of more than 8 bits."""
    return image.mode == "F" or image.mode.startswith("I")


def values_of(image: Image.Image, range_: Range | None = None) -> DoubleArray:
    """Return one deep channel as (H, W) numbers; unsigned ones of 32 bits, whose range says so, unwrapped."""
    values = np.asarray(image)
    if image.mode == "I" and range_ is not None and range_.white > 2**31:
        values = values.view(np.uint32)
    return values.astype(np.float64)


def first_range(image: Image.Image) -> Range:
    """Return the range of a deep picture by input rule 1."""
    if image.mode != "F":
        return Range(65535.0)
    highest = max(float(np.nan_to_num(values_of(part)).max()) for part in cropped(image))
    return Range(1.0 if highest <= 1 else 255.0)


def find_range(image: Image.Image, samples: Samples) -> Range:
    """Return the range of a deep picture.

    Args:
        image: Of one deep channel (`is_deep`), loaded.
        samples: How its file stores them.

    Raises:
        ImageError: When its values fit several ranges, or none.
    """
    inverted = samples.tags.get(_PHOTOMETRIC) == 0
    all_bits = Range(float(2**32 - 1)) if samples.bits == 32 and not samples.signed else None
    counts = _Counts(lambda: (values_of(part, all_bits) for part in cropped(image)))
    if image.mode == "F":
        white = _declared(samples.tags, counts, lambda top: next((r for r in _FLOAT_RANGES if top <= MARGIN * r), 0.0))
        white = white or _float_white(counts)
    else:
        white = _integer_white(samples, counts)
    black = -white if float(_first(samples.tags.get(_LOWEST)) or 0.0) <= -white / 2 else 0.0
    if counts.below(black - white / 4) > counts.hot:
        raise ImageError("many of its values are negative, and no tag says which is black", _BY_HAND)
    return Range(white, black, inverted)


def has_two_bytes(image: Image.Image, samples: Samples) -> bool:
    """Tell whether a loaded picture is the upper bytes of several 16-bit channels."""
    return samples.colour and image.mode in ("RGB", "RGBA")


def is_dark(image: Image.Image) -> bool:
    """Tell whether hardly any of the upper bytes of a picture exceeds that of 4095."""
    counts = image.histogram()
    n_bright = sum(sum(counts[start + 16 : start + 256]) for start in (0, 256, 512))
    return n_bright <= max(1, 3 * image.width * image.height // HOT)


def lower_bytes(image: Image.Image) -> Image.Image:
    """Load an opened image of several 16-bit channels with the lower bytes, of which Pillow else keeps the upper.

    Raises:
        ImageError: When Pillow cannot.
    """
    try:
        Samples.of(image)
        for row, tile in enumerate(image.tile):  # type: ignore[attr-defined]
            raw = _raw_mode(tile)
            kept = raw[:-1] + {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}[raw[-1]]
            args = kept if isinstance(tile.args, str) else (kept, *tile.args[1:])
            image.tile[row] = tile._replace(args=args)  # type: ignore[attr-defined]
        image.load()
    except Exception as error:
        raise ImageError(f"its 16-bit values {_OF_12_BITS}", _BY_HAND) from error
    return image


def white_of(image: Image.Image, low: Image.Image, samples: Samples) -> float:
    """Return the white of several 16-bit channels.

    Args:
        image: Their upper bytes, RGB or RGBA.
        low: Their lower bytes (`lower_bytes`).
        samples: How their file stores them.

    Raises:
        ImageError: When their values fit several ranges.
    """
    return _integer_white(samples, _Counts(partial(_joined, image, low)))


def add_lower_bytes(
    image: Image.Image, low: Image.Image, white: float, convert: Callable[[DoubleArray], ByteArray] | None = None
) -> None:
    """Scale the upper bytes of several 16-bit channels to 8 bits by all of their bits, in place; alpha stays.

    Args:
        image: The upper bytes, RGB or RGBA.
        low: The lower bytes (`lower_bytes`).
        white: Value that becomes 1.
        convert: From (..., 3) colours in [0, 1] to 8 bits; None to scale and round them.
    """
    for box, values in zip(strips(image.size), _joined(image, low), strict=True):
        colours = np.clip(values / white, 0, 1)
        part = Image.fromarray(np.rint(colours * 255).astype(np.uint8) if convert is None else convert(colours))
        if image.mode == "RGBA":
            part.putalpha(image.crop(box).getchannel("A"))
        image.paste(part, box)


def _joined(image: Image.Image, low: Image.Image) -> Iterator[DoubleArray]:
    """Return the values of upper and lower bytes, strip by strip."""
    for high, rest in zip(cropped(image), cropped(low), strict=True):
        yield np.asarray(high)[..., :3].astype(np.float64) * 256.0 + np.asarray(rest)[..., :3]


def _declared(tags: dict[int, Any], counts: _Counts, white: Callable[[float], float]) -> float:
    """Return the white that a tag or the depth says, 0 where none does or the values contradict it."""
    top = _first(tags.get(_HIGHEST)) or _first(tags.get(_HIGH))
    if not top or not np.isfinite(top) or top <= 0:
        return 0.0
    found = white(float(top))
    return found if found and counts.above(MARGIN * found) <= counts.hot else 0.0


def _of_bits(top: float) -> float:
    """Return the largest value of as many bits as a value needs: of 8, 10, 12, 14, 15, 16, 31 or 32."""
    return next((float(2**bits - 1) for bits in (8, 10, 12, 14, 15, 16, 31, 32) if top <= 2**bits - 1), 0.0)


def _float_white(counts: _Counts) -> float:
    """Return the white of floating-point values."""
    for white in _FLOAT_RANGES:
        reaches = white == 1 or counts.above(white / REACH) * 100 >= counts.n
        if reaches and counts.above(MARGIN * white) <= counts.hot:
            return white
    raise ImageError(
        f"its floating-point values, up to {counts.highest:.4g}, fit none of the ranges 0..1, 0..255 and 0..65535",
        _BY_HAND,
    )


def _integer_white(samples: Samples, counts: _Counts) -> float:
    """Return the white of integers."""
    if declared := _declared(samples.tags, counts, _of_bits):
        return declared
    bits = samples.bits
    full = float(2 ** (bits - samples.signed) - 1)
    wide = bits > 16 or samples.signed
    if bits < 16 or (bits == 16 and counts.above(4095) > counts.hot):
        return full
    if bits == 16 and counts.above(15) <= counts.hot:
        return full  # black in whichever range
    if wide and counts.above(255) <= counts.hot:
        return 255.0
    if bits == 16 or counts.above(4095) <= counts.hot:
        raise ImageError(
            f"its {bits}-bit values {_OF_12_BITS}"
            if counts.above(255) > counts.hot
            else f"its {bits}-bit values hardly exceed 255: 8 bits, or a black picture?",
            _BY_HAND,
        )
    if counts.above(65535) <= counts.hot:
        return 65535.0
    if counts.above(2**24) * 100 >= counts.n:
        return full
    raise ImageError(f"its {bits}-bit values, up to {counts.highest:.0f}, fill neither 16 bits nor {bits}", _BY_HAND)


class _Counts:
    """Counts the finite values of a picture beyond a threshold; each count is a pass over it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.n, self.lowest, self.highest = 0, np.inf, -np.inf
        for part in parts():
            finite = part[np.isfinite(part)]
            if finite.size:
                self.n += finite.size
                self.lowest = min(self.lowest, float(finite.min()))
                self.highest = max(self.highest, float(finite.max()))
        if self.n == 0:
            raise ImageError("none of its values is a number", "make it anew")
        self.hot = max(1, self.n // HOT)

    def above(self, threshold: float) -> int:
        if self.highest <= threshold:
            return 0
        return self._sum(lambda part: (part > threshold) & np.isfinite(part))

    def below(self, threshold: float) -> int:
        if self.lowest >= threshold:
            return 0
        return self._sum(lambda part: (part < threshold) & np.isfinite(part))

    def _sum(self, chosen: Callable[[DoubleArray], Any]) -> int:
        return sum(int(np.count_nonzero(chosen(part))) for part in self._parts())


def _read_planes(image: Image.Image, order: str) -> None:
    """Have planes of 16 bits loaded as such, which Pillow takes for planes of bytes where they are not compressed."""
    tiles: list[Any] = image.tile  # type: ignore[attr-defined]
    tiles[:] = [tile._replace(args=(_raw_mode(tile) + order, *tile.args[1:])) for tile in tiles]


def _raw_mode(tile: Any) -> str:
    args = tile.args
    return args if isinstance(args, str) else str(args[0]) if args else ""


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and value else value
