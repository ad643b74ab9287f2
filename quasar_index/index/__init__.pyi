"""The anchor index: manifest, Lance table, FAISS search; building, changing, exchanging."""

from .anchor_index import AnchorIndex
from .build import (
    BuildReport,
    build_from_embeddings,
    build_index,
    check_build,
)
from .damage import Damage
from .edit import AddReport, RelabelReport, RemoveReport, add, add_embeddings, relabel, remove
from .exchange import Export, ExportReport, export, read_export
from .manifest import Approximation, Manifest, SourceRecord, Subset
from .merging import MergeReport, merge
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
    "Export",
    "ExportReport",
    "Manifest",
    "MergeReport",
    "Neighbors",
    "RelabelReport",
    "RemoveReport",
    "RestoreReport",
    "SourceRecord",
    "Subset",
    "TagReport",
    "VerifyReport",
    "Version",
    "add",
    "add_embeddings",
    "build_from_embeddings",
    "build_index",
    "check_build",
    "compact",
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
