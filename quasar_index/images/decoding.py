"""From a file to pixels: decoding, EXIF orientation, conversion to 8-bit sRGB, size limits.

Everything downstream sees uint8 arrays of shape (H, W, 3), RGB, upright. What the formats mean here, by input rule 2:
a TIFF file counts as its first full page (`pages.py`), deep pictures are scaled to 8 bits (`depth.py`), embedded colour
profiles are converted to sRGB (`colour.py`), transparency is laid over white (as a viewer shows it), an animation
counts as its first frame, CMYK without a profile and palettes are converted by Pillow.

An index embeds every query by the rule that it was built with. Rule 1 took the first page of a TIFF, whatever it was,
knew no profiles, and scaled deep pictures by less; of 8-bit sRGB pictures both give the same pixels.

Files come from strangers. So only formats in `FORMATS` are tried, sizes are checked in the header, only regular files
of a bounded size are read, and pixels are converted in strips: decoding one image takes at most about 12 bytes a pixel
(Pillow's image, its upright copy, the result), of some formats more (`weight_of`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..arguments import checked
from ..arrays import ByteArray
from ..errors import ImageError, first_line
from . import depth, jpeg2000, pages
from .colour import Conversion, find_conversion
from .formats import FORMATS
from .opening import opened, weight_of
from .raw import looks_raw
from .strips import strips
from .truncated import FILLING, describe, is_of_truncation, load_partly

MAX_PIXELS = 89_478_485
"""Largest image that is decoded, in pixels: Pillow's limit against decompression bombs (a quarter gigabyte of RGB)."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TOO_LARGE = "resize it, or raise the limit with --max-pixels"


@checked
def allow_pixels(max_pixels: int) -> None:
    """Set Pillow's own limit, which otherwise holds beside `decode`'s, for the whole process.

    Below it Pillow neither warns nor refuses; `decode` refuses what is above.

    Args:
        max_pixels: The largest image that will be decoded.
    """
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = max_pixels


@checked
def open_image(data: bytes, *, max_pixels: int = MAX_PIXELS, rule: int | None = None) -> Image.Image:
    """Open an encoded image by its header; no pixel is decoded.

    Args:
        data: The bytes of an image file.
        max_pixels: Largest width x height.
        rule: Version of the input rule, >= 1; None for the newest. By rule 1 a TIFF file is its first page.

    Raises:
        ImageError: When the bytes are empty, of none of `FORMATS` or damaged, when the image is too large, or when an
            extra is missing that such files need.
    """
    if not data:
        raise ImageError("the file is empty", "restore or remove it")
    page: pages.Page | None = None
    if rule != 1 and pages.is_tiff(data) and not looks_raw(data):
        found = pages.find_page(data)
        if isinstance(found, str):
            raise ImageError("it holds nothing but a preview", "export the photograph itself as JPEG or TIFF")
        page = found
        data = pages.beginning_with(data, page)
    try:
        image = opened(data, max_pixels=max_pixels)
        if page is not None and page.orientation and not page.is_first:
            image.getexif().setdefault(_ORIENTATION, page.orientation)
    except ImageError:
        raise
    except UnidentifiedImageError:
        if page is not None and (what := pages.describe(data, page)):
            raise ImageError(f"{what}, which cannot be read", "convert it to 8 bits a channel") from None
        raise ImageError("not an image in a known format", f"convert it to one of {', '.join(FORMATS[:5])}") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"it has more pixels than the limit of {max_pixels}", _TOO_LARGE) from error
    except Exception as error:
        # Pillow's plugins raise anything on damaged data.
        raise ImageError(f"its header cannot be read ({first_line(error)})", "restore or remove it") from error
    if image.width * image.height > max_pixels:
        raise ImageError(f"{image.width} x {image.height} pixels are more than the limit of {max_pixels}", _TOO_LARGE)
    return image


@checked
def decode(
    data: bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    admit: Callable[[int], None] | None = None,
    rule: int | None = None,
    on_truncated: Callable[[str], None] | None = None,
) -> ByteArray:
    """Decode an encoded image to upright 8-bit sRGB.

    Args:
        data: The bytes of an image file.
        max_pixels: Largest width x height that is decoded.
        admit: Called with the pixels of the image, more where its format takes more memory (`weight_of`), before any of
            them is decoded; it may wait until there is room for them.
        rule: Version of the input rule, >= 1, that of the encoder that the pixels are for
            (`encoder.spec.rule_version`); None for the newest.
        on_truncated: Called with what is missing where the file ends too early; missing pixels are grey then. With None
            such a file is an error.

    Returns:
        (H, W, 3) uint8 RGB, C-ordered, writable.

    Raises:
        ImageError: When the bytes are empty, no known image format, truncated, damaged or too large, when an extra is
            missing that such files need, or when nothing tells which of a deep picture's values is white.
    """
    image = open_image(data, max_pixels=max_pixels, rule=rule)
    if admit is not None:
        admit(round(image.width * image.height * weight_of(image)))
    try:
        return to_pixels(image, rule=rule, data=data, max_pixels=max_pixels)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"it has more pixels than the limit of {max_pixels}", _TOO_LARGE) from error
    except Exception as error:
        # Pillow's plugins raise anything on damaged data; MemoryError where the image is too large for this machine.
        mend = "restore or remove it"
        if is_of_truncation(error):
            if on_truncated is not None:
                return _decode_partly(data, max_pixels, rule, on_truncated)
            mend = "restore it, or score what is there with --tolerate-truncated"
        raise ImageError(f"cannot be decoded ({first_line(error)})", mend) from error
    finally:
        image.close()  # its pixels would else wait for Python to find a circle of references


def _decode_partly(data: bytes, max_pixels: int, rule: int | None, on_truncated: Callable[[str], None]) -> ByteArray:
    """Decode what is there of a truncated file, and say what is not."""
    opened_again = partial(open_image, max_pixels=max_pixels, rule=rule)
    missing = Image.new("L", (1, 1))

    def load(_: Image.Image) -> Image.Image:
        nonlocal missing
        image, missing = load_partly(data, opened_again)
        return image

    try:
        pixels = to_pixels(opened_again(data), rule=rule, data=data, max_pixels=max_pixels, load=load)
        hole = np.asarray(_upright(missing)) > 0
        pixels[hole] = FILLING
    except Exception as error:
        raise ImageError(f"cannot be decoded ({first_line(error)})", "restore or remove it") from error
    on_truncated(describe(hole))
    return pixels


def _load(image: Image.Image) -> Image.Image:
    image.load()
    return image


def to_pixels(
    image: Image.Image,
    *,
    rule: int | None = None,
    data: bytes = b"",
    max_pixels: int = MAX_PIXELS,
    load: Callable[[Image.Image], Image.Image] = _load,
) -> ByteArray:
    """Load an opened image and convert it as `decode` does.

    Args:
        image: What `open_image` returned.
        rule: As in `decode`.
        data: Its file, to decode colours of more than 8 bits otherwise than Pillow does; empty for none such.
        max_pixels: As in `decode`.
        load: Returns the image loaded, itself or another one of the same file.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ImageError: As `decode`; on damaged data Pillow raises anything.
    """
    samples = None if rule == 1 else depth.Samples.of(image)
    if samples is not None and image.format == "JPEG2000" and jpeg2000.colour_depth(data) > 8:
        image = jpeg2000.read_colours(data, image.size)
    image = _upright(load(image))
    range_, conversion = None, None
    if samples is None:
        range_ = depth.first_range(image) if depth.is_deep(image) else None
    else:
        range_ = depth.find_range(image, samples) if depth.is_deep(image) else None
        conversion = find_conversion(image)
        shaper = None if conversion is None else conversion.shaper
        if depth.has_two_bytes(image, samples) and (shaper is not None or depth.is_dark(image)):
            with open_image(data, max_pixels=max_pixels, rule=rule) as again:
                low = _upright(depth.lower_bytes(again))
            white = depth.white_of(image, low, samples) if depth.is_dark(image) else depth.WHITE
            depth.add_lower_bytes(image, low, white, None if shaper is None else shaper.apply)
            conversion = conversion if shaper is None else None
    convert = partial(_to_rgb, range_=range_, conversion=conversion)
    boxes = strips(image.size, small=range_ is not None or conversion is not None)
    if len(boxes) == 1:
        return convert(image)
    pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
    for box in boxes:
        pixels[box[1] : box[3]] = convert(image.crop(box))
    return pixels


def _upright(image: Image.Image) -> Image.Image:
    """Turn an image as its EXIF orientation says; metadata that cannot be read say nothing."""
    try:
        # Not ImageOps.exif_transpose, which copies the pixels in any case and writes the metadata anew.
        method = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Pillow raises SyntaxError, struct.error, ... by the kind of damage.
        return image
    return image if method is None else image.transpose(method)


def _to_rgb(image: Image.Image, *, range_: depth.Range | None, conversion: Conversion | None) -> ByteArray:
    """Convert a strip of any mode to (H, W, 3) uint8 RGB."""
    if range_ is not None:
        levels = range_.to_levels(depth.values_of(image, range_))
        if conversion is not None and conversion.greys is not None:
            # Between the levels too: of a linear profile the darkest are far apart.
            levels = np.interp(levels, np.arange(256), conversion.greys)
        return np.repeat(np.rint(levels).astype(np.uint8)[:, :, None], 3, axis=2)
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    if conversion is not None:
        image = conversion.apply(image)
    if alpha is not None:
        image = image.convert("RGBA")
        image.putalpha(alpha)
        image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 255, 255, 255)), image)
    return np.array(image.convert("RGB"))
