"""Exact search on a GPU, with torch: cosines block by block of anchors, the best k so far merged with each block's.

    best_0 = {};  best_b = top-k of (best_(b-1), Q A_b^T)

A matrix that fits into the card's free memory is uploaded once and stays there as long as its array lives; a larger
one is streamed at each search. The code is the same for every device, so that it is tested on the CPU. It is chosen
where torch is loaded already (as it is where images are embedded), sees a card, and the search is large enough;
`QUASAR_INDEX_SEARCH=cpu` forbids it.
"""

from __future__ import annotations

import logging
import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import FloatArray, IntArray, as_tensor
from ..errors import first_line

if TYPE_CHECKING:
    import torch

VARIABLE = "QUASAR_INDEX_SEARCH"
LEAST_WORK = 10**10
"""Products (M * N * D) from which on an upload pays."""
_BLOCK_BYTES = 1 << 29
_SPARE_BYTES = 3 << 30
_QUERIES = 1024

_log = logging.getLogger(__name__)
_resident: dict[int, tuple[weakref.ref[FloatArray], torch.Tensor]] = {}
_failures: list[str] = []


def search_on_gpu(
    queries: FloatArray, matrix: FloatArray, rows: slice, k: int, *, keep: bool
) -> tuple[IntArray, FloatArray] | None:
    """Search a run of rows of a matrix on the GPU if there is one and it is worth it.

    Args:
        queries: (M, D) float32 of length one.
        matrix: (N, D) float32 of length one.
        rows: The rows to search, n of them.
        k: k <= n.
        keep: Whether the matrix stays as it is and is searched again, so that the card may keep it.

    Returns:
        (M, k) row numbers from `rows.start` = 0 on and their cosines, nearest first; None where the CPU is to do it.
    """
    if (card := _card()) is None:
        return None
    kept = _kept(matrix) is not None
    if not kept and len(queries) * (rows.stop - rows.start) * matrix.shape[1] < LEAST_WORK:
        return None
    try:
        if keep and not kept and matrix.nbytes + _SPARE_BYTES <= _free_bytes(card):
            _upload(matrix, card)
        return top_k(queries, matrix, rows, k, device=card)
    except RuntimeError as error:  # also what torch raises where the card's memory is full
        _failures.append(first_line(error))
        _resident.clear()
        _log.warning("the search on the GPU failed (%s): from here on the CPU searches", _failures[0])
        return None


def top_k(
    queries: FloatArray,
    matrix: FloatArray,
    rows: slice,
    k: int,
    *,
    device: torch.device,
    block_bytes: int = _BLOCK_BYTES,
) -> tuple[IntArray, FloatArray]:
    """Search a run of rows of a matrix exactly (see `search_on_gpu`).

    Args:
        queries: (M, D).
        matrix: (N, D).
        rows: The rows to search.
        k: At most as many as they are.
        device: Where to compute.
        block_bytes: Bound of a block of anchors, and of its cosines with a block of queries.

    Returns:
        (M, k) int64 row numbers from `rows.start` = 0 on, and float32 cosines, nearest first.
    """
    import torch

    found_rows = np.empty((len(queries), k), dtype=np.int64)
    found = np.empty((len(queries), k), dtype=np.float32)
    with torch.inference_mode(), _full_precision(torch):
        for first in range(0, len(queries), _QUERIES):
            some = slice(first, min(first + _QUERIES, len(queries)))
            asked = torch.from_numpy(np.ascontiguousarray(queries[some])).to(device)
            best = torch.empty((len(asked), 0), device=device)
            best_rows = torch.empty((len(asked), 0), dtype=torch.int64, device=device)
            for start, block in _blocks(matrix, rows, device, block_bytes // (4 * max(len(asked), matrix.shape[1]))):
                cosines = asked @ block.T
                near, near_rows = cosines.topk(min(k, len(block)), dim=1)
                merged = torch.cat([best, near], dim=1)
                merged_rows = torch.cat([best_rows, near_rows + start], dim=1)
                best, order = merged.topk(min(k, merged.shape[1]), dim=1)
                best_rows = merged_rows.gather(1, order)
            found[some], found_rows[some] = best.cpu().numpy(), best_rows.cpu().numpy()
    return found_rows, found


def _blocks(matrix: FloatArray, rows: slice, device: torch.device, size: int) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield blocks of the rows on the device, each with the number of its first row from `rows.start` = 0 on."""
    there = _kept(matrix)
    for start in range(rows.start, rows.stop, max(1, size)):
        stop = min(start + max(1, size), rows.stop)
        block = as_tensor(matrix[start:stop]).to(device) if there is None else there[start:stop]
        yield start - rows.start, block


def _card() -> torch.device | None:
    """Return the GPU; None where there is none, it failed, is forbidden, or another process's."""
    torch = sys.modules.get("torch")
    if torch is None or _failures or os.environ.get(VARIABLE, "").lower() == "cpu" or not torch.cuda.is_available():
        return None
    if torch.cuda._is_in_bad_fork():
        return None
    return torch.device("cuda", torch.cuda.current_device())  # type: ignore[no-any-return]


def _free_bytes(card: torch.device) -> int:
    import torch

    return torch.cuda.mem_get_info(card)[0]


def _kept(matrix: FloatArray) -> torch.Tensor | None:
    """Return the matrix on the device; None where it is not there."""
    array, tensor = _resident.get(id(matrix), (None, None))
    return tensor if array is not None and array() is matrix else None


def _upload(matrix: FloatArray, device: torch.device) -> None:
    """Keep a matrix on the device for as long as its array lives."""
    import torch

    tensor = torch.empty(matrix.shape, dtype=torch.float32, device=device)
    step = max(1, _BLOCK_BYTES // max(1, 4 * matrix.shape[1]))
    for start in range(0, len(matrix), step):
        tensor[start : start + step] = as_tensor(matrix[start : start + step])
    key = id(matrix)
    _resident[key] = (weakref.ref(matrix, lambda _: _resident.pop(key, None)), tensor)


@contextmanager
def _full_precision(torch_: object) -> Iterator[None]:
    """Multiply in float32, not in the card's shorter formats (TF32), whatever the program set."""
    before = torch_.get_float32_matmul_precision()  # type: ignore[attr-defined]
    torch_.set_float32_matmul_precision("highest")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch_.set_float32_matmul_precision(before)  # type: ignore[attr-defined]
