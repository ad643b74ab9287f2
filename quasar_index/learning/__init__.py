"""Training of encoders without ratings: GRepQ's low and high level (Srinath et al. 2024).

Its names are those of the stub beside this file, loaded when they are used: most of them need PyTorch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
