"""Why an image has its score, as plain data: the anchors that made it, and its curves for the page's sliders."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from ..anchors import SIDES, Side
from ..arrays import FloatArray
from ..cells import as_text
from ..errors import MethodError
from ..index.places import is_shipped
from ..index.search import known_cosines
from ..methods.centroids import Centroids, Members
from ..methods.fitted import compare
from ..methods.mean import Mean
from ..methods.method import CentroidMethod
from ..methods.retrieval import Retrieval
from ..methods.scoring import Scorer
from .curves import Curves
from .photos import plain

if TYPE_CHECKING:
    from ..index.anchor_index import AnchorIndex
    from ..report.labels import AnchorLabels
    from ..validation.calibration import IndexCalibration

N_ANCHORS = 12
"""Anchors a side of an explanation."""
_FEW = 4096
"""Members of a centroid that are summed in no time."""


class InTurns:
    """An encoder that several threads use, one at a time."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def prepare(self, image: Any) -> Any:
        """Apply the input rule."""
        return self._encoder.prepare(image)

    def forward(self, batch: Any) -> Any:
        """Embed a batch."""
        with self._lock:
            return self._encoder.forward(batch)


class Explainer:
    """Explains scores; what all images share is made once, when it is asked for first.

    Args:
        scorer: What scores.
        index: The index of its anchors.
        calibration: Of the index; None for none.
    """

    def __init__(self, scorer: Scorer, index: AnchorIndex, calibration: IndexCalibration | None) -> None:
        self._scorer = scorer
        self._index = index
        self._calibration = calibration
        self._making = threading.Lock()

    def explain(self, embedding: FloatArray) -> dict[str, Any]:
        """Explain the score of one image by its (1, D) raw embedding."""
        fitted, curves = self._scorer.fitted, self._curves
        query = fitted.directions(embedding)[0]
        # All anchors are read once: of a quarter of a million, each reading takes a tenth of a second.
        with known_cosines(fitted.table, query) as cosines:
            if curves is None:
                drawn, centroids = None, None
                [(score, good, bad, familiarity)] = self._scorer.rows(embedding)
            else:
                centroids = fitted.static_centroids or curves.method.aggregate(fitted.table, query[None])
                drawn = curves.of(query, centroids)
                [(score, good, bad)] = compare(query[None], centroids, temperature=curves.method.temperature).rows()
                [familiarity] = plain(self._scorer.familiarity(embedding))
            anchors = self._made_by(embedding, query, cosines, centroids)
        opinion = low = high = None
        if self._calibration is not None and score is not None:
            opinion, low, high = (float(values[0]) for values in self._calibration.predict([score]))
        return {
            "score": score,
            "familiarity": familiarity,
            "opinion": opinion,
            "low": low,
            "high": high,
            "similarity_good": good,
            "similarity_bad": bad,
            **anchors,
            "anchors_have_pictures": not is_shipped(self._index.path),
            "scale": self._labels.scale,
            "curves": drawn,
        }

    def anchor_file(self, row: int) -> tuple[str, bytes] | None:
        """Return where the file of an anchor was, and its content id; None where it is no file."""
        ids = self._scorer.fitted.anchors.ids
        path = self._labels.path(row) if 0 <= row < len(ids) else None
        # An index of strangers may name addresses, which are not asked.
        return None if path is None or "://" in path else (path, ids[row])

    def prepare(self) -> None:
        """Make what all images share."""
        _ = self._labels
        if self._curves is not None:
            self._curves.prepare()
            _ = self._to_means

    def _made_by(
        self, embedding: FloatArray, query: FloatArray, cosines: FloatArray, centroids: Centroids | None
    ) -> dict[str, Any]:
        """Return the anchors of each side that contribute most, as `explain` names them."""
        fitted, sides = self._scorer.fitted, ("good", "bad")
        method = fitted.method
        if centroids is not None and isinstance(method, (Mean, Retrieval)):
            members = fitted.static_members or method.members(fitted.table, query[None])
            return {
                side: [self._anchor(*one) for one in self._largest(side, own, centroid[0, 0], cosines)]
                for side, own, centroid in zip(SIDES, members, (centroids.good, centroids.bad), strict=True)
            }
        try:
            [found] = fitted.explain(embedding, top=N_ANCHORS)
        except MethodError:  # its score is no sum over anchors
            return {side: [] for side in sides}
        columns = zip(found.rows.tolist(), found.similarity.tolist(), found.weight.tolist(), strict=True)
        made = [self._anchor(*one) for one in columns]
        return {
            side: [one for one, is_good in zip(made, found.is_good, strict=True) if is_good == (side == "good")]
            for side in sides
        }

    def _largest(
        self, side: Side, members: Members, centroid: FloatArray, cosines: FloatArray
    ) -> list[tuple[int, float, float]]:
        """Return row, cosine and weight of the anchors that contribute most to one centroid.

        The weights are divided by the length of the members' sum. Of many members it is not summed again: with any
        vector p, here the mean of the side, it is `sum_i w_i (u_i . p) / (c . p)`.
        """
        table = self._scorer.fitted.table
        rows, weights = members.rows[0], members.weights[0]
        if len(rows) <= _FEW:
            length = float(np.linalg.norm(weights @ table.directions[rows].astype(np.float64)))
        else:
            mean, to_mean = self._to_means[side]
            length = float(weights @ to_mean[rows]) / float(centroid @ mean)
        contribution = weights * np.abs(cosines[rows])
        kept = np.argpartition(-contribution, min(N_ANCHORS, len(rows)) - 1)[:N_ANCHORS]
        kept = kept[(weights[kept] != 0)]
        kept = kept[np.lexsort((rows[kept], -contribution[kept]))]
        return list(
            zip(rows[kept].tolist(), cosines[rows[kept]].tolist(), (weights[kept] / length).tolist(), strict=True)
        )

    def _anchor(self, row: int, cosine: float, weight: float) -> dict[str, Any]:
        file = self.anchor_file(row)
        name = self._labels.path(row) or self._scorer.fitted.table.ids[row].decode()
        [rating] = plain(self._labels.ratings[row : row + 1])
        return {
            "anchor": row,
            "name": as_text(PurePath(name).name),
            "weight": round(weight, 7),
            "cosine": round(cosine, 7),
            "rating": rating,
            "picture": file is not None and os.path.isfile(file[0]),  # noqa: PTH113 - no error for odd names
        }

    @cached_property
    def _to_means(self) -> dict[Side, tuple[FloatArray, FloatArray]]:
        """The mean of each side, and the (N,) cosines of all anchors to it."""
        curves, table = self._curves, self._scorer.fitted.table
        assert curves is not None  # noqa: S101 - for the type checker
        return {side: (mean, table.directions @ mean) for side, mean in curves.means.items()}

    @property
    def _labels(self) -> AnchorLabels:
        with self._making:
            return self._read_labels

    @cached_property
    def _read_labels(self) -> AnchorLabels:
        from ..report.labels import AnchorLabels

        return AnchorLabels.of(self._scorer.fitted.anchors, self._index)

    @property
    def _curves(self) -> Curves | None:
        with self._making:
            return self._made_curves

    @cached_property
    def _made_curves(self) -> Curves | None:
        fitted = self._scorer.fitted
        return Curves(fitted) if isinstance(fitted.method, CentroidMethod) else None
