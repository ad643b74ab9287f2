"""The inverted lists of one side: of an index of several tables each table has its own.

Each is searched by its codes; the best candidates of all of them by these are compared exactly, and the nearest are
what is found. So parts cost what one set of lists costs that looks into as many lists in all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..anchors import Side
from ..arrays import FloatArray
from ..fits import Fits
from ..parts import Vectors, arrays_of, in_pieces
from .inverted_lists import InvertedLists, default_n_lists, exact_cosines, nearest_of
from .search import Neighbors, search

_QUERIES = 1024
_CANDIDATES = 2
"""Candidates of all parts together, for each that is compared exactly."""


@dataclass(frozen=True)
class SideLists:
    """Lists over the vectors of a side, which are given anew at each search and never copied.

    Attributes:
        parts: The lists of each array that holds the vectors.
    """

    parts: tuple[InvertedLists, ...]

    @property
    def n_lists(self) -> int:
        """Number of lists of all parts."""
        return sum(part.n_lists for part in self.parts)

    @property
    def factory(self) -> str:
        """What FAISS calls such an index; of several parts with the number of all lists."""
        first = self.parts[0]
        if len(self.parts) == 1:
            return first.factory
        return f"{replace(first, n_lists=self.n_lists).factory} in {len(self.parts)} tables"

    @classmethod
    def train(cls, vectors: Vectors, n_lists: int | None = None) -> SideLists:
        """Divide vectors into lists, each part on its own.

        Args:
            vectors: (N, D) of length one; they are read in chunks.
            n_lists: Number of lists of all parts; None for the default of each.
        """
        arrays = arrays_of(vectors)
        usual = [default_n_lists(len(array)) for array in arrays]
        shares = [1.0 if n_lists is None else n_lists / sum(usual)] * len(arrays)
        return cls(
            tuple(
                InvertedLists.train(array, max(1, min(round(share * n), len(array))))
                for array, n, share in zip(arrays, usual, shares, strict=True)
            )
        )

    def search(self, queries: FloatArray, vectors: Vectors, k: int, *, n_probe: int, n_ranked: int) -> Neighbors:
        """Find neighbours of queries, k of each; those with fewer candidates are answered exactly.

        Args:
            queries: (M, D) float32 of length one.
            vectors: The (N, D) vectors that the lists were made of.
            k: k <= N.
            n_probe: Lists that a query looks into, in all parts together (but at least one of each).
            n_ranked: Candidates a query whose exact cosines are computed; at least k.

        Returns:
            (M, k) rows of `vectors` and their exact cosines, nearest first.
        """
        found = self.find(queries, vectors, k, n_probe=n_probe, n_ranked=n_ranked)
        if (short := (found.rows < 0).any(axis=1)).any():
            exact = search(queries[short], vectors, k)
            found.rows[short], found.similarity[short] = exact.rows, exact.similarity
        return found

    def find(self, queries: FloatArray, vectors: Vectors, k: int, *, n_probe: int, n_ranked: int) -> Neighbors:
        """Do what `search` does, but leave row -1 and a cosine of minus infinity where there are too few candidates."""
        found = Neighbors(np.empty((len(queries), k), dtype=np.int64), np.empty((len(queries), k), dtype=np.float32))
        for start in range(0, len(queries), _QUERIES):
            some = slice(start, start + _QUERIES)
            one = self._find(np.ascontiguousarray(queries[some]), vectors, k, n_probe, max(n_ranked, k))
            found.rows[some], found.similarity[some] = one.rows, one.similarity
        return found

    def _find(self, queries: FloatArray, vectors: Vectors, k: int, n_probe: int, n_ranked: int) -> Neighbors:
        arrays = arrays_of(vectors)
        if len(arrays) == 1:
            _, rows = self.parts[0].candidates(queries, n_ranked, n_probe)
            return nearest_of(rows, exact_cosines(queries, arrays[0], rows), k)
        # What each part's codes say is of one scale: the best of all parts are ranked, not those of each. None is asked
        # for all of them: candidates cost time, and where one part holds the most, the measured recall asks for more.
        share, most = n_probe / self.n_lists, -(-_CANDIDATES * n_ranked // len(self.parts))
        found = [part.candidates(queries, min(n_ranked, most), math.ceil(share * part.n_lists)) for part in self.parts]
        estimates, places = (np.concatenate(values, axis=1) for values in zip(*found, strict=True))
        owners = np.repeat(np.arange(len(found)), [rows.shape[1] for _, rows in found])
        n = min(n_ranked, estimates.shape[1])
        best = np.argpartition(np.where(places < 0, np.inf, -estimates), n - 1, axis=1)[:, :n]
        owner, place = owners[best], np.take_along_axis(places, best, axis=1)
        rows, cosines = np.full(place.shape, -1), np.full(place.shape, -np.inf, dtype=np.float32)
        for number, (own, array) in enumerate(in_pieces(vectors, len(vectors))):
            here = (owner == number) & (place >= 0)
            rows[here] = np.arange(len(vectors))[own][place[here]]
            cosines = np.maximum(cosines, exact_cosines(queries, array, np.where(here, place, -1)))
        return nearest_of(rows, cosines, k)

    def save(self, fits: Fits, side: Side) -> bool:
        """Keep them; return whether they could be written."""
        for number in range(len(self.parts)):
            fits.hold(self._entry(side, number, len(self.parts)))
        return all(
            fits.save(self._entry(side, number, len(self.parts)), **part.to_arrays())
            for number, part in enumerate(self.parts)
        )

    @classmethod
    def load(cls, fits: Fits, side: Side, vectors: Vectors) -> SideLists | None:
        """Read the lists of vectors; None where some are missing.

        Raises:
            ValueError, KeyError: When they are damaged.
        """
        arrays = arrays_of(vectors)
        entries = [cls._entry(side, number, len(arrays)) for number in range(len(arrays))]
        for entry in entries:
            fits.hold(entry)
        kept = [fits.load(entry) for entry in entries]
        parts = [
            InvertedLists.from_arrays(one, (len(array), array.shape[1]))
            for one, array in zip(kept, arrays, strict=True)
            if one is not None
        ]
        return cls(tuple(parts)) if len(parts) == len(arrays) else None

    @classmethod
    def drop(cls, fits: Fits, side: Side, n_parts: int) -> None:
        """Remove what is kept of the lists of a side in up to so many parts."""
        for n in range(1, n_parts + 1):
            for number in range(n):
                fits.drop(cls._entry(side, number, n))

    @staticmethod
    def _entry(side: Side, number: int, n: int) -> str:
        """Return the name that the lists of a part are kept by (see `Fits`)."""
        return f"inverted lists of the {side} side" + ("" if n == 1 else f", part {number} of {n}")
