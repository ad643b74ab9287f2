"""The lock of writers: one process at a time changes an index; readers never wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AnchorIndexError, reason

LOCK = ".lock"


@contextmanager
def lock(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of a folder; it is free again when the process ends, however it ends.

    Args:
        folder: An index folder, or that of a build.
        name: Name of the index, for the message.

    Raises:
        AnchorIndexError: When another process holds it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    held = FileLock(folder / LOCK)
    try:
        held.acquire(blocking=False)
    except Timeout:
        raise AnchorIndexError(
            f"another process is changing index '{name}'", "wait until it has finished, then run it again"
        ) from None
    except OSError as error:
        raise AnchorIndexError(
            f"index '{name}' cannot be changed ({reason(error)})",
            "check the permissions of its folder, or change a copy of it",
        ) from error
    try:
        yield
    finally:
        held.release()
