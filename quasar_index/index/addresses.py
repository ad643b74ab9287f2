"""Addresses of indexes in object stores (`s3://`, `gs://`, ...), and the local folders that stand for them.

Such a folder lies in the user's cache: `stores/SCHEME/BUCKET/KEY.../@FILES/NAME`. Its path says the address, so nothing
has to be written down, and nothing that comes with an index can lead to another one. FILES says which files of the
store it stands for: `f-TOKEN` those of the folder TOKEN at the address, `p-...` those at the address itself, and `new`
is where an index is made before it goes there.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from ..encoders.cache_folder import default_cache_folder
from ..errors import AnchorIndexError
from ..paths import PathText

_FORM = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(/*)(.*)", re.DOTALL)
_SAME = {"s3a": "s3", "gcs": "gs", "local": "file"}
_USUAL = frozenset({"s3", "gs", "file"})
_PULLED = frozenset({"http", "https", "hf"})
_NEW = "@new"
_TOKEN = re.compile(r"[0-9a-f]{16}")
_PLACES = "use a path, file:///FOLDER, s3://BUCKET/NAME or gs://BUCKET/NAME"


@dataclass(frozen=True)
class Address:
    """Where an index is in an object store.

    Attributes:
        scheme: Such as `s3`.
        inner: Bucket and key, with `/` between and none around them.
    """

    scheme: str
    inner: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.inner}"

    @property
    def name(self) -> str:
        """Its last part."""
        return self.inner.rsplit("/", 1)[-1]

    @property
    def folder(self) -> Path:
        """The local folder that holds all that is kept of it."""
        return stores_folder().joinpath(self.scheme, *(quote(part, safe="") for part in self.inner.split("/")))


@dataclass(frozen=True)
class Mirror:
    """What a local folder stands for.

    Attributes:
        address: Of the index.
        token: Folder of its files there; empty where they lie at the address itself.
    """

    address: Address
    token: str

    @property
    def inner(self) -> str:
        """Where its files are, as the file system of the scheme names it."""
        return f"{self.address.inner}/{self.token}" if self.token else self.address.inner


def read_place(name: PathText) -> Path | Address:
    """Return the path or the address that a name stands for; nothing is asked.

    Raises:
        AnchorIndexError: When it is an address that no index can have.
    """
    text = os.fspath(name)
    found = _FORM.fullmatch(text)
    if found is None:
        return Path(text)
    scheme, slashes, rest = found[1].lower(), found[2], found[3]
    scheme = _SAME.get(scheme, scheme)
    if not slashes and rest and scheme not in _USUAL:
        return Path(text)  # a name with a colon
    if scheme == "file":
        parts = urlsplit(text if slashes.startswith("//") else f"file://{slashes}{rest}")
        if parts.netloc not in ("", "localhost") or not parts.path.strip("/"):
            raise AnchorIndexError(f"'{text}' names no folder", "write file:///FOLDER, with three slashes")
        return Path(url2pathname(parts.path))
    if scheme in _PULLED:
        raise AnchorIndexError(
            f"an index at '{scheme}://' is not read in place", "first: quasar-index pull ADDRESS NAME"
        )
    if not _is_known(scheme):
        raise AnchorIndexError(f"'{scheme}:' begins no address that is known", _PLACES)
    inner = rest.rstrip("/")
    if ":" in inner.split("@", 1)[0] and "@" in inner.split("/", 1)[0]:
        raise AnchorIndexError(
            f"an address at '{scheme}://' may hold no password", "set the credentials in the environment"
        )
    if not slashes or not inner or not set(inner.split("/")).isdisjoint(("", ".", "..")):
        raise AnchorIndexError(f"'{text}' is no address of an index", f"write {scheme}://BUCKET/NAME")
    return Address(scheme, inner)


def _is_known(scheme: str) -> bool:
    from fsspec import available_protocols

    return scheme in available_protocols()


def stores_folder() -> Path:
    """Return the folder of the user's cache that all of this lies in."""
    return (default_cache_folder() / "stores").absolute()


def new_place(address: Address) -> Path:
    """Return the path at which an index is made that goes to an address."""
    return address.folder / _NEW / quote(address.name, safe="")


def mirror_place(address: Address, files: str) -> Path:
    """Return the local folder that stands for an index; `files` is `f-TOKEN` or `p-...`."""
    return address.folder / f"@{files}" / quote(address.name, safe="")


def _split(path: PathText) -> tuple[Address, str] | None:
    try:
        parts = Path(path).absolute().relative_to(stores_folder()).parts
    except ValueError:
        return None
    if len(parts) < 4 or not parts[-2].startswith("@"):
        return None
    address = Address(parts[0], "/".join(map(unquote, parts[1:-2])))
    return (address, parts[-2]) if parts[-1] == quote(address.name, safe="") else None


def mirror_of(path: PathText) -> Mirror | None:
    """Return what a folder stands for; None for a folder that is an index itself."""
    found = _split(path)
    if found is None or found[1] == _NEW:
        return None
    kind, _, token = found[1].partition("-")
    if kind == "@f" and not is_token(token):
        return None
    return Mirror(found[0], token if kind == "@f" else "")


def target_of(path: PathText) -> Address | None:
    """Return the address that an index goes to which is made at a path; None where it stays there."""
    found = _split(path)
    return found[0] if found is not None and found[1] == _NEW else None


def is_token(text: object) -> bool:
    """Whether a text can name the folder of an index's files: it leads nowhere else."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def shown(path: PathText) -> str:
    """Return the place of an index as people know it: its address, or its path."""
    found = _split(path)
    return os.fspath(path) if found is None else str(found[0])
