"""Formats beyond Pillow's own: HEIC, AVIF, JPEG XL and raw photographs, with their extras and without."""

import io
import struct
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.errors import ImageError
from quasar_index.images import MAX_PIXELS, decode, is_image_name, is_readable_name, open_image, readable_endings
from quasar_index.images import formats as known
from quasar_index.images.jpegxl import read_header
from quasar_index.images.raw import develop, looks_raw
from tests import raw_photographs as raw
from tests.unit.test_images import PHOTO, UPRIGHT, encoded, orientation_tag

FORMATS = ("HEIF", "AVIF", "JXL")


@pytest.fixture(autouse=True)
def plugins():
    """Register what the tests write with; whoever reads registers it by itself."""
    known.registered()


def close(pixels, expected, most=3.0):
    return pixels.shape == expected.shape and np.abs(pixels.astype(int) - expected).mean() < most


def written(format_, image=PHOTO, **options):
    quality = {"lossless": True} if format_ == "JXL" else {"quality": 95}
    return encoded(image, format_, **quality, **options)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_once(format_, orientation):
    data = written(format_, exif=orientation_tag(orientation).tobytes())
    assert close(decode(data), UPRIGHT[orientation](PHOTO))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_jpeg_xl_of_a_jpeg_is_turned_once_with_the_jpeg_and_without(tmp_path, orientation):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(PHOTO, "JPEG", quality=98, exif=orientation_tag(orientation)))
    with Image.open(path) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = encoded(image, "JXL")
    assert read_header(data).orientation == orientation
    assert close(decode(data), UPRIGHT[orientation](PHOTO))
    # Without the box that rebuilds the JPEG, the decoder turns the pixels, and EXIF still says how.
    place, pixels_only = 0, b""
    while place < len(data):
        length = struct.unpack_from(">I", data, place)[0] or len(data) - place
        pixels_only += b"" if data[place + 4 : place + 8] in {b"jbrd", b"brob"} else data[place : place + length]
        place += length
    exif = b"\0\0\0\0" + orientation_tag(orientation).tobytes().removeprefix(b"Exif\0\0")
    pixels_only += struct.pack(">I", len(exif) + 8) + b"Exif" + exif
    assert Image.open(io.BytesIO(pixels_only)).getexif()[0x0112] == orientation
    assert close(decode(pixels_only), UPRIGHT[orientation](PHOTO))


@pytest.mark.parametrize("format_", FORMATS)
def test_transparent_is_laid_over_white(format_):
    image = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 255, np.uint8)])
    image[:12] = (20, 40, 60, 0)
    expected = PHOTO.copy()
    expected[:12] = 255
    assert close(decode(written(format_, image)), expected)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (64, 64), (300, 400), (640, 360), (2000, 64)])
def test_the_size_is_checked_before_a_pixel_is_decoded(format_, size):
    data = written(format_, Image.new("RGB", size))
    width, height = size
    if format_ == "JXL":
        header = read_header(data)
        assert (header.width, header.height) == size
    limit = width * height - 1
    with pytest.raises(ImageError, match=f"{width} x {height} pixels are more than the limit of {limit}; .*max-pixels"):
        open_image(data, max_pixels=limit)
    assert decode(data, max_pixels=limit + 1).shape == (height, width, 3)


def test_a_bomb_of_jpeg_xl_is_refused_by_its_header():
    # 2**30 pixels a side in the header of an empty codestream: nothing is behind it.
    bits = 0 | 3 << 1 | (2**30 - 1) << 3 | 0 << 33 | 3 << 36 | (2**30 - 1) << 38
    with pytest.raises(ImageError, match=rf"{2**30} x {2**30} pixels are more than the limit of {MAX_PIXELS}"):
        decode(b"\xff\x0a" + bits.to_bytes(16, "little"))
    box = b"\0\0\0\x10JXL \r\n\x87\n\0\0\0\0"  # which the plugin takes for its own, but is none
    with pytest.raises(ImageError, match="not an image in a known format"):
        decode(box + written("JXL", use_container=True)[12:])
    for cut in (b"\xff\x0a", b"\xff\x0a\x07", b"\0\0\0\x0cJXL \r\n\x87\n", b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\0jxlc"):
        with pytest.raises(ImageError, match="its header cannot be read"):
            decode(cut)


def test_of_several_images_in_a_heic_the_primary_one_counts():
    other = Image.new("RGB", (16, 16), "red")
    data = written("HEIF", other, save_all=True, append_images=[Image.fromarray(PHOTO)], primary_index=1)
    assert close(decode(data), PHOTO)


@pytest.mark.parametrize("format_", ["AVIF", "HEIF"])
def test_an_animation_is_its_first_frame(format_):
    data = written(format_, save_all=True, append_images=[Image.new("RGB", (40, 24), "red")] * 3)
    assert close(decode(data), PHOTO)


def test_ten_bits_are_brought_to_eight():
    import pillow_heif

    deep = (PHOTO.astype(np.uint16) << 8) + 128
    file = io.BytesIO()
    pillow_heif.encode("RGB;16", (40, 24), deep.tobytes(), file, quality=-1, chroma=444)
    with Image.open(io.BytesIO(file.getvalue())) as image:
        assert image.info["bit_depth"] == 10
    assert close(decode(file.getvalue()), PHOTO, most=1.5)


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_cut_or_damaged_is_one_clear_error(format_):
    data = written(format_, np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    damaged = bytearray(data)
    damaged[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    for bad in (data[:24], data[: len(data) // 2], bytes(damaged) if format_ == "JXL" else data[:40]):
        with pytest.raises(ImageError, match=r"cannot be (read|decoded)|not an image") as error:
            decode(bad)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("format_", "extra", "message"),
    [
        ("HEIF", known.HEIF, r"a HEIC picture, .*; pip install -e '.\[formats\]'"),
        ("JXL", known.JXL, r"a JPEG XL picture, .*; pip install -e '.\[formats\]'"),
        ("RAW", known.RAW, r"a raw photograph, .*; pip install -e '.\[raw\]'"),
    ],
)
def test_without_its_package_the_error_names_the_extra(monkeypatch, format_, extra, message):
    data = raw.dng(PHOTO) if format_ == "RAW" else written(format_)
    monkeypatch.setitem(sys.modules, extra.module, None)  # as if it were not installed
    monkeypatch.delitem(Image.OPEN, format_, raising=False)
    with pytest.raises(ImageError, match=message):
        decode(data)
    assert not extra.is_here
    assert is_image_name(f"a{extra.endings[0]}")
    assert not is_readable_name(f"a{extra.endings[0]}")
    assert not set(extra.endings) & set(readable_endings())
    assert close(decode(encoded(PHOTO, "PNG")), PHOTO)


def test_packages_are_imported_by_the_first_file_that_needs_them(tmp_path):
    (tmp_path / "a.heic").write_bytes(written("HEIF"))
    (tmp_path / "a.jpg").write_bytes(encoded(PHOTO, "JPEG"))
    (tmp_path / "a.tif").write_bytes(encoded(PHOTO, "TIFF"))
    code = (
        "import sys; from quasar_index.images import decode, list_images, read_image_bytes\n"
        "def there(): print(*(name in sys.modules for name in ('pillow_heif', 'pillow_jxl', 'rawpy')))\n"
        "for path in ('a.jpg', 'a.tif'): decode(read_image_bytes(path))\n"
        "print(len(list_images('.'))); there(); decode(read_image_bytes('a.heic')); there()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["3", *["False"] * 3, "True", "False", "False"]


def test_endings_are_those_of_the_formats_that_are_read():
    registered = {ending for ending, format_ in Image.EXTENSION.items() if format_ in known.FORMATS}
    assert registered <= set(readable_endings())
    assert {".jfif", ".jpe", ".mpo", ".jpx", ".apng", ".dib", ".pbm", ".heic", ".jxl", ".dng", ".cr3"} <= set(
        readable_endings()
    )
    assert not {".eps", ".psd", ".svg", ".pdf", ".txt", "", ".ico"} & set(readable_endings())
    assert is_image_name("s3://bucket/A.JPE")


PATCHES = np.zeros((64, 96, 3), np.uint8)
PATCHES[:, :32], PATCHES[:, 32:64], PATCHES[:, 64:] = (200, 60, 40), (128, 128, 128), (30, 90, 180)
GREEN = np.full((16, 24, 3), (0, 255, 0), np.uint8)


@pytest.mark.parametrize(
    "options",
    [{}, {"is_linear": True}, {"preview": GREEN}, {"preview": GREEN, "is_linear": True}],
    ids=["mosaic", "linear", "preview", "linear preview"],
)
def test_a_raw_photograph_is_developed_and_never_its_preview(options):
    data = raw.dng(PATCHES, **options)
    assert looks_raw(data)
    pixels = decode(data)
    assert pixels.shape == PATCHES.shape
    for column in (16, 48, 80):  # amid the patches, whose edges the demosaicing softens
        assert np.abs(pixels[32, column].astype(int) - PATCHES[32, column]).max() <= 2
    assert (decode(data) == pixels).all()


def test_a_raw_photograph_is_as_bright_as_the_camera_took_it():
    # Neither the brightest pixel nor the mean decides: a dark photograph stays dark.
    for level in (40, 238):  # by its own brightest pixel, LibRaw would also make the second one white
        even = np.full((64, 64, 3), level, np.uint8)
        assert np.abs(decode(raw.dng(even)).astype(int) - level).max() <= 2


def test_white_balance_is_that_of_the_camera():
    # A grey card under red light: the camera notes the colour of what is neutral.
    card = np.full((64, 64, 3), 120, np.uint8)
    light = raw.linear(card).astype(float)
    seen = np.rint(light * (1.0, 0.8, 0.5)).astype(np.uint16)
    developed = decode(raw.dng(card, colours=seen, neutral=(1.0, 0.8, 0.5)))
    assert np.ptp(developed[32, 32].astype(int)) <= 2
    assert np.ptp(decode(raw.dng(card, colours=seen))[32, 32].astype(int)) > 20


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("preview", [None, GREEN])
def test_a_raw_photograph_is_upright(orientation, preview):
    pixels = decode(raw.dng(PATCHES, orientation=orientation, preview=preview))
    expected = UPRIGHT[orientation](PATCHES)
    assert pixels.shape == expected.shape
    middle = tuple(side // 2 for side in expected.shape[:2])
    corner = (expected.shape[0] - 12, expected.shape[1] - 12)
    for place in (middle, corner):
        assert np.abs(pixels[place].astype(int) - expected[place]).max() <= 2


def test_the_size_of_a_raw_photograph_is_checked_before_it_is_developed(monkeypatch):
    data = raw.dng(PATCHES)
    admitted = []
    decode(data, admit=admitted.append)
    decode(written("JXL"), admit=admitted.append)
    decode(encoded(PHOTO, "PNG"), admit=admitted.append)
    assert admitted == [2 * 96 * 64, 1.25 * 24 * 40, 24 * 40]  # LibRaw needs more memory a pixel, and so does libjxl
    monkeypatch.setattr("quasar_index.images.raw.develop", lambda _: pytest.fail("it was developed"))
    with pytest.raises(ImageError, match=r"96 x 64 pixels are more than the limit of 6143; .*--max-pixels"):
        decode(data, max_pixels=96 * 64 - 1)


@pytest.mark.parametrize(
    "start",
    [
        b"FUJIFILMCCD-RAW 0201FF383501", b"IIRO\x08\0\0\0", b"IIU\0\x18\0\0\0", b"FOVb\x01\0\x02\0", b"\0MRM\0\0\0\0",
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", b"II\x1a\0\0\0HEAPCCDR", b"II*\0\x10\0\0\0CR\x02\0",
    ],
)  # fmt: skip
def test_raw_files_of_all_cameras_are_known_by_their_beginning(start):
    data = start + bytes(2000)
    assert looks_raw(data)
    with pytest.raises(ImageError, match=r"a raw photograph that .*convert it to"):
        decode(data)


def test_an_ordinary_tiff_is_not_raw():
    for data in (encoded(PHOTO, "TIFF"), encoded(PHOTO, "TIFF", compression="tiff_lzw"), raw.tiff(raw.page(PHOTO, 2))):
        assert not looks_raw(data)
        np.testing.assert_array_equal(decode(data), PHOTO)
    for nonsense in (
        b"",
        b"II*\0",
        b"II*\0\x08\0\0\0",
        b"MM\0*\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 99,
    ):
        assert not looks_raw(nonsense)


def test_pages_of_a_tiff_that_form_a_circle_end():
    data = bytearray(raw.tiff(raw.page(PHOTO, 2)))
    (start,) = struct.unpack_from("<I", data, 4)
    data[-4:] = struct.pack("<I", start)
    assert not looks_raw(bytes(data))


def test_a_damaged_raw_photograph_is_one_clear_error():
    data = raw.dng(PATCHES, preview=GREEN)
    for bad in (data[: len(data) // 2] + bytes(8), data.replace(struct.pack("<HHI", 258, 3, 1), b"\xff" * 8)):
        try:
            decode(bad)
        except ImageError as error:
            assert "\n" not in str(error)  # noqa: PT017 - some damage leaves a picture
    with pytest.raises(ImageError, match=r"a raw photograph that (cannot be developed|is truncated)"):
        develop(b"II*\0 no raw photograph")


def test_a_truncated_raw_photograph_is_said_to_be_one():
    data = bytearray(raw.dng(PATCHES))
    (start,) = struct.unpack_from("<I", data, 4)
    for entry in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, entry) == (273,):  # where the pixels are: now at the end
            struct.pack_into("<I", data, entry + 8, len(data))
    pixels = bytes(data[8 : 8 + 2 * 64 * 96])
    assert decode(bytes(data) + pixels)[32, 48].tolist() == pytest.approx(PATCHES[32, 48].tolist(), abs=2)
    with pytest.raises(ImageError, match="a raw photograph that is truncated; restore or remove it"):
        decode(bytes(data) + pixels[: len(pixels) // 2])


def test_heic_and_raw_have_thumbnails_and_scores(tmp_path, tiny_encoder):
    files = {"a.heic": written("HEIF"), "b.jxl": written("JXL"), "c.avif": written("AVIF"), "d.dng": raw.dng(PATCHES)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = qi.list_images(tmp_path)
    assert [path.name for path in paths] == list(files)
    from quasar_index.thumbnails import thumbnail

    assert [thumbnail(path, 20).size for path in paths] == [(20, 12)] * 3 + [(20, 13)]
    encoder = tiny_encoder()
    anchors = qi.make_anchors(np.random.default_rng(0).normal(size=(8, encoder.spec.dim)), is_good=[True, False] * 4)
    rows = list(qi.Scorer(anchors, qi.Mean(space="raw"), encoder).score_files(paths))
    assert not [row.error for row in rows if row.error]
