"""Whatever format, mode and depth a picture comes in, its pixels are those of its 8-bit sRGB PNG."""

import io
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

import quasar_index as qi
from quasar_index.encoders.pipeline import encode_files
from quasar_index.images import decode
from tests import colour_profiles as profiles

SETTINGS = settings(
    max_examples=int(os.environ.get("QUASAR_INDEX_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def photo(seed, width, height):
    """Return a smooth picture of all tones, so that lossy formats stay close to it: (height, width, 3) uint8."""
    small = np.random.default_rng(seed).integers(0, 256, (3, 3, 3), dtype=np.uint8)
    small[0, 0], small[2, 2] = 0, 255
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))


def encoded(image, format_, **options):
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def deep(kind, factor):
    """Return what makes a picture of one deep channel of an 8-bit one."""
    return lambda rgb: Image.fromarray((rgb[:, :, 1] * float(factor)).astype(kind))


def unit(rgb):
    return Image.fromarray((rgb[:, :, 1] / 255).astype(np.float32))


def converted(mode):
    return lambda rgb: Image.fromarray(rgb).convert(mode)


def translucent(mode):
    """Return what makes a picture that fades to the right."""

    def make(rgb):
        alpha = np.broadcast_to(np.linspace(255, 0, rgb.shape[1]).astype(np.uint8), rgb.shape[:2])
        image = Image.fromarray(rgb)
        image.putalpha(Image.fromarray(alpha))
        return image.convert(mode)

    return make


def seen(image, rgb):
    """Return what a viewer shows of a picture: Pillow's own conversion, over white; of a deep one the 8-bit grey."""
    if image.mode == "F" or image.mode.startswith("I"):
        return np.repeat(rgb[:, :, 1:2], 3, axis=2)
    if image.mode in ("RGBA", "LA"):
        image = image.convert("RGBA")
        return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))
    return np.asarray(image.convert("RGB"))


MADE = {
    **{mode: converted(mode) for mode in ("1", "L", "P", "RGB", "CMYK", "YCbCr")},
    **{mode: translucent(mode) for mode in ("LA", "RGBA")},
    "16 bits": deep(np.uint16, 257),
    "32 bits of bytes": deep(np.int32, 1),
    "32 bits of 16": deep(np.int32, 257),
    "float 0..1": unit,
    "float 0..255": deep(np.float32, 1),
    "float 0..65535": deep(np.float32, 257),
}
PLAIN = ("L", "RGB")
ALPHA = ("LA", "RGBA")
LOSSLESS = {
    "PNG": ("1", "L", "P", "RGB", *ALPHA, "16 bits"),
    "TIFF": tuple(MADE),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
    "PPM": ("1", "L", "RGB", "16 bits"),
    "JPEG2000": (*PLAIN, *ALPHA, "16 bits"),
    "JXL": (*PLAIN, *ALPHA, "16 bits", "float 0..1"),
}
LOSSY = {"JPEG": (*PLAIN, "CMYK"), "WEBP": ("RGB", "RGBA"), "AVIF": ("RGB", "RGBA"), "HEIF": ("RGB", "RGBA")}
OPTIONS = {
    "WEBP": {"quality": 100},
    "JPEG": {"quality": 98, "subsampling": 0},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "HEIF": {"quality": 100, "chroma": 444},
}
TURNS = ("PNG", "TIFF", "WEBP", "JPEG")
PROFILED = ("PNG", "TIFF", "WEBP", "JPEG", "AVIF", "HEIF")
CASES = [(name, mode, True) for name, modes in LOSSLESS.items() for mode in modes] + [
    (name, mode, False) for name, modes in LOSSY.items() for mode in modes
]


@pytest.fixture(scope="module", autouse=True)
def plugins():
    """Register the plugins of Pillow for these tests alone."""
    kept = [(table, dict(table)) for table in (Image.OPEN, Image.SAVE, Image.EXTENSION, Image.MIME)]
    ids = list(Image.ID)
    pytest.importorskip("pillow_heif").register_heif_opener()
    pytest.importorskip("pillow_jxl")
    yield
    Image.ID[:] = ids
    for table, before in kept:
        table.clear()
        table.update(before)


SIDES = st.integers(16, 70)


@SETTINGS
@given(st.sampled_from(CASES), st.integers(0, 99), SIDES, SIDES, st.integers(1, 8), st.booleans())
def test_any_picture_is_its_8_bit_png(case, seed, width, height, orientation, profiled):
    format_, mode, lossless = case
    if format_ == "AVIF" and not features.check("avif"):
        return
    rgb = photo(seed, width, height)
    image = MADE[mode](rgb)
    expected = seen(image, rgb)
    options = {"lossless": True, "exact": True} if lossless and format_ == "WEBP" else dict(OPTIONS.get(format_, {}))
    options |= {"lossless": True} if format_ == "JXL" else {}
    turned = {}
    if format_ in TURNS:
        turned["exif"] = Image.Exif()
        turned["exif"][0x0112] = orientation
    if profiled and format_ in PROFILED and mode == "RGB":
        options["icc_profile"] = profiles.rgb_profile(profiles.DISPLAY_P3, 2.2)
        expected = profiles.to_srgb(expected, profiles.DISPLAY_P3, 2.2)
    if format_ == "JXL" and mode in ("16 bits", "float 0..1"):  # its plugin calls deep pictures linear
        expected = np.rint(profiles.encode_srgb(expected / 255) * 255).astype(np.uint8)
    found = decode(encoded(image, format_, **options, **turned)).astype(int)
    reference = decode(encoded(Image.fromarray(expected), "PNG", **turned)).astype(int)
    assert found.shape == reference.shape
    difference = np.abs(found - reference)
    assert difference.mean() <= (1 if lossless else 4)
    # Coarse colours of a lossy file are off by more at an edge, and a profile stretches dark ones.
    assert np.percentile(difference, 100 if lossless else 99) <= (2 if lossless else 40)


def test_any_picture_has_the_embedding_of_its_png(tmp_path):
    rgb = photo(3, 96, 80)
    paths = []
    for mode in ("RGB", "16 bits", "32 bits of bytes", "float 0..1", "float 0..65535", "RGBA"):
        image = MADE[mode](rgb)
        for name, one in (("deep.tif", image), ("plain.png", Image.fromarray(seen(image, rgb)))):
            paths.append(str(tmp_path / f"{mode.replace(' ', '-').replace('.', '')}-{name}"))
            one.save(paths[-1])
    found = [image.embedding for image in encode_files(paths, qi.load_encoder(device="cpu"))]
    for one, other in zip(found[::2], found[1::2], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
