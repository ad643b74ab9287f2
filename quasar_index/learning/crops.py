"""Centre crops of undistorted images at native size, which the high level learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from ..arrays import ByteArray
from ..datasets import ImageSource, load_images
from ..encoders.spec import CLIP_MEAN
from ..errors import DataError
from ..images import read_image_bytes
from ..threads import n_cores
from .sets import MEMORY, read_image

_PADDING = np.round(np.multiply(CLIP_MEAN, 255)).astype(np.uint8)
"""Nearly 0 after CLIP's normalisation."""


def centre_crop(image: ByteArray, size: int) -> ByteArray:
    """Cut the middle out of an image; what a small image lacks is filled with CLIP's mean colour.

    A small image is not enlarged: that would blur it, and blur is among what is learned.

    Args:
        image: (H, W, 3) uint8.
        size: Pixels a side.

    Returns:
        (size, size, 3) uint8.
    """
    places = []
    for length in image.shape[:2]:
        if length >= size:
            start = round((length - size) / 2)
            places.append((slice(start, start + size), slice(0, size)))
        else:
            start = (size - length) // 2
            places.append((slice(0, length), slice(start, start + length)))
    (rows, to_rows), (columns, to_columns) = places
    crop = np.empty((size, size, 3), np.uint8)
    crop[:] = _PADDING
    crop[to_rows, to_columns] = image[rows, columns]
    return crop


def find_undistorted(data: str) -> ImageSource:
    """Find undistorted images.

    Args:
        data: A folder of them, or all else that `load_images` reads; of references and distorted versions, such as of
            `quasar-index synthesize`, the references.

    Raises:
        DataError: When there are none.
    """
    source = load_images(data)
    records = source.records
    if "reference" not in records.column_names or records["reference"].null_count == len(records):
        return source
    levels = records["level"].to_pylist() if "level" in records.column_names else []
    references = [number for number, level in enumerate(levels) if level == 0]
    if not references:
        raise DataError(f"'{data}' tells no undistorted images", "give a folder of undistorted images alone")
    return replace(source, records=records.take(references))


class Crops:
    """The centre crops of images, kept in memory as far as a budget allows.

    Args:
        paths: The images.
        size: Pixels a side of a crop.
        read_bytes: Opens an image.
        memory: Bytes of crops that are kept; the others are read again in each epoch.

    Attributes:
        ids: Content ids of the images, once they were read.
        n_padded: Images with a side below `size`, once they were read.
    """

    def __init__(
        self,
        paths: Sequence[str],
        size: int,
        read_bytes: Callable[[str], bytes] = read_image_bytes,
        memory: int = MEMORY,
    ) -> None:
        self.paths = tuple(paths)
        self.ids: tuple[str, ...] = ()
        self.n_padded = 0
        self.size = size
        self._read_bytes = read_bytes
        self._n_kept = min(len(self.paths), memory // (3 * size * size))
        self._kept = np.empty((self._n_kept, size, size, 3), np.uint8)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.paths)

    def prepare(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Read all images once, to check them and to keep as many crops as there is room for.

        Args:
            on_progress: Called with (images done, images in all), by the calling thread.

        Raises:
            DataError: When one cannot be read.
        """

        def one(number: int) -> tuple[str, bool]:
            name, image = self._read(number)
            if number < self._n_kept:
                self._kept[number] = centre_crop(image, self.size)
            return name, min(image.shape[:2]) < self.size

        ids = []
        with ThreadPoolExecutor(n_cores()) as pool:
            try:
                for name, is_padded in pool.map(one, range(len(self))):
                    ids.append(name)
                    self.n_padded += is_padded
                    if on_progress is not None:
                        on_progress(len(ids), len(self))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self.ids = tuple(ids)

    def take(self, numbers: Sequence[int]) -> ByteArray:
        """Return the crops of some images, (n, size, size, 3)."""
        with ThreadPoolExecutor(n_cores()) as pool:
            return np.stack(list(pool.map(self._crop, numbers)))

    def _crop(self, number: int) -> ByteArray:
        return self._kept[number] if number < self._n_kept else centre_crop(self._read(number)[1], self.size)

    def _read(self, number: int) -> tuple[str, ByteArray]:
        return read_image(self.paths[number], self._read_bytes)
