"""The anchor index: manifest, Lance table, FAISS search; building, changing, exchanging."""

from .anchor_index import AnchorIndex
from .attaching import attach_embedding, detach_embedding
from .build import (
    BuildReport,
    build_from_embeddings,
    build_index,
    check_build,
)
from .damage import Damage
from .edit import AddReport, RelabelReport, RemoveReport, add, add_embeddings, relabel, remove
from .exchange import Export, ExportReport, export, read_export
from .manifest import Manifest
from .merging import MergeReport, merge
from .records import Approximation, EmbeddingRecord, RatingRecord, Shard, SourceRecord, Subset
from .search import Neighbors, nearest
from .selecting import select_into
from .verify import VerifyReport, verify
from .versions import (
    CompactReport,
    RestoreReport,
    TagReport,
    Version,
    compact,
    history,
    restore,
    tag,
    untag,
)

__all__ = [
    "AddReport",
    "AnchorIndex",
    "Approximation",
    "BuildReport",
    "CompactReport",
    "Damage",
    "EmbeddingRecord",
    "Export",
    "ExportReport",
    "Manifest",
    "MergeReport",
    "Neighbors",
    "RatingRecord",
    "RelabelReport",
    "RemoveReport",
    "RestoreReport",
    "Shard",
    "SourceRecord",
    "Subset",
    "TagReport",
    "VerifyReport",
    "Version",
    "add",
    "add_embeddings",
    "attach_embedding",
    "build_from_embeddings",
    "build_index",
    "check_build",
    "compact",
    "detach_embedding",
    "export",
    "history",
    "merge",
    "nearest",
    "read_export",
    "relabel",
    "remove",
    "restore",
    "select_into",
    "tag",
    "untag",
    "verify",
]
