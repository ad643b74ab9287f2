"""`quasar-index build`: labelled images, or embeddings of them, become an index."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import options, patch_options
from .data import LABELS_IDLE, THRESHOLD_IDLE, note_failures, note_found, read_embeddings, read_sources
from .distribution import DISTRIBUTION, Distribution
from .distribution import IDLE as DISTRIBUTION_IDLE
from .idle import Idle
from .info import index_facts
from .output import interruptible, note, print_facts
from .progress import progress_bar

STORAGE = "Storage"
EVERYDAY = ("encoder",)


class Dtype(str, Enum):
    """What is kept of an embedding."""

    float32 = "float32"
    float16 = "float16"


IDLE = (
    Idle(
        ("encoder", "layers", "input_rule", *options.EMBEDDING, *DISTRIBUTION),
        lambda given: given["embeddings"] is not None,
        "--embeddings need no encoder",
    ),
    *patch_options.IDLE,
    *LABELS_IDLE,
    THRESHOLD_IDLE,
    *DISTRIBUTION_IDLE,
)


def build(
    name: Annotated[str, typer.Argument(help="Name of the index (in $QUASAR_INDEX_HOME or ./indexes), or a path.")],
    *,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            "-d",
            metavar="SPEC",
            help="Anchors, repeatable: a folder with reference/ and distorted/; a CSV, Excel, JSON or Parquet "
            "file with an image and a score column; or NAME:ROOT of a known data set.",
            rich_help_panel="Data",
        ),
    ] = None,
    labelling: options.Labelling,
    threshold: options.Threshold = None,
    patches: patch_options.PatchesOption = None,
    cutting: patch_options.Cutting,
    embeddings: Annotated[
        Path | None,
        typer.Option(
            help="Embeddings instead of --data: .npy, .npz or .pt (N, D), or an exported index.",
            rich_help_panel="Data",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Label file of --embeddings, one row each; or the NAME.json of the authors' NAME.pt.",
            rich_help_panel="Data",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option("--encoder", "-e", help="See 'quasar-index encoders'.", rich_help_panel="Encoder"),
    ] = None,
    layers: options.Layers = None,
    input_rule: options.InputRule = None,
    embedding: options.Embedding,
    dtype: Annotated[
        Dtype, typer.Option(help="What is kept of an embedding; float16 takes half the space.", rich_help_panel=STORAGE)
    ] = Dtype.float32,
    anchors_per_shard: Annotated[
        int | None,
        typer.Option(min=1, help="Most anchors in a table of the index; default: one table.", rich_help_panel=STORAGE),
    ] = None,
    distribution: Distribution,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an index of that name.")] = False,
    json: options.Json = False,
) -> None:
    """Build an index of anchors from labelled images, or of patches of pristine ones.

    An interrupted build goes on with the same command. Images that cannot be embedded are listed in failures.jsonl of
    the index.
    """
    if bool(data) + (embeddings is not None) + bool(patches) != 1:
        raise typer.BadParameter("give either --data, --embeddings or --patches")
    if labels is not None and embeddings is None:
        raise typer.BadParameter("--labels belongs to --embeddings")
    if embeddings is not None:
        read = read_embeddings(embeddings, labels, **vars(labelling), threshold=threshold)
        report = qi.build_from_embeddings(
            name,
            read.sources,
            read.embeddings,
            spec=read.spec,
            ids=read.ids,
            sizes=read.sizes,
            dtype=dtype.value,
            anchors_per_shard=anchors_per_shard,
            overwrite=overwrite,
        )
    else:
        chosen = encoder or qi.DEFAULT_ENCODER
        qi.encoders.check_encoder(chosen, layers=layers, input_rule=input_rule, **embedding.place)
        qi.allow_pixels(embedding.max_pixels)
        if patches:
            sources = [patch_options.read_patches(patches, cutting, embedding)]
        else:
            sources = read_sources(data or [], **vars(labelling), threshold=threshold)
        qi.index.check_build(name, sources, overwrite=overwrite)
        if encoder is None:
            note(
                f"encoder {chosen} (works offline); the paper's settings are --encoder clip-rn50 for quality and "
                "--encoder clip-vit-l-14 for aesthetics"
            )
        n_images = sum(map(len, sources))
        loading = {"weights": embedding.weights, "device": "cpu"} if distribution.is_ray else embedding.loading
        loaded = qi.load_encoder(chosen, layers=layers, input_rule=input_rule, **loading, n_images=n_images)
        if distribution.is_ray:
            loaded = qi.encoders.patch_level(loaded) if patches else loaded
            loaded = distribution.of_workers(loaded, embedding, n_images)
        with interruptible("the same command goes on where it stopped"), progress_bar("embedding") as on_progress:
            report = qi.build_index(
                name,
                sources,
                loaded,
                dtype=dtype.value,
                anchors_per_shard=anchors_per_shard,
                overwrite=overwrite,
                **embedding.running,
                **distribution.running,
                on_progress=on_progress,
            )
    if report.n_resumed:
        note(f"{counted(report.n_resumed, 'embedding was', 'embeddings were')} left by an interrupted build")
    note_found(embedding.cache)
    if report.n_duplicates:
        note(
            f"{counted(report.n_duplicates, 'image was', 'images were')} left out, an earlier one has the same content"
        )
    note_failures(report.failures, report.index)
    print_facts(index_facts(report.index), as_json=json)
