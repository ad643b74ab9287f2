"""New opinion scores for the anchors of an index, of one rating or of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ..arrays import DoubleArray, IntArray
from ..datasets.base import AnchorSource, Rating, concat_text
from ..errors import DataError, counted
from .anchor_index import AnchorIndex
from .change import changing
from .edit import RelabelReport, delete_ids
from .labels import check_sides, label_columns, label_sources, to_nullable, with_labels
from .match import match_names
from .ratings import rating_records
from .records import RatingRecord, SourceRecord
from .rows import declared_sides, selected_ids, set_labels, update_rows


def relabel(
    index: AnchorIndex,
    labels: AnchorSource,
    *,
    where: str | None = None,
    rating: str | None = None,
    remove: Sequence[str] = (),
) -> RelabelReport:
    """See `AnchorIndex.relabel`."""
    with changing(index) as change:
        table = change.tables.read([*label_columns(change.manifest.sources), "path"])
        gone = set(remove) & set(table["id"].to_pylist())
        if gone:
            table = table.filter(pa.array([key not in gone for key in table["id"].to_pylist()]))
        given = _given(AnchorIndex(change.path, change.manifest), labels, rating)
        considered = None if where is None else selected_ids(change, where)
        names = labels.records["path"].to_pylist()
        rows, unmatched = match_names(names, table["id"].to_pylist(), table["path"].to_pylist(), considered)
        matched = np.flatnonzero(rows >= 0)
        if not len(matched):
            raise DataError(f"no anchor is called {concat_text(unmatched)}", "name images by path, file name or id")
        rows, said = rows[matched], labels.records.take(pa.array(matched))
        left = set(table["dataset"].to_pylist())
        records = {record.name: record for record in change.manifest.sources if record.name in left}
        datasets = table["dataset"].take(pa.array(rows)).to_pylist()
        part = declared_sides(said.select(["path", "side"]), datasets, records)
        own = [records[name] for name in datasets]
        for column, values in _new_scores(labels, said, rows, own, given):
            place = part.schema.get_field_index(column)
            old = np.full(len(rows), np.nan) if place < 0 else part[column].to_numpy()
            both = to_nullable(np.where(np.isnan(values), old, values))
            part = part.append_column(column, both) if place < 0 else part.set_column(place, column, both)
            _check_kept(column, table.schema.field(column).type, values)
        divided = _divided_anew(records, datasets, given)
        columns = [name for name in part.column_names if name != "path"]
        changed_table, is_changed = set_labels(table, rows, part, columns)
        is_good, quality, labelled = label_sources(changed_table, divided)
        check_sides(is_good, labelled)
        n_anchors, n_changed, n_moved = len(np.unique(rows)), int(is_changed.sum()), 0
        changed = AnchorIndex(change.path, change.manifest)
        if n_changed or divided != records or gone:
            delete_ids(change, gone)
            n_moved = update_rows(change, table, with_labels(changed_table, is_good, quality), columns)
            action = f"relabel: {counted(n_changed, 'anchor')} by {labels.name}"
            if gone:
                action += f", {counted(len(gone), 'anchor')} removed"
            changed = change.commit(action, sources=labelled)
    return RelabelReport(changed, n_anchors, n_changed, n_moved, unmatched, len(gone))


def _check_kept(column: str, type_: pa.DataType, values: DoubleArray) -> None:
    """Raise the DataError of scores that their column of whole numbers cannot keep."""
    known = values[~np.isnan(values)]
    if pa.types.is_integer(type_) and (known != np.round(known)).any():
        raise DataError(f"column '{column}' of the index is of whole numbers", "round the scores, or build anew")


def _given(index: AnchorIndex, labels: AnchorSource, rating: str | None) -> list[tuple[str | None, str, Rating]]:
    """Return what a label file gives: name of the rating in the index (None for the first), column, rating."""
    firsts = {source.rating.name for source in index.manifest.sources}
    if rating is None and labels.rating not in firsts and labels.rating in index.ratings:
        first = ", ".join(sorted(firsts))
        raise DataError(
            f"the score column of {labels.name} is '{labels.rating}', and so is a further rating of index "
            f"'{index.name}', whose first one is {first}",
            f"name the rating that is to be changed: --rating {labels.rating}",
        )
    given = [(rating, "score", Rating(labels.rating, labels.lower_is_better, threshold=labels.threshold))]
    given += [(further.name, further.name, further) for further in labels.ratings]
    for name, _, _ in given:
        rating_records(index, name)
    names = [name for name, _, _ in given]
    if len(set(names)) < len(names):
        raise DataError(f"two columns of {labels.name} are for the rating '{rating}'", "name one of them")
    return given


def _divided_anew(
    records: Mapping[str, SourceRecord], datasets: Sequence[str], given: Sequence[tuple[str | None, str, Rating]]
) -> dict[str, SourceRecord]:
    """Return the records by name, those of the data sets that are relabelled with the thresholds that are given."""
    divided = dict(records)
    for name in dict.fromkeys(datasets):
        if divided[name].division != "median" and any(rating.threshold is not None for _, _, rating in given):
            raise DataError(f"the sides of data set '{name}' are declared, a threshold divides nothing", "drop it")
        ratings = list(divided[name].ratings)
        for which, _, rating in given:
            for number, one in enumerate(ratings):
                if rating.threshold is not None and (number == 0 if which is None else one.name == which):
                    ratings[number] = replace(one, threshold=rating.threshold, threshold_is_given=True)
        divided[name] = replace(divided[name], ratings=tuple(ratings))
    return divided


def _new_scores(
    labels: AnchorSource,
    said: pa.Table,
    rows: IntArray,
    own: Sequence[SourceRecord],
    given: Sequence[tuple[str | None, str, Rating]],
) -> Iterator[tuple[str, DoubleArray]]:
    """Yield columns of the index with their new scores, (n,), NaN where a row says nothing of them."""
    for name, column, rating in given:
        scores = said[column].to_numpy().astype(np.float64)
        targets = [record.rating if name is None else record.rating_called(name) for record in own]
        for number, (record, target) in enumerate(zip(own, targets, strict=True)):
            if target is None and not np.isnan(scores[number]):
                raise DataError(f"data set '{record.name}' has no rating '{name}'", "leave out its images, or --where")
        _check_new_scores(labels, rating, said["path"].to_pylist(), scores, rows, own, targets)
        for place in dict.fromkeys(target.column for target in targets if target is not None):
            mine = np.array([target is not None and target.column == place for target in targets])
            yield place, np.where(mine, scores, np.nan)


def _check_new_scores(
    labels: AnchorSource,
    rating: Rating,
    names: Sequence[str],
    scores: DoubleArray,
    rows: IntArray,
    own: Sequence[SourceRecord],
    targets: Sequence[RatingRecord | None],
) -> None:
    """Raise a DataError where new scores cannot be meant for their anchors."""
    first: dict[int, int] = {}
    for number, (row, record, target) in enumerate(zip(rows.tolist(), own, targets, strict=True)):
        if np.isnan(scores[number]) or target is None:
            continue
        what = "score" if target is record.rating else target.name
        if target.lower_is_better != rating.lower_is_better:
            better, not_better = ("lower", "higher") if target.lower_is_better else ("higher", "lower")
            raise DataError(
                f"in '{record.name}' a {better} {what} is better, in {labels.name} a {not_better} one",
                "convert the scores, or say the direction of the label file (--lower-is-better, or COLUMN:lower)",
            )
        low, high = target.declared_range or (-np.inf, np.inf)
        if not low <= scores[number] <= high:
            raise DataError(
                f"{what} {scores[number]:g} of '{names[number]}' is outside {low:g} to {high:g}, the range of "
                f"'{record.name}'",
                "check that this is the same scale",
            )
        earlier = first.setdefault(row, number)
        if scores[earlier] != scores[number]:
            raise DataError(
                f"'{names[earlier]}' and '{names[number]}' are one anchor and have {what}s {scores[earlier]:g} and "
                f"{scores[number]:g}",
                "keep one of them",
            )
