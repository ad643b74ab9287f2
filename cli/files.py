"""The image files that arguments stand for: named outright, in folders, by globs, or in a list on stdin."""

from __future__ import annotations

import glob
import io
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import quasar_index as qi

from .output import note


def holds_files(path: str) -> bool:
    """Tell whether an argument stands for files that are looked for."""
    if "://" in path:
        return not qi.images.is_image_name(path)
    return path == "-" or os.path.isdir(path) or glob.has_magic(path)  # noqa: PTH112


@dataclass
class Files:
    """The files that arguments stand for.

    Attributes:
        paths: In order.
        left_out: What else lay in the folders.
    """

    paths: list[str]
    left_out: qi.images.LeftOut


def expand(paths: list[str], exclude: Sequence[str] = ()) -> Files:
    """List the files that the arguments stand for, in order, and say in one line what folders hold beside them.

    Args:
        paths: Files (kept as they are), folders and URLs of such (listed recursively), globs, `-` (names on stdin,
            likewise).
        exclude: Patterns of what is left out of folders and globs.

    Raises:
        DataError: When there is no file at all, or a folder or glob gives none.
    """
    found = Files([], qi.images.LeftOut())
    _expand(paths, exclude, found)
    if not found.paths:
        raise qi.DataError("no images to score", "name files, folders or globs")
    if said := found.left_out.describe():
        note(said)
    return found


def _expand(paths: Iterable[str], exclude: Sequence[str], found: Files) -> None:
    """Add the files that arguments stand for."""
    for path in paths:
        if path == "-":
            _expand([line for line in _listed() if line and line != "-"], exclude, found)
        # os.path, because a name that the system finds too long is no file, and no error
        elif "://" in path and (below := qi.images.survey_url(path, exclude=exclude)) is not None:
            found.paths += below[0]
            found.left_out.add(below[1])
        elif "://" in path or os.path.isfile(path):  # noqa: PTH113
            found.paths.append(path)
        elif os.path.isdir(path):  # noqa: PTH112
            survey = qi.images.survey_folder(path, exclude=exclude)
            found.paths += map(str, survey.list())
            found.left_out.add(survey.left_out)
        elif glob.has_magic(path):
            survey = qi.images.survey_glob(path, exclude=exclude)
            if not survey.images:
                what = survey.left_out.describe()
                raise qi.DataError(f"no file matches '{path}'" + (f", {what}" if what else ""), "check the pattern")
            found.paths += map(str, survey.images)
            found.left_out.add(survey.left_out)
        else:
            found.paths.append(path)  # its row will say that it is missing


def _listed() -> list[str]:
    """Read names from stdin: one a line, or each ended by NUL as `find -print0` writes them; of any bytes."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape", newline="\n")
    text = sys.stdin.read()
    return text.split("\0") if "\0" in text else [line.removesuffix("\r") for line in text.split("\n")]
