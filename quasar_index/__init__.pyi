"""The public names: this stub is the list that `__init__.py` loads them from."""

from .aggregation import Aggregator, Centroids, Clustering, Mean, Offset, Retrieval
from .anchors import AnchorTable, make_anchors
from .correlation import correlate, krcc, plcc, rmse, srcc
from .datasets import AnchorSource, load_embeddings, load_source
from .demo import DemoReport, run_demo
from .encoders import DEFAULT_ENCODER, ENCODERS, Encoder, EncoderSpec, encode, load_encoder, load_recorded_encoder
from .errors import (
    AggregationError,
    AnchorIndexError,
    DataError,
    EncoderError,
    EvaluationError,
    ImageError,
    QuasarError,
)
from .images import allow_pixels, decode, list_images
from .index import AnchorIndex, BuildReport, Manifest, build_from_embeddings, build_index, nearest
from .prompts import PROMPT_PAIRS, text_anchors
from .scoring import TEMPERATURE, ScoredImage, Scorer, Scores, compare

__all__ = [
    "DEFAULT_ENCODER",
    "ENCODERS",
    "PROMPT_PAIRS",
    "TEMPERATURE",
    "AggregationError",
    "Aggregator",
    "AnchorIndex",
    "AnchorIndexError",
    "AnchorSource",
    "AnchorTable",
    "BuildReport",
    "Centroids",
    "Clustering",
    "DataError",
    "DemoReport",
    "Encoder",
    "EncoderError",
    "EncoderSpec",
    "EvaluationError",
    "ImageError",
    "Manifest",
    "Mean",
    "Offset",
    "QuasarError",
    "Retrieval",
    "ScoredImage",
    "Scorer",
    "Scores",
    "allow_pixels",
    "build_from_embeddings",
    "build_index",
    "compare",
    "correlate",
    "decode",
    "encode",
    "krcc",
    "list_images",
    "load_embeddings",
    "load_encoder",
    "load_recorded_encoder",
    "load_source",
    "make_anchors",
    "nearest",
    "plcc",
    "rmse",
    "run_demo",
    "srcc",
    "text_anchors",
]

__version__: str
