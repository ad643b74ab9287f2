"""Measuring: two ways of doing the same work in turns, and memory while something runs.

Absolute times drift with whatever else a machine does. So only ratios count: A and B are timed one after the other,
again and again in one run, each round gives a ratio, and the median and the extremes of those are reported.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np


@dataclass(frozen=True)
class BenchRatio:
    """One figure: a ratio with its spread.

    Attributes:
        figure: Its name.
        anchors: N; None where the figure knows none.
        median: The ratio, median of the rounds.
        low: Lowest round.
        high: Highest round.
        rounds: How many.
        bar: What it is to reach; None where there is no bar.
        at_least: Whether the bar is a lower bound.
        detail: Absolute values (seconds are medians) and what else belongs to it.
    """

    figure: str
    anchors: int | None
    median: float
    low: float
    high: float
    rounds: int
    bar: float | None = None
    at_least: bool = True
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the bar; None without a bar."""
        if self.bar is None:
            return None
        return self.median >= self.bar if self.at_least else self.median <= self.bar

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {**vars(self), "met": self.is_met}


def seconds(function: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_turns(
    one: Callable[[], object], other: Callable[[], object], *, rounds: int, warm: bool = True
) -> tuple[list[float], list[float]]:
    """Time two calls in turns.

    Args:
        one: The first.
        other: The second.
        rounds: Times each is timed; which goes first alternates.
        warm: Call each once before.

    Returns:
        Seconds of each round, of the one and of the other.
    """
    if warm:
        one()
        other()
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            times[which].append(seconds((one, other)[which]))
    return times


def summary(values: list[float]) -> dict[str, float | int]:
    """Return `median`, `low`, `high` and `rounds` of ratios."""
    return {"median": float(np.median(values)), "low": min(values), "high": max(values), "rounds": len(values)}


class PeakMemory:
    """The most memory of its own (anonymous, not mapped files) that the process gains inside a `with` block, sampled.

    Attributes:
        n_bytes: The gain; 0 where the system does not tell.
    """

    def __init__(self, every: float = 0.005) -> None:
        self.n_bytes = 0
        self._every = every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._before = self._peak = anonymous_bytes()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self.n_bytes = max(self._peak, anonymous_bytes()) - self._before

    def _sample(self) -> None:
        while not self._done.wait(self._every):
            self._peak = max(self._peak, anonymous_bytes())


def anonymous_bytes() -> int:
    """Return the process's resident memory that is no mapped file; 0 where the system does not tell."""
    return _status("RssAnon")


def mapped_bytes() -> int:
    """Return the resident pages of mapped files: page cache, which the system takes back when it needs memory."""
    return _status("RssFile")


def _status(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)
