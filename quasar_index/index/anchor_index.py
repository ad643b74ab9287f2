"""An index on disk: `indexes/NAME/` with its manifest, its Lance table and its search cache.

Opening one reads its manifest alone; what reads its anchors is imported where they are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AnchorIndexError, DataError
from .manifest import MANIFEST, Manifest
from .states import find_entry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from ..anchors import AnchorTable
    from ..arrays import IntArray
    from .store import Tables

HOME_VARIABLE = "QUASAR_INDEX_HOME"
DEFAULT_HOME = Path("indexes")


class AnchorIndex:
    """An index that was built; open it with `AnchorIndex.open`.

    Attributes:
        path: Its folder.
        manifest: Its record, as of the moment it was opened: later changes by others are not seen.
        pinned: Whether a version was asked for: such an index is changed only while that version is the current one.
    """

    def __init__(self, path: Path, manifest: Manifest, *, pinned: bool = False) -> None:
        self.path = path
        self.manifest = manifest
        self.pinned = pinned

    @classmethod
    def open(cls, name: str | Path, version: int | str | None = None) -> AnchorIndex:
        """Open an index.

        Args:
            name: A path, or the name of an index in `$QUASAR_INDEX_HOME` or in `./indexes`.
            version: A version of it, by number or tag (see `history`); None for the current one.

        Returns:
            The index; nothing but its manifest is read yet.

        Raises:
            AnchorIndexError: When there is none, its manifest cannot be used, or it has no such version.
        """
        candidates = list(dict.fromkeys([Path(name), *(home / name for home in homes())]))
        for path in candidates:
            if os.path.isfile(path / MANIFEST):  # noqa: PTH113 - unlike Path.is_file, no error for long names
                current = Manifest.read(path)
                if version is None:
                    return cls(path, current)
                return cls(path, find_entry(path, current, version).manifest, pinned=True)
        # Hidden folders are what an interrupted build or replacement leaves.
        there = sorted({found.parent.name for home in homes() for found in home.glob(f"[!.]*/{MANIFEST}")})
        known = f"there are {', '.join(there)}" if there else "build it with 'quasar-index build'"
        raise AnchorIndexError(f"no index '{name}' in {' or '.join(str(path.parent) for path in candidates)}", known)

    @property
    def name(self) -> str:
        """Name of the index: that of its folder."""
        return self.path.resolve().name

    def __len__(self) -> int:
        """Return the number of anchors."""
        return self.manifest.n_good + self.manifest.n_bad

    def anchors(
        self,
        *,
        where: str | None = None,
        ratio: float = 1.0,
        seed: int = 0,
        group: str | None = None,
        rating: str | None = None,
        embedding: str | None = None,
    ) -> AnchorTable:
        """Return the anchors, or some of them.

        Args:
            where: An SQL filter over the table's columns, such as `dataset = 'ava' AND score > 3`.
            ratio: Part of them to draw at random, after the filter (see `AnchorTable.subsample` and `references`).
            seed: Of the draw.
            group: Column of contents whose anchors stay together (see `AnchorTable.groups`); None for no groups.
            rating: Opinion score that divides and scales them; None for the first of each data set. Anchors without it
                are left out. Another one than the first costs a copy of the embeddings in memory.
            embedding: Name of the embedding; None for the first.

        Returns:
            The anchors; without filter, draw or further rating their matrix is mapped from the search cache. Where the
            user opted in to approximate search, they carry it.

        Raises:
            AnchorIndexError: When the filter is wrong, or there is no such rating or embedding.
            DataError: When a side is left empty, or there is no such column.
        """
        from ..anchors import encode_groups
        from .approximate import ApproximateSearch
        from .cache import load_anchors, rows_of

        manifest = self.manifest
        anchors = load_anchors(self.path, manifest, embedding)
        fits = anchors.fits
        if rating is not None and any(source.rating.name != rating for source in manifest.sources):
            anchors = self._divided_by(rating, anchors)
            fits = fits and fits.within(f"rating {rating}")
            anchors = replace(anchors, fits=fits)
        if where is not None:
            kept = [key for batch in self._scan(["id"], where) for key in batch["id"].to_pylist()]
            anchors = anchors.take(rows_of(anchors, kept))
        if ratio != 1:
            anchors = anchors.subsample(ratio, seed=seed, references=self.references(anchors))
        if fits is not None and (where is not None or ratio != 1):
            anchors = replace(anchors, fits=fits.within(f"where {where} ratio {ratio} seed {seed}"))
        if group is not None:
            if group not in (known := self.columns()):
                raise DataError(f"index '{self.name}' has no column '{group}'", f"columns: {', '.join(known)}")
            groups = self.metadata(anchors, [group])[group].to_pylist()
            anchors = replace(anchors, groups=encode_groups(groups))
        if manifest.approximate is not None and embedding in (None, manifest.embeddings[0].name):
            # Also where a filter left others: then the search says so, if there is one, and is exact.
            anchors = replace(anchors, approximate=ApproximateSearch(manifest.approximate, self.name))
        return anchors

    def ratings(self) -> list[str]:
        """Return the names of the opinion scores of its anchors, the first first."""
        return list(dict.fromkeys(rating.name for source in self.manifest.sources for rating in source.ratings))

    def _divided_by(self, name: str, anchors: AnchorTable) -> AnchorTable:
        """Divide and scale anchors by a rating; those without it are left out."""
        import numpy as np

        from .cache import sorted_rows

        found = {source.name: source.rating_called(name) for source in self.manifest.sources}
        columns = [rating.column for rating in found.values() if rating is not None]
        if not columns:
            known = ", ".join(self.ratings())
            raise AnchorIndexError(f"index '{self.name}' has no rating '{name}'", f"ratings: {known}")
        table = self.metadata(anchors, ["dataset", *dict.fromkeys(columns)])
        datasets = np.array(table["dataset"].to_pylist(), dtype=object)
        is_good, quality = anchors.is_good, np.full(len(anchors), np.nan)
        for source in self.manifest.sources:
            rating, rows = found[source.name], np.flatnonzero(datasets == source.name)
            if rating is not None:
                scores = table[rating.column].to_numpy().astype(np.float64)[rows]
                good, quality[rows] = rating.apply(scores)
                is_good[rows] = is_good[rows] if good is None else good
        kept = np.flatnonzero(~np.isnan(quality))
        order, rated = sorted_rows(anchors.ids[kept], is_good[kept], quality[kept])
        return anchors.arranged(kept[order], rated, int(is_good[kept].sum()))

    def content_column(self) -> str | None:
        """Return the column whose groups stay together unless the user names one: references, where there are any."""
        if any(source.kind == "full-reference" for source in self.manifest.sources):
            return "reference"
        columns = (batch["reference"].unique().to_pylist() for batch in self._scan(["reference"], None))
        return "reference" if any(map(any, columns)) else None

    def references(self, anchors: AnchorTable) -> npt.NDArray[np.str_] | None:
        """Return what anchors of full-reference data are drawn by, (N,); None where each side is drawn on its own.

        See `reference_units`; where some of the data are rated, each side is drawn on its own, too.
        """
        from ..anchors import reference_units

        if any(source.division != "reference" for source in self.manifest.sources):
            return None
        ids = [key.decode() for key in anchors.ids.tolist()]
        return reference_units(ids, self.metadata(anchors, ["reference"])["reference"].to_pylist())

    def metadata(self, anchors: AnchorTable, columns: Sequence[str], *, rows: IntArray | None = None) -> pa.Table:
        """Return columns of the table for some anchors, aligned with them.

        Args:
            anchors: Anchors of this index.
            columns: Names of columns.
            rows: (n,) rows of `anchors`, repeats allowed; None for all.

        Returns:
            A table of n rows.
        """
        import pyarrow as pa

        wanted = dict.fromkeys(["id", *columns])
        batches = list(self._scan(list(wanted), None))
        table = pa.Table.from_batches(batches)
        place = {key: row for row, key in enumerate(table["id"].to_pylist())}
        ids = anchors.ids if rows is None else anchors.ids[rows]
        return table.take([place[key.decode()] for key in ids.tolist()]).select(list(columns))

    def count(self, where: str) -> tuple[int, int]:
        """Count the good and the bad anchors for which an SQL filter holds.

        Raises:
            AnchorIndexError: When the filter is wrong.
        """
        sides = [side for batch in self._scan(["side"], where) for side in batch["side"].to_pylist()]
        return sides.count("good"), sides.count("bad")

    def columns(self) -> list[str]:
        """Return the names of the table's columns."""
        return list(self.tables.schema.names)

    @property
    def tables(self) -> Tables:
        """The tables that hold its anchors, to be read as one."""
        from .store import Tables

        return Tables(self.path, self.manifest.shards)

    def _scan(self, columns: Sequence[str], where: str | None) -> Iterator[pa.RecordBatch]:
        return self.tables.scan(columns, where=where)


def homes() -> list[Path]:
    """Return the folders in which indexes are looked for by name."""
    given = os.environ.get(HOME_VARIABLE)
    return [Path(given).expanduser(), DEFAULT_HOME] if given else [DEFAULT_HOME]


def new_index_path(name: str | Path) -> Path:
    """Return where a new index goes: a path as it is, a bare name below `$QUASAR_INDEX_HOME` or `./indexes`.

    Raises:
        AnchorIndexError: When the name is empty or hidden.
    """
    path = Path(name)
    if path.name in ("", "..") or path.name.startswith("."):
        raise AnchorIndexError(f"'{name}' is no name for an index", "use letters, digits, - and _")
    return path if len(path.parts) > 1 else homes()[0] / path
