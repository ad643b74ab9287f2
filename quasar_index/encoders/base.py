"""What an encoder is: the protocol, and embedding images that are in memory."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from ..arguments import checked
from ..arrays import ByteArray, FloatArray
from ..errors import ImageError
from ..images.in_memory import Images, in_memory
from .spec import EncoderSpec


@runtime_checkable
class Encoder(Protocol):
    """An image encoder, ready to embed."""

    @property
    def spec(self) -> EncoderSpec:
        """All that decides its embeddings."""
        ...

    def prepare(self, image: ByteArray) -> ByteArray:
        """Apply the input rule: (H, W, 3) uint8 to (H', W', 3) uint8."""
        ...

    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared images of one size: (B, H', W', 3) uint8 to (B, D) float32, raw (not normalised)."""
        ...


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """An encoder with a text tower in the same space (CLIP, CoCa)."""

    logit_scale: float

    def encode_text(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts: n strings to (n, D) float32, raw."""
        ...


_E = TypeVar("_E", bound=Encoder)


def reading_as(encoder: _E, recorded: EncoderSpec) -> _E:
    """Return an encoder that reads images by the version of the input rule that an index was built with.

    Args:
        encoder: Any encoder; it stays as it is.
        recorded: The index's record.

    Returns:
        The same one where it does so already, or where its spec cannot be set; else a copy of the same weights.
    """
    if encoder.spec.rule_version == recorded.rule_version:
        return encoder
    other = copy.copy(encoder)
    try:
        other.spec = encoder.spec.at_rule(recorded.rule_version)  # type: ignore[misc]
    except AttributeError:  # a user's own, whose spec is a property or frozen
        return encoder
    return other


@checked
def encode(encoder: Encoder, images: Images, *, batch_size: int = 16) -> FloatArray:
    """Embed images in memory, of any sizes; images of one size share batches.

    Args:
        encoder: The encoder.
        images: n PIL images of any mode, or arrays (H, W), (H, W, 3) or (H, W, 4) uint8 (see `images.as_pixels`); also
            a generator, or one array (n, H, W, 3).
        batch_size: Most images embedded at once.

    Returns:
        (n, D) float32, raw, in the order of the images.

    Raises:
        DataError: When one is no image, or of another type or shape.
        ImageError: When an image is too small for the encoder.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> images = [np.zeros((48, 64, 3), dtype=np.uint8), np.full((32, 32, 3), 255, dtype=np.uint8)]
        >>> qi.encode(qi.load_encoder(), images).shape
        (2, 1568)
    """
    pixels = in_memory(images, encoder.spec.rule_version)
    prepared = [_prepared(encoder, image, number) for number, image in enumerate(pixels)]
    by_size: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for row, image in enumerate(prepared):
        by_size[image.shape].append(row)
    embeddings = np.empty((len(prepared), encoder.spec.dim), dtype=np.float32)
    for rows in by_size.values():
        for start in range(0, len(rows), batch_size):
            some = rows[start : start + batch_size]
            embeddings[some] = encoder.forward(np.stack([prepared[row] for row in some]))
    return embeddings


def _prepared(encoder: Encoder, image: ByteArray, number: int) -> ByteArray:
    try:
        return encoder.prepare(image)
    except ImageError as error:
        raise ImageError(f"image {number}: {error.message}", error.hint) from error
