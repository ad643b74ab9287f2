"""One index of several: the anchors of all of them, each content once."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from ..arguments import checked
from ..datasets.column_types import one_type
from ..errors import AnchorIndexError, DataError
from ..paths import PathText
from .anchor_index import AnchorIndex
from .build import finish_folder
from .labels import check_sides, join_records, label_sources, with_labels
from .manifest import Manifest
from .new_folder import new_index
from .origin import Provenance
from .records import MAIN_EMBEDDING, EmbeddingRecord
from .scales import joined_in_words
from .staging import table_schema
from .store import as_embedding_column, one_chunk, write_shards

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MergeReport:
    """What a merge did.

    Attributes:
        index: The new index.
        n_anchors: Its anchors.
        n_duplicates: Anchors left out because an earlier index has the same content.
        notes: What the user should know: of which sources the scores were taken as one scale.
    """

    index: AnchorIndex
    n_anchors: int
    n_duplicates: int
    notes: tuple[str, ...] = ()


@checked
def merge(
    name: PathText,
    indexes: Sequence[AnchorIndex],
    *,
    overwrite: bool = False,
    same_name: Literal["together", "apart"] | None = None,
) -> MergeReport:
    """Make a new index of the anchors of others; of the same content, the first anchor counts.

    Sources of one name become one: its anchors are divided at their common median. Sources of different names keep
    their own scale and division. Further embeddings are left behind, with a warning.

    Args:
        name: Name or path of the new index.
        indexes: Two or more, of one encoder, each at the version that it has open.
        overwrite: Replace an index of that name.
        same_name: Of sources of one name: "apart" gives those of later indexes new names (own-2), "together" makes
            them one whatever their scores; None to make them one where these can be of one scale.

    Raises:
        AnchorIndexError: When the encoders differ, or the new index exists and is not to be overwritten.
        DataError: When sources of one name differ in their rule or can hardly be of one scale, or columns of one name
            in their type.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.datasets import make_records
        >>> def built(name):
        ...     records = make_records({"path": [f"{name}{i}" for i in range(4)], "score": range(4)}, 4)
        ...     source = qi.AnchorSource(name, records, "no-reference", "median")
        ...     return qi.build_from_embeddings(name, source, np.eye(4)).index
        >>> qi.merge("both", [built("one"), built("two")]).n_anchors
        8
    """
    if len(indexes) < 2:
        raise AnchorIndexError("a merge needs two indexes or more", "to copy one, copy its folder")
    spec = indexes[0].manifest.encoder
    for index in indexes[1:]:
        if difference := index.manifest.encoder.difference(spec):
            raise AnchorIndexError(
                f"'{indexes[0].place}' and '{index.place}' are of different encoders ({difference})",
                "rebuild one of them with the encoder of the other",
            )
    for index in indexes:
        if further := [embedding.name for embedding in index.manifest.embeddings[1:]]:
            _log.warning("'%s': the embedding %s is not merged", index.path, " and ".join(map(repr, further)))
    names = _names_apart(indexes) if same_name == "apart" else [{} for _ in indexes]
    before = [
        replace(record, name=new.get(record.name, record.name))
        for index, new in zip(indexes, names, strict=True)
        for record in index.manifest.sources
    ]
    records = join_records(
        before,
        apart="keep them apart, --same-name apart",
        together="join them, --same-name together,",
        any_scale=same_name == "together",
    )
    with new_index(name, overwrite=overwrite) as (path, folder):
        parts = [_labels(index, new) for index, new in zip(indexes, names, strict=True)]
        try:
            parts = one_type([(f"index '{index.name}'", part) for index, part in zip(indexes, parts, strict=True)])
        except DataError as error:
            raise DataError(error.message, "build one of them anew without the column, ?ignore=COLUMN") from error
        parts = _first_of_each(parts)
        everything = pa.concat_tables(parts, promote_options="default")
        is_good, quality, labelled = label_sources(everything, records)
        check_sides(is_good, labelled)
        everything = with_labels(everything, is_good, quality)
        # Of different dtypes, the one that all fit into.
        dtypes = {index.manifest.embeddings[0].dtype for index in indexes}
        first = EmbeddingRecord(MAIN_EMBEDDING, spec, "float16" if dtypes == {"float16"} else "float32")
        full = table_schema(everything.schema, spec.dim, first.dtype)
        shards = write_shards(folder, _batches(indexes, everything, [len(part) for part in parts], full), full)
        manifest = Manifest((first,), shards, labelled, int(is_good.sum()), int((~is_good).sum()))
        merged = ", ".join(index.name for index in indexes)
        finish_folder(folder, manifest, f"merge of {merged}", Provenance.of(index.path for index in indexes))
    n_duplicates = sum(len(index) for index in indexes) - len(everything)
    return MergeReport(AnchorIndex(path, manifest), len(everything), n_duplicates, joined_in_words(before))


def _names_apart(indexes: Sequence[AnchorIndex]) -> list[dict[str, str]]:
    """Return, for each index, new names of its sources whose names an earlier index has."""
    taken = {record.name for index in indexes for record in index.manifest.sources}
    seen: set[str] = set()
    found: list[dict[str, str]] = []
    for index in indexes:
        own = [record.name for record in index.manifest.sources]
        new = {}
        for name in seen.intersection(own):
            new[name] = next(one for number in itertools.count(2) if (one := f"{name}-{number}") not in taken)
            taken.add(new[name])
        seen.update(own)
        found.append(new)
    return found


def _labels(index: AnchorIndex, names: Mapping[str, str]) -> pa.Table:
    """Return all columns of an index but the embeddings, its sources under new names."""
    without = {embedding.name for embedding in index.manifest.embeddings}
    found = index.tables.read([name for name in index.columns if name not in without])
    if not names:
        return found
    place = found.schema.get_field_index("dataset")
    renamed = pa.array([names.get(one, one) for one in found["dataset"].to_pylist()], type=pa.string())
    return found.set_column(place, found.schema.field(place), renamed)


def _first_of_each(parts: Sequence[pa.Table]) -> list[pa.Table]:
    """Leave out anchors whose content an earlier part has."""
    seen: set[str] = set()
    kept: list[pa.Table] = []
    for part in parts:
        ids = part["id"].to_pylist()
        kept.append(part.filter(pa.array([key not in seen for key in ids], type=pa.bool_())))
        seen.update(ids)
    return kept


def _batches(
    indexes: Sequence[AnchorIndex], everything: pa.Table, counts: Sequence[int], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Join the embeddings of each index with the labels of its anchors that stay."""
    start = 0
    for index, count in zip(indexes, counts, strict=True):
        labels = everything.slice(start, count)
        start += count
        row_of = {key: row for row, key in enumerate(labels["id"].to_pylist())}
        for batch in index.tables.scan(["id", MAIN_EMBEDDING]):
            rows = np.array([row_of.get(key, -1) for key in batch["id"].to_pylist()], dtype=np.int64)
            kept = pa.array(np.flatnonzero(rows >= 0))
            part = labels.take(pa.array(rows[rows >= 0])).combine_chunks()
            embeddings = as_embedding_column(batch[MAIN_EMBEDDING].take(kept), schema.field(MAIN_EMBEDDING).type)
            arrays = [
                embeddings if name == MAIN_EMBEDDING else one_chunk(part[name]).cast(schema.field(name).type)
                for name in schema.names
            ]
            yield pa.record_batch(arrays, schema=schema)
