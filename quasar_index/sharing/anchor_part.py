"""The anchors of a bundle: one Arrow file, uncompressed, with the columns of the index's tables.

pandas, polars and Arrow read it. Files of strangers are read message by message: none may be compressed or hold
dictionaries, so what is in memory is never more than what is in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from ..datasets.base import RECORD_SCHEMA
from ..index import Manifest
from ..index.staging import table_schema
from ..index.store import READ_ROWS, embedding_type
from .container import Sink, Source

_MAGIC = b"ARROW1\0\0"
_HEADER, _COMPRESSION = 2, 3  # fields of Arrow's tables Message and RecordBatch
_BLOCK = 32 << 20


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a schema without what its writers noted in it, and with values in place of dictionaries of them."""
    types = {field.name: field.type for field in schema}
    return pa.schema([(name, t.value_type if pa.types.is_dictionary(t) else t) for name, t in types.items()])


def as_plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch with the columns of a plain schema."""
    columns = [batch[name] for name in schema.names]
    return pa.record_batch(
        [c if c.type == t else c.cast(t) for c, t in zip(columns, schema.types, strict=True)], schema=schema
    )


def write_anchors(sink: Sink, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
    """Write anchors as an Arrow file, in blocks that do not depend on the batches.

    Args:
        sink: Where.
        batches: The anchors, as a stream.
        schema: Of all of them.

    Returns:
        Their number.
    """
    n = 0
    width = sum(field.type.list_size * 4 for field in schema if pa.types.is_fixed_size_list(field.type))
    with pa.ipc.new_file(sink, schema) as writer:
        for block in _blocks(batches, schema, max(1, min(READ_ROWS, _BLOCK // max(width, 1)))):
            writer.write_batch(block)
            n += len(block)
    return n


def _blocks(batches: Iterable[pa.RecordBatch], schema: pa.Schema, n_rows: int) -> Iterator[pa.RecordBatch]:
    waiting: list[pa.RecordBatch] = []
    n_waiting = 0

    def joined() -> pa.RecordBatch:
        columns = pa.Table.from_batches(waiting, schema).combine_chunks().columns
        return pa.record_batch([pa.concat_arrays(column.chunks) for column in columns], schema=schema)

    for batch in batches:
        start = 0
        while start < len(batch):
            piece = batch.slice(start, n_rows - n_waiting)
            waiting.append(piece)
            n_waiting, start = n_waiting + len(piece), start + len(piece)
            if n_waiting == n_rows:
                yield joined()
                waiting, n_waiting = [], 0
    if waiting:
        yield joined()


def read_anchors(source: Source, manifest: Manifest) -> Iterator[pa.RecordBatch]:
    """Stream the anchors of a bundle, each batch checked.

    Args:
        source: The part.
        manifest: What they have to be.

    Raises:
        ValueError: When they are not, or the part is damaged; also as an Arrow error.
    """
    if source.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("no Arrow file")
    reader = pa.ipc.MessageReader.open_stream(pa.PythonFile(source, mode="r"))
    message = next(reader, None)
    if message is None or message.type != "schema":
        raise ValueError("no schema")
    schema = pa.ipc.read_schema(message)
    check_schema(schema, manifest)
    for message in reader:
        if message.type != "record batch":
            raise ValueError(f"a message of the kind '{message.type}'")
        if _is_compressed(message.metadata.to_pybytes()):
            raise ValueError("compressed anchors")
        batch = pa.ipc.read_record_batch(message, schema)
        batch.validate(full=True)
        # Copied: in the file, numbers begin at multiples of 8 bytes, and Lance needs 16 for some types.
        yield batch.take(pa.array(np.arange(len(batch))))


def check_schema(schema: pa.Schema, manifest: Manifest) -> None:
    """Raise a ValueError unless the columns are those of an index with this manifest."""
    if len(set(schema.names)) != len(schema):
        raise ValueError("two columns of one name")
    first, *further = manifest.embeddings
    own = table_schema(pa.schema([*RECORD_SCHEMA, ("dataset", pa.string())]), first.encoder.dim, first.dtype)
    wanted = {field.name: field.type for field in own}
    wanted |= {one.name: embedding_type(one.encoder.dim, one.dtype) for one in further}
    for name, type_ in wanted.items():
        if name not in schema.names:
            raise ValueError(f"no column '{name}'")
        found = schema.field(name).type
        if found != type_:
            raise ValueError(f"the column '{name}' is {found}, not {type_}")
    for source in manifest.sources:
        for rating in source.ratings:
            if rating.column not in schema.names or not _is_number(schema.field(rating.column).type):
                raise ValueError(f"no column of numbers '{rating.column}'")
    for field in schema:
        if not is_plain(field.type):
            raise ValueError(f"the column '{field.name}' is {field.type}")


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_))


def is_plain(type_: pa.DataType) -> bool:
    """Return whether values of a type stand in memory as they do in a file: no dictionaries, runs or views."""
    if pa.types.is_nested(type_):
        is_known = (
            pa.types.is_struct(type_)
            or pa.types.is_list(type_)
            or pa.types.is_large_list(type_)
            or pa.types.is_fixed_size_list(type_)
        )
        return bool(is_known) and all(is_plain(type_.field(i).type) for i in range(type_.num_fields))
    if isinstance(type_, pa.BaseExtensionType):
        return False
    return bool(
        pa.types.is_null(type_)
        or pa.types.is_primitive(type_)
        or pa.types.is_boolean(type_)
        or pa.types.is_decimal(type_)
        or pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
        or pa.types.is_fixed_size_binary(type_)
    )


def _is_compressed(metadata: bytes) -> bool:
    """Return whether the buffers of a record batch are compressed; Arrow would unpack them unasked.

    Args:
        metadata: Of its message, as Arrow keeps it: a flatbuffer.

    Raises:
        ValueError: When it is none.
    """
    try:
        (root,) = struct.unpack_from("<I", metadata)
        header = _field(metadata, root, _HEADER)
        (offset,) = struct.unpack_from("<I", metadata, header)
        return _field(metadata, header + offset, _COMPRESSION) != 0
    except struct.error:
        raise ValueError("a message without its head") from None


def _field(data: bytes, table: int, number: int) -> int:
    """Return where a field of a flatbuffer's table lies; 0 where the table lacks it."""
    (back,) = struct.unpack_from("<i", data, table)
    (n_bytes,) = struct.unpack_from("<H", data, table - back)
    place = 4 + 2 * number
    if place + 2 > n_bytes:
        return 0
    (offset,) = struct.unpack_from("<H", data, table - back + place)
    return table + offset if offset else 0
