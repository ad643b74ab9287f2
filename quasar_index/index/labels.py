"""The labels of anchors: which side each is on, its opinion score scaled to [0, 1], what the manifest says of that.

Builds and edits both come here, so that an index that grew is the same as one that was built at once. Sources of one
name are one source: its anchors are divided and scaled together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ..arrays import BoolArray, DoubleArray
from ..datasets.base import AnchorSource, Rating
from ..errors import DataError, counted
from ..sides import check_two_sides, divide_at, divide_at_median
from .records import MAIN_RATING, PatchRecord, RatingRecord, SourceRecord
from .scales import FEW, check_scales
from .store import stored_column


@dataclass(frozen=True)
class Labels:
    """The labels of n anchors.

    Attributes:
        is_good: (n,) sides.
        quality: (n,) float64, scores scaled to [0, 1], higher is better; NaN where there is none. Scores beyond the
            declared range lie beyond [0, 1].
        threshold: Raw score at which the sides divide; None with "reference", or without anchors.
        score_range: Raw scores that map to 0 and 1 (the other way round where lower is better); None without scores.
    """

    is_good: BoolArray
    quality: DoubleArray
    threshold: float | None
    score_range: tuple[float, float] | None


def label(
    scores: DoubleArray,
    declared_good: BoolArray,
    *,
    division: str,
    lower_is_better: bool = False,
    fixed_range: tuple[float, float] | None = None,
    fixed_threshold: float | None = None,
    must_divide: bool = False,
) -> Labels:
    """Divide the anchors of one source into sides and scale their scores.

    Args:
        scores: (n,) float64 raw scores, NaN where there is none.
        declared_good: (n,) sides that the data declare; used with the division "reference" only.
        division: "median" or "reference" (see `AnchorSource`).
        lower_is_better: Direction of the raw score.
        fixed_range: Raw scores that map to the ends of [0, 1]; None to use the observed ones.
        fixed_threshold: Raw score at which to divide instead of the median; used with the division "median" only.
        must_divide: Whether the fixed threshold must leave anchors on both sides.

    Returns:
        The labels.

    Raises:
        DataError: When a score is missing, or the median or a threshold that must divide them leaves a side empty.
    """
    threshold = None
    if division == "median":
        if fixed_threshold is not None and np.isnan(scores).any():
            missing = int(np.isnan(scores).sum())
            raise DataError(f"{counted(missing, 'anchor has', 'anchors have')} no opinion score", "rate or drop them")
        if fixed_threshold is not None and must_divide and len(scores):
            divide_at(scores, fixed_threshold, lower_is_better=lower_is_better)
        threshold = fixed_threshold
        if threshold is None and len(scores):
            _, threshold = divide_at_median(scores, lower_is_better=lower_is_better)
    rated = scores[~np.isnan(scores)]
    score_range = (fixed_range or (float(rated.min()), float(rated.max()))) if len(rated) else None
    made = RatingRecord(lower_is_better=lower_is_better, score_range=score_range, threshold=threshold)
    good, quality = made.apply(scores)
    nobody = np.zeros(len(scores), dtype=np.bool_) if division == "median" else declared_good
    return Labels(nobody if good is None else good, quality, threshold, score_range)


def label_columns(records: Iterable[SourceRecord]) -> tuple[str, ...]:
    """Return the columns that decide labels, and those that hold them."""
    further = (rating.column for record in records for rating in record.ratings[1:])
    return tuple(dict.fromkeys(("id", "dataset", "score", "side", "quality", *further)))


def label_sources(
    table: pa.Table, records: Mapping[str, SourceRecord]
) -> tuple[BoolArray, DoubleArray, tuple[SourceRecord, ...]]:
    """Label all anchors of an index, each source by its own rule.

    Args:
        table: The anchors: columns `dataset`, `score`, `side` (which counts with the division "reference" only), and
            those of further ratings.
        records: The rule of each source, by name, and what else stays as it is.

    Returns:
        (N,) sides and (N,) qualities by the first rating of each source, and the records with counts, and the
        threshold and range of every rating, as they are now, in the same order.

    Raises:
        DataError: When the median of a rating divides nothing.
    """
    encoded = table["dataset"].combine_chunks().dictionary_encode()
    numbers = encoded.indices.to_numpy(zero_copy_only=False)
    number_of = {name: number for number, name in enumerate(encoded.dictionary.to_pylist())}
    declared = np.asarray(table["side"].to_numpy() == "good", dtype=np.bool_)
    good, quality = declared.copy(), np.full(len(declared), np.nan)
    found: list[SourceRecord] = []
    for name, record in records.items():
        rows = np.flatnonzero(numbers == number_of.get(name, -1))
        labelled = []
        for rating in record.ratings:
            scores = table[rating.column].to_numpy().astype(np.float64)[rows]
            is_first = rating is record.rating
            # Of a further rating, the median is that of the anchors that have it.
            used = np.ones(len(rows), dtype=np.bool_) if is_first else ~np.isnan(scores)
            labels = _rated(scores[used], declared[rows[used]], record, rating)
            if is_first:
                good[rows], quality[rows] = labels.is_good, labels.quality
            # A fixed range stays, also where no score is left.
            score_range = rating.fixed_range or labels.score_range
            labelled.append(replace(rating, score_range=score_range, threshold=labels.threshold))
        n_good = int(good[rows].sum())
        found.append(replace(record, ratings=tuple(labelled), n_good=n_good, n_bad=len(rows) - n_good))
    return good, quality, tuple(found)


def _rated(scores: DoubleArray, declared_good: BoolArray, record: SourceRecord, rating: RatingRecord) -> Labels:
    """Label the anchors of a source by one of its ratings; errors as `label`, with the names."""
    try:
        return label(
            scores,
            declared_good,
            division=record.division,
            lower_is_better=rating.lower_is_better,
            fixed_range=rating.fixed_range,
            fixed_threshold=rating.fixed_threshold,
            must_divide=not rating.kept,
        )
    except DataError as error:
        which = record.name if rating is record.rating else f"{record.name}, {rating.name}"
        raise DataError(f"{which}: {error.message}", error.hint) from error


def check_sides(is_good: BoolArray, records: Iterable[SourceRecord]) -> None:
    """Find what stands against the anchors of an index together.

    Args:
        is_good: (N,) sides.
        records: Of their sources.

    Raises:
        DataError: When a side is empty; of patches, which are all good, when one is not, or they are of several sizes
            or beside whole images.
    """
    sizes = {None if record.patches is None else record.patches.size for record in records}
    if sizes <= {None}:
        check_two_sides(is_good)
        return
    if len(sizes) > 1:
        several = " and ".join("whole images" if size is None else f"patches of {size} pixels" for size in sizes)
        raise DataError(f"{several} in one index", "build an index of each")
    if not is_good.all():
        raise DataError(f"{counted(int((~is_good).sum()), 'patch is', 'patches are')} bad", "pristine ones are good")


def with_labels(table: pa.Table, is_good: BoolArray, quality: DoubleArray) -> pa.Table:
    """Return a table of anchors with the columns `side` and `quality` set."""
    for name, values in (("side", pa.array(np.where(is_good, "good", "bad"))), ("quality", to_nullable(quality))):
        place = table.schema.get_field_index(name)
        table = table.append_column(name, values) if place < 0 else table.set_column(place, name, values)
    return table


def to_nullable(values: DoubleArray) -> pa.Array:
    """Return numbers as a column, NaN as null."""
    return pa.array(values, type=pa.float64(), from_pandas=True)


def record_of(source: AnchorSource) -> SourceRecord:
    """Return the record of a source of which nothing is labelled yet.

    Raises:
        DataError: When a further rating is no column of numbers.
    """
    schema = source.records.schema
    for rating in source.ratings:
        if rating.name not in schema.names or not is_number(schema.field(rating.name).type):
            raise DataError(f"{source.name} has no column of numbers '{rating.name}'", "name a rating by its column")
    given = Rating(
        source.rating,
        source.lower_is_better,
        source.score_range,
        source.by_person,
        source.kept_division,
        source.threshold,
    )
    first = _rating_record(given, MAIN_RATING)
    if first.fixed_range is None:
        # This tells `join_records` of the scale; labelling puts the range of all of the name in its place.
        first = replace(first, score_range=_observed_range(source))
    return SourceRecord(
        name=source.name,
        kind=source.kind,
        division=source.division,
        n_good=0,
        n_bad=0,
        ratings=(first, *(_rating_record(rating, stored_column(rating.name)) for rating in source.ratings)),
        checksums=dict(source.checksums),
        patches=None if source.patches is None else PatchRecord(**source.patches),
    )


def is_number(type_: pa.DataType) -> bool:
    """Return whether a column holds numbers."""
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def _rating_record(rating: Rating, column: str) -> RatingRecord:
    kept_threshold, kept_range = rating.kept_division or (None, None)
    return RatingRecord(
        name=rating.name,
        column=column,
        lower_is_better=rating.lower_is_better,
        score_range=rating.score_range or kept_range,
        range_is_declared=rating.score_range is not None,
        threshold=rating.threshold if rating.kept_division is None else kept_threshold,
        kept=rating.kept_division is not None,
        by_person=rating.by_person,
        threshold_is_given=rating.threshold is not None,
    )


def _observed_range(source: AnchorSource) -> tuple[float, float] | None:
    """Return the lowest and the highest score; None where they are few."""
    scores = source.records["score"].to_numpy()
    rated = scores[~np.isnan(scores)]
    return (float(rated.min()), float(rated.max())) if len(rated) >= FEW else None


def join_records(
    records: Iterable[SourceRecord],
    *,
    apart: str = "give one of them another name, ?name=NAME",
    together: str = "declare the range of both, ?range=LOW,HIGH,",
    any_scale: bool = False,
) -> dict[str, SourceRecord]:
    """Make one record of those of one name.

    Args:
        records: Of sources that come together in an index; a declared score range and a given threshold hold for all of
            its name.
        apart: How the user keeps two of one name apart.
        together: How the user says that two are of one scale.
        any_scale: Join those, too, that can hardly be of one scale.

    Returns:
        The records by name, in order.

    Raises:
        DataError: When two of one name differ in kind or division, or in a rating's direction, declared range or given
            threshold, or their scores can hardly be of one scale (`check_scales`).
    """
    records = list(records)
    joined: dict[str, SourceRecord] = {}
    for record in records:
        known = joined.setdefault(record.name, record)
        if known is record:
            continue
        for what in ("kind", "division"):
            _check_same(record.name, what, getattr(known, what), getattr(record, what), apart)
        again = record.n_good + record.n_bad == 0
        joined[record.name] = replace(
            known,
            ratings=tuple(_joined_ratings(known, record, again=again, apart=apart)),
            n_failed=known.n_failed + record.n_failed,
            n_duplicates=known.n_duplicates + record.n_duplicates,
            checksums={**known.checksums, **record.checksums},
            patches=_joined_patches(known, record, apart),
        )
    if not any_scale:
        check_scales(records, f"{apart}, or {together} if they are")
    return joined


def _joined_ratings(known: SourceRecord, other: SourceRecord, *, again: bool, apart: str) -> Iterator[RatingRecord]:
    """Join the first ratings, whatever they are called, and the further ones by name.

    Args:
        known: The record of a source.
        other: That of a source of the same name.
        again: Whether no index has divided its anchors yet.
        apart: How the user keeps the two apart.
    """
    theirs = {rating.name: rating for rating in other.ratings[1:]}
    for mine in known.ratings:
        rating = other.rating if mine is known.rating else theirs.pop(mine.name, None)
        if rating is None:
            yield mine
            continue
        _check_same(other.name, "lower_is_better", mine.lower_is_better, rating.lower_is_better, apart)
        if None not in (mine.declared_range, rating.declared_range):
            _check_same(other.name, "declared_range", mine.declared_range, rating.declared_range, apart)
        given = [one for one in (mine, rating) if one.threshold_is_given]
        if len(given) == 2 or (given == [rating] and mine.kept and again):
            _check_same(other.name, "threshold", mine.threshold, rating.threshold, apart)
        yield replace(
            mine,
            threshold=given[0].threshold if given else mine.threshold,
            threshold_is_given=bool(given),
            score_range=mine.declared_range or rating.declared_range or mine.score_range,
            range_is_declared=mine.range_is_declared or rating.range_is_declared,
            kept=_stays_kept(mine, rating, again=again),
            by_person=mine.by_person and rating.by_person,
        )
    yield from theirs.values()


def _joined_patches(known: SourceRecord, other: SourceRecord, apart: str) -> PatchRecord | None:
    """Join what patches are: of one size, and chosen in one way, of the images of both."""
    mine, theirs = known.patches, other.patches
    if mine is None or theirs is None:
        return mine
    _check_same(known.name, "patches", replace(mine, n_images=None), replace(theirs, n_images=None), apart)
    counts = [one.n_images for one in (mine, theirs) if one.n_images is not None]
    return replace(mine, n_images=sum(counts) if len(counts) == 2 else None)


def _check_same(name: str, what: str, mine: object, theirs: object, apart: str) -> None:
    if mine != theirs:
        raise DataError(f"two data sets called '{name}' differ in {what.replace('_', ' ')}: {mine} and {theirs}", apart)


def _stays_kept(known: RatingRecord, other: RatingRecord, *, again: bool) -> bool:
    """Return whether a joined rating keeps the division of a subset.

    It does when data are added that no index has divided yet, or with a subset that was divided in the same way; with
    anchors that were divided otherwise, all are divided anew at their common median.
    """
    if not known.kept:
        return False
    if other.kept:
        return (other.threshold, other.score_range) == (known.threshold, known.score_range)
    return again
