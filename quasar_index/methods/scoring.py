"""Scores: `s_i = cos(x, c_i)`, `score = softmax([s_good, s_bad] / T)[0] = sigmoid((s_good - s_bad) / T)`.

QUASAR section 3.4, Eq. 1 and 2 (there T = 1; the authors' evaluation code, and the default here, has T = 0.07: a wider
spread of the same ranks). Higher is better.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from ..anchors import AnchorTable
from ..arrays import ByteArray, DoubleArray, FloatArray, as_embeddings, unit
from ..encoders.base import Encoder, encode
from ..encoders.pipeline import EncodedImage, encode_files
from ..errors import AggregationError, AnchorIndexError, DataError
from ..fits import LARGE
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from .base import Aggregator, Centroids, Members, Pooling
from .heads import Head
from .mean import Mean
from .space import DEFAULT_SHRINKAGE, DEFAULT_SPACE, Shrinkage, Space, SpaceName, fit_space

TEMPERATURE = 0.07
QUERY_BLOCK = 1024


@dataclass(frozen=True)
class Scores:
    """Scores of M images.

    Attributes:
        score: (M,) float64 in (0, 1), higher is better; 0.5 is halfway between the sides. A head (knn, ridge) gives
            ratings on the scale of its anchors instead.
        similarity_good: (M,) float64 in [-1, 1], cosine to the good centroid; NaN for a head, which has none.
        similarity_bad: (M,) float64 in [-1, 1], cosine to the bad centroid; NaN likewise.
    """

    score: DoubleArray
    similarity_good: DoubleArray
    similarity_bad: DoubleArray

    def __len__(self) -> int:
        """Return M."""
        return len(self.score)


@dataclass(frozen=True)
class ScoredImage:
    """One row of a scoring run.

    Attributes:
        path: As it was given.
        score: Higher is better, in (0, 1) with centroids; None on an error.
        similarity_good: Cosine to the good centroid; None on an error, or where there are no centroids.
        similarity_bad: Cosine to the bad centroid; None likewise.
        error: Why there is no score; empty otherwise.
        embedding: (D,) float32, raw; None on an error.
    """

    path: str
    score: float | None = None
    similarity_good: float | None = None
    similarity_bad: float | None = None
    error: str = ""
    embedding: FloatArray | None = field(default=None, repr=False, compare=False)


def compare(queries: npt.ArrayLike, centroids: Centroids, *, temperature: float = TEMPERATURE) -> Scores:
    """Score queries against centroids.

    Args:
        queries: (M, D) of any length; a zero one is equally far from both sides.
        centroids: (B, K, D) a side with B = 1 or B = M; the cosines to a side's K prototypes are pooled.
        temperature: T > 0 of the softmax; it changes the spread, never the order.

    Returns:
        M scores.

    Raises:
        AggregationError: When T is not positive.
    """
    if not temperature > 0:
        raise AggregationError(f"temperature {temperature} is not positive", f"the default is {TEMPERATURE}")
    directions = unit(queries)
    good, bad = (
        _similarity(directions, prototypes, centroids.pooling) for prototypes in (centroids.good, centroids.bad)
    )
    return Scores(expit((good - bad) / temperature), good, bad)


def _similarity(directions: FloatArray, prototypes: FloatArray, pooling: Pooling) -> DoubleArray:
    """Pool the cosines of (M, D) queries to (B, K, D) prototypes over K: (M,)."""
    if pooling == "nearest" and prototypes.shape[1] > 1:
        if len(prototypes) == 1:
            cosines = directions.astype(np.float64) @ prototypes[0].T
        else:
            cosines = np.einsum("md,mkd->mk", directions, prototypes, dtype=np.float64)
        return np.asarray(cosines.max(axis=1))
    centre = prototypes.mean(axis=1, dtype=np.float64)
    if len(centre) == 1:
        return np.asarray(directions @ centre[0])
    return np.asarray(np.einsum("md,md->m", directions, centre))


def uses_groups(method: Aggregator | Head) -> bool:
    """Return whether a method chooses something by leaving out groups of anchors (`AnchorTable.groups`)."""
    return bool(getattr(method, "uses_groups", False))


@dataclass
class Scorer:
    """Scores images or embeddings against anchors.

    Attributes:
        anchors: The anchors; an index stands for all of its anchors.
        aggregator: Makes the centroids; or a head, which scores without them.
        temperature: T of the softmax.
        space: Where cosines and centroids are taken: "raw" (the paper), "centred" or "whitened", fitted to these
            anchors; or a fitted space.
        shrinkage: Of "whitened": lambda > 0, "ledoit-wolf" or "oas".
        encoder: Embeds images; None to score embeddings only. With an index, it must be the index's own.
        batch_size: Most images in one forward pass.

    Raises:
        AnchorIndexError: When the encoder is not the one the index was built with.
    """

    anchors: AnchorTable | AnchorIndex
    aggregator: Aggregator | Head = field(default_factory=Mean)
    temperature: float = TEMPERATURE
    space: SpaceName | Space = DEFAULT_SPACE
    shrinkage: Shrinkage = DEFAULT_SHRINKAGE
    encoder: Encoder | None = None
    batch_size: int = 16

    def __post_init__(self) -> None:
        """Check the encoder, fit the space, and make static centroids or fit the head once."""
        if isinstance(self.aggregator, type) or not isinstance(self.aggregator, (Aggregator, Head)):
            raise AggregationError(f"{self.aggregator!r} is no aggregation or head", "give for example qi.Mean()")
        if isinstance(self.anchors, AnchorIndex):
            index = self.anchors
            if self.encoder is not None and (difference := self.encoder.spec.difference(index.manifest.encoder)):
                theirs, ours = index.manifest.encoder, self.encoder.spec
                raise AnchorIndexError(
                    f"index '{index.path}' holds {theirs.name} ({theirs.dim}-d) but the encoder is {ours.name} "
                    f"({ours.dim}-d): {difference}",
                    "drop --encoder or rebuild with 'quasar-index build'",
                )
            self.anchors = index.anchors(group=index.content_column() if uses_groups(self.aggregator) else None)
        self._anchors: AnchorTable = self.anchors
        if not isinstance(self.space, Space):
            self.space = fit_space(self.anchors, self.space, shrinkage=self.shrinkage)
        self._space: Space = self.space
        self._table: AnchorTable | None = None
        method = self.aggregator
        self._predict = method.fit(self.table) if isinstance(method, Head) else None
        self._static = None if isinstance(method, Head) or method.adaptive else self._static_centroids(method)

    @property
    def table(self) -> AnchorTable:
        """The anchors in the space in use."""
        if self._table is None:
            self._table = self._space.apply_to_anchors(self._anchors)
        return self._table

    def _static_centroids(self, method: Aggregator) -> Centroids:
        """Make centroids once; those of many anchors are kept beside the search cache of their index."""
        fits = self._anchors.fits if self._anchors.directions.nbytes >= LARGE else None
        what = f"centroids {method!r} {self._space.key}"
        if fits is not None and (kept := fits.load(what)):
            pooling: Pooling = "nearest" if kept["nearest"] else "mean"
            return Centroids(kept["good"], kept["bad"], pooling)
        made = method.aggregate(self.table)
        if fits is not None:
            fits.save(what, good=made.good, bad=made.bad, nearest=made.pooling == "nearest")
        return made

    @cached_property
    def static_members(self) -> tuple[Members, Members] | None:
        """The members of the good and the bad prototypes, made once; None where each query has its own, or a head."""
        method = self.aggregator
        return None if isinstance(method, Head) or method.adaptive else method.members(self.table)

    @property
    def dim(self) -> int:
        """D."""
        return self._anchors.dim

    def directions(self, raw: FloatArray) -> FloatArray:
        """Map (M, D) raw embeddings into the space in use, to length one."""
        return unit(self._space.apply(unit(raw)))

    def score_embeddings(self, embeddings: npt.ArrayLike) -> Scores:
        """Score raw embeddings.

        Args:
            embeddings: (M, D) of the anchors' encoder.

        Returns:
            M scores, in order.

        Raises:
            DataError: On a wrong dimension, NaN or zero embeddings.
        """
        raw = as_embeddings(embeddings, dim=self.dim)
        directions = self.directions(raw)
        if self._static is not None:
            return compare(directions, self._static, temperature=self.temperature)
        starts = range(0, len(directions), QUERY_BLOCK)
        if self._predict is not None:
            # Heads see lengths, too: those of the anchors in this space.
            vectors = raw if self._space.name == "raw" else self._space.apply(unit(raw))
            found = [self._predict(vectors[start : start + QUERY_BLOCK]) for start in starts]
            nothing = np.full(len(raw), np.nan)
            return Scores(np.concatenate(found or [np.empty(0)]), nothing, nothing)
        parts = [self._adaptive_scores(directions[start : start + QUERY_BLOCK]) for start in starts]
        return Scores(*(np.concatenate([getattr(part, name) for part in parts] or [np.empty(0)]) for name in _FIELDS))

    def _adaptive_scores(self, directions: FloatArray) -> Scores:
        assert not isinstance(self.aggregator, Head)  # noqa: S101 - for the type checker
        centroids = self.aggregator.aggregate(self.table, directions)
        return compare(directions, centroids, temperature=self.temperature)

    def score_images(self, images: Sequence[ByteArray]) -> Scores:
        """Score decoded images.

        Args:
            images: M arrays (H, W, 3) uint8 RGB.

        Returns:
            M scores, in order.
        """
        if not images:
            return Scores(np.empty(0), np.empty(0), np.empty(0))
        return self.score_embeddings(encode(self._needed_encoder(), images, batch_size=self.batch_size))

    def score_files(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        n_workers: int | None = None,
        max_pixels: int = MAX_PIXELS,
        on_progress: Callable[[int], None] | None = None,
    ) -> Iterator[ScoredImage]:
        """Score image files as a stream with bounded memory; a bad image is a row with an error.

        Args:
            paths: Files or URLs.
            n_workers: Decoding threads; None for one a core.
            max_pixels: Largest image that is decoded.
            on_progress: Called with the number of images embedded so far; rows follow in blocks.

        Yields:
            One row a path, in order.
        """
        if isinstance(paths, (str, os.PathLike)):
            raise DataError(f"'{paths}' is one path", "give a list of paths")
        images = encode_files(
            (os.fspath(path) for path in paths),
            self._needed_encoder(),
            batch_size=self.batch_size,
            n_workers=n_workers,
            max_pixels=max_pixels,
        )
        block: list[EncodedImage] = []
        # Static centroids score at once; adaptive ones are cheaper for a block of queries.
        size = self.batch_size if self._static is not None else 8 * self.batch_size
        for done, image in enumerate(images, start=1):
            if on_progress is not None:
                on_progress(done)
            block.append(image)
            if len(block) >= size:
                yield from self._score_block(block)
                block = []
        yield from self._score_block(block)

    def _score_block(self, block: list[EncodedImage]) -> Iterator[ScoredImage]:
        embeddings = [image.embedding for image in block if image.embedding is not None]
        rows = iter(_rows(self.score_embeddings(np.stack(embeddings)))) if embeddings else iter(())
        for image in block:
            yield (
                ScoredImage(image.path, error=image.error)
                if image.embedding is None
                else ScoredImage(image.path, *next(rows), embedding=image.embedding)
            )

    def _needed_encoder(self) -> Encoder:
        if self.encoder is None:
            raise AnchorIndexError("this scorer has no encoder, so it scores embeddings only", "give it an encoder")
        return self.encoder


_FIELDS = ("score", "similarity_good", "similarity_bad")


def _rows(scores: Scores) -> Iterator[tuple[float | None, float | None, float | None]]:
    """Turn scores into plain rows; NaN, of heads, into None."""
    for row in zip(*(getattr(scores, name).tolist() for name in _FIELDS), strict=True):
        score, good, bad = (None if math.isnan(value) else value for value in row)
        yield score, good, bad
