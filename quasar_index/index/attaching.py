"""A further embedding of the anchors of an index: that of another encoder, beside the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ..arrays import FloatArray, as_embeddings
from ..datasets.base import concat_text
from ..encoders.spec import EncoderSpec
from ..errors import AnchorIndexError, DataError, counted
from .anchor_index import AnchorIndex
from .change import changing
from .records import Dtype, EmbeddingRecord, is_name
from .rows import write_part
from .store import embedding_type, to_embedding_column

_ROWS = 8192


def attach_embedding(
    index: AnchorIndex,
    name: str,
    ids: Sequence[str],
    embeddings: FloatArray,
    *,
    spec: EncoderSpec | None = None,
    dtype: Dtype = "float32",
) -> AnchorIndex:
    """See `AnchorIndex.attach_embedding`."""
    matrix = as_embeddings(embeddings)
    if len(ids) != len(matrix):
        raise DataError(f"{counted(len(matrix), 'embedding')} but {counted(len(ids), 'id')}", "give one id each")
    record = EmbeddingRecord(name, spec or EncoderSpec("precomputed", int(matrix.shape[1])), dtype)
    if not is_name(name) or not record.is_sound:
        raise AnchorIndexError(f"'{name}' cannot name an embedding", "a letter, then letters, digits, _ and -")
    row_of = {key: row for row, key in enumerate(ids)}
    with changing(index) as change:
        if name in change.tables.schema.names:
            raise AnchorIndexError(f"index '{index.name}' has a column '{name}' already", "choose another name")
        keys = change.tables.read(["id"])["id"].to_pylist()
        if missing := [key for key in keys if key not in row_of]:
            raise DataError(
                f"{counted(len(missing), 'anchor has', 'anchors have')} no embedding: {concat_text(missing)}",
                "embed them, too",
            )
        type_ = embedding_type(record.encoder.dim, dtype)
        change.write(lambda table: table.add_columns(pa.schema([(name, type_)])))
        for start in range(0, len(keys), _ROWS):
            some = keys[start : start + _ROWS]
            column = to_embedding_column(matrix[np.array([row_of[key] for key in some])], dtype)
            part = pa.table([pa.array(some), column], names=["id", name])
            write_part(change, part)
        manifest = replace(change.manifest, embeddings=(*change.manifest.embeddings, record))
        return change.commit_manifest(f"attach: embedding {name} of {record.encoder.name}", manifest)


def detach_embedding(index: AnchorIndex, name: str) -> AnchorIndex:
    """See `AnchorIndex.detach_embedding`."""
    with changing(index) as change:
        kept = tuple(one for one in change.manifest.embeddings if one.name != name)
        if change.manifest.embedding(name) is change.manifest.embeddings[0]:
            raise AnchorIndexError(f"'{name}' is the first embedding of '{index.name}'", "every index has one")
        change.write(lambda table: table.drop_columns([name]))
        return change.commit_manifest(f"detach: embedding {name}", replace(change.manifest, embeddings=kept))
