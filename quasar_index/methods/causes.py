"""Why images have no score, in a word or two, so that many errors can be counted."""

from __future__ import annotations

import re

_CAUSES = (
    (r"truncated|unexpected end|incomplete", "truncated"),
    (r"the file is empty", "empty"),
    (r"not an image in a known format", "not an image"),
    (r"No such file", "missing"),
    (r"Permission denied", "not readable"),
    (r"not a regular file|Is a directory", "no file"),
    (r"more than the limit|more pixels than|larger than the limit", "too large"),
    (r"cannot be decoded|header cannot be read", "damaged"),
)


def cause_of(error: str) -> str:
    """Return the cause of an error of an image in a word or two."""
    for pattern, cause in _CAUSES:
        if re.search(pattern, error):
            return cause
    return re.sub(r"\([^()]*\)", "", error.partition(";")[0]).strip()
