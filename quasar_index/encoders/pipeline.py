"""From a stream of files to a stream of embeddings, in order, with bounded memory.

Threads read, hash, decode and prepare images ahead of the encoder (all of which release Python's lock); prepared images
wait in buckets of one size until a batch is full, so that images at native resolution are batched too. A bad image
becomes an error and nothing stops.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..errors import DataError
from ..images import MAX_PIXELS, content_id, decode, read_image_bytes
from .base import Encoder

BATCH_PIXELS = 6_000_000
"""Most pixels in one forward pass, so that large native images do not exhaust the memory."""
WAITING_BYTES = 512 << 20
"""Most bytes of prepared images that wait for their batch."""
WAITING_RESULTS = 4096
"""Most finished embeddings that wait for an earlier image."""


@dataclass(frozen=True)
class EncodedImage:
    """One image of the stream.

    Attributes:
        path: As it came in.
        id: Content id; empty where the file could not be read.
        width: Pixels, upright, before the input rule; 0 where it could not be decoded.
        height: Likewise.
        embedding: (D,) float32, raw; None on an error and for known images.
        error: What is wrong with it; empty where nothing is.
    """

    path: str
    id: str = ""
    width: int = 0
    height: int = 0
    embedding: FloatArray | None = None
    error: str = ""


def encode_files(
    paths: Iterable[str],
    encoder: Encoder,
    *,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    known: Container[str] = (),
    read: Callable[[str], bytes] = read_image_bytes,
) -> Iterator[EncodedImage]:
    """Embed files, one result a path, in order.

    Args:
        paths: Files or URLs; may be a generator, which is read a bounded way ahead.
        encoder: The encoder.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core, eight at most.
        max_pixels: Largest image that is decoded.
        known: Content ids whose images need no embedding (an interrupted build's).
        read: Returns a file's bytes.

    Yields:
        One `EncodedImage` a path.
    """
    n_workers = n_workers or min(8, os.cpu_count() or 1)
    buckets = _Buckets(encoder, batch_size)
    ahead: deque[tuple[int, Future[tuple[EncodedImage, ByteArray | None]]]] = deque()
    numbered = enumerate(paths)
    exhausted = False
    next_row = 0

    def load(path: str) -> tuple[EncodedImage, ByteArray | None]:
        key = ""
        try:
            data = read(path)
            key = content_id(data)
            if key in known:
                return EncodedImage(path, key), None
            image = decode(data, max_pixels=max_pixels)
            height, width = image.shape[:2]
            return EncodedImage(path, key, width, height), encoder.prepare(image)
        except DataError as error:  # an ImageError, or what the source's own reader raises
            return EncodedImage(path, key, error=str(error)), None

    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="decode")
    try:
        while True:
            while not exhausted and len(ahead) < 2 * batch_size + n_workers and buckets.n_bytes < WAITING_BYTES:
                row, path = next(numbered, (-1, ""))
                if row < 0:
                    exhausted = True
                else:
                    ahead.append((row, pool.submit(load, path)))
            if ahead:
                row, future = ahead.popleft()
                buckets.put(row, *future.result())
            if not ahead and exhausted:
                buckets.flush_all()
            elif len(buckets.ready) >= WAITING_RESULTS:
                buckets.flush_oldest()
            while buckets.n_bytes >= WAITING_BYTES:
                buckets.flush_oldest()
            while next_row in buckets.ready:
                yield buckets.ready.pop(next_row)
                next_row += 1
            if exhausted and not ahead and not buckets.ready:
                return
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Buckets:
    """Prepared images by size, waiting for their batch; `ready` holds what is finished, by row."""

    def __init__(self, encoder: Encoder, batch_size: int) -> None:
        self.ready: dict[int, EncodedImage] = {}
        self.n_bytes = 0
        self._encoder = encoder
        self._batch_size = batch_size
        self._waiting: dict[tuple[int, ...], list[tuple[int, EncodedImage, ByteArray]]] = {}

    def put(self, row: int, image: EncodedImage, pixels: ByteArray | None) -> None:
        if pixels is None:
            self.ready[row] = image
            return
        bucket = self._waiting.setdefault(pixels.shape, [])
        bucket.append((row, image, pixels))
        self.n_bytes += pixels.nbytes
        height, width = pixels.shape[:2]
        if len(bucket) >= min(self._batch_size, max(1, BATCH_PIXELS // (height * width))):
            self._flush(pixels.shape)

    def flush_oldest(self) -> None:
        """Encode the bucket whose first image came first."""
        if self._waiting:
            self._flush(min(self._waiting, key=lambda shape: self._waiting[shape][0][0]))

    def flush_all(self) -> None:
        while self._waiting:
            self.flush_oldest()

    def _flush(self, shape: tuple[int, ...]) -> None:
        bucket = self._waiting.pop(shape)
        self.n_bytes -= sum(pixels.nbytes for _, _, pixels in bucket)
        embeddings = self._encoder.forward(np.stack([pixels for _, _, pixels in bucket]))
        for (row, image, _), embedding in zip(bucket, embeddings, strict=True):
            norm = float(np.linalg.norm(embedding))
            usable = np.isfinite(norm) and norm > 0
            self.ready[row] = EncodedImage(
                image.path,
                image.id,
                image.width,
                image.height,
                embedding if usable else None,
                "" if usable else "its embedding is not finite or zero; drop the image or use another encoder",
            )
