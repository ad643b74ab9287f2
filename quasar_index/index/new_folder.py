"""The folder of a new index: made hidden beside its place, and renamed into it when it is whole."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AnchorIndexError, reason
from ..paths import PathText, sync_folder
from ..plans.plan import PIECES, drop_plan
from .durable import exchange
from .lock import lock
from .manifest import MANIFEST
from .places import check_free, new_index_path
from .publishing import Publication

_log = logging.getLogger(__name__)


@contextmanager
def new_index(name: PathText, *, overwrite: bool, replaces: str | None = None) -> Iterator[tuple[Path, Path]]:
    """Offer a folder to make an index in, and rename it into place when that has been done.

    Args:
        name: Name or path of the index.
        overwrite: Replace an index of that name.
        replaces: In an object store: SHA-256 of the manifest of an index that may be replaced; None for none.

    Yields:
        The path that the index will have (the folder that stands for it, if it goes to an object store), and the folder
        `.NAME.building`, under its lock; what an interrupted run left is in it.

    Raises:
        AnchorIndexError: When the index exists and is not to be overwritten, or another process makes it.
    """
    path = new_index_path(name)
    check_free(path, overwrite=overwrite or replaces is not None)
    folder = path.with_name(f".{path.name}.building")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnchorIndexError(
            f"'{folder.parent}' cannot be made or written ({error.strerror})", "choose another place for the index"
        ) from error
    old = path.with_name(f".{path.name}.replaced")
    with lock(folder, path.name):
        try:
            if not path.exists() and (old / MANIFEST).is_file():  # interrupted between two renamings
                old.rename(path)
            publication = Publication.start(path, overwrite=overwrite, replaces=replaces)
            if publication is None:
                check_free(path, overwrite=overwrite)  # another process may have made it just now
            yield path if publication is None else publication.path, folder
            if publication is None:
                _publish(folder, path)
            else:
                publication.finish(folder)
        except OSError as error:
            raise AnchorIndexError(
                f"index '{path}' cannot be written ({reason(error)})",
                "make room or mend the disk, then run the same command again",
            ) from error


def _publish(folder: Path, path: Path) -> None:
    """Rename the finished folder into place; until then the plan in it says whose it is."""
    shutil.rmtree(folder / PIECES, ignore_errors=True)
    if path.exists():
        old = path.with_name(f".{path.name}.replaced")
        shutil.rmtree(old, ignore_errors=True)
        with lock(path, path.name):
            if exchange(folder, path):
                folder.rename(old)
            else:
                path.rename(old)
                folder.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    else:
        folder.rename(path)
    sync_folder(path.parent)
    drop_plan(path)
    _log.info("index written to '%s'", path)
