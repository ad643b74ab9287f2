"""An index on disk: `indexes/NAME/` with its manifest, its Lance table and its search cache.

Opening one reads its manifest alone; what reads its anchors is imported where they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..paths import PathText
from .manifest import Manifest
from .places import find_index
from .states import find_entry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from ..anchors import AnchorTable
    from ..arrays import FloatArray, IntArray
    from ..datasets.base import AnchorSource
    from ..encoders.base import Encoder
    from ..encoders.embedding_cache import EmbeddingCache
    from ..encoders.spec import EncoderSpec
    from .edit import AddReport, RelabelReport, RemoveReport
    from .exchange import ExportFormat, ExportReport
    from .records import Dtype
    from .store import Tables
    from .tags import Tags
    from .verify import VerifyReport
    from .versions import CompactReport, RestoreReport, Version


class AnchorIndex:
    """An index that was built; open it with `AnchorIndex.open`.

    It stays at the state that it has open: what changes an index returns it as it is then.

    Attributes:
        path: Its folder.
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

    def __init__(self, path: PathText, manifest: Manifest, *, pinned: bool = False) -> None:
        self.path = Path(path)
        self.manifest = manifest
        self.pinned = pinned

    @classmethod
    def open(cls, name: PathText, version: int | str | None = None) -> AnchorIndex:
        """Open an index.

        Args:
            name: A path, or the name of an index in `$QUASAR_INDEX_HOME` or in `./indexes`.
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
        return self.__dict__ | {"path": self.path.absolute()}

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
            group: Column of contents whose anchors stay together (see `AnchorTable.groups`); None for their references,
                where there are any.
            rating: Opinion score that divides and scales them; None for the first of each data set. Anchors without it
                are left out, and logged. Another one than the first costs a copy of the embeddings in memory.
            embedding: Name of the embedding; None for the first.

        Returns:
            The anchors; their matrix is mapped from the cache where all are used by the first rating.

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

    def references(self, anchors: AnchorTable) -> npt.NDArray[np.str_] | None:
        """Return what anchors of full-reference data are drawn by, (N,); None where each side is drawn on its own.

        See `reference_units`; where some of the data are of another kind, each side is drawn on its own, too.
        """
        from ..sides import reference_units

        if any(source.kind != "full-reference" for source in self.manifest.sources):
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
        wanted = dict.fromkeys(["id", *columns])
        table = self.tables.read(list(wanted))
        place = {key: row for row, key in enumerate(table["id"].to_pylist())}
        ids = anchors.ids if rows is None else anchors.ids[rows]
        return table.take([place[key.decode()] for key in ids.tolist()]).select(list(columns))

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

    @property
    def tables(self) -> Tables:
        """The tables that hold its anchors, to be read as one."""
        from .store import Tables

        return Tables(self.path, self.manifest.shards)

    def add(
        self,
        sources: Sequence[AnchorSource],
        encoder: Encoder,
        *,
        batch_size: int = 16,
        n_workers: int | None = None,
        max_pixels: int | None = None,
        cache: EmbeddingCache | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> AddReport:
        """Add labelled images to an index; one whose content it holds already is not embedded, its labels are updated.

        What a label file leaves empty stays as it was, and so does the path of an anchor. An anchor of another data set
        with the same content stays as it is. An interrupted addition goes on where it stopped when it is run again.

        Args:
            sources: The data; one with the name of a source of the index extends it.
            encoder: That of the index.
            batch_size: Most images in one forward pass.
            n_workers: Decoding threads; None for one a core.
            max_pixels: Largest image that is decoded; None for the default.
            cache: Where embeddings are looked up and put; None to embed every new image.
            on_progress: Called with (done, total) images.

        Raises:
            AnchorIndexError: When the encoder is another one, or another process changes the index.
            DataError: When no image could be embedded, or a source differs in its rule from that of the same name.
        """
        from .edit import add

        return add(
            self,
            sources,
            encoder,
            batch_size=batch_size,
            n_workers=n_workers,
            max_pixels=max_pixels,
            cache=cache,
            on_progress=on_progress,
        )

    def add_embeddings(
        self,
        source: AnchorSource | Sequence[AnchorSource],
        embeddings: FloatArray,
        *,
        spec: EncoderSpec | None = None,
        ids: Sequence[str] | None = None,
        sizes: Sequence[tuple[int, int]] | None = None,
    ) -> AddReport:
        """Add embeddings that exist already to an index of such embeddings; see `add` and `build_from_embeddings`.

        Raises:
            AnchorIndexError: When they are of another encoder, or another process changes the index.
            DataError: When the counts differ, embeddings are unfit, or a source differs in its rule.
        """
        from .edit import add_embeddings

        return add_embeddings(self, source, embeddings, spec=spec, ids=ids, sizes=sizes)

    def remove(self, *, ids: Sequence[str] | None = None, where: str | None = None) -> RemoveReport:
        """Remove anchors.

        Args:
            ids: Content ids.
            where: An SQL filter over the table's columns; give this or `ids`.

        Raises:
            AnchorIndexError: When the filter is wrong, neither or both are given, or another process changes the index.
            DataError: When too few anchors would be left: both sides need some.
        """
        from .edit import remove

        return remove(self, ids=ids, where=where)

    def relabel(self, labels: AnchorSource, *, where: str | None = None, rating: str | None = None) -> RelabelReport:
        """Give anchors new raw scores, and new sides where data declare them; other columns stay.

        Args:
            labels: Scores by path, file name (with as many of its folders as tell it) or content id.
            where: An SQL filter: only these anchors are looked at; None for all.
            rating: The rating that the score column is of; None for the first. Further ratings go by their names.

        Raises:
            AnchorIndexError: When the filter is wrong, or another process changes the index.
            DataError: When no name matches, one matches several anchors, two rows disagree on an anchor, the direction
                is another one, or a score is outside the declared range.
        """
        from .relabelling import relabel

        return relabel(self, labels, where=where, rating=rating)

    def attach_embedding(
        self,
        name: str,
        ids: Sequence[str],
        embeddings: FloatArray,
        *,
        spec: EncoderSpec | None = None,
        dtype: Dtype = "float32",
    ) -> AnchorIndex:
        """Give every anchor a further embedding; `index.anchors(embedding=name)` then reads it.

        Anchors can be removed and relabelled afterwards, but none added: they would lack it.

        Args:
            name: Of the new column: letters, digits, `_` and `-`.
            ids: (n,) content ids; all anchors have to be among them, others are passed over.
            embeddings: (n, D) raw, finite, none all-zero.
            spec: The encoder that made them; None for "precomputed".
            dtype: What is kept of them: "float32", or "float16" in half the space.

        Returns:
            The index as it is now.

        Raises:
            AnchorIndexError: When the name cannot be one or is taken, or another process changes the index.
            DataError: When an anchor has no embedding, one is unfit, or the counts differ.
        """
        from .attaching import attach_embedding

        return attach_embedding(self, name, ids, embeddings, spec=spec, dtype=dtype)

    def detach_embedding(self, name: str) -> AnchorIndex:
        """Remove a further embedding.

        Raises:
            AnchorIndexError: When there is none of that name, it is the first, or another process changes the index.
        """
        from .attaching import detach_embedding

        return detach_embedding(self, name)

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

    def restore(self, version: int | str) -> RestoreReport:
        """Make a new version that equals an old one; what came in between stays in the history.

        Args:
            version: The old version, by number or tag.

        Raises:
            AnchorIndexError: When there is no such version, or another process changes the index.
        """
        from .versions import restore

        return restore(self, version)

    def compact(self, *, forget_before: int | str | None = None) -> CompactReport:
        """Rewrite the table in fewer files, without deleted rows; give up old versions if asked to.

        Space becomes free only when versions are given up: until then, their files are kept.

        Args:
            forget_before: Give up all versions older than this one (a number or tag); None to keep all. Whoever has one
                of them open can no longer read it.

        Raises:
            AnchorIndexError: When there is no such version, an older one has a tag, or another process changes the
                index.
        """
        from .versions import compact

        return compact(self, forget_before=forget_before)

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

    def export(self, path: PathText, *, format_: ExportFormat | None = None, where: str | None = None) -> ExportReport:
        """Write an index to a file: its labels with all ratings, and the first embedding.

        Args:
            path: The file; one that is there is replaced.
            format_: "parquet", "npz" or "pt" (the authors'); None to take it from the file's ending.
            where: An SQL filter over the table's columns. An index built of a part is divided anew, at its own medians
                (but a part of a subset as the subset is).

        Raises:
            AnchorIndexError: When the filter is wrong.
            DataError: When the format is unknown, no anchor is selected, or the file cannot be written.
        """
        from .exchange import export

        return export(self, path, format_=format_, where=where)
