"""Processes that were forked from one that had computed: `os.fork`, `multiprocessing` by fork, torch's DataLoader.

A forked process has one thread, whatever its parent had. OpenMP (FAISS, PyTorch, scikit-learn) does not know: it waits
for ever for the parent's threads. With one thread it needs none of them, so that is what the forked process gets.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from typing import Any

_PARENT = os.getpid()
_alone: set[int] = set()


def is_forked() -> bool:
    """Whether this process was forked after the package was loaded."""
    return os.getpid() != _PARENT


def compute_alone() -> None:
    """In a forked process, let OpenMP use one thread; whatever computes calls it first. Elsewhere nothing changes."""
    if os.getpid() == _PARENT or os.getpid() in _alone or threading.current_thread() is not threading.main_thread():
        return  # threads that the forked process has made itself have OpenMP threads of their own
    _alone.add(os.getpid())
    from threadpoolctl import ThreadpoolController

    ThreadpoolController().limit(limits=1, user_api="openmp")
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


def leave(thing: Any) -> None:
    """In a forked process, never end something of its parent's: ending it may wait for the parent's threads."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
