"""Pictures for the page: decoded, turned upright, converted to sRGB and encoded anew, so that nothing else comes along.

What was made is kept in memory, the last used longest, up to a limit.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from ..encoders.budget import Budget
from ..encoders.pipeline import DECODING_BYTES
from ..images import MAX_PIXELS
from ..thumbnails import thumbnail

THUMB = 320
SIDES = (1600, 3200)
KEPT_BYTES = 128 << 20
DECODED_BYTES = 512 << 20
"""Memory of images that are being decoded; one that takes more is let in alone."""
_QUALITY = {THUMB: 80}


class Pictures:
    """Makes JPEG pictures of image files, and keeps those that were used last.

    Args:
        max_pixels: Largest image that is decoded.
        limit: Most bytes that are kept.
    """

    def __init__(self, max_pixels: int = MAX_PIXELS, limit: int = KEPT_BYTES) -> None:
        self._max_pixels = max_pixels
        self._limit = limit
        self._budget = Budget(DECODED_BYTES, on_wait=lambda: None)
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, side: int, read: Callable[[], bytes]) -> bytes | None:
        """Return a picture.

        Args:
            key: What it is of.
            side: Longer side in pixels; a smaller image keeps its size.
            read: Returns the file.

        Returns:
            A JPEG; None where the file is no image that can be read.

        Raises:
            ImageError: By `read`.
        """
        with self._lock:
            if (found := self._kept.get((key, side))) is not None:
                self._kept.move_to_end((key, side))
                return found
        made = self._made(read(), side)
        if made is None:
            return None
        with self._lock:
            self._n_bytes += len(made) - len(self._kept.pop((key, side), b""))
            self._kept[key, side] = made
            while self._n_bytes > self._limit and len(self._kept) > 1:
                self._n_bytes -= len(self._kept.popitem(last=False)[1])
        return made

    def _made(self, data: bytes, side: int) -> bytes | None:
        """Make a picture; several large images wait for each other."""
        held = 0

        def admit(n_pixels: int) -> None:
            nonlocal held
            self._budget.take(n_pixels * DECODING_BYTES)
            held = n_pixels * DECODING_BYTES

        try:
            picture = thumbnail(data, side, max_pixels=self._max_pixels, admit=admit)
        finally:
            self._budget.give_back(held)
        if picture is None:
            return None
        file = io.BytesIO()
        picture.save(file, "jpeg", quality=_QUALITY.get(side, 88))
        return file.getvalue()
