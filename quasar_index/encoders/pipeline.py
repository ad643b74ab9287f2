"""From a stream of files to a stream of embeddings, in order, with bounded memory.

Threads read, hash, decode and prepare images ahead of the encoder (all of which release Python's lock, so processes
would gain nothing and cost copies); prepared images wait in buckets of one size until a batch is full, so that images
at native resolution are batched too. A bad image becomes an error and nothing stops.

The encoder runs in the caller's thread and finds the next batch ready. A thread of its own would have OpenMP make a
second set of threads for it, more than there are cores; libgomp then lets its threads sleep at the end of every loop,
and waking them took a fifth of the time of a float32 build.

All pixels in front of the encoder - being decoded, prepared, waiting for their batch, in it - are counted against one
budget of bytes: memory stays the same whatever the number or the size of the images.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..errors import DataError
from ..images import MAX_FILE_BYTES, MAX_PIXELS, content_id, decode, read_image_bytes
from .base import Encoder
from .budget import Budget

if TYPE_CHECKING:
    from .embedding_cache import EmbeddingCache

BATCH_PIXELS = 6_000_000
"""Most pixels in one forward pass, so that large native images do not exhaust the memory."""
WAITING_BYTES = 512 << 20
"""Budget of the pixels in front of the encoder, in bytes; one image that is larger is let in alone."""
DECODING_BYTES = 12
"""Bytes a pixel while an image is decoded (see `images/decoding.py`)."""
BATCHES_AHEAD = 2
"""Batches of images that are loaded, or being loaded, while the encoder works."""
WAITING_RESULTS = 4096
"""Most finished embeddings that wait for an earlier image."""

RECENT = 4096
"""Embeddings of the run that copies of their files take over; also those that come later are in the cache."""
RECENT_BYTES = 64 << 20
"""Most bytes of them: those of an image's parts are large."""

_BEGIN = "begin the run in the worker"
_UNUSABLE = "its embedding is not finite or zero; drop the image or use another encoder"


@dataclass(frozen=True)
class EncodedImage:
    """One image of the stream.

    Attributes:
        path: As it came in.
        id: Content id; empty where the file could not be read.
        width: Pixels, upright, before the input rule; 0 where it could not be decoded.
        height: Likewise.
        embedding: (D,) float32, raw; (n, D) of an encoder that embeds parts of an image (`patches.PatchEncoder`). None
            on an error and for known images.
        error: What is wrong with it; empty where nothing is.
        is_found: Whether the embedding comes from the cache.
        note: What is missing of a truncated file; empty where nothing is.
    """

    path: str
    id: str = ""
    width: int = 0
    height: int = 0
    embedding: FloatArray | None = None
    error: str = ""
    is_found: bool = False
    note: str = ""


def encode_files(
    paths: Iterable[str],
    encoder: Encoder,
    *,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    known: Container[str] = (),
    cache: EmbeddingCache | None = None,
    read: Callable[[str], bytes] | None = None,
    tolerate_truncated: bool = False,
) -> Iterator[EncodedImage]:
    """Embed files, one result a path, in order.

    Args:
        paths: Files or URLs; may be a generator, which is read a bounded way ahead.
        encoder: The encoder.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core, eight at most.
        max_pixels: Largest image that is decoded.
        known: Content ids whose images need no embedding (an interrupted build's).
        cache: Where embeddings are looked up, by the bytes of the file, and put; an image that is there is not decoded.
        read: Returns a file's bytes; None for `read_image_bytes`.
        tolerate_truncated: Embed what is there of a file that ends too early, with a note; else it is an error. Such an
            embedding is not put into the cache, whose readers may not want it.

    Yields:
        One `EncodedImage` a path.
    """
    n_workers = n_workers or min(8, os.cpu_count() or 1)
    read = read or partial(read_image_bytes, max_bytes=max(MAX_FILE_BYTES, 12 * max_pixels))
    run = _Run(encoder, batch_size, n_workers, cache)

    def load(path: str) -> tuple[EncodedImage, ByteArray | None]:
        key, held = "", 0
        missing: list[str] = []

        def admit(n_pixels: int) -> None:
            nonlocal held
            run.budget.take(n_pixels * DECODING_BYTES)
            held = n_pixels * DECODING_BYTES

        pixels = None
        try:
            data = read(path)
            key = content_id(data)
            if key in known:
                return EncodedImage(path, key), None
            if (found := run.find(path, key, max_pixels)) is not None:
                return found, None
            image = decode(
                data,
                max_pixels=max_pixels,
                admit=admit,
                rule=encoder.spec.rule_version,
                on_truncated=missing.append if tolerate_truncated else None,
            )
            height, width = image.shape[:2]
            pixels = encoder.prepare(image)
            if isinstance(pixels.base, np.ndarray):
                pixels = pixels.copy()  # a crop would keep the whole image
            return EncodedImage(path, key, width, height, note="".join(missing)), pixels
        except DataError as error:  # an ImageError, or what the source's own reader raises
            return EncodedImage(path, key, error=str(error)), None
        finally:
            # What is prepared stays in use until it is embedded.
            run.budget.give_back(held - (0 if pixels is None else pixels.nbytes))

    numbered = enumerate(paths)
    exhausted = False
    next_row = 0
    try:
        while True:
            while run.wants_more() and not exhausted:
                row, path = next(numbered, (-1, ""))
                if row < 0:
                    exhausted = True
                else:
                    run.load(row, load, path)
            run.note_loaded()
            while next_row in run.ready:
                yield run.ready.pop(next_row)
                next_row += 1
            if batch := run.next_batch(nothing_comes=exhausted and run.n_loading == 0):
                run.embed(batch)
            elif run.n_loading:
                run.wait()
            elif exhausted and not run.ready:
                return
    finally:
        run.close()


class _Run:
    """The state of a stream: decoding threads and prepared images by size.

    Threads only put events into a queue; everything else happens in the caller's thread.

    Attributes:
        budget: Of the bytes in front of the encoder.
        ready: Finished images by row.
        recent: The last images that were embedded, by content id.
        n_loading: Images that are read and decoded, or wait for that.
    """

    def __init__(self, encoder: Encoder, batch_size: int, n_workers: int, cache: EmbeddingCache | None) -> None:
        self._events: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.budget = Budget(WAITING_BYTES, on_wait=lambda: self._events.put(lambda: None))
        self.ready: dict[int, EncodedImage] = {}
        self.recent: dict[str, EncodedImage] = {}
        self.n_loading = 0
        self._n_recent_bytes = 0
        self._encoder = encoder
        self._batch_size = batch_size
        self._cache = cache
        self._n_ahead = BATCHES_AHEAD * batch_size + n_workers
        self._buckets: dict[tuple[int, ...], list[_Prepared]] = {}
        self._full: deque[list[_Prepared]] = deque()
        self._batch: ByteArray = np.empty((0, 0, 0, 3), dtype=np.uint8)
        self._process = os.getpid()
        self._decoders = ThreadPoolExecutor(n_workers, thread_name_prefix="decode")

    def wants_more(self) -> bool:
        """Whether to load another image: enough to keep everybody busy, never more.

        Raises:
            DataError: In a forked process, where the decoding threads are not.
        """
        if self._process != os.getpid():
            raise DataError("these images are being read by the process that this one was forked from", _BEGIN)
        n_wait = self.n_loading + sum(map(len, self._full))
        return n_wait < self._n_ahead and len(self.ready) < WAITING_RESULTS

    def find(self, path: str, key: str, max_pixels: int) -> EncodedImage | None:
        """Return an image that this run has just embedded, or that the cache has; None where neither has it."""
        if (same := self.recent.get(key)) is not None:
            return replace(same, path=path)
        found = None if self._cache is None else self._cache.find(key, self._encoder)
        if found is None or found.width * found.height > max_pixels:
            return None
        return EncodedImage(path, key, found.width, found.height, found.embedding, is_found=True)

    def load(self, row: int, function: Callable[[str], tuple[EncodedImage, ByteArray | None]], path: str) -> None:
        """Start to load an image."""
        self.n_loading += 1
        future = self._decoders.submit(function, path)
        future.add_done_callback(lambda done: self._events.put(lambda: self._loaded(row, done)))

    def wait(self) -> None:
        """Wait until a thread has done something."""
        self._events.get()()

    def note_loaded(self) -> None:
        """Take note of all that the threads have done by now."""
        while not self._events.empty():
            self._events.get()()

    def next_batch(self, *, nothing_comes: bool) -> list[_Prepared]:
        """Return a full batch; another one only where waiting would fill none, or memory runs out; else nothing.

        Args:
            nothing_comes: Whether all images are loaded.
        """
        if self._full:
            return self._full.popleft()
        if self._buckets and (nothing_comes or self.budget.n_waiting > 0 or len(self.ready) >= WAITING_RESULTS):
            # The bucket with the earliest image, which others may wait for.
            earliest = min(self._buckets, key=lambda shape: min(item.row for item in self._buckets[shape]))
            return self._buckets.pop(earliest)
        return []

    def embed(self, items: list[_Prepared]) -> None:
        """Embed a batch."""
        embeddings = self._embeddings([item.pixels for item in items])
        self.budget.give_back(sum(item.pixels.nbytes for item in items))
        for item, embedding in zip(items, embeddings, strict=True):
            norms = np.linalg.norm(embedding, axis=-1)
            if not (np.isfinite(norms) & (norms > 0)).all():
                self.ready[item.row] = replace(item.image, error=_UNUSABLE)
                continue
            if (same := self.recent.get(item.image.id)) is not None:
                # A copy that came before the first one was embedded: another place in a batch may round otherwise.
                self.ready[item.row] = replace(same, path=item.image.path)
                continue
            image = self.ready[item.row] = self.recent[item.image.id] = replace(item.image, embedding=embedding)
            self._n_recent_bytes += embedding.nbytes
            while len(self.recent) > RECENT or (len(self.recent) > 1 and self._n_recent_bytes > RECENT_BYTES):
                dropped = self.recent.pop(next(iter(self.recent)))
                self._n_recent_bytes -= 0 if dropped.embedding is None else dropped.embedding.nbytes
            if self._cache is not None and not image.note:
                self._cache.keep(image.id, self._encoder, embedding, image.width, image.height)

        self._answer_waiting_copies()

    def _answer_waiting_copies(self) -> None:
        """Answer the prepared copies of what has been embedded: their batch would fill late, or never."""
        for shape, bucket in list(self._buckets.items()):
            kept = [item for item in bucket if item.image.id not in self.recent]
            for item in bucket:
                if (same := self.recent.get(item.image.id)) is not None:
                    self._answer_copy(item.row, item.image, item.pixels, same)
            if kept:
                self._buckets[shape] = kept
            else:
                del self._buckets[shape]

    def _answer_copy(self, row: int, image: EncodedImage, pixels: ByteArray, same: EncodedImage) -> None:
        self.budget.give_back(pixels.nbytes)
        self.ready[row] = replace(same, path=image.path)

    def _embeddings(self, pixels: list[ByteArray]) -> list[FloatArray]:
        """Embed images of one size, or the parts of images, which are of one size."""
        if pixels[0].ndim == 3:
            return list(self._encoder.forward(self._stacked(pixels)))
        counts = [len(one) for one in pixels]
        parts = np.concatenate(pixels)
        size = max(1, BATCH_PIXELS // (parts.shape[1] * parts.shape[2]))
        found = [self._encoder.forward(parts[start : start + size]) for start in range(0, len(parts), size)]
        embeddings = np.split(np.concatenate(found), np.cumsum(counts)[:-1])
        return [one.copy() for one in embeddings]  # none keeps the whole batch

    def _stacked(self, pixels: list[ByteArray]) -> ByteArray:
        """Stack images in the memory of the last batch, where it has their size: new memory would cost more."""
        if self._batch.shape[1:] != pixels[0].shape or len(self._batch) < len(pixels):
            self._batch = np.empty((len(pixels), *pixels[0].shape), dtype=np.uint8)
        return np.stack(pixels, out=self._batch[: len(pixels)])

    def close(self) -> None:
        """End the threads, whose images that have not begun are dropped, and write what the cache is to keep."""
        if self._process != os.getpid():
            return
        self.budget.close()
        self._decoders.shutdown(wait=True, cancel_futures=True)
        if self._cache is not None:
            self._cache.end_run()

    def _loaded(self, row: int, future: Future[tuple[EncodedImage, ByteArray | None]]) -> None:
        self.n_loading -= 1
        image, pixels = future.result()
        if pixels is None:
            self.ready[row] = image
            return
        if (same := self.recent.get(image.id)) is not None:
            self._answer_copy(row, image, pixels, same)
            return
        shape = pixels.shape[-3:]  # parts of all images share their batches
        bucket = self._buckets.setdefault(shape, [])
        bucket.append(_Prepared(row, image, pixels))
        n_pixels = sum(item.pixels.size for item in bucket) // 3
        if len(bucket) >= self._batch_size or n_pixels + shape[0] * shape[1] > BATCH_PIXELS:
            self._full.append(self._buckets.pop(shape))


@dataclass(frozen=True)
class _Prepared:
    """A prepared image that waits for its batch."""

    row: int
    image: EncodedImage
    pixels: ByteArray
