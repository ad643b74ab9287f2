"""What the figures are measured on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quasar_index.errors import DataError, counted

SIZES = (29_000, 255_000, 840_000)
"""Anchors of TAD66k, AVA and KADIS-700k (with its references)."""


@dataclass(frozen=True)
class BenchOptions:
    """What to measure on.

    Attributes:
        folder: Where synthetic indexes and photographs are made, and found by later runs.
        anchors: Sizes N of the indexes.
        dim: D of the embeddings.
        n_queries: M of adaptive scoring.
        top_k: k a side.
        rounds: Times that both sides of a ratio are timed.
        n_images: Photographs of the encoding figures.
        images: Image files to use instead of photographs that are made; empty for those.
        encoder: Name of the encoder.
        precision: Of the build (see `load_encoder`); the peers run in float32 as PyTorch does.
        stream: Images of the two streams whose memory is compared.
    """

    folder: Path
    anchors: tuple[int, ...] = SIZES
    dim: int = 768
    n_queries: int = 1024
    top_k: int = 256
    rounds: int = 5
    n_images: int = 256
    images: tuple[str, ...] = ()
    encoder: str = "efficientnet-lite0"
    precision: str = "auto"
    stream: tuple[int, int] = (1000, 10_000)

    def __post_init__(self) -> None:
        """Check the numbers."""
        if any(n < 64 or n % 2 for n in self.anchors):
            raise DataError("an index of the benchmark has an even number of anchors, 64 or more", "change --anchors")
        if min(self.n_queries, self.top_k, self.rounds, self.n_images) < 1:
            raise DataError("counts must be positive", "change them")
        if self.top_k > min(self.anchors) // 2:
            raise DataError(
                f"top-k {self.top_k} is more than a side of {counted(min(self.anchors), 'anchor')}", "lower --top-k"
            )
