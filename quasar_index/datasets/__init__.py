"""Sources of anchors: published data sets, your own ratings, precomputed embeddings."""

from .base import RECORD_SCHEMA, AnchorSource, Division, ImageSource, Kind, make_records
from .declare import Dataset
from .embeddings import load_embeddings, read_author_embeddings
from .problems import Problem
from .registry import DATASETS
from .sources import collect_source, find_dataset, load_images, load_source

__all__ = [
    "DATASETS",
    "RECORD_SCHEMA",
    "AnchorSource",
    "Dataset",
    "Division",
    "ImageSource",
    "Kind",
    "Problem",
    "collect_source",
    "find_dataset",
    "load_embeddings",
    "load_images",
    "load_source",
    "make_records",
    "read_author_embeddings",
]
