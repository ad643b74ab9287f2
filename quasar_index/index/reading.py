"""The anchors of an index as a table in memory: all, or those that a filter, a draw or a rating leaves."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from ..anchors import AnchorTable
from ..errors import DataError, counted
from ..statistics.groups import group_codes
from .anchor_index import AnchorIndex
from .approximate import ApproximateSearch
from .cache import load_anchors, rows_of, sorted_rows
from .ratings import further_rating, rating_records

_log = logging.getLogger(__name__)


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
    anchors = replace(load_anchors(index.path, manifest, embedding), patch_size=manifest.patch_size)
    fits = anchors.fits
    further = further_rating(index, rating)
    if further is not None:
        anchors = _divided_by(index, further, anchors)
        fits = fits and fits.within(f"rating {further}")
        anchors = replace(anchors, fits=fits, rating=further)
    records = rating_records(index, further)
    divisions = {source.division for source in manifest.sources if source.name in records}
    if divisions == {"median"} and any(record.threshold_is_given for record in records.values()):
        anchors = replace(anchors, is_cut=True)
    _say_selected_by(index, further)
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


def _say_selected_by(index: AnchorIndex, rating: str | None) -> None:
    """Warn where a selector chose the anchors by another rating than the one that they are used by."""
    subset = index.manifest.subset
    if subset is not None and subset.chosen_by is not None and subset.rating != rating:
        first = index.ratings[0]
        _log.warning(
            "the anchors of '%s' were selected by %s, and are used by %s here",
            index.name,
            subset.rating or first,
            rating or first,
        )


def _divided_by(index: AnchorIndex, name: str, anchors: AnchorTable) -> AnchorTable:
    """Divide and scale anchors by a rating; those without it are left out."""
    found = rating_records(index, name)
    table = index.metadata(anchors, ["dataset", *dict.fromkeys(record.column for record in found.values())])
    datasets = np.array(table["dataset"].to_pylist(), dtype=object)
    is_good, quality = anchors.is_good, np.full(len(anchors), np.nan)
    for dataset, record in found.items():
        rows = np.flatnonzero(datasets == dataset)
        scores = table[record.column].to_numpy().astype(np.float64)[rows]
        good, quality[rows] = record.apply(scores)
        is_good[rows] = is_good[rows] if good is None else good
    kept = np.flatnonzero(~np.isnan(quality))
    if len(kept) < len(anchors):
        n_lost = len(anchors) - len(kept)
        lacking = [source.name for source in index.manifest.sources if source.name not in found]
        where = f" (none of {', '.join(lacking)} has it)" if lacking else ""
        lost = counted(n_lost, "anchor without it is", "anchors without it are")
        _log.warning("rating '%s': %s left out%s", name, lost, where)
    order, rated = sorted_rows(anchors.ids[kept], is_good[kept], quality[kept])
    return anchors.arranged(kept[order], rated, int(is_good[kept].sum()))
