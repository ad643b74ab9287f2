"""Images that attack: one clear error or the right pixels, within bounded memory and time."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quasar_index.errors import DataError, ImageError
from quasar_index.images import MAX_PIXELS, decode, find_images, list_images, read_image_bytes
from tests.torture import hostile
from tests.torture.hostile import encoded

ROOT = Path(__file__).parents[2]
RED = np.full((64, 64, 3), (254, 0, 0))


def one_line(error):
    return "\n" not in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize("name", hostile.TOO_LARGE)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_declared_size_beyond_the_limit_is_refused(name):
    with pytest.raises(ImageError, match=f"limit of {MAX_PIXELS}.*--max-pixels") as error:
        decode(hostile.TOO_LARGE[name]())
    assert one_line(error)


@pytest.mark.parametrize("make", [hostile.png, hostile.jpeg, hostile.gif, hostile.tiff, hostile.webp])
def test_the_users_own_limit_holds_in_every_format(make):
    with pytest.raises(ImageError, match=r"300 x 300 pixels are more than the limit of 89999"):
        decode(make(300, 300), max_pixels=300 * 300 - 1)


@pytest.mark.parametrize("name", hostile.NOT_IMAGES)
def test_what_is_no_image_is_refused_whatever_it_is_called(name, tmp_path, monkeypatch):
    # A stand-in for Ghostscript: a decoder that hands PostScript to a program would run this one.
    witness = tmp_path / "ran"
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {witness}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ImageError, match="not an image in a known format; convert it to one of JPEG, PNG") as error:
        decode(hostile.NOT_IMAGES[name]())
    assert one_line(error)
    assert not witness.exists()


@pytest.mark.parametrize("name", hostile.COMPRESSED_METADATA)
def test_metadata_that_unpack_to_much_are_refused(name):
    with pytest.raises(ImageError, match=r"too large|[Tt]oo much"):
        decode(hostile.COMPRESSED_METADATA[name]())


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "exif", [hostile.overlapping_tags(5000), b"II*\0\x08\0\0\0" + b"\0" * 3_000_000], ids=["overlapping", "long"]
)
def test_exif_of_any_size_costs_no_image(exif):
    assert np.abs(decode(hostile.jpeg_with_exif(exif)).astype(int) - RED).max() < 3
    png = hostile.png(8, 8, pixels=b"\0" * 200, extra=hostile.png_chunk(b"eXIf", exif))
    assert decode(png).shape == (8, 8, 3)
    webp = encoded(Image.new("RGB", (64, 64), (254, 0, 0)), "WEBP", exif=exif, lossless=True)
    np.testing.assert_array_equal(decode(webp), RED)


@pytest.mark.parametrize(("format_", "count"), [("GIF", 1000), ("WEBP", 300), ("PNG", 300), ("TIFF", 300)])
def test_of_many_frames_one_is_decoded(format_, count):
    data = hostile.frames(format_, count)
    assert decode(data).shape == (64, 64, 3)


def test_large_images_are_converted_in_strips_without_a_seam(monkeypatch):
    # More than one strip, in every mode that is converted by itself; the same as the conversion of the whole.
    monkeypatch.setattr("quasar_index.images.strips._LARGE", 700)
    monkeypatch.setattr("quasar_index.images.strips._SMALL", 700)
    rng = np.random.default_rng(0)
    shape = (101, 99)
    alpha = Image.fromarray(rng.integers(0, 256, (*shape, 4), dtype=np.uint8))
    white = Image.new("RGBA", alpha.size, (255, 255, 255, 255))
    whole = np.asarray(Image.alpha_composite(white, alpha).convert("RGB"))
    np.testing.assert_array_equal(decode(encoded(alpha, "PNG", compress_level=0)), whole)
    deep = rng.integers(0, 65536, shape, dtype=np.uint16)
    grey = decode(encoded(Image.fromarray(deep), "TIFF"))
    np.testing.assert_array_equal(grey[:, :, 1], np.clip(np.rint(deep * (255.0 / 65535.0)), 0, 255).astype(np.uint8))
    # The scale of a floating-point image is that of all of it: only its last rows are bright.
    values = np.full(shape, 0.5, dtype=np.float32)
    values[-2:] = 255
    assert decode(encoded(Image.fromarray(values), "TIFF"))[0, 0].tolist() == [0, 0, 0]


MEMORY = """
    import resource, sys
    sys.path.insert(0, {root!r})
    from tests.torture import hostile
    from tests.colour_profiles import cmyk_profile, rgb_profile
    from tests.torture.hostile import encoded
    from PIL import Image
    import zlib, warnings
    warnings.simplefilter("ignore")
    from quasar_index.images import decode
    from quasar_index.errors import ImageError
    assert not {{"torch", "pyarrow", "lancedb"}} & sys.modules.keys()
    data = {data}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        decode(data)
    except ImageError:
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts kilobytes on Linux only")
@pytest.mark.parametrize(
    ("data", "bytes_a_pixel"),
    [
        # 16 million pixels each: what is decoded may cost at most 12 bytes a pixel, what is refused nothing.
        ("hostile.png(4000, 4000, bits=16, colour=0, pixels=bytes(4000 * 8001))", 12),
        ("encoded(Image.new('RGBA', (4000, 4000)), 'PNG', compress_level=1)", 12),
        ("encoded(Image.new('F', (4000, 4000)), 'TIFF', compression='tiff_adobe_deflate')", 12),
        ("hostile.jpeg(4000, 4000, progressive=True)", 12),
        ("encoded(Image.new('RGBA', (4000, 4000), 'red'), 'PNG', compress_level=1, icc_profile=rgb_profile())", 12),
        ("encoded(Image.new('CMYK', (4000, 4000)), 'TIFF', icc_profile=cmyk_profile())", 12),
        ("encoded(Image.new('I', (4000, 4000), 99), 'TIFF', compression='tiff_adobe_deflate')", 12),
        ("hostile.png(4000, 4000, bits=16, pixels=bytes(4000 * 24001))", 12),  # whose lower bytes are looked at
        ("hostile.webp(12000, 12000)", 2),
        ("hostile.gif_frame(60000, 60000)", 2),
        ("hostile.jpeg_with_exif(hostile.overlapping_tags(65000))", 2),
        ("hostile.frames('GIF', 500)", 2),
    ],
)
def test_memory_is_bounded_by_the_pixels(data, bytes_a_pixel):
    program = textwrap.dedent(MEMORY).format(root=str(ROOT), data=data)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    slack = 24 << 20  # of Pillow's plugins, which are imported with the first image
    assert int(done.stdout) * 1024 <= 16_000_000 * bytes_a_pixel + slack


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")  # nobody ever writes to it: opening it would wait for ever
    with pytest.raises(ImageError, match="not a regular file"):
        read_image_bytes(str(tmp_path / "pipe.jpg"))
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    with pytest.raises(ImageError, match="not a regular file"):
        read_image_bytes(str(tmp_path / "zero.jpg"))


def test_a_file_that_is_too_long_is_not_read(tmp_path):
    with (tmp_path / "sparse.jpg").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ImageError, match="larger than the limit of 1073741824 bytes"):
        read_image_bytes(str(tmp_path / "sparse.jpg"))
    (tmp_path / "a.jpg").write_bytes(b"0123456789")
    assert read_image_bytes(str(tmp_path / "a.jpg"), max_bytes=10) == b"0123456789"
    for path in (tmp_path / "a.jpg", f"file://{tmp_path}/a.jpg"):
        with pytest.raises(ImageError, match="larger than the limit of 9 bytes"):
            read_image_bytes(str(path), max_bytes=9)


def test_names_of_any_kind_are_listed_and_read(tmp_path):
    names = [b"new\nline.png", b"\xff\xfe.png", b"esc\x1b[31m.png", b"=1+1.png", b" .png", b"-o.png", b"tab\t.png"]
    data = encoded(Image.new("RGB", (2, 2)), "PNG")
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(data)
    found = list_images(tmp_path)
    assert sorted(os.fsencode(path.name) for path in found) == sorted(names)
    assert all(decode(read_image_bytes(str(path))).shape == (2, 2, 3) for path in found)


def test_links_that_loop_are_not_followed(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.png").write_bytes(b"x")
    for folder in (tmp_path, tmp_path / "deep"):  # two loops: followed, the paths double at every step
        (folder / "one").symlink_to(tmp_path, target_is_directory=True)
        (folder / "two").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    assert [path.name for path in list_images(tmp_path)] == ["a.png", "self.png"]
    for pattern in ("**/*.png", "**"):
        assert find_images(f"{tmp_path}/{pattern}") == [tmp_path / "deep" / "a.png"]
    with pytest.raises(ImageError, match="cannot be read"):
        read_image_bytes(str(tmp_path / "self.png"))


def test_globs(tmp_path, monkeypatch):
    for name in ("a.png", "b.jpg", "deep/c.png", ".hidden/d.png", "deep/.e.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert list(map(str, find_images("*.png"))) == ["a.png"]
    assert list(map(str, find_images("**/*.png"))) == ["a.png", "deep/c.png"]
    assert list(map(str, find_images(".hidden/*"))) == [".hidden/d.png"]
    assert list(map(str, find_images(f"{tmp_path}/d*/[c]*"))) == [f"{tmp_path}/deep/c.png"]
    assert find_images("none*") == []


def test_names_that_the_system_finds_too_long_are_missing(tmp_path):
    long = str(tmp_path / ("a" * 5000))
    with pytest.raises(ImageError, match=r"cannot be read .*too long"):
        read_image_bytes(long)
    with pytest.raises(DataError, match="no folder"):
        list_images(Path(long))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_is_one_bad_row(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "locked").mkdir(mode=0)
    assert [path.name for path in list_images(tmp_path)] == ["a.png", "locked"]
    with pytest.raises(ImageError, match="Permission denied"):
        read_image_bytes(str(tmp_path / "locked"))


def test_errors_of_pillow_are_one_line():
    data = encoded(Image.new("RGB", (64, 64)), "PNG")
    broken = data.replace(b"IDAT", b"ID\nT")
    with pytest.raises(ImageError) as error:
        decode(broken)
    assert one_line(error)
    assert Image.open(io.BytesIO(data)).size == (64, 64)
