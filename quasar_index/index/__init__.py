"""The anchor index: manifest, Lance table, FAISS search; building, changing, exchanging.

Its names are those of the stub beside this file, loaded when they are used: reading a manifest needs no Arrow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
