"""Finding image files: all below a folder, or those that a glob matches."""

from __future__ import annotations

import os
from pathlib import Path

from ..arguments import checked
from ..errors import DataError
from ..paths import PathText
from .formats import IMAGE_SUFFIXES


@checked
def list_images(folder: PathText) -> list[Path]:
    """List the image files below a folder, recursively, in the order of their names.

    Hidden files and folders are left out, and so are links to folders (they may form loops). A folder further down that
    cannot be read stands in the list itself: reading it says why, as of an image that cannot be read.

    Args:
        folder: An existing folder.

    Returns:
        Paths that start with `folder`, sorted.

    Raises:
        DataError: When the folder itself cannot be read, or nothing is found.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> Path("photos/trip").mkdir(parents=True)
        >>> for name in ("b.jpg", "trip/a.png", "notes.txt", ".hidden.png"):
        ...     Path("photos", name).touch()
        >>> [path.as_posix() for path in qi.list_images("photos")]
        ['photos/b.jpg', 'photos/trip/a.png']
    """
    folder = Path(folder)
    if not os.path.isdir(folder):  # noqa: PTH112 - unlike Path.is_dir, no error for names that are too long
        raise DataError(f"no folder '{folder}'", "check the path")
    found: list[Path] = []
    unreadable: list[Path] = []
    for root, folders, files in os.walk(folder, onerror=lambda error: unreadable.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(root, name)
            for name in sorted(files)
            if not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES
        ]
    if folder in unreadable:
        raise DataError(f"folder '{folder}' cannot be read", "mend its permissions")
    found += unreadable
    if not found:
        raise DataError(
            f"no image in '{folder}'",
            f"images end in {', '.join(sorted(IMAGE_SUFFIXES))}; name other files outright",
        )
    return sorted(found)


@checked
def find_images(pattern: str) -> list[Path]:
    """Find the files that a glob matches; `**` stands for any folders, links to folders not followed, as they may loop.

    Hidden files and folders are left out unless the pattern names them.

    Args:
        pattern: Such as `photos/**/*.jpg`, absolute or relative.

    Returns:
        Paths of files, sorted.
    """
    path = Path(pattern)
    start, parts = Path(path.anchor), path.parts[1:] if path.anchor else path.parts
    if parts and parts[-1] == "**":
        parts = (*parts, "*")  # `**` alone stands for folders
    hidden = any(part.startswith(".") for part in parts)
    found = start.glob(str(Path(*parts)))
    return sorted(
        path
        for path in found
        if os.path.isfile(path)  # noqa: PTH113
        and (hidden or not any(part.startswith(".") for part in path.parts if part != path.anchor))
    )
