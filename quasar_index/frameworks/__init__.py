"""Scores in the shape that other libraries want: a metric as pyiqa's, one of torchmetrics, a scikit-learn estimator.

Its names are those of the stub beside this file, loaded when they are used: torchmetrics need not be installed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
