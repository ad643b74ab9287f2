"""The guide's table of what is read how: each row has an example here, and each example a row."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, features

from quasar_index.errors import ImageError
from quasar_index.images import decode, registered
from tests import colour_profiles as profiles
from tests.raw_photographs import dng

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "files.md").read_text(encoding="utf-8")
SECTION = GUIDE.partition("## What is read how")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", SECTION, flags=re.MULTILINE)[1:]
PHOTO = np.stack(np.broadcast_arrays(*np.ogrid[0:240:5, 0:256:4], 99), axis=2).astype(np.uint8)
GREY = PHOTO[:, :, 1]


def encoded(image, format_="PNG", **options):
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, format_, **options)
    return file.getvalue()


def tiff(*pages, **options):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for pixels, arguments in pages:
            writer.write(pixels, metadata=None, **{**options, **arguments})
    return file.getvalue()


def same(data, expected, tolerance=1):
    expected = np.broadcast_to(expected if np.ndim(expected) != 2 else expected[:, :, None], (*expected.shape[:2], 3))
    found = decode(data).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() <= tolerance


def refused(data, message, **options):
    with pytest.raises(ImageError, match=message):
        decode(data, **options)


def formats():
    for name in ("JPEG", "PNG", "WEBP", "BMP", "PPM", "TIFF", "JPEG2000", "AVIF"):
        if name != "AVIF" or features.check("avif"):
            same(encoded(PHOTO, name), PHOTO, 3)
    same(encoded(Image.fromarray(PHOTO).quantize(256), "GIF"), PHOTO, 6)


def orientation():
    exif = Image.Exif()
    exif[0x0112] = 6
    same(encoded(PHOTO, exif=exif), np.rot90(PHOTO, -1), 0)
    registered()
    for format_ in ("HEIF", "AVIF"):
        same(encoded(PHOTO, format_, exif=exif.tobytes(), quality=95), np.rot90(PHOTO, -1), 3)


def transparency():
    same(encoded(np.dstack([PHOTO, np.zeros_like(GREY)])), np.full_like(PHOTO, 255), 0)


def animation():
    frames = [Image.fromarray(PHOTO), Image.fromarray(255 - PHOTO)]
    same(encoded(frames[0], save_all=True, append_images=frames[1:]), PHOTO, 0)


def pages():
    small = 255 - PHOTO[::4, ::4].copy()
    same(tiff((small, {"subfiletype": 1}), (PHOTO, {}), photometric="rgb"), PHOTO, 0)
    same(tiff((small, {"subfiletype": 1, "subifds": 1}), (PHOTO, {}), photometric="rgb"), PHOTO, 0)
    same(tiff((small, {"subfiletype": 1}), (PHOTO, {"subfiletype": 1}), photometric="rgb"), PHOTO, 0)


def heic_and_jpeg_xl():
    registered()
    same(encoded(PHOTO, "HEIF", quality=95), PHOTO, 3)
    same(encoded(PHOTO, "JXL", lossless=True), PHOTO, 0)


def raw():
    even = np.full_like(PHOTO, (90, 120, 60))
    same(dng(even, preview=PHOTO), even)
    refused(tiff((PHOTO, {"subfiletype": 1, "photometric": "rgb"})), "nothing but a preview")


def profile():
    same(encoded(PHOTO, icc_profile=profiles.rgb_profile()), profiles.to_srgb(PHOTO), 0.5)
    same(encoded(PHOTO, icc_profile=b"broken" * 50), PHOTO, 0)


def inks():
    paper = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    expected = np.full((8, 8, 3), profiles.lab_to_srgb(profiles.lab_of(np.array([1.0, 0, 0, 0]))))
    same(encoded(paper, "TIFF", icc_profile=profiles.cmyk_profile()), expected, 2)
    same(encoded(paper, "TIFF"), np.full((8, 8, 3), (0, 255, 255)), 0)
    lab = np.full((8, 8, 3), (150, 20, 226), dtype=np.uint8)
    same(tiff((lab, {}), photometric="cielab"), np.full((8, 8, 3), profiles.lab_to_srgb([150 / 2.55, 20, -30])))


def sixteen_bits():
    deep = GREY.astype(np.uint16) * 257
    same(encoded(deep), GREY, 0)
    same(tiff((65535 - deep, {}), photometric="miniswhite"), GREY, 0)
    same(tiff((deep >> 4, {"extratags": [(341, "H", 1, 4095, True)]})), GREY)


def integers():
    for pixels in (GREY.astype(np.int32), GREY.astype(np.int32) * 257, GREY.astype(np.int32) << 23):
        same(tiff((pixels, {})), GREY)
    same(tiff(((GREY / 255 * 32767).astype(np.int16), {})), GREY)


def floats():
    for white in (1, 255, 65535):
        values = (GREY / 255 * white).astype(np.float32)
        values[0, 0] = 1.7 * white
        same(tiff((values, {})), GREY, 0.2)
    assert (decode(tiff((np.array([[np.nan, 1]], dtype=np.float32), {})))[0, 0] == 0).all()


def ambiguous():
    refused(tiff(((GREY / 255 * 4095).astype(np.uint16), {})), "12 bits, or a nearly black picture")


def truncated():
    data = encoded(PHOTO, "BMP")
    refused(data[: len(data) // 2], "truncated.*--tolerate-truncated")
    expected = np.where(np.arange(48)[:, None, None] < 24, 128, PHOTO)
    found = decode(data[: len(data) // 2], on_truncated=lambda _: None)
    assert (found != expected).any(axis=(1, 2)).sum() <= 1


def too_large():
    refused(encoded(PHOTO), "more than the limit of 100", max_pixels=100)


EXAMPLES = {
    "JPEG, PNG, WebP, GIF, BMP, PPM, TIFF, JPEG 2000, AVIF": formats,
    "HEIC, HEIF, JPEG XL": heic_and_jpeg_xl,
    "EXIF orientation, or that of a HEIC, AVIF or JPEG XL file": orientation,
    "transparency": transparency,
    "animation": animation,
    "TIFF of several pages": pages,
    "raw photograph": raw,
    "a file that ends too early": truncated,
    "colour profile (ICC)": profile,
    "CMYK, Lab": inks,
    "16 bits": sixteen_bits,
    "32-bit integers": integers,
    "floating point": floats,
    "values that fit two readings": ambiguous,
    "more pixels than `--max-pixels`": too_large,
}


@pytest.mark.parametrize("row", sorted({*ROWS, *EXAMPLES}))
def test_files_are_read_as_the_guide_says(row):
    assert row in ROWS, f"the guide has no row '{row}'"
    assert row in EXAMPLES, f"no example shows the guide's row '{row}'"
    EXAMPLES[row]()
