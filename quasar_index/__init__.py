"""Training-free, prompt-free image quality and aesthetics scores from a searchable index of rated anchor images.

The public names are those of the stub `__init__.pyi`, each imported on its first use: importing this package loads
neither torch, FAISS nor LanceDB.
"""

from typing import Any

import lazy_loader as _lazy

_load, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name == "__version__":
        from importlib.metadata import version

        return version("quasar-index")
    return _load(name)
