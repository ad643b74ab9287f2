"""Decoding: every format and mode to upright 8-bit RGB, or one clear error; listing and reading files."""

import io
import re
import threading
import warnings

import fsspec
import numpy as np
import pytest
from PIL import Image, features

from quasar_index.errors import DataError, ImageError
from quasar_index.images import MAX_PIXELS, content_id, decode, list_images, read_image_bytes

RNG = np.random.default_rng(0)
# Smooth, so that lossy formats stay close to it, and unlike itself under every rotation and reflection.
ROWS, COLUMNS = np.mgrid[0:24, 0:40]
PHOTO = np.stack([ROWS * 8, COLUMNS * 5, (ROWS + COLUMNS) * 3], axis=2).astype(np.uint8)


def encoded(image, format_="PNG", **options):
    """Return the bytes of an image file."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, format_, **options)
    return file.getvalue()


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_keep_every_pixel(format_):
    decoded = decode(encoded(PHOTO, format_))
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    assert decoded.flags.writeable
    np.testing.assert_array_equal(decoded, PHOTO)


@pytest.mark.parametrize(
    ("format_", "options"),
    [
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 95}),
        ("JPEG", {"quality": 98, "subsampling": 0}),
        ("JPEG2000", {}),
        pytest.param(
            "AVIF", {"quality": 98}, marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")
        ),
        ("GIF", {}),
    ],
)
def test_other_formats_come_close(format_, options):
    decoded = decode(encoded(PHOTO, format_, **options)).astype(int)
    assert decoded.shape == PHOTO.shape
    assert np.abs(decoded - PHOTO).mean() < 4


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_cmyk_is_converted(format_):
    # No cyan, all magenta and yellow: red.
    decoded = decode(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), format_))
    assert decoded.shape == (8, 8, 3)
    assert np.abs(decoded.astype(int) - (255, 0, 0)).max() < 8


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_is_scaled_by_its_full_range(format_):
    grey = np.array([[0, 257, 128 * 257, 65535]], dtype=np.uint16)
    np.testing.assert_array_equal(decode(encoded(grey, format_))[0, :, 1], [0, 1, 128, 255])


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_a_dark_16_bit_image_stays_dark(format_):
    dark = RNG.integers(0, 5140, (9, 7), dtype=np.uint16)
    decoded = decode(encoded(dark, format_))
    assert decoded.shape == (9, 7, 3)
    assert 0 < decoded.max() <= 20


def test_16_bit_colour_keeps_its_high_bytes():
    import cv2

    deep = (PHOTO.astype(np.uint16) << 8) + 77
    _, data = cv2.imencode(".png", deep[:, :, ::-1])
    np.testing.assert_array_equal(decode(data.tobytes()), PHOTO)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.25, 1.0], [0, 64, 255]),  # a unit range
        ([0.0, 127.6, 255.0], [0, 128, 255]),  # an 8-bit range
        ([-1.0, 0.5, np.nan], [0, 128, 0]),
    ],
)
def test_floating_point_tiff(values, expected):
    data = encoded(np.array([values], dtype=np.float32), "TIFF")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(decode(data)[0, :, 0], expected)


def test_32_bit_integers_are_read_as_16_bit_ones():
    data = encoded(np.array([[0, 65535, 1_000_000, -5]], dtype=np.int32), "TIFF")
    np.testing.assert_array_equal(decode(data)[0, :, 2], [0, 255, 255, 0])


def palette_image():
    image = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    return image


@pytest.mark.parametrize("format_", ["PNG", "GIF", "TIFF", "BMP"])
def test_palette(format_):
    assert decode(encoded(palette_image(), format_))[0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_transparent_palette_entries_are_laid_over_white():
    one = decode(encoded(palette_image(), "PNG", transparency=1))
    assert one[0].tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 255]]
    graded = decode(encoded(palette_image(), "PNG", transparency=bytes([0, 51, 255])))
    assert graded[0].tolist() == [[255, 255, 255], [204, 255, 204], [0, 0, 255]]
    assert decode(encoded(palette_image(), "GIF", transparency=2))[0, 2].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("mode", "pixels", "expected"),
    [
        ("RGBA", [(200, 0, 0, 255), (200, 0, 0, 51), (0, 0, 0, 0)], [(200, 0, 0), (244, 204, 204), (255, 255, 255)]),
        ("LA", [(100, 255), (100, 51), (0, 0)], [(100,) * 3, (224,) * 3, (255,) * 3]),
    ],
)
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_laid_over_white(format_, mode, pixels, expected):
    image = Image.new(mode, (3, 1))
    image.putdata(pixels)
    options = {"lossless": True, "exact": True} if format_ == "WEBP" else {}
    decoded = decode(encoded(image, format_, **options))
    assert np.abs(decoded[0].astype(int) - expected).max() <= 1


def test_a_transparent_colour_is_laid_over_white():
    image = np.array([[[255, 0, 0], [0, 0, 0]]], dtype=np.uint8)
    assert decode(encoded(image, "PNG", transparency=(255, 0, 0)))[0].tolist() == [[255, 255, 255], [0, 0, 0]]


def test_bilevel_and_grey():
    bits = Image.fromarray(np.array([[True, False]]))
    assert decode(encoded(bits, "TIFF"))[0].tolist() == [[255] * 3, [0] * 3]
    assert decode(encoded(np.array([[7, 9]], dtype=np.uint8)))[0].tolist() == [[7] * 3, [9] * 3]


# What EXIF's orientations 1 to 8 ask a viewer to do with the stored pixels.
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def orientation_tag(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation):
    expected = UPRIGHT[orientation](PHOTO)
    exif = orientation_tag(orientation)
    np.testing.assert_array_equal(decode(encoded(PHOTO, "PNG", exif=exif)), expected)
    np.testing.assert_array_equal(decode(encoded(PHOTO, "TIFF", exif=exif)), expected)
    jpeg = decode(encoded(PHOTO, "JPEG", quality=98, subsampling=0, exif=exif)).astype(int)
    assert jpeg.shape == expected.shape
    assert np.abs(jpeg - expected).mean() < 2


def test_exif_orientation_of_other_modes():
    deep = np.array([[0, 257], [514, 771], [1028, 1285]], dtype=np.uint16) * 20
    assert decode(encoded(deep, "PNG", exif=orientation_tag(6)))[:, :, 0].tolist() == [[80, 40, 0], [100, 60, 20]]
    transparent = decode(encoded(palette_image(), "PNG", transparency=1, exif=orientation_tag(6)))
    assert transparent[:, 0].tolist() == [[255, 0, 0], [255, 255, 255], [0, 0, 255]]


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"no tags", b"Exif\0\0II*\0\xff\xff\xff\xff"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_unreadable_metadata_cost_no_image(format_, exif):
    options = {"lossless": True} if format_ == "WEBP" else {}
    np.testing.assert_array_equal(decode(encoded(PHOTO, format_, exif=exif, **options)), PHOTO)


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_counts_as_its_first_frame(format_):
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if format_ == "WEBP" else {}
    data = encoded(frames[0], format_, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(data)).n_frames == 3
    decoded = decode(data)
    assert decoded.shape == (4, 6, 3)
    assert (decoded == (255, 0, 0)).all()


def test_one_pixel_and_very_wide():
    assert decode(encoded(np.full((1, 1, 3), 9, dtype=np.uint8))).tolist() == [[[9, 9, 9]]]
    wide = decode(encoded(np.full((2, 20000, 3), 7, dtype=np.uint8)))
    assert wide.shape == (2, 20000, 3)


def test_empty_and_other_files():
    with pytest.raises(ImageError, match="the file is empty"):
        decode(b"")
    for data in (b"hello, I am photo.jpg\n", b"\x00" * 100, b"<svg/>", b"\xff\xd8"):
        with pytest.raises(ImageError, match=r"not an image in a known format|cannot be decoded"):
            decode(data)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_a_truncated_file_is_an_error_and_no_half_grey_image(format_):
    data = encoded(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8), format_)
    for share in (0.5, 0.9):
        with pytest.raises(ImageError, match=r"cannot be decoded|cannot be read|not an image"):
            decode(data[: int(len(data) * share)])


def test_damaged_pixels_are_an_error():
    data = bytearray(encoded(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8), "PNG"))
    data[len(data) // 2] ^= 255
    with pytest.raises(ImageError, match="cannot be decoded"):
        decode(bytes(data))


def bomb(width, height):
    """Return a small PNG whose header claims a large image."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_size_limit_is_seen_in_the_header():
    data = encoded(PHOTO)
    assert decode(data, max_pixels=24 * 40).shape == PHOTO.shape
    with pytest.raises(ImageError, match=r"40 x 24 pixels are more than the limit of 959.*--max-pixels"):
        decode(data, max_pixels=24 * 40 - 1)
    with pytest.raises(ImageError, match=f"limit of {MAX_PIXELS}"):
        decode(bomb(10_000, 10_000))
    with pytest.raises(ImageError, match=f"more pixels than the limit of {MAX_PIXELS}"):
        decode(bomb(60_000, 60_000))


def test_decoding_in_threads_leaves_the_warning_filters_alone():
    data = encoded(PHOTO)
    before = list(warnings.filters)
    threads = [threading.Thread(target=lambda: [decode(data) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before


def test_listing_is_recursive_sorted_and_leaves_hidden_files_out(tmp_path):
    for name in ("b.JPG", "a.png", "deep/er/c.webp", "deep/.hidden.png", ".cache/d.png", "notes.txt", "deep/noending"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "deep" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "z.gif").symlink_to(tmp_path / "a.png")
    names = [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path)]
    assert names == ["a.png", "b.JPG", "deep/er/c.webp", "z.gif"]


def test_listing_errors(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no folder"):
        list_images(tmp_path / "missing")
    (tmp_path / "notes.txt").write_bytes(b"x")
    with pytest.raises(DataError, match=r"no folder '.*notes.txt'"):
        list_images(tmp_path / "notes.txt")
    with pytest.raises(DataError, match=r"no image in .*images end in \.jpg, .*name other files outright"):
        list_images(tmp_path)
    # chmod does not stop root, who may run this test; a folder that vanishes while it is listed does.
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "gone").mkdir()
    import os

    real = os.scandir

    def scandir(path):
        if str(path).endswith("gone"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    # The rest is listed, and the folder's own row will say what is wrong with it.
    assert [path.name for path in list_images(tmp_path)] == ["a.png", "gone"]
    with pytest.raises(ImageError, match=r"cannot be read"):
        read_image_bytes(str(tmp_path / "gone"))
    (tmp_path / "gone").rename(tmp_path / "also-gone")
    with pytest.raises(DataError, match=r"folder '.*gone' cannot be read; mend its permissions"):
        list_images(tmp_path / "also-gone")


def test_reading_files_and_urls(tmp_path):
    (tmp_path / "a.png").write_bytes(b"local")
    assert read_image_bytes(str(tmp_path / "a.png")) == b"local"
    with fsspec.open("memory://images/a.png", "wb") as file:
        file.write(encoded(PHOTO))
    np.testing.assert_array_equal(decode(read_image_bytes("memory://images/a.png")), PHOTO)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing.png", "No such file"),
        ("/", "Is a directory"),
        ("memory://images/none.png", "none.png"),
        ("no-such-protocol://a.png", "Protocol not known"),
        ("nul\0byte.png", "null byte"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(path, reason):
    with pytest.raises(ImageError, match=f"cannot be read .*{re.escape(reason)}"):
        read_image_bytes(path)


def test_content_id_tells_contents_apart():
    assert content_id(b"a") == content_id(b"a") != content_id(b"b")
    assert re.fullmatch("[0-9a-f]{32}", content_id(b"a"))
