"""A contact sheet: one image under every distortion and level, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..arguments import checked
from ..arrays import ByteArray
from .registry import DISTORTIONS, LEVELS, Distortion, check_image, distort, find_distortion

_GAP = 6
_CAPTION = 16
_HEADER = 26
_LABEL_WIDTH = 208
_INK = (20, 20, 20)
_FAINT = (110, 110, 110)


@checked
def contact_sheet(
    image: ByteArray, *, types: Sequence[str] | None = None, side: int = 240, seed: int = 0
) -> Image.Image:
    """Draw an image under distortions (rows) and levels (columns), with the strength below each tile.

    The image is shrunk first and distorted then, so that tiles show true pixels: faults whose size is in
    pixels, such as blur, look stronger on a tile than on the whole image.

    Args:
        image: (H, W, 3) uint8 RGB, H and W at least 32.
        types: Names of distortions, or None for all 25.
        side: Longer side of a tile in pixels, at least 64; smaller images are not enlarged.
        seed: Seed of noise and positions.

    Returns:
        An RGB image with a header row and a column of names.

    Raises:
        DataError: On an unfit image or an unknown name.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> sheet = qi.synthesis.contact_sheet(np.full((64, 64, 3), 128, dtype=np.uint8), types=["jpeg"])
        >>> sheet.save("sheet.png")
    """
    check_image(image)
    rows = list(DISTORTIONS.values()) if types is None else [find_distortion(name) for name in types]
    tile = _shrunk(image, max(64, side))
    tile_height, tile_width = tile.shape[:2]
    row_height = tile_height + _CAPTION + _GAP
    column_width = max(tile_width, 64) + _GAP
    size = (_LABEL_WIDTH + column_width * (1 + len(LEVELS)), _HEADER + row_height * len(rows))
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font, small = ImageFont.load_default(14), ImageFont.load_default(11)

    for column, title in enumerate(("original", *(f"level {level}" for level in LEVELS))):
        draw.text((_LABEL_WIDTH + column * column_width, 5), title, _INK, font)
    for row, distortion in enumerate(rows):
        top = _HEADER + row * row_height
        _label(draw, distortion, top, font, small)
        sheet.paste(Image.fromarray(tile), (_LABEL_WIDTH, top))
        for column, level in enumerate(LEVELS, start=1):
            left = _LABEL_WIDTH + column * column_width
            rng = np.random.default_rng((seed, distortion.number, level))
            sheet.paste(Image.fromarray(distort(tile, distortion.name, level, rng=rng)), (left, top))
            draw.text((left, top + tile_height + 2), f"{distortion.levels[level - 1]:g}", _FAINT, small)
    return sheet


def _label(
    draw: ImageDraw.ImageDraw,
    distortion: Distortion,
    top: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    small: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    # The one long name is broken after its first words, to leave the room to the tiles.
    name = distortion.name.replace("-color-component", "\n-color-component")
    lines = f"{distortion.number:02d} {name}"
    draw.multiline_text((_GAP, top), lines, _INK, font, spacing=2)
    bottom = draw.multiline_textbbox((_GAP, top), lines, font, spacing=2)[3]
    draw.multiline_text((_GAP, bottom + 4), f"{distortion.kind}\n{distortion.parameter}", _FAINT, small, spacing=2)


def _shrunk(image: ByteArray, side: int) -> ByteArray:
    picture = Image.fromarray(image)
    # A strip keeps at least the 32 px that the distortions need.
    scale = max(min(1.0, side / max(picture.size)), 32 / min(picture.size))
    size = (round(picture.width * scale), round(picture.height * scale))
    return np.array(picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
