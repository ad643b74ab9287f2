"""Patterns of paths: those that find files, and those that leave files out of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..errors import DataError

SYSTEM_FOLDERS = (
    *(
        "@eaDir",
        "@Recycle",
        "@Recently-Snapshot",
        "#recycle",
        "#snapshot",
        ".@__thumb",
        ".thumbnails",
        ".picasaoriginals",
    ),
    *("__MACOSX", ".AppleDouble", ".Trashes", ".Trash-*", "$RECYCLE.BIN", "System Volume Information", "lost+found"),
    *("*.lrdata", "*.photoslibrary/resources", "*.photoslibrary/database", "*.photolibrary/Thumbnails"),
    *("CaptureOne/Cache", "*.cocatalog/Cache", "*.cosessiondb/Cache"),
)
"""Folders of thumbnails and rubbish that systems, servers and photo programs make beside photographs."""


@dataclass(frozen=True)
class Pattern:
    """A glob of a path: `*` and `?` within a name, `[abc]`, and `**` for any folders.

    Attributes:
        parts: The names between its slashes.
        finds_hidden: Whether wildcards stand for hidden names, too; else those must be named with their dot.
        ignores_case: Whether upper and lower case are the same.
    """

    parts: tuple[str, ...]
    finds_hidden: bool = False
    ignores_case: bool = False

    def matches(self, names: Sequence[str]) -> bool:
        """Tell whether a path, as its names, is meant."""
        return len(self.parts) in self._reached(names)

    def may_lie_below(self, folder: Sequence[str]) -> bool:
        """Tell whether something below a folder, as the names of its path, may be meant."""
        return any(place < len(self.parts) for place in self._reached(folder))

    def _reached(self, names: Sequence[str]) -> set[int]:
        """Return how many parts may be used up by some names."""
        reached = self._further({0})
        for name in names:
            after = set()
            for place in reached:
                if place == len(self.parts):
                    continue
                part = self.parts[place]
                is_open = self.finds_hidden or not name.startswith(".") or part.startswith(".")
                if part == "**":
                    after |= {place} if is_open else set()
                elif is_open and self._fits(name, part):
                    after.add(place + 1)
            reached = self._further(after)
        return reached

    def _fits(self, name: str, part: str) -> bool:
        return fnmatchcase(name.casefold(), part.casefold()) if self.ignores_case else fnmatchcase(name, part)

    def _further(self, reached: set[int]) -> set[int]:
        """Add what is reached where `**` stands for no folder; at the end of a pattern it needs a name."""
        for place in sorted(reached):
            while place < len(self.parts) - 1 and self.parts[place] == "**":
                place += 1  # noqa: PLW2901
                reached.add(place)
        return reached


class Exclusion:
    """What is left out of a folder, in the way of .gitignore, but for upper and lower case, which are the same here.

    Args:
        globs: A pattern without a slash is of a name at any depth, one with a slash of a path from the folder on; one
            that ends in a slash is of folders only. A folder is left out with all that lies in it.

    Raises:
        DataError: When a pattern is empty, or there is something that only .gitignore has.
    """

    def __init__(self, globs: Iterable[str] = ()) -> None:
        self._rules = [_rule(glob) for glob in globs]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def covers(self, names: Sequence[str], *, is_folder: bool = False) -> bool:
        """Tell whether a file or a folder, by the names of its path, is left out; of its folders nothing is asked."""
        return any(
            pattern.matches(names if is_path else names[-1:])
            for pattern, is_path, folders_only in self._rules
            if is_folder or not folders_only
        )


def _rule(glob: str) -> tuple[Pattern, bool, bool]:
    """Return a pattern, whether it is of whole paths, and whether it is of folders only."""
    text = glob.strip().removeprefix("./")
    if text.startswith("!"):
        raise DataError(f"the pattern '{glob}' to exclude would include", "name what is left out; write [!] for a !")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    is_path = "/" in text
    parts = tuple(part for part in text.split("/") if part)
    if not parts or ".." in parts:
        raise DataError(f"the pattern '{glob}' to exclude names nothing in a folder", "such as '*_small.jpg' or 'raw/'")
    if parts[-1] == "**" and len(parts) > 1:  # all that lies in a folder is as good as the folder
        parts = parts[:-1]
    return Pattern(parts, finds_hidden=True, ignores_case=True), is_path, folders_only


_SYSTEM = tuple(Pattern(tuple(one.split("/")), finds_hidden=True) for one in SYSTEM_FOLDERS)


def is_system_folder(names: Sequence[str]) -> bool:
    """Tell whether a folder, as the names of its path, is one of `SYSTEM_FOLDERS`."""
    return any(pattern.matches(names[-len(pattern.parts) :]) for pattern in _SYSTEM)
