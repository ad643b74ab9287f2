"""Compression: encode with loss, decode again."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..arrays import ByteArray


def jpeg2000(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Code as JPEG 2000; strength is the compression ratio asked for."""
    return _recoded(image, "JPEG2000", quality_mode="rates", quality_layers=[strength], irreversible=True)


def jpeg(image: ByteArray, strength: float, rng: np.random.Generator) -> ByteArray:  # noqa: ARG001
    """Code as baseline JPEG with 4:2:0 chroma; strength is the quality of libjpeg, 1..100."""
    return _recoded(image, "JPEG", quality=int(strength), subsampling="4:2:0")


def _recoded(image: ByteArray, file_format: str, **options: object) -> ByteArray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format=file_format, **options)
    with Image.open(buffer) as decoded:
        return np.array(decoded.convert("RGB"))
