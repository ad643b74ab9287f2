"""What a sweep is measured on: rated images, and the anchors that may score each of them.

Either images of one's own against an index, or the anchors of an index themselves, one group left out at a time. In
both, whatever is chosen for an image is chosen from the anchors of its fold, which hold neither the image nor any other
of its group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import counted
from ..index.anchor_index import AnchorIndex
from ..index.ratings import further_rating
from ..statistics.groups import group_codes
from ..validation.cross_fit import check_ratings, leave_group_out
from ..validation.folds import MAX_FOLDS, Fold, make_folds
from ..validation.overlap import find_overlap, leak_note, versions_apart
from ..validation.rated import RatedImages, rated_anchors


@dataclass(frozen=True)
class Bench:
    """Rated images and their anchors.

    Attributes:
        protocol: What it is, in words.
        identity: Hash of all that decides a result, but for the method.
        embeddings: (M, D) raw.
        quality: (M,) ratings, higher is better.
        groups: (M,) codes of the groups that are resampled; None where images stand alone.
        folds: Images that share their anchors.
        anchors_of: Makes the anchors of a fold, with their groups, of the (N,) rows that are kept.
        n_anchors: N.
        references: Reference of each anchor's id, where anchors are drawn by reference; else None.
        notes: What the reader should know.
        failures: Path and reason of images that could not be embedded.
    """

    protocol: str
    identity: str
    embeddings: FloatArray = field(repr=False)
    quality: DoubleArray = field(repr=False)
    groups: IntArray | None = field(repr=False)
    folds: Sequence[Fold] = field(repr=False)
    anchors_of: Callable[[BoolArray], AnchorTable] = field(repr=False)
    n_anchors: int
    references: Mapping[bytes, bytes] | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


@checked
def index_bench(
    index: AnchorIndex,
    images: RatedImages,
    *,
    exclude: str | None = None,
    allow_overlap: bool = False,
    where: str | None = None,
    rating: str | None = None,
    group: str | None = None,
    seed: int = 0,
) -> Bench:
    """Measure on images of one's own.

    Args:
        index: The index.
        images: Rated images, embedded by its encoder.
        exclude: As in `evaluate_index`.
        allow_overlap: As in `evaluate_index`.
        where: SQL filter of the anchors.
        rating: Opinion score that divides the anchors, where they have several; None for the first.
        group: Column of the anchors' contents, for what is chosen among them; None for their references.
        seed: Of merging folds.

    Raises:
        ValidationError: When images are among their own anchors.
        DataError: When a column is missing.
    """
    anchors = index.anchors(where=where, group=group, rating=rating)
    overlap = find_overlap(index, anchors, images, exclude, allow_overlap=allow_overlap)
    folds = make_folds(overlap.excluded, len(anchors), len(images.ids), seed=seed)
    note = leak_note(overlap.n_overlap)
    rule = (exclude or "").removeprefix("same-").removeprefix("group=")
    return Bench(
        protocol=f"{images.name} against {len(anchors)} anchors of index '{index.name}'"
        + (f" by {anchors.rating}" if anchors.rating else "")
        + (f", without those of the same {rule}" if rule else ""),
        identity=_hashed(
            _key(index, where, group, anchors.rating), images.ids, images.quality, overlap.groups, exclude, seed
        ),
        embeddings=images.embeddings,
        quality=check_ratings(images.quality),
        groups=None if overlap.groups is None else group_codes(overlap.groups, len(images.ids)),
        folds=folds,
        anchors_of=lambda kept: anchors if kept.all() else anchors.take(kept),
        n_anchors=len(anchors),
        references=_references(index, anchors),
        notes=(note,) if overlap.n_overlap else (),
        failures=images.failures,
    )


@checked
def anchors_bench(
    index: AnchorIndex,
    group: str,
    *,
    allow_overlap: bool = False,
    where: str | None = None,
    rating: str | None = None,
    max_folds: int = MAX_FOLDS,
    seed: int = 0,
) -> Bench:
    """Measure on the anchors of an index, leaving out one group after the other; nothing is embedded.

    The anchors of a fold are those of all other groups, divided as in `cross_validate`. Reference/distorted anchors
    without ratings keep their sides, and their distortion level stands in for the rating (a lower one is better).

    Args:
        index: The index.
        group: Column with the groups.
        allow_overlap: Go on although versions of one image are in several groups; the notes say so.
        where: SQL filter of the anchors.
        rating: Opinion score that divides the anchors, where they have several; None for the first.
        max_folds: Most folds; more groups are merged by a seeded draw. Slow selectors can do with ten.
        seed: Of merging folds.

    Raises:
        ValidationError: When the anchors have neither ratings nor levels, are those that a selector chose,
            all are in one group, or versions of one image in several.
        DataError: When there is no such column.
    """
    by = further_rating(index, rating)
    is_levelled = by is None and index.manifest.patch_size is None
    levelled = _levelled_anchors(index, where) if is_levelled else None
    images = levelled or rated_anchors(index, where=where, rating=by)
    images.check_not_selected(group)
    notes: list[str] = []
    if levelled is not None:
        notes.append("these anchors have no ratings: SRCC is with the distortion level, a lower level being better")
    _, leaks = versions_apart(images, group, allow_overlap=allow_overlap, what="anchor")
    parts = leave_group_out(
        images.embeddings,
        images.quality,
        images.column(group),
        is_good=images.is_good,
        is_cut=images.is_cut,
        ids=images.ids,
        known_quality=levelled is None,
        max_folds=max_folds,
        seed=seed,
    )
    n_groups, n_folds = parts.n_groups, len(parts.folds)
    merged = "" if n_folds >= n_groups else f", merged into {counted(n_folds, 'fold')}"
    return Bench(
        protocol=f"{images.name}, one {group} left out at a time ({counted(n_groups, 'group')}{merged})",
        identity=_hashed(_key(index, where, group, by), "anchors", parts.groups, images.quality, max_folds, seed),
        embeddings=parts.embeddings,
        quality=parts.quality,
        groups=parts.groups,
        folds=parts.folds,
        anchors_of=parts.anchors_of,
        n_anchors=len(images.ids),
        references=_references(index, index.anchors(where=where, rating=by)),
        notes=(*notes, *leaks),
    )


def _levelled_anchors(index: AnchorIndex, where: str | None) -> RatedImages | None:
    """Take the distortion levels of anchors without ratings for ratings; None where there are ratings or no levels."""
    anchors = index.anchors(where=where)
    if anchors.quality is not None and not np.isnan(anchors.quality).all():
        return None
    columns = [name for name in index.columns if name != "embedding"]
    table = index.metadata(anchors, columns)
    # A reference image is not distorted, whatever its record says.
    levels = [
        0 if good else level for good, level in zip(anchors.is_good.tolist(), table["level"].to_pylist(), strict=True)
    ]
    if any(level is None for level in levels):
        return None
    return RatedImages(
        name=f"index '{index.name}'",
        embeddings=anchors.directions * anchors.norms[:, None],
        quality=check_ratings([-float(level) for level in levels]),
        ids=[key.decode() for key in anchors.ids.tolist()],
        columns={name: table[name].to_pylist() for name in columns},
        is_good=anchors.is_good,
        is_versioned=True,
        subset=index.manifest.subset,
    )


def _references(index: AnchorIndex, anchors: AnchorTable) -> Mapping[bytes, bytes] | None:
    """Return what each anchor is drawn by, by id (`AnchorIndex.references`)."""
    units = index.references(anchors)
    return None if units is None else dict(zip(anchors.ids.tolist(), map(str.encode, units.tolist()), strict=True))


def _key(index: AnchorIndex, where: str | None, group: str | None, rating: str | None) -> list[Any]:
    return [index.manifest.uid, index.manifest.version, where, group, *([rating] if rating else [])]


def _hashed(*parts: Any) -> str:
    """Hash plain data and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]
