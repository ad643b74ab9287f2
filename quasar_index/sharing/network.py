"""What this package may ask of the network: nothing at all when the user works offline."""

from __future__ import annotations

import os

OFFLINE_VARIABLES = ("QUASAR_INDEX_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""Environment variables that forbid the network: our own, and those of the Hugging Face hub, which loads weights."""


def is_offline() -> bool:
    """Return whether an environment variable forbids the network (see `OFFLINE_VARIABLES`).

    Example:
        >>> import quasar_index as qi
        >>> qi.sharing.is_offline()
        False
    """
    return any(os.environ.get(name, "").strip().upper() in {"1", "ON", "YES", "TRUE"} for name in OFFLINE_VARIABLES)
