"""An encoder of the patches of an image: each is an image to the encoder below, and so gets its own input rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import checked
from ..arrays import ByteArray, FloatArray
from ..errors import ImageError
from ..images.in_memory import Images, in_memory
from ..images.patches import cut_patches
from .base import Encoder, TextEncoder
from .lazy import LazyEncoder
from .registry import load_encoder
from .runtimes import fix_runtime
from .spec import EncoderSpec


@checked
def patch_level(encoder: Encoder) -> Encoder:
    """Return what embeds patches: of an encoder of two levels, such as `grepq`, its attribute `low`."""
    level: Encoder = getattr(encoder, "low", encoder)
    return level


@checked
def prompt_level(encoder: Encoder) -> Encoder:
    """Return what embeds whole images and prompts beside an encoder of patches.

    Args:
        encoder: Of patches, or of two levels.

    Returns:
        Its attribute `high`; the encoder itself where it has a text tower; beside `grepq-low` from a folder, the
        `grepq-high` of that folder; else the encoder as it is, which embeds no prompts.

    Raises:
        EncoderError: When that folder holds no high level, or it cannot be read.
    """
    high: Encoder | None = getattr(encoder, "high", None)
    if high is not None:
        return high
    whole = encoder.load() if isinstance(encoder, LazyEncoder) else encoder
    spec = whole.spec
    if isinstance(whole, TextEncoder) or spec.name != "grepq-low" or not Path(spec.weights).is_dir():
        return whole
    return load_encoder("grepq-high", weights=spec.weights, device=str(getattr(whole, "device", "auto")))


class PatchEncoder:
    """Embeds the patches of images: an image becomes (n, D) embeddings.

    Of an encoder of two levels, such as `grepq`, its attribute `low` embeds patches.

    Args:
        encoder: Embeds each patch.
        size: Pixels a side of a patch, cut at the image's own resolution.
        stride: Pixels from one to the next; None for half the size, as the authors have it.

    Attributes:
        encoder: What embeds each patch.
        size: As given.
        stride: In use.
        parts: What an embedding of this encoder is of; the cache keeps it apart from that of a whole image.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> patches = qi.encoders.PatchEncoder(qi.load_encoder())
        >>> [found.shape for found in patches.encode([np.zeros((96, 200, 3), dtype=np.uint8)])]
        [(3, 1568)]
    """

    @checked
    def __init__(self, encoder: Encoder, size: int = 96, stride: int | None = None) -> None:
        self.encoder = patch_level(encoder)
        self.size = size
        self.stride = stride or max(1, size // 2)
        self.parts = f"patches of {size} every {self.stride}"

    @property
    def spec(self) -> EncoderSpec:
        """Of what embeds each patch."""
        return self.encoder.spec

    @property
    def device(self) -> Any:
        """Where it runs."""
        return getattr(self.encoder, "device", "cpu")

    @property
    def base(self) -> str:
        """What it embeds in while it tries runtimes."""
        return getattr(self.encoder, "base", "fp32")

    def fix_runtime(self, runtime: str) -> None:
        """Run in one runtime, without a trial; what was asked for by name stays."""
        fix_runtime(self.encoder, runtime)

    @checked
    def prepare(self, image: ByteArray) -> ByteArray:
        """Cut an image, and apply the input rule to each patch.

        Args:
            image: (H, W, 3) uint8.

        Returns:
            (n, H', W', 3) uint8, in the order of `images.patch_places`.

        Raises:
            ImageError: When the image is smaller than a patch, or a patch than the encoder can embed.
        """
        patches = cut_patches(image, self.size, self.stride)
        first = self.encoder.prepare(patches[0])
        if first.shape == patches[0].shape and np.shares_memory(first, patches):
            return patches
        return np.stack([first, *map(self.encoder.prepare, patches[1:])])

    @checked
    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared patches: (B, H', W', 3) uint8 to (B, D) float32, raw."""
        return self.encoder.forward(batch)

    @checked
    def encode(self, images: Images, *, batch_size: int = 256) -> list[FloatArray]:
        """Embed the patches of images in memory.

        Args:
            images: As of `encode`.
            batch_size: Most patches in one forward pass.

        Returns:
            (n, D) float32, raw, of each image.

        Raises:
            DataError: When one is no image.
            ImageError: When an image is smaller than a patch.
        """
        found = []
        for number, image in enumerate(in_memory(images, self.spec.rule_version)):
            try:
                patches = self.prepare(image)
            except ImageError as error:
                raise ImageError(f"image {number}: {error.message}", error.hint) from error
            parts = [self.forward(patches[start : start + batch_size]) for start in range(0, len(patches), batch_size)]
            found.append(np.concatenate(parts))
        return found
