"""How many threads linear algebra gets: one where the work is small, for there threads cost more than they save."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from .forks import compute_alone, is_forked

SMALL = 1 << 31
"""Multiplications of one step, up to which one thread is faster than two (half a second's work of one core)."""

_IMPORTING = threading.RLock()


@contextmanager
def import_alone() -> Iterator[None]:
    """Let one thread at a time import scikit-learn in here: two find each other's modules half made.

    Its modules import each other in circles, which Python lets two threads enter from two ends.
    """
    with _IMPORTING:
        yield


def n_cores() -> int:
    """Return how many threads a network gets: `$OMP_NUM_THREADS`, else one a core; a forked process gets one."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    if is_forked():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def threads_for(*sizes: int) -> Iterator[None]:
    """Let linear algebra (BLAS, OpenMP) use one thread in here if a step has few multiplications.

    On a machine that does other work, too, the threads of a small product wait for each other longer than they work.

    Args:
        sizes: Their product is the multiplications of the largest step, such as N, D and min(N, D) of a covariance.
    """
    compute_alone()
    if math.prod(sizes) > SMALL:
        yield
        return
    with _controller("faiss" in sys.modules, "torch" in sys.modules).limit(limits=1):
        yield


@lru_cache(maxsize=4)
def _controller(_faiss: bool, _torch: bool) -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
