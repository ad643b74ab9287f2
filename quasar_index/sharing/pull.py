"""`pull`: from a name, an address or a path to an index, without a step that an interruption would have to repeat.

Beside the index in the making lies a folder `.NAME.pulling`, under a lock: the download, then what was unpacked of it
(in a folder named by the checksum of the archive, with `unpacked.json` when all is there). The download is removed when
it is unpacked, the folder when the index is in place.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..arguments import checked
from ..datasets.published import CITATION, RELEASE, find_tower
from ..datasets.published_files import (
    PublishedFile,
    choose_published,
    find_published_files,
    read_published,
    read_published_file,
)
from ..errors import AnchorIndexError, DataError, reason
from ..index import AnchorIndex, Manifest, Origin, Provenance, Terms, build_published, read_origins
from ..index.lock import LOCK, lock
from ..index.manifest import MANIFEST
from ..index.mirrors import has_index
from ..index.places import check_free, check_place, new_index_path
from ..paths import PathText, sha256_file, sync_folder, write_atomically
from .archive import list_archive, unpack
from .bundles import ENDING, install_bundle, read_bundle, write_bundle
from .checksums import check_sum
from .container import HEAD
from .download import FACTS, WHOLE, check_room, download
from .hub import HUB, fetch_from_hub
from .network import no_network
from .places import Place, default_name, find_place
from .published_archive import choose

_STATE = "unpacked.json"

OnStart = Callable[[str, "int | None", int], None]
OnProgress = Callable[[str, int, "int | None"], None]


@dataclass(frozen=True)
class Pulled:
    """What a pull did.

    Attributes:
        index: The index.
        is_new: Whether this run made it; it may have been there.
        origin: Where it comes from.
        others: Our names of the other encoders that the source has embeddings by.
        warnings: What the user should know, such as counts that differ from the published ones.
        n_duplicates: Rows left out because an earlier one is the same.
    """

    index: AnchorIndex
    is_new: bool
    origin: Origin
    others: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    n_duplicates: int = 0


@dataclass(frozen=True)
class Fetching:
    """How files are fetched.

    Attributes:
        offline: Use what is here, and no network.
        accept_changed: Take a file that is not what it was when it was first pulled.
        on_start: Called before a download with its address, its size in bytes (None where the source does not say),
            and how many bytes are here. Of what comes from the Hugging Face hub it is not called.
        on_progress: Called with what is done ("downloading", "unpacking", "writing"), the bytes done, and all of them.
        hub_bars: Let the hub's own library draw bars on stderr.
    """

    offline: bool = False
    accept_changed: bool = False
    on_start: OnStart | None = None
    on_progress: OnProgress | None = None
    hub_bars: bool = False

    def doing(self, what: str) -> Callable[[int, int | None], None] | None:
        """Return what is called with the progress of one thing."""
        return None if self.on_progress is None else partial(self.on_progress, what)


@checked
def pull(
    source: PathText,
    name: PathText | None = None,
    *,
    encoder: str | None = None,
    overwrite: bool = False,
    fetching: Fetching | None = None,
) -> Pulled:
    r"""Make an index of what others share: published embeddings, or a bundle.

    Interrupted, the same call goes on where it stopped. An index that was pulled from there before is left as it is.

    Args:
        source: `quasar:NAME` for a set of `quasar_index.datasets.PUBLISHED`, an address (`https://`, or what fsspec
            opens, or `hf://OWNER/NAME`), or a path: of a zip in the layout of QUASAR's authors, the folder that it
            unpacks to, a `.pt` in it, or a bundle (see `push`); also the address of an index in an object store.
        name: Name or path of the index; None for that of the source.
        encoder: Whose embeddings, where there are those of several; None for the encoder of the paper's task.
        overwrite: Replace an index of that name.
        fetching: How files are fetched.

    Raises:
        DataError: When there is nothing to be had, or it is not what it should be.
        AnchorIndexError: When the index exists and comes from elsewhere, or another process makes it.

    Example:
        >>> import json, torch
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> folder = Path("pipal")
        >>> folder.mkdir()
        >>> torch.save(torch.eye(4, 1024), folder / "pipal_clip_RN50_openai_False.pt")
        >>> paths = ["Train_Ref/A0.bmp", "Train_Dist/A0_00.bmp", "Train_Dist/A0_01.bmp", "Train_Dist/A0_02.bmp"]
        >>> _ = (folder / "pipal_clip_RN50_openai_False.json").write_text(json.dumps({"results_paths": paths}))
        >>> pulled = qi.sharing.pull("pipal", "quality")
        >>> len(pulled.index), pulled.index.manifest.encoder.name
        (4, 'clip-rn50')
    """
    place, how = find_place(source), fetching or Fetching()
    there = _index_there(place, how)
    path = new_index_path(name if name is not None else default_name(place))
    if encoder is not None and find_tower(encoder) is None and place.declared is not None:
        raise DataError(f"{place.text} has no embeddings by {encoder}", "quasar-index pull lists its encoders")
    check_place(path)
    work = path.with_name(f".{path.name}.pulling")
    with _working(work, path.name):
        made = None if overwrite else _made_before(path, place, encoder)
        if made is None:
            check_free(path, overwrite=overwrite)
            try:
                if there is None:
                    made = _make_index(place, path, work, how, encoder, overwrite)
                else:
                    made = _copy_index(there, path, work, how, encoder, overwrite)
            except OSError as error:
                raise AnchorIndexError(
                    f"'{work}' cannot be written ({reason(error)})", "make room, then run the same command again"
                ) from error
    return made


@checked
def pull_files(
    source: PathText, folder: PathText, *, encoder: str | None = None, fetching: Fetching | None = None
) -> Path:
    """Fetch published embeddings as they are, for `reproduce --published`; no index is made.

    Args:
        source: As of `pull`, but no folder.
        folder: Where their own folder goes.
        encoder: Whose embeddings; None for all of them.
        fetching: How files are fetched.

    Returns:
        The folder of the set, in `folder`.

    Raises:
        DataError: As `pull`.
    """
    place, how, folder = find_place(source), fetching or Fetching(), Path(folder)
    if place.path is not None and place.path.is_dir():
        raise DataError(f"'{place.path}' is a folder: its files are there", "give it to --published")
    target = folder / default_name(place)
    work = target.with_name(f".{target.name}.pulling")
    origin = Origin(place.text, place.address, setting=encoder or "all encoders")
    with _working(work, target.name):
        there = read_origins(target)
        if not any((one.source, one.setting) == (origin.source, origin.setting) for one in there):
            archive, sha256 = _archive(place, work, folder, how)
            members = list_archive(archive)
            if _is_bundle(archive):
                raise DataError(f"{place.text} is an index, not published embeddings", "pull it without --raw")
            chosen = choose(archive, members, target, declared=place.declared, encoder=encoder)
            wanted = chosen.members if encoder else members
            target.mkdir(exist_ok=True)
            # First beside: files of another source there must not be taken for these.
            unpacked = unpack(archive, wanted, work / f"unpacked-{sha256[:16]}", on_progress=how.doing("unpacking"))
            for file in unpacked:
                file.replace(target / file.name)
            named = replace(origin, sha256=sha256)
            Provenance((*there, named), _terms(chosen.file)).write(target)
    return target


@contextmanager
def _working(work: Path, name: str) -> Iterator[None]:
    """Hold a working folder; it is removed when the work is done, or has left nothing that is worth keeping."""
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnchorIndexError(
            f"'{work.parent}' cannot be made or written ({reason(error)})", "choose another place"
        ) from error
    with lock(work, name):
        done = False
        try:
            yield
            done = True
        finally:
            if done or not any(path.name not in (LOCK, FACTS) for path in work.iterdir()):
                shutil.rmtree(work, ignore_errors=True)


def _made_before(path: Path, place: Place, encoder: str | None) -> Pulled | None:
    """Return an index that was pulled from there before; None where there is none of that name."""
    if not (path / MANIFEST).is_file():
        return None
    origin = next((one for one in read_origins(path) if one.source == place.text), None)
    index = AnchorIndex(path, Manifest.read(path))
    tower = find_tower(encoder) if encoder is not None else None
    wanted = tower.encoder if tower is not None else encoder
    if origin is None or wanted not in (None, index.manifest.encoder.name):
        what = origin.source if origin is not None else "elsewhere"
        raise AnchorIndexError(
            f"there is an index '{path}' already, from {what} by {index.manifest.encoder.name}",
            "give the new one another name, or replace it with --overwrite",
        )
    return Pulled(index, False, origin)


def _make_index(place: Place, path: Path, work: Path, how: Fetching, encoder: str | None, overwrite: bool) -> Pulled:
    """Fetch, unpack, and build."""
    if place.path is not None and (place.path.is_dir() or place.path.suffix.lower() == ".pt"):
        file, sha256, others = _as_it_lies(place.path, encoder)
    else:
        unpacked = _unpacked_before(place, work, encoder)
        if unpacked is None:
            archive, sha256 = _archive(place, work, path.parent, how)
            if _is_bundle(archive):
                return _install(archive, Origin(place.text, place.address, sha256), path, how, encoder, overwrite)
            unpacked = _unpack(place, archive, sha256, work, how, encoder)
        file, sha256, others = unpacked
    found = read_published_file(file)
    check_room(path.parent, found.embeddings.nbytes, "the index")
    origin = Origin(place.text, place.address, sha256, file.setting)
    writing, row = how.doing("writing"), found.embeddings.itemsize * found.embeddings.shape[1]
    report = build_published(
        path,
        found,
        overwrite=overwrite,
        provenance=Provenance((origin,), _terms(file)),
        on_progress=None if writing is None else lambda done, total: writing(done * row, total * row),
    )
    return Pulled(report.index, True, origin, others, found.source.warnings, report.n_duplicates)


def _index_there(place: Place, how: Fetching) -> AnchorIndex | None:
    """Return the index that is at the address of an object store; None where there is something else."""
    elsewhere = ("http://", "https://", HUB)
    if not place.url or place.url.lower().startswith(elsewhere) or place.url.lower().endswith((".zip", ".pt", ENDING)):
        return None
    if how.offline:
        raise no_network(place.address)
    return AnchorIndex.open(place.url) if has_index(place.url) else None


def _copy_index(
    there: AnchorIndex, path: Path, work: Path, how: Fetching, encoder: str | None, overwrite: bool
) -> Pulled:
    """Make an index of one in an object store."""
    # What tells whether it is still that one, when it is pushed back.
    origin = Origin(there.place, there.place, sha256_file(there.path / MANIFEST))
    bundle = write_bundle(there, work / f"{there.name}{ENDING}")
    return _install(bundle.path, origin, path, how, encoder, overwrite)


def _as_it_lies(path: Path, encoder: str | None) -> tuple[PublishedFile, str, tuple[str, ...]]:
    """Choose the embeddings of a folder, or those of a tensor in one."""
    if path.is_file():
        return read_published(path).file, sha256_file(path), ()
    folder, files = path, find_published_files(path)
    chosen = choose_published(files, encoder, folder)
    others = tuple(one.tower.encoder for one in files if one.tower != chosen.tower)
    return chosen, "", others


def _is_bundle(archive: Path) -> bool:
    return any(member.name == HEAD and not member.folder for member in list_archive(archive))


def _install(bundle: Path, origin: Origin, path: Path, how: Fetching, encoder: str | None, overwrite: bool) -> Pulled:
    """Make an index of a bundle."""
    its = read_bundle(bundle).manifest.encoder.name
    if encoder not in (None, its):
        raise DataError(f"{origin.source} is an index by {its}, not by {encoder}", "leave out --encoder")
    check_room(path.parent, bundle.stat().st_size, "the index")
    index = install_bundle(
        bundle, path, overwrite=overwrite, origin=origin, on_progress=how.doing("checking and writing")
    )
    return Pulled(index, True, origin)


def _unpacked_before(
    place: Place, work: Path, encoder: str | None
) -> tuple[PublishedFile, str, tuple[str, ...]] | None:
    """Return the embeddings that an interrupted run has unpacked of a download, which is gone; None without them."""
    state = _state(work)
    if not place.url or state.get("request") != _request(place, encoder):
        return None
    files = find_published_files(work / str(state["folder"]))
    kept = choose_published(files, str(state["tower"]), work)
    return kept, str(state["sha256"]), tuple(state["others"])


def _request(place: Place, encoder: str | None) -> dict[str, str | None]:
    return {"source": place.key, "encoder": encoder}


def _unpack(
    place: Place, archive: Path, sha256: str, work: Path, how: Fetching, encoder: str | None
) -> tuple[PublishedFile, str, tuple[str, ...]]:
    """Unpack the embeddings of a tower; return them, the SHA-256 of the archive, and the other towers it has."""
    members = list_archive(archive)
    base = f"unpacked-{sha256[:16]}"
    for rest in work.glob("unpacked*"):
        if rest.name != base:
            shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
    first = choose(archive, members, work / base, declared=place.declared, encoder=encoder)
    folder = work / base / first.file.declared.name  # the name tells the set to whoever looks
    chosen = choose(archive, members, folder, declared=place.declared, encoder=encoder)
    unpack(archive, chosen.members, folder, on_progress=how.doing("unpacking"))
    if place.url:
        state = {"folder": base, "sha256": sha256, "tower": chosen.file.tower.encoder, "others": chosen.others}
        write_atomically(work / _STATE, json.dumps({"request": _request(place, encoder), **state}).encode())
        archive.unlink()
        sync_folder(work)
    return chosen.file, sha256, chosen.others


def _state(work: Path) -> dict[str, Any]:
    try:
        found = json.loads((work / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _archive(place: Place, work: Path, home: Path, how: Fetching) -> tuple[Path, str]:
    """Return an archive on the disk, whole and the one that it was before, and its SHA-256."""
    if place.path is not None:
        list_archive(place.path)  # before reading all of it
        return place.path, sha256_file(place.path)
    if place.url.lower().startswith(HUB):
        if how.offline:
            raise no_network(place.address)
        archive = fetch_from_hub(place.url, work / "hub", show_progress=how.hub_bars)
    else:
        start = None if how.on_start is None else partial(how.on_start, place.address)
        archive = download(place.url, work, offline=how.offline, on_start=start, on_progress=how.doing("downloading"))
    try:
        list_archive(archive)
    except DataError:
        (work / WHOLE).unlink(missing_ok=True)  # else the same file would be refused for ever
        raise
    sha256 = sha256_file(archive)
    check_sum(place, sha256, home, accept_changed=how.accept_changed)
    return archive, sha256


def _terms(file: PublishedFile) -> tuple[Terms, ...]:
    """Return the terms of published embeddings: those of the data set, and of the embeddings themselves."""
    declared = file.declared
    home = RELEASE.partition("/releases/")[0]
    return (
        Terms(declared.dataset, declared.licence, declared.citation, declared.declared.homepage),
        Terms("its embeddings", "none named by the release", CITATION, home),
    )
