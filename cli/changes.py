"""What the commands that change an index share: saying what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import quasar_index as qi
from quasar_index.errors import counted

from .output import print_facts


def print_change(index: qi.AnchorIndex, facts: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print what was changed, and what the index is now.

    Args:
        index: The index as it is now.
        facts: What was changed, by name, for JSON.
        text: The same in words.
        as_json: Print JSON.
    """
    manifest = index.manifest
    if as_json:
        own = {"index": index.place, "version": manifest.version}
        counts = {"n_anchors": len(index), "n_good": manifest.n_good, "n_bad": manifest.n_bad}
        print_facts({**own, **facts, **counts}, as_json=True)
        return
    now = f"{counted(len(index), 'anchor')}: {manifest.n_good} good, {manifest.n_bad} bad"
    print_facts({"changed": text, "index": f"{index.place}, version {manifest.version}, {now}"}, as_json=False)


def in_words(*counts: tuple[int, str, str]) -> str:
    """Return counts, each with what stands after one and after several, as text; without those that are zero."""
    return ", ".join(counted(n, one, many) for n, one, many in counts if n) or "nothing"
