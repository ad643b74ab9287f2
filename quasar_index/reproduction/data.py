"""Finding the paper's data sets below one folder, and saying how to get those that are not there.

A data set lies in a folder of its name, title or an alias (`tid2013/`, `KonIQ-10k/`, `LIVEitW/`, ...; case and hyphens
do not matter) and has the tree that `quasar-index datasets NAME` shows. Embeddings that the authors published stand in
for the images of an anchor set: `embeddings/**/NAME_clip_RN50_openai_False.pt` with its `.json`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..arrays import FloatArray
from ..datasets.base import AnchorSource
from ..datasets.declare import Dataset
from ..datasets.embeddings import read_author_embeddings
from ..datasets.files import stem
from ..datasets.registry import DATASETS
from ..datasets.sources import load_source
from ..datasets.spec import normal_name
from ..errors import DataError
from ..sides import reference_units
from .report import MissingInput

RELEASES = "https://github.com/photosynthesis-team/QUASAR/releases/tag/embeds"
AUTHOR_NAMES = {
    ("clip-rn50", "native"): "{}_clip_RN50_openai_False",
    ("clip-rn50-pos", "native"): "{}_clip_RN50_openai_True",
}
"""Stems of the files that the authors' generate_embeddigs.py writes, by encoder and input rule."""


@dataclass(frozen=True)
class Need:
    """Embedded images that an experiment needs.

    Attributes:
        role: Whether as anchors or as test images.
        dataset: Name in the registry.
        split: Its split; None for all.
        encoder: Name of the encoder.
        input: Short form of the input rule; None for the encoder's default.
    """

    role: Literal["anchors", "test"]
    dataset: str
    split: str | None
    encoder: str
    input: str | None


def find_root(data_root: Path, dataset: Dataset) -> Path | None:
    """Return the folder of a data set below the data root; None where there is none."""
    known = {normal_name(name) for name in (dataset.name, dataset.title, *dataset.aliases)}
    plain = data_root / dataset.name
    if plain.is_dir():
        return plain
    return next(
        (path for path in sorted(data_root.iterdir()) if path.is_dir() and normal_name(path.name) in known), None
    )


def find_author_files(data_root: Path, need: Need) -> tuple[Path, Path] | None:
    """Return the authors' published embeddings of an anchor set, and the list of their paths, if they are there."""
    name = AUTHOR_NAMES.get((need.encoder, need.input or ""))
    folder = data_root / "embeddings"
    if need.role != "anchors" or name is None or not folder.is_dir():
        return None
    wanted = name.format(need.dataset).casefold()
    for path in sorted(folder.rglob("*.pt")):
        if path.stem.casefold() == wanted and path.with_suffix(".json").is_file():
            return path, path.with_suffix(".json")
    return None


def describe_missing(data_root: Path, need: Need) -> MissingInput:
    """Say where a data set is expected, and how to get it."""
    dataset = DATASETS[need.dataset]
    how = [
        f"get it from {dataset.homepage} ({dataset.licence})",
        f"lay it out as {data_root / dataset.name}/",
        *(f"  {line}" for line in dataset.tree.splitlines()),
    ]
    if need.role == "anchors" and (name := AUTHOR_NAMES.get((need.encoder, need.input or ""))):
        file = name.format(need.dataset)
        how.append(f"or the authors' embeddings, {RELEASES}: {data_root}/embeddings/{file}.pt and .json")
    return MissingInput(need.dataset, "data set", f"{dataset.title} is not below '{data_root}'", tuple(how))


def read_images(root: Path, need: Need, *, sample: int | None, seed: int) -> AnchorSource:
    """Read the labels of a need.

    Args:
        root: Folder of the data set.
        need: What is needed. Test sets are all their rated images, divided at the median, which does not matter then;
            full-reference anchors are divided by reference, as in the paper.
        sample: Anchors only: number of reference images, or of rated ones, to draw; None for all.
        seed: Of the draw.

    Raises:
        DataError: When the labels cannot be used.
    """
    options = [f"split={need.split}"] if need.split else []
    if need.role == "test":
        options.append("division=median")
    elif DATASETS[need.dataset].kind == "full-reference":
        options.append("division=reference")
    source = load_source(f"{need.dataset}:{root}{'?' if options else ''}{'&'.join(options)}")
    return source if need.role == "test" else draw_sample(source, sample, seed)[0]


def read_authors(
    pair: tuple[Path, Path], need: Need, *, sample: int | None, seed: int
) -> tuple[AnchorSource, FloatArray]:
    """Read the authors' embeddings of an anchor set; the arguments are those of `read_images`."""
    source, matrix = read_author_embeddings(*pair)
    source = replace(source, name=need.dataset)
    if source.division == "reference":
        # Their own rule (aggregation/fr.py): the name of a distorted image begins with that of its reference.
        references = [stem(path).split("_")[0] for path in source.records["path"].to_pylist()]
        place = source.records.schema.get_field_index("reference")
        column = pa.array(references, type=pa.string())
        source = replace(source, records=source.records.set_column(place, source.records.schema.field(place), column))
    source, rows = draw_sample(source, sample, seed)
    return source, matrix if rows is None else np.ascontiguousarray(matrix[rows])


def draw_sample(
    source: AnchorSource, sample: int | None, seed: int
) -> tuple[AnchorSource, np.ndarray[tuple[int], np.dtype[np.int64]] | None]:
    """Draw reference images with all their versions, or rated images.

    Returns:
        The sample, and its rows; None for all.
    """
    if sample is None:
        return source, None
    rng = np.random.default_rng(seed)
    labels: npt.NDArray[Any] = np.arange(len(source))
    if source.kind == "full-reference":
        drawn = reference_units(*(source.records[name].to_pylist() for name in ("path", "reference")))
        labels = labels if drawn is None else drawn
    units = np.unique(labels)
    if sample >= len(units):
        return source, None
    rows = np.flatnonzero(np.isin(labels, rng.choice(units, sample, replace=False)))
    if not len(rows):
        raise DataError(f"a sample of {sample} is nothing", "draw at least one")
    return replace(source, records=source.records.take(rows)), rows


def slug(text: str) -> str:
    """Return a text as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text)
