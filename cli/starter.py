"""Scoring without an index of one's own: by the starter index, which comes with quasar-index."""

from __future__ import annotations

from collections.abc import Sequence

import quasar_index as qi
from quasar_index.index.places import STARTER, STARTER_METHOD

from .method_option import read_method
from .output import note

ABOUT = (
    "scored by the starter index, which knows technical quality (blur, noise, compression, exposure, colour), not how "
    "beautiful a picture is; --index NAME scores by anchors of your own"
)


def open_indexes(names: Sequence[str] | None, version: str | None) -> list[qi.AnchorIndex]:
    """Open the indexes that the user named, else the starter index, and say in a line what that knows."""
    if not names:
        note(ABOUT)
    return [qi.AnchorIndex.open(name, version) for name in names or [STARTER]]


def method_of(texts: Sequence[str] | None, indexes: Sequence[str] | None) -> qi.Method:
    """Read `--method`; the starter index has a default of its own."""
    return read_method(texts or ([STARTER_METHOD] if list(indexes or [STARTER]) == [STARTER] else None))
