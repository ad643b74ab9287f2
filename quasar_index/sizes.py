"""Sizes in bytes and large counts as people write them: `500M`, `2 GiB`; `5m`, `250k`."""

from __future__ import annotations

import re
from decimal import Decimal

from .errors import DataError

_UNITS = ("", "K", "M", "G", "T")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_COUNTS = ("", "k", "m")
_COUNT = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([km]?)", re.IGNORECASE | re.ASCII)


def read_size(text: str) -> int:
    """Read a size; K, M, G and T are powers of 1024, with or without B or iB after them.

    Returns:
        Bytes.

    Raises:
        DataError: When the text is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise DataError(f"'{text}' is no size", "write for example 500M or 2G")
    return int(float(found[1]) * 1024 ** _UNITS.index(found[2].upper()))


def read_count(text: str) -> int:
    """Read a count of things; k and m are thousands and millions.

    Returns:
        The count.

    Raises:
        DataError: When the text is no whole number of things.
    """
    found = _COUNT.fullmatch(text.strip())
    count = Decimal(found[1]) * 1000 ** _COUNTS.index(found[2].lower()) if found else None
    if count is None or count % 1:
        raise DataError(f"'{text}' is no count", "write for example 250000, 250k or 5m")
    return int(count)


def size_text(n_bytes: int) -> str:
    """Return a size for people, such as `1.2 GiB`."""
    value, place = float(n_bytes), 0
    while value >= 1023.95 and place < len(_UNITS) - 1:  # else 1024.0 MiB
        value, place = value / 1024, place + 1
    return f"{value:.1f} {_UNITS[place]}iB" if place else f"{n_bytes} B"
