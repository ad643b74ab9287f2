"""What a shell offers for a value that is being typed: names of indexes, methods and encoders."""

from __future__ import annotations

import quasar_index as qi
from quasar_index.index.places import index_names


def indexes(incomplete: str) -> list[str]:
    """Return names of indexes; paths are left to the shell."""
    return [name for name in index_names() if name.startswith(incomplete)]


def methods(incomplete: str) -> list[tuple[str, str]]:
    """Return names of methods, each with when to choose it."""
    return [(name, kind.when) for name, kind in qi.METHODS.items() if name.startswith(incomplete)]


def encoders(incomplete: str) -> list[tuple[str, str]]:
    """Return names of encoders, each with its dimension."""
    return [(name, f"{entry.dim}-d") for name, entry in qi.ENCODERS.items() if name.startswith(incomplete)]
