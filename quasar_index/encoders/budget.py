"""A budget of bytes that threads share: who wants more than is left waits until others have given theirs back."""

from __future__ import annotations

import threading
from collections.abc import Callable


class ClosedError(Exception):
    """The stream has ended; a waiting thread gives up."""


class Budget:
    """Bytes in use, at most `limit`, or one holder beyond it (an image larger than the whole budget is let in alone).

    Args:
        limit: Bytes.
        on_wait: Called whenever a thread begins to wait, so that somebody frees what lies idle.

    Attributes:
        used: Bytes in use now.
        peak: The most that ever were.
        n_waiting: Threads that wait now.
    """

    def __init__(self, limit: int, on_wait: Callable[[], None]) -> None:
        self.limit = limit
        self.used = self.peak = self.n_waiting = 0
        self._on_wait = on_wait
        self._changed = threading.Condition()
        self._closed = False

    def take(self, n_bytes: int) -> None:
        """Take bytes, waiting for them if need be.

        Raises:
            ClosedError: When the budget is closed.
        """
        with self._changed:
            if not self._fits(n_bytes):
                self.n_waiting += 1
                self._on_wait()
                self._changed.wait_for(lambda: self._closed or self._fits(n_bytes))
                self.n_waiting -= 1
            if self._closed:
                raise ClosedError
            self.used += n_bytes
            self.peak = max(self.peak, self.used)

    def give_back(self, n_bytes: int) -> None:
        """Give bytes back; less than none are taken without waiting."""
        with self._changed:
            self.used -= n_bytes
            self.peak = max(self.peak, self.used)
            self._changed.notify_all()

    def close(self) -> None:
        """Send all that wait away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _fits(self, n_bytes: int) -> bool:
        return self.used == 0 or self.used + n_bytes <= self.limit
