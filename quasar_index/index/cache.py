"""The search cache: the anchors' directions as a flat FAISS index on disk, memory-mapped, and their labels beside it.

The file is an ordinary `IndexFlatIP` that any FAISS opens, and the matrix inside it *is* the embedding matrix: it is
mapped, never copied. An index of several tables has one such file for each (`quasar_index.parts`), so that neither
making nor searching it takes all embeddings in one array. Everything in them comes from the Lance tables, so a missing
or disagreeing cache is rebuilt. An index that comes with the package has its embeddings once: they are read out of its
table's own file (`write_half`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray
from ..errors import AnchorIndexError, counted
from ..fits import DAMAGED, Fits
from ..parts import Parts, Vectors
from ..paths import LEFT, replacing
from ..sides import anchor_order
from ..statistics.groups import group_codes
from .addresses import shown
from .durable import is_abandoned
from .manifest import Manifest, cache_base
from .mirrors import make_room, note_use
from .places import is_shipped

if TYPE_CHECKING:
    from .records import Shard
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

    return _made(base, Tables(folder, manifest.shards), wanted.name, dim)


@dataclass(frozen=True)
class _Labels:
    """What the tables say of the anchors beside their embeddings, in the order of the cache.

    Attributes:
        ids: (N,) bytes strings.
        quality: (N,) float64; None where no anchor has one.
        n_good: Number of good anchors.
        groups: (N,) codes of contents; None where each stands alone.
        shards: The tables that hold anchors, and the (n,) ascending rows of each one's.
    """

    ids: npt.NDArray[np.bytes_]
    quality: DoubleArray | None
    n_good: int
    groups: IntArray | None
    shards: tuple[tuple[Shard, IntArray], ...]

    @classmethod
    def read(cls, tables: Tables) -> _Labels:
        """Read those of all tables."""
        parts = [list(one.scan(["id", "quality", "side", "reference"])) for one in tables.each()]
        labels = [batch for part in parts for batch in part]
        ids = np.array([key for batch in labels for key in batch["id"].to_pylist()], dtype=np.bytes_)
        if len(ids) == 0:
            raise AnchorIndexError(f"index '{shown(tables.folder)}' holds no anchors", "rebuild it")
        quality = np.concatenate(
            [batch["quality"].to_numpy(zero_copy_only=False).astype(np.float64) for batch in labels]
        )
        is_good = np.array([side == "good" for batch in labels for side in batch["side"].to_pylist()], dtype=np.bool_)
        references = [key for batch in labels for key in batch["reference"].to_pylist()]
        order, rated = sorted_rows(ids, is_good, quality)
        groups = group_codes([references[row] for row in order], len(ids), alone=True) if any(references) else None
        shard_of = np.repeat(np.arange(len(parts)), [sum(map(len, part)) for part in parts])[order]
        rows = [np.flatnonzero(shard_of == number) for number in range(len(parts))]
        shards = tuple((shard, own) for shard, own in zip(tables.shards, rows, strict=True) if len(own))
        return cls(ids[order], rated, int(is_good.sum()), groups, shards)


def _made(base: Path, tables: Tables, embedding: str, dim: int) -> AnchorTable:
    """Make the cache of the tables, one table at a time; where it cannot be written, the anchors stay in memory."""
    labels = _Labels.read(tables)
    norms = np.empty(len(labels.ids), dtype=np.float32)
    paths = matrix_paths(base, len(labels.shards))
    size = 4 * dim * len(labels.ids)
    kept = not is_shipped(tables.folder) and make_room(base, size) and _can_write(base)
    arrays: list[FloatArray] = []
    for path, (shard, rows) in zip(paths, labels.shards, strict=True):
        table = replace(tables, shards=(shard,))
        array, norms[rows], kept = _kept_matrix(table, embedding, dim, labels.ids[rows], path if kept else None)
        arrays.append(array)
    directions = _together(arrays, [rows for _, rows in labels.shards], dim)
    anchors = AnchorTable(labels.ids, directions, norms, labels.quality, labels.n_good, labels.groups)
    if not kept:
        return anchors
    try:
        n_bytes = np.array([path.stat().st_size for path in paths])
        _write_labels(base, anchors, n_bytes)
        note_use(base)
    except OSError as error:
        _log.info("the search cache '%s' cannot be written (%s): working from memory", base, error)
        return anchors
    return _read(base, dim) or anchors


def _kept_matrix(
    table: Tables, embedding: str, dim: int, ids: npt.NDArray[np.bytes_], path: Path | None
) -> tuple[FloatArray, FloatArray, bool]:
    """Keep the matrix of a table in a file if that is possible, and map it: so the matrices of others need no memory.

    Returns:
        The directions, the lengths, and whether they are kept.
    """
    import faiss

    matrix, norms = _matrix(table, embedding, dim, ids)
    if path is None:
        return matrix, norms, False
    try:
        with replacing(path, shared=True) as temporary:
            faiss.write_index(cast("_FlatMatrix", matrix).index, str(temporary))
        return _map_matrix(path, len(ids), dim), norms, True
    except (OSError, RuntimeError) as error:  # FAISS's word for a full or read-only disk
        _log.info("the search cache '%s' cannot be written (%s): working from memory", path, error)
        return matrix, norms, False


def _matrix(table: Tables, embedding: str, dim: int, ids: npt.NDArray[np.bytes_]) -> tuple[FloatArray, FloatArray]:
    """Read the embeddings of a table into one preallocated matrix, each at its place: directions and lengths."""
    from .store import from_embedding_column

    directions = _new_flat_matrix(len(ids), dim)
    norms = np.empty(len(ids), dtype=np.float32)
    # Embeddings are matched by id, so that nothing depends on the order of two scans.
    row_of = {key: row for row, key in enumerate(ids.tolist())}
    for batch in table.scan(["id", embedding]):
        raw = from_embedding_column(batch[embedding], dim)
        places = [row_of[key.encode()] for key in batch["id"].to_pylist()]
        lengths = np.linalg.norm(raw, axis=1)
        norms[places] = lengths
        directions[places] = raw / lengths[:, None]
    return directions, norms


def _together(arrays: Sequence[FloatArray], rows: Sequence[IntArray], dim: int) -> Vectors:
    """Return the matrix of one table as it is, those of several as parts."""
    return arrays[0] if len(arrays) == 1 else Parts(tuple(arrays), tuple(rows), dim)


def matrix_paths(base: Path, n: int) -> list[Path]:
    """Return the files of the matrices of n tables."""
    return [base.with_name(f"{base.name}{'' if n == 1 else f'.{number}'}.faiss") for number in range(n)]


def drop_cache(base: Path) -> None:
    """Remove a cache, the labels first, and what is kept beside it."""
    for path in (
        base.with_suffix(".npz"),
        *base.parent.glob(f"{base.name}.*faiss"),
        *base.parent.glob(f"{base.name}-*"),
    ):
        path.unlink(missing_ok=True)


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


def _can_write(base: Path) -> bool:
    """Make the folder and make room in it; return whether that is possible."""
    try:
        base.parent.mkdir(exist_ok=True)
        _drop_others(base)
    except OSError as error:
        _log.info("the search cache '%s' cannot be written (%s): working from memory", base, error)
        return False
    return True


def _map_matrix(path: Path, n: int, dim: int) -> FloatArray:
    """Map the matrix in a file."""
    # A flat index is a short header, then the matrix.
    offset = path.stat().st_size - n * dim * 4
    return np.asarray(np.memmap(path, dtype=np.float32, mode="r", offset=offset, shape=(n, dim)))


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
    _write_labels(
        base, anchors, np.int64(len(content)), half=np.array([str(data.relative_to(base.parents[1])), str(start)])
    )


def _write_labels(base: Path, anchors: AnchorTable, n_bytes: npt.ArrayLike, **more: Any) -> None:
    """Write the labels, the last of a cache: they make it count."""
    if isinstance(directions := anchors.directions, Parts):
        more["shard_of"] = np.empty(len(anchors), dtype=np.int32)
        for number, (rows, _) in enumerate(directions.pieces()):
            more["shard_of"][rows] = number
    with replacing(base.with_suffix(".npz"), shared=True) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            ids=anchors.ids,
            norms=anchors.norms,
            quality=np.empty(0) if anchors.quality is None else anchors.quality,
            n_good=np.int64(anchors.n_good),
            groups=np.empty(0, dtype=np.int64) if anchors.groups is None else anchors.groups,
            n_bytes=n_bytes,
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
    others: dict[str, float] = {}
    for path in base.parent.glob(f"{uid}-v*.faiss"):
        name = path.stem.partition(".")[0]  # without the number of a table
        if name != base.name and name.partition("+")[1:] == which:
            others[name] = max(others.get(name, 0.0), path.stat().st_mtime)
    for name in sorted(others, key=others.__getitem__)[:-1]:
        drop_cache(base.with_name(name))


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
        shard_of = labels["shard_of"] if "shard_of" in labels.files else np.zeros(ids.size, dtype=np.int32)
    sizes = np.atleast_1d(n_bytes)
    if not 1 <= len(sizes) <= ids.size:
        raise ValueError(f"matrices of {counted(len(sizes), 'table')} for {counted(ids.size, 'anchor')}")
    paths = matrix_paths(base, len(sizes)) if half is None else [folder / half[0]]
    for path, size in zip(paths, sizes.tolist(), strict=True):
        if path.stat().st_size != size:
            raise ValueError(f"{counted(path.stat().st_size, 'byte')} instead of {size}")
    directions: Vectors
    if half is not None:
        raw = np.fromfile(paths[0], np.float16, count=ids.size * dim, offset=int(half[1])).reshape(ids.size, dim)
        directions = raw.astype(np.float32)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    else:
        if shard_of.shape != ids.shape or shard_of.min() < 0 or shard_of.max() >= len(sizes):
            raise ValueError("rows of tables that are not there")
        rows = [np.flatnonzero(shard_of == number) for number in range(len(sizes))]
        arrays = [_map_matrix(path, len(own), dim) for path, own in zip(paths, rows, strict=True)]
        directions = _together(arrays, rows, dim)
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
