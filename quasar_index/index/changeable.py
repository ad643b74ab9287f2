"""What changes an index: images and embeddings are added, anchors removed and relabelled, old versions restored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from ..arguments import checked

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..datasets.base import AnchorSource
    from ..encoders.base import Encoder
    from ..encoders.embedding_cache import EmbeddingCache
    from ..encoders.spec import EncoderSpec
    from ..plans.executor import Executor
    from .anchor_index import AnchorIndex
    from .edit import AddReport, RelabelReport, RemoveReport
    from .records import Dtype
    from .versions import CompactReport, RestoreReport


class ChangeableIndex:
    """The part of an `AnchorIndex` that changes it; each change returns the index as it is then."""

    @property
    def _index(self) -> AnchorIndex:
        return cast("AnchorIndex", self)

    @checked
    def add(
        self,
        sources: Sequence[AnchorSource],
        encoder: Encoder,
        *,
        batch_size: int = 16,
        n_workers: int | None = None,
        max_pixels: int | None = None,
        cache: EmbeddingCache | None = None,
        executor: Executor | None = None,
        shard_rows: int | None = None,
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
            executor: Who embeds them, as of `build_index`; None for this process.
            shard_rows: As of `build_index`.
            on_progress: Called with (done, total) images.

        Raises:
            AnchorIndexError: When the encoder is another one, or another process changes the index.
            DataError: When no image could be embedded, or a source differs in its rule from that of the same name.
        """
        from .edit import add

        return add(
            self._index,
            sources,
            encoder,
            batch_size=batch_size,
            n_workers=n_workers,
            max_pixels=max_pixels,
            cache=cache,
            executor=executor,
            shard_rows=shard_rows,
            on_progress=on_progress,
        )

    @checked
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

        return add_embeddings(self._index, source, embeddings, spec=spec, ids=ids, sizes=sizes)

    @checked
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

        return remove(self._index, ids=ids, where=where)

    @checked
    def relabel(
        self,
        labels: AnchorSource,
        *,
        where: str | None = None,
        rating: str | None = None,
        remove: Sequence[str] = (),
    ) -> RelabelReport:
        """Give anchors new raw scores, and new sides where data declare them; other columns stay.

        Args:
            labels: Scores by path, file name (with as many of its folders as tell it) or content id.
            where: An SQL filter: only these anchors are looked at; None for all.
            rating: The rating that the score column is of; None for the first. Further ratings go by their names.
            remove: Content ids of anchors that go in the same version.

        Raises:
            AnchorIndexError: When the filter is wrong, or another process changes the index.
            DataError: When no name matches, one matches several anchors, two rows disagree on an anchor, the direction
                is another one, or a score is outside the declared range.
        """
        from .relabelling import relabel

        return relabel(self._index, labels, where=where, rating=rating, remove=remove)

    @checked
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

        return attach_embedding(self._index, name, ids, embeddings, spec=spec, dtype=dtype)

    @checked
    def detach_embedding(self, name: str) -> AnchorIndex:
        """Remove a further embedding.

        Raises:
            AnchorIndexError: When there is none of that name, it is the first, or another process changes the index.
        """
        from .attaching import detach_embedding

        return detach_embedding(self._index, name)

    @checked
    def restore(self, version: int | str) -> RestoreReport:
        """Make a new version that equals an old one; what came in between stays in the history.

        Args:
            version: The old version, by number or tag.

        Raises:
            AnchorIndexError: When there is no such version, or another process changes the index.
        """
        from .versions import restore

        return restore(self._index, version)

    @checked
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

        return compact(self._index, forget_before=forget_before)
