"""The public names: this stub is the list that `__init__.py` loads them from. First the rooms, then everyday names."""

from . import checks as checks
from . import datasets as datasets
from . import demo as demo
from . import encoders as encoders
from . import explorer as explorer
from . import frameworks as frameworks
from . import images as images
from . import index as index
from . import learning as learning
from . import maps as maps
from . import methods as methods
from . import picking as picking
from . import pictures as pictures
from . import plans as plans
from . import report as report
from . import reproduction as reproduction
from . import selection as selection
from . import sharing as sharing
from . import statistics as statistics
from . import sweep as sweep
from . import synthesis as synthesis
from . import taste as taste
from . import validation as validation
from .anchors import AnchorTable
from .datasets import DATASETS, AnchorSource, load_embeddings, load_source
from .encoders import (
    DEFAULT_ENCODER,
    ENCODERS,
    EmbeddingCache,
    Encoder,
    EncoderSpec,
    encode,
    load_encoder,
    load_recorded_encoder,
)
from .errors import AnchorIndexError, DataError, EncoderError, ImageError, MethodError, QuasarError, ValidationError
from .frameworks import metric
from .images import allow_pixels, list_images
from .index import AnchorIndex, Manifest, build_from_embeddings, build_index, merge, read_export
from .methods import (
    METHODS,
    Clustering,
    FittedMethod,
    Knn,
    Mean,
    Method,
    Offset,
    Retrieval,
    Ridge,
    ScoredImage,
    Scorer,
    Scores,
    explain,
    read_method,
    read_methods,
    text_anchors,
)
from .own_anchors import make_anchors
from .report import Report
from .selection import SELECTORS, Selector, select_anchors, select_subset
from .statistics import krcc, plcc, rmse, srcc
from .validation import (
    EvaluationReport,
    IndexCalibration,
    RatedImages,
    approximate,
    calibrate,
    choose_space,
    cross_validate,
    cross_validate_images,
    draw_evaluation,
    embed_rated,
    evaluate,
    evaluate_index,
    rated_anchors,
    rated_source,
    read_calibration,
    search_exactly,
)

__all__ = [
    "DATASETS",
    "DEFAULT_ENCODER",
    "ENCODERS",
    "METHODS",
    "SELECTORS",
    "AnchorIndex",
    "AnchorIndexError",
    "AnchorSource",
    "AnchorTable",
    "Clustering",
    "DataError",
    "EmbeddingCache",
    "Encoder",
    "EncoderError",
    "EncoderSpec",
    "EvaluationReport",
    "FittedMethod",
    "ImageError",
    "IndexCalibration",
    "Knn",
    "Manifest",
    "Mean",
    "Method",
    "MethodError",
    "Offset",
    "QuasarError",
    "RatedImages",
    "Report",
    "Retrieval",
    "Ridge",
    "ScoredImage",
    "Scorer",
    "Scores",
    "Selector",
    "ValidationError",
    "allow_pixels",
    "approximate",
    "build_from_embeddings",
    "build_index",
    "calibrate",
    "choose_space",
    "cross_validate",
    "cross_validate_images",
    "draw_evaluation",
    "embed_rated",
    "encode",
    "evaluate",
    "evaluate_index",
    "explain",
    "krcc",
    "list_images",
    "load_embeddings",
    "load_encoder",
    "load_recorded_encoder",
    "load_source",
    "make_anchors",
    "merge",
    "metric",
    "plcc",
    "rated_anchors",
    "rated_source",
    "read_calibration",
    "read_export",
    "read_method",
    "read_methods",
    "rmse",
    "search_exactly",
    "select_anchors",
    "select_subset",
    "srcc",
    "text_anchors",
]

__version__: str
