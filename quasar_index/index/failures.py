"""Images that could not be embedded: `failures.jsonl` of an index, one `{"path": ..., "error": ...}` a line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import IntArray
from ..datasets.base import AnchorSource
from ..paths import write_atomically
from .records import SourceRecord

if TYPE_CHECKING:
    from .staging import Progress

FAILURES = "failures.jsonl"


def write_failures(folder: Path, failures: Iterable[tuple[str, str]]) -> None:
    """Write the list of images that could not be embedded, if there are any."""
    lines = [json.dumps({"path": path, "error": error}) + "\n" for path, error in failures]
    if lines:
        write_atomically(folder / FAILURES, "".join(lines).encode())


def listed_failures(folder: Path) -> dict[str, str]:
    """Return the images that failed before, with their errors."""
    try:
        lines = (folder / FAILURES).read_text(encoding="utf-8").splitlines()
        return {item["path"]: item["error"] for item in map(json.loads, lines)}
    except FileNotFoundError:
        return {}


def count_failures(
    records: Mapping[str, SourceRecord], sources: Sequence[AnchorSource], failed: Collection[str]
) -> dict[str, SourceRecord]:
    """Add images that failed for the first time to the records of their sources."""
    counted = dict(records)
    for source in sources:
        known = counted[source.name]
        n_failed = sum(path in failed for path in source.records["path"].to_pylist())
        counted[source.name] = replace(known, n_failed=known.n_failed + n_failed)
    return counted


def count_left_out(
    records: dict[str, SourceRecord], sources: Sequence[AnchorSource], progress: Progress
) -> dict[str, SourceRecord]:
    """Add the failures and duplicates of a run to the records of its sources."""
    complete = dict(records)
    start = 0
    for source in sources:
        rows = range(start, start + len(source))
        start += len(source)
        known = complete[source.name]
        complete[source.name] = replace(
            known,
            n_failed=known.n_failed + _n_within(progress.failed_rows, rows),
            n_duplicates=known.n_duplicates + _n_within(progress.duplicate_rows, rows),
        )
    return complete


def _n_within(rows: IntArray, run: range) -> int:
    """Return how many of some rows, in order, are within a run."""
    low, high = np.searchsorted(rows, [run.start, run.stop])
    return int(high - low)
