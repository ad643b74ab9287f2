"""An index on disk: `indexes/NAME/` with its manifest, its Lance table and its search cache.

Opening one reads its manifest alone; what reads its anchors is imported where they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import checked
from ..errors import AnchorIndexError
from ..paths import PathText
from .addresses import mirror_of, shown
from .changeable import ChangeableIndex
from .manifest import Manifest
from .places import find_index
from .states import find_entry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from ..anchors import AnchorTable
    from ..arrays import IntArray
    from .exchange import ExportFormat, ExportReport
    from .store import Tables
    from .tags import Tags
    from .verify import VerifyReport
    from .versions import Version


class AnchorIndex(ChangeableIndex):
    """An index that was built; open it with `AnchorIndex.open`.

    It stays at the state that it has open: what changes an index returns it as it is then.

    Attributes:
        path: Its folder; of an index in an object store, the one that stands for it here.
        manifest: Its record, as of the moment it was opened: later changes by others are not seen.
        pinned: Whether a version was asked for: such an index is changed only while that version is the current one.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.datasets import make_records
        >>> records = make_records({"path": list("abcdef"), "score": range(6)}, 6)
        >>> source = qi.AnchorSource("own", records, "no-reference", "median")
        >>> index = qi.build_from_embeddings("own", source, np.eye(6)).index
        >>> later = index.remove(where="score < 1").index
        >>> len(index), len(later), [version.action for version in later.history()]
        (6, 5, ['build: 6 anchors', 'remove: 1 anchor where score < 1'])
    """

    @checked
    def __init__(self, path: PathText, manifest: Manifest, *, pinned: bool = False) -> None:
        self.path = Path(path)
        self.manifest = manifest
        self.pinned = pinned

    @classmethod
    @checked
    def open(cls, name: PathText, version: int | str | None = None) -> AnchorIndex:
        """Open an index.

        Args:
            name: A path, an address (`s3://`, `gs://`, ...), or the name of an index in `$QUASAR_INDEX_HOME` or in
                `./indexes`.
            version: A version of it, by number or tag (see `history`); None for the current one.

        Returns:
            The index; nothing but its manifest is read yet.

        Raises:
            AnchorIndexError: When there is none, its manifest cannot be used, or it has no such version.
        """
        path = find_index(name)
        current = Manifest.read(path)
        if version is None:
            return cls(path, current)
        return cls(path, find_entry(path, current, version).manifest, pinned=True)

    def __getstate__(self) -> dict[str, Any]:
        """Be pickled as its place and version, wherever the other process works."""
        place = self.path.absolute() if mirror_of(self.path) is None else (self.place, self.path.parent.name)
        return self.__dict__ | {"path": place}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Be read from a pickle, perhaps where nothing is kept yet of an index in an object store."""
        place = state["path"]
        if isinstance(place, tuple):
            from .mirrors import reopen_mirror

            place = reopen_mirror(*place)
        self.__dict__.update(state | {"path": place})

    @property
    def name(self) -> str:
        """Name of the index: that of its folder."""
        mirror = mirror_of(self.path)
        return self.path.resolve().name if mirror is None else mirror.address.name

    @property
    def place(self) -> str:
        """Where it is, as people know it: its path, or its address in an object store."""
        return shown(self.path)

    def __len__(self) -> int:
        """Return the number of anchors."""
        return self.manifest.n_good + self.manifest.n_bad

    @checked
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
            group: Column of contents whose anchors stay together (see `AnchorTable.groups`); None for their references,
                where there are any.
            rating: Opinion score that divides and scales them; None for the first of each data set. Anchors without it
                are left out, and logged. Another one than the first costs a copy of the embeddings in memory.
            embedding: Name of the embedding; None for the first.

        Returns:
            The anchors; their matrix is mapped from the cache where all are used by the first rating. Of an index in
            several tables it is in parts, one a table (`AnchorTable.directions`).

        Raises:
            AnchorIndexError: When the filter is wrong, or there is no such rating or embedding.
            DataError: When a side is left empty, or there is no such column.
        """
        from .reading import read_anchors

        return read_anchors(self, where, ratio, seed, group, rating, embedding)

    @property
    def ratings(self) -> list[str]:
        """Names of the opinion scores of its anchors, the first first."""
        return list(dict.fromkeys(rating.name for source in self.manifest.sources for rating in source.ratings))

    def content_column(self) -> str | None:
        """Return the column whose groups stay together unless the user names one: references, where there are any."""
        if any(source.kind == "full-reference" for source in self.manifest.sources):
            return "reference"
        columns = (batch["reference"].unique().to_pylist() for batch in self.tables.scan(["reference"]))
        return "reference" if any(map(any, columns)) else None

    @checked
    def references(self, anchors: AnchorTable) -> npt.NDArray[np.str_] | None:
        """Return what anchors of full-reference data are drawn by, (N,); None where each side is drawn on its own.

        See `reference_units`; where some of the data are of another kind, each side is drawn on its own, too.
        """
        from ..sides import reference_units

        if any(source.kind != "full-reference" for source in self.manifest.sources):
            return None
        ids = [key.decode() for key in anchors.ids.tolist()]
        return reference_units(ids, self.metadata(anchors, ["reference"])["reference"].to_pylist())

    @checked
    def metadata(self, anchors: AnchorTable, columns: Sequence[str], *, rows: IntArray | None = None) -> pa.Table:
        """Return columns of the table for some anchors, aligned with them.

        Args:
            anchors: Anchors of this index.
            columns: Names of columns.
            rows: (n,) rows of `anchors`, repeats allowed; None for all.

        Returns:
            A table of n rows.
        """
        wanted = dict.fromkeys(["id", *columns])
        table = self.tables.read(list(wanted))
        place = {key: row for row, key in enumerate(table["id"].to_pylist())}
        ids = anchors.ids if rows is None else anchors.ids[rows]
        try:
            return table.take([place[key.decode()] for key in ids.tolist()]).select(list(columns))
        except KeyError as error:
            raise AnchorIndexError(
                f"an anchor ({error.args[0]}) is not in index '{self.name}'", "give anchors of AnchorIndex.anchors()"
            ) from None

    @checked
    def count(self, where: str) -> tuple[int, int]:
        """Count the good and the bad anchors for which an SQL filter holds.

        Raises:
            AnchorIndexError: When the filter is wrong.
        """
        sides = [side for batch in self.tables.scan(["side"], where=where) for side in batch["side"].to_pylist()]
        return sides.count("good"), sides.count("bad")

    @property
    def columns(self) -> list[str]:
        """Names of the columns of its table."""
        return list(self.tables.schema.names)

    @checked
    def to_arrow(self, columns: Sequence[str] | None = None, *, where: str | None = None) -> pa.Table:
        """Return its table, one row an anchor, for pandas, Polars or DuckDB.

        Args:
            columns: Names of columns (see `columns`), also of embeddings; None for all but embeddings.
            where: An SQL filter over the table's columns; None for all anchors.

        Returns:
            A `pyarrow.Table`, in the order of the data.

        Raises:
            AnchorIndexError: When the filter is wrong, or there is no such column.
        """
        embeddings = {embedding.name for embedding in self.manifest.embeddings}
        wanted = [name for name in self.columns if name not in embeddings] if columns is None else columns
        if unknown := set(wanted) - set(self.columns):
            raise AnchorIndexError(f"there is no column '{min(unknown)}'", f"columns: {', '.join(self.columns)}")
        return self.tables.read(wanted, where=where)

    @property
    def tables(self) -> Tables:
        """The tables that hold its anchors, to be read as one."""
        from .store import Tables

        return Tables(self.path, self.manifest.shards)

    @property
    def tags(self) -> Tags:
        """Its tags: a mapping of names to versions, which sets and deletes them, too."""
        from .tags import Tags

        return Tags(self)

    def history(self) -> list[Version]:
        """Return the states that were committed, oldest first; also those newer than this one.

        Raises:
            AnchorIndexError: When the history is damaged.
        """
        from .versions import history

        return history(self)

    @checked
    def verify(
        self, *, files: bool = False, repair: bool = False, on_progress: Callable[[int, int], None] | None = None
    ) -> VerifyReport:
        """Check that an index is whole.

        Args:
            files: Also compare the image files, where they exist, with the ids of their anchors: content hashes.
            repair: Make anew what can be made anew, and remove temporary files that interrupted processes left.
            on_progress: Called with (done, total) image files.

        Returns:
            What is wrong; a version whose table cannot be read at all is one damage.
        """
        from .verify import verify

        return verify(self, files=files, repair=repair, on_progress=on_progress)

    @checked
    def export(self, path: PathText, *, format_: ExportFormat | None = None, where: str | None = None) -> ExportReport:
        """Write an index to a file: its labels with all ratings, and (but for "csv") the first embedding.

        Args:
            path: The file; one that is there is replaced.
            format_: "parquet", "npz", "pt" (the authors') or "csv" (labels alone);
                None to take it from the file's ending.
            where: An SQL filter over the table's columns. An index built of a part is divided anew, at its own medians
                (but a part of a subset as the subset is).

        Raises:
            AnchorIndexError: When the filter is wrong.
            DataError: When the format is unknown, no anchor is selected, or the file cannot be written.
        """
        from .exchange import export

        return export(self, path, format_=format_, where=where)
