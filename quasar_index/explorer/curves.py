"""The score of one image for every parameter at once, so that sliders move in the browser without asking again.

A score is `sigmoid((good - bad) / T)` of the cosines to two centroids, so the cosines are all that is sent:

- retrieval: the centroid of the k nearest of a side, weighted as the method does, for every k up to 1024. With w_i the
  weights and s_i the cosines, nearest first, `cos(q, c_k) = sum_{i<=k} w_i s_i / |sum_{i<=k} w_i u_i|`.
- offset: the centroids of some 200 offsets, which are the same for all images and made once.
- mean: two cosines. A blend b of a retrieved centroid c with the mean m has the cosine
  `(b cos(q, c) + (1 - b) cos(q, m)) / |b c + (1 - b) m|`, for which `cos(c, m)` is sent, too.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..anchors import SIDES, Side
from ..arrays import DoubleArray, FloatArray, unit
from ..errors import MethodError
from ..index.search import nearest
from ..methods.centroids import Centroids, side_weights
from ..methods.fitted import FittedMethod
from ..methods.mean import Mean
from ..methods.method import CentroidMethod, Method
from ..methods.offset import Offset
from ..methods.retrieval import Retrieval

MOST = 1024
"""Largest k."""
STEPS = 200
_DIGITS = 7
_CHUNK = 4096
_STAND_IN = 987_654_321
"""A number that no parameter has, where a text is made with a place for it."""


def related(method: CentroidMethod, kind: type[CentroidMethod], **parameters: Any) -> CentroidMethod:
    """Return a method of another kind that shares all that both have, such as space and temperature."""
    shared = {one.name for one in fields(CentroidMethod)}
    if isinstance(method, Retrieval) and kind is Retrieval:
        shared |= {"similarity_temperature"}
    return kind(**{name: getattr(method, name) for name in shared} | parameters)


class Curves:
    """Curves of one fitted method.

    Args:
        fitted: What scores; its method compares centroids.
    """

    def __init__(self, fitted: FittedMethod) -> None:
        if not isinstance(fitted.method, CentroidMethod):
            raise MethodError(f"{fitted.method.name} compares no centroids", "use another method")
        self.method: CentroidMethod = fitted.method
        self._fitted = fitted
        self._table = fitted.table
        self._weights = self.method.rating_weights(self._table)

    def of(self, query: FloatArray, centroids: Centroids | None = None) -> dict[str, Any]:
        """Return the curves of one image.

        Args:
            query: (D,) its direction in the space in use (`FittedMethod.directions`).
            centroids: Those that the method in force compares it with, where they are known.

        Returns:
            Plain lists and numbers: "method", "temperature", and cosines in [-1, 1] by side: "mean"; "whole" (retrieval
            without a k); "top_k" for each "k"; "offset" for each "offset", None without ratings; with `SIDE_to_mean`.
        """
        mean = {side: float(query @ self.means[side]) for side in SIDES}
        return {
            "method": str(self.method),
            "temperature": self.method.temperature,
            "mean": {side: round(value, _DIGITS) for side, value in mean.items()},
            "top_k": self._top_k(query),
            "whole": self._whole(query, centroids),
            "offset": self._offset(query),
        }

    def prepare(self) -> None:
        """Make what all images share."""
        _ = self.means, self._offsets

    @cached_property
    def means(self) -> dict[Side, FloatArray]:
        """The (D,) mean of each side, as `Mean` makes it."""
        made = related(self.method, Mean).aggregate(self._table)
        return {"good": made.good[0, 0], "bad": made.bad[0, 0]}

    def _top_k(self, query: FloatArray) -> dict[str, Any]:
        """Return the cosines for every k; of a side with fewer anchors, that of all of them goes on."""
        n = min(MOST, max(self._table.n_good, self._table.n_bad))
        found: dict[str, Any] = {"k": list(range(1, n + 1))}
        for side in SIDES:
            cosine, to_mean = self._for_every_k(query, side)
            for name, values in ((side, cosine), (f"{side}_to_mean", to_mean)):
                found[name] = _rounded(np.pad(values, (0, n - len(values)), mode="edge"))
        return found

    def _for_every_k(self, query: FloatArray, side: Side) -> tuple[DoubleArray, DoubleArray]:
        table, mean = self._table, self.means[side]
        near = nearest(table, query[None], min(MOST, table.n_good if side == "good" else table.n_bad), side=side)
        rows, similarity = near.rows[0], near.similarity[0].astype(np.float64)
        directions = table.directions[rows]
        weights = np.ones(len(rows))
        if isinstance(self.method, Retrieval) and self.method.similarity_temperature is not None:
            weights = np.exp((similarity - similarity.max()) / self.method.similarity_temperature)
        if not self.method.normalize_anchors:
            weights = weights * table.norms[rows]
        rated = weights if self._weights is None else weights * self._weights[rows]
        cosines = (similarity, (directions @ mean).astype(np.float64))
        found = _cumulative(directions, rated, cosines)
        # Neighbours that all lie at the median weigh nothing: then the other weights decide, as in `Retrieval`.
        if n_without := int(np.count_nonzero(np.cumsum(rated) == 0)):
            first = slice(0, n_without)
            instead = _cumulative(directions[first], weights[first], (cosines[0][first], cosines[1][first]))
            found = tuple(np.concatenate([new, old[n_without:]]) for new, old in zip(instead, found, strict=True))
        return found[0], found[1]

    def _whole(self, query: FloatArray, centroids: Centroids | None) -> dict[str, Any]:
        """Return the cosines to whole sides that are weighted by similarity: retrieval without a k."""
        whole = related(self.method, Retrieval)
        made = centroids if centroids and whole == self.method else whole.aggregate(self._table, query[None])
        found: dict[str, float] = {}
        for side, centroid in zip(SIDES, (made.good[0, 0], made.bad[0, 0]), strict=True):
            found[side] = float(query @ centroid)
            found[f"{side}_to_mean"] = float(self.means[side] @ centroid)
        return {name: round(value, _DIGITS) for name, value in found.items()}

    def _offset(self, query: FloatArray) -> dict[str, Any] | None:
        """Return the cosines for every offset; None where anchors have no ratings to order them by."""
        if self._offsets is None:
            return None
        steps, good, bad = self._offsets
        return {
            "offset": [round(step, 4) for step in steps],
            "good": _rounded(good @ query),
            "bad": _rounded(bad @ query),
        }

    @cached_property
    def _offsets(self) -> tuple[list[float], FloatArray, FloatArray] | None:
        """The offsets, and the (n, D) centroids of both sides."""
        table = self._table
        if table.quality is None or np.isnan(table.quality).any():
            return None
        steps = {round(step / STEPS, 4) for step in range(STEPS)}
        if isinstance(self.method, Offset):
            steps.add(self.method.offset)
        kept = [(step, Offset(step).rows(table)) for step in sorted(steps)]
        kept = [(step, rows) for step, rows in kept if all(one.stop > one.start for one in rows)]
        sides = [self._beginnings([rows[place] for _, rows in kept]) for place in range(2)]
        return [step for step, _ in kept], sides[0], sides[1]

    def _beginnings(self, parts: list[slice]) -> FloatArray:
        """Return the (n, D) centroids of runs of rows that all begin at the same one."""
        table, start = self._table, parts[0].start
        ends = sorted({part.stop for part in parts})
        # The first of a side weigh nothing only where all do, and then all weigh the same.
        weights = self._weights if side_weights(self._weights, parts[0]) is not None else None
        total, sums, done = np.zeros(table.dim), {}, start
        for end in ends:
            for first in range(done, end, _CHUNK):
                rows = slice(first, min(first + _CHUNK, end))
                factors = np.ones(rows.stop - rows.start) if weights is None else weights[rows]
                if not self.method.normalize_anchors:
                    factors = factors * table.norms[rows]
                total += factors.astype(np.float32) @ table.directions[rows]
            sums[end], done = total.copy(), end
        return unit(np.stack([sums[part.stop] for part in parts]))


def _cumulative(
    directions: FloatArray, weights: DoubleArray, cosines: tuple[DoubleArray, DoubleArray]
) -> tuple[DoubleArray, ...]:
    """Return the cosines of two vectors to `sum_{i<=k} w_i u_i` for every k, by their cosines to the u_i."""
    # Each running sum lies in a row of the memory: ten times as fast as down the columns.
    sums = np.cumsum(np.ascontiguousarray(directions.T) * weights, axis=1)
    lengths = np.sqrt(np.einsum("dk,dk->k", sums, sums))
    lengths = np.where(lengths > 0, lengths, 1.0)
    return tuple(np.cumsum(weights * own) / lengths for own in cosines)


def _rounded(values: npt.NDArray[Any]) -> list[float]:
    return [round(value, _DIGITS) for value in values.tolist()]


def methods_of_sliders(method: Method) -> dict[str, str]:
    """Return the texts of the methods that sliders go through, with `{k}`, `{offset}` and `{blend}` for their numbers.

    Args:
        method: The method in force.

    Returns:
        By name of the slider; {} for a method that compares no centroids.
    """
    if not isinstance(method, CentroidMethod):
        return {}
    texts = {
        "mean": str(related(method, Mean)),
        "top_k": str(related(method, Retrieval, top_k=_STAND_IN)),
        "top_k_blend": str(related(method, Retrieval, top_k=_STAND_IN, blend=0.123456789)),
        "whole": str(related(method, Retrieval)),
        "whole_blend": str(related(method, Retrieval, blend=0.123456789)),
        "offset": str(related(method, Offset, offset=0.123456789)),
    }
    numbers = {"offset": "{offset}"}
    return {
        name: text.replace(str(_STAND_IN), "{k}").replace("0.123456789", numbers.get(name, "{blend}"))
        for name, text in texts.items()
    }
