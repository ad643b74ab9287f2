"""Training-free, prompt-free image quality and aesthetics scores from a searchable index of rated anchor images.

The public names are those of the stub `__init__.pyi`, each imported on its first use: importing this package loads
neither torch, FAISS nor LanceDB.
"""

from importlib.metadata import version as _version

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)

__version__ = _version("quasar-index")
