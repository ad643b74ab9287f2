"""`quasar-index add`: more labelled images for an index, or new labels for images that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options, patch_options
from .changes import in_words, print_change
from .data import LABELS_IDLE, THRESHOLD_IDLE, note_failures, note_found, read_embeddings, read_sources
from .distribution import DISTRIBUTION, Distribution
from .distribution import IDLE as DISTRIBUTION_IDLE
from .idle import Idle
from .output import interruptible, note
from .progress import progress_bar

IDLE = (
    Idle(
        (*options.EMBEDDING, *DISTRIBUTION),
        lambda given: given["embeddings"] is not None,
        "--embeddings need no encoder",
    ),
    patch_options.IDLE[-1],
    *LABELS_IDLE,
    THRESHOLD_IDLE,
    *DISTRIBUTION_IDLE,
)


def add(
    name: options.Index,
    *,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data", "-d", metavar="SPEC", help="Labelled images as for build, repeatable.", rich_help_panel="Data"
        ),
    ] = None,
    labelling: options.Labelling,
    threshold: options.Threshold = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(
            help="Embeddings instead of --data, for an index of such: .npy, .npz, .pt, or an exported index.",
            rich_help_panel="Data",
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Label file of --embeddings, one row each.", rich_help_panel="Data")
    ] = None,
    patches: patch_options.MoreOption = None,
    embedding: options.Embedding,
    distribution: Distribution,
    json: options.Json = False,
) -> None:
    """Add anchors to an index; images that it holds already are not embedded, their labels are brought up to date.

    Data of a name that the index has extend that source. An interrupted addition goes on with the same command.
    """
    if bool(data) + (embeddings is not None) + bool(patches) != 1:
        raise typer.BadParameter("give either --data, --embeddings or --patches")
    if labels is not None and embeddings is None:
        raise typer.BadParameter("--labels belongs to --embeddings")
    index = qi.AnchorIndex.open(name)
    if embeddings is not None:
        read = read_embeddings(embeddings, labels, **vars(labelling), threshold=threshold)
        report = index.add_embeddings(read.sources, read.embeddings, spec=read.spec, ids=read.ids, sizes=read.sizes)
    else:
        if patches:
            sources = [patch_options.more_patches(patches, index, embedding)]
        else:
            sources = read_sources(data or [], **vars(labelling), threshold=threshold)
        encoder = qi.encoders.LazyEncoder(index.manifest.encoder, **embedding.loading, n_images=sum(map(len, sources)))
        qi.allow_pixels(embedding.max_pixels)
        with interruptible("the same command goes on where it stopped"), progress_bar("embedding") as on_progress:
            report = index.add(sources, encoder, **embedding.running, **distribution.running, on_progress=on_progress)
    if report.n_resumed:
        note(f"{counted(report.n_resumed, 'embedding was', 'embeddings were')} left by an interrupted addition")
    note_found(embedding.cache)
    note_failures(report.failures, report.index)
    before = {source.name for source in index.manifest.sources}
    for source in report.index.manifest.sources:
        if source.name not in before and source.division == "median":
            note(
                f"'{source.name}' is a new data set here, divided at its own median ({source.threshold:g}); "
                f"add ?name=NAME to --data to extend {' or '.join(map(repr, sorted(before)))} instead"
            )
    if report.n_duplicates:
        note(
            f"{counted(report.n_duplicates, 'image was', 'images were')} left out, labels and all: each is "
            "an anchor already, or there twice; "
            "to change labels use 'quasar-index relabel', or ?name= with their data set's name"
        )
    facts = {
        "n_added": report.n_added,
        "n_updated": report.n_updated,
        "n_unchanged": report.n_unchanged,
        "n_duplicates": report.n_duplicates,
        "n_moved": report.n_moved,
        "n_failed": len(report.failures),
    }
    text = in_words(
        (report.n_added, "anchor added", "anchors added"),
        (report.n_updated, "label changed", "labels changed"),
        (report.n_unchanged, "image there already", "images there already"),
        (report.n_duplicates, "duplicate left out", "duplicates left out"),
        (report.n_moved, "earlier anchor now on the other side", "earlier anchors now on the other side"),
    )
    print_change(report.index, facts, text, as_json=json)
