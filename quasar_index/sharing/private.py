"""What a private bundle leaves out of an index: all that tells where its user's files lie, and who they are.

What goes: paths, names of data sets that are not published ones, names and checksums of label files, ids of references
and contents, the further columns of label files (all but ratings), and of a selection the filter, the reason and the
name of the index. Ids made of paths are numbered. What stays is what scores are made of: embeddings, ratings, sides,
which anchors belong together, distortions and their levels, splits, sizes; and the ids of images, the SHA-256 of their
files, by which whoever has the same image recognises it.

Names are replaced in their order, so that all scores stay the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from ..datasets import DATASETS
from ..index import AnchorIndex, Manifest
from ..index.store import OWN_COLUMNS


@dataclass(frozen=True)
class Stripped:
    """An index without the places of its files.

    Attributes:
        manifest: What is left of its manifest.
        columns: The columns that are left, in order.
        sources: New names of its data sets, by their old ones.
    """

    manifest: Manifest
    columns: tuple[str, ...]
    sources: dict[str, str]
    _ids: dict[str, str] | None
    _references: dict[str, str]

    def batches(self, index: AnchorIndex) -> Iterator[pa.RecordBatch]:
        """Stream what is left of its anchors."""
        for batch in index.tables.scan(self.columns):
            ids = batch["id"] if self._ids is None else _renamed(batch["id"], self._ids)
            new = {
                "id": ids,
                "path": ids,
                "dataset": _renamed(batch["dataset"], self.sources),
                "reference": _renamed(batch["reference"], self._references),
            }
            columns = [new.get(name, batch[name]) for name in self.columns]
            yield pa.record_batch(columns, names=list(self.columns))


def without_places(index: AnchorIndex) -> Stripped:
    """Find what a private bundle has of an index.

    Args:
        index: The index; its labels are read, its embeddings are not.
    """
    labels = index.tables.read(["id", "reference", "width"])
    # An embedding that came without its image has no size, and an id made of its path (unless one was given).
    by_path = labels["width"].null_count > 0
    manifest = index.manifest
    taken = {source.name for source in manifest.sources if source.name in DATASETS}
    own = [source.name for source in manifest.sources if source.name not in taken]
    sources = {name: name for name in taken} | dict(zip(own, _numbers("source", len(own)), strict=True))
    ratings = {rating.column for source in manifest.sources for rating in source.ratings}
    kept = {*OWN_COLUMNS, *ratings, *(embedding.name for embedding in manifest.embeddings)}
    subset = manifest.subset
    left = replace(
        manifest,
        sources=tuple(replace(one, name=sources[one.name], checksums={}) for one in manifest.sources),
        subset=subset and replace(subset, index="", where=None, group=None, reason=""),
    )
    return Stripped(
        left,
        tuple(name for name in index.columns if name in kept),
        sources,
        _in_order("anchor", labels["id"].to_pylist()) if by_path else None,
        _in_order("content", labels["reference"].to_pylist()),
    )


def _in_order(word: str, names: Iterable[str | None]) -> dict[str, str]:
    """Return new names that sort as the old ones do, byte by byte; none and "" stay what they are."""
    ordered = sorted({name for name in names if name}, key=str.encode)
    return {"": ""} | dict(zip(ordered, _numbers(word, len(ordered)), strict=True))


def _numbers(word: str, n: int) -> list[str]:
    return [f"{word}-{number:0{len(str(n))}d}" for number in range(1, n + 1)]


def _renamed(column: pa.Array, names: dict[str, str]) -> pa.Array:
    return pa.array([None if name is None else names[name] for name in column.to_pylist()], type=pa.string())
