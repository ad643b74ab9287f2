"""Which page of a TIFF file is its picture, written by tifffile, which is not what reads it."""

import io
import struct
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from quasar_index.errors import ImageError
from quasar_index.images import decode, open_image
from quasar_index.thumbnails import thumbnail

ROWS, COLUMNS = np.mgrid[0:60, 0:80]
FULL = np.stack([ROWS * 4, COLUMNS * 3, ROWS + COLUMNS], axis=2).astype(np.uint8)
PREVIEW = 255 - FULL[::4, ::4].copy()
MASK = FULL[:, :, 0] > 99
SENSOR = FULL[:, :, 1].astype(np.uint16) * 64
CFA = {
    "photometric": "cfa",
    "extratags": [(33421, "H", 2, (2, 2), True), (33422, "B", 4, (0, 1, 1, 2), True)],
}
DNG = (50706, "B", 4, (1, 4, 0, 0), True)


def orientation(value):
    return (274, "H", 1, value, True)


def tiff(*pages, **options):
    """Return a file of (pixels, arguments of tifffile) one after the other."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **options) as writer:
        for pixels, arguments in pages:
            writer.write(pixels, metadata=None, **{"photometric": "rgb" if pixels.ndim == 3 else None, **arguments})
    return file.getvalue()


PREVIEW_FIRST = {
    "the next page": [(PREVIEW, {"subfiletype": 1}), (FULL, {})],
    "a page below it": [(PREVIEW, {"subfiletype": 1, "subifds": 1}), (FULL, {})],
    "the second below it": [
        (PREVIEW, {"subfiletype": 1, "subifds": 2}),
        (FULL[::2, ::2].copy(), {"subfiletype": 1}),
        (FULL, {"subfiletype": 0}),
    ],
    "an old reduced page": [(PREVIEW, {"extratags": [(255, "H", 1, 2, True)]}), (FULL, {})],
    "a mask first": [(MASK, {"subfiletype": 4, "photometric": "mask"}), (FULL, {})],
    "the mask of a preview": [(MASK[::4], {"subfiletype": 5, "photometric": "mask"}), (FULL, {})],
    "a preview that Pillow cannot read": [(PREVIEW.astype(np.float32), {"subfiletype": 1}), (FULL, {})],
    "reduced, says every page": [(PREVIEW, {"subfiletype": 1}), (FULL, {"subfiletype": 1})],
    "the same, the largest first": [(FULL, {"subfiletype": 1}), (PREVIEW, {"subfiletype": 1})],
}


@pytest.mark.parametrize("order", [{}, {"bigtiff": True}, {"byteorder": ">"}], ids=["classic", "big", "big-endian"])
@pytest.mark.parametrize("name", PREVIEW_FIRST)
def test_a_preview_is_not_the_picture(name, order):
    data = tiff(*PREVIEW_FIRST[name], **order)
    np.testing.assert_array_equal(decode(data), FULL)
    assert open_image(data).size == (80, 60)
    assert thumbnail(data, 16).size == (16, 12)


@pytest.mark.parametrize(
    "pages",
    [
        [(FULL, {}), (PREVIEW, {}), (PREVIEW, {})],
        [(FULL, {"subifds": 1}), (PREVIEW, {"subfiletype": 1})],
        [(FULL, {"subfiletype": 2}), (PREVIEW, {"subfiletype": 2})],
        [(FULL, {"extratags": [DNG]})],
    ],
    ids=["pages", "pyramid", "pages of a document", "DNG of a full page"],
)
def test_a_full_first_page_is_the_picture(pages):
    np.testing.assert_array_equal(decode(tiff(*pages)), FULL)


@pytest.mark.parametrize(
    "pages",
    [
        [(SENSOR, CFA)],
        [(PREVIEW, {"subfiletype": 1, "subifds": 1, "extratags": [DNG]}), (SENSOR, CFA)],
        [(PREVIEW, {"subifds": 1}), (SENSOR, CFA)],  # whose writer left out that it is reduced
        [(FULL.astype(np.uint16) * 99, {"photometric": 34892})],
    ],
    ids=["sensor first", "DNG", "sensor below a full page", "linear raw"],
)
def test_what_a_sensor_saw_is_no_picture(pages, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)  # which would develop it
    with pytest.raises(ImageError, match="raw photograph"):
        decode(tiff(*pages))


@pytest.mark.parametrize("tags", [{}, {"extratags": [DNG]}])
def test_a_preview_alone_is_an_error(tags):
    data = tiff((PREVIEW, {"subfiletype": 1, **tags}))
    with pytest.raises(ImageError, match="nothing but a preview; export"):
        decode(data)
    np.testing.assert_array_equal(decode(data, rule=1), PREVIEW)


def test_a_page_that_says_no_orientation_has_that_of_the_first():
    first = (PREVIEW, {"subfiletype": 1, "subifds": 1, "extratags": [orientation(6)]})
    np.testing.assert_array_equal(decode(tiff(first, (FULL, {}))), np.rot90(FULL, -1))
    upright = (FULL, {"extratags": [orientation(1)]})
    np.testing.assert_array_equal(decode(tiff(first, upright)), FULL)


def test_the_limit_is_that_of_the_page():
    data = tiff((PREVIEW, {"subfiletype": 1}), (FULL, {}))
    assert decode(data, max_pixels=4800).shape == FULL.shape
    with pytest.raises(ImageError, match="80 x 60 pixels are more than the limit of 4799"):
        decode(data, max_pixels=4799)
    admitted = []
    decode(data, admit=admitted.append)
    assert admitted == [4800]


def test_rule_1_takes_the_first_page():
    for pages in (PREVIEW_FIRST["the next page"], PREVIEW_FIRST["a page below it"]):
        np.testing.assert_array_equal(decode(tiff(*pages), rule=1), PREVIEW)


def test_pages_that_loop_end():
    data = bytearray(tiff((PREVIEW, {"subfiletype": 1})))
    (start,) = struct.unpack_from("<I", data, 4)
    (n_tags,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * n_tags, start)
    with pytest.raises(ImageError, match="nothing but a preview"):
        decode(bytes(data))


def test_what_pillow_cannot_read_is_named():
    with pytest.raises(ImageError, match=r"3 x 32 bits, floating point, photometric 2, which cannot be read; convert"):
        decode(tiff((FULL.astype(np.float32), {})))
    with pytest.raises(ImageError, match=r"1 x 64 bits, floating point"):
        decode(tiff((FULL[:, :, 0] / 255.0, {})))
    with pytest.raises(ImageError, match="big-endian BigTIFF"):
        decode(tiff((FULL, {}), bigtiff=True, byteorder=">"))
    with pytest.raises(ImageError, match="not an image in a known format"):
        decode(b"II*\0" + b"\xff" * 60)


def test_pages_of_pillow_s_own_writer():
    file = io.BytesIO()
    pages = [Image.fromarray(FULL), Image.fromarray(PREVIEW)]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(decode(file.getvalue()), FULL)
