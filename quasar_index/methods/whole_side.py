"""All anchors of a side, softly weighted by their similarity to each query: `sum_i w_i exp(s_i / t) x_i`.

A side of many anchors is summed to first order in the similarity, with the nearest few exact (see `retrieval`): the
sums over the side, `sum_i w_i x_i` and `sum_i w_i x_i x_i^T`, are made once, whatever the queries.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable, Side
from ..arrays import DoubleArray, FloatArray, IntArray, as_tensor
from ..index.search import Neighbors, cosines_to, nearest
from ..parts import Parts, Vectors, in_pieces
from .centroids import Members
from .moments import CHUNK

MOST_EXACT = 1 << 23
"""Numbers of the embeddings of a side up to which all similarities are computed (8192 anchors of 1024-d)."""
LEAST_TEMPERATURE = 0.1
"""Below it the exponential is no first order but for the nearest few: then all is computed, in twice the time."""
_VALUES = 1 << 26
"""Similarities that are held at a time."""
N_NEAREST = 64
"""Of a larger side, the anchors whose weights are exact."""


@dataclass(frozen=True)
class WholeSide:
    """One side, weighted for M queries.

    Attributes:
        anchors: N anchors, in the space in use.
        side: Which side: n anchors.
        queries: (M, D) float32 of length one.
        factors: (n,) float32 weights by rating and length, w.
        temperature: t > 0.
        of: What the factors are made of, to keep sums by.
    """

    anchors: AnchorTable
    side: Side
    queries: FloatArray
    factors: FloatArray
    temperature: float
    of: str

    @property
    def _rows(self) -> slice:
        return self.anchors.side(self.side)

    @property
    def _is_exact(self) -> bool:
        return len(self.factors) * self.anchors.dim <= MOST_EXACT or self.temperature < LEAST_TEMPERATURE

    def sums(self) -> FloatArray:
        """Return the (M, D) float32 weighted sums, up to a positive factor."""
        if self._is_exact:
            step = max(1, _VALUES // len(self.factors))
            directions = self.anchors.directions[self._rows]
            blocks = [self.queries[start : start + step] for start in range(0, len(self.queries), step)]
            return np.concatenate([self._exact_weights(block) @ directions for block in blocks])
        total, products = self._moments
        near, beyond = self._nearest()
        constant = (1 - self._middle / self.temperature)[:, None]
        linear = constant * total + self.queries.astype(np.float64) @ products / self.temperature
        return np.asarray(linear + weighted_sums(self.anchors.directions, near.rows, beyond), dtype=np.float32)

    def members(self) -> Members:
        """Return the anchors with the weights that `sums` gives them."""
        rows = np.broadcast_to(np.arange(self._rows.start, self._rows.stop), (len(self.queries), len(self.factors)))
        if self._is_exact:
            return Members(rows, self._exact_weights(self.queries).astype(np.float64))
        similarities = self._similarities(self.queries).astype(np.float64)
        weights = self.factors * (1 + (similarities - self._middle[:, None]) / self.temperature)
        near, beyond = self._nearest()
        np.add.at(weights, (np.arange(len(weights))[:, None], near.rows - self._rows.start), beyond)
        return Members(rows, weights)

    def _similarities(self, queries: FloatArray) -> FloatArray:
        return cosines_to(self.anchors, queries, self._rows)

    def _exact_weights(self, queries: FloatArray) -> FloatArray:
        """Return (M, n) float32 weights; the largest exponential of a query is one."""
        similarities = self._similarities(queries)
        logits = similarities - similarities.max(axis=1, keepdims=True)
        logits /= self.temperature
        return np.asarray(np.exp(logits, out=logits) * self.factors)

    def _nearest(self) -> tuple[Neighbors, DoubleArray]:
        """Return the nearest anchors, and (M, k) what they add to the first order."""
        near = nearest(self.anchors, self.queries, N_NEAREST, side=self.side)
        ratio = (near.similarity - self._middle[:, None]) / self.temperature
        return near, self.factors[near.rows - self._rows.start] * (np.exp(ratio) - 1 - ratio)

    @cached_property
    def _middle(self) -> DoubleArray:
        """(M,) weighted mean of the similarities, around which the exponential is developed; it changes no ratio."""
        return np.asarray(self.queries @ self._moments[0] / self.factors.sum(dtype=np.float64))

    @cached_property
    def _moments(self) -> tuple[DoubleArray, DoubleArray]:
        """Return sum_i w_i x_i (D,) and sum_i w_i x_i x_i^T (D, D)."""
        kept = self.anchors.once(f"sums of the {self.side} side {self.of}", self._summed)
        return kept["total"], kept["products"]

    def _summed(self) -> dict[str, DoubleArray]:
        total, products = np.zeros(self.anchors.dim), np.zeros((self.anchors.dim, self.anchors.dim))
        for rows, part in in_pieces(self.anchors.directions[self._rows], CHUNK):
            weighted = self.factors[rows, None] * part
            total += weighted.sum(axis=0, dtype=np.float64)
            products += weighted.T @ part
        return {"total": total, "products": products}


def weighted_sums(directions: Vectors, rows: IntArray, weights: DoubleArray) -> FloatArray:
    """Sum weighted rows of a matrix for each query without gathering them first.

    Args:
        directions: (N, D) float32.
        rows: (M, k) row numbers.
        weights: (M, k).

    Returns:
        (M, D) float32: `sum_j weights[m, j] * directions[rows[m, j]]`.
    """
    if isinstance(directions, Parts):
        total = np.zeros((len(rows), directions.dim), dtype=np.float32)
        for array, place, here in directions.split(rows):
            starts = np.concatenate([[0], np.cumsum(here.sum(axis=1))])
            total += _weighted_sums(array, place[here], weights[here], starts)
        return total
    starts = np.arange(0, rows.size + 1, max(1, rows.shape[1]))
    return _weighted_sums(directions, rows.ravel(), weights.ravel(), starts)


def _weighted_sums(directions: FloatArray, rows: IntArray, weights: DoubleArray, starts: IntArray) -> FloatArray:
    """Sum runs of weighted rows, each from one of (M + 1,) starts to the next: (M, D)."""
    weights = weights.astype(np.float32)
    if "torch" not in sys.modules:  # twice as slow, and a second sooner than loading it
        chosen = scipy.sparse.csr_array((weights, rows, starts), shape=(len(starts) - 1, len(directions)))
        return np.asarray(chosen @ directions)
    import torch

    with torch.inference_mode():
        summed = torch.nn.functional.embedding_bag(
            torch.from_numpy(np.require(rows, requirements=["C", "W"])),
            as_tensor(directions),
            torch.from_numpy(starts[:-1]),
            per_sample_weights=torch.from_numpy(weights),
            mode="sum",
        )
        return summed.numpy()
