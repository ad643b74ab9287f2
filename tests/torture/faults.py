"""Kills, full disks, broken disks and power cuts at any one of the calls that change files (see `faults.c`).

The library is compiled on first use and preloaded into a process that then forks the runs; where there is no C
compiler, or the system is not Linux, kills come by time alone.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
COUNT, KILL, FAIL, FAIL_ONCE = range(4)
ERRNO = {"full disk": errno.ENOSPC, "I/O error": errno.EIO}
_VARIABLE = "LD_PRELOAD"


def preload(folder: Path) -> None:
    """Start this process again with the library, unless it is there or cannot be made."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None or library() is not None:
        return
    made = folder / "faults.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"], check=True)
    environment = {**os.environ, _VARIABLE: str(made), "QUASAR_TORTURE_FOLDER": str(folder)}
    os.execve(sys.executable, [*sys.orig_argv], environment)  # noqa: S606 - this very program


def library() -> ctypes.CDLL | None:
    """Return the library, if this process was started with it."""
    path = os.environ.get(_VARIABLE, "")
    if not path.endswith("faults.so"):
        return None
    found = ctypes.CDLL(path)
    found.faults_count.restype = ctypes.c_long
    found.faults_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int]
    return found


def arm(folder: Path, at: int, action: int, error: int = 0, journal: Path | None = None) -> None:
    """Arm the library in this process.

    Args:
        folder: Calls on files below it count.
        at: Number of the call at which it happens; -1 for never.
        action: What happens.
        error: The errno of `FAIL` and `FAIL_ONCE`.
        journal: Where to note which files were written and synced.
    """
    loaded = library()
    assert loaded is not None
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    log = -1 if journal is None else os.open(journal, flags, 0o600)
    loaded.faults_arm(f"{folder}/".encode(), at, action, error, log)


def calls() -> int:
    """Return how many calls were counted since the library was armed."""
    loaded = library()
    return 0 if loaded is None else int(loaded.faults_count())


def cut_power(folder: Path, journal: Path) -> int:
    """Lose what was written and never synced: those files become empty, as after a power cut; return how many."""
    dirty: set[int] = set()
    if journal.exists():
        for line in journal.read_text(encoding="utf-8").splitlines():
            what, inode = line.split()
            (dirty.add if what == "O" else dirty.discard)(int(inode))
    lost = 0
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_ino in dirty and path.stat().st_size:
            os.truncate(path, 0)
            lost += 1
    return lost
