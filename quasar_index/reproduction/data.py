"""Finding the paper's data sets below one folder, and saying how to get those that are not there.

A data set lies in a folder of its name, title or an alias (`tid2013/`, `KonIQ-10k/`, `LIVEitW/`, ...; case and hyphens
do not matter) and has the tree that `quasar-index datasets NAME` shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..datasets.base import AnchorSource
from ..datasets.declare import Dataset
from ..datasets.published import input_words
from ..datasets.registry import DATASETS
from ..datasets.sources import load_source
from ..datasets.spec import normal_name
from ..errors import DataError
from ..sides import reference_units
from .report import MissingInput


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


def describe_missing(data_root: Path | None, need: Need, published: Sequence[str]) -> MissingInput:
    """Say where a data set is expected, and how to get it.

    Args:
        data_root: Folder of the data sets; None where none was given.
        need: What is needed.
        published: Commands that fetch embeddings to stand in for it.
    """
    dataset = DATASETS[need.dataset]
    root = Path("DIR") if data_root is None else data_root
    how = [
        *published,
        f"{'or ' if published else ''}get it from {dataset.homepage} ({dataset.licence})",
        f"lay it out as {root / dataset.name}/{' and add --data-root DIR' if data_root is None else ''}",
        *(f"  {line}" for line in dataset.tree.splitlines()),
    ]
    made = f" by {need.encoder}, {input_words(need.input)}," if need.input else ""
    place = f"{made} is not among the published embeddings" if data_root is None else f" is not below '{data_root}'"
    return MissingInput(need.dataset, "data set", f"{dataset.title}{place}", tuple(how))


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
