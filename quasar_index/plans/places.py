"""Where the results of a plan go when all are there: a local folder, or the URL of one that fsspec writes.

Readers see a result when its last file is there, which is written last.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ..errors import DataError, QuasarError, first_line, reason
from ..paths import sync_file, sync_folder, write_atomically

_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "az", "adl", "oss", "oci"}


class Place(Protocol):
    """A folder for results.

    Attributes:
        text: How it is called.
    """

    text: str

    def names(self) -> list[str]:
        """Return the names of the files in it, hidden ones too; none where it is not there."""
        ...

    def read(self, name: str) -> bytes | None:
        """Return a file; None where it is not there."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a small file, whole or not at all."""
        ...

    def put(self, file: Path, name: str) -> None:
        """Put a file there, whole or not at all; it stays where it is as well."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


class LocalPlace:
    """A local folder; files of the same disk are there without a copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = str(folder)

    def names(self) -> list[str]:
        """See `Place`."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.is_dir() else []

    def read(self, name: str) -> bytes | None:
        """See `Place`."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """See `Place`."""
        write_atomically(self.folder / name, data)

    def put(self, file: Path, name: str) -> None:
        """See `Place`."""
        target = self.folder / name
        if target.exists() and target.samefile(file):
            return
        beside = self.folder / f".{name}.{secrets.token_hex(4)}.tmp"
        try:
            os.link(file, beside)
        except OSError:  # a file system without links
            shutil.copyfile(file, beside)
            sync_file(beside)
        beside.replace(target)

    def remove(self, name: str) -> None:
        """See `Place`."""
        (self.folder / name).unlink(missing_ok=True)

    def sync(self) -> None:
        """Wait until the names are on the disk."""
        sync_folder(self.folder)


class RemotePlace:
    """A folder at a URL.

    Args:
        url: The URL.

    Raises:
        DataError: When no file system reads it.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        self.text = shown(url)
        try:
            self._fs, inner = fsspec.url_to_fs(url.rstrip("/"), use_listings_cache=False)
        except (ImportError, ValueError, OSError) as error:
            raise DataError(
                f"cannot open '{self.text}' ({first_line(error)})", "install the fsspec file system it needs"
            ) from error
        self._inner = str(inner).rstrip("/")
        # Stores have no folders: what would be made is a bucket, which nobody asked for.
        names = self._fs.protocol
        self._is_store = not _STORES.isdisjoint([names] if isinstance(names, str) else names)

    def names(self) -> list[str]:
        """See `Place`."""
        try:
            self._fs.invalidate_cache()
            found = self._fs.ls(self._inner, detail=False)
        except FileNotFoundError:
            return []
        names = (str(path).rstrip("/").rsplit("/", 1)[-1] for path in found if str(path).rstrip("/") != self._inner)
        return sorted(name for name in names if name)

    def read(self, name: str) -> bytes | None:
        """See `Place`."""
        try:
            return bytes(self._fs.cat_file(f"{self._inner}/{name}"))
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """See `Place`."""
        if not self._is_store:
            self._fs.makedirs(self._inner, exist_ok=True)
        self._fs.pipe_file(f"{self._inner}/{name}", data)

    def put(self, file: Path, name: str) -> None:
        """See `Place`."""
        self._fs.put_file(str(file), f"{self._inner}/{name}")

    def remove(self, name: str) -> None:
        """See `Place`."""
        try:
            self._fs.rm_file(f"{self._inner}/{name}")
        except FileNotFoundError:
            return


def shown(url: str) -> str:
    """Return a URL without a user, a password and a query, which may be secret."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def cannot_write(place: str, error: Exception) -> QuasarError:
    """Return what to say of a place that did not take a file; what a store says stays, but for whole pages of it."""
    if isinstance(error, QuasarError):
        return error
    said = reason(error) if isinstance(error, OSError) else first_line(error)
    return DataError(
        f"'{place}' cannot be written ({said or type(error).__name__})",
        "check the place and the rights to it; the same command goes on where it stopped",
    )


def as_json(data: Mapping[str, Any]) -> bytes:
    """Return the bytes of a small file of facts."""
    return json.dumps(data, indent=1, sort_keys=False).encode() + b"\n"
