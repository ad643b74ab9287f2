"""Unpacking a zip of published embeddings: tensors, lists and settings, and nothing that a stranger put in besides.

What is written is counted as it is read, not as the archive declares it. Files lie in one folder, under their own names
without folders: a name cannot lead anywhere.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ..arguments import checked
from ..errors import DataError, counted, first_line
from ..paths import PathText, sync_file, sync_folder
from ..sizes import size_text
from .content import check_content
from .download import check_room

ENDINGS = (".pt", ".json", ".yml", ".yaml")
"""What is unpacked; all else stays in the archive."""
MOST_MEMBERS = 10_000
MOST_TEXT = 1 << 28
"""Largest list of paths or file of settings, which are read into memory."""
_LARGE, _MOST_RATIO = 1 << 26, 50
_PIECE = 1 << 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UNZIP = "unzip it yourself, and give the folder"


@dataclass(frozen=True)
class Member:
    """A file of an archive that may be unpacked.

    Attributes:
        name: Its name, without folders.
        folder: The folder that it lies in, empty for none.
        size: Its declared size in bytes.
        packed: The bytes that it takes in the archive.
    """

    name: str
    folder: str
    size: int
    packed: int
    info: zipfile.ZipInfo


@checked
def list_archive(path: PathText) -> list[Member]:
    """List what may be unpacked of a zip, and refuse one that is damaged or made to do harm.

    Args:
        path: A local file.

    Returns:
        The members with one of `ENDINGS`, in their order.

    Raises:
        DataError: When it is no zip, cut off, encrypted, or has absolute or `../` names, links, names twice, or
            members that would grow beyond all measure.

    Example:
        >>> import zipfile
        >>> import quasar_index as qi
        >>> with zipfile.ZipFile("x.zip", "w") as archive:
        ...     archive.writestr("x/labels.json", "{}")
        >>> [member.name for member in qi.sharing.list_archive("x.zip")]
        ['labels.json']
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            check_content(file.read(2048), f"'{path}'")
    except OSError as error:
        raise DataError(f"'{path}' cannot be read ({error.strerror})", "check the path") from error
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(
            f"'{path}' is cut off or damaged ({first_line(error)})", "download it again; pull does so by its address"
        ) from error
    if len(entries) > MOST_MEMBERS:
        raise DataError(f"'{path}' has {len(entries):,} members, more than {MOST_MEMBERS:,}", _UNZIP)
    members: list[Member] = []
    for entry in entries:
        _check_name(path, entry)
        if not entry.is_dir() and (member := _member(path, entry)) is not None:
            members.append(member)
    _check_twice(path, members)
    packed, whole = sum(one.packed for one in members), path.stat().st_size
    if packed > whole:
        raise DataError(f"the members of '{path}' lie over one another", "do not trust this file")
    size = sum(one.size for one in members)
    if size > 2 * _LARGE and size > _MOST_RATIO * whole:
        raise DataError(f"'{path}' would grow from {size_text(whole)} to {size_text(size)}", "do not trust this file")
    return members


def _check_name(path: Path, entry: zipfile.ZipInfo) -> None:
    """Raise the DataError of a name or a kind that no archive of embeddings has."""
    name = entry.orig_filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    wrong = ""
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name:
        wrong = "leads out of its folder"
    elif not name.isprintable():
        wrong = "has control characters in its name"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        wrong = "is a link" if kind == stat.S_IFLNK else "is no regular file"
    if wrong:
        raise DataError(f"'{path}': {name!a} {wrong}", "do not trust this file")


def _member(path: Path, entry: zipfile.ZipInfo) -> Member | None:
    """Return a member that is wanted; None for another."""
    place = PurePosixPath(entry.filename.replace("\\", "/"))
    if place.suffix.lower() not in ENDINGS or place.name.startswith(".") or "__MACOSX" in place.parts:
        return None
    if entry.flag_bits & 1:
        raise DataError(f"'{path}': {place.name!a} is encrypted", _UNZIP)
    if entry.compress_type not in _METHODS:
        raise DataError(f"'{path}': {place.name!a} is packed by a method that is not read here", _UNZIP)
    if entry.file_size > _LARGE and entry.file_size > _MOST_RATIO * entry.compress_size:
        raise DataError(
            f"'{path}': {place.name!a} would grow from {size_text(entry.compress_size)} to "
            f"{size_text(entry.file_size)}",
            "do not trust this file",
        )
    if place.suffix.lower() != ".pt" and entry.file_size > MOST_TEXT:
        raise DataError(f"'{path}': {place.name!a} is larger than {size_text(MOST_TEXT)}", "do not trust this file")
    folder = place.parent.name
    return Member(place.name, folder, entry.file_size, entry.compress_size, entry)


def _check_twice(path: Path, members: Sequence[Member]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for member in members:
        key = (member.folder.casefold(), member.name.casefold())
        if key in seen:
            raise DataError(f"'{path}' has {member.name!a} twice", "do not trust this file")
        seen[key] = member.name


@checked
def unpack(
    path: PathText,
    members: Sequence[Member],
    folder: PathText,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Unpack members of a zip into one folder; each file is there whole, or not at all.

    Args:
        path: The archive.
        members: Of `list_archive`, no two of one name.
        folder: Where to; it is made. A file of that name and size is taken for the member.
        on_progress: Called with (bytes done, bytes in all).

    Returns:
        The files, in the order of the members.

    Raises:
        DataError: When a member is damaged, is larger than declared, or the disk has no room.

    Example:
        >>> import zipfile
        >>> import quasar_index as qi
        >>> with zipfile.ZipFile("x.zip", "w") as archive:
        ...     archive.writestr("x/labels.json", "{}")
        >>> [file.read_text() for file in qi.sharing.unpack("x.zip", qi.sharing.list_archive("x.zip"), "unpacked")]
        ['{}']
    """
    path, folder = Path(path), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if len({member.name.casefold() for member in members}) < len(members):
        raise DataError(f"'{path}' has files of one name in several folders", _UNZIP)
    total = sum(member.size for member in members)
    missing = [member for member in members if not _is_there(folder, member)]
    check_room(folder, sum(member.size for member in missing), f"unpacking {counted(len(missing), 'file')}")
    done = total - sum(member.size for member in missing)
    try:
        with zipfile.ZipFile(path) as archive:
            for member in missing:
                partial = folder / f".{member.name}.part"
                with archive.open(member.info) as source, partial.open("wb") as target:
                    for n in _copied(source, target, member, path):
                        done += n
                        if on_progress is not None:
                            on_progress(done, total)
                sync_file(partial)
                partial.replace(folder / member.name)
    except (zipfile.BadZipFile, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise DataError(f"'{path}' is damaged ({first_line(error)})", "download it again") from error
    sync_folder(folder)
    return [folder / member.name for member in members]


def _is_there(folder: Path, member: Member) -> bool:
    """Return whether a member has been unpacked: a file has its name only when it is whole."""
    file = folder / member.name
    return file.is_file() and not file.is_symlink() and file.stat().st_size == member.size


def _copied(source: IO[bytes], target: IO[bytes], member: Member, path: Path) -> Iterator[int]:
    """Copy a member piece by piece; yield the bytes of each."""
    n = 0
    while piece := source.read(_PIECE):
        n += len(piece)
        if n > member.size:
            raise DataError(f"'{path}': {member.name!a} is larger than it declares", "do not trust this file")
        target.write(piece)
        yield len(piece)
    if n != member.size:
        raise DataError(f"'{path}': {member.name!a} is cut off", "download it again")
