"""Which opinion score divides and scales the anchors of an index, where they have several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arguments import checked
from ..errors import AnchorIndexError
from .anchor_index import AnchorIndex
from .records import RatingRecord

if TYPE_CHECKING:
    from ..anchors import AnchorTable
    from ..arrays import DoubleArray, IntArray


@checked
def rating_records(index: AnchorIndex, rating: str | None = None) -> dict[str, RatingRecord]:
    """Return the record of a rating, by data set; data sets that lack it are left out.

    Args:
        index: The index.
        rating: Name of the rating; None for the first of each data set.

    Raises:
        AnchorIndexError: When no data set has it, naming the ratings that there are.
    """
    sources = index.manifest.sources
    if rating is None:
        return {source.name: source.rating for source in sources}
    found = {source.name: record for source in sources if (record := source.rating_called(rating)) is not None}
    if not found:
        raise AnchorIndexError(f"index '{index.name}' has no rating '{rating}'", f"ratings: {', '.join(index.ratings)}")
    return found


@checked
def further_rating(index: AnchorIndex, rating: str | None) -> str | None:
    """Return the name of a rating; None where it is the first of every data set, which is used without a word.

    What an index keeps (fits, calibrations, searches) is kept by this name.

    Raises:
        AnchorIndexError: When there is no such rating.
    """
    if rating is None or all(source.rating.name == rating for source in index.manifest.sources):
        return None
    rating_records(index, rating)
    return rating


@checked
def raw_scores(index: AnchorIndex, anchors: AnchorTable, *, rows: IntArray | None = None) -> DoubleArray:
    """Return the raw opinion scores of anchors, by the rating that divides them (`AnchorTable.rating`).

    Args:
        index: Their index.
        anchors: Some of its anchors.
        rows: (n,) rows of `anchors`, repeats allowed; None for all.

    Returns:
        (n,) float64 in the units and the direction of the label files; NaN where there is none.
    """
    import numpy as np

    records = rating_records(index, anchors.rating)
    columns = list(dict.fromkeys(record.column for record in records.values()))
    table = index.metadata(anchors, ["dataset", *columns], rows=rows)
    datasets = np.array(table["dataset"].to_pylist(), dtype=object)
    found = np.full(len(datasets), np.nan)
    for name, record in records.items():
        mine = datasets == name
        found[mine] = table[record.column].to_numpy().astype(np.float64)[mine]
    return found
