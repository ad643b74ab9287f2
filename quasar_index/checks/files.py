"""The image files of a source: are they there, are they images, what is their content, which have no label."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, IntArray
from ..datasets.base import AnchorSource
from ..datasets.files import is_url
from ..errors import DataError, ImageError, counted
from ..images import content_id, decode, is_image_name, open_image, read_image_bytes
from .report import Finding, plural, some

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 4
"""Images that are read ahead of their turn, for each thread: the bound of what is in memory."""


@dataclass(frozen=True)
class Inspection:
    """The files of one source.

    Attributes:
        source: The source, n images.
        ids: (n,) content ids as 32 bytes; empty where the image cannot be used.
        missing: Rows without a file.
        unreadable: Rows whose file cannot be used, and why.
    """

    source: AnchorSource
    ids: npt.NDArray[np.bytes_]
    missing: tuple[int, ...] = ()
    unreadable: tuple[tuple[int, str], ...] = ()

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.source.name

    @property
    def readable(self) -> BoolArray:
        """(n,) whether each image can be used."""
        return np.asarray(self.ids != b"")

    def path(self, row: int) -> str:
        """Return the path of an image."""
        return str(self.source.records["path"][int(row)].as_py())

    def paths(self, rows: IntArray) -> Iterator[str]:
        """Return the paths of some images, one by one."""
        return (self.path(row) for row in rows.tolist())

    def read(self, path: str) -> bytes:
        """Read the file of an image.

        Raises:
            ImageError: When it cannot be read.
        """
        try:
            return (self.source.read_bytes or read_image_bytes)(path)
        except ImageError:
            raise
        except DataError as error:  # of sources that open their images themselves
            raise ImageError(error.message, error.hint) from error


def inspect(
    source: AnchorSource, *, decode_pixels: bool, max_pixels: int, n_workers: int, on_image: Callable[[], None]
) -> Inspection:
    """Read every image of a source once.

    Args:
        source: The source.
        decode_pixels: Decode the images, which finds truncated ones; else their headers are read.
        max_pixels: Largest image that counts as usable.
        n_workers: Reading threads.
        on_image: Called after every image.

    Returns:
        What was found.
    """
    n = len(source)
    inspection = Inspection(source, np.zeros(n, dtype="S32"))
    missing: list[int] = []
    unreadable: list[tuple[int, str]] = []

    def look(path: str) -> tuple[Literal["ok", "missing", "unreadable"], str]:
        try:
            data = inspection.read(path)
        except ImageError as error:
            gone = isinstance(error.__cause__, FileNotFoundError)
            return ("missing" if gone else "unreadable"), error.message
        try:
            if decode_pixels:
                decode(data, max_pixels=max_pixels)
            else:
                open_image(data, max_pixels=max_pixels)
        except ImageError as error:
            return "unreadable", error.message
        return "ok", content_id(data)

    paths = inspection.paths(np.arange(n))
    for row, (state, text) in enumerate(map_ahead(look, paths, n_workers)):
        if state == "ok":
            inspection.ids[row] = text.encode()
        elif state == "missing":
            missing.append(row)
        else:
            unreadable.append((row, text))
        on_image()
    return Inspection(source, inspection.ids, tuple(missing), tuple(unreadable))


def check_files(inspection: Inspection, *, decoded: bool) -> Iterator[Finding]:
    """Report missing and unreadable images."""
    name, n = inspection.name, len(inspection.source)
    missing, unreadable = inspection.missing, inspection.unreadable
    none_left = not inspection.readable.any()
    if missing:
        what = f"none of {counted(n, 'file', form=',')} is there: is this the right root?" if len(missing) == n else (
            f"{plural(len(missing), 'file is', 'files are')} not there; a build leaves them out"
        )  # fmt: skip
        yield Finding(
            "error" if none_left else "warning", "files", name, what, len(missing), some(map(inspection.path, missing))
        )
    if unreadable:
        what = f"{plural(len(unreadable), 'image', 'images')} cannot be used" + (
            ", none is left" if none_left else "; a build leaves them out"
        )
        examples = some(f"{inspection.path(row)}: {reason}" for row, reason in unreadable)
        yield Finding("error" if none_left else "warning", "files", name, what, len(unreadable), examples)
    if not missing and not unreadable:
        how = "decoded" if decoded else "there, with a sound header"
        yield Finding("ok", "files", name, f"{plural(n, 'image is', 'images are')} {how}")


def check_unlabelled(inspection: Inspection) -> Iterator[Finding]:
    """Report images that lie beside labelled ones and have no label."""
    source = inspection.source
    if source.read_bytes is not None:
        return  # images inside tables or archives
    splits = source.records["split"].unique().to_pylist()
    if len(splits) == 1 and splits[0] is not None:
        return  # the other splits' images have labels that were not asked for
    by_folder: defaultdict[str, set[str]] = defaultdict(set)
    for row in range(len(source)):
        path = inspection.path(row)
        if is_url(path):
            return
        folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - links stay as they are
        by_folder[folder].add(name)
    found: list[str] = []
    for folder, labelled in sorted(by_folder.items()):
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names, not paths
        except OSError:
            continue  # its images are missing, as is reported
        others = sorted(name for name in names if name not in labelled and is_image_name(name))
        found += [os.path.join(folder, name) for name in others if not name.startswith(".")]  # noqa: PTH118
    if found:
        message = f"{plural(len(found), 'image has', 'images have')} no label; a build does not see them"
        yield Finding("warning", "unlabelled", inspection.name, message, len(found), some(found))
    else:
        yield Finding("ok", "unlabelled", inspection.name, "every image beside the labelled ones has a label")


def map_ahead(function: Callable[[T], R], items: Iterable[T], n_workers: int) -> Iterator[R]:
    """Apply a function in threads, in order, a bounded way ahead."""
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="check")
    ahead: deque[Future[R]] = deque()
    try:
        for item in items:
            ahead.append(pool.submit(function, item))
            if len(ahead) >= AHEAD * n_workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
