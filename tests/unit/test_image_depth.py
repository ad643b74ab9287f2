"""Deep pictures: which value is black and which is white, or one clear error; by rule 1 as it was."""

import io
import struct

import cv2
import numpy as np
import pytest
import tifffile

from quasar_index.errors import ImageError
from quasar_index.images import decode

ROWS, COLUMNS = np.mgrid[0:120, 0:160]
COLOUR = np.stack([ROWS * 2, COLUMNS * 255 / 159, (ROWS + COLUMNS) * 0.9], axis=2).astype(np.uint8)
GREY = COLOUR[:, :, 1]
LEVELS = GREY / 255.0
HIGHEST, LOWEST = 341, 340


def tiff(pixels, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def declared(code, high, low=None):
    """Return the tags that say which values are black and white."""
    tags = [(HIGHEST, code, 1, high, True)]
    return {"extratags": tags if low is None else [(LOWEST, code, 1, low, True), *tags]}


def by_opencv(ending, pixels):
    order = pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]] if pixels.ndim == 3 else pixels
    return cv2.imencode(ending, order)[1].tobytes()


def scaled(white, kind, values=LEVELS):
    return np.rint(values * white).astype(kind)


def packed_12_bits():
    """Return a TIFF of 12 bits a pixel, two in three bytes."""
    pairs = scaled(4095, int).reshape(120, -1, 2)
    high, low = pairs[:, :, 0], pairs[:, :, 1]
    body = np.stack([high >> 4, (high & 15) << 4 | low >> 8, low & 255], axis=2).astype(np.uint8).tobytes()
    tags = [(256, 160), (257, 120), (258, 12), (259, 1), (262, 1), (273, 8 + 2 + 12 * 9 + 4), (277, 1), (278, 120)]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in [*tags, (279, len(body))])
    return b"II*\0" + struct.pack("<IH", 8, 9) + table + b"\0\0\0\0" + body


GREYS = {
    "16 bits": lambda: tiff(GREY.astype(np.uint16) * 257),
    "16 bits, big-endian": lambda: tiff(GREY.astype(np.uint16) * 257, byteorder=">"),
    "16 bits, white is zero": lambda: tiff(65535 - GREY.astype(np.uint16) * 257, photometric="miniswhite"),
    "12 in 16 bits, as a tag says": lambda: tiff(scaled(4095, np.uint16), **declared("H", 4095)),
    "10 in 16 bits, as a tag says about": lambda: tiff(scaled(1023, np.uint16), extratags=[(281, "H", 1, 1000, True)]),
    "12 bits": packed_12_bits,
    "signed 16 bits": lambda: tiff(scaled(32767, np.int16)),
    "signed 16 bits of bytes": lambda: tiff(GREY.astype(np.int16)),
    "signed 16 bits, below zero as tags say": lambda: tiff(
        (GREY * 257.0 - 32768).astype(np.int16), **declared("h", 32767, -32768)
    ),
    "32 bits of bytes": lambda: tiff(GREY.astype(np.int32)),
    "unsigned 32 bits of bytes": lambda: tiff(GREY.astype(np.uint32)),
    "32 bits of 16": lambda: tiff(GREY.astype(np.int32) * 257),
    "32 bits": lambda: tiff(scaled(2**31 - 1, np.int32)),
    "unsigned 32 bits": lambda: tiff(scaled(2**32 - 1, np.uint32)),
    "float 0..1": lambda: tiff(LEVELS.astype(np.float32)),
    "float 0..255": lambda: tiff(GREY.astype(np.float32)),
    "float 0..65535": lambda: tiff(scaled(65535, np.float32)),
    "float, compressed": lambda: tiff(LEVELS.astype(np.float32), compression="zlib"),
    "float, white is zero": lambda: tiff((1 - LEVELS).astype(np.float32), photometric="miniswhite"),
    "float -1..1, as tags say": lambda: tiff((LEVELS * 2 - 1).astype(np.float32), **declared("f", 1.0, -1.0)),
    "PFM": lambda: b"Pf 160 120 -1.0\n" + LEVELS[::-1].astype("<f4").tobytes(),
    "PNG": lambda: by_opencv(".png", GREY.astype(np.uint16) * 257),
    "PGM": lambda: by_opencv(".pgm", GREY.astype(np.uint16) * 257),
    "PGM of 12 bits": lambda: b"P5 160 120 4095\n" + scaled(4095, ">u2").tobytes(),
    "JPEG 2000": lambda: by_opencv(".jp2", GREY.astype(np.uint16) * 257),
}


@pytest.mark.parametrize("name", GREYS)
def test_deep_greys_are_their_8_bits(name):
    assert np.abs(decode(GREYS[name]()).astype(int) - GREY[:, :, None]).max() <= 1


DEEP = COLOUR.astype(np.uint16) * 257
ALPHA = np.full((120, 160, 1), 65535, dtype=np.uint16)
TWELVE = scaled(4095, np.uint16, COLOUR / 255.0)
SAYS_12 = {"photometric": "rgb", "extratags": [(HIGHEST, "H", 3, (4095,) * 3, True)]}
COLOURS = {
    "TIFF": lambda: tiff(DEEP, photometric="rgb"),
    "TIFF in planes": lambda: tiff(np.moveaxis(DEEP, 2, 0), photometric="rgb", planarconfig="separate"),
    "TIFF in planes, big-endian": lambda: tiff(
        np.moveaxis(DEEP, 2, 0), photometric="rgb", planarconfig="separate", byteorder=">"
    ),
    "TIFF of 12 in 16 bits, as a tag says": lambda: tiff(TWELVE, **SAYS_12),
    "the same, big-endian": lambda: tiff(TWELVE, byteorder=">", **SAYS_12),
    "the same, compressed": lambda: tiff(TWELVE, compression="zlib", predictor=True, **SAYS_12),
    "the same, in tiles": lambda: tiff(TWELVE, tile=(32, 32), **SAYS_12),
    "PNG": lambda: by_opencv(".png", DEEP),
    "PNG with alpha": lambda: by_opencv(".png", np.dstack([DEEP, ALPHA])),
    "PPM": lambda: by_opencv(".ppm", DEEP),
    "PPM of 12 bits": lambda: b"P6 160 120 4095\n" + TWELVE.astype(">u2").tobytes(),
    "JPEG 2000": lambda: by_opencv(".jp2", DEEP),  # whose white Pillow would make black
    "JPEG 2000 with alpha": lambda: by_opencv(".jp2", np.dstack([DEEP, ALPHA])),
}


@pytest.mark.parametrize("name", COLOURS)
def test_deep_colours_are_their_8_bits(name):
    assert np.abs(decode(COLOURS[name]()).astype(int) - COLOUR).max() <= 1


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_a_few_odd_values_do_not_change_the_scale(white):
    values = (LEVELS * white).astype(np.float32)
    expected = np.repeat(GREY[:, :, None], 3, axis=2)
    for place in ([white * 1.0001], [white * 70], [np.inf], [np.nan], [-5 * white]):
        odd = values.copy()
        odd[7, 7] = place[0]
        found = decode(tiff(odd))
        assert found[7, 7, 0] == (255 if place[0] > 0 else 0)
        found[7, 7] = expected[7, 7]
        assert np.abs(found.astype(int) - expected).max() <= 1
    several = np.tile(values, (2, 2))  # one in 10,000, or nearly: 7 of 76,800
    several[3, :7] = white * 70
    assert np.abs(decode(tiff(several))[10:, :, 0].astype(int) - np.tile(GREY, (2, 2))[10:]).max() <= 1
    # Overshoot is clipped.
    wide = values * 1.2 - 0.1 * np.float32(white)
    clipped = np.clip(np.rint(wide / white * 255), 0, 255)
    assert np.abs(decode(tiff(wide))[:, :, 0] - clipped).max() <= 1


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (np.uint16, 0, 0),
        (np.uint16, 9, 0),
        (np.uint16, 65535, 255),
        (np.uint16, 25700, 100),
        (np.int32, 0, 0),
        (np.int32, 100, 100),
        (np.float32, 0, 0),
        (np.float32, 0.4, 102),
        (np.float32, 1, 255),
        (np.float32, 100, 100),
    ],
)
def test_constant_pictures(kind, value, expected):
    pixels = np.full((200, 200), value, dtype=kind)
    assert (decode(tiff(pixels)) == expected).all()
    pixels[5, 5] = np.iinfo(kind).max if kind is not np.float32 else 1e6
    found = decode(tiff(pixels))
    assert found[5, 5, 0] == 255
    assert np.count_nonzero(found[:, :, 0] != expected) <= 1


def test_black_colours_are_black():
    assert not decode(tiff(np.zeros_like(DEEP), photometric="rgb")).any()
    assert not decode(by_opencv(".png", np.zeros_like(DEEP))).any()


HIGHLIGHTS = np.where(np.random.default_rng(0).random(LEVELS.shape) < 0.005, 40, LEVELS)
AMBIGUOUS = {
    "12 in 16 bits": (lambda: tiff(scaled(4095, np.uint16)), "16-bit values hardly exceed 4095: 12 bits, or a nearly"),
    "12 in 16 bits, PNG": (lambda: by_opencv(".png", scaled(4095, np.uint16)), "hardly exceed 4095"),
    "12 in 16 bits, colours": (lambda: tiff(TWELVE, photometric="rgb"), "hardly exceed 4095"),
    "12 in 16 bits, colours, PNG": (lambda: by_opencv(".png", TWELVE), "hardly exceed 4095"),
    "12 in 16 bits, alpha": (lambda: by_opencv(".png", np.dstack([TWELVE, ALPHA])), "hardly exceed 4095"),
    "8 in 16 bits": (lambda: tiff(GREY.astype(np.uint16)), "hardly exceed 255: 8 bits, or a black"),
    "12 in 32 bits": (lambda: tiff(scaled(4095, np.int32)), "32-bit values hardly exceed 4095"),
    "20 in 32 bits": (lambda: tiff(scaled(2**20 - 1, np.int32)), "up to 1048575, fill neither 16 bits nor 32"),
    "below zero": (lambda: tiff((GREY * 257.0 - 32768).astype(np.int16)), "many of its values are negative"),
    "float -1..1": (lambda: tiff((LEVELS * 2 - 1).astype(np.float32)), "many of its values are negative"),
    "float 0..1 with highlights": (lambda: tiff(HIGHLIGHTS.astype(np.float32)), "up to 40, fit none of the ranges"),
    "float 0..4": (lambda: tiff((LEVELS * 4).astype(np.float32)), "up to 4, fit none"),
    "float 0..4095": (lambda: tiff(scaled(4095, np.float32)), "up to 4095, fit none"),
    "no number": (lambda: tiff(np.full((9, 9), np.nan, dtype=np.float32)), "none of its values is a number"),
    "signed bytes": (lambda: tiff(GREY.astype(np.int8)), "signed bytes"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_fits_two_readings_is_an_error(name):
    make, message = AMBIGUOUS[name]
    with pytest.raises(ImageError, match=message) as error:
        decode(make())
    assert "\n" not in str(error.value)


def test_a_tag_that_the_values_contradict_is_left_aside():
    data = tiff(GREY.astype(np.uint16) * 257, **declared("H", 255))
    assert np.abs(decode(data)[:, :, 0].astype(int) - GREY).max() <= 1


def test_of_a_codec_the_depth_is_known():
    dark = decode(by_opencv(".jp2", GREY.astype(np.uint16)))
    assert dark.max() <= 1


def test_rule_1_reads_deep_pictures_as_it_did():
    def first(data):
        return decode(data, rule=1)[:, :, 0]

    np.testing.assert_array_equal(first(tiff(scaled(4095, np.uint16))), np.rint(scaled(4095, float) / 257))
    one_hot = LEVELS.astype(np.float32)
    one_hot[0, 0] = 1.0001
    assert first(tiff(one_hot)).max() == 1
    assert first(tiff(GREY.astype(np.int32))).max() == 1
    np.testing.assert_array_equal(first(tiff(GREY.astype(np.uint16) * 257, photometric="miniswhite")), GREY)
