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
from .addresses import Address, mirror_of, new_place, read_place, target_of
from .manifest import MANIFEST

HOME_VARIABLE = "QUASAR_INDEX_HOME"
DEFAULT_HOME = Path("indexes")
SHIPPED_HOME = Path(__file__).parents[1] / "starter" / "indexes"
STARTER = "starter"
"""Name of the index that comes with the package."""
STARTER_METHOD = "retrieval"
"""Its default method: ahead of the mean on distortions and photographs that it has not seen."""


def homes() -> list[Path]:
    """Return the folders in which indexes are looked for by name, and the first of which new ones are made in.

    Where `$QUASAR_INDEX_HOME` is an address of an object store, that comes first, and is none of them.
    """
    given = os.environ.get(HOME_VARIABLE)
    place = read_place(given) if given else None
    return [place.expanduser(), DEFAULT_HOME] if isinstance(place, Path) else [DEFAULT_HOME]


def _home_in_store(name: PathText) -> Address | None:
    """Return the address of an index by its bare name, where `$QUASAR_INDEX_HOME` is an address."""
    given, text = os.environ.get(HOME_VARIABLE), os.fspath(name)
    if not given or Path(text).name != text or not isinstance(read_place(given), Address):
        return None
    place = read_place(f"{given.rstrip('/')}/{text}")
    return place if isinstance(place, Address) else None


def index_names() -> list[str]:
    """Return the names of the indexes in `homes`, and last that of the one that comes with the package."""
    # Hidden folders are what an interrupted build or replacement leaves.
    there = {found.parent.name for home in homes() for found in home.glob(f"[!.]*/{MANIFEST}")}
    return [*sorted(there - {STARTER}), STARTER]


def find_index(name: PathText) -> Path:
    """Return the folder of the index at a path or an address, or of that name; the one that stands for an address.

    Raises:
        AnchorIndexError: When there is none, naming those there are, or a store does not let it be read.
    """
    place = read_place(name)
    if isinstance(place, Address):
        from .mirrors import open_mirror

        return open_mirror(place)
    if (own := _home_in_store(name)) is not None and not os.path.isfile(place / MANIFEST):  # noqa: PTH113 - as below
        from .mirrors import has_index, open_mirror

        if has_index(str(own)):
            return open_mirror(own)
    places = [*homes(), SHIPPED_HOME]
    candidates = list(dict.fromkeys([place, *(home / name for home in places)]))
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
    """Raise the AnchorIndexError of an index that is to be changed and is not the user's, or is in an object store."""
    if (mirror := mirror_of(path)) is not None:
        address, name = shlex.quote(str(mirror.address)), mirror.address.name
        raise AnchorIndexError(
            f"an index in an object store is not changed in place ('{mirror.address}')",
            f"quasar-index pull {address} {name}, change that, quasar-index push {name} {address}",
        )
    if is_shipped(path):
        raise AnchorIndexError(
            f"index '{path.name}' comes with quasar-index and stays as it is",
            f"make another one of it and yours: quasar-index merge NEW {path.name} YOURS",
        )


def new_index_path(name: PathText) -> Path:
    """Return where a new index goes: a path as it is, a bare name below `$QUASAR_INDEX_HOME` or `./indexes`.

    Of one that goes to an address, it is where it is made.

    Raises:
        AnchorIndexError: When the name is empty or hidden, or an address that no index can have.
    """
    place = read_place(name)
    path = new_place(place) if isinstance(place, Address) else place
    if path.name in ("", "..") or path.name.startswith("."):
        raise AnchorIndexError(f"'{name}' is no name for an index", "use letters, digits, - and _")
    if (own := _home_in_store(path)) is not None:
        return new_place(own)
    return path if len(path.parts) > 1 else homes()[0] / path


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise the AnchorIndexError of an index that exists and is not to be overwritten, before anything takes long."""
    if target_of(path) is not None:
        from .publishing import check_target

        check_target(path, overwrite=overwrite)
        return
    if path.exists() and not overwrite:
        raise AnchorIndexError(f"'{path}' exists already", "choose another name, or replace it with --overwrite")
    if path.exists() and not (path / MANIFEST).is_file():
        raise AnchorIndexError(f"'{path}' exists and is no index", "choose another name")


def check_place(path: Path) -> None:
    """Raise the AnchorIndexError of a place where no index can be made, before anything takes long."""
    if (address := target_of(path)) is not None:
        from .object_store import check_writable

        check_writable(address)
    place = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        TemporaryFile(dir=place).close()
    except OSError as error:
        raise AnchorIndexError(
            f"'{path.parent}' cannot be made or written ({error.strerror})", "choose another place for the index"
        ) from error
