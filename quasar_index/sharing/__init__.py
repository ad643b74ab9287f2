"""Indexes from elsewhere and for others: downloads, published embeddings, bundles."""

from .archive import Member, list_archive, unpack
from .bundles import Bundle, install_bundle, read_bundle, write_bundle
from .download import download
from .hub import fetch_from_hub, push_to_hub
from .network import OFFLINE_VARIABLES, is_offline
from .pull import Fetching, Pulled, pull, pull_files
from .pushing import PushReport, push

__all__ = [
    "OFFLINE_VARIABLES",
    "Bundle",
    "Fetching",
    "Member",
    "Pulled",
    "PushReport",
    "download",
    "fetch_from_hub",
    "install_bundle",
    "is_offline",
    "list_archive",
    "pull",
    "pull_files",
    "push",
    "push_to_hub",
    "read_bundle",
    "unpack",
    "write_bundle",
]
