"""Images in memory are what files of the same pixels are; what has no one meaning is refused in one line."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import quasar_index as qi
from quasar_index.images.in_memory import in_memory
from tests.unit.conftest import photo

PHOTO = photo(48, 64)
GREY, RGBA = PHOTO[..., 0], np.dstack([PHOTO, PHOTO[..., 1]])


def of_file(image, **saving):
    """Return the pixels of a file of an image."""
    file = io.BytesIO()
    image.save(file, saving.pop("format", "PNG"), **saving)
    return qi.images.decode(file.getvalue())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_pil_image_is_what_its_file_is(mode):
    image = Image.fromarray(GREY.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(RGBA).convert(mode)
    np.testing.assert_array_equal(qi.images.as_pixels(image), of_file(image))


def test_a_pil_image_is_turned_upright_as_its_file_is():
    image = Image.fromarray(PHOTO)
    image.getexif()[0x0112] = 6
    turned = of_file(image, exif=image.getexif())
    assert turned.shape == (64, 48, 3)
    np.testing.assert_array_equal(qi.images.as_pixels(image), turned)
    assert image.size == (64, 48)


@pytest.mark.parametrize("pixels", [GREY, GREY[..., None], RGBA, RGBA[..., [0, 3]]], ids=["HW", "HW1", "RGBA", "LA"])
def test_arrays_are_what_files_are(pixels):
    flat = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
    np.testing.assert_array_equal(qi.images.as_pixels(pixels), of_file(Image.fromarray(flat)))


def test_forms_of_the_same_images_are_embedded_alike(tiny_encoder):
    encoder = tiny_encoder()
    wanted = qi.encode(encoder, [PHOTO, PHOTO])

    class Own(np.ndarray):
        """A subclass."""

    kept = PHOTO.copy()
    fixed = PHOTO.copy()
    fixed.setflags(write=False)
    forms = {
        "generator": (image for image in (PHOTO, PHOTO)),
        "one array": np.stack([PHOTO, PHOTO]),
        "tuple": (PHOTO, Image.fromarray(PHOTO)),
        "tensors": [torch.from_numpy(kept), torch.from_numpy(kept)],
        "one tensor": torch.from_numpy(np.stack([PHOTO, PHOTO])),
        "objects": np.array([Image.fromarray(PHOTO), None], dtype=object)[[0, 0]],
        "read-only": [fixed, fixed],
        "strided": [np.asfortranarray(PHOTO), PHOTO[::-1][::-1]],
        "subclass": [PHOTO.view(Own), PHOTO],
    }
    for name, form in forms.items():
        np.testing.assert_array_equal(qi.encode(encoder, form), wanted, err_msg=name)
    np.testing.assert_array_equal(kept, PHOTO)
    assert qi.encode(encoder, []).shape == (0, 12)


WRONG = {
    "0 to 1": ([PHOTO / 255], r"image 0 holds numbers with a point \(float64\).*multiply by 255"),
    "16 bits": ([PHOTO, PHOTO.astype(np.uint16)], r"image 1 .*\(uint16\).*convert to uint8"),
    "int64": ([PHOTO.astype(int)], r"int64"),
    "bool": ([PHOTO > 9], r"true and false"),
    "channels first": ([PHOTO.transpose(2, 0, 1)], r"channels come first; transpose to \(H, W, 3\): image.transpose"),
    "tensor": ([torch.rand(3, 48, 64)], r"channels come first.*image.permute\(1, 2, 0\)"),
    "bfloat16": ([torch.rand(48, 64, 3).bfloat16()], r"tensor of torch.bfloat16"),
    "gradient": ([torch.rand(48, 64, 3, requires_grad=True)], r"float32"),
    "batch in a list": ([PHOTO[None]], r"batch of images; take it out of its batch"),
    "five channels": ([np.zeros((9, 9, 5), np.uint8)], r"shape \(9, 9, 5\)"),
    "empty": ([PHOTO[:0]], r"image 0 has shape \(0, 64, 3\): no pixels"),
    "empty PIL": ([Image.new("RGB", (0, 3))], r"0 x 3: no pixels"),
    "lists": ([PHOTO.tolist()], r"image 0 is of type list.*np.array"),
    "bytes": ([b"\x89PNG"], r"bytes, not pixels; decode it"),
    "paths": (["a.png"], r"image 0 is a path \('a.png'\).*score_files"),
    "nothing": ([None], r"NoneType"),
    "one path": ("a.png", r"score_files"),
    "one image": (PHOTO, r"one image, not several; give a list"),
    "one PIL image": (Image.fromarray(PHOTO), r"one image, not several"),
    "None": (None, r"no list of images"),
    "a number": (3, r"no list of images"),
    "dict": ({"a": PHOTO}, r"no list of images"),
    "set": (set(), r"no list of images"),
    "too small": ([PHOTO, PHOTO[:2]], r"image 1: 64 x 2 pixels are too small"),
    "five axes": (np.zeros((1, 1, 9, 9, 3), np.uint8), r"holds no images"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_has_no_one_meaning_is_one_line(tiny_encoder, name):
    images, message = WRONG[name]
    encoder = tiny_encoder()
    anchors = qi.make_anchors(np.eye(4, 12), is_good=[True, True, False, False])
    scorer = qi.Scorer(anchors, qi.Mean(space="raw"), encoder)
    for take in (scorer.score_images, lambda images: qi.encode(encoder, images)):
        with pytest.raises(qi.DataError, match=message) as caught:
            take(images)
        assert caught.value.hint
        assert "\n" not in str(caught.value)


def test_a_truncated_pil_image_is_one_line():
    file = io.BytesIO()
    Image.fromarray(PHOTO).save(file, "PNG")
    with pytest.raises(qi.DataError, match=r"image 0 cannot be decoded"):
        list(in_memory([Image.open(io.BytesIO(file.getvalue()[:900]))]))
