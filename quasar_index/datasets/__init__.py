"""Sources of anchors: published data sets, your own ratings, precomputed embeddings."""

from .base import RECORD_SCHEMA, AnchorSource, Division, ImageSource, Kind, make_records
from .declare import Dataset, Labels
from .embeddings import load_embeddings, read_author_embeddings
from .files import Folder
from .image_list import ImageList, find_long_list
from .patches import choose_pristine_patches, ready_patches
from .problems import Problem
from .published import PUBLISHED, TOWERS, PublishedSet, PublishedTower, find_published, parse_file_name
from .published_files import PublishedEmbeddings, PublishedFile, find_published_files, read_published
from .registry import DATASETS
from .sources import collect_source, find_dataset, load_images, load_source
from .spec import Options

__all__ = [
    "DATASETS",
    "PUBLISHED",
    "RECORD_SCHEMA",
    "TOWERS",
    "AnchorSource",
    "Dataset",
    "Division",
    "Folder",
    "ImageList",
    "ImageSource",
    "Kind",
    "Labels",
    "Options",
    "Problem",
    "PublishedEmbeddings",
    "PublishedFile",
    "PublishedSet",
    "PublishedTower",
    "choose_pristine_patches",
    "collect_source",
    "find_dataset",
    "find_long_list",
    "find_published",
    "find_published_files",
    "load_embeddings",
    "load_images",
    "load_source",
    "make_records",
    "parse_file_name",
    "read_author_embeddings",
    "read_published",
    "ready_patches",
]
