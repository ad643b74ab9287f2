"""`quasar-index history`: the versions of an index."""

from __future__ import annotations

from dataclasses import asdict

import quasar_index as qi

from . import options
from .output import print_facts, print_table


def history(name: options.Index, json: options.Json = False) -> None:
    """List the versions of an index, the oldest first: when, what was done, how many anchors, tags."""
    index = qi.AnchorIndex.open(name)
    versions = index.history()
    if json:
        print_facts({"index": index.place, "versions": [asdict(version) for version in versions]}, as_json=True)
        return
    rows = []
    for version in versions:
        state = ["current"] * version.current + ["given up"] * version.forgotten + list(version.tags)
        time = version.time.replace("T", " ").removesuffix("+00:00")
        counts = (str(version.n_good), str(version.n_bad))
        rows.append((str(version.version), time, *counts, ", ".join(state), version.action))
    print_table(("version", "time (UTC)", "good", "bad", "tags", "action"), rows, right=("version", "good", "bad"),
                keep=("action",), least=("bad", "good"))  # fmt: skip
