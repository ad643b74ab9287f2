"""Training-free, prompt-free image quality and aesthetics scores from a searchable index of rated anchor images.

The names of everyday use are here; the others are in the rooms, by subject: `qi.sweep.run_sweep`, `qi.maps.draw_map`.
All are those of the stub `__init__.pyi`, each imported on its first use: importing this package loads neither torch,
FAISS nor LanceDB.
"""

from typing import Any

import lazy_loader as _lazy

# Public without a further import, but `from quasar_index import *` brings no module of such a name as `index`.
_ROOMS = frozenset(
    {
        "checks",
        "datasets",
        "demo",
        "encoders",
        "explorer",
        "frameworks",
        "images",
        "index",
        "learning",
        "maps",
        "methods",
        "picking",
        "pictures",
        "plans",
        "report",
        "reproduction",
        "selection",
        "sharing",
        "statistics",
        "sweep",
        "synthesis",
        "taste",
        "validation",
    }
)

_load, __dir__, _names = _lazy.attach_stub(__name__, __file__)
__all__ = [name for name in _names if name not in _ROOMS]


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name == "__version__":
        from importlib.metadata import version

        return version("quasar-index")
    return _load(name)
