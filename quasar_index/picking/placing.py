"""Picked files at another place: copied or linked, never over a file that is there, and nothing is done twice."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..arguments import checked
from ..errors import DataError, counted, reason
from ..paths import PathText

_MOST_NAMES = 10_000


class Placement(str, Enum):
    """How a file comes to its new place."""

    copy = "copy"
    link = "link"


@dataclass(frozen=True)
class Placed:
    """Where a picked file lies now.

    Attributes:
        source: The file that was picked.
        target: Its copy, or the link to it.
        is_new: False where it was there before.
    """

    source: Path
    target: Path
    is_new: bool


@checked
def check_target(target: PathText, sources: Iterable[PathText] = ()) -> None:
    """Find out whether files can be placed in a folder, before anything takes long.

    Args:
        target: The folder; it need not exist yet.
        sources: Folders that images are taken from.

    Raises:
        DataError: When it is a file, or cannot be made or written, or is one of the folders, or inside one: the next
            run would pick from its own copies.
    """
    folder = Path(target)
    for source in map(Path, sources):
        if folder.resolve() == source.resolve() or source.resolve() in folder.resolve().parents:
            where = "is" if folder.resolve() == source.resolve() else "lies inside"
            raise DataError(
                f"'{folder}' {where} '{source}', from which images are picked: the next run would pick its copies",
                "name a folder outside",
            )
    there = next(parent for parent in (folder, *folder.absolute().parents) if os.path.lexists(parent))
    if not there.is_dir():
        raise DataError(f"'{there}' is no folder", "name another one")
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise DataError(f"nothing can be written to '{folder}' ({reason(error)})", "name another folder") from error


@checked
def place_files(
    sources: Sequence[PathText],
    target: PathText,
    how: Placement = Placement.copy,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Placed]:
    """Copy files to a folder, or link to them there.

    Nothing that is there is overwritten. A file that is there already, the same byte by byte or a link to the same
    file, is left; where another one has its name, it gets `-2`, `-3` and so on. A file appears whole or not at all,
    and keeps its time.

    Args:
        sources: Files.
        target: The folder; it is made where it is missing.
        how: Copies, or symbolic links.
        on_progress: Called with (done, total).

    Returns:
        One for each file, in order.

    Raises:
        DataError: When a file is missing (then nothing is done), or the folder cannot be written; what has been placed
            by then stays, and the same call goes on after it.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> for folder in ("a", "b"):
        ...     Path(folder).mkdir()
        ...     _ = Path(folder, "beach.jpg").write_text(folder)
        >>> placed = qi.picking.place_files(["a/beach.jpg", "b/beach.jpg"], "best")
        >>> [(one.target.as_posix(), one.is_new) for one in placed]
        [('best/beach.jpg', True), ('best/beach-2.jpg', True)]
        >>> any(one.is_new for one in qi.picking.place_files(["a/beach.jpg", "b/beach.jpg"], "best"))
        False
    """
    files, folder = list(map(Path, sources)), Path(target)
    if missing := [file for file in files if not os.path.isfile(file)]:  # noqa: PTH113 - no error for odd names
        which = f"'{missing[0]}'" if len(missing) == 1 else f"the first is '{missing[0]}'"
        raise DataError(
            f"{len(missing)} of {counted(len(files), 'picked file')} {'is' if len(missing) == 1 else 'are'} not "
            f"there: {which}",
            "run it in the folder that the paths start from",
        )
    placed: list[Placed] = []
    used: set[Path] = set()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            placed.append(_place(file, folder, how, used))
            used.add(placed[-1].target)
            if on_progress is not None:
                on_progress(len(placed), len(files))
    except OSError as error:
        raise DataError(
            f"'{folder}' takes no more files ({reason(error)}): {len(placed)} of {len(files)} are there",
            "make room or name another folder; the same command goes on",
        ) from error
    return placed


def _place(file: Path, folder: Path, how: Placement, used: set[Path]) -> Placed:
    """Place one file under the first name that is free, or its own already."""
    for n in range(1, _MOST_NAMES):
        target = folder / (file.name if n == 1 else f"{file.stem}-{n}{file.suffix}")
        if target in used:
            continue
        if os.path.lexists(target):
            if _is_there(file, target, how):
                return Placed(file, target, is_new=False)
            continue
        try:
            (_link if how is Placement.link else _copy)(file, target)
        except FileExistsError:  # another process was quicker
            continue
        return Placed(file, target, is_new=True)
    raise DataError(f"'{folder}' has {_MOST_NAMES} files of the name '{file.name}'", "name another folder")


def _is_there(file: Path, target: Path, how: Placement) -> bool:
    """Tell whether what has the name is this file."""
    if not target.is_file():
        return False
    if how is Placement.link or target.is_symlink():
        return target.is_symlink() and target.samefile(file)
    return target.samefile(file) or filecmp.cmp(file, target, shallow=False)


def _link(file: Path, target: Path) -> None:
    target.symlink_to(file.resolve())


def _copy(file: Path, target: Path) -> None:
    """Copy under a hidden name first: whoever looks sees a whole file or none.

    Raises:
        FileExistsError: When something has the name by now; it stays.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        shutil.copy2(file, temporary)
        try:
            os.link(temporary, target)  # unlike a renaming, this never replaces
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(target):
                raise FileExistsError from None
            temporary.rename(target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
