"""webdataset shards: `.tar` files whose members `key.jpg`, `key.json`, `key.score`, ... are one sample.

Nothing is unpacked: the place of every image in its shard is kept, and its bytes are read from there.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import fsspec

from ..errors import DataError, counted, first_line, reason
from ..images import MAX_FILE_BYTES, is_image_name
from .arrow_images import ARROW_OPTIONS
from .base import AnchorSource
from .files import is_url
from .labelled import source_from_table
from .spec import Options
from .tables import LabelTable

_TEXT_SIDECARS = ("score", "cls", "txt")
_MOST_SIDECAR_BYTES = 1 << 24


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
        options: Any of `ARROW_OPTIONS`.
        name: Name of the source.

    Raises:
        DataError: When a shard is no tar, is compressed or cut off, a sidecar cannot be read, or as
            `source_from_table`.
    """
    options.check(ARROW_OPTIONS, name)
    members: dict[str, tuple[str, int, int]] = {}
    paths: list[str] = []
    rows: list[dict[str, Any]] = []
    without = 0
    for shard in shards:
        label = shard.replace("\\", "/").rsplit("/", 1)[-1]
        if sum(other.endswith(f"/{label}") for other in shards) > 1:
            label = shard
        for sample in _samples(shard):
            if sample.image is None:
                without += 1
                continue
            # Tar knows no encoding; an index keeps text.
            path = f"{label}::{sample.image[0]}".encode(errors="surrogateescape").decode(errors="backslashreplace")
            members[path] = (shard, *sample.image[1:])
            paths.append(path)
            rows.append(sample.columns)
    if not rows:
        raise DataError(f"{name} has no images", "members such as 0001.jpg and 0001.json")
    names = dict.fromkeys(column for row in rows for column in row)
    table = LabelTable(
        name,
        {column: [row.get(column) for row in rows] for column in names},
        range(1, len(rows) + 1),
        unit="sample",
    )
    source = source_from_table(table, options, resolve=str, name=name, paths=paths)
    warnings = source.warnings
    if without:
        warnings = (
            *warnings,
            f"{name}: {counted(without, 'sample has no image and was', 'samples have no image and were')} left out",
        )
    return replace(source, read_bytes=TarImages(members), warnings=warnings)


@dataclass
class _Sample:
    """The members of one key."""

    key: str
    image: tuple[str, int, int] | None
    columns: dict[str, Any]


def _samples(shard: str) -> list[_Sample]:
    samples: dict[str, _Sample] = {}
    try:
        with fsspec.open(shard, "rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                if not member.isfile():
                    continue  # links too: what they name may lie anywhere
                if member.issparse():
                    # Its size may be anything, however small the shard.
                    raise DataError(f"{shard}: member {member.name!a} is a sparse file", "pack the shard without them")
                folder, slash, base = member.name.rpartition("/")
                head, _, ending = base.partition(".")
                if not head:
                    continue
                sample = samples.setdefault(f"{folder}{slash}{head}", _Sample(head, None, {}))
                if is_image_name(member.name):
                    if sample.image is None:
                        sample.image = (member.name, member.offset_data, member.size)
                elif ending.lower() == "json" or ending.lower() in _TEXT_SIDECARS:
                    if member.size > _MOST_SIDECAR_BYTES:
                        raise DataError(f"{shard}: member {member.name!a} has {member.size} bytes of labels", "mend it")
                    content = archive.extractfile(member)
                    if content is not None:
                        _add(sample, ending.lower(), content.read(), f"{shard}::{member.name}")
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{shard} cannot be read ({reason(error)})", "check the path") from error
    except Exception as error:
        # Beside tarfile's own errors ValueError, OverflowError, ... by the kind of damage.
        hint = "shards must not be compressed" if not is_url(shard) else "an uncompressed .tar"
        raise DataError(f"{shard} is not a readable tar file: {first_line(error)}", hint) from error
    return list(samples.values())


def _add(sample: _Sample, ending: str, content: bytes, where: str) -> None:
    try:
        text = content.decode("utf-8-sig")
        if ending != "json":
            sample.columns[ending] = text.strip()
            return
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} cannot be read: {first_line(error)}", "UTF-8 text is expected") from error
    if isinstance(values, dict):
        sample.columns.update({name: value for name, value in values.items() if not isinstance(value, (dict, list))})
    elif isinstance(values, (int, float)):
        sample.columns["score"] = values
    else:
        raise DataError(f"{where} is neither a JSON object nor a number")
