"""What the commands that change an index share: saying what they changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import quasar_index as qi

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
        own = {"index": str(index.path), "version": manifest.version}
        counts = {"n_anchors": len(index), "n_good": manifest.n_good, "n_bad": manifest.n_bad}
        print_facts({**own, **facts, **counts}, as_json=True)
        return
    now = f"{len(index)} anchors: {manifest.n_good} good, {manifest.n_bad} bad"
    print_facts({"changed": text, "index": f"{index.path}, version {manifest.version}, {now}"}, as_json=False)


def in_words(counts: Mapping[str, int]) -> str:
    """Return counts as text, without those that are zero."""
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
