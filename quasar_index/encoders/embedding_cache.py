"""Embeddings on disk, by content id: what one run has embedded, later runs on the same images need not.

One file an encoder, named by all that decides an embedding (weights, layers, input rule). It is a sequence of records
of one size, each with a checksum, which is only ever appended to: an interrupted run leaves whole records and perhaps
a torn last one, which the next run drops.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..arrays import FloatArray
from ..errors import EncoderError, reason
from ..paths import PathText
from .cache_folder import CACHE_VARIABLE, default_cache_folder
from .pipeline import EncodedImage
from .spec import EncoderSpec

BLOCK = 64
"""New embeddings that are written at a time; an interruption writes what is there."""


class EmbeddingCache:
    """The embeddings of one encoder.

    Args:
        spec: Of the encoder.
        folder: Where it is kept; made when something is written. None for `default_cache_folder`.

    Attributes:
        path: Its file.
        n_found: Images that `complete` took from it.

    Raises:
        EncoderError: When its file cannot be read.

    Example:
        >>> import quasar_index as qi
        >>> cache = qi.EmbeddingCache(qi.EncoderSpec("precomputed", 4), "cache")
        >>> len(cache), cache.get("0f3a")
        (0, None)
    """

    def __init__(self, spec: EncoderSpec, folder: PathText | None = None) -> None:
        self.path = Path(folder or default_cache_folder()) / "embeddings" / f"{spec.key}.records"
        self.n_found = 0
        self._record = np.dtype([("id", "S32"), ("checksum", "<u4"), ("embedding", "<f4", (spec.dim,))])
        self._places: dict[bytes, int] = {}
        self._stored = np.empty(0, dtype=self._record)
        self._new: dict[bytes, FloatArray] = {}
        try:
            n = self.path.stat().st_size // self._record.itemsize if self.path.is_file() else 0
            if n:
                self._stored = np.memmap(self.path, dtype=self._record, mode="r", shape=(n,))
                self._places = {key: row for row, key in enumerate(self._stored["id"].tolist())}
        except OSError as error:
            raise self._unusable(error) from error

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._places.keys() | self._new.keys())

    def __contains__(self, content_id: object) -> bool:
        return isinstance(content_id, str) and self.get(content_id) is not None

    def get(self, content_id: str) -> FloatArray | None:
        """Return the (D,) raw embedding of an image; None where there is none, or a damaged one."""
        key = content_id.encode()
        if key in self._new:
            return self._new[key]
        row = self._places.get(key)
        if row is None:
            return None
        embedding = np.array(self._stored["embedding"][row], dtype=np.float32)
        return embedding if zlib.crc32(embedding.tobytes()) == self._stored["checksum"][row] else None

    def complete(self, images: Iterable[EncodedImage]) -> Iterator[EncodedImage]:
        """Fill known images with their embeddings, and keep those of the others.

        Args:
            images: The stream of `encode_files` with `known` set to this cache.

        Yields:
            The same images.

        Raises:
            EncoderError: When the file cannot be written.
        """
        waiting: dict[bytes, FloatArray] = {}
        try:
            for image in images:
                if image.embedding is not None:
                    self._new[image.id.encode()] = waiting[image.id.encode()] = image.embedding
                    if len(waiting) == BLOCK:
                        self._append(waiting)
                        waiting = {}
                    yield image
                elif image.id and not image.error:
                    self.n_found += 1
                    yield replace(image, embedding=self.get(image.id))
                else:
                    yield image
        finally:
            self._append(waiting)

    def _append(self, embeddings: dict[bytes, FloatArray]) -> None:
        """Write records after the last whole one; one process at a time."""
        if not embeddings:
            return
        from filelock import FileLock

        records = np.empty(len(embeddings), dtype=self._record)
        records["id"] = list(embeddings)
        records["embedding"] = np.stack(list(embeddings.values()))
        records["checksum"] = [zlib.crc32(row.tobytes()) for row in records["embedding"]]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_suffix(".lock")), self.path.open("ab") as file:
                torn = file.tell() % self._record.itemsize
                if torn:
                    file.truncate(file.tell() - torn)
                file.write(records.tobytes())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> EncoderError:
        return EncoderError(
            f"the cache of embeddings '{self.path}' cannot be used ({reason(error)})",
            f"mend its permissions, or set {CACHE_VARIABLE} to another folder",
        )
