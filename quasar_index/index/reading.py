"""The anchors of an index as a table in memory: all, or those that a filter, a draw or a rating leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..anchors import AnchorTable
from ..errors import AnchorIndexError, DataError
from ..statistics.groups import group_codes
from .anchor_index import AnchorIndex
from .approximate import ApproximateSearch
from .cache import load_anchors, rows_of, sorted_rows


def read_anchors(
    index: AnchorIndex,
    where: str | None,
    ratio: float,
    seed: int,
    group: str | None,
    rating: str | None,
    embedding: str | None,
) -> AnchorTable:
    """See `AnchorIndex.anchors`."""
    manifest = index.manifest
    anchors = load_anchors(index.path, manifest, embedding)
    fits = anchors.fits
    if rating is not None and any(source.rating.name != rating for source in manifest.sources):
        anchors = _divided_by(index, rating, anchors)
        fits = fits and fits.within(f"rating {rating}")
        anchors = replace(anchors, fits=fits)
    if where is not None:
        kept = [key for batch in index.tables.scan(["id"], where=where) for key in batch["id"].to_pylist()]
        anchors = anchors.take(rows_of(anchors, kept))
    if ratio != 1:
        anchors = anchors.subsample(ratio, seed=seed, references=index.references(anchors))
    if fits is not None and (where is not None or ratio != 1):
        anchors = replace(anchors, fits=fits.within(f"where {where} ratio {ratio} seed {seed}"))
    if group is not None:
        if group not in (known := index.columns):
            raise DataError(f"index '{index.name}' has no column '{group}'", f"columns: {', '.join(known)}")
        groups = index.metadata(anchors, [group])[group].to_pylist()
        anchors = replace(anchors, groups=group_codes(groups, len(anchors), alone=True))
    if manifest.approximate is not None and embedding in (None, manifest.embeddings[0].name):
        # Also where a filter left others: then the search says so, if there is one, and is exact.
        anchors = replace(anchors, approximate=ApproximateSearch(manifest.approximate, index.name))
    return anchors


def _divided_by(index: AnchorIndex, name: str, anchors: AnchorTable) -> AnchorTable:
    """Divide and scale anchors by a rating; those without it are left out."""
    found = {source.name: source.rating_called(name) for source in index.manifest.sources}
    columns = [rating.column for rating in found.values() if rating is not None]
    if not columns:
        known = ", ".join(index.ratings)
        raise AnchorIndexError(f"index '{index.name}' has no rating '{name}'", f"ratings: {known}")
    table = index.metadata(anchors, ["dataset", *dict.fromkeys(columns)])
    datasets = np.array(table["dataset"].to_pylist(), dtype=object)
    is_good, quality = anchors.is_good, np.full(len(anchors), np.nan)
    for source in index.manifest.sources:
        rating, rows = found[source.name], np.flatnonzero(datasets == source.name)
        if rating is not None:
            scores = table[rating.column].to_numpy().astype(np.float64)[rows]
            good, quality[rows] = rating.apply(scores)
            is_good[rows] = is_good[rows] if good is None else good
    kept = np.flatnonzero(~np.isnan(quality))
    order, rated = sorted_rows(anchors.ids[kept], is_good[kept], quality[kept])
    return anchors.arranged(kept[order], rated, int(is_good[kept].sum()))
