"""Array types and the checks that every module shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import DataError, counted, first_line

if TYPE_CHECKING:
    import torch

FloatArray: TypeAlias = npt.NDArray[np.float32]
"""float32; embeddings are (n, D)."""
DoubleArray: TypeAlias = npt.NDArray[np.float64]
"""float64; opinion scores and statistics."""
BoolArray: TypeAlias = npt.NDArray[np.bool_]
IntArray: TypeAlias = npt.NDArray[np.int64]
ByteArray: TypeAlias = npt.NDArray[np.uint8]
"""uint8; images are (H, W, 3) RGB."""


def as_embeddings(values: npt.ArrayLike, *, dim: int | None = None, what: str = "embeddings") -> FloatArray:
    """Check a matrix of raw embeddings and return it as C-ordered float32 without a copy where it is so already.

    Args:
        values: (n, D) numbers; a single (D,) vector becomes (1, D).
        dim: D that is expected, or None for any.
        what: Name of the matrix in messages.

    Returns:
        (n, D) float32, finite, no all-zero row.

    Raises:
        DataError: On a wrong shape or dimension, NaN or infinity, or an all-zero row (named by number, from 0).
    """
    try:
        matrix = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} are no matrix ({first_line(error)})", "a numeric (n, D) matrix is needed") from error
    if matrix.ndim == 1:
        matrix = matrix[None, :]
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise DataError(
            f"{what} have shape {matrix.shape} and type {matrix.dtype}", "a numeric (n, D) matrix is needed"
        )
    if dim is not None and matrix.shape[1] != dim:
        raise DataError(f"{what} are {matrix.shape[1]}-d, {dim}-d is needed", "embed with the index's encoder")
    matrix = np.ascontiguousarray(matrix, dtype=np.float32)
    # One pass for both faults: a row's sum of squares is NaN or infinite, or zero.
    squares = np.einsum("nd,nd->n", matrix, matrix)
    for fault, bad in (("NaN or infinite values", ~np.isfinite(squares)), ("only zeros", squares == 0)):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DataError(
                f"row {row} of {what} has {fault} ({counted(int(bad.sum()), 'such row')})", "drop or mend these rows"
            )
    return matrix


def as_numbers(values: object, dtype: npt.DTypeLike, what: str) -> npt.NDArray[Any]:
    """Return numbers as an array.

    Args:
        values: Numbers, nested as an array is.
        dtype: Of the array.
        what: What they are called in messages.

    Raises:
        DataError: When they are no numbers, or rows of different lengths.
    """
    try:
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} are no numbers ({first_line(error)})", "give one number each") from error


def check_vectors(values: object, dim: int, what: str) -> None:
    """Raise a DataError unless an argument is a matrix of vectors, (n, D)."""
    shape = getattr(values, "shape", None)
    if shape is None or len(shape) != 2 or shape[1] != dim:
        raise DataError(f"{what} have shape {shape}", f"give (n, {dim})")


def unit(vectors: npt.ArrayLike) -> FloatArray:
    """Return vectors scaled to length one along the last axis: `v / ||v||`.

    Args:
        vectors: (..., D) numbers.

    Returns:
        (..., D) float32; a vector of zeros, which has no direction, stays one: its cosines are 0.
    """
    matrix = np.asarray(vectors)
    norms = np.linalg.norm(matrix, axis=-1, keepdims=True)
    return np.asarray(matrix / np.where(norms > 0, norms, 1.0), dtype=np.float32)


def as_tensor(matrix: FloatArray) -> torch.Tensor:
    """Share memory with torch, which warns of arrays mapped read-only; nothing may write to the tensor."""
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(matrix)
