"""Indexes from elsewhere and for others: downloads, published embeddings, bundles."""

from .archive import list_archive, unpack
from .download import download
from .network import OFFLINE_VARIABLES, is_offline

__all__ = ["OFFLINE_VARIABLES", "download", "is_offline", "list_archive", "unpack"]
