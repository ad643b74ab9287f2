"""Evaluation: how well scores follow opinion scores, with intervals, several methods on the same images.

No image is ever scored by itself or by another version of itself; `folds.py` sees to that. Its names are those of the
stub beside this file, loaded when they are used: scoring needs no more of it than a method.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
