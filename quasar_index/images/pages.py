"""Which page of a TIFF file is its picture: files of cameras and scanners begin with a preview.

The picture is the first page that is neither a reduced version of another one (NewSubfileType bit 0, SubfileType 2) nor
a mask (bit 2); the pages below a preview (SubIFDs), where raw photographs keep theirs, come before the page after it.
Where every page calls itself reduced, which only one of several sizes can be, the largest is the picture: writers that
repeat the tags of the first page in all of them make such files.

Directories are read here by the few tags that matter: Pillow follows no SubIFDs but by decoding all of them, and opens
no file whose first page it cannot decode.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

MOST_PAGES = 64
"""Directories that are looked at: the picture of a file that begins with a preview comes soon."""
MOST_TAGS = 4096
"""Of a directory; a longer one is damage, or an attack."""

_READ = (254, 255, 256, 257, 258, 259, 262, 274, 330, 339, 50706)
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PACKING, _PHOTOMETRIC, _ORIENTATION, _BELOW, _FORMAT, _DNG = _READ
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_CFA, _LINEAR_RAW = 32803, 34892
_OF_CAMERAS = frozenset((32767, 32769, 32770, 34713, 65000, 65535))
"""Compressions of what a sensor saw: Sony's, Epson's, Samsung's, Nikon's, Kodak's, Pentax's."""
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2

NoPage: TypeAlias = Literal["raw", "preview"]
"""Why a file has no picture that Pillow decodes: `raw.py` develops what a sensor saw, and a preview is no picture."""


@dataclass(frozen=True)
class Page:
    """A page of a TIFF file.

    Attributes:
        offset: Where its directory begins, in bytes.
        is_first: Whether the file begins with it.
        orientation: EXIF orientation, 1 to 8: its own, else that of the first page; 0 where neither has one.
    """

    offset: int
    is_first: bool
    orientation: int = 0


@dataclass(frozen=True)
class _Directory:
    offset: int
    tags: dict[int, tuple[int, ...]]
    after: int

    def one(self, tag: int) -> int:
        return (self.tags.get(tag) or (0,))[0]

    @property
    def n_pixels(self) -> int:
        return self.one(_WIDTH) * self.one(_HEIGHT)

    @property
    def is_raw(self) -> bool:
        return self.one(_PHOTOMETRIC) in (_CFA, _LINEAR_RAW) or self.one(_PACKING) in _OF_CAMERAS

    @property
    def is_mask(self) -> bool:
        return bool(self.one(_SUBFILE) & _MASK)

    @property
    def is_reduced(self) -> bool:
        return bool(self.one(_SUBFILE) & _REDUCED) or (
            _SUBFILE not in self.tags and self.one(_OLD_SUBFILE) == _OLD_REDUCED
        )


def is_tiff(data: bytes) -> bool:
    """Tell whether bytes begin as a TIFF or BigTIFF file does."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def find_page(data: bytes) -> Page | NoPage:
    """Find the picture of a TIFF file.

    Args:
        data: The bytes of the file.

    Returns:
        Its page; "raw" where a page holds what a sensor saw (a colour filter array, linear raw); "preview" where the
        file is one reduced page. A file without any readable directory is its first page: opening it says the rest.
    """
    layout = _Layout(data)
    first = layout.read(layout.first)
    if first is None:
        return Page(layout.first, is_first=True)
    plain = not (first.is_reduced or first.is_mask or first.is_raw)
    if plain and not {_BELOW, _DNG} & first.tags.keys():
        return Page(first.offset, is_first=True)
    pages = list(_walk(layout, first))
    if any(page.is_raw for page in pages):
        return "raw"
    images = [page for page in pages if not page.is_mask]
    full = next((page for page in images if not page.is_reduced), None)
    if full is None:
        if len(images) < 2:
            return "preview"
        full = max(images, key=lambda page: page.n_pixels)  # the first of them where several are
    return Page(full.offset, full is first, full.one(_ORIENTATION) or first.one(_ORIENTATION))


def describe(data: bytes, page: Page) -> str:
    """Say in words what a page is; empty where its directory says too little."""
    if data[:4] == b"MM\0+":
        return "a big-endian BigTIFF file"
    found = _Layout(data).read(page.offset)
    if found is None or not found.n_pixels:
        return ""
    bits = found.tags.get(_BITS) or (1,)
    kind = {2: "signed integers", 3: "floating point", 5: "complex", 6: "complex"}.get(found.one(_FORMAT), "integers")
    return f"a TIFF file of {len(bits)} x {bits[0]} bits, {kind}, photometric {found.one(_PHOTOMETRIC)}"


def beginning_with(data: bytes, page: Page) -> bytes:
    """Return a TIFF file that begins with one of its pages; the same bytes where it does already."""
    return data if page.is_first else _Layout(data).begun(page.offset)


def _walk(layout: _Layout, first: _Directory) -> Iterator[_Directory]:
    """Return the pages of a file: each, those below it, the next; none twice, however they are linked."""
    seen: set[int] = set()
    ahead = [first.offset]
    while ahead and len(seen) < MOST_PAGES:
        offset = ahead.pop()
        page = None if offset in seen else layout.read(offset)
        seen.add(offset)
        if page is None:
            continue
        yield page
        ahead += [page.after, *reversed(page.tags.get(_BELOW, ()))]


class _Layout:
    """How a TIFF file lays its numbers out; BigTIFF's are longer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = "<" if data[:1] == b"I" else ">"
        self._is_big = b"+" in data[2:4]
        self._place, self._word = (8, "Q") if self._is_big else (4, "I")
        self.first = self._number(self._place, self._word)

    def read(self, offset: int) -> _Directory | None:
        """Read the directory at an offset; None where there is none."""
        n, entry = (8, 20) if self._is_big else (2, 12)
        start = offset + n
        count = self._number(offset, "Q" if self._is_big else "H")
        if not 0 < offset < len(self._data) or not 0 < count <= MOST_TAGS or start + entry * count > len(self._data):
            return None
        tags = {}
        for place in range(start, start + entry * count, entry):
            tag = self._number(place, "H")
            if tag in _READ:
                tags[tag] = self._values(place)
        return _Directory(offset, tags, self._number(start + entry * count, self._word))

    def begun(self, offset: int) -> bytes:
        """Return the file with its head pointing to the directory at an offset."""
        head = struct.pack(self._order + self._word, offset)
        return b"".join((self._data[: self._place], head, memoryview(self._data)[self._place + len(head) :]))

    def _values(self, place: int) -> tuple[int, ...]:
        """Return the numbers of an entry; none where they are of another kind, or lie outside the file."""
        code = _CODES.get(self._number(place + 2, "H"))
        count = min(self._number(place + 4, self._word), MOST_PAGES)
        if code is None:
            return ()
        value = place + (12 if self._is_big else 8)
        form = f"{self._order}{count}{code}"
        if struct.calcsize(form) > struct.calcsize(self._word):
            value = self._number(value, self._word)
        try:
            return struct.unpack_from(form, self._data, value)
        except (struct.error, OverflowError):
            return ()

    def _number(self, place: int, code: str) -> int:
        try:
            return int(struct.unpack_from(self._order + code, self._data, place)[0])
        except (struct.error, OverflowError):
            return 0
