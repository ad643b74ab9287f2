"""Rated images for an evaluation: of a data set, embedded once for all methods, or the anchors of an index."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, as_embeddings
from ..datasets.base import AnchorSource
from ..encoders.base import Encoder
from ..encoders.pipeline import encode_files
from ..errors import DataError, ValidationError, counted
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from ..index.ratings import rating_records, raw_scores
from ..index.records import RatingRecord, Subset
from ..index.staging import embedding_id
from ..sides import better_than
from .cross_fit import check_ratings

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache


@dataclass(frozen=True)
class RatedImages:
    """Embedded images with ratings.

    Attributes:
        name: Where they come from.
        embeddings: (n, D) raw.
        quality: (n,) ratings, higher is better; NaN only for images that can be anchors alone (reference images).
        ids: n content ids.
        columns: By name, n values of what else is known of them (`reference`, `distortion`, `split`, further ones).
        is_good: (n,) sides that stay as they are, whatever is left out: those that the data declare, and those of an
            index that its own anchors would not give again; None where the median of the images in use divides.
        is_cut: Whether the sides are a cut of the ratings at a threshold that the user gave.
        is_versioned: Whether images of one reference are versions of one image (full-reference data).
        n_unrated: Images without a rating, which were left out.
        failures: Path and reason of each image that could not be embedded.
        subset: How they were selected from more images, where they are the anchors of a selected index; else None.
        ids_are_contents: Whether ids are equal for the same image only because they come from its bytes. Else an
            anchor with the same embedding is the same image, too.
        checksums: SHA-256 of each label file, by path.
        read_bytes: Opens one image of the column `path`; None for the default (local path or fsspec URL).
    """

    name: str
    embeddings: FloatArray
    quality: DoubleArray
    ids: list[str]
    columns: Mapping[str, list[Any]]
    is_good: BoolArray | None = None
    is_cut: bool = False
    is_versioned: bool = False
    n_unrated: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    subset: Subset | None = None
    ids_are_contents: bool = True
    checksums: Mapping[str, str] = field(default_factory=dict)
    read_bytes: Callable[[str], bytes] | None = field(default=None, repr=False)

    @checked
    def check_not_selected(self, group: str) -> None:
        """Refuse to measure scores on images that a selector chose: it chose those that are easy to order.

        Args:
            group: Column whose groups were to be left out, for the mend.

        Raises:
            ValidationError: Unless they are all images, or a random part of them.
        """
        subset = self.subset
        if subset is None or subset.chosen_by is None:
            return
        by = "" if subset.rating is None else f" --rating {shlex.quote(subset.rating)}"
        n, total = subset.n_good + subset.n_bad, subset.of_good + subset.of_bad
        raise ValidationError(
            f"{self.name} holds the {n} of {total} anchors that '{subset.chosen_by}' chose, and measured on these "
            "images alone any method looks better than it is",
            f"measure on all images: quasar-index sweep {shlex.quote(subset.index)} --selectors {subset.selector} "
            f"--sizes {n / total:.2g} --cross-validate group={group}"
            f"{by}, which selects anew without each {group}",
        )

    def only_rated(self) -> RatedImages:
        """Return the images that have a rating."""
        rated: BoolArray = ~np.isnan(self.quality)
        if rated.all():
            return self
        rows = np.flatnonzero(rated).tolist()
        return replace(
            self,
            embeddings=self.embeddings[rated],
            quality=self.quality[rated],
            ids=[self.ids[row] for row in rows],
            columns={name: [values[row] for row in rows] for name, values in self.columns.items()},
            is_good=None if self.is_good is None else self.is_good[rated],
        )

    def known(self) -> dict[str, list[Any]]:
        """Return what is known of the images with a rating: their ids, and the columns that hold anything."""
        columns = {"id": list(self.ids), **self.columns}
        rated = (~np.isnan(self.quality)).tolist()
        return {
            name: [value for value, kept in zip(values, rated, strict=True) if kept]
            for name, values in columns.items()
            if any(value is not None for value in values)
        }

    @checked
    def column(self, name: str) -> list[Any]:
        """Return the values of a column.

        Raises:
            DataError: When there is none, or it is empty.
        """
        values = self.columns.get(name)
        if values is None or all(value is None for value in values):
            known = [key for key, column in self.columns.items() if any(value is not None for value in column)]
            raise DataError(f"{self.name} has no column '{name}'", f"columns: {', '.join(known) or 'none'}")
        return values


@dataclass(frozen=True)
class RatedSource:
    """The images of a source that an evaluation embeds.

    Attributes:
        source: Its rated images, and with declared sides the others, too.
        n_unrated: Images that were left out.
        rows: (N,) which images of the whole source these are.
    """

    source: AnchorSource
    n_unrated: int = field(default=0)
    rows: BoolArray = field(default_factory=lambda: np.ones(0, dtype=np.bool_), repr=False)


@checked
def rated_source(source: AnchorSource, *, keep_sides: bool = False) -> RatedSource:
    """Leave out what has no rating, before anything is embedded.

    Args:
        source: Labelled images.
        keep_sides: Keep images with a declared side but no rating: as anchors of the others (cross-validation).

    Returns:
        The rest.

    Raises:
        ValidationError: On fewer than 3 ratings, or constant ones.

    Example:
        >>> import quasar_index as qi
        >>> from quasar_index.datasets import make_records
        >>> records = make_records({"path": ["a.png", "b.png", "c.png", "d.png"], "score": [1, 4, None, 3]}, 4)
        >>> rated = qi.rated_source(qi.AnchorSource("own", records, "no-reference", "median"))
        >>> len(rated.source), rated.n_unrated
        (3, 1)
    """
    ratings = _oriented(source)
    rated = ~np.isnan(ratings)
    if not rated.any():
        raise ValidationError(f"{source.name} has no ratings", "name the column with --score-column, or use other data")
    check_ratings(ratings[rated])
    kept = np.asarray(rated | (keep_sides and source.division == "reference"))
    records = source.records.filter(kept)
    return RatedSource(replace(source, records=records), int((~kept).sum()), kept)


@checked
def embed_rated(
    rated: RatedSource,
    encoder: Encoder,
    *,
    cache: EmbeddingCache | None = None,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    on_progress: Callable[[int, int], None] | None = None,
) -> RatedImages:
    r"""Embed the images of a source, once for all methods.

    Args:
        rated: What `rated_source` returned.
        encoder: The encoder.
        cache: Where embeddings are looked up and put; None to embed every image.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        on_progress: Called with (done, total) images.

    Returns:
        The images that could be embedded, and why others could not.

    Raises:
        DataError: When none can be embedded.
        ValidationError: When fewer than 3 are left, or constant ratings.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> from PIL import Image
        >>> for name, colour in (("a", "red"), ("b", "green"), ("c", "blue")):
        ...     Image.new("RGB", (64, 64), colour).save(f"{name}.png")
        >>> _ = Path("rated.csv").write_text("image,score\na.png,1\nb.png,4\nc.png,3\nlost.png,2\n")
        >>> images = qi.embed_rated(qi.rated_source(qi.load_source("rated.csv")), qi.load_encoder())
        >>> images.quality.tolist(), images.embeddings.shape, len(images.failures)
        ([1.0, 4.0, 3.0], (3, 1568), 1)
    """
    source = rated.source
    embeddings: list[FloatArray] = []
    ids: list[str] = []
    rows: list[int] = []
    failures: list[tuple[str, str]] = []
    first: dict[str, FloatArray] = {}
    stream = encode_files(
        source.records["path"].to_pylist(),
        encoder,
        read=source.read_bytes,
        batch_size=batch_size,
        n_workers=n_workers,
        max_pixels=max_pixels,
        cache=cache,
    )
    for row, image in enumerate(stream):
        if image.embedding is None:
            failures.append((image.path, image.error))
        else:
            rows.append(row)
            ids.append(image.id)
            embeddings.append(first.setdefault(image.id, image.embedding))  # copies of a file are equal
        if on_progress is not None:
            on_progress(row + 1, len(source))
    if not rows:
        raise DataError(
            f"none of {counted(len(failures), 'image')} can be embedded, first: {failures[0][1]}", "check the paths"
        )
    embedded = replace(source, records=source.records.take(rows))
    return with_records(embedded, np.stack(embeddings), ids, n_unrated=rated.n_unrated, failures=tuple(failures))


@checked
def rated_embeddings(rated: RatedSource, embeddings: FloatArray, *, ids: Sequence[str] | None = None) -> RatedImages:
    r"""Take embeddings that exist already as rated images: nothing is embedded.

    Args:
        rated: What `rated_source` returned, of the source of these embeddings.
        embeddings: (N, D) raw embeddings, one a record of the source as it was before.
        ids: N content ids; None to make them of path and embedding, as an index of embeddings does.

    Returns:
        Those with a rating.

    Raises:
        DataError: When there is another number of embeddings, or one of a rated image is all zero or not finite.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.random.default_rng(0).normal(size=(4, 8)))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,4\nd,3\n")
        >>> source, embeddings = qi.load_embeddings("own.npy", "own.csv")
        >>> images = qi.validation.rated_embeddings(qi.rated_source(source), embeddings)
        >>> images.quality.tolist(), images.embeddings.shape, images.n_unrated
        ([1.0, 2.0, 4.0, 3.0], (4, 8), 0)
    """
    n = len(rated.rows)
    if len(embeddings) != n:
        raise DataError(f"{counted(len(embeddings), 'embedding')} but {counted(n, 'row')} of labels", "give one each")
    source, rows = rated.source, np.flatnonzero(rated.rows)
    kept = as_embeddings(embeddings if len(rows) == n else embeddings[rows])  # all of them may be mapped from a file
    paths = source.records["path"].to_pylist()
    return with_records(
        source,
        kept,
        [embedding_id(path, row) for path, row in zip(paths, kept, strict=True)]
        if ids is None
        else [ids[row] for row in rows.tolist()],
        n_unrated=rated.n_unrated,
        ids_are_contents=False,
    )


@checked
def rated_anchors(index: AnchorIndex, *, where: str | None = None, rating: str | None = None) -> RatedImages:
    """Take the anchors of an index as rated images: nothing is embedded.

    Args:
        index: The index. Ratings are its raw scores (negated where lower is better) if it has one source, else the
            scores that are scaled to [0, 1] for each source.
        where: SQL filter of the anchors.
        rating: Name of the opinion score, where anchors have several; None for the first. Anchors, and sources, without
            it are left out.

    Returns:
        Its anchors. They keep the sides that the index gave them where the median of just these anchors gives others:
        with declared sides, several sources, a filter, or the threshold of an index that they were selected from.

    Raises:
        ValidationError: When the anchors have no ratings.
        AnchorIndexError: When there is no such rating.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> images = qi.rated_anchors(index, where="score < 1")
        >>> images.name, len(images.ids), images.embeddings.shape
        ("index 'own'", 50, (50, 8))
    """
    anchors = index.anchors(where=where, rating=rating)
    records = rating_records(index, anchors.rating)
    sources = [source for source in index.manifest.sources if source.name in records]
    table = index.metadata(anchors, [name for name in index.columns if name != "embedding"])
    quality = np.full(len(anchors), np.nan) if anchors.quality is None else anchors.quality
    if len(sources) == 1:
        raw = raw_scores(index, anchors)
        quality = -raw if records[sources[0].name].lower_is_better else raw
    declared = any(source.division == "reference" for source in sources)
    rated = ~np.isnan(quality)
    if not rated.any():
        raise ValidationError(f"the anchors of index '{index.name}' have no ratings", "use an index of rated images")
    check_ratings(quality[rated])
    stays = declared or where is not None or len(sources) > 1 or records[sources[0].name].fixed_threshold is not None
    kept = rated | declared
    rows = np.flatnonzero(kept)
    return RatedImages(
        name=f"index '{index.name}'" + _whose(anchors.rating, [records[source.name] for source in sources]),
        embeddings=anchors.directions[rows] * anchors.norms[rows, None],
        quality=quality[rows],
        ids=[key.decode() for key in anchors.ids[rows].tolist()],
        columns={name: table[name].take(rows).to_pylist() for name in table.column_names},
        is_good=anchors.is_good[rows] if stays else None,
        is_cut=anchors.is_cut,
        is_versioned=any(source.kind == "full-reference" for source in sources),
        n_unrated=int((~kept).sum()),
        subset=index.manifest.subset,
        checksums={name: digest for source in sources for name, digest in source.checksums.items()},
    )


def _whose(rating: str | None, ratings: Sequence[AnchorSource | RatingRecord]) -> str:
    """Say in words by which rating images are rated, where it is not the first, or no person gave it."""
    unasked = [one.rating if isinstance(one, AnchorSource) else one.name for one in ratings if not one.by_person]
    if unasked:
        return f" by {rating or unasked[0]} (no person's rating)"
    return f" by {rating}" if rating else ""


def with_records(source: AnchorSource, embeddings: FloatArray, ids: list[str], **more: Any) -> RatedImages:
    """Join embeddings with the labels of the same images."""
    quality = _oriented(source)
    check_ratings(quality[~np.isnan(quality)])
    records = source.records
    sides = None
    if source.division == "reference":
        sides = np.array([side == "good" for side in records["side"].to_pylist()])
    elif source.threshold is not None:
        sides = better_than(quality, -source.threshold if source.lower_is_better else source.threshold)
    return RatedImages(
        name=source.name + _whose(None, [source]),
        embeddings=embeddings,
        quality=quality,
        ids=ids,
        columns={
            **{name: records[name].to_pylist() for name in records.column_names},
            "dataset": [source.name] * len(records),
        },
        is_good=sides,
        is_cut=sides is not None and source.division == "median",
        is_versioned=source.kind == "full-reference",
        checksums=dict(source.checksums),
        read_bytes=source.read_bytes,
        **more,
    )


def _oriented(source: AnchorSource) -> DoubleArray:
    """Return the (n,) raw scores, higher is better; NaN where there is none."""
    raw: DoubleArray = source.records["score"].to_numpy().astype(np.float64)
    return -raw if source.lower_is_better else raw
