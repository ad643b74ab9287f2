"""Image encoders: specs, the registry, loading, embedding.

Its names are those of the stub beside this file, loaded when they are used: reading a spec needs no NumPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
