"""Indexes from elsewhere and for others: downloads, published embeddings, bundles."""

from .network import OFFLINE_VARIABLES, is_offline

__all__ = ["OFFLINE_VARIABLES", "is_offline"]
