"""An index as files that travel: Parquet, `.npz`, or the format in which QUASAR's authors publish embeddings.

Parquet has all columns of the table. `.npz` has the arrays `embeddings`, `ids`, `paths`, `quality`, `is_good`; nothing
in it is pickled. The authors' format is a tensor `NAME.pt` and `NAME.json`, `{"results_paths": [{path: score}, ...]}`
(plain paths for anchors without a score), with the scores alone in `NAME-labels.json`.

A CSV file has the labels alone, for a spreadsheet. Each of the others also carries all labels and the record of encoder
and sources as Parquet: the file itself, the array `labels`, or `NAME-labels.parquet`. So `read_export` gives back what
was exported, and an index built of it is the same.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..arguments import checked
from ..arrays import FloatArray, IntArray
from ..datasets.base import RECORD_SCHEMA, AnchorSource, Division, KeptDivision, Kind, Rating
from ..datasets.embeddings import read_matrix
from ..encoders.spec import EncoderSpec
from ..errors import DataError, counted
from ..paths import PathText, new_output
from .anchor_index import AnchorIndex
from .records import MAIN_EMBEDDING, Dtype, RatingRecord, SourceRecord
from .store import OWN_COLUMNS, from_embedding_column
from .upgrade import FORMAT, upgraded_sources

ExportFormat: TypeAlias = Literal["parquet", "npz", "pt", "csv"]
FORMATS: dict[str, ExportFormat] = {".parquet": "parquet", ".npz": "npz", ".pt": "pt", ".csv": "csv"}
_RECORD = b"quasar_index"


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        paths: The files.
        n_anchors: Anchors in them.
    """

    paths: tuple[Path, ...]
    n_anchors: int


@dataclass(frozen=True)
class Export:
    """What a file of embeddings holds: the arguments of `build_from_embeddings`.

    Attributes:
        sources: Labels, source by source.
        embeddings: (N, D) float32, raw, in the order of the sources.
        spec: The encoder that made them; None where it is not known.
        ids: (N) content ids; None where there are none.
        sizes: (N) width and height of the images, 0 where they are not known; None where there are none.
        dtype: What the index kept of an embedding.
    """

    sources: tuple[AnchorSource, ...]
    embeddings: FloatArray
    spec: EncoderSpec | None = None
    ids: tuple[str, ...] | None = None
    sizes: tuple[tuple[int, int], ...] | None = None
    dtype: Dtype = "float32"


def export(
    index: AnchorIndex,
    path: PathText,
    *,
    format_: ExportFormat | None = None,
    where: str | None = None,
) -> ExportReport:
    """See `AnchorIndex.export`."""
    path = Path(path)
    chosen = format_ or FORMATS.get(path.suffix.lower())
    if chosen not in FORMATS.values():
        raise DataError(f"'{path}' names no format", f"end it in {', '.join(FORMATS)}, or name the format")
    tables, manifest = index.tables, index.manifest
    without = {embedding.name for embedding in manifest.embeddings}
    names = [name for name in tables.schema.names if name not in without]
    labels = tables.read(names, where=where)
    if not len(labels):
        raise DataError("no anchor to export" + (f" where {where}" if where else ""), "check the filter")
    record = {
        "format": FORMAT,
        "encoder": manifest.encoder.to_dict(),
        "dtype": manifest.embeddings[0].dtype,
        "sources": [asdict(source) for source in manifest.sources],
    }
    if chosen == "csv":
        return ExportReport((_write_csv(path, labels),), len(labels))
    labels = labels.replace_schema_metadata({_RECORD: json.dumps(record).encode()})
    if chosen == "parquet":
        batches = tables.scan([*names, MAIN_EMBEDDING], where=where)
        written = [_write_parquet(path, labels, batches, tables.schema)]
        return ExportReport(tuple(written), len(labels))
    row_of = {key: row for row, key in enumerate(labels["id"].to_pylist())}
    embeddings = np.empty((len(labels), manifest.encoder.dim), dtype=np.float32)
    for batch in tables.scan(["id", MAIN_EMBEDDING], where=where):
        rows = [row_of[key] for key in batch["id"].to_pylist()]
        embeddings[rows] = from_embedding_column(batch[MAIN_EMBEDDING], embeddings.shape[1])
    write = _write_npz if chosen == "npz" else _write_author
    return ExportReport(tuple(write(path, labels, embeddings)), len(labels))


@checked
def read_export(path: PathText) -> Export | None:
    r"""Read a file that `export` wrote, in any of its formats.

    Args:
        path: The file; for the authors' format `NAME.pt`, with `NAME-labels.parquet` beside it.

    Returns:
        What it holds; None when `export` did not write it.

    Raises:
        DataError: When the file is damaged.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(4))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> _ = index.export("anchors.parquet")
        >>> qi.read_export("anchors.parquet").embeddings.shape
        (4, 4)
    """
    path = Path(path)
    table = _read_labels(path)
    if table is None:
        return None
    try:
        record = json.loads(table.schema.metadata[_RECORD])
        spec = EncoderSpec.from_dict(record["encoder"])
        if MAIN_EMBEDDING in table.column_names:
            column = table[MAIN_EMBEDDING].combine_chunks()
            embeddings = from_embedding_column(column, spec.dim)
            table = table.drop_columns([MAIN_EMBEDDING])
        else:
            embeddings, _ = read_matrix(path)
        if embeddings.shape != (len(table), spec.dim):
            raise ValueError(f"embeddings {embeddings.shape}, {counted(len(table), 'label')}, {spec.dim}-d encoder")
        records = map(SourceRecord.from_dict, upgraded_sources(record["sources"], record.get("format", 1)))
        sources, order = _sources(table, list(records))
        ordered = table.take(pa.array(order))
        sizes = zip(*(ordered[name].fill_null(0).to_pylist() for name in ("width", "height")), strict=True)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"'{path}' is damaged ({error})", "export the index again") from error
    ids = tuple(ordered["id"].to_pylist())
    return Export(sources, embeddings[order], spec, ids, tuple(sizes), record.get("dtype", "float32"))


def _sources(table: pa.Table, records: list[SourceRecord]) -> tuple[tuple[AnchorSource, ...], IntArray]:
    """Take the labels apart by source; return the sources, and the rows of the table in their order."""
    datasets = np.array(table["dataset"].to_pylist(), dtype=object)
    kept = [name for name in table.column_names if name in RECORD_SCHEMA.names or name not in OWN_COLUMNS]
    sources: list[AnchorSource] = []
    order: list[IntArray] = []
    for record in records:
        rows = np.flatnonzero(datasets == record.name)
        if not len(rows):
            continue
        part = table.select(kept).take(pa.array(rows)).replace_schema_metadata(None)
        if record.division != "reference":
            place = part.schema.get_field_index("side")
            part = part.set_column(place, RECORD_SCHEMA.field("side"), pa.nulls(len(rows), pa.string()))
        order.append(rows)
        first, *further = map(_rating, record.ratings)
        sources.append(
            AnchorSource(
                name=record.name,
                records=part,
                kind=cast("Kind", record.kind),
                division=cast("Division", record.division),
                lower_is_better=first.lower_is_better,
                score_range=first.score_range,
                checksums=record.checksums,
                kept_division=first.kept_division,
                rating=first.name,
                by_person=first.by_person,
                ratings=tuple(further),
                threshold=first.threshold,
                patches=None if record.patches is None else asdict(record.patches),
            )
        )
    return tuple(sources), np.concatenate(order)


def _rating(record: RatingRecord) -> Rating:
    """Return a rating as a source has it, with the division that a subset keeps (see `AnchorSource.kept_division`)."""
    kept: KeptDivision | None = None
    if record.kept:
        kept = record.threshold, None if record.range_is_declared else record.score_range
    given = record.threshold if record.threshold_is_given else None
    return Rating(record.name, record.lower_is_better, record.declared_range, record.by_person, kept, given)


def _read_labels(path: Path) -> pa.Table | None:
    """Return the labels of an exported file, None when it is none."""
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                if "labels" not in archive.files or archive["labels"].dtype != np.uint8:
                    return None
                table = pq.read_table(pa.BufferReader(archive["labels"].tobytes()))
        else:
            beside = path if path.suffix.lower() == ".parquet" else _label_file(path)
            if path.suffix.lower() not in FORMATS or not beside.is_file():
                return None
            if _RECORD not in (pq.read_schema(beside).metadata or {}):
                return None
            table = pq.read_table(beside)
    except (OSError, ValueError, pa.ArrowException):
        return None  # whoever reads it otherwise says what is wrong
    return table if _RECORD in (table.schema.metadata or {}) else None


def _write_parquet(path: Path, labels: pa.Table, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Path:
    ordered = pa.schema([*labels.schema, schema.field(MAIN_EMBEDDING)], metadata=labels.schema.metadata)
    with new_output(path) as partial, pq.ParquetWriter(partial, ordered, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(pa.record_batch([batch[name] for name in ordered.names], schema=ordered))
    return path


def _write_csv(path: Path, labels: pa.Table) -> Path:
    import pyarrow.csv

    with new_output(path) as partial:
        pyarrow.csv.write_csv(labels, str(partial))
    return path


def _write_npz(path: Path, labels: pa.Table, embeddings: FloatArray) -> list[Path]:
    buffer = io.BytesIO()
    pq.write_table(labels, buffer, compression="zstd")
    with new_output(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            embeddings=embeddings,
            ids=np.array(labels["id"].to_pylist(), dtype=np.str_),
            paths=np.array(labels["path"].to_pylist(), dtype=np.str_),
            quality=labels["quality"].to_numpy().astype(np.float64),
            is_good=np.array([side == "good" for side in labels["side"].to_pylist()], dtype=np.bool_),
            labels=np.frombuffer(buffer.getvalue(), dtype=np.uint8),
        )
    return [path]


def _write_author(path: Path, labels: pa.Table, embeddings: FloatArray) -> list[Path]:
    """Write the authors' format; its scores have no direction, so they are raw only where higher is better."""
    import torch

    path = path if path.suffix.lower() == ".pt" else path.with_suffix(".pt")
    record = json.loads(labels.schema.metadata[_RECORD])
    raw = len(record["sources"]) == 1 and not record["sources"][0]["ratings"][0]["lower_is_better"]
    scores = labels["score" if raw else "quality"].to_pylist()
    paths = labels["path"].to_pylist()
    listing = [name if score is None else {name: score} for name, score in zip(paths, scores, strict=True)]
    with new_output(path) as partial:
        torch.save(torch.from_numpy(embeddings), partial)
    written = [path]
    texts = {path.with_suffix(".json"): {"results_paths": listing}}
    if None not in scores:
        texts[path.with_name(f"{path.stem}-labels.json")] = scores
    for name, content in texts.items():
        with new_output(name) as partial:
            partial.write_text(json.dumps(content) + "\n", encoding="utf-8")
        written.append(name)
    with new_output(_label_file(path)) as partial:
        pq.write_table(labels, partial, compression="zstd")
    return [*written, _label_file(path)]


def _label_file(path: Path) -> Path:
    """Return the file with all labels that lies beside a tensor."""
    return path.with_name(f"{path.stem}-labels.parquet")
