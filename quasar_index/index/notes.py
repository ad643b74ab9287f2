"""Small facts of an index version, noted beside its search cache: to be shown again without reading its anchors."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..arguments import checked
from ..paths import write_atomically
from .anchor_index import AnchorIndex
from .manifest import cache_base
from .places import is_shipped


@checked
def read_note(index: AnchorIndex, name: str) -> dict[str, Any]:
    """Return a note; empty where there is none that can be read."""
    try:
        found = json.loads(_path(index, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@checked
def write_note(index: AnchorIndex, name: str, facts: Mapping[str, Any]) -> None:
    """Write a note, where the folder can be written, and is the user's."""
    if is_shipped(index.path):
        return
    with contextlib.suppress(OSError):
        write_atomically(_path(index, name), json.dumps(facts).encode(), shared=True)


def _path(index: AnchorIndex, name: str) -> Path:
    base = cache_base(index.path, index.manifest)  # it goes with the search cache of this version
    return base.with_name(f"{base.name}-{name}.json")
