"""Scoring without an index of one's own: by the starter index, which comes with quasar-index."""

from __future__ import annotations

from collections.abc import Sequence

import quasar_index as qi

from .method_option import read_method
from .output import note

NAME = "starter"
METHOD = "retrieval"
"""Its default: ahead of the mean on distortions and photographs that it has not seen (tests/benchmarks/starter.py)."""
ABOUT = (
    "scored by the starter index, which knows technical quality (blur, noise, compression, exposure, colour), not how "
    "beautiful a picture is; --index NAME scores by anchors of your own"
)


def open_index(name: str | None, version: str | None) -> qi.AnchorIndex:
    """Open the index that the user named, else the starter index, and say in a line what that knows."""
    if name is None:
        note(ABOUT)
    return qi.AnchorIndex.open(name or NAME, version)


def method_of(texts: Sequence[str] | None, index: str | None) -> qi.Method:
    """Read `--method`; the starter index has a default of its own."""
    return read_method(texts or ([METHOD] if index in (None, NAME) else None))
