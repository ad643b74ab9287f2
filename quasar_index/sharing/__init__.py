"""Indexes from elsewhere and for others: downloads, published embeddings, bundles."""

from .archive import Member, list_archive, unpack
from .download import download
from .network import OFFLINE_VARIABLES, is_offline
from .pull import Fetching, Pulled, pull, pull_files

__all__ = [
    "OFFLINE_VARIABLES",
    "Fetching",
    "Member",
    "Pulled",
    "download",
    "is_offline",
    "list_archive",
    "pull",
    "pull_files",
    "unpack",
]
