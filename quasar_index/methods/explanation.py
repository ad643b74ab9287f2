"""Why an image has its score: the anchors that made it, each with a weight, and nothing else.

A prototype is `c = sum_i w_i u_i / ||sum_i w_i u_i||` over its members, so a cosine to it is a sum over anchors,
`cos(x, c) = sum_i weight_i cos(x, u_i)` with `weight_i = w_i / ||sum_i w_i u_i||`: similarity_good and similarity_bad,
and with them the score, are rebuilt from similarities and weights alone. Of nearest neighbours the score itself is
`sum_i weight_i y_i`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray, as_embeddings
from ..errors import MethodError, counted
from .centroids import Members, Pooling
from .fitted import FittedMethod
from .knn import Knn
from .method import CentroidMethod

_BLOCK = 32


@dataclass(frozen=True)
class Explanation:
    """The anchors that made the score of one image, those of the good side first, the largest contribution first.

    Attributes:
        rows: (n,) rows of the scorer's anchors.
        is_good: (n,) the side that each counted for; of nearest neighbours, the side that it is on.
        similarity: (n,) float64 cosine to the image, in the space in use.
        weight: (n,) float64, not zero: a side's similarity is the sum of weight times similarity over it; of nearest
            neighbours, the score is the sum of weight times rating.
    """

    rows: IntArray
    is_good: BoolArray
    similarity: DoubleArray
    weight: DoubleArray

    def __len__(self) -> int:
        """Return n."""
        return len(self.rows)


@checked
def explain(fitted: FittedMethod, embeddings: npt.ArrayLike, *, top: int | None = None) -> Iterator[Explanation]:
    """Explain the scores of embeddings.

    Args:
        fitted: What scores them.
        embeddings: (M, D) raw.
        top: At most so many anchors a side, those that contribute most; None for all, which alone rebuild the score.

    Yields:
        M explanations, in order.

    Raises:
        MethodError: When the scores are no sums over anchors (ridge), or `top` is not positive.
        DataError: On a wrong dimension, NaN or zero embeddings.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> anchors = qi.make_anchors(np.eye(4), quality=[1, 2, 3, 4], ids=list("abcd"))
        >>> fitted = qi.Mean(space="raw").fit(anchors)
        >>> [found] = qi.explain(fitted, [[0, 0, 3, 4]], top=1)
        >>> anchors.ids[found.rows].tolist(), found.similarity.round(2).tolist()
        ([b'd', b'a'], [0.8, 0.0])
    """
    if top is not None and top < 1:
        raise MethodError(
            f"{counted(top, 'anchor a side explains', 'anchors a side explain')} nothing", "use at least 1"
        )
    method = fitted.method
    if not isinstance(method, (CentroidMethod, Knn)):
        raise MethodError(
            f"the score of {method.name} is no sum over anchors, so none explain it", "use another method"
        )
    anchors = fitted.table
    directions = fitted.directions(as_embeddings(embeddings, dim=anchors.dim))
    if isinstance(method, Knn):
        for start in range(0, len(directions), _BLOCK):
            neighbors, weights = method.neighbors(anchors, directions[start : start + _BLOCK])
            for rows, cosines, own in zip(neighbors.rows, neighbors.similarity, weights, strict=True):
                parts = [
                    _part(rows[mask], cosines[mask].astype(np.float64), own[mask], is_good, top)
                    for is_good, mask in ((True, rows < anchors.n_good), (False, rows >= anchors.n_good))
                ]
                yield _joined(parts)
        return
    members = fitted.static_members
    static = None if members is None else [_Side(anchors, part) for part in members]
    pooling: Pooling = "nearest" if getattr(method, "prototypes", None) == "nearest" else "mean"
    for start in range(0, len(directions), _BLOCK):
        block = directions[start : start + _BLOCK]
        adaptive = None if static else method.members(anchors, block)
        for place, query in enumerate(block):
            sides = static or [_Side(anchors, _one(part, place)) for part in adaptive or ()]
            yield _joined([_part(*side.explain(query, pooling), side is sides[0], top) for side in sides])


class _Side:
    """The members of one side's prototypes, scaled so that the cosine to a prototype is a sum over them."""

    def __init__(self, anchors: AnchorTable, members: Members) -> None:
        self._anchors = anchors
        counted = members.weights[0] != 0
        self._rows = members.rows[0][counted]
        weights = members.weights[0][counted]
        n = 1 if members.prototype is None else int(members.prototype.max()) + 1
        self._owner = np.zeros(len(weights), np.int64) if members.prototype is None else members.prototype[counted]
        sums = np.zeros((n, anchors.dim))
        for start in range(0, len(weights), _CHUNK):
            rows = slice(start, start + _CHUNK)
            directions = anchors.directions[self._rows[rows]]
            if n == 1:
                sums[0] += weights[rows] @ directions
            else:
                np.add.at(sums, self._owner[rows], weights[rows, None] * directions)
        self._weights = weights / np.linalg.norm(sums, axis=1)[self._owner]
        self._n = n

    def explain(self, query: FloatArray, pooling: Pooling) -> tuple[IntArray, DoubleArray, DoubleArray]:
        """Return rows, cosines and weights for one query."""
        cosines = np.empty(len(self._rows))
        for start in range(0, len(cosines), _CHUNK):
            rows = slice(start, start + _CHUNK)
            cosines[rows] = self._anchors.directions[self._rows[rows]] @ query
        if self._n == 1:
            return self._rows, cosines, self._weights
        if pooling == "mean":
            return self._rows, cosines, self._weights / self._n
        nearest = int(np.argmax(np.bincount(self._owner, self._weights * cosines, self._n)))
        kept = self._owner == nearest
        return self._rows[kept], cosines[kept], self._weights[kept]


_CHUNK = 16384


def _one(members: Members, place: int) -> Members:
    """Return the members of one query."""
    return Members(members.rows[place : place + 1], members.weights[place : place + 1], members.prototype)


def _part(
    rows: IntArray, cosines: DoubleArray, weights: DoubleArray, is_good: bool, top: int | None
) -> tuple[IntArray, BoolArray, DoubleArray, DoubleArray]:
    """Sort the anchors of a side by contribution, and keep the first."""
    counted = np.flatnonzero(weights)
    order = counted[np.lexsort((rows[counted], -(weights * np.abs(cosines))[counted]))][:top]
    return rows[order], np.full(len(order), is_good), cosines[order], weights[order]


def _joined(parts: list[tuple[IntArray, BoolArray, DoubleArray, DoubleArray]]) -> Explanation:
    return Explanation(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
