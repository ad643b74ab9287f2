"""The rating of the nearest anchor, at least a floor."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import quasar_index as qi


@dataclass(frozen=True)
class Nearest(qi.methods.RatingMethod):
    """The rating of the nearest anchor."""

    when: ClassVar[str] = "in a test"
    floor: float = qi.methods.parameter(0.0, "lowest score", "a number from 0 to 1", lambda value: 0 <= value <= 1)

    def predictor(self, anchors):
        def predict(queries):
            return np.maximum(anchors.quality[(queries @ anchors.directions.T).argmax(axis=1)], self.floor)

        return predict
