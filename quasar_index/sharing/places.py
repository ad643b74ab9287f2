"""What a user may pull: a published set by its name, an address, or a path; and what an index of it is called."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from ..datasets.published import PREFIX, PublishedSet, find_published
from ..errors import AnchorIndexError, DataError, first_line
from ..paths import PathText
from .hub import HUB, HubAddress
from .network import shown_url, url_key

_SOURCES = f"a path, an address, or a published set such as {PREFIX}pipal"
_ENDINGS = (".zip", ".quasar")


@dataclass(frozen=True)
class Place:
    """Where something to pull is.

    Attributes:
        text: Its name, as it is shown and recorded.
        url: Its address; empty for a path.
        path: Its path; None for an address.
        declared: The published set that was named; None where it is told by the files.
    """

    text: str
    url: str = ""
    path: Path | None = None
    declared: PublishedSet | None = None

    @property
    def key(self) -> str:
        """What checksums are kept by; empty for a path."""
        return url_key(self.url) if self.url else ""

    @property
    def address(self) -> str:
        """Its address, as it is recorded; empty for a path."""
        return shown_url(self.url) if self.url else ""


def find_place(source: PathText) -> Place:
    """Find out what a user means.

    Args:
        source: `quasar:NAME`, an address (`https://`, `s3://`, ...), or a path.

    Raises:
        DataError: When there is no such thing.
    """
    text = os.fspath(source)
    if not text.strip():
        raise DataError("there is nothing to pull in an empty name", _SOURCES)
    if text.lower().startswith(PREFIX):
        declared = find_published(text.lower())
        return Place(declared.source, declared.url, declared=declared)
    if text.lower().startswith("file://"):
        path = Path(url2pathname(urlsplit(text).path))
    elif "://" in text:
        try:
            return Place(shown_url(text), text)
        except ValueError as error:
            raise DataError(f"'{text}' is no address ({first_line(error)})", "check it") from error
    else:
        path = Path(text).expanduser()
    if path.exists():
        return Place(str(path.absolute()), path=path)
    hint = _SOURCES
    with contextlib.suppress(DataError):
        hint = f"did you mean {find_published(text).source}?"
    raise DataError(f"no file or folder '{text}'", hint)


def default_name(place: Place) -> str:
    """Return what an index is called that the user gives no name.

    Raises:
        AnchorIndexError: When the source has no name to take.
    """
    if place.declared is not None:
        return place.declared.name
    if place.url.lower().startswith(HUB):
        return HubAddress.read(place.url).repo.partition("/")[2]
    if place.path is not None:
        last = place.path.resolve().name
    else:
        is_web = place.address.lower().startswith(("http://", "https://"))  # what comes first is a host
        last = unquote(PurePosixPath(urlsplit(place.address).path if is_web else place.address).name)
    ending = next((one for one in _ENDINGS if last.lower().endswith(one)), "")
    name = re.sub(r"[^\w.-]+", "-", last.removesuffix(last[len(last) - len(ending) :]) if ending else last).strip(".-")
    if not name:
        raise AnchorIndexError(f"'{place.text}' gives an index no name", "name it: quasar-index pull SOURCE NAME")
    return name
