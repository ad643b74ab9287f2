"""Sets of images: an undistorted one and distorted versions of it, as many for each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..datasets import AnchorSource, load_source
from ..errors import DataError, counted
from ..images import content_id, decode, is_image_name, read_image_bytes
from ..threads import n_cores

MEMORY = 2 << 30
"""Bytes of decoded images that are kept; the others are decoded again in each epoch."""
_REFERENCE = "ref"
_LAYOUT = "give what 'quasar-index synthesize' writes, or a folder with a folder a set, one file of it named REF"

Similarities = Callable[[Sequence[str], ByteArray], FloatArray]
"""Returns the similarities of a set, (n, n), of its images' content ids and pixels."""


@dataclass(frozen=True)
class ImageSet:
    """An undistorted image and its distorted versions.

    Attributes:
        name: Of the undistorted one.
        paths: The undistorted one first.
    """

    name: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class PreparedSet:
    """A set whose images were read.

    Attributes:
        ids: Content ids.
        similarities: (n, n), 1 on the diagonal.
    """

    ids: tuple[str, ...]
    similarities: FloatArray


class SetImages:
    """The decoded images of sets, kept in memory as far as a budget allows.

    Args:
        sets: The sets.
        memory: Bytes of pixels that are kept.
        read_bytes: Opens one image.
    """

    def __init__(
        self, sets: Sequence[ImageSet], memory: int = MEMORY, read_bytes: Callable[[str], bytes] = read_image_bytes
    ) -> None:
        self.sets = sets
        self._room = memory
        self._read_bytes = read_bytes
        self._kept: dict[int, ByteArray] = {}

    def prepare(
        self, similarities: Similarities, on_progress: Callable[[int, int], None] | None = None
    ) -> list[PreparedSet]:
        """Read all images once: check them, compare them within each set, and keep as many as there is room for.

        Args:
            similarities: Compares the images of a set.
            on_progress: Called with (sets done, sets in all), by the calling thread.

        Raises:
            DataError: When an image cannot be read, or a set has images of several sizes.
        """

        def one(number: int) -> tuple[PreparedSet, ByteArray]:
            ids, images = self._read(number)
            return PreparedSet(ids, similarities(ids, images)), images

        made: list[PreparedSet] = []
        for number, (prepared, images) in enumerate(_in_threads(one, len(self.sets))):
            made.append(prepared)
            if images.nbytes <= self._room:
                self._room -= images.nbytes
                self._kept[number] = images
            if on_progress is not None:
                on_progress(number + 1, len(self.sets))
        return made

    def __getitem__(self, number: int) -> ByteArray:
        """Return the images of a set, (n, H, W, 3)."""
        kept = self._kept.get(number)
        return self._read(number)[1] if kept is None else kept

    def _read(self, number: int) -> tuple[tuple[str, ...], ByteArray]:
        one = self.sets[number]
        ids, images = [], []
        for path in one.paths:
            name, image = read_image(path, self._read_bytes)
            ids.append(name)
            images.append(image)
            if images[-1].shape != images[0].shape:
                raise DataError(
                    f"'{path}' is {_size(images[-1])}, '{one.paths[0]}' of the same set {_size(images[0])}",
                    "a set is one image and distorted versions of it, all of one size",
                )
        return tuple(ids), np.stack(images)


def read_image(path: str, read_bytes: Callable[[str], bytes]) -> tuple[str, ByteArray]:
    """Return the content id and the pixels of an image, (H, W, 3).

    Raises:
        DataError: When it cannot be read; its message names the image.
    """
    try:
        data = read_bytes(path)
        return content_id(data), decode(data)
    except DataError as error:
        raise DataError(f"'{path}': {error.message}", error.hint or "mend or remove it") from error


def _size(image: ByteArray) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"


def _in_threads(
    function: Callable[[int], tuple[PreparedSet, ByteArray]], n: int
) -> Iterator[tuple[PreparedSet, ByteArray]]:
    """Yield the results of a function of 0 to n - 1, in order, a few of them made ahead."""
    ahead = max(1, n_cores())
    with ThreadPoolExecutor(ahead) as pool:
        waiting = [pool.submit(function, number) for number in range(min(ahead, n))]
        try:
            for number in range(n):
                done = waiting.pop(0).result()
                if number + ahead < n:
                    waiting.append(pool.submit(function, number + ahead))
                yield done
        finally:
            for one in waiting:
                one.cancel()


def data_hash(ids: Iterable[Sequence[str]]) -> str:
    """Return a hash of the content ids of sets, in order: 32 hexadecimal digits."""
    return hashlib.sha256("\n".join(" ".join(one) for one in ids).encode()).hexdigest()[:32]


def find_sets(data: str) -> tuple[list[ImageSet], Callable[[str], bytes]]:
    """Find the sets of a data set with undistorted and distorted images.

    Args:
        data: What `quasar-index synthesize` wrote, or all else of which `load_source` tells the references; or a
            folder with a folder a set, which holds one undistorted image, of the name REF, and its distorted versions.

    Returns:
        The sets by name, and what opens an image.

    Raises:
        DataError: When there is none, or when they are not of the same number of images.
    """
    folder = Path(data)
    found = _of_folders(folder) if folder.is_dir() else []
    read_bytes: Callable[[str], bytes] = read_image_bytes
    if not found:
        try:
            source = load_source(data)
        except DataError as error:
            if not folder.is_dir():
                raise
            raise DataError(f"'{data}' holds no sets: {error.message}", _LAYOUT) from error
        found = _of_source(source, data)
        read_bytes = source.read_bytes or read_bytes
    sizes = {len(one.paths): one for one in reversed(found)}
    if len(sizes) > 1:
        first, other = sorted(sizes.items())[:2]
        raise DataError(
            f"sets differ: '{first[1].name}' has {counted(first[0], 'image')}, '{other[1].name}' {other[0]}",
            "give each image as many distorted versions, such as by 'synthesize --per-image 4x2'",
        )
    if min(sizes) < 2:
        raise DataError(f"no image of '{data}' has a distorted version", _LAYOUT)
    return found, read_bytes


def _of_folders(folder: Path) -> list[ImageSet]:
    """Return a set for each subfolder that holds images, if each of these names its undistorted one."""
    found = []
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        images = sorted(path for path in one.iterdir() if is_image_name(path.name))
        references = [path for path in images if _REFERENCE in path.name.lower()]
        if not images or len(references) != 1:
            return []
        paths = [*references, *(path for path in images if path not in references)]
        found.append(ImageSet(one.name, tuple(map(str, paths))))
    return found


def _of_source(source: AnchorSource, data: str) -> list[ImageSet]:
    """Return the sets of a source that knows references."""
    columns = source.records.select(["path", "reference", "distortion", "level"]).to_pylist()
    undistorted: dict[str, str] = {}
    distorted: dict[str, list[str]] = {}
    for row in columns:
        name = row["reference"]
        if name is None:
            continue
        if row["distortion"] is None and not row["level"]:
            undistorted.setdefault(name, row["path"])
        else:
            distorted.setdefault(name, []).append(row["path"])
    names = sorted(undistorted.keys() & distorted.keys())
    if not names:
        raise DataError(f"'{data}' has no undistorted images with distorted versions", _LAYOUT)
    if missing := sorted(distorted.keys() - undistorted.keys()):
        raise DataError(f"the undistorted image '{missing[0]}' is not in '{data}'", "add it, or remove its versions")
    return [ImageSet(name, (undistorted[name], *sorted(distorted[name]))) for name in names]
