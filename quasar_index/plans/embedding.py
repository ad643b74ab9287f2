"""The job of builds and additions: each image becomes its content id, its size and its embedding.

A piece is an Arrow file with the columns `row`, `id` ("" for a failure), `width`, `height`, `found` (whether the cache
had it) and `embedding` (float32; null for failures, for images that need none, and for copies of an earlier image of
the piece).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..encoders.base import Encoder
from ..encoders.lazy import LazyEncoder
from ..encoders.pipeline import EncodedImage, encode_files
from ..encoders.runtimes import fix_runtime
from ..images import allow_pixels
from .inputs import Row
from .job import Packed
from .plan import Pieces

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache


@dataclass
class EncodingJob:
    """What jobs that embed images share (see `encode_files` for its arguments).

    Attributes:
        encoder: Embeds the images.
        reads: Of each source, what opens an image.
    """

    encoder: Encoder
    reads: Sequence[Callable[[str], bytes] | None]
    batch_size: int
    n_workers: int | None
    max_pixels: int

    @property
    def runtime(self) -> str:
        """See `Job.runtime`."""
        return self.encoder.spec.runtime

    @property
    def device(self) -> str:
        """See `Job.device`."""
        asked = getattr(self.encoder, "asked_device", None)
        return str(getattr(self.encoder, "device", "cpu") if asked is None else asked)

    def open(self, n_threads: int) -> None:
        """See `Job.open`."""
        self.n_workers = self.n_workers or n_threads
        allow_pixels(self.max_pixels)
        if isinstance(self.encoder, LazyEncoder):
            self.encoder.load()

    def choose_runtime(self, rows: Iterable[Row]) -> str:
        """See `Job.choose_runtime`."""
        encoder = self.encoder
        is_open = not encoder.spec.runtime and hasattr(encoder, "fix_runtime")
        if is_open and not any(self.runtime for _ in self.run(rows)):
            self.fix_runtime(getattr(encoder, "base", "fp32"))
        return self.runtime

    def fix_runtime(self, runtime: str) -> None:
        """See `Job.fix_runtime`."""
        fix_runtime(self.encoder, runtime)

    def run(self, rows: Iterable[Row]) -> Iterator[Any]:
        """See `Job.run`."""
        raise NotImplementedError


@dataclass
class EmbedJob(EncodingJob):
    """Embeds images.

    Attributes:
        known: Content ids of images that need no embedding.
        cache: Where embeddings are looked up and put; None for nowhere.
    """

    known: Container[str] = field(default=(), repr=False)
    cache: EmbeddingCache | None = None
    ending: str = ".arrow"

    def run(self, rows: Iterable[Row]) -> Iterator[EncodedImage]:
        """See `Job.run`."""
        for source, some in groupby(rows, itemgetter(0)):
            yield from encode_files(
                map(itemgetter(1), some),
                self.encoder,
                read=self.reads[source],
                batch_size=self.batch_size,
                n_workers=self.n_workers,
                max_pixels=self.max_pixels,
                known=self.known,
                cache=self.cache,
            )

    def error_of(self, result: EncodedImage) -> str:
        """See `Job.error_of`."""
        return result.error

    def failed(self, row: Row, error: str) -> EncodedImage:
        """See `Job.failed`."""
        return EncodedImage(row[1], error=error)

    def pack(self, start: int, results: Sequence[EncodedImage]) -> Packed:
        """See `Job.pack`."""
        schema = piece_schema(self.encoder.spec.dim)
        seen: set[str] = set()
        kept: list[bool] = []
        for image in results:
            kept.append(image.embedding is not None and not image.error and image.id not in seen)
            seen.add(image.id)
        made = [image.embedding for image, is_kept in zip(results, kept, strict=True) if is_kept]
        values = np.concatenate([one for one in made if one is not None]) if made else np.empty(0, np.float32)
        dense = pa.FixedSizeListArray.from_arrays(pa.array(values, pa.float32()), self.encoder.spec.dim)
        place = np.cumsum(kept) - 1
        columns = [
            pa.array(range(start, start + len(results)), pa.int64()),
            pa.array(["" if image.error else image.id for image in results], pa.string()),
            pa.array([image.width or None for image in results], pa.int32()),
            pa.array([image.height or None for image in results], pa.int32()),
            pa.array([image.is_found for image in results], pa.bool_()),
            dense.take(pa.array(place, pa.int64(), mask=~np.array(kept, dtype=np.bool_))),
        ]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as file:
            file.write_batch(pa.record_batch(columns, schema=schema))
        failures = [(start + n, image.path, image.error) for n, image in enumerate(results) if image.error]
        return Packed(sink.getvalue().to_pybytes(), tuple(failures))


def piece_schema(dim: int) -> pa.Schema:
    """Return the columns of a piece of D-dimensional embeddings."""
    return pa.schema(
        [
            ("row", pa.int64()),
            ("id", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("found", pa.bool_()),
            ("embedding", pa.list_(pa.float32(), dim)),
        ]
    )


def read_embedded(pieces: Pieces) -> Iterator[tuple[bool, pa.RecordBatch]]:
    """Yield the pieces in order, mapped from the disk; and whether an earlier run made each."""
    for piece in pieces.pieces:
        with pa.memory_map(str(pieces.folder / piece.file)) as source:
            file = pa.ipc.open_file(source)
            for number in range(file.num_record_batches):
                yield piece.file in pieces.earlier, file.get_batch(number)
