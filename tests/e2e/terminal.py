"""A shell in a terminal, to which tests type."""

import contextlib
import os
import pty
import re
import select
import signal
import time
from pathlib import Path

_SIGNS = re.compile(r"\x1b(?:\[[0-9;?=>]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")
_SECONDS = 30


class Terminal:
    """A process in a terminal of its own.

    Args:
        command: The process.
        environment: Its whole environment.
        folder: Where it starts.

    Attributes:
        shown: All that it wrote, without the signs that move the cursor or colour.
    """

    def __init__(self, *command: str, environment: dict[str, str], folder: Path) -> None:
        self._child, self._file = pty.fork()
        if self._child == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)  # noqa: S606 - it has no other way into a terminal
        self._written = b""

    def __enter__(self) -> "Terminal":
        """Return this one."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._file)

    @property
    def shown(self) -> str:
        """All that was written so far."""
        return _SIGNS.sub("", self._written.decode(errors="replace"))

    def type(self, text: str) -> None:
        """Type keys."""
        os.write(self._file, text.encode())

    def wait_for(self, pattern: str) -> str:
        """Wait until what is shown since the last wait matches a pattern; return that."""
        ends = time.monotonic() + _SECONDS
        while not (found := re.search(pattern, self.shown)):
            ready, _, _ = select.select([self._file], [], [], max(0.0, ends - time.monotonic()))
            if not ready:
                raise AssertionError(f"{pattern!r} is not shown: {self.shown!r}")
            with contextlib.suppress(OSError):  # its end
                self._written += os.read(self._file, 65536)
        text = self.shown[: found.end()]
        self._written = b""
        return text
