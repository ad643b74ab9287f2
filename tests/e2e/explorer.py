"""`quasar-index explore` as a process that tests start, kill and start again."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path


class Explorer:
    """A running `quasar-index explore`.

    Args:
        arguments: What follows the command.
        home: The index home.
        port: The port; 0 for a free one.

    Attributes:
        url: The address that it printed, with its token.
    """

    def __init__(self, *arguments: object, home: Path, port: int = 0) -> None:
        command = [str(Path(sys.executable).with_name("quasar-index")), "explore", *map(str, arguments)]
        self.process = subprocess.Popen(
            [*command, "--no-browser", "--port", str(port)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "QUASAR_INDEX_HOME": str(home), "COLUMNS": "160"},
        )
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                self.url = found[0]
                return
        raise AssertionError("".join(said))

    def __enter__(self) -> "Explorer":
        """Return this one."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    @property
    def port(self) -> int:
        """The port that it serves on."""
        return int(self.url.split(":")[2].split("/")[0])

    def kill(self) -> None:
        """Kill it, as a crash does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        assert self.process.stderr is not None
        self.process.stderr.close()
