"""How far a long run is: a bar on a terminal; elsewhere, such as in the log of a job, a line every half minute."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path

from quasar_index.errors import DataError
from quasar_index.sizes import size_text

from .logs import is_json, say

INTERVAL = "QUASAR_INDEX_PROGRESS_SECONDS"
"""Environment variable: seconds between two lines of progress where stderr is no terminal."""
_SECONDS = 30.0

Update = Callable[..., None]
"""Takes (done, total), and `failed` and `loss` where they are known."""


@contextlib.contextmanager
def progress_bar(what: str, *, in_bytes: bool = False) -> Iterator[Update]:
    """Show how far something is on stderr: done, total, rate, remaining time, failures.

    Args:
        what: Such as "scoring".
        in_bytes: What is counted are bytes; their total may not be known.

    Yields:
        A function to call with (done, total), with `failed=` where some may fail, with `loss=` where one learns.
    """
    if sys.stderr.isatty() and not is_json():
        with _bar(what, in_bytes) as update:
            yield update
    else:
        lines, context = _Lines(what, _interval(), in_bytes), copy_context()
        # Some work in threads of other libraries, which do not know how this run says things.
        yield lambda *done, **more: context.copy().run(lines, *done, **more)


@contextlib.contextmanager
def _bar(what: str, in_bytes: bool) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(binary_units=True) if in_bytes else MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]}", style="red"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress, _log_above():
        task = progress.add_task(what, total=None, rate="", loss="", failed="")

        def update(done: int, total: int | None, failed: int = 0, loss: float | None = None) -> None:
            if done < progress.tasks[0].completed:  # the next of several things
                progress.reset(task)
            speed = progress.tasks[0].speed
            progress.update(
                task,
                completed=done,
                total=total,
                rate=_rate_text(speed, in_bytes) if speed else "",
                loss="" if loss is None else f"loss {loss:.4f}",
                failed=f"{failed} failed" if failed else "",
            )

        yield update


@contextlib.contextmanager
def _log_above() -> Iterator[None]:
    """Let log lines go where a bar has put stderr: above it, not behind it."""
    moved = [
        (one, before)
        for one in logging.getLogger().handlers
        if isinstance(one, logging.StreamHandler) and (before := one.setStream(sys.stderr)) is not None
    ]
    try:
        yield
    finally:
        for handler, before in moved:
            handler.setStream(before)


def _rate_text(rate: float, in_bytes: bool) -> str:
    return f"{size_text(round(rate))}/s" if in_bytes else f"{rate:.1f}/s"


class _Lines:
    """Says how far something is, at most once an interval."""

    def __init__(self, what: str, interval: float, in_bytes: bool) -> None:
        self._what = what
        self._form = size_text if in_bytes else "{:,}".format
        self._in_bytes = in_bytes
        self._interval = interval
        self._said = time.monotonic()
        self._first: tuple[int, float] | None = None
        self._before = 0

    def __call__(self, done: int, total: int | None, failed: int | None = None, loss: float | None = None) -> None:
        """Take note of how much is done."""
        now = time.monotonic()
        # Neither loading an encoder nor what an interrupted run had done is of the rate, nor what was done before this.
        if self._first is None or done < self._before:
            self._first = done, now
        self._before = done
        if now - self._said < self._interval:
            return
        self._said = now
        first, began = self._first
        rate = (done - first) / (now - began) if done > first and now > began else None
        left = (total - done) / rate if rate and total is not None else None
        memory = memory_in_use()
        parts = [
            self._form(done)
            if total is None
            else f"{self._form(done)} of {self._form(total)} ({done / max(total, 1):.1%})",
            *([] if rate is None else [_rate_text(rate, self._in_bytes)]),
            *([] if loss is None else [f"loss {loss:.4f}"]),
            *([] if left is None else [f"{duration(left)} left"]),
            *([] if failed is None else [f"{failed:,} failed"]),
            *([] if memory is None else [f"{memory / 2**20:,.0f} MiB"]),
        ]
        say(
            "progress",
            f"{self._what}: {', '.join(parts)}",
            what=self._what,
            done=done,
            total=total,
            rate=None if rate is None else round(rate, 3),
            seconds_left=None if left is None else round(left),
            failed=failed,
            **({} if loss is None else {"loss": loss}),
            memory_bytes=memory,
        )


def duration(seconds: float) -> str:
    """Return a time in the two largest units that it needs: `8 s`, `3 min 20 s`, `2 h 5 min`, `1 d 3 h`."""
    whole = round(seconds)
    units = (("d", whole // 86400), ("h", whole // 3600 % 24), ("min", whole // 60 % 60), ("s", whole % 60))
    first = next((place for place, (_, n) in enumerate(units) if n), 3)
    return " ".join(f"{n} {unit}" for unit, n in units[first : first + 2] if n) or "0 s"


def memory_in_use() -> int | None:
    """Return the resident memory of this process in bytes; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _interval() -> float:
    """Return the seconds between two lines."""
    given = os.environ.get(INTERVAL)
    if given is None:
        return _SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1
    if not seconds >= 0:
        raise DataError(f"${INTERVAL} is '{given}'", "give seconds, such as 30; 0 for a line each time")
    return seconds
