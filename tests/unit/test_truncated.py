"""Files that end too early: an error by default, and where that is wanted the pixels that are there, with a note."""

import io
import threading

import numpy as np
import pytest
from PIL import Image, ImageFile

import quasar_index as qi
from quasar_index.errors import ImageError
from quasar_index.images import decode
from tests.unit.test_images import orientation_tag

RNG = np.random.default_rng(0)
ROWS, COLUMNS = np.mgrid[0:200, 0:300]
PHOTO = (np.stack([ROWS, COLUMNS % 256, ROWS + COLUMNS], axis=2) // 4 + RNG.integers(0, 60, (200, 300, 3))).astype(
    np.uint8
)


def cut(format_, share, image=PHOTO, **options):
    """Return the first part of a file, and what all of it would show."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, format_, **options)
    data = file.getvalue()
    return data[: int(share * len(data))], decode(data)


def tolerant(data):
    notes = []
    return decode(data, on_truncated=notes.append), notes


KINDS = [
    ("JPEG", PHOTO, {}, "lower"),
    ("JPEG", PHOTO[:, :, 0], {}, "lower"),
    ("JPEG", Image.fromarray(PHOTO).convert("CMYK"), {}, "lower"),
    ("MPO", PHOTO, {}, "lower"),
    ("PNG", PHOTO, {}, "lower"),
    ("PNG", np.dstack([PHOTO, PHOTO[:, :, 0]]), {}, "lower"),
    ("PNG", PHOTO[:, :, 0].astype(np.uint16) * 257, {}, "lower"),
    ("PNG", Image.fromarray(PHOTO).quantize(16), {}, "lower"),
    ("PNG", Image.fromarray(PHOTO[:, :, 0] > 40), {}, "lower"),
    ("TIFF", PHOTO, {}, "lower"),
    ("PPM", PHOTO, {}, "lower"),
    ("BMP", PHOTO, {}, "upper"),
]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize(("format_", "image", "options", "side"), KINDS)
def test_what_is_there_is_kept_and_the_rest_is_grey(format_, image, options, side, share):
    data, whole = cut(format_, share, image, **options)
    with pytest.raises(ImageError, match=r"truncated.*--tolerate-truncated"):
        decode(data)
    pixels, (note,) = tolerant(data)
    assert pixels.shape == whole.shape
    grey = (pixels == 128).all(axis=(1, 2))
    n_missing = int(grey.sum())
    assert n_missing
    assert abs(n_missing / len(pixels) - (1 - share)) < 0.25
    there = ~grey
    assert there[: 200 - n_missing].all() if side == "lower" else there[n_missing:].all()
    # Apart from the last rows of a JPEG, which were decoded without what follows them.
    differ = (pixels[there] != whole[there]).any(axis=(1, 2))
    assert differ.sum() <= (20 if format_ in {"JPEG", "MPO"} else 1)
    assert note == f"truncated: the {side} {round(100 * (pixels == 128).all(axis=2).mean())}% is missing"


def test_a_progressive_jpeg_lacks_detail():
    data, whole = cut("JPEG", 0.5, progressive=True, quality=90)
    pixels, notes = tolerant(data)
    assert notes == ["truncated: its end is missing, and maybe fine detail"]
    assert np.abs(pixels.astype(int) - whole).mean() < 20
    assert (pixels != 128).any(axis=2).mean() > 0.9
    _, (note,) = tolerant(cut("JPEG", 0.02, progressive=True, quality=90)[0])  # within the first scan
    assert note.startswith("truncated: the lower ")


def test_a_jpeg_that_lacks_its_last_bytes_only_is_whole():
    data, whole = cut("JPEG", 1.0)
    pixels, notes = tolerant(data[:-2])
    assert notes == ["truncated: its end is missing, and maybe fine detail"]
    np.testing.assert_array_equal(pixels, whole)


def test_the_side_is_that_of_the_upright_image():
    for orientation, side in ((1, "lower"), (3, "upper"), (6, "left"), (8, "right")):
        data, whole = cut("JPEG", 0.5, exif=orientation_tag(orientation))
        pixels, (note,) = tolerant(data)
        assert pixels.shape == whole.shape
        assert note.startswith(f"truncated: the {side} ")


@pytest.mark.parametrize("level", [0, 128, 255])
def test_rows_of_one_colour_that_are_there_are_not_missing(level):
    # By the pixels alone they could not be told from missing ones.
    banded = PHOTO.copy()
    banded[60:180] = level
    data, _ = cut("PNG", 0.9, banded)
    pixels, (note,) = tolerant(data)
    assert 1 <= int(note.split("lower ")[1].split("%")[0]) <= 10
    assert (pixels[60:179] == level).all()
    pixels, (note,) = tolerant(cut("JPEG", 0.9, banded, quality=90)[0])
    assert 1 <= int(note.split("lower ")[1].split("%")[0]) <= 15


@pytest.mark.parametrize("share", [0.0005, 0.002])
def test_a_file_without_pixels_stays_an_error(share):
    for format_ in ("JPEG", "PNG"):
        data, _ = cut(format_, share)
        with pytest.raises(ImageError):
            tolerant(data)


def test_damage_that_is_no_truncation_stays_an_error():
    data, _ = cut("PNG", 1.0)
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 255
    with pytest.raises(ImageError, match="cannot be decoded") as error:
        tolerant(bytes(damaged))
    assert "--tolerate-truncated" not in str(error.value)


def test_whole_images_have_no_note_and_the_same_pixels():
    for format_ in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        data, whole = cut(format_, 1.0)
        pixels, notes = tolerant(data)
        assert not notes
        np.testing.assert_array_equal(pixels, whole)


def test_other_threads_and_pillow_itself_are_as_strict_as_before():
    data, _ = cut("JPEG", 0.5)
    refused, kept, until = [], [], threading.Event()

    def strict():
        while not until.is_set():
            try:
                decode(data)
                kept.append("decoded")
            except ImageError:
                refused.append("refused")

    thread = threading.Thread(target=strict)
    thread.start()
    for _ in range(30):
        tolerant(data)
        assert not ImageFile.LOAD_TRUNCATED_IMAGES
    until.set()
    thread.join()
    assert refused
    assert not kept


def test_a_scored_truncated_image_has_a_note_and_no_place_in_the_cache(tmp_path, tiny_encoder):
    (tmp_path / "cut.jpg").write_bytes(cut("JPEG", 0.5)[0])
    Image.fromarray(PHOTO).save(tmp_path / "whole.jpg")
    encoder = tiny_encoder()
    anchors = qi.make_anchors(RNG.normal(size=(8, encoder.spec.dim)), is_good=[True, False] * 4)
    cache = qi.EmbeddingCache(tmp_path / "cache")
    scorer = qi.Scorer(anchors, qi.Mean(space="raw"), encoder, cache=cache)
    paths = [tmp_path / "cut.jpg", tmp_path / "whole.jpg"]
    tolerated = list(scorer.score_files(paths, tolerate_truncated=True))
    assert [row.note[:10] for row in tolerated] == ["truncated:", ""]
    assert all(row.score is not None and not row.error for row in tolerated)
    assert [row.note for row in scorer.score_again(tolerated)] == [row.note for row in tolerated]
    strict = list(scorer.score_files(paths))
    assert strict[0].score is None
    assert "truncated" in strict[0].error
    assert strict[1].score == tolerated[1].score
    assert cache.n_found == 1  # the whole one
