"""What a run says on stderr: a line of text for people, or with `--log-format json` a JSON object for programs."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from enum import Enum
from typing import Any

from quasar_index.cells import as_text


class LogFormat(str, Enum):
    """How notes and lines of progress are written."""

    text = "text"
    json = "json"


_FORMAT: ContextVar[LogFormat] = ContextVar("log_format", default=LogFormat.text)


def choose_log_format(chosen: LogFormat) -> None:
    """Set how all is said from now on, also errors; until `one_run` ends."""
    _FORMAT.set(chosen)


@contextlib.contextmanager
def one_run() -> Iterator[None]:
    """Forget at the end what the run chose."""
    before = _FORMAT.set(LogFormat.text)
    try:
        yield
    finally:
        _FORMAT.reset(before)


def is_json() -> bool:
    """Return whether lines are JSON objects."""
    return _FORMAT.get() is LogFormat.json


def say(event: str, text: str, **facts: Any) -> None:
    """Say something on stderr, in one line.

    Args:
        event: What kind of line it is, such as "note" or "progress": the key `event` of JSON.
        text: For people, printable; the key `message` of JSON.
        facts: Further keys of JSON.
    """
    print(line_of(event, text, **facts), file=sys.stderr, flush=True)  # noqa: T201


def line_of(event: str, text: str, **facts: Any) -> str:
    """Return the line that `say` writes."""
    if not is_json():
        return f"quasar-index: {text}"
    now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
    return json.dumps({"time": now, "event": event, "message": as_text(text), **facts})
