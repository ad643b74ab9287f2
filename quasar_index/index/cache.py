"""The search cache: the anchors' directions as a flat FAISS index on disk, memory-mapped, and their labels beside it.

The file is an ordinary `IndexFlatIP` that any FAISS opens, and the matrix inside it *is* the embedding matrix: it is
mapped, never copied. Everything in it comes from the Lance table, so a missing or disagreeing cache is rebuilt. An
index that comes with the package has its embeddings once: they are read out of its table's own file (`write_half`).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import AnchorIndexError, counted
from ..fits import DAMAGED, Fits
from ..paths import LEFT, replacing
from ..sides import anchor_order
from ..statistics.groups import group_codes
from .addresses import shown
from .durable import is_abandoned
from .manifest import Manifest, cache_base
from .mirrors import make_room, note_use
from .places import is_shipped

if TYPE_CHECKING:
    from .store import Tables

_log = logging.getLogger(__name__)


def load_anchors(folder: Path, manifest: Manifest, embedding: str | None = None) -> AnchorTable:
    """Return the anchors of an index, through its cache.

    Args:
        folder: The index folder.
        manifest: Of the version to read.
        embedding: Name of the embedding; None for the first.

    Returns:
        The anchors, their directions mapped from the cache; in memory where the folder cannot be written.

    Raises:
        AnchorIndexError: When there is no such embedding, or the tables are damaged.
    """
    wanted = manifest.embedding(embedding)
    base, dim = cache_base(folder, manifest, wanted.name), wanted.encoder.dim
    cached = _read(base, dim)
    if cached is not None:
        note_use(base)
        make_room(base, 0)
        return cached
    from .store import Tables

    anchors = _from_table(Tables(folder, manifest.shards), wanted.name, dim)
    if is_shipped(folder) or not make_room(base, anchors.directions.nbytes):
        return anchors
    try:
        base.parent.mkdir(exist_ok=True)
        _write(base, anchors)
        note_use(base)
    except OSError as error:
        _log.info("the search cache of '%s' cannot be written (%s): working from memory", shown(folder), error)
        return anchors
    return _read(base, dim) or anchors


def _from_table(tables: Tables, embedding: str, dim: int) -> AnchorTable:
    """Read all anchors into one preallocated matrix, each embedding at its sorted place."""
    from .store import from_embedding_column

    labels = [batch for batch in tables.scan(["id", "quality", "side", "reference"]) if len(batch)]
    ids = np.array([key for batch in labels for key in batch["id"].to_pylist()], dtype=np.bytes_)
    quality = np.concatenate(
        [batch["quality"].to_numpy(zero_copy_only=False).astype(np.float64) for batch in labels] or [np.empty(0)]
    )
    is_good = np.array([side == "good" for batch in labels for side in batch["side"].to_pylist()], dtype=np.bool_)
    if len(ids) == 0:
        raise AnchorIndexError(f"index '{shown(tables.folder)}' holds no anchors", "rebuild it")
    references = [key for batch in labels for key in batch["reference"].to_pylist()]
    order, rated = sorted_rows(ids, is_good, quality)
    groups = group_codes([references[row] for row in order], len(ids), alone=True) if any(references) else None
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    directions = _new_flat_matrix(len(ids), dim)
    norms = np.empty(len(ids), dtype=np.float32)
    # Embeddings are matched by id, so that nothing depends on the order of two scans.
    row_of = {key: row for row, key in enumerate(ids.tolist())}
    for batch in tables.scan(["id", embedding]):
        raw = from_embedding_column(batch[embedding], dim)
        places = place[[row_of[key.encode()] for key in batch["id"].to_pylist()]]
        lengths = np.linalg.norm(raw, axis=1)
        norms[places] = lengths
        directions[places] = raw / lengths[:, None]
    return AnchorTable(ids[order], directions, norms, rated, int(is_good.sum()), groups)


def sorted_rows(
    ids: npt.NDArray[np.bytes_], is_good: BoolArray, quality: DoubleArray
) -> tuple[IntArray, DoubleArray | None]:
    """Return the rows in the order of the cache, and their qualities in it: None where all are NaN."""
    rated = None if np.isnan(quality).all() else quality
    order = anchor_order(is_good, None if rated is None else np.nan_to_num(rated), ids)
    return order, None if rated is None else rated[order]


class EarlierCache(Exception):  # noqa: N818 - nothing is wrong with it
    """A cache that an earlier version wrote, which lacks something that this one needs."""


class _FlatMatrix(np.ndarray[Any, Any]):
    """A matrix inside a FAISS flat index, which it keeps alive."""

    index: Any


def _new_flat_matrix(n: int, dim: int) -> FloatArray:
    """Allocate an (n, dim) matrix as the storage of a FAISS index, so that writing the index copies nothing."""
    import faiss

    index = faiss.IndexFlatIP(dim)
    index.codes.resize(n * dim * 4)
    index.ntotal = n
    matrix = faiss.rev_swig_ptr(index.get_xb(), n * dim).reshape(n, dim).view(_FlatMatrix)
    matrix.index = index
    return cast("FloatArray", matrix)


def _write(base: Path, anchors: AnchorTable) -> None:
    """Write the cache, the labels last: they make it count."""
    import faiss

    _drop_others(base)
    index = cast("_FlatMatrix", anchors.directions).index
    try:
        with replacing(base.with_suffix(".faiss"), shared=True) as temporary:
            faiss.write_index(index, str(temporary))
            n_bytes = temporary.stat().st_size
        _write_labels(base, anchors, n_bytes)
    except RuntimeError as error:  # FAISS's word for a full or read-only disk
        raise OSError(str(error)) from error


def write_half(base: Path, anchors: AnchorTable, embeddings: FloatArray, data: Path) -> None:
    """Write the cache of an index that is going to come with the package: without a matrix of its own.

    Lance writes vectors of one size one after the other, so those of the table can be read without it.

    Args:
        base: Path of the cache, without its ending.
        anchors: The anchors, in the order of the table.
        embeddings: (N, D) theirs, raw.
        data: The one data file of the table, whose embeddings are float16.

    Raises:
        ValueError: When the embeddings are not in it as they are.
    """
    content = data.read_bytes()
    start = content.find(embeddings.astype(np.float16).tobytes())
    if start < 0:
        raise ValueError(f"'{data}' does not hold the embeddings as they are")
    _write_labels(base, anchors, len(content), half=np.array([str(data.relative_to(base.parents[1])), str(start)]))


def _write_labels(base: Path, anchors: AnchorTable, n_bytes: int, **more: Any) -> None:
    with replacing(base.with_suffix(".npz"), shared=True) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            ids=anchors.ids,
            norms=anchors.norms,
            quality=np.empty(0) if anchors.quality is None else anchors.quality,
            n_good=np.int64(anchors.n_good),
            groups=np.empty(0, dtype=np.int64) if anchors.groups is None else anchors.groups,
            n_bytes=np.int64(n_bytes),
            **more,
        )


def _drop_others(base: Path) -> None:
    """Remove the caches of all versions but the one that was written last; whoever has one mapped keeps it.

    Those of other embeddings stay. Also what processes left that were killed while they wrote one.
    """
    for path in base.parent.glob(LEFT):
        if is_abandoned(path):
            path.unlink(missing_ok=True)
    uid, _, version = base.name.rpartition("-v")
    which = version.partition("+")[1:]
    others = [
        path
        for path in base.parent.glob(f"{uid}-v*.faiss")
        if path.stem != base.name and path.stem.partition("+")[1:] == which
    ]
    for old in sorted(others, key=lambda path: path.stat().st_mtime)[:-1]:
        for path in (old.with_suffix(".npz"), old, *base.parent.glob(f"{old.stem}-*")):
            path.unlink(missing_ok=True)


def _read(base: Path, dim: int) -> AnchorTable | None:
    """Open the cache; None where it is missing or damaged."""
    try:
        return read_cache(base, dim)
    except (FileNotFoundError, EarlierCache):
        return None
    except DAMAGED as error:
        _log.warning("the search cache '%s' is damaged (%s): rebuilding it", base.with_suffix(".faiss"), error)
        return None


def read_cache(base: Path, dim: int) -> AnchorTable:
    """Open the cache, whose directions are mapped.

    Raises:
        FileNotFoundError: When it is missing.
        EarlierCache: When an earlier version wrote it.
        DAMAGED: When it is damaged.
    """
    folder = base.parents[1]
    shipped = is_shipped(folder)
    with np.load(base.with_suffix(".npz"), allow_pickle=False) as labels:
        names = ("ids", "norms", "quality", "n_good", "groups", "n_bytes")
        if not set(names) <= set(labels.files):
            raise EarlierCache
        ids, norms, quality, n_good, groups, n_bytes = (labels[name] for name in names)
        # A stranger's index may not name a file to read.
        half = labels["half"].tolist() if shipped and "half" in labels.files else None
    matrix_path = base.with_suffix(".faiss") if half is None else folder / half[0]
    if matrix_path.stat().st_size != n_bytes:
        raise ValueError(f"{counted(matrix_path.stat().st_size, 'byte')} instead of {n_bytes}")
    directions: FloatArray
    if half is not None:
        raw = np.fromfile(matrix_path, np.float16, count=ids.size * dim, offset=int(half[1])).reshape(ids.size, dim)
        directions = raw.astype(np.float32)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    else:
        # A flat index is a short header, then the matrix.
        offset = int(n_bytes) - ids.size * dim * 4
        mapped = np.memmap(matrix_path, dtype=np.float32, mode="r", offset=offset, shape=(ids.size, dim))
        directions = np.asarray(mapped)
    return AnchorTable(
        ids,
        directions,
        norms,
        quality if quality.size else None,
        int(n_good),
        groups if groups.size else None,
        fits=Fits(base, read_only=shipped),
    )


def rows_of(anchors: AnchorTable, ids: list[str]) -> IntArray:
    """Return the ascending rows of some anchors; ids that are not among them are left out."""
    return np.flatnonzero(np.isin(anchors.ids, np.array(ids, dtype=anchors.ids.dtype)))
