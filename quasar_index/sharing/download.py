"""One file from the network to the disk, whole or not there: interrupted, it goes on where it stopped.

The bytes that have come lie in `download.part`, and beside them in `download.json` whose they are: the address, the
size and what the source calls this content (ETag, time of change). Content that has changed at its source meanwhile is
downloaded from its beginning. When all bytes are there, the file is put on the disk and gets its name.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..arguments import checked
from ..errors import DataError, first_line, reason
from ..paths import PathText, sync_file, sync_folder, write_atomically
from ..sizes import size_text
from .content import check_content
from .network import LostError, get, is_offline, no_network, shown_url

_log = logging.getLogger(__name__)
WHOLE, PART, FACTS = "download", "download.part", "download.json"
TRIES = 6
"""Tries without progress before a download is given up."""
FIRST_TRIES = 3
"""The same where the source has not answered at all."""
PROGRESS = 1 << 20
"""Bytes that a connection must bring to count as progress."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before the second try; each further wait is twice as long, up to the longest."""
_PIECE = 1 << 20
_RESERVE = 1 << 26
_JUDGED = 4

OnStart = Callable[["int | None", int], None]
OnProgress = Callable[[int, "int | None"], None]


@dataclass(frozen=True)
class Answer:
    """What a source answers.

    Attributes:
        start: Place in the file of the first byte that follows.
        total: Size of the whole file in bytes; None where the source does not say.
        name: What the source calls this content; empty where it does not.
        pieces: The bytes; reading them raises LostError.
    """

    start: int
    total: int | None
    name: str
    pieces: Iterator[bytes]


@checked
def download(
    url: str,
    folder: PathText,
    *,
    offline: bool = False,
    on_start: OnStart | None = None,
    on_progress: OnProgress | None = None,
) -> Path:
    r"""Download a zip; what an interrupted run left in the folder is not downloaded again.

    Args:
        url: `http://`, `https://`, or what fsspec opens (`s3://`, `memory://`, ...).
        folder: A folder for this file alone, that no other process writes to; it is made.
        offline: Use what is there, and no network; so also where `is_offline`.
        on_start: Called once, before the bytes come, with the size (None where the source does not say) and how many
            bytes are here already.
        on_progress: Called with the bytes that are here and the size.

    Returns:
        Path of the file in the folder.

    Raises:
        DataError: When it cannot be had, is no zip, or the disk has no room for it.

    Example:
        >>> import fsspec, zipfile
        >>> import quasar_index as qi
        >>> with fsspec.open("memory://pulled/x.zip", "wb") as file, zipfile.ZipFile(file, "w") as archive:
        ...     archive.writestr("x/labels.json", "{}")
        >>> qi.sharing.download("memory://pulled/x.zip", "downloads").stat().st_size
        126
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"'{folder}' cannot be made ({reason(error)})", "name another folder") from error
    part, whole = folder / PART, folder / WHOLE
    facts = _facts(folder, url)
    if whole.is_file() and facts:
        return whole
    if not facts or facts.get("total") != _size(part):
        if offline or is_offline():
            raise no_network(shown_url(url))
        _fetch(url, folder, on_start, on_progress)
    sync_file(part)
    part.replace(whole)
    sync_folder(folder)
    return whole


def _fetch(url: str, folder: Path, on_start: OnStart | None, on_progress: OnProgress | None) -> None:
    """Bring the part to its whole size, by as many tries as it takes while there is progress."""
    part = folder / PART
    failures, answered = 0, False
    while True:
        before = _size(part)
        try:
            with _ask(url, folder) as answer:
                _check_room(folder, answer)
                if not answered and on_start is not None:
                    on_start(answer.total, answer.start)
                answered = True
                _receive(url, answer, folder, on_progress)
            return
        except DataError:
            if _size(part) < _JUDGED:  # it is none of a zip
                part.unlink(missing_ok=True)
            raise
        except LostError as lost:
            failures = 0 if _size(part) - before >= PROGRESS else failures + 1
            if failures >= (TRIES if answered else FIRST_TRIES):
                here = _size(part)
                raise DataError(
                    f"{shown_url(url)} cannot be had ({lost}; {failures} tries"
                    + (f"; {size_text(here)} are here)" if here else ")"),
                    "run the same command again later, it goes on where it stopped; or give the path of the file",
                ) from lost
            wait = min(FIRST_WAIT * 2.0 ** max(failures - 1, 0), LONGEST_WAIT) if lost.wait is None else lost.wait
            here = _size(part)
            _log.warning("%s%s: trying again", lost, f", {size_text(here)} are here" if here else "")
            time.sleep(wait)


def _facts(folder: Path, url: str) -> dict[str, object]:
    """Return what is known of the bytes that are here; empty where they are of another address."""
    try:
        found = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("of") == _mark(url) else {}


def _mark(url: str) -> str:
    """Return what tells an address from others; it may hold a password, which nobody needs to read."""
    return hashlib.sha256(url.encode()).hexdigest()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def _ask(url: str, folder: Path) -> Iterator[Answer]:
    """Ask for the bytes that are not here yet, or for all where those here may be of other content."""
    name = str(_facts(folder, url).get("name") or "")
    n_here = _size(folder / PART) if name else 0
    source = _ask_web if url.lower().startswith(("http://", "https://")) else _ask_fsspec
    with source(url, n_here, name) as answer:
        if n_here and not answer.start:
            changed = answer.name != name
            _log.warning(
                "%s %s: the download starts over",
                shown_url(url),
                "has changed since it was begun" if changed else "cannot be continued, says its server",
            )
        yield answer


@contextmanager
def _ask_web(url: str, start: int, name: str) -> Iterator[Answer]:
    """Ask a web server: for the rest of the content of that name, else for all."""
    headers = {"accept-encoding": "identity", "user-agent": "quasar-index"}
    response = get(url, headers | ({"range": f"bytes={start}-", "if-range": name} if start else {}))
    if response.status == 416:  # it has fewer bytes than are here: other content
        response.close()
        response = get(url, headers)
    try:
        if response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
            raise DataError(
                f"{shown_url(url)} comes packed by its server, which was not asked for", "give the path of the file"
            )
        tag = response.headers.get("ETag", "")
        found = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
        begin, total = 0, _number(response.headers.get("Content-Length"))
        if response.status == 206:
            begin, total = _range(response.headers.get("Content-Range", ""))
        if response.status == 416 or begin not in (start, 0) or (begin and found != name):
            raise LostError(f"the server sends other bytes than were asked for (status {response.status})")
        yield Answer(begin, total, found, _pieces(response))
    finally:
        response.close()


def _pieces(response: object) -> Iterator[bytes]:
    """Read the body of an answer."""
    import urllib3

    assert isinstance(response, urllib3.BaseHTTPResponse)  # noqa: S101 - for the type checker
    try:
        yield from response.stream(_PIECE, decode_content=False)
    except urllib3.exceptions.TimeoutError as error:
        raise LostError("the server fell silent") from error
    except urllib3.exceptions.HTTPError as error:
        raise LostError("the connection was lost") from error


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None


def _range(text: str) -> tuple[int, int | None]:
    """Read `bytes 10-99/100`: the first byte (-1 where it is none), and the size of the whole (None for `*`)."""
    first, _, total = text.removeprefix("bytes ").partition("/")
    begin = _number(first.partition("-")[0])
    return -1 if begin is None else begin, _number(total)


@contextmanager
def _ask_fsspec(url: str, start: int, name: str) -> Iterator[Answer]:
    """Ask a file system of fsspec."""
    import fsspec

    where = shown_url(url)
    try:
        system, path = fsspec.core.url_to_fs(url)
        facts = system.info(path)
    except FileNotFoundError as error:
        raise DataError(f"there is no file at {where}", "check the address") from error
    except ImportError as error:
        raise DataError(f"{where} cannot be read here ({first_line(error)})", "install that package") from error
    except ValueError as error:
        raise DataError(f"{where} cannot be read ({first_line(error)})", "check the address") from error
    except Exception as error:
        # What the client of that protocol raises: for missing rights, and for lost connections.
        raise LostError(f"no answer ({first_line(error)})") from error
    if facts.get("type") == "directory":
        raise DataError(f"{where} is a folder", "name a file in it")
    known = ("ETag", "etag", "md5", "mtime", "LastModified", "last_modified", "created")
    found = next((f"{key} {facts[key]}" for key in known if facts.get(key)), "")
    begin = start if found == name else 0
    yield Answer(begin, facts.get("size"), found, _read_from(system, path, begin))


def _read_from(system: object, path: str, begin: int) -> Iterator[bytes]:
    """Read a file of fsspec from a byte on."""
    try:
        with system.open(path, "rb") as file:  # type: ignore[attr-defined]
            file.seek(begin)
            while piece := file.read(_PIECE):
                yield piece
    except Exception as error:
        raise LostError(f"the connection was lost ({first_line(error)})") from error


def _check_room(folder: Path, answer: Answer) -> None:
    """Raise a DataError when the disk cannot hold what is to come, and some more."""
    needed = (answer.total or 0) - answer.start
    check_room(folder, needed, "the download")


def check_room(folder: Path, n_bytes: int, what: str) -> None:
    """Raise a DataError when a disk has no room for something.

    Args:
        folder: A folder on it.
        n_bytes: How much is to be written.
        what: What needs them, such as "the download".
    """
    free = shutil.disk_usage(folder).free
    if n_bytes + _RESERVE > free:
        raise DataError(
            f"{what} needs {size_text(n_bytes)}, and {size_text(free)} are free at '{folder}'",
            "make room, or name a path on another disk for the index",
        )


def _receive(url: str, answer: Answer, folder: Path, on_progress: OnProgress | None) -> None:
    """Write what comes behind what is here.

    Raises:
        LostError: When less came than was said.
        DataError: When it is no zip.
    """
    part, done, head = folder / PART, answer.start, b""
    if not done:
        part.unlink(missing_ok=True)
        facts = {"of": _mark(url), "name": answer.name, "total": answer.total}
        write_atomically(folder / FACTS, json.dumps(facts).encode())
    with part.open("ab") as file:
        for piece in answer.pieces:
            if done < _JUDGED:
                head += piece
                check_content(head, shown_url(url), is_start=True)
            file.write(piece)
            done += len(piece)
            if on_progress is not None:
                on_progress(done, answer.total)
    if answer.total is not None and done != answer.total:
        raise LostError(f"less came than was announced, {size_text(answer.total)}")
    if done < _JUDGED:
        check_content(head, shown_url(url))
