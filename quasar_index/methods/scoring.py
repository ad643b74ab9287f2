"""Scoring images: an encoder embeds them, a fitted method scores the embeddings."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked, shown
from ..arrays import DoubleArray, FloatArray
from ..encoders.base import Encoder, encode, reading_as
from ..encoders.patches import patch_level
from ..encoders.pipeline import EncodedImage, encode_files
from ..errors import AnchorIndexError, DataError, MethodError
from ..images import MAX_PIXELS
from ..images.in_memory import Images
from ..index.anchor_index import AnchorIndex
from ..paths import PathText
from .familiarity import familiarity
from .fitted import FittedMethod, Scores
from .mean import Mean
from .method import Method
from .patch_scoring import PatchScoring, score_row
from .patches import FittedPatches
from .ties import Row, Ties

if TYPE_CHECKING:
    from ..datasets.base import AnchorSource, ImageSource
    from ..encoders.embedding_cache import EmbeddingCache


@dataclass(frozen=True)
class ScoredImage:
    """One row of a scoring run.

    Attributes:
        path: As it was given.
        score: Higher is better, in (0, 1) with centroids; None on an error.
        similarity_good: Cosine to the good centroid, or prompt; None on an error, or where there is none.
        similarity_bad: Cosine to the bad one; None likewise.
        familiarity: In [0, 1]; near 0 the image is unlike all anchors, and its score says little. None on an error, or
            where the anchors are too few to tell, or patches.
        error: Why there is no score; empty otherwise.
        embedding: (D,) float32, raw; (n, D), one a patch, where the method takes patches. None on an error.
        id: Content id of the image; empty where it could not be read, or only its embedding is known.
        note: What is missing of a truncated file that was to be scored all the same; empty otherwise.
        width: Pixels, upright, before the input rule; 0 where the file could not be decoded.
        height: Likewise.

    Example:
        >>> import quasar_index as qi
        >>> qi.ScoredImage("broken.png", error="not an image").score is None
        True
    """

    path: str
    score: float | None = None
    similarity_good: float | None = None
    similarity_bad: float | None = None
    familiarity: float | None = None
    error: str = ""
    embedding: FloatArray | None = field(default=None, repr=False, compare=False)
    id: str = field(default="", repr=False, compare=False)
    note: str = ""
    width: int = field(default=0, repr=False, compare=False)
    height: int = field(default=0, repr=False, compare=False)


@checked
@dataclass
class Scorer:
    """Scores images or embeddings against anchors.

    Attributes:
        anchors: The anchors; an index stands for all of its anchors; or a method that is fitted to some already.
        method: What scores; of no meaning where it is fitted already.
        encoder: Embeds images; None to score embeddings only. With an index, it must be the index's own,
            and reads images by the version of the input rule that the index was built with.
        batch_size: Most images in one forward pass.
        cache: Where `score_files` looks embeddings up and puts them; None to embed every image.
        ties: What gives copies of a file the scores of the first one in several calls; None for each call alone.
        prompt_encoder: Of `patches:prompts`: one with a text tower for whole images; None for that of
            `encoder` (see `encoders.prompt_level`).

    Raises:
        AnchorIndexError: When the encoder is not the one the index was built with.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> encoder = qi.load_encoder()
        >>> plain = [np.full((64, 64, 3), level, dtype=np.uint8) for level in (60, 100, 140, 180)]
        >>> noisy = list(np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8))
        >>> anchors = qi.make_anchors(qi.encode(encoder, plain + noisy), is_good=[True] * 4 + [False] * 4)
        >>> scorer = qi.Scorer(anchors, qi.Mean(space="raw"), encoder)
        >>> Image.new("RGB", (64, 64), (120, 120, 120)).save("plain.png")
        >>> for image in scorer.score_files(["plain.png", "missing.png"]):
        ...     print(image.path, image.error or image.score > 0.5)
        plain.png True
        missing.png cannot be read (No such file or directory); check the path
    """

    anchors: AnchorTable | AnchorIndex | FittedMethod
    method: Method = field(default_factory=Mean)
    encoder: Encoder | None = None
    batch_size: int = 16
    cache: EmbeddingCache | None = None
    ties: Ties | None = None
    prompt_encoder: Encoder | None = None

    def __post_init__(self) -> None:
        """Check the encoder, and fit the method."""
        if not isinstance(self.method, Method):
            raise MethodError(f"{self.method!r} is no method", "give for example qi.Mean()")
        if isinstance(self.anchors, AnchorIndex) and self.encoder is not None:
            theirs = self.anchors.manifest.encoder
            if self.anchors.manifest.patch_size is None or patch_level(self.encoder) is self.encoder:
                self.encoder = reading_as(self.encoder, theirs)
                ours = self.encoder.spec
            else:
                ours = patch_level(self.encoder).spec
            if difference := ours.difference(theirs):
                raise AnchorIndexError(
                    f"index '{self.anchors.path}' holds {theirs.name} ({theirs.dim}-d) but the encoder is {ours.name} "
                    f"({ours.dim}-d): {difference}",
                    "drop --encoder or rebuild with 'quasar-index build'",
                )
        self.fitted = self.anchors if isinstance(self.anchors, FittedMethod) else self.method.fit(self.anchors)
        self.method = self.fitted.method

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be pickled with all that it scores by; of an index, only its place and version: it is opened there."""
        if not isinstance(self.anchors, AnchorIndex):
            return super().__reduce_ex__(protocol)
        how = (self.batch_size, self.cache, self.ties, self.prompt_encoder)
        return Scorer, (self.anchors, self.method, self.encoder, *how)

    @checked
    def score_embeddings(self, embeddings: npt.ArrayLike) -> Scores:
        """Score (M, D) raw embeddings; see `FittedMethod.score`."""
        return self.fitted.score(embeddings)

    @checked
    def familiarity(self, embeddings: npt.ArrayLike) -> DoubleArray:
        """Say how near (M, D) raw embeddings lie to the anchors; see `methods.familiarity`."""
        return familiarity(self.fitted.anchors, embeddings)

    @checked
    def score_images(self, images: Images) -> Scores:
        """Score images in memory.

        Args:
            images: M PIL images of any mode, or arrays (H, W), (H, W, 3) or (H, W, 4) uint8, which are converted as
                files are (see `images.as_pixels`); also a generator, or one array (M, H, W, 3).

        Returns:
            M scores, in order.

        Raises:
            DataError: When one is no image, or of another type or shape.
        """
        if isinstance(images, (list, tuple)) and not images:
            return Scores(np.empty(0), np.empty(0), np.empty(0))
        if (scoring := self._patch_scoring()) is not None:
            return scoring.images(images)
        return self.score_embeddings(encode(self._needed_encoder(), images, batch_size=self.batch_size))

    @checked
    def score_again(self, images: Sequence[ScoredImage]) -> list[ScoredImage]:
        """Score images that another scorer has embedded by the same encoder, such as one of another rating.

        Args:
            images: Rows of `score_files` of the other one.

        Returns:
            A row each; one with an error stays as it is. Copies of a file have the same scores.
        """
        return list(self._score_block(images, self.ties or Ties()))

    @checked
    def score_files(
        self,
        paths: Iterable[PathText],
        *,
        n_workers: int | None = None,
        max_pixels: int = MAX_PIXELS,
        read: Callable[[str], bytes] | None = None,
        tolerate_truncated: bool = False,
        on_progress: Callable[[int], None] | None = None,
        n_together: int | None = None,
    ) -> Iterator[ScoredImage]:
        """Score image files as a stream with bounded memory; a bad image is a row with an error.

        Copies of a file have the same scores. (Those of two calls, without `ties`, may differ by rounding: by 1e-6 at
        most, or in the 16th digit with a `cache`.)

        Args:
            paths: Files or URLs.
            n_workers: Decoding threads; None for one a core.
            max_pixels: Largest image that is decoded.
            read: Returns the bytes of an image file by its path; None for a local file or a URL.
            tolerate_truncated: Score what is there of a file that ends too early, its missing pixels grey; the row's
                note says what is missing. Else it is an error.
            on_progress: Called with the number of images embedded so far; rows follow in blocks.
            n_together: Rows of a block; fewer come sooner. None for the quickest.

        Yields:
            One row a path, in order.
        """
        running: dict[str, Any] = {
            "batch_size": self.batch_size,
            "n_workers": n_workers,
            "max_pixels": max_pixels,
            "cache": self.cache,
            "read": read,
            "tolerate_truncated": tolerate_truncated,
        }
        ties = self.ties or Ties()
        if (scoring := self._patch_scoring()) is not None:
            # One by one: an image's patches are large, and there is nothing to gain.
            for done, (image, row) in enumerate(scoring.files(map(_path_text, paths), **running), start=1):
                if on_progress is not None:
                    on_progress(done)
                yield _scored(image, None if row is None else ties.tied([image.id], [row])[0])
            return
        images = encode_files(map(_path_text, paths), self._needed_encoder(), **running)
        block: list[EncodedImage] = []
        # Static centroids score at once; adaptive ones are cheaper for a block of queries.
        size = n_together or (self.batch_size if self.fitted.is_static else 8 * self.batch_size)
        for done, image in enumerate(images, start=1):
            if on_progress is not None:
                on_progress(done)
            block.append(image)
            if len(block) >= size:
                yield from self._score_block(block, ties)
                block = []
        yield from self._score_block(block, ties)

    @checked
    def score_source(
        self,
        source: AnchorSource | ImageSource,
        *,
        n_workers: int | None = None,
        max_pixels: int = MAX_PIXELS,
        tolerate_truncated: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> Iterator[ScoredImage]:
        r"""Score the images of a label file or a container, such as tar shards, whether or not they are rated.

        Args:
            source: What `qi.datasets.load_images` or `qi.load_source` read.
            n_workers: As of `score_files`.
            max_pixels: As of `score_files`.
            tolerate_truncated: As of `score_files`.
            on_progress: As of `score_files`.

        Yields:
            One row an image, in the order of `source.records`.

        Example:
            >>> from pathlib import Path
            >>> import numpy as np, quasar_index as qi
            >>> from PIL import Image
            >>> for i in range(3):
            ...     Image.fromarray(np.full((64, 64, 3), 60 * i, dtype=np.uint8)).save(f"{i}.png")
            >>> _ = Path("shots.csv").write_text("image,camera\n0.png,x\n1.png,y\n2.png,y\n")
            >>> encoder = qi.load_encoder()
            >>> anchors = qi.make_anchors(np.eye(4, encoder.spec.dim), is_good=[True, True, False, False])
            >>> source = qi.datasets.load_images("shots.csv")
            >>> [Path(row.path).name for row in qi.Scorer(anchors, encoder=encoder).score_source(source)]
            ['0.png', '1.png', '2.png']
        """
        paths = (path for chunk in source.records["path"].chunks for path in chunk.to_pylist())
        yield from self.score_files(
            paths,
            n_workers=n_workers,
            max_pixels=max_pixels,
            read=source.read_bytes,
            tolerate_truncated=tolerate_truncated,
            on_progress=on_progress,
        )

    def _score_block(self, block: Sequence[EncodedImage | ScoredImage], ties: Ties) -> Iterator[ScoredImage]:
        embedded = [image for image in block if image.embedding is not None]
        if isinstance(self.fitted, FittedPatches):
            fitted = self.fitted
            found = [
                score_row(fitted, one.embedding, _similarities(one)) for one in embedded if one.embedding is not None
            ]
        else:
            found = list(self.rows([image.embedding for image in embedded if image.embedding is not None]))
        rows = iter(ties.tied([image.id for image in embedded], found))
        for image in block:
            yield _scored(image, None if image.embedding is None else next(rows))

    @checked
    def rows(self, embeddings: Sequence[FloatArray] | FloatArray) -> Iterator[Row]:
        """Yield score, similarities and familiarity of each (D,) raw embedding, as `ScoredImage` takes them."""
        if not len(embeddings):
            return
        matrix = np.asarray(embeddings)
        known = self.familiarity(matrix).tolist()
        for (score, good, bad), familiar in zip(self.score_embeddings(matrix).rows(), known, strict=True):
            yield score, good, bad, None if math.isnan(familiar) else familiar

    def _patch_scoring(self) -> PatchScoring | None:
        """Return what scores images by their patches; None where whole images are scored."""
        if not isinstance(self.fitted, FittedPatches):
            return None
        return PatchScoring(self.fitted, self._needed_encoder(), self.prompt_encoder)

    def _needed_encoder(self) -> Encoder:
        if self.encoder is None:
            raise AnchorIndexError("this scorer has no encoder, so it scores embeddings only", "give it an encoder")
        return self.encoder


def _scored(image: EncodedImage | ScoredImage, row: Row | None) -> ScoredImage:
    """Return an image with its row; None for one with an error."""
    told = {name: getattr(image, name) for name in ("error", "embedding", "id", "note", "width", "height")}
    return ScoredImage(image.path, *(row or (None, None, None, None)), **told)


def _similarities(image: EncodedImage | ScoredImage) -> tuple[float | None, float | None]:
    """Return the cosines of an image that was scored, to the prompts where it has patches."""
    return (image.similarity_good, image.similarity_bad) if isinstance(image, ScoredImage) else (None, None)


def _path_text(path: object) -> str:
    """Return one of several paths as text; they may be a generator, which is not looked through beforehand."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise DataError(f"a path is {shown(path)}", "give paths as text or pathlib.Path")
    return text
