"""Thumbnails: small, upright, safe in an attribute, and None for whatever cannot be read."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from quasar_index import thumbnails
from quasar_index.thumbnails import thumbnail_uri, thumbnail_uris

ROWS, COLUMNS = np.mgrid[0:300, 0:400]
PHOTO = Image.fromarray(np.stack([ROWS * 0.8, COLUMNS * 0.6, ROWS * 0 + 60], axis=2).astype(np.uint8))


def encoded(image, format_, **options):
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def opened(uri):
    kind, _, text = uri.partition(";base64,")
    assert kind in {"data:image/webp", "data:image/jpeg"}
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", text)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")).astype(int)


@pytest.mark.parametrize(("format_", "options"), [("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {"quality": 95})])
def test_a_thumbnail_is_the_image_made_small(format_, options):
    pixels = opened(thumbnail_uri(encoded(PHOTO, format_, **options)))
    assert pixels.shape == (72, 96, 3)
    expected = np.asarray(PHOTO.resize((96, 72), Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(pixels - expected).mean() < 4


def test_size_bounds_the_longer_side_and_small_images_stay(tmp_path):
    PHOTO.save(tmp_path / "a.png")
    assert opened(thumbnail_uri(tmp_path / "a.png", 40)).shape == (30, 40, 3)
    assert opened(thumbnail_uri(str(tmp_path / "a.png"), 1000)).shape == (300, 400, 3)
    assert len(thumbnail_uri(tmp_path / "a.png")) < 6000


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_it_is_upright(format_):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees, clockwise
    pixels = opened(thumbnail_uri(encoded(PHOTO, format_, exif=exif)))
    expected = np.asarray(PHOTO.rotate(-90, expand=True).resize((72, 96), Image.Resampling.LANCZOS)).astype(int)
    assert pixels.shape == (96, 72, 3)
    assert np.abs(pixels - expected).mean() < 4


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
def test_other_modes(mode):
    assert opened(thumbnail_uri(encoded(PHOTO.convert(mode), "TIFF"))).shape == (72, 96, 3)


def test_cmyk_jpeg_and_transparency():
    red = opened(thumbnail_uri(encoded(Image.new("CMYK", (300, 200), (0, 255, 255, 0)), "JPEG")))
    assert np.abs(red - (255, 0, 0)).max() < 16
    clear = opened(thumbnail_uri(encoded(Image.new("RGBA", (30, 20), (0, 0, 0, 0)), "PNG")))
    assert clear.min() > 250


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_too_many_pixels_are_none(format_):
    data = encoded(PHOTO, format_)
    assert thumbnail_uri(data, max_pixels=300 * 400) is not None
    assert thumbnail_uri(data, max_pixels=300 * 400 - 1) is None


def test_what_cannot_be_read_is_none(tmp_path):
    damaged = encoded(PHOTO, "JPEG")[:2000]
    for image in (b"", b"<svg onload='alert(1)'/>", damaged, str(tmp_path), "missing.png", "nul\0.png", "x://y.png"):
        assert thumbnail_uri(image) is None


def test_many_keep_their_order_and_tell_progress(tmp_path):
    paths = []
    for side in (20, 30, 40):
        Image.new("RGB", (side, side)).save(tmp_path / f"{side}.png")
        paths += [str(tmp_path / f"{side}.png"), str(tmp_path / "missing.png")]
    seen = []
    uris = thumbnail_uris(paths, n_workers=3, on_progress=lambda done, total: seen.append((done, total)))
    assert [None if uri is None else opened(uri).shape[0] for uri in uris] == [20, None, 30, None, 40, None]
    assert seen == [(n, 6) for n in range(1, 7)]
    assert thumbnail_uris([]) == []


def test_a_site_that_fails_is_asked_no_more(monkeypatch):
    asked = []
    real = thumbnails.read_image_bytes
    monkeypatch.setattr(thumbnails, "read_image_bytes", lambda path: asked.append(path) or real(path))
    paths = [f"nothing://dead/{n}.png" for n in range(20)] + ["nothing://other/a.png", "gone.png"] * 2
    assert thumbnail_uris(paths, n_workers=1) == [None] * 24
    assert len(asked) == 3 + 2 + 2
