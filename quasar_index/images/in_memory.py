"""Images in memory, as programs have them, to the pixels that everything downstream sees: (H, W, 3) uint8 RGB.

PIL images of any mode, and uint8 arrays that are grey, grey with alpha or RGBA, become what a file of the same pixels
becomes. What else there is (numbers from 0 to 1, 16 bits, channels first) has no one meaning, and is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..arguments import checked
from ..arrays import ByteArray
from ..errors import DataError, ImageError, first_line
from .decoding import to_pixels

ImageLike: TypeAlias = "Image.Image | npt.NDArray[Any] | Any"
"""A PIL image; an array of (H, W), (H, W, 1), (H, W, 2: grey and alpha), (H, W, 3) or (H, W, 4) uint8; a torch tensor
of such a shape and type, on any device."""

Images: TypeAlias = Iterable[ImageLike]
"""Several of them: any iterable, also a generator or one array (N, H, W, C)."""
_MODES = {1: "L", 2: "LA", 4: "RGBA"}
_SCALE = "multiply by 255, round and convert to uint8"
_WHOLE = ("other whole numbers", "scale them to go from 0 to 255, and convert to uint8")
_TYPES = {
    "f": ("numbers with a point", f"if they go from 0 to 1, {_SCALE}"),
    "b": ("true and false", "convert to uint8, and multiply by 255"),
    "c": ("complex numbers", "an image is real"),
    "O": ("Python objects", "give each image as an array of uint8 of its own"),
}


@checked
def as_pixels(image: ImageLike, what: str = "the image", *, rule: int | None = None) -> ByteArray:
    """Convert an image in memory to pixels.

    Args:
        image: See `ImageLike`; it is never changed.
        what: What it is called in messages.
        rule: Version of the input rule, as in `decode`; None for the newest.

    Returns:
        (H, W, 3) uint8 RGB; the array itself where it is one already.

    Raises:
        DataError: On another type, shape or kind of numbers, or no pixels at all.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> grey = np.full((2, 3), 200, dtype=np.uint8)
        >>> qi.images.as_pixels(grey).shape, qi.images.as_pixels(grey)[0, 0].tolist()
        ((2, 3, 3), [200, 200, 200])
    """
    if isinstance(image, Image.Image):
        return _of_pillow(image, what, rule)
    pixels = _array_of(image, what)
    _check_shape(pixels, what, "transpose" if pixels is image else "permute")
    if pixels.dtype != np.uint8:
        kind, mend = _TYPES.get(pixels.dtype.kind, _WHOLE)
        raise DataError(f"{what} holds {kind} ({pixels.dtype}), not uint8 from 0 to 255", mend)
    n_channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if n_channels == 3:
        return pixels
    flat = pixels[..., 0] if pixels.ndim == 3 and n_channels == 1 else pixels
    return to_pixels(Image.fromarray(np.ascontiguousarray(flat), mode=_MODES[n_channels]))


def in_memory(images: Images, rule: int | None = None) -> Iterator[ByteArray]:
    """Convert images one by one; a message names which one, from 0.

    Args:
        images: Any iterable of them, also a generator or one array (N, H, W, C).

    Args:
        images: See `Images`.
        rule: As of `as_pixels`.

    Raises:
        DataError: When it is one image or no images at all; or as `as_pixels`.
    """
    _check_several(images)
    for number, image in enumerate(images):
        yield as_pixels(image, f"image {number}", rule=rule)


def check_batch(batch: object) -> None:
    """Raise a DataError unless an argument is prepared images, (B, H, W, 3) uint8."""
    shape = getattr(batch, "shape", None)
    if not isinstance(batch, np.ndarray) or batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[3] != 3:
        what = f"an array of shape {shape}" if shape is not None else f"of type {type(batch).__name__}"
        raise DataError(f"prepared images are {what}", "give (B, H, W, 3) uint8, or call qi.encode(encoder, images)")


def _check_several(images: object) -> None:
    """Raise a DataError where an argument is no iterable of images."""
    if isinstance(images, Image.Image):
        raise DataError("this is one image, not several", "give a list: [image]")
    if isinstance(images, (str, bytes, bytearray, os.PathLike)):
        raise DataError(f"{_shown(images)} is no list of images", "score files by Scorer.score_files([...])")
    if isinstance(images, (dict, set, frozenset)):
        raise DataError(f"a {type(images).__name__} is no list of images", "give a list, in the order of the scores")
    shape = getattr(images, "shape", None)
    if shape is not None and len(shape) in (2, 3):
        mend = "give a list: [image]; of grey images, list(images)"
        raise DataError(f"an array of shape {tuple(shape)} is one image, not several", mend)
    if shape is not None and len(shape) != 4 and str(getattr(images, "dtype", "")) != "object":
        raise DataError(f"an array of shape {tuple(shape)} holds no images", "give (N, H, W, 3) uint8, or a list")
    if not isinstance(images, Iterable):
        raise DataError(f"{_shown(images)} is no list of images", "give a list of arrays or PIL images")


def _array_of(image: object, what: str) -> npt.NDArray[Any]:
    """Return an array or a tensor as an array; a text or any other object is a DataError."""
    if isinstance(image, (str, os.PathLike)):
        raise DataError(f"{what} is a path ({_shown(image)}), not pixels", "score files by Scorer.score_files")
    if isinstance(image, (bytes, bytearray, memoryview)):
        raise DataError(f"{what} is {type(image).__name__}, not pixels", "decode it: PIL.Image.open(io.BytesIO(data))")
    if isinstance(image, np.ndarray):
        return image
    if hasattr(image, "detach") and hasattr(image, "cpu"):  # a torch tensor, which need not be loaded to be told
        tensor: Any = image.detach()
        try:
            return np.asarray(tensor.cpu().numpy())
        except (TypeError, RuntimeError):  # such as bfloat16, which NumPy lacks
            raise DataError(f"{what} is a tensor of {tensor.dtype}, not uint8 from 0 to 255", _SCALE) from None
    if hasattr(image, "__array_interface__") or hasattr(image, "__array__"):
        try:
            return np.asarray(image)
        except Exception as error:  # whatever another library raises
            raise DataError(f"{what} gives no array ({first_line(error)})", "give a NumPy array of uint8") from error
    mend = "convert it: np.array(image, dtype=np.uint8)" if isinstance(image, (list, tuple)) else "give such an array"
    raise DataError(f"{what} is of type {type(image).__name__}, neither an array of uint8 nor a PIL image", mend)


def _check_shape(pixels: npt.NDArray[Any], what: str, turn: str) -> None:
    """Raise a DataError unless the shape is one of an image; `turn` is what reorders axes."""
    shape = pixels.shape
    if pixels.ndim == 4:
        mend = "give its images one by one" if shape[0] != 1 else "take it out of its batch: image[0]"
        raise DataError(f"{what} has shape {shape}, which is a batch of images", mend)
    if pixels.ndim == 3 and shape[2] not in (1, 2, 3, 4) and shape[0] in (1, 3, 4):
        raise DataError(
            f"{what} has shape {shape}: its channels come first", f"transpose to (H, W, 3): image.{turn}(1, 2, 0)"
        )
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and shape[2] not in (1, 2, 3, 4)):
        raise DataError(f"{what} has shape {shape}", "an image is (H, W), (H, W, 3) or (H, W, 4)")
    if 0 in shape:
        raise DataError(f"{what} has shape {shape}: no pixels", "leave it out")


def _of_pillow(image: Image.Image, what: str, rule: int | None) -> ByteArray:
    if 0 in image.size:
        raise DataError(f"{what} is {image.width} x {image.height}: no pixels", "leave it out")
    try:
        return to_pixels(image, rule=rule)
    except ImageError as error:
        raise DataError(f"{what}: {error.message}", error.hint) from error
    except Exception as error:  # it is decoded here, and Pillow's plugins raise anything on damaged data
        raise DataError(f"{what} cannot be decoded ({first_line(error)})", "open it again") from error


def _shown(value: object) -> str:
    """Return a value as a message shows it, of at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
