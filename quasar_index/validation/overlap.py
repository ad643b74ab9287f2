"""Evaluation of indexes and rated sets: what overlaps is found, and left out or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, unit
from ..errors import DataError, ValidationError, counted
from ..index.anchor_index import AnchorIndex
from ..index.search import nearest
from ..methods.method import Method
from ..parts import in_pieces
from ..statistics.groups import group_codes
from .evaluate import cross_validate, evaluate
from .folds import Exclusion, overlapping
from .rated import RatedImages
from .report import EvaluationReport

SAME_IMAGE, SAME_REFERENCE, GROUP = "same-image", "same-reference", "group="
SAME_EMBEDDING = "same-embedding"
EQUAL = 1 - 1e-5
"""Least cosine of embeddings of one image: float16 and another machine's rounding stay above it."""


@dataclass(frozen=True)
class Overlap:
    """What rated images share with the anchors of an index.

    Attributes:
        excluded: The rules by which anchors do not score images, the coarsest first.
        n_overlap: Images that share something with anchors in spite of them.
        groups: Labels to resample, one an image; None where images stand alone.
        unit: What these are: a column, or "image".
    """

    excluded: tuple[Exclusion, ...]
    n_overlap: int
    groups: list[Any] | None
    unit: str = "image"


@checked
def evaluate_index(
    methods: Sequence[Method],
    index: AnchorIndex,
    images: RatedImages,
    *,
    exclude: str | None = None,
    allow_overlap: bool = False,
    where: str | None = None,
    ratio: float = 1.0,
    rating: str | None = None,
    group: str | None = None,
    by: Sequence[str] = (),
    seed: int = 0,
    **options: Any,
) -> EvaluationReport:
    """Evaluate an index on rated images.

    Args:
        methods: At least one.
        index: The index.
        images: Rated images, embedded by its encoder.
        exclude: Which anchors do not score an image: "same-image" (the same content), "same-reference" (also those of
            its reference image, by reference id and data set), "group=COLUMN" (both, and those with its value of a
            column); None for none.
        allow_overlap: Evaluate although images, or other versions of them, are among their anchors; the report says
            how many.
        where: SQL filter of the anchors.
        ratio: Random part of the anchors.
        rating: Opinion score that divides the anchors, where they have several; None for the first. It may be another
            one than that of the images.
        group: Column of the images whose values intervals resample as wholes; None for that of `exclude`, else
            references where there are any. An image without a value stands alone.
        by: Columns of the images for a breakdown.
        seed: Of the draw of anchors, of merging folds and of the bootstrap.
        options: `n_resamples`, `level`, `on_progress` of `evaluate`.

    Returns:
        The report; it says what its intervals resample.

    Raises:
        ValidationError: When images are among their own anchors, or as `evaluate`.
        DataError: When a column is missing.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> images = qi.rated_anchors(index)
        >>> report = qi.evaluate_index([qi.Mean()], index, images, exclude="same-image", n_resamples=100)
        >>> report.n_folds, report.n_overlap, round(report.outcomes[0].figures["srcc"].value, 2)
        (60, 0, 0.98)
    """
    dim = index.manifest.encoder.dim
    if images.embeddings.shape[1] != dim:
        raise ValidationError(
            f"{images.name} is {images.embeddings.shape[1]}-d and index '{index.name}' is {dim}-d",
            f"embed the images with its encoder, {index.manifest.encoder.name}",
        )
    columns = {name: images.column(name) for name in by}
    column = exclude.removeprefix(GROUP) if exclude and exclude.startswith(GROUP) else None
    anchors = index.anchors(where=where, ratio=ratio, seed=seed, group=column, rating=rating)
    overlap = find_overlap(index, anchors, images, exclude, allow_overlap=allow_overlap, group=group)
    n_overlap = overlap.n_overlap
    report = evaluate(
        methods,
        anchors,
        images.embeddings,
        images.quality,
        groups=overlap.groups,
        excluded=overlap.excluded,
        by=columns,
        seed=seed,
        **options,
    )
    protocol = f"{images.name} against {len(anchors)} anchors of index '{index.name}'"
    if anchors.rating is not None:
        protocol += f" by {anchors.rating}"
    if exclude:
        protocol += f", without those of the same {_meaning(exclude)}"
    note = leak_note(n_overlap)
    return replace(
        report,
        n_failed=len(images.failures),
        n_unrated=images.n_unrated,
        failures=images.failures,
        protocol=protocol,
        n_overlap=n_overlap,
        unit=overlap.unit,
        columns={**images.known(), **report.columns},
        notes=(*([note] if n_overlap else []), *report.notes),
    )


@checked
def cross_validate_images(
    methods: Sequence[Method],
    images: RatedImages,
    group: str,
    *,
    allow_overlap: bool = False,
    by: Sequence[str] = (),
    seed: int = 0,
    **options: Any,
) -> EvaluationReport:
    r"""Evaluate methods on one rated set, leaving out one group after the other (see `cross_validate`).

    Args:
        methods: At least one.
        images: The rated set.
        group: Column with the groups.
        allow_overlap: Evaluate although versions of one image are in several groups; the report says how many.
        by: As in `evaluate_index`.
        seed: As in `evaluate_index`.
        options: As in `evaluate_index`.

    Returns:
        The report.

    Raises:
        ValidationError: When versions of one reference image are in several groups, the images are those that a
            selector chose, or as `cross_validate`.
        DataError: When a column is missing.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> rows = [f"{i}.png,{score:.4f},scene {i // 5}" for i, score in enumerate(x[:, 0])]
        >>> _ = Path("own.csv").write_text("\n".join(["image,score,scene", *rows]))
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> report = qi.cross_validate_images([qi.Mean()], qi.rated_anchors(index), "scene", n_resamples=100)
        >>> report.n_folds, report.grouped, round(report.outcomes[0].figures["srcc"].value, 2)
        (12, True, 0.97)
    """
    images.check_not_selected(group)
    labels = images.column(group)
    columns = {name: images.column(name) for name in by}
    n_overlap, leaks = versions_apart(images, group, allow_overlap=allow_overlap)
    report = cross_validate(
        methods,
        images.embeddings,
        images.quality,
        labels,
        is_good=images.is_good,
        is_cut=images.is_cut,
        ids=images.ids,
        by=columns,
        seed=seed,
        **options,
    )
    n_groups = len(set(labels))
    known = images.known()
    folds = "" if report.n_folds >= n_groups else f", merged into {counted(report.n_folds, 'fold')}"
    return replace(
        report,
        n_failed=len(images.failures),
        n_unrated=images.n_unrated,
        failures=images.failures,
        protocol=f"{images.name}, one {group} left out at a time ({counted(n_groups, 'group')}{folds})",
        n_overlap=n_overlap,
        unit=group,
        columns={**known, **report.columns, "group": known[group]},
        notes=(*leaks, *report.notes),
    )


def versions_apart(
    images: RatedImages, group: str, *, allow_overlap: bool, what: str = "image"
) -> tuple[int, tuple[str, ...]]:
    """Count the images that other versions of themselves would score when a group is left out.

    Args:
        images: A rated set.
        group: Column with the groups.
        allow_overlap: Go on although there are some.
        what: An image is called.

    Returns:
        How many, and a note that says so, if any.

    Raises:
        ValidationError: When there are some and that is not allowed.
        DataError: When there is no such column.
    """
    labels = images.column(group)
    rated = ~np.isnan(images.quality)
    n = int((_scattered(images, labels) & rated).sum()) if images.is_versioned else 0
    if not n:
        return 0, ()
    if not allow_overlap:
        whole = counted(int(rated.sum()), what)
        raise ValidationError(
            counted(
                n,
                f"of {whole} has other versions of itself outside its {group}",
                f"of {whole} have other versions of themselves outside their {group}",
            ),
            "use group=reference; --allow-overlap goes on all the same and flags it",
        )
    scored = counted(
        n, f"{what} is scored by other versions of itself", f"{what}s are scored by other versions of themselves"
    )
    return n, (f"leak: {scored}",)


def leak_note(n_overlap: int) -> str:
    """Return the note that images are scored in spite of what they share with the anchors."""
    scored = counted(
        n_overlap,
        "image is scored by itself or by other versions of itself",
        "images are scored by themselves or by other versions of themselves",
    )
    return f"leak: {scored}"


def find_overlap(
    index: AnchorIndex,
    anchors: AnchorTable,
    images: RatedImages,
    exclude: str | None,
    *,
    allow_overlap: bool = False,
    group: str | None = None,
) -> Overlap:
    """Find out which anchors may not score which images; arguments and errors as `evaluate_index`."""
    rules = _rules(index, anchors, images, exclude)
    active = tuple(rule for rule, is_active in rules.values() if is_active)
    remaining = [rule for rule, is_active in rules.values() if not is_active]
    n_overlap = int(overlapping(remaining, len(images.ids)).sum())
    if n_overlap and not allow_overlap:
        same = [rules[name][0] for name in (SAME_IMAGE, SAME_EMBEDDING) if name in rules]
        n_same = int(overlapping(same, len(images.ids)).sum()) if exclude is None else 0
        n_more = n_overlap - n_same
        what = counted(n_same, "is an anchor itself", "are anchors themselves") + (
            f", {counted(n_more, 'more shares', 'more share')} a reference image with anchors" if n_more else ""
        )
        whom = (
            "itself or by other versions of itself"
            if n_overlap == 1
            else "themselves or by other versions of themselves"
        )
        raise ValidationError(
            f"{n_overlap} of {counted(len(images.ids), 'image')} would be scored by {whom} ({what})",
            f"use --exclude {SAME_REFERENCE if n_overlap > n_same else SAME_IMAGE} or other data; "
            "--allow-overlap evaluates all the same and flags it",
        )
    return Overlap(active, n_overlap, *find_groups(images, group, exclude))


def find_groups(images: RatedImages, group: str | None, exclude: str | None = None) -> tuple[list[Any] | None, str]:
    """Return the groups that intervals resample, None where images stand alone, and what they are called.

    Raises:
        DataError: When there is no such column.
    """
    if group is not None:
        images.column(group)
    unit = group or (exclude.removeprefix(GROUP) if exclude and exclude.startswith(GROUP) else "reference")
    groups = groups_by(images, unit)
    return groups, "image" if groups is None else unit


def _rules(
    index: AnchorIndex, anchors: AnchorTable, images: RatedImages, exclude: str | None
) -> dict[str, tuple[Exclusion, bool]]:
    """Return the rules by which images and anchors overlap, the coarsest first, and whether each excludes."""
    group = exclude.removeprefix(GROUP) if exclude and exclude.startswith(GROUP) else None
    if exclude not in (None, SAME_IMAGE, SAME_REFERENCE) and not group:
        raise ValidationError(f"no exclusion '{exclude}'", f"use {SAME_IMAGE}, {SAME_REFERENCE} or {GROUP}COLUMN")
    known = index.columns
    if group and group not in known:
        raise DataError(f"index '{index.name}' has no column '{group}'", f"columns: {', '.join(known)}")
    table = index.metadata(anchors, ["dataset", "reference", *([group] if group else [])])
    rules: dict[str, tuple[Exclusion, bool]] = {}
    if group:
        rules[GROUP] = (Exclusion(table[group].to_pylist(), images.column(group)), True)
    references = Exclusion(
        _pairs(table["dataset"].to_pylist(), table["reference"].to_pylist()),
        references_of(images),
    )
    if exclude == SAME_REFERENCE:
        images.column("reference")
    rules[SAME_REFERENCE] = (references, bool(group) or exclude == SAME_REFERENCE)
    rules[SAME_IMAGE] = (Exclusion([key.decode() for key in anchors.ids.tolist()], images.ids), exclude is not None)
    if not images.ids_are_contents and images.embeddings.shape[1]:
        rules[SAME_EMBEDDING] = (_same_embedding(anchors, images), exclude is not None)
    return rules


def _same_embedding(anchors: AnchorTable, images: RatedImages) -> Exclusion:
    """Return the rule by which an anchor with the embedding of an image is that image."""
    keys = [b""] * len(anchors)
    for rows, part in in_pieces(anchors.directions, len(anchors)):
        for row, vector in zip(np.arange(len(anchors))[rows].tolist(), part, strict=True):
            keys[row] = hashlib.blake2b(vector.tobytes(), digest_size=16).digest()
    found = nearest(anchors, unit(images.embeddings), 1, exact=True)
    near = zip(found.rows[:, 0].tolist(), (found.similarity[:, 0] >= EQUAL).tolist(), strict=True)
    return Exclusion(keys, [keys[row] if is_equal else None for row, is_equal in near])


def references_of(images: RatedImages) -> list[tuple[Any, Any] | None]:
    """Return the n reference images, with their data sets; None for an image without one."""
    return _pairs(images.columns["dataset"], images.columns["reference"])


def _pairs(datasets: Sequence[Any], references: Sequence[Any]) -> list[tuple[Any, Any] | None]:
    return [None if ref in (None, "") else (name, ref) for name, ref in zip(datasets, references, strict=True)]


def groups_by(images: RatedImages, name: str) -> list[Any] | None:
    """Return the groups to resample, those without a value alone; None where all are."""
    values = images.columns.get(name)
    if values is None:
        return None
    codes = group_codes(values, len(values), alone=True)
    if codes.max() + 1 == len(values):
        return None
    return [f"(alone {row})" if value in (None, "") or value != value else value for row, value in enumerate(values)]  # noqa: PLR0124 - NaN


def _scattered(images: RatedImages, labels: Sequence[Any]) -> BoolArray:
    """Return (n,) whether images of the same reference are in several groups."""
    pairs = references_of(images)
    groups: dict[Any, set[Any]] = {}
    codes = group_codes(labels, len(labels)).tolist()
    for pair, code in zip(pairs, codes, strict=True):
        groups.setdefault(pair, set()).add(code)
    return np.array([pair is not None and len(groups[pair]) > 1 for pair in pairs])


def _meaning(exclude: str) -> str:
    return exclude.removeprefix("same-").removeprefix(GROUP)
