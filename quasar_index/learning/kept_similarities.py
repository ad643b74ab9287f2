"""Similarities of the images of sets, kept in the user's cache: some take longer than all of a small training."""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..encoders.cache_folder import default_cache_folder
from ..errors import reason
from ..paths import write_atomically
from . import similarity
from .similarity import Similarity

_log = logging.getLogger(__name__)


def kept_similarities(ids: Sequence[str], images: ByteArray, kind: Similarity) -> FloatArray:
    """Return the similarities of images to each other, from the cache where they are there, else made and kept.

    Args:
        ids: Their content ids.
        images: Their pixels, (n, H, W, 3).
        kind: How they are compared.

    Returns:
        (n, n) symmetric, 1 on the diagonal.
    """
    path = _path(ids, kind)
    try:
        found = np.load(path, allow_pickle=False)
        if found.shape == (len(ids), len(ids)) and found.dtype == np.float32:
            return np.asarray(found)
    except (OSError, ValueError, EOFError):
        pass  # it is not there, or not whole
    made = similarity.similarities(images, kind)
    file = io.BytesIO()
    np.save(file, made, allow_pickle=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, file.getvalue(), sync=False, shared=True)
    except OSError as error:  # a cache that cannot be written costs time only
        _log.warning("similarities are not kept: '%s' cannot be written (%s)", path, reason(error))
    return made


def _path(ids: Sequence[str], kind: str) -> Path:
    key = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:32]
    return default_cache_folder() / "similarities" / f"{kind}-{similarity.VERSION}" / key[:2] / f"{key}.npy"
