"""Where the user's cache is: embeddings and exported image towers."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "QUASAR_INDEX_CACHE"


def default_cache_folder() -> Path:
    """Return `$QUASAR_INDEX_CACHE`, else `quasar-index` in the user's cache folder."""
    if given := os.environ.get(CACHE_VARIABLE):
        return Path(given).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "quasar-index"
