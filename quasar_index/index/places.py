"""Where indexes lie, and where a new one may: at a path, in `$QUASAR_INDEX_HOME` or in `./indexes`.

The starter index comes with the package; it is found by its name where there is no other of that name.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from tempfile import TemporaryFile

from ..errors import AnchorIndexError
from ..paths import PathText
from .manifest import MANIFEST

HOME_VARIABLE = "QUASAR_INDEX_HOME"
DEFAULT_HOME = Path("indexes")
SHIPPED_HOME = Path(__file__).parents[1] / "starter" / "indexes"
STARTER = "starter"
"""Name of the index that comes with the package."""


def homes() -> list[Path]:
    """Return the folders in which indexes are looked for by name, and the first of which new ones are made in."""
    given = os.environ.get(HOME_VARIABLE)
    return [Path(given).expanduser(), DEFAULT_HOME] if given else [DEFAULT_HOME]


def index_names() -> list[str]:
    """Return the names of the indexes in `homes`, and last that of the one that comes with the package."""
    # Hidden folders are what an interrupted build or replacement leaves.
    there = {found.parent.name for home in homes() for found in home.glob(f"[!.]*/{MANIFEST}")}
    return [*sorted(there - {STARTER}), STARTER]


def find_index(name: PathText) -> Path:
    """Return the folder of the index at a path, or of that name.

    Raises:
        AnchorIndexError: When there is none, naming those there are.
    """
    places = [*homes(), SHIPPED_HOME]
    candidates = list(dict.fromkeys([Path(name), *(home / name for home in places)]))
    for path in candidates:
        if os.path.isfile(path / MANIFEST):  # noqa: PTH113 - unlike Path.is_file, no error for long names
            return path
    # Hidden folders are what an interrupted build or replacement leaves.
    there = sorted({found.parent.name for home in homes() for found in home.glob(f"[!.]*/{MANIFEST}")})
    known = f"there are {', '.join(there)}" if there else "build it with 'quasar-index build'"
    if os.fspath(name).lower().endswith(".quasar") and os.path.isfile(name):  # noqa: PTH113 - as above
        known = f"a bundle is no index yet: quasar-index pull {shlex.quote(os.fspath(name))}"
    looked = " or ".join(str(path.parent) for path in candidates if path.parent != SHIPPED_HOME)
    raise AnchorIndexError(f"no index '{name}' in {looked}", known)


def is_shipped(path: Path) -> bool:
    """Whether an index comes with the package: nothing is written into its folder."""
    return path.resolve().parent == SHIPPED_HOME.resolve()


def check_own(path: Path) -> None:
    """Raise the AnchorIndexError of an index that comes with the package and is to be changed."""
    if is_shipped(path):
        raise AnchorIndexError(
            f"index '{path.name}' comes with quasar-index and stays as it is",
            f"make another one of it and yours: quasar-index merge NEW {path.name} YOURS",
        )


def new_index_path(name: PathText) -> Path:
    """Return where a new index goes: a path as it is, a bare name below `$QUASAR_INDEX_HOME` or `./indexes`.

    Raises:
        AnchorIndexError: When the name is empty or hidden.
    """
    path = Path(name)
    if path.name in ("", "..") or path.name.startswith("."):
        raise AnchorIndexError(f"'{name}' is no name for an index", "use letters, digits, - and _")
    return path if len(path.parts) > 1 else homes()[0] / path


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise the AnchorIndexError of an index that exists and is not to be overwritten, before anything takes long."""
    if path.exists() and not overwrite:
        raise AnchorIndexError(f"'{path}' exists already", "choose another name, or replace it with --overwrite")
    if path.exists() and not (path / MANIFEST).is_file():
        raise AnchorIndexError(f"'{path}' exists and is no index", "choose another name")


def check_place(path: Path) -> None:
    """Raise the AnchorIndexError of a place where no index can be made, before anything takes long."""
    place = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        TemporaryFile(dir=place).close()
    except OSError as error:
        raise AnchorIndexError(
            f"'{path.parent}' cannot be made or written ({error.strerror})", "choose another place for the index"
        ) from error
