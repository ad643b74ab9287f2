"""The command that prints the numbers of a page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from ..cells import as_text


@dataclass(frozen=True)
class Command:
    """The command whose numbers are shown.

    Attributes:
        paths: Photographs as they were named.
        index: Its name.
        method: As it is typed.
        options: Further options, such as `--rating`.
    """

    paths: Sequence[str] = ()
    index: str = "starter"
    method: str = "mean"
    options: Sequence[str] = ()

    def of(self, paths: Sequence[str], method: str) -> str:
        """Return the line that scores some photographs by a method; `{k}` in a method stays as it is."""
        words = ["quasar-index", "score", *paths, "--index", self.index, "--method", method, *self.options]
        return " ".join(word if word == method else shlex.quote(as_text(word)) for word in words)
