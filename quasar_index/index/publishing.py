"""An index that was made here goes to an object store: its files first, into a folder of their own, its manifest last.

Until the manifest is put nobody sees anything; then everybody sees all of it. It is put on the condition that nobody
else put one meanwhile, so of two writers one wins, and the files of the other are removed again. The files of the index
that was replaced stay until the next replacement: who reads them goes on reading.
"""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from ..errors import AnchorIndexError, reason
from ..paths import write_atomically
from .addresses import Address, is_token, mirror_place, new_place, target_of
from .durable import files_below
from .manifest import MANIFEST
from .mirrors import FILES
from .object_store import (
    Found,
    TakenError,
    as_json,
    check_writable,
    drop_folder,
    put_folder,
    put_on_condition,
    read_file,
    read_tagged,
)

_BEFORE = "files_before"
_OWN = frozenset({MANIFEST, "request.json", ".lock"})
_OWN_FOLDERS = frozenset({"cache", "staged.lance"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publication:
    """An index on its way to an object store.

    Attributes:
        address: Where it goes.
        before: The manifest that is there; None where there is none.
        token: Name of the folder of its files.
    """

    address: Address
    before: Found | None
    token: str = field(default_factory=lambda: uuid4().hex[:16])

    @classmethod
    def start(cls, path: Path, *, overwrite: bool, replaces: str | None = None) -> Publication | None:
        """Find out whether an index can go where its path says; None where it stays at the path.

        Args:
            path: See `new_index_path`.
            overwrite: Replace whatever index is there.
            replaces: SHA-256 of the manifest of the one index that may be replaced.

        Raises:
            AnchorIndexError: When there is one already, or the store cannot be written.
        """
        address = target_of(path)
        if address is None:
            return None
        before = read_tagged(address, f"{address.inner}/{MANIFEST}")
        if before is not None and not overwrite and sha256(before.data).hexdigest() != replaces:
            raise _exists(address) if replaces is None else _other(address)
        check_writable(address)
        made = cls(address, before)
        made._drop_left()
        return made

    @property
    def path(self) -> Path:
        """The local folder that will stand for the index."""
        return mirror_place(self.address, f"f-{self.token}")

    def finish(self, folder: Path) -> None:
        """Put the finished index there, and make its folder the one that stands for it.

        Raises:
            AnchorIndexError: When somebody else put one there meanwhile, or the store cannot be written; the folder
                stays as it is, and nobody sees what was put.
        """
        address, files = self.address, f"{self.address.inner}/{self.token}"
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        old = "" if self.before is None else as_json(self.before.data, address).get(FILES, "")
        manifest |= {FILES: self.token, _BEFORE: old}
        data = (json.dumps(manifest, indent=2) + "\n").encode()
        try:
            self._left.write_text(self.token, encoding="utf-8")
            put_folder(address, folder, _names(folder), files)
            put_on_condition(address, f"{address.inner}/{MANIFEST}", data, self.before)
        except TakenError:
            drop_folder(address, files)
            raise AnchorIndexError(
                f"another process has just written an index to '{address}', and that one counts",
                "choose another name, or replace it with --overwrite",
            ) from None
        except BaseException:
            self._drop_unless_there(data)
            raise
        self._left.unlink(missing_ok=True)
        self._drop_replaced()
        _log.info("index written to '%s'", address)
        try:
            write_atomically(folder / MANIFEST, data)
            for table in folder.glob("*.lance"):
                shutil.rmtree(table)
            (folder / "request.json").unlink(missing_ok=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(self.path)
        except OSError as error:
            _log.info("what is kept of '%s' here could not be written (%s)", address, reason(error))

    @property
    def _left(self) -> Path:
        """A file that names the folder that is being put: a process that is killed leaves both."""
        place = new_place(self.address)
        return place.with_name(f".{place.name}.putting")

    def _drop_left(self) -> None:
        """Remove what a killed process of this machine has put, unless its index counts."""
        try:
            token = self._left.read_text(encoding="utf-8")
        except OSError:
            return
        now = {} if self.before is None else as_json(self.before.data, self.address)
        if is_token(token) and token not in (now.get(FILES), now.get(_BEFORE)):
            drop_folder(self.address, f"{self.address.inner}/{token}")
        self._left.unlink(missing_ok=True)

    def _drop_unless_there(self, data: bytes) -> None:
        """Remove the files that nothing names; where that is not known for sure, they stay."""
        try:
            found = read_file(self.address, f"{self.address.inner}/{MANIFEST}")
        except AnchorIndexError:
            return
        if found != data:
            drop_folder(self.address, f"{self.address.inner}/{self.token}")

    def _drop_replaced(self) -> None:
        """Remove the files of the index before the one that was replaced."""
        older = None if self.before is None else as_json(self.before.data, self.address).get(_BEFORE)
        if is_token(older):
            drop_folder(self.address, f"{self.address.inner}/{older}")


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise the AnchorIndexError of an index that is there and is not to be overwritten."""
    address = target_of(path)
    if address is None or overwrite:
        return
    if read_file(address, f"{address.inner}/{MANIFEST}") is not None:
        raise _exists(address)


def _exists(address: Address) -> AnchorIndexError:
    return AnchorIndexError(f"'{address}' exists already", "choose another name, or replace it with --overwrite")


def _other(address: Address) -> AnchorIndexError:
    return AnchorIndexError(
        f"'{address}' is not the index any more that this one was pulled from: somebody has replaced it",
        "pull it again under another name and change that, or replace it with --overwrite",
    )


def _names(folder: Path) -> list[str]:
    """Return the files of an index that go to a store."""
    names = sorted(Path(name).relative_to(folder).as_posix() for name in files_below(folder))
    return [
        name
        for name in names
        if name not in _OWN and name.split("/", 1)[0] not in _OWN_FOLDERS and not name.endswith(".tmp")
    ]
