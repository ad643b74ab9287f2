"""Embeddings that are known already, found by the content of the image's file: nothing is embedded twice.

One file (`cache_file.py`) holds those of all encoders. Each is filed under all that decides it: the fingerprint of the
weights, layers, the input rule with its version, and the arithmetic (`arithmetic_of`). The runtime that made it is
recorded, and so is the size of the image.

A cache may cost time, but neither an error nor a wrong score: what cannot be read or written is one line in the log,
and the image is embedded; each embedding has a checksum over itself and all that it is filed under.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..arguments import checked
from ..arrays import FloatArray
from ..errors import DataError, EncoderError, reason
from ..forks import leave
from ..paths import PathText
from ..sizes import read_size
from .base import Encoder
from .cache_file import CacheFile, Damage, KnownImage, evict, is_damage, transaction
from .cache_folder import CACHE_VARIABLE, default_cache_folder
from .spec import FLOAT32

LIMIT_VARIABLE = "QUASAR_INDEX_CACHE_SIZE"
DEFAULT_LIMIT = 2 << 30
"""Bytes on the disk: 320,000 images of the default encoder."""
MOST_PARTS = 1 << 20
"""Most bytes of an image's patches that are kept (167 of the default encoder): those of larger images are embedded
again, which a cache of a few of them would be full of."""
BLOCK = 256
"""Most new embeddings that wait to be written; an interruption writes what is there."""
ROW_BYTES = 256
"""Bytes of the file that an embedding takes beside its values, about."""
SHARE_OF_A_RUN = 0.5
"""Most of the limit that one run fills: a set too large to be kept whole would else push out all others."""
TOUCH = 3600
"""Seconds after which another use of an embedding is noted: reading the same folder twice writes nothing."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheShare:
    """The embeddings of one encoder by one runtime in a cache.

    Attributes:
        encoder: Its name.
        dim: D.
        input: Its input rule in the short form.
        rule: Version of its input rule.
        layers: Its layers.
        runtime: What made the embeddings.
        n_images: Their number.
        used: When one of them was last used, in seconds since 1970, to within an hour.
    """

    encoder: str
    dim: int
    input: str
    rule: int
    layers: str
    runtime: str
    n_images: int
    used: int


def default_cache_limit() -> int:
    """Return `$QUASAR_INDEX_CACHE_SIZE` in bytes, else `DEFAULT_LIMIT`.

    Raises:
        DataError: When it is no size.
    """
    text = os.environ.get(LIMIT_VARIABLE)
    if not text:
        return DEFAULT_LIMIT
    try:
        return read_size(text)
    except DataError as error:
        raise DataError(f"${LIMIT_VARIABLE}: {error.message}", error.hint) from None


def arithmetic_of(encoder: Encoder) -> str:
    """Return in what arithmetic an encoder embeds now: embeddings of one arithmetic serve each other.

    Runtimes that compute in float32 on a CPU are one; each reduced precision and each other device is one of its own
    (convolutions of "fp32" on a GPU round their input to 11 bits).
    """
    runtime = _runtime_of(encoder)
    device = str(getattr(encoder, "device", "cpu")).partition(":")[0]
    if device != "cpu":
        return f"{runtime} on {device}"
    return "float32" if runtime in FLOAT32 else runtime


def _runtime_of(encoder: Encoder) -> str:
    """Return what makes an encoder's embeddings; one that still tries runtimes says what it uses meanwhile."""
    return encoder.spec.runtime or getattr(encoder, "base", FLOAT32[0])


class EmbeddingCache:
    """Embeddings of any encoders on the disk; what takes a `cache=` looks images up there, and puts new ones there.

    Args:
        folder: Where its file is; made when something is written. None for `$QUASAR_INDEX_CACHE`, else `quasar-index`
            in the user's cache folder.
        limit: Most bytes on the disk; what was not used for the longest time makes room. None for
            `$QUASAR_INDEX_CACHE_SIZE`, else 2 GiB. With 0, nothing is kept.

    Attributes:
        path: Its file.
        limit: As given.
        n_found: Images that were found.

    Raises:
        DataError: When `$QUASAR_INDEX_CACHE_SIZE` is no size.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> Image.new("RGB", (64, 64), "red").save("a.png")
        >>> encoder, cache = qi.load_encoder(), qi.EmbeddingCache("cache")
        >>> anchors = qi.make_anchors(np.eye(2, encoder.spec.dim), is_good=[True, False])
        >>> scorer = qi.Scorer(anchors, qi.Mean(space="raw"), encoder, cache=cache)
        >>> first, second = list(scorer.score_files(["a.png"])), list(scorer.score_files(["a.png"]))
        >>> first == second, cache.n_found, [share.n_images for share in cache.shares()]
        (True, 1, [1])
    """

    @checked
    def __init__(self, folder: PathText | None = None, *, limit: int | None = None) -> None:
        self.limit = default_cache_limit() if limit is None else limit
        try:
            self.path = Path(folder or default_cache_folder()) / "embeddings.sqlite"
        except RuntimeError:  # a user without a home, as containers have them
            self.path, self.limit = Path(os.devnull, "embeddings.sqlite"), 0
        self.n_found = 0
        self._begin()
        self._can_read = True
        self._room = int(self.limit * SHARE_OF_A_RUN)
        self._identities: dict[Any, str] = {}

    def _begin(self) -> None:
        """Start without an open file, and with nothing that waits."""
        self._process = os.getpid()
        self._file = CacheFile(self.path)
        self._lock = threading.RLock()
        self._waiting: dict[tuple[str, str], _New] = {}
        self._touched: set[int] = set()

    @checked
    def find(self, content_id: str, encoder: Encoder) -> KnownImage | None:
        """Return what is known of an image; None where it is to be embedded.

        Args:
            content_id: Id of the image, of its file's bytes.
            encoder: What would embed it.
        """
        identity = self._identity(encoder)
        if identity is None:
            return None
        with self._locked():
            if not self._can_read:
                return None
            try:
                new = self._waiting.get((identity, content_id))
                dim = encoder.spec.dim
                has_parts = bool(getattr(encoder, "parts", ""))
                found = new.image if new else self._read(content_id, identity, dim, has_parts=has_parts)
            except (sqlite3.Error, OSError, Damage, TypeError, ValueError) as error:
                if not self._mend(error):
                    self._can_read, self._room = False, 0
                    why = reason(error)
                    _log.warning("embeddings in '%s' cannot be read (%s): images are embedded anew", self.path, why)
                return None
            self.n_found += found is not None
            return found

    @checked
    def keep(self, content_id: str, encoder: Encoder, embedding: FloatArray, width: int, height: int) -> None:
        """Put an embedding there; it is on the disk after `flush` at the latest.

        Args:
            content_id: Id of the image, of its file's bytes.
            encoder: What has embedded it, just now.
            embedding: (D,) float32, raw; (n, D) of an image's patches, of which at most 1 MiB is kept.
            width: Pixels of the image, upright, before the input rule.
            height: Likewise.
        """
        identity = self._identity(encoder)
        if identity is None:
            return
        with self._locked():
            if self._room < embedding.nbytes or (embedding.ndim == 2 and embedding.nbytes > MOST_PARTS):
                return
            self._room -= embedding.nbytes + ROW_BYTES
            image = KnownImage(embedding, width, height, _runtime_of(encoder))
            self._waiting[identity, content_id] = _New(encoder.spec.name, image)
            if len(self._waiting) >= BLOCK:
                self.flush()

    def flush(self) -> None:
        """Write what waits; where that fails, nothing more is kept."""
        with self._locked():
            waiting, self._waiting = self._waiting, {}
            touched, self._touched = self._touched, set()
            if not waiting and not touched:
                return
            try:
                self._write(waiting, touched)
            except (sqlite3.Error, OSError, Damage) as error:
                if self._mend(error):
                    return
                self._room = 0
                if waiting:
                    why = reason(error)
                    _log.warning("embeddings cannot be kept in '%s' (%s): nothing is lost but time", self.path, why)

    def end_run(self) -> None:
        """Write what waits when a run has ended; the next one has room of its own, and tries again what failed."""
        self.flush()
        with self._locked():
            self._can_read, self._room = True, int(self.limit * SHARE_OF_A_RUN)

    def shares(self) -> list[CacheShare]:
        """Return what is there, by encoder and runtime, the most images first.

        Raises:
            EncoderError: When its file cannot be read.
        """
        self.flush()
        with self._locked(), self._answering():
            connection = self._file.connect(create=False)
            found = [] if connection is None else connection.execute(_SHARES).fetchall()
            return [_share(*row) for row in found]

    @checked
    def prune(self, size: int) -> int:
        """Remove what was not used for the longest time, until at most some bytes are left.

        Args:
            size: Bytes; with 0, all embeddings are removed.

        Returns:
            Images whose embeddings were removed.

        Raises:
            EncoderError: When its file cannot be written.
        """
        self.flush()
        with self._locked(), self._answering():
            connection = self._file.connect(create=False)
            return 0 if connection is None else evict(connection, size, full=1.0)

    @property
    def n_bytes(self) -> int:
        """Bytes of its file on the disk; 0 where there is none."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def __reduce__(self) -> tuple[Callable[..., EmbeddingCache], tuple[Path, int]]:
        """Be pickled as its place and its limit."""
        return _opened, (self.path.parent, self.limit)

    def _locked(self) -> threading.RLock:
        """Return the lock; a forked process opens the file anew: neither lock nor connection are to be shared."""
        if self._process != os.getpid():
            leave(self._file)  # closing it here could release locks of the parent
            self._begin()
        return self._lock

    def _identity(self, encoder: Encoder) -> str | None:
        """Return all that decides the embeddings of an encoder, as text; None where its weights are not known."""
        spec, arithmetic = encoder.spec, arithmetic_of(encoder)
        if not spec.fingerprint or spec.input is None:
            return None
        parts = getattr(encoder, "parts", "")
        key = (spec, arithmetic, parts)
        if key not in self._identities:
            decisive = spec.identity | {"rule": str(spec.input), "arithmetic": arithmetic}
            decisive |= {"parts": parts} if parts else {}
            self._identities[key] = json.dumps(decisive, sort_keys=True)
        return self._identities[key]

    def _read(self, content_id: str, identity: str, dim: int, *, has_parts: bool) -> KnownImage | None:
        connection = self._file.connect(create=False)
        if connection is None:
            return None
        for number, used, checksum, blob, *facts in connection.execute(_FIND, (identity, content_id)).fetchall():
            is_sound = len(blob) > 0 == len(blob) % (4 * dim) if has_parts else len(blob) == 4 * dim
            if not is_sound or _checksum(identity, content_id, facts, blob) != checksum:
                continue  # embedding it again mends it
            if abs(time.time() - used) > TOUCH:
                self._touched.add(number)
            runtime, width, height = facts
            embedding = np.frombuffer(blob, dtype="<f4").astype(np.float32)
            return KnownImage(embedding.reshape(-1, dim) if has_parts else embedding, width, height, runtime)
        return None

    def _write(self, waiting: dict[tuple[str, str], _New], touched: set[int]) -> None:
        connection = self._file.connect(create=True)
        assert connection is not None  # noqa: S101 - for the type checker
        now = int(time.time())
        with transaction(connection):
            connection.executemany("UPDATE images SET used = ? WHERE number = ?", [(now, number) for number in touched])
            # An encoder keeps its number when its embeddings are removed: other processes may know it by that.
            names = {(identity, new.encoder) for (identity, _), new in waiting.items()}
            connection.executemany("INSERT OR IGNORE INTO encoders (identity, name) VALUES (?, ?)", sorted(names))
            rows = []
            for (identity, content_id), new in waiting.items():
                blob = new.image.embedding.astype("<f4").tobytes()
                facts = (new.image.runtime, new.image.width, new.image.height)
                rows.append((content_id, now, _checksum(identity, content_id, facts, blob), blob, *facts, identity))
            connection.executemany(_KEEP, rows)
        evict(connection, self.limit)

    def _mend(self, error: Exception) -> bool:
        """Remove a file that an error shows to be damaged; return whether the cache can go on."""
        if not is_damage(error):
            return False
        try:
            self._file.start_again(error)
        except OSError:
            return False
        return True

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what stands against an answer into an error that a user can mend."""
        try:
            yield
        except (sqlite3.Error, OSError, Damage, TypeError, ValueError) as error:
            mend = f"mend its permissions, remove it, or set {CACHE_VARIABLE} to another folder"
            raise EncoderError(
                f"the cache of embeddings '{self.path}' cannot be used ({reason(error)})", mend
            ) from error


def _opened(folder: Path, limit: int) -> EmbeddingCache:
    return EmbeddingCache(folder, limit=limit)


class _New(NamedTuple):
    """An embedding that waits to be written, and the name of its encoder."""

    encoder: str
    image: KnownImage


_FIND = (
    "SELECT images.number, used, checksum, embedding, runtime, width, height FROM images JOIN encoders"
    " ON encoders.number = images.encoder WHERE identity = ? AND id = ?"
)
_KEEP = (
    "INSERT OR REPLACE INTO images (id, used, checksum, embedding, runtime, width, height, encoder)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT number FROM encoders WHERE identity = ?))"
)
_SHARES = (
    "SELECT name, identity, runtime, count(*) AS n, max(used) FROM images JOIN encoders"
    " ON encoders.number = images.encoder GROUP BY images.encoder, runtime ORDER BY n DESC, name, runtime"
)


def _share(name: str, identity: str, runtime: str, n: int, used: int) -> CacheShare:
    decisive = json.loads(identity)
    _, on, device = decisive["arithmetic"].partition(" on ")
    return CacheShare(
        name,
        decisive["dim"],
        f"{decisive['parts']}, {decisive['rule']}" if "parts" in decisive else decisive["rule"],
        decisive["input"].get("version", 1),
        decisive["layers"],
        f"{runtime}{on}{device}",
        n,
        used,
    )


def _checksum(identity: str, content_id: str, facts: Sequence[Any], blob: bytes) -> int:
    return zlib.crc32(blob, zlib.crc32(json.dumps([identity, content_id, *facts]).encode()))
