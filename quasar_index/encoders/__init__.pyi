"""Image encoders: specs, the registry, loading, embedding."""

from .base import Encoder, TextEncoder, encode
from .cache_file import KnownImage
from .embedding_cache import CacheShare, EmbeddingCache
from .entries import DEFAULT_ENCODER, ENCODERS, EncoderEntry
from .lazy import LazyEncoder
from .patches import PatchEncoder, patch_level, prompt_level
from .plugin import EncoderPlugin
from .registry import (
    check_encoder,
    check_recorded_encoder,
    load_encoder,
    load_recorded_encoder,
)
from .spec import EncoderSpec, InputRule

__all__ = [
    "DEFAULT_ENCODER",
    "ENCODERS",
    "CacheShare",
    "EmbeddingCache",
    "Encoder",
    "EncoderEntry",
    "EncoderPlugin",
    "EncoderSpec",
    "InputRule",
    "KnownImage",
    "LazyEncoder",
    "PatchEncoder",
    "TextEncoder",
    "check_encoder",
    "check_recorded_encoder",
    "encode",
    "load_encoder",
    "load_recorded_encoder",
    "patch_level",
    "prompt_level",
]
