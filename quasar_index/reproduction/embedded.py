"""Embedded images of one data set, as experiments use them: those of an index, or published ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import FloatArray, as_embeddings
from ..datasets.base import AnchorSource
from ..datasets.published import input_words
from ..datasets.published_files import PublishedFile, read_published_file
from ..datasets.registry import DATASETS
from ..errors import DataError, counted
from ..index.anchor_index import AnchorIndex
from ..index.records import SourceRecord
from ..own_anchors import make_anchors
from ..validation.rated import RatedImages, rated_anchors, rated_embeddings, rated_source
from .data import Need, draw_sample


@dataclass(frozen=True)
class EmbeddedSet:
    """Embedded images of one data set.

    Attributes:
        key: All that decides them, as plain JSON data.
        path: Where they lie.
        n: Images that were embedded, references of full-reference anchors left out.
        fingerprint: Of the weights; empty where nobody hashed them.
        anchors: Reads them as anchors.
        references: Says what anchors are drawn by (see `AnchorIndex.references`).
        images: Reads them as rated images.
        flags: What a reader of a result should know of them.
        is_whole: Whether they are the images that the paper has, as far as their split can be told.
    """

    key: tuple[Any, ...]
    path: str
    n: int
    fingerprint: str
    anchors: Callable[[], AnchorTable]
    references: Callable[[AnchorTable], npt.NDArray[np.str_] | None]
    images: Callable[[], RatedImages]
    flags: tuple[str, ...] = ()
    is_whole: bool = True


def of_index(index: AnchorIndex, need: Need) -> EmbeddedSet:
    """Return the anchors of an index."""
    record = index.manifest.sources[0]
    title = DATASETS[need.dataset].title
    n = n_records(record) - (record.n_good if record.division == "reference" else 0)
    flags = list(_unlike_published(n, need))
    if record.n_failed:
        failed = counted(record.n_failed, "image")
        flags.append(f"{failed} of {title} could not be embedded, see '{index.place}'")
    if record.n_duplicates:
        copies = counted(
            record.n_duplicates, f"image of {title} is a copy of an earlier one", f"images of {title} are copies of "
            "earlier ones",
        )  # fmt: skip
        flags.append(f"{copies} and left out")
    return EmbeddedSet(
        key=(index.manifest.uid, index.manifest.version),
        path=index.place,
        n=n,
        fingerprint=index.manifest.encoder.fingerprint,
        anchors=index.anchors,
        references=index.references,
        images=lambda: rated_anchors(index),
        flags=tuple(flags),
    )


def of_published(file: PublishedFile, need: Need, *, sample: int | None, seed: int) -> EmbeddedSet:
    """Read published embeddings: memory-mapped, so that test images are read as they are scored.

    Args:
        file: Where they lie.
        need: What they are for: a split of test images is taken where it can be told, by their paths or their number.
        sample: Anchors only: number of reference images, or of rated ones, to draw; None for all.
        seed: Of the draw.

    Raises:
        DataError: When they cannot be read, or hold no ratings where they are needed.
    """
    found = read_published_file(file)
    source, matrix, title = found.source, found.embeddings, DATASETS[need.dataset].title
    is_whole, flags = True, []
    rows: npt.NDArray[np.int64] | None = None
    if need.role == "anchors":
        source, rows = draw_sample(source, sample, seed)
    elif need.split is not None:
        rows, is_whole = _of_split(source, need)
        if rows is not None:
            source = replace(source, records=source.records.take(rows))
        if not is_whole:
            flags.append(
                f"all {counted(len(source), 'image', form=',')} of {title}: "
                f"their files do not tell the split '{need.split}'"
            )
    if rows is not None:
        matrix = np.ascontiguousarray(matrix[rows])
    tower, what = file.tower, f"'{file.tensor}'"
    made = f"{tower.label} ({tower.pretrain}), {input_words(file.input)}" + (f"; {tower.note}" if tower.note else "")
    n = len(source) - (source.records["side"].to_pylist().count("good") if source.division == "reference" else 0)
    if sample is None or need.role == "test":
        flags += _unlike_published(n, need) if is_whole else ()
    return EmbeddedSet(
        key=(
            "published",
            file.declared.name,
            tower.encoder,
            sorted(source.checksums.values()),
            need.split,
            sample,
            seed,
        ),
        path=str(file.tensor),
        n=n,
        fingerprint="",
        anchors=lambda: _anchors(source, as_embeddings(matrix, what=what)),
        references=lambda table: None if table.groups is None else table.groups.astype(np.str_),
        images=lambda: _images(source, as_embeddings(matrix, what=what)),
        flags=(f"the authors' embeddings of {title}: {made}", *flags),
        is_whole=is_whole,
    )


def _of_split(source: AnchorSource, need: Need) -> tuple[npt.NDArray[np.int64] | None, bool]:
    """Return the rows of a split, None for all of them; and whether these are the split."""
    splits = source.records["split"].to_pylist()
    rows = np.flatnonzero(np.array([split == need.split for split in splits], dtype=np.bool_))
    if None not in splits and len(rows):
        return (None if len(rows) == len(source) else rows), True
    return None, len(source) == DATASETS[need.dataset].splits.get(need.split or "")


def _anchors(source: AnchorSource, matrix: FloatArray) -> AnchorTable:
    """Make anchors, divided by reference or at the median of those with a rating."""
    references = source.records["reference"].to_pylist()
    groups = references if source.kind == "full-reference" and any(references) else None
    if source.division == "reference":
        sides = np.array([side == "good" for side in source.records["side"].to_pylist()])
        return make_anchors(matrix, is_good=sides, ids=_hashes(matrix), groups=groups)
    scores = source.records["score"].to_numpy().astype(np.float64)
    rated = ~np.isnan(scores)
    _check_rated(source)
    quality = -scores if source.lower_is_better else scores
    if not rated.all():
        matrix, quality = matrix[rated], quality[rated]
        groups = None if groups is None else [group for group, kept in zip(groups, rated, strict=True) if kept]
    return make_anchors(matrix, quality=quality, ids=_hashes(matrix), groups=groups)


def _images(source: AnchorSource, matrix: FloatArray) -> RatedImages:
    _check_rated(source)
    return rated_embeddings(rated_source(source), matrix, ids=_hashes(matrix))


def _check_rated(source: AnchorSource) -> None:
    """Raise the DataError of embeddings without any score."""
    if source.records["score"].null_count == len(source):
        raise DataError(
            f"the embeddings of {source.name} have no scores",
            "put labels.json of the same release beside them: {path: score}",
        )


def _hashes(matrix: FloatArray) -> list[str]:
    """Name each row by its numbers: without the images, only they tell that a test image is an anchor itself."""
    return [hashlib.sha256(row.tobytes()).hexdigest()[:32] for row in matrix]


def _unlike_published(n: int, need: Need) -> list[str]:
    """Say that there are fewer or more images than the data set was published with."""
    dataset = DATASETS[need.dataset]
    published = dataset.splits.get(need.split) if need.split else dataset.size
    return [f"{n:,} of {published:,} published images of {dataset.title}"] if published not in (None, n) else []


def n_records(record: SourceRecord) -> int:
    """Return the number of images that a data set of an index came with."""
    return record.n_good + record.n_bad + record.n_failed + record.n_duplicates
