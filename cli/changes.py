"""What the commands that change an index share: the facts that they print, and reading data to add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import quasar_index as qi

from .output import note, print_facts


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
        own = {"index": str(index.path), "version": manifest.table_version}
        counts = {"n_anchors": len(index), "n_good": manifest.n_good, "n_bad": manifest.n_bad}
        print_facts({**own, **facts, **counts}, as_json=True)
        return
    now = f"{len(index)} anchors: {manifest.n_good} good, {manifest.n_bad} bad"
    print_facts({"changed": text, "index": f"{index.path}, version {manifest.table_version}, {now}"}, as_json=False)


def in_words(counts: Mapping[str, int]) -> str:
    """Return counts as text, without those that are zero."""
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"


def note_failures(failures: Sequence[tuple[str, str]], index: qi.AnchorIndex) -> None:
    """Say on stderr which images were left out."""
    for path, error in failures[:5]:
        note(f"left out '{path}': {error}")
    if len(failures) > 5:
        note(f"and {len(failures) - 5} more, see '{index.path / 'failures.jsonl'}'")


def note_warnings(sources: Sequence[qi.AnchorSource]) -> None:
    """Say on stderr what the user should know of the data."""
    for source in sources:
        for warning in source.warnings:
            note(f"{source.name}: {warning}")


def read_embeddings(
    path: Path,
    labels: Path | None,
    *,
    score_column: str | None,
    image_column: str | None,
    lower_is_better: bool | None,
) -> qi.Export:
    """Read embeddings and their labels: an exported index, the authors' pair of files, or one's own."""
    if labels is None and (exported := qi.read_export(path)) is not None:
        return exported
    if labels is not None and labels.suffix.lower() == ".json":
        source, matrix = qi.read_author_embeddings(path, labels)
        scores = labels.with_name("labels.json")
        unlabelled = all(source.records[name].null_count == len(source) for name in ("score", "side"))
        if unlabelled and scores != labels and scores.is_file():
            note(f"scores from '{scores}'")
            source, matrix = qi.read_author_embeddings(path, labels, scores)
    else:
        source, matrix = qi.load_embeddings(
            path, labels, score_column=score_column, image_column=image_column, lower_is_better=lower_is_better
        )
    return qi.Export((source,), matrix)
