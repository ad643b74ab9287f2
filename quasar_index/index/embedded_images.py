"""Embeddings of images as a file: `score --save-embeddings` writes it, `score --embeddings` reads it.

Parquet has the columns `path`, `id` (content id) and `embedding`; `.npz` has arrays `paths`, `ids` and `embeddings`,
nothing pickled. Both carry the record of the encoder, so that no index of another encoder scores them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..arguments import checked
from ..arrays import FloatArray
from ..datasets.column_types import one_type, source_parts
from ..datasets.embeddings import check_archive, load_embeddings
from ..encoders.spec import EncoderSpec
from ..errors import AnchorIndexError, DataError, EncoderError, counted, first_line
from ..paths import PathText, new_output
from .exchange import read_export
from .store import embedding_type, from_embedding_column, to_embedding_column

_RECORD = "quasar_index_images"
_FORMAT = 1
_BLOCK = 4096
ENDINGS = (".parquet", ".npz")


@dataclass(frozen=True)
class EmbeddedImages:
    """Images of which only the embeddings are at hand.

    Attributes:
        records: One row an image: `path`, `id` (content id; null where it is not known), then the labels that the file
            has, such as those of an exported index.
        embeddings: (N, D) float32, raw.
        spec: The encoder that made them; None where the file does not say.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(3))
        >>> qi.index.read_embedded_images("own.npy").records["path"].to_pylist()
        ['own.npy::0', 'own.npy::1', 'own.npy::2']
    """

    records: pa.Table
    embeddings: FloatArray
    spec: EncoderSpec | None = None

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.embeddings)

    @checked
    def check(self, encoder: EncoderSpec, index: str) -> None:
        """Refuse embeddings that an index cannot score.

        Args:
            encoder: That of the index.
            index: Its name.

        Raises:
            AnchorIndexError: When another encoder made them. Where one of the two is not known, nothing is: whoever
                scores them compares D.
        """
        ours = self.spec
        if ours is None or any(one.name == "precomputed" for one in (ours, encoder)):
            return
        if difference := ours.difference(encoder):
            raise AnchorIndexError(
                f"the embeddings are of {ours.name} ({ours.dim}-d) but index '{index}' holds {encoder.name} "
                f"({encoder.dim}-d): {difference}",
                "embed the images by the index's encoder",
            )


@checked
def write_embedded_images(
    path: PathText,
    paths: Sequence[str],
    embeddings: FloatArray,
    *,
    ids: Sequence[str] | None = None,
    spec: EncoderSpec | None = None,
) -> None:
    """Write embeddings of images to a file.

    Args:
        path: The file, `.parquet` or `.npz`.
        paths: N paths.
        embeddings: (N, D) float32, raw; a memory-mapped array is read block by block.
        ids: N content ids; None where they are not known.
        spec: The encoder; None where it is not known.

    Raises:
        DataError: When the counts differ, the name has another ending, or the file cannot be written.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> qi.index.write_embedded_images("two.npz", ["a.png", "b.png"], np.eye(2, dtype=np.float32), ids=["1", "2"])
        >>> qi.index.read_embedded_images("two.npz").records.to_pylist()
        [{'path': 'a.png', 'id': '1'}, {'path': 'b.png', 'id': '2'}]
    """
    path = Path(path)
    if not len(paths) == len(embeddings) == len(ids if ids is not None else paths):
        raise DataError(f"{counted(len(embeddings), 'embedding')} but {counted(len(paths), 'path')}", "give one each")
    record = json.dumps({"format": _FORMAT, "encoder": None if spec is None else spec.to_dict()})
    write = {".parquet": _write_parquet, ".npz": _write_npz}.get(path.suffix.lower())
    if write is None:
        raise DataError(f"'{path}' does not end in {' or '.join(ENDINGS)}", "name another file")
    # Names may hold bytes that are no text; an index keeps them so, too.
    names = [one.encode(errors="surrogateescape").decode(errors="backslashreplace") for one in paths]
    with new_output(path) as partial:
        write(partial, names, embeddings, ids, record)


def _write_parquet(
    path: Path, names: Sequence[str], embeddings: FloatArray, ids: Sequence[str] | None, record: str
) -> None:
    fields = [("path", pa.string()), ("id", pa.string()), ("embedding", embedding_type(embeddings.shape[1]))]
    schema = pa.schema(fields, metadata={_RECORD: record})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(names), _BLOCK):
            part = slice(start, start + _BLOCK)
            block = np.ascontiguousarray(embeddings[part], dtype=np.float32)
            keys = pa.nulls(len(block), pa.string()) if ids is None else pa.array(ids[part], pa.string())
            columns = [pa.array(names[part], pa.string()), keys, to_embedding_column(block)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _write_npz(
    path: Path, names: Sequence[str], embeddings: FloatArray, ids: Sequence[str] | None, record: str
) -> None:
    arrays: dict[str, Any] = {"embeddings": embeddings, "paths": np.array(names, dtype=np.str_)}
    arrays[_RECORD] = np.frombuffer(record.encode(), np.uint8)
    if ids is not None:
        arrays["ids"] = np.array(ids, dtype=np.str_)
    with path.open("wb") as file:
        np.savez(file, **arrays)


@checked
def read_embedded_images(path: PathText) -> EmbeddedImages:
    """Read embeddings of images with their paths and ids.

    Args:
        path: A file of `write_embedded_images` or of `AnchorIndex.export`; else as of `load_embeddings`, where the rows
            have no ids.

    Raises:
        DataError: When the file cannot be read.
    """
    path = Path(path)
    if (own := _read_own(path)) is not None:
        return own
    if (export := read_export(path)) is not None:
        records = pa.concat_tables(one_type(source_parts(export.sources)), promote_options="default")
        place = records.schema.get_field_index("path") + 1
        records = records.add_column(place, "id", pa.array(export.ids or [None] * len(records), pa.string()))
        return EmbeddedImages(records, export.embeddings, export.spec)
    source, matrix = load_embeddings(path)
    names = source.records["path"]
    return EmbeddedImages(pa.table({"path": names, "id": pa.nulls(len(names), pa.string())}), matrix)


def _read_own(path: Path) -> EmbeddedImages | None:
    """Read a file of `write_embedded_images`; None when it is none."""
    if path.suffix.lower() not in ENDINGS or not path.is_file():
        return None
    try:
        if path.suffix.lower() == ".npz":
            check_archive(path)
            with np.load(path, allow_pickle=False) as archive:
                if _RECORD not in archive.files:
                    return None
                record = bytes(archive[_RECORD])
                embeddings, names = archive["embeddings"], archive["paths"].tolist()
                ids = archive["ids"].tolist() if "ids" in archive.files else None
        else:
            if _RECORD.encode() not in (pq.read_schema(path).metadata or {}):
                return None
            table = pq.read_table(path)
            table.validate(full=True)
            record = table.schema.metadata[_RECORD.encode()]
            column = table["embedding"].combine_chunks()
            embeddings = from_embedding_column(column, column.type.list_size)
            names, ids = table["path"].to_pylist(), table["id"].to_pylist()
        spec = json.loads(record)["encoder"]
        known = None if spec is None else EncoderSpec.from_dict(spec)
        dim = embeddings.shape[1] if embeddings.ndim == 2 else 0
        if embeddings.dtype != np.float32 or len(names) != len(embeddings) or dim != (known.dim if known else dim):
            raise ValueError(f"embeddings {embeddings.shape}, {counted(len(names), 'path')}")
        columns = {"path": pa.array(names, pa.string()), "id": pa.array(ids or [None] * len(names), pa.string())}
        return EmbeddedImages(pa.table(columns), embeddings, known)
    except DataError:
        raise
    except EncoderError as error:
        raise DataError(f"'{path}' cannot be used: {error.message}", error.hint) from error
    except Exception as error:
        # Beside Arrow's and numpy's own errors KeyError, zlib.error, ... by the kind of damage.
        raise DataError(f"'{path}' is damaged ({first_line(error)})", "save the embeddings again") from error
