"""An index of some anchors of another one, divided and scaled as they are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

import pyarrow as pa

from ..arguments import checked
from ..errors import AnchorIndexError, counted
from ..paths import PathText
from .anchor_index import AnchorIndex
from .build import finish_folder
from .manifest import Manifest
from .new_folder import new_index
from .origin import Provenance
from .records import RatingRecord, SourceRecord, Subset
from .store import write_shards


@checked
def select_into(
    name: PathText, index: AnchorIndex, ids: Collection[str], subset: Subset, *, overwrite: bool = False
) -> AnchorIndex:
    """Make a new index of some anchors of another one.

    Embeddings, scores and all columns are copied as they are. So are the sides and the scaled scores: the new index
    keeps the threshold and the score range of the other one, also when anchors are added, removed or relabelled later
    (its sources are `kept`), and so does an index built of its export. Merged with anchors that were divided otherwise,
    it is divided anew.

    Args:
        name: Name or path of the new index.
        index: The index to select from, at the version that it has open.
        ids: Content ids of the anchors.
        subset: How they were selected: what the manifest says of it.
        overwrite: Replace an index of that name.

    Raises:
        AnchorIndexError: When the new index exists and is not to be overwritten, an id is not in the index, or a side
            is left empty.
    """
    wanted = frozenset(ids)
    tables = index.tables
    counts: Counter[tuple[str, str]] = Counter()
    for batch in tables.scan(["id", "dataset", "side"]):
        columns = (batch[column].to_pylist() for column in ("id", "dataset", "side"))
        counts.update((dataset, side) for key, dataset, side in zip(*columns, strict=True) if key in wanted)
    if counts.total() != len(wanted):
        of_all = f"of {counted(len(wanted), 'id')}"
        missing = counted(len(wanted) - counts.total(), f"{of_all} is", f"{of_all} are")
        raise AnchorIndexError(f"{missing} not in '{index.place}'", "select from its anchors")
    sources = tuple(
        _part_of(record, counts[record.name, "good"], counts[record.name, "bad"])
        for record in index.manifest.sources
        if counts[record.name, "good"] + counts[record.name, "bad"]
    )
    n_good, n_bad = (sum(getattr(source, side) for source in sources) for side in ("n_good", "n_bad"))
    if index.manifest.patch_size is None and not (n_good and n_bad):
        by = f" by '{index.ratings[0]}', the first rating" if subset.rating else ""
        raise AnchorIndexError(
            f"none of the {counted(len(wanted), 'anchor')} is {'bad' if n_good else 'good'}{by}",
            f"select more anchors, or build an index whose first rating is '{subset.rating}'"
            if subset.rating
            else "select anchors of both sides",
        )
    schema = pa.schema(list(tables.schema))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in tables.scan(schema.names):
            kept = batch.filter(pa.array([key in wanted for key in batch["id"].to_pylist()], type=pa.bool_()))
            yield pa.record_batch([kept[column] for column in schema.names], schema=schema)

    with new_index(name, overwrite=overwrite) as (path, folder):
        shards = write_shards(folder, batches(), schema)
        manifest = Manifest(index.manifest.embeddings, shards, sources, n_good, n_bad, subset=subset)
        action = f"select from {index.name}, version {subset.version}, by {subset.selector}"
        finish_folder(folder, manifest, action, Provenance.of([index.path]))
    return AnchorIndex(path, manifest)


def _part_of(record: SourceRecord, n_good: int, n_bad: int) -> SourceRecord:
    """Return the record of a part of a source, which keeps the threshold and the range of the whole."""
    return replace(
        record,
        n_good=n_good,
        n_bad=n_bad,
        n_failed=0,  # what failed or was left out is no part of a selection
        n_duplicates=0,
        ratings=tuple(map(_kept, record.ratings)),
    )


def _kept(rating: RatingRecord) -> RatingRecord:
    observed = rating.score_range is not None and not rating.range_is_declared
    return replace(rating, kept=rating.kept or rating.threshold is not None or observed)
