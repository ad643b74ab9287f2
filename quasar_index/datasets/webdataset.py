"""webdataset shards: `.tar` files whose members `key.jpg`, `key.json`, `key.score`, ... are one sample.

Nothing is unpacked: the place of every image in its shard is kept, and its bytes are read from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import fsspec

from ..errors import DataError, reason
from ..images import MAX_FILE_BYTES
from .arrow_images import ARROW_OPTIONS
from .base import AnchorSource
from .labelled import source_from_table
from .spec import Options
from .tables import LabelTable
from .tar_samples import Sample, choose_images, read_samples

SHARD_OPTIONS = (*ARROW_OPTIONS, "ending")


@dataclass(frozen=True)
class TarImages:
    """Opens images by their synthetic paths.

    Attributes:
        members: Path to shard, offset and size.
    """

    members: Mapping[str, tuple[str, int, int]]

    def file(self, path: str) -> str:
        """Return the shard that holds an image."""
        return self.members[path][0]

    def __call__(self, path: str) -> bytes:
        """Return the bytes of an image.

        Raises:
            DataError: When there is no such image, or its shard is shorter than it was.
        """
        if path not in self.members:
            raise DataError(f"no image '{path}' in this source")
        shard, offset, size = self.members[path]
        if size > MAX_FILE_BYTES:
            raise DataError(f"{path} is larger than the limit of {MAX_FILE_BYTES} bytes", "convert it")
        try:
            with fsspec.open(shard, "rb") as file:
                file.seek(offset)
                content = bytes(file.read(size))
        except OSError as error:
            raise DataError(f"{shard} cannot be read ({reason(error)})", "check the path") from error
        if len(content) != size:
            raise DataError(f"{path}: {len(content)} of {size} bytes are left", "the shard is cut off")
        return content


def load_webdataset(shards: Sequence[str], options: Options, name: str) -> AnchorSource:
    """Read the labels of webdataset shards.

    Keys of `.json` members and the members `.score`, `.cls` and `.txt` become columns; the score is chosen among
    them as in a label file (`?score=cls` takes the class number).

    Args:
        shards: Local paths or URLs of uncompressed `.tar` files.
        options: Any of `SHARD_OPTIONS`.
        name: Name of the source.

    Raises:
        DataError: When a shard is no tar, is compressed or cut off, a sidecar cannot be read, or as
            `source_from_table`.
    """
    options.check(SHARD_OPTIONS, name)
    samples: list[Sample] = []
    shard_of: dict[int, tuple[str, str]] = {}
    for shard in shards:
        label = shard.replace("\\", "/").rsplit("/", 1)[-1]
        if sum(other.endswith(f"/{label}") for other in shards) > 1:
            label = shard
        for sample in read_samples(shard):
            shard_of[id(sample)] = shard, label
            samples.append(sample)
    chosen, notes = choose_images(samples, options, name)
    members: dict[str, tuple[str, int, int]] = {}
    paths: list[str] = []
    rows: list[dict[str, Any]] = []
    for sample, image, labels in chosen:
        shard, label = shard_of[id(sample)]
        # Tar knows no encoding; an index keeps text.
        path = f"{label}::{image.name}".encode(errors="surrogateescape").decode(errors="backslashreplace")
        members[path] = (shard, image.offset, image.size)
        paths.append(path)
        rows.append(labels)
    if not rows and any(sample.images for sample in samples):
        raise DataError(f"{name}: no sample is left of which the image is clear", "name it by ?ending=")
    if not rows:
        raise DataError(f"{name} has no images", "members such as 0001.jpg and 0001.json")
    # A sample is found by its name, not by its number.
    names_of_samples: Any = [path.rpartition("::")[2] if len(shards) == 1 else path for path in paths]
    names = dict.fromkeys(column for row in rows for column in row)
    table = LabelTable(
        name,
        {column: [row.get(column) for row in rows] for column in names},
        names_of_samples,
        unit="sample",
    )
    left = {key: value for key, value in options.values.items() if key != "ending"}
    source = source_from_table(table, replace(options, values=left), resolve=str, name=name, paths=paths)
    return replace(source, read_bytes=TarImages(members), warnings=(*source.warnings, *notes))
