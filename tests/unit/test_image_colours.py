"""Embedded colour profiles become sRGB: compared with the arithmetic of the profiles, not with the library's."""

import io
import struct
import threading
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, features

from quasar_index.images import decode
from quasar_index.images.shaper import find_shaper
from quasar_index.thumbnails import thumbnail
from tests import colour_profiles as profiles
from tests.torture import hostile

ROWS, COLUMNS = np.mgrid[0:48, 0:64]
PHOTO = np.stack([ROWS * 5, COLUMNS * 4, (ROWS + COLUMNS) * 2], axis=2).astype(np.uint8)
PHOTO[:8, :8] = (0, 255, 0)
CONVERTED = profiles.to_srgb(PHOTO)
ADOBE = profiles.rgb_profile()


def encoded(image, format_="PNG", **options):
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, format_, **options)
    return file.getvalue()


def off(found, expected):
    return np.abs(found.astype(int) - expected)


@pytest.mark.parametrize(
    ("colorants", "gamma"),
    [(profiles.ADOBE_RGB, 563 / 256), (profiles.DISPLAY_P3, 2.2), (profiles.PRO_PHOTO, 1.8), (profiles.SRGB, 1.0)],
    ids=["Adobe RGB", "Display P3", "ProPhoto RGB", "linear"],
)
def test_wide_colours_become_srgb(colorants, gamma):
    found = decode(encoded(PHOTO, icc_profile=profiles.rgb_profile(colorants, gamma)))
    expected = profiles.to_srgb(PHOTO, colorants, gamma)
    assert off(found, expected).max() <= 1
    assert off(PHOTO, expected).mean() > 3


@pytest.mark.parametrize(
    ("format_", "options", "tolerance"),
    [
        ("JPEG", {"quality": 100, "subsampling": 0}, 1.5),
        ("TIFF", {}, 0.1),
        ("WEBP", {"lossless": True}, 0.1),
        pytest.param(
            "AVIF",
            {"quality": 100, "subsampling": "4:4:4"},
            2,
            marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF"),
        ),
    ],
)
def test_profiles_of_every_format(format_, options, tolerance):
    data = encoded(PHOTO, format_, icc_profile=ADOBE, **options)
    assert off(decode(data), CONVERTED).mean() < tolerance
    np.testing.assert_array_equal(decode(data, rule=1), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_an_srgb_profile_changes_nothing():
    for profile in (
        profiles.rgb_profile(profiles.SRGB, profiles.srgb_curve()),
        profiles.rgb_profile(profiles.SRGB, profiles.srgb_curve()[::8], name="of few points"),
    ):
        np.testing.assert_array_equal(decode(encoded(PHOTO, icc_profile=profile)), PHOTO)


def test_palettes_and_turned_pictures():
    palette = Image.fromarray(PHOTO).quantize(64)
    colours = np.asarray(palette.convert("RGB"))
    assert off(decode(encoded(palette, icc_profile=ADOBE)), profiles.to_srgb(colours)).max() <= 1
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode(encoded(PHOTO, icc_profile=ADOBE, exif=exif))
    assert off(found, np.rot90(CONVERTED, -1)).max() <= 1


def test_alpha_is_laid_over_the_white_of_srgb():
    alpha = np.full((48, 64, 1), 51, dtype=np.uint8)
    found = decode(encoded(np.dstack([PHOTO, alpha]), icc_profile=ADOBE))
    assert off(found, CONVERTED * 0.2 + 255 * 0.8).max() <= 1.5
    marked = decode(encoded(PHOTO, icc_profile=ADOBE, transparency=(0, 255, 0)))
    assert (marked[:8, :8] == 255).all()
    assert off(marked, CONVERTED)[8:, 8:].max() <= 1


def parametric(*numbers):
    """Return a parametric curve of ICC.1, of the type that has so many numbers."""
    form = {1: 0, 3: 1, 4: 2, 5: 3, 7: 4}[len(numbers)]
    body = b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)
    return b"para\0\0\0\0" + struct.pack(">HH", form, 0) + body


@pytest.mark.parametrize(
    ("colorants", "curve"),
    [
        (profiles.PRO_PHOTO, 1.8),
        (profiles.ADOBE_RGB, 563 / 256),
        (profiles.DISPLAY_P3, profiles.srgb_curve()),
        (profiles.DISPLAY_P3, parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)),
        (profiles.ADOBE_RGB, parametric(2.2)),
        (profiles.ADOBE_RGB, parametric(2.0, 1.05, -0.05)),
        (profiles.ADOBE_RGB, parametric(2.0, 1.02, -0.02, 0.0)),
        (profiles.ADOBE_RGB, parametric(2.0, 0.9, 0.1, 0.2, 0.1, 0.0, 0.0)),
    ],
)
def test_the_curves_of_displays_are_those_of_littlecms(colorants, curve):
    profile = profiles.rgb_profile(colorants, curve)
    by_littlecms = decode(encoded(PHOTO, icc_profile=profile))
    own = find_shaper(profile).apply(PHOTO / 255.0)
    assert off(own, by_littlecms).max() <= 1


def test_a_display_whose_black_is_grey_is_left_to_littlecms():
    assert find_shaper(profiles.rgb_profile(profiles.ADOBE_RGB, parametric(2.0, 0.9, 0.1))) is None


@pytest.mark.parametrize("damage", [ADOBE[:140], ADOBE.replace(b"rTRC", b"xTRC"), ADOBE.replace(b"curv", b"none")])
def test_damaged_curves_are_none(damage):
    assert find_shaper(damage) is None


@pytest.mark.parametrize("format_", ["TIFF", "PNG", "PNG with alpha"])
def test_16_bit_colours_are_converted_in_full_precision(format_):
    # In steps of 8 bits ProPhoto RGB would be off by several levels.
    deep = np.kron(PHOTO, np.ones((4, 4, 1))) * 257 + np.random.default_rng(0).integers(0, 257, (192, 256, 3))
    deep = deep.clip(0, 65535).astype(np.uint16)
    profile = profiles.rgb_profile(profiles.PRO_PHOTO, 1.8)
    if format_ == "TIFF":
        file = io.BytesIO()
        tifffile.imwrite(file, deep, photometric="rgb", iccprofile=profile)
        data = file.getvalue()
    else:
        alpha = [np.full((192, 256, 1), 65535, dtype=np.uint16)] if "alpha" in format_ else []
        data = cv2.imencode(".png", np.dstack([deep[:, :, ::-1], *alpha]))[1].tobytes()
        chunk = hostile.png_chunk(b"iCCP", b"made\0\0" + zlib.compress(profile))
        data = data[:33] + chunk + data[33:]
    expected = profiles.to_srgb(deep / 257.0, profiles.PRO_PHOTO, 461 / 256)
    found = off(decode(data), expected)
    assert found.max() <= 1
    assert found.mean() < 0.01
    by_upper_bytes = decode(encoded((deep >> 8).astype(np.uint8), icc_profile=profile))
    assert off(by_upper_bytes, expected).max() > 2


@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_grey_profiles(gamma):
    grey = PHOTO[:, :, 1]
    expected = np.rint(profiles.encode_srgb((grey / 255) ** gamma) * 255)[:, :, None]
    profile = profiles.grey_profile(gamma)
    assert off(decode(encoded(grey, icc_profile=profile)), expected).max() <= 1
    deep = encoded(grey.astype(np.uint16) * 257, icc_profile=profile)
    assert off(decode(deep), expected).max() <= 1
    alpha = Image.merge("LA", [Image.fromarray(grey), Image.new("L", (64, 48), 255)])
    assert off(decode(encoded(alpha, icc_profile=profile)), expected).max() <= 1


@pytest.mark.parametrize("format_", ["TIFF", "JPEG"])
@pytest.mark.parametrize("inks", [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)])
def test_inks(format_, inks):
    image = Image.new("CMYK", (16, 16), tuple(255 * ink for ink in inks))
    options = {"quality": 100} if format_ == "JPEG" else {}
    found = decode(encoded(image, format_, icc_profile=profiles.cmyk_profile(), **options))
    expected = profiles.lab_to_srgb(profiles.lab_of(np.array(inks, dtype=float)))
    assert off(found, expected).max() <= 2


def test_lab_tiff():
    lab = np.zeros((8, 8, 3), dtype=np.uint8)
    lab[:] = 150, 20, 256 - 30  # a and b are signed
    file = io.BytesIO()
    tifffile.imwrite(file, lab, photometric="cielab")
    assert off(decode(file.getvalue()), profiles.lab_to_srgb([150 / 2.55, 20, -30])).max() <= 1


@pytest.mark.parametrize(
    "profile",
    [
        ADOBE[:200],
        b"no profile" * 60,
        ADOBE[:16] + b"GRAY" + ADOBE[20:],
        ADOBE[:12] + b"link" + ADOBE[16:],
        profiles.grey_profile(),
        profiles.cmyk_profile(),
        b"",
    ],
    ids=["cut", "garbage", "wrong space", "link", "of greys", "of inks", "empty"],
)
@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_a_profile_that_cannot_be_meant_is_left_aside(profile, format_):
    np.testing.assert_array_equal(decode(encoded(PHOTO, format_, icc_profile=profile)), PHOTO)


def test_a_profile_that_is_too_long_is_left_aside():
    data = encoded(PHOTO, "TIFF", icc_profile=ADOBE + b"\0" * (5 << 20))
    np.testing.assert_array_equal(decode(data), PHOTO)


def test_large_pictures_are_converted_in_strips_without_a_seam(monkeypatch):
    whole = decode(encoded(PHOTO, icc_profile=ADOBE))
    monkeypatch.setattr("quasar_index.images.strips._SMALL", 700)
    np.testing.assert_array_equal(decode(encoded(PHOTO, icc_profile=ADOBE)), whole)


def test_threads_share_a_conversion():
    data = encoded(PHOTO, icc_profile=ADOBE)
    expected, found = decode(data), []
    threads = [threading.Thread(target=lambda: found.extend(decode(data) for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert all(np.array_equal(one, expected) for one in found)


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_thumbnails_have_the_same_colours(format_):
    large = np.kron(PHOTO, np.ones((8, 8, 1), dtype=np.uint8))
    options = {"quality": 100, "subsampling": 0} if format_ == "JPEG" else {}
    small = np.asarray(thumbnail(encoded(large, format_, icc_profile=ADOBE, **options), 64))
    assert small.shape == (48, 64, 3)
    assert off(small, CONVERTED)[10:-2, 10:-2].mean() < 2
