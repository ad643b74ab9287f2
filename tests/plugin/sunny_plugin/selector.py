"""The first anchors of each side."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class First:
    """The first anchors of each side."""

    def select(self, anchors, n_good, n_bad, *, on_progress=None):
        return np.concatenate([np.arange(n_good), anchors.n_good + np.arange(n_bad)])
