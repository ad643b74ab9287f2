"""A matrix in parts: the directions of an index of several tables, each an array of its own; they are never joined.

Its rows are numbered as those of one matrix would be, and each part holds some of them, in ascending order. So a run of
rows is a run of each part, a sum over rows is a sum of the parts' sums, and the nearest rows are the best of each
part's nearest. What works on one array and on parts takes `Vectors`; `np.asarray` joins parts, for what needs one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from .arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Parts(np.lib.mixins.NDArrayOperatorsMixin):
    """A (N, D) float32 matrix in parts.

    What most work on a matrix needs is done part by part: runs of rows (which are parts again), some rows (which are
    one array), products with vectors and matrices, and sums over all rows. Whatever else NumPy is asked for joins them.

    Attributes:
        arrays: P arrays, (n_p, D) each, none of them empty.
        rows: For each, the (n_p,) rows that it holds, ascending; counted from `first`. Every row is in one part.
        first: What the number of row 0 is in `rows`.
        dim: D.
    """

    arrays: tuple[FloatArray, ...]
    rows: tuple[IntArray, ...]
    dim: int
    first: int = 0

    dtype = np.dtype(np.float32)
    ndim = 2

    def __len__(self) -> int:
        """Return N."""
        return sum(map(len, self.arrays))

    def __repr__(self) -> str:
        """Say what it is."""
        return f"{type(self).__name__}({len(self)} x {self.dim} in {len(self.arrays)})"

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""
        return len(self), self.dim

    @property
    def nbytes(self) -> int:
        """Bytes of all parts."""
        return sum(array.nbytes for array in self.arrays)

    @cached_property
    def _place(self) -> tuple[npt.NDArray[np.int32], IntArray]:
        """Return the part that each row is in, and its row there."""
        part, place = np.empty(len(self), dtype=np.int32), np.empty(len(self), dtype=np.int64)
        for number, (rows, array) in enumerate(self.pieces()):
            part[rows], place[rows] = number, np.arange(len(array))
        return part, place

    def pieces(self) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield the rows of each part, counted from 0, and its array."""
        for rows, array in zip(self.rows, self.arrays, strict=True):
            yield rows - self.first if self.first else rows, array

    def within(self, rows: slice) -> Iterator[tuple[FloatArray, slice, IntArray]]:
        """Yield each part that has some of a run of rows: its array, the run of it, and which rows these are.

        As in `rows`, they are counted from `first`.
        """
        start, stop, _ = rows.indices(len(self))
        for own, array in zip(self.rows, self.arrays, strict=True):
            low, high = np.searchsorted(own, (start + self.first, stop + self.first)).tolist()
            if low < high:
                yield array, slice(low, high), own[low:high]

    @overload
    def __getitem__(self, rows: slice) -> Parts: ...

    @overload
    def __getitem__(self, rows: int | IntArray | BoolArray) -> FloatArray: ...

    def __getitem__(self, rows: int | slice | IntArray | BoolArray) -> Parts | FloatArray:
        """Return a run of rows as parts; rows by number, or by a mask (N,), as one array."""
        if isinstance(rows, slice):
            start, _, step = rows.indices(len(self))
            if step != 1:
                raise IndexError("a run of rows in parts goes up one by one")
            found = list(self.within(rows))
            arrays = tuple(array[run] for array, run, _ in found)
            return Parts(arrays, tuple(own for *_, own in found), self.dim, self.first + start)
        chosen = np.asarray(rows)
        chosen = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64, copy=False)
        part, place = self._place
        part, place = part[chosen], place[chosen]
        made = np.empty((*chosen.shape, self.dim), dtype=np.float32)
        for number, array in enumerate(self.arrays):
            made[part == number] = array[place[part == number]]
        return made

    def take(self, rows: IntArray) -> Parts:
        """Return some rows, in their order, each in the part that it was in.

        Args:
            rows: (n,) row numbers.
        """
        part, place = (values[rows] for values in self._place)
        kept = [(array, np.flatnonzero(part == number)) for number, array in enumerate(self.arrays)]
        arrays = tuple(array[place[own]] for array, own in kept if len(own))
        return Parts(arrays, tuple(own for _, own in kept if len(own)), self.dim)

    def split(self, rows: IntArray) -> list[tuple[FloatArray, IntArray, BoolArray]]:
        """Say which of some rows each part holds.

        Args:
            rows: Row numbers, of any shape; those below 0 are in no part.

        Returns:
            For each part its array, the rows there (0 where it is not there), and where it is.
        """
        part, place = (values[rows] for values in self._place)
        part = np.where(rows < 0, -1, part)
        return [(array, np.where(part == number, place, 0), part == number) for number, array in enumerate(self.arrays)]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Join the parts to one (N, D) array."""
        if copy is False:
            raise ValueError("parts cannot be one array without a copy")
        made = np.empty(self.shape, dtype=dtype or np.float32)
        for rows, array in self.pieces():
            made[rows] = array
        return made

    def __array_ufunc__(self, function: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        """Multiply by parts; join them for everything else."""
        if function is np.matmul and method == "__call__" and not options:
            first, second = inputs
            return first._times(second) if isinstance(first, Parts) else second._weighted(first)
        joined = [np.asarray(one) if isinstance(one, Parts) else one for one in inputs]
        return getattr(function, method)(*joined, **options)

    @property
    def T(self) -> FloatArray:  # noqa: N802 - as NumPy has it
        """(D, N), joined."""
        return np.transpose(one_array(self))

    def astype(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return them joined, as one array of another type."""
        return self.__array__(dtype)

    def sum(self, axis: Literal[0] = 0, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
        """Return the (D,) sum of all rows."""
        return np.asarray(sum((array.sum(axis=axis, dtype=dtype) for array in self.arrays), np.zeros(self.dim, dtype)))

    def _times(self, other: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Multiply each row: (N, D) @ (D,) or (D, K)."""
        made = np.empty((len(self), *other.shape[1:]), dtype=np.result_type(np.float32, other))
        for rows, array in self.pieces():
            made[rows] = array @ other
        return made

    def _weighted(self, weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Sum weighted rows: (N,) or (M, N) @ (N, D)."""
        made = np.zeros((*weights.shape[:-1], self.dim), dtype=np.result_type(np.float32, weights))
        for rows, array in self.pieces():
            made += weights[..., rows] @ array
        return made

    def products(self, queries: FloatArray) -> FloatArray:
        """Return the products of (M, D) queries with all rows, (M, N): `queries @ parts.T`."""
        made = np.empty((len(queries), len(self)), dtype=np.float32)
        for rows, array in self.pieces():
            made[:, rows] = queries @ array.T
        return made


Vectors: TypeAlias = FloatArray | Parts
"""(N, D) float32: one array, or several that hold the rows between them."""


def in_pieces(vectors: Vectors, size: int) -> Iterator[tuple[IntArray | slice, FloatArray]]:
    """Yield all rows, some thousands at a time, each piece an array: of one array in order, of parts part by part.

    Args:
        vectors: (N, D).
        size: Most rows of a piece.

    Yields:
        Which rows they are, counted from 0, and (n, D).
    """
    if not isinstance(vectors, Parts):
        for start in range(0, len(vectors), size):
            yield slice(start, start + size), vectors[start : start + size]
        return
    for rows, array in vectors.pieces():
        for start in range(0, len(array), size):
            yield rows[start : start + size], array[start : start + size]


def arrays_of(vectors: Vectors) -> Sequence[FloatArray]:
    """Return the arrays that hold the rows: one, or one a part."""
    return vectors.arrays if isinstance(vectors, Parts) else [vectors]


def chosen_rows(vectors: Vectors, rows: IntArray) -> Vectors:
    """Return (n,) rows of one array as an array, of parts as parts."""
    return vectors.take(rows) if isinstance(vectors, Parts) else vectors[rows]


def all_products(queries: FloatArray, vectors: Vectors) -> FloatArray:
    """Return the (M, N) products of queries with all rows."""
    return vectors.products(queries) if isinstance(vectors, Parts) else np.asarray(queries @ vectors.T)


def one_array(vectors: Vectors) -> FloatArray:
    """Return them as one array, without a copy where they are one; for what cannot work on parts."""
    return np.asarray(vectors, dtype=np.float32)
