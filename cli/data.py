"""What the commands that read data share: labelled images, embeddings, and what to say of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import quasar_index as qi
from quasar_index.errors import counted

from . import options
from .idle import Idle
from .output import note

LABELS_IDLE = (
    Idle(
        options.LABELLING,
        lambda given: given["embeddings"] is not None and given["labels"] is None,
        "it is for a file of --labels",
    ),
    Idle(
        options.LABELLING,
        lambda given: given["labels"] is not None and str(given["labels"]).lower().endswith(".json"),
        "the authors' .json has no columns",
    ),
)
"""Of the commands that take --embeddings with --labels."""
THRESHOLD_IDLE = Idle(
    ("threshold",),
    lambda given: (
        given["embeddings"] is not None and (given["labels"] is None or str(given["labels"]).lower().endswith(".json"))
    ),
    "it is for a label file",
)
"""Of those of them that divide anchors."""


def read_sources(
    specs: Sequence[str],
    *,
    score_column: Sequence[str] | None = None,
    image_column: str | None = None,
    lower_is_better: bool = False,
    threshold: str | None = None,
) -> list[qi.AnchorSource]:
    """Read the labels of all --data, and say on stderr what the user should know of them."""
    lower = True if lower_is_better else None  # without the flag, a column's name may speak against the default
    sources = [
        qi.load_source(
            spec, score_column=score_column, image_column=image_column, lower_is_better=lower, threshold=threshold
        )
        for spec in specs
    ]
    note_warnings(sources)
    return sources


def note_found(cache: qi.EmbeddingCache | None) -> None:
    """Say on stderr how many embeddings came from the cache."""
    if cache is not None and cache.n_found:
        note(f"{counted(cache.n_found, 'embedding was', 'embeddings were')} in the cache (--no-cache embeds anew)")


def note_failures(failures: Sequence[tuple[str, str]], index: qi.AnchorIndex) -> None:
    """Say on stderr which images were left out."""
    for path, error in failures[:5]:
        note(f"left out '{path}': {error}")
    if len(failures) > 5:
        note(f"and {len(failures) - 5} more, see '{index.path / 'failures.jsonl'}'")


def note_warnings(sources: Sequence[qi.AnchorSource | qi.datasets.ImageSource]) -> None:
    """Say on stderr what the user should know of the data."""
    for source in sources:
        for warning in source.warnings:
            note(f"{source.name}: {warning}")


def read_embeddings(
    path: Path,
    labels: Path | None,
    *,
    score_column: Sequence[str] | None,
    image_column: str | None,
    lower_is_better: bool,
    threshold: str | None = None,
) -> qi.index.Export:
    """Read embeddings and their labels: an exported index, the authors' pair of files, or one's own."""
    if labels is None and (exported := qi.read_export(path)) is not None:
        note_warnings(exported.sources)
        return exported
    if labels is not None and labels.suffix.lower() == ".json":
        source, matrix = qi.datasets.read_author_embeddings(path, labels)
        scores = labels.with_name("labels.json")
        unlabelled = all(source.records[name].null_count == len(source) for name in ("score", "side"))
        if unlabelled and scores != labels and scores.is_file():
            note(f"scores from '{scores}'")
            source, matrix = qi.datasets.read_author_embeddings(path, labels, scores)
    else:
        lower = True if lower_is_better else None
        source, matrix = qi.load_embeddings(
            path,
            labels,
            score_column=score_column,
            image_column=image_column,
            lower_is_better=lower,
            threshold=threshold,
        )
    note_warnings([source])
    return qi.index.Export((source,), matrix)
