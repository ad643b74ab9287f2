"""What stands against an evaluation, found before any image is embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arguments import checked
from ..index.anchor_index import AnchorIndex
from .cross_fit import several_groups
from .few_label_scores import N_LABELS, TEST_SHARE, Drawing, draws_of, labelled_images
from .overlap import GROUP, find_overlap
from .rated import RatedImages, RatedSource


@checked
def check_cross_validation(rated: RatedSource, group: str, *, by: Sequence[str] = ()) -> None:
    """Find what stands against `cross_validate_images` in the labels alone; arguments and errors as there."""
    images = _without_embeddings(rated)
    for name in by:
        images.column(name)
    several_groups(images.column(group), len(images.ids))


@checked
def check_few_labels(
    rated: RatedSource,
    n_labels: Sequence[int] = N_LABELS,
    *,
    group: str | None = None,
    n_seeds: int = 10,
    test_share: float = TEST_SHARE,
    seed: int = 0,
) -> None:
    """Find what stands against `few_labels_of_images` in the labels alone; arguments and errors as there."""
    images = _without_embeddings(rated)
    # What is rated otherwise or has the same content is not known yet: all seem to be other images.
    rows = np.arange(len(images.ids))
    distinct = replace(images, embeddings=rows[:, None].astype(np.float32), quality=rows.astype(np.float64))
    draws_of(labelled_images(distinct, group), Drawing(tuple(n_labels), n_seeds, test_share, seed))


@checked
def check_evaluation(
    rated: RatedSource,
    index: AnchorIndex,
    *,
    exclude: str | None = None,
    allow_overlap: bool = False,
    where: str | None = None,
    ratio: float = 1.0,
    rating: str | None = None,
    group: str | None = None,
    resampled: str | None = None,
    by: Sequence[str] = (),
    seed: int = 0,
) -> None:
    """Find what stands against `evaluate_index` in the labels and the anchors; arguments and errors as there.

    Args:
        rated: The images.
        index: The index.
        exclude: As in `evaluate_index`, as are the next three.
        allow_overlap: Whether images may share a reference image with anchors.
        where: SQL filter of the anchors.
        ratio: Random part of them.
        rating: Opinion score that divides them; None for the first.
        group: Column of the anchors' contents; None where none is needed.
        resampled: Column of the images whose values are resampled.
        by: Columns of the images.
        seed: Of the draw of anchors.
    """
    images = _without_embeddings(rated)
    for name in by:
        images.column(name)
    if exclude is not None and exclude.startswith(GROUP):
        group = exclude.removeprefix(GROUP) or None
    anchors = index.anchors(where=where, ratio=ratio, seed=seed, group=group, rating=rating)
    # What has the same content is not known yet: all seem to be other images.
    find_overlap(index, anchors, images, exclude, allow_overlap=allow_overlap, group=resampled)


def _without_embeddings(rated: RatedSource) -> RatedImages:
    source, n = rated.source, len(rated.source)
    columns = {name: source.records[name].to_pylist() for name in source.records.column_names}
    return RatedImages(
        name=source.name,
        embeddings=np.empty((n, 0), np.float32),
        quality=np.full(n, np.nan),
        ids=[f"image {row}" for row in range(n)],
        columns={**columns, "dataset": [source.name] * n},
        is_versioned=source.kind == "full-reference",
    )
