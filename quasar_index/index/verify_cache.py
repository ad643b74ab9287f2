"""Whether the search cache, and what is kept beside it, is what the table gives.

The cache is compared with the table bit by bit, so that a flipped bit is found; what is computed has checksums.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from ..arrays import BoolArray, FloatArray
from ..errors import counted
from ..fits import DAMAGED, check_entry
from .anchor_index import AnchorIndex
from .cache import EarlierCache, read_cache, sorted_rows
from .damage import Damage
from .manifest import cache_base
from .store import from_embedding_column


def check_cache(index: AnchorIndex, embedding: str, labels: pa.Table, norms: FloatArray) -> Iterator[Damage]:
    """Compare the search cache with the table, bit by bit.

    Args:
        index: The index.
        embedding: Whose cache.
        labels: `id`, `side` and `quality` of its anchors, in the table's order.
        norms: (N,) lengths of their embeddings.
    """
    base = cache_base(index.path, index.manifest, embedding)
    mend = "it is made anew at the next use"

    def wrong(what: str) -> Damage:
        return Damage("cache", f"the search cache {what}", mend, can_repair=True)

    if not base.with_suffix(".npz").exists():
        return
    dim = index.manifest.embedding(embedding).encoder.dim
    try:
        cached = read_cache(base, dim)
    except EarlierCache:
        return  # it is made anew at the next use
    except DAMAGED as error:
        yield wrong(f"cannot be read ({error})")
        return
    ids = np.array(labels["id"].to_pylist(), dtype=np.bytes_)
    is_good: BoolArray = labels["side"].to_numpy() == "good"
    order, rated = sorted_rows(ids, is_good, labels["quality"].to_numpy().astype(np.float64))
    if not np.array_equal(cached.ids, ids[order]):
        yield wrong("names other anchors than the table, or in another order")
        return
    same = (rated is None) == (cached.quality is None) and (
        rated is None or cached.quality is None or np.array_equal(rated, cached.quality, equal_nan=True)
    )
    if not same or cached.n_good != int(is_good.sum()):
        yield wrong("has other labels than the table")
    if not np.array_equal(cached.norms, norms[order]):
        yield wrong("has other lengths than the table")
    row_of = {key: row for row, key in enumerate(cached.ids.tolist())}
    n_wrong = 0
    for batch in index.tables.scan(["id", embedding]):
        raw = from_embedding_column(batch[embedding], dim)
        rows = np.array([row_of[key.encode()] for key in batch["id"].to_pylist()], dtype=np.int64)
        directions = raw / np.linalg.norm(raw, axis=1)[:, None]
        n_wrong += int((directions.view(np.uint32) != cached.directions[rows].view(np.uint32)).any(axis=1).sum())
    if n_wrong:
        yield wrong(f"has other embeddings than the table in {counted(n_wrong, 'row')}")


def check_kept(index: AnchorIndex, embedding: str) -> Iterator[Damage]:
    """Compare what is kept beside the cache of an embedding (centroids, spaces, matrices) with its checksums."""
    base = cache_base(index.path, index.manifest, embedding)
    for path in sorted(base.parent.glob(f"{base.name}-*.np[yz]")):
        try:
            check_entry(path)
        except DAMAGED as error:
            message = f"'{path.name}' beside the search cache is damaged ({error})"
            yield Damage("kept", message, "it is computed anew at the next use", can_repair=True)
