"""All pairs of indexes: the anchors of one score the anchors of the other, each one's own by cross-validation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..arguments import checked
from ..arrays import DoubleArray
from ..errors import QuasarError, ValidationError, counted
from ..index.anchor_index import AnchorIndex
from ..methods.method import Method
from ..statistics.bootstrap import bootstrap
from ..statistics.correlation import srcc
from ..statistics.groups import Groups
from .cross_fit import check_methods, leave_group_out
from .fold_scores import score_folds
from .folds import Exclusion, make_folds, overlapping
from .overlap import SAME_IMAGE, SAME_REFERENCE, find_overlap, versions_apart
from .rated import RatedImages, rated_anchors
from .report import Figure

FOLDS = 20
"""Most folds of a pair; more groups are merged by a seeded draw, as a matrix has many pairs."""


@dataclass(frozen=True)
class Cell:
    """The anchors of one index against the images of another.

    Attributes:
        anchors: Index whose anchors score.
        tests: Index whose anchors are scored.
        method: What scores.
        n: Images that were scored.
        n_shared: Images that share content, or a reference image, with anchors: they were scored without these.
        unit: What the interval resamples: a column, or "image".
        srcc: Signed, with its interval; None where it cannot be had.
        why: Why it cannot; else empty.
    """

    anchors: str
    tests: str
    method: Method
    n: int
    n_shared: int
    unit: str
    srcc: Figure | None
    why: str = ""


@checked
def evaluate_matrix(
    methods: Sequence[Method],
    indexes: Mapping[str, AnchorIndex],
    *,
    group: str | None = None,
    where: str | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Cell]:
    """Score the anchors of each index by those of each other one.

    Anchors do not score an image of the same content (id or embedding) or the same reference image. The images of an
    index itself are scored by leaving out one group after the other, merged into at most 20 folds.

    Args:
        methods: At least one.
        indexes: Two or more of one encoder, by name.
        group: Column that is left out and resampled; None for references, else each image alone.
        where: SQL filter of the anchors.
        n_resamples: As in `evaluate`, as are the next two.
        level: Nominal coverage.
        seed: Of merging folds and of the bootstrap.
        on_progress: Called with (done, total) pairs.

    Returns:
        The cells, row by row: by the index whose anchors score, then by tests, then by method.

    Raises:
        ValidationError: On fewer than two indexes, several encoders, or when no cell can be had.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> indexes = {}
        >>> for seed, name in enumerate("ab"):
        ...     x = np.random.default_rng(seed).normal(size=(60, 8)).astype(np.float32)
        ...     np.save(f"{name}.npy", x)
        ...     np.savetxt(f"{name}.csv", x[:, 0], header="score", comments="")
        ...     indexes[name] = qi.build_from_embeddings(name, *qi.load_embeddings(f"{name}.npy", f"{name}.csv")).index
        >>> cells = qi.validation.evaluate_matrix([qi.Mean()], indexes, n_resamples=100)
        >>> [(cell.anchors, cell.tests, cell.n, cell.n_shared) for cell in cells]
        [('a', 'a', 60, 0), ('a', 'b', 60, 0), ('b', 'a', 60, 0), ('b', 'b', 60, 0)]
    """
    check_methods(methods)
    if len(indexes) < 2:
        raise ValidationError(f"a matrix of {counted(len(indexes), 'index', 'indexes')}", "give two or more")
    specs = {(one.manifest.encoder.fingerprint, one.manifest.encoder.dim) for one in indexes.values()}
    if len(specs) > 1:
        recorded = [one.manifest.encoder for one in indexes.values()]
        encoders = dict.fromkeys(f"{one.name} ({one.dim}-d)" for one in recorded)
        raise ValidationError(
            f"indexes of {counted(len(specs), 'encoder')}: {', '.join(encoders)}", "take indexes of one encoder"
        )
    images = {name: replace(rated_anchors(one, where=where), ids_are_contents=False) for name, one in indexes.items()}
    cells: list[Cell] = []
    for row, (name, index) in enumerate(indexes.items()):
        for column, (test, own) in enumerate(images.items()):
            try:
                if name == test:
                    found = _itself(methods, index, own, group, seed)
                else:
                    found = _against(methods, index, own.only_rated(), group, where, seed)
            except QuasarError as error:
                cells += [Cell(name, test, one, 0, 0, "image", None, error.message) for one in methods]
            else:
                cells += [
                    _cell(Cell(name, test, one, 0, 0, "image", None), scores, found, n_resamples, level, seed)
                    for one, scores in zip(methods, found.scores, strict=True)
                ]
            if on_progress is not None:
                on_progress(row * len(indexes) + column + 1, len(indexes) ** 2)
    if all(cell.srcc is None for cell in cells):
        raise ValidationError(f"no pair can be evaluated, the first: {cells[0].why}", "take other indexes")
    return cells


@dataclass(frozen=True)
class _Found:
    """Scores (C, n) of a pair, with ratings (n,), groups and counts."""

    scores: DoubleArray
    quality: DoubleArray
    groups: Groups
    unit: str
    n_shared: int


def _itself(methods: Sequence[Method], index: AnchorIndex, images: RatedImages, group: str | None, seed: int) -> _Found:
    """Score the images of an index without their groups."""
    column = group or index.content_column() or "id"
    images.check_not_selected(column)
    labels = images.ids if column == "id" else images.column(column)
    if column != "id":
        versions_apart(images, column, allow_overlap=False)
    filled = [f"(alone {row})" if label in (None, "") else label for row, label in enumerate(labels)]
    parts = leave_group_out(
        images.embeddings,
        images.quality,
        filled,
        is_good=images.is_good,
        is_cut=images.is_cut,
        ids=images.ids,
        max_folds=FOLDS,
        seed=seed,
    )
    scores = score_folds(methods, parts.folds, parts.embeddings, parts.anchors_of, seed=seed).scores
    if column == "id":
        return _Found(scores, parts.quality, None, "image", 0)
    return _Found(scores, parts.quality, parts.groups, column, 0)


def _against(
    methods: Sequence[Method],
    index: AnchorIndex,
    images: RatedImages,
    group: str | None,
    where: str | None,
    seed: int,
) -> _Found:
    """Score the images of another index."""
    anchors = index.anchors(where=where)
    has_references = any(images.columns.get("reference") or ())
    exclude = SAME_REFERENCE if has_references else SAME_IMAGE
    overlap = find_overlap(index, anchors, images, exclude, group=group)
    n = len(images.ids)
    rules = overlap.excluded
    if has_references:  # of the same name, whatever their data sets are called: these may be parts of one
        references = index.metadata(anchors, ["reference"])["reference"].to_pylist()
        rules = (Exclusion(references, images.columns["reference"]), *rules)
    folds = make_folds(rules, len(anchors), n, seed=seed, max_folds=FOLDS)
    scores = score_folds(methods, folds, images.embeddings, anchors.take, seed=seed).scores
    n_shared = int(overlapping(rules, n).sum())
    return _Found(scores, images.quality, overlap.groups, overlap.unit, n_shared)


def _cell(cell: Cell, scores: DoubleArray, found: _Found, n_resamples: int, level: float, seed: int) -> Cell:
    try:
        figure = Figure(srcc(scores, found.quality))
    except ValidationError as error:
        return replace(cell, why=error.message)
    with contextlib.suppress(ValidationError):  # too few images or groups: no interval
        ends = bootstrap(
            "srcc", scores, found.quality, groups=found.groups, n_resamples=n_resamples, level=level, seed=seed
        )
        figure = Figure(figure.value, ends.low, ends.high)
    return replace(cell, n=len(scores), n_shared=found.n_shared, unit=found.unit, srcc=figure)
