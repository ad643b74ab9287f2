"""Scoring images by their patches: files or pixels to patches, to embeddings, to the distance; prompts beside them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, unit
from ..encoders import ENCODERS
from ..encoders.base import Encoder, TextEncoder, encode
from ..encoders.patches import PatchEncoder, prompt_level
from ..encoders.pipeline import EncodedImage, encode_files
from ..errors import EncoderError, MethodError
from ..images.in_memory import Images
from .fitted import Scores
from .patches import PROMPTS, FittedPatches
from .ties import Row


class PatchScoring:
    """Embeds the patches of images, and with `prompts` the whole images, and scores them.

    Args:
        fitted: What scores.
        encoder: Of the patches; its attribute `low` where it has one.
        prompt_encoder: One with a text tower, for prompts; None for that of `encoder` (see `encoders.prompt_level`).

    Raises:
        EncoderError: When the method has prompts, and no encoder has a text tower.
    """

    @checked
    def __init__(self, fitted: FittedPatches, encoder: Encoder, prompt_encoder: Encoder | None = None) -> None:
        self.fitted = fitted
        self.encoder = PatchEncoder(encoder, fitted.patch_size, fitted.stride)
        self._whole: Encoder | None = None
        self._texts: FloatArray | None = None
        if fitted.method.prompts:
            whole = prompt_level(encoder if prompt_encoder is None else prompt_encoder)
            if not isinstance(whole, TextEncoder):
                able = ", ".join(name for name, entry in ENCODERS.items() if entry.text)
                raise EncoderError(
                    f"'{fitted.method}' needs an encoder with a text tower, and '{whole.spec.name}' has none",
                    f"leave out prompts, or use one of {able} by --encoder",
                )
            self._whole, self._texts = whole, unit(whole.encode_text(list(PROMPTS)))
        elif prompt_encoder is not None:
            raise MethodError(f"'{fitted.method}' uses no encoder of prompts", "use patches:prompts")

    @checked
    def images(self, images: Images) -> Scores:
        """Score images in memory."""
        if self._whole is None:
            return self.fitted.score_patches(self.encoder.encode(images))
        kept = list(images)
        cosines = self._cosines(encode(self._whole, kept))
        return self.fitted.score_patches(self.encoder.encode(kept), cosines)

    def files(self, paths: Iterable[str], **running: Any) -> Iterator[tuple[EncodedImage, Row | None]]:
        """Embed and score files, one result a path, in order.

        Args:
            paths: Files or URLs.
            running: Further arguments of `encode_files`; with prompts, each file is decoded twice.

        Yields:
            The image with the (n, D) embeddings of its patches, and its row; None on an error.
        """
        if self._whole is None:
            for image in encode_files(paths, self.encoder, **running):
                yield image, None if image.embedding is None else self.row(image.embedding)
            return
        first, second = itertools.tee(paths)
        streams = (encode_files(first, self.encoder, **running), encode_files(second, self._whole, **running))
        for image, whole in zip(*streams, strict=True):
            if image.embedding is None or whole.embedding is None:
                yield (whole if image.embedding is not None else image), None
                continue
            ((good, bad),) = self._cosines(whole.embedding[None]).tolist()
            yield image, self.row(image.embedding, (good, bad))

    def row(self, patches: FloatArray, prompts: tuple[float | None, float | None] = (None, None)) -> Row:
        """Return score, cosines to the prompts, and no familiarity, of the patches of one image."""
        return score_row(self.fitted, patches, prompts)

    def _cosines(self, whole: FloatArray) -> DoubleArray:
        """Return the (M, 2) cosines of whole images to the prompts."""
        assert self._texts is not None  # noqa: S101 - for the type checker
        return np.asarray(unit(whole).astype(np.float64) @ self._texts.T)


def score_row(fitted: FittedPatches, patches: FloatArray, prompts: Sequence[float | None] = (None, None)) -> Row:
    """Score one image by the (n, D) embeddings of its patches, and its cosines to the prompts where they count."""
    cosines = np.array([prompts], dtype=np.float64) if fitted.method.prompts else None
    ((score, good, bad),) = fitted.score_patches([patches], cosines).rows()
    return score, good, bad, None
