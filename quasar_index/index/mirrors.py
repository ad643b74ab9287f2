"""What is kept here of an index in an object store: its small files, and its search cache.

The small files are copied when the index is opened; its tables are read where they are, by Lance's own client, or are
copied where Lance knows no client for the scheme. The search cache is made here, under a limit in bytes: what was not
used for the longest time goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ..errors import AnchorIndexError, first_line, reason
from ..paths import PathText, sha256_file, sha256_of, write_atomically
from ..sizes import read_size
from .addresses import Address, Mirror, is_token, mirror_of, mirror_place, read_place, stores_folder
from .durable import files_below
from .object_store import as_json, asking, file_system, list_below, list_files, read_file, table_options

LIMIT_VARIABLE = "QUASAR_INDEX_STORE_CACHE_SIZE"
DEFAULT_LIMIT = 10 << 30
FILES = "files"
"""Entry of a manifest in a store: the folder beside it that holds the other files."""
_MANIFEST = "manifest.json"
_SMALL = {
    "": re.compile(r"(tags|origin|terms)\.json|failures\.jsonl"),
    "history": re.compile(r"[0-9]{1,12}\.json"),
    "calibrations": re.compile(r"[0-9]{1,12}-[0-9a-f]{12}\.json"),
}
_MOST_BYTES = 1 << 28
_LANCE = frozenset({"s3", "gs", "az"})
_BASE = re.compile(
    r"(?P<base>.+?-v\d+(?:\+.+?)?)(?:-[0-9a-f]{16}(?=\.)|-[a-z]+(?=\.json))?(?:\.\d+)?\.(?:faiss|np[yz]|json)"
)
_OLD = 7 * 86400.0

_log = logging.getLogger(__name__)
_used: set[Path] = set()


def open_mirror(address: Address) -> Path:
    """Return the local folder of the index that is at an address now, with its small files.

    Raises:
        AnchorIndexError: When there is none, or the store does not let it be read.
    """
    data = read_file(address, f"{address.inner}/{_MANIFEST}")
    if data is None:
        raise AnchorIndexError(f"no index at '{address}'", "check the address: it is that of the folder of an index")
    token = as_json(data, address).get(FILES)
    if token is not None and not is_token(token):
        raise AnchorIndexError(f"the manifest of '{address}' names no folder", "build the index anew")
    made = f"f-{token}" if token is not None else f"p-{hashlib.sha256(data).hexdigest()[:16]}"
    folder = mirror_place(address, made)
    try:
        if token is None or not (folder / _MANIFEST).is_file():
            _copy_small_files(Mirror(address, token or ""), folder, data)
            _drop_old(folder)
    except OSError as error:
        raise AnchorIndexError(
            f"what is kept of '{address}' cannot be written to '{stores_folder()}' ({reason(error)})",
            "name another folder for it: QUASAR_INDEX_CACHE=FOLDER",
        ) from error
    with contextlib.suppress(OSError):
        os.utime(folder / _MANIFEST)
    return folder


def has_index(name: PathText) -> bool:
    """Whether there is an index at an address of an object store.

    Raises:
        AnchorIndexError: When the store does not say.
    """
    address = read_place(name)
    return isinstance(address, Address) and read_file(address, f"{address.inner}/{_MANIFEST}") is not None


def reopen_mirror(address: str, files: str) -> Path:
    """Return the local folder of an index that was opened before, perhaps on another machine.

    Args:
        address: Its address.
        files: Name of the folder that its own lay in.

    Raises:
        AnchorIndexError: When another index is at the address now, or the store does not let it be read.
    """
    place = read_place(address)
    if not isinstance(place, Address):
        raise AnchorIndexError(f"'{address}' is no address", "open the index again")
    folder = mirror_place(place, files.removeprefix("@"))
    if not (folder / _MANIFEST).is_file() and open_mirror(place) != folder:
        raise AnchorIndexError(f"the index at '{place}' is another one now", "open it again")
    return folder


def _copy_small_files(mirror: Mirror, folder: Path, manifest: bytes) -> None:
    """Copy them, the manifest last: it says that all are there."""
    address = mirror.address
    for part, wanted in _SMALL.items():
        inner = f"{mirror.inner}/{part}" if part else mirror.inner
        local = folder / part
        there = {name: size for name, size in list_files(address, inner).items() if wanted.fullmatch(name)}
        if there:
            local.mkdir(parents=True, exist_ok=True)
        for name, size in there.items():
            if size > _MOST_BYTES:
                raise AnchorIndexError(f"'{name}' of '{address}' has {size} bytes", "build the index anew")
        with asking(address, "read"):
            found = file_system(address).cat([f"{inner}/{name}" for name in there]) if there else {}
        found = {path.rsplit("/", 1)[-1]: data for path, data in found.items()}
        for name in there:
            write_atomically(local / name, found[name], sync=False, shared=True)
        for path in local.glob("*"):
            if path.name not in there and wanted.fullmatch(path.name):
                path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / _MANIFEST, manifest, sync=False, shared=True)


def _drop_old(folder: Path) -> None:
    """Remove what was kept of earlier indexes at an address, when it was not used for a week."""
    for path in folder.parent.parent.glob("@[fp]-*"):
        manifest = path / folder.name / _MANIFEST
        with contextlib.suppress(OSError):
            if path != folder.parent and time.time() - manifest.stat().st_mtime > _OLD:
                shutil.rmtree(path, ignore_errors=True)


def table_place(folder: Path, name: str) -> tuple[str, dict[str, str] | None]:
    """Return where Lance finds a table of an index, and the options of its client.

    Raises:
        AnchorIndexError: When it has to be copied first, and cannot be.
    """
    mirror = mirror_of(folder)
    if mirror is None:
        return str(folder), None
    if mirror.address.scheme in _LANCE:
        with asking(mirror.address, "read"):
            return f"{mirror.address.scheme}://{mirror.inner}", table_options(mirror.address)
    _copy_table(mirror, folder, name)
    return str(folder), None


def _copy_table(mirror: Mirror, folder: Path, name: str) -> None:
    """Copy a table of a store that Lance does not read; what is there is not copied again."""
    target = folder / f"{name}.lance"
    if target.is_dir():
        return
    inner = f"{mirror.inner}/{name}.lance"
    names = list_below(mirror.address, inner)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=f".{name}.", suffix=".tmp", dir=folder))
        try:
            for one in names:
                path = made / one
                if not path.resolve().is_relative_to(made.resolve()):
                    raise AnchorIndexError(f"'{mirror.address}' holds a file that leads elsewhere", "do not use it")
                path.parent.mkdir(parents=True, exist_ok=True)
                with asking(mirror.address, "read"):
                    file_system(mirror.address).get_file(f"{inner}/{one}", str(path))
            with contextlib.suppress(OSError):  # another process has just copied it
                made.rename(target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise AnchorIndexError(
            f"the table of '{mirror.address}' cannot be copied here ({reason(error)})", "make room, then run it again"
        ) from error


def table_files(folder: Path, table: str) -> list[str]:
    """Return the files of a table, as paths in the index with `/`."""
    mirror = mirror_of(folder)
    if mirror is None:
        below = files_below(folder / f"{table}.lance")
        return sorted(Path(name).relative_to(folder).as_posix() for name in below)
    return [f"{table}.lance/{name}" for name in list_below(mirror.address, f"{mirror.inner}/{table}.lance")]


def file_digest(folder: Path, name: str) -> str:
    """Return the SHA-256 of a file of a table.

    Raises:
        OSError: When it cannot be read; FileNotFoundError when it is not there.
    """
    mirror = mirror_of(folder)
    if mirror is None:
        return sha256_file(folder / name)
    try:
        with file_system(mirror.address).open(f"{mirror.inner}/{name}", "rb") as file:
            return sha256_of(file)
    except OSError:
        raise
    except Exception as error:  # the client's own
        raise OSError(first_line(error)) from error


# The search caches.


def limit() -> int:
    """Return `$QUASAR_INDEX_STORE_CACHE_SIZE` in bytes, else `DEFAULT_LIMIT`.

    Raises:
        DataError: When it is no size.
    """
    given = os.environ.get(LIMIT_VARIABLE)
    return read_size(given) if given else DEFAULT_LIMIT


def note_use(base: Path) -> None:
    """Note that the search cache of an index was used; only that of a mirror is counted."""
    if mirror_of(base.parents[1]) is not None:
        _used.add(base)
        with contextlib.suppress(OSError):
            os.utime(base.with_suffix(".npz"))


def make_room(base: Path, n_bytes: int) -> bool:
    """Remove what was not used for the longest time until a search cache has room; return whether it has.

    Args:
        base: Path of the search cache, without its ending.
        n_bytes: Its size; 0 where it is there already.
    """
    if mirror_of(base.parents[1]) is None:
        return True
    if n_bytes > limit():
        _log.info("the search cache is larger than $%s: working from memory", LIMIT_VARIABLE)
        return False
    prune(limit() - n_bytes, keep=_used | {base})
    return True


def kept_bytes() -> int:
    """Return the size of all that is kept here of indexes in stores."""
    return sum(os.stat(name).st_size for name in files_below(stores_folder()) if os.path.exists(name))  # noqa: PTH110, PTH116


def prune(n_bytes: int, *, keep: Any = frozenset()) -> int:
    """Remove search caches until at most so many bytes of them are left, those used longest ago first.

    Args:
        n_bytes: Bytes that may stay.
        keep: Paths of search caches, without their endings, that stay.

    Returns:
        How many search caches were removed.
    """
    groups: dict[Path, list[Path]] = {}
    for path in _cache_files():
        if (found := _BASE.fullmatch(path.name)) is not None:
            groups.setdefault(path.with_name(found["base"]), []).append(path)
    facts = {}
    for base, paths in groups.items():
        states = [path.stat() for path in paths if path.exists()]
        if states:
            facts[base] = max(state.st_mtime for state in states), sum(state.st_size for state in states)
    total, n_removed = sum(size for _, size in facts.values()), 0
    for base, (_, size) in sorted(facts.items(), key=lambda one: one[1][0]):
        if total <= n_bytes:
            break
        if base in keep:
            continue
        # The labels first: without them the rest does not count.
        for path in sorted(groups[base], key=lambda one: one.name != f"{base.name}.npz"):
            with contextlib.suppress(OSError):  # Windows keeps what somebody has mapped
                path.unlink(missing_ok=True)
        total -= size
        n_removed += 1
    return n_removed


def _cache_files() -> Iterator[Path]:
    for folder, _, names in os.walk(stores_folder()):
        if Path(folder).name == "cache" and mirror_of(Path(folder).parent) is not None:
            yield from (Path(folder, name) for name in names)
