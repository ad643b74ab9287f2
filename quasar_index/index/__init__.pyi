"""The anchor index: manifest, Lance table, FAISS search; building, changing, exchanging."""

from .anchor_index import AnchorIndex
from .build import BuildReport, build_from_embeddings, build_index, check_build
from .damage import Damage
from .edit import AddReport, RelabelReport, RemoveReport
from .embedded_images import EmbeddedImages, read_embedded_images, write_embedded_images
from .exchange import Export, ExportReport, read_export
from .manifest import Manifest
from .merging import MergeReport, merge
from .notes import read_note, write_note
from .origin import Origin, Provenance, read_origins
from .published import build_published
from .ratings import further_rating, rating_records, raw_scores
from .records import Approximation, EmbeddingRecord, RatingRecord, Shard, SourceRecord, Subset
from .search import Neighbors, nearest
from .selecting import select_into
from .tags import TagReport, Tags
from .terms import Terms, terms_of, write_terms
from .verify import VerifyReport
from .versions import CompactReport, RestoreReport, Version

__all__ = [
    "AddReport",
    "AnchorIndex",
    "Approximation",
    "BuildReport",
    "CompactReport",
    "Damage",
    "EmbeddedImages",
    "EmbeddingRecord",
    "Export",
    "ExportReport",
    "Manifest",
    "MergeReport",
    "Neighbors",
    "Origin",
    "Provenance",
    "RatingRecord",
    "RelabelReport",
    "RemoveReport",
    "RestoreReport",
    "Shard",
    "SourceRecord",
    "Subset",
    "TagReport",
    "Tags",
    "Terms",
    "VerifyReport",
    "Version",
    "build_from_embeddings",
    "build_index",
    "build_published",
    "check_build",
    "further_rating",
    "merge",
    "nearest",
    "rating_records",
    "raw_scores",
    "read_embedded_images",
    "read_export",
    "read_note",
    "read_origins",
    "select_into",
    "terms_of",
    "write_embedded_images",
    "write_note",
    "write_terms",
]
