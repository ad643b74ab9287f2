"""An index as one file that travels, and an index made of such a file.

A bundle has one version of an index: manifest, all anchors with all embeddings and ratings, calibrations, terms. It has
no history, no tags, no list of images that failed, no cache and no lists of an approximate search: these are made anew
of the same numbers. So the index that is made of a bundle gives the same scores to the bit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pyarrow as pa

from ..arguments import checked
from ..errors import AnchorIndexError, counted, first_line
from ..index import AnchorIndex, Manifest, Origin, Terms, read_origins, terms_of
from ..index.build import finish_folder
from ..index.manifest import library_versions
from ..index.new_folder import new_index
from ..index.origin import Provenance
from ..index.places import check_free, is_shipped, new_index_path
from ..index.records import Shard, is_count
from ..index.staging import clear
from ..index.store import TABLE, write_shards
from ..paths import PathText, new_output, write_atomically
from .anchor_part import as_plain, check_schema, plain_schema, read_anchors, write_anchors
from .container import ANCHORS, HEAD, Container, Part, Source, damaged, write_container
from .private import without_places

ENDING = ".quasar"
"""Ending of the name of a bundle."""
THE_INDEX = "the index"
"""What the licence is of that whoever pushes an index gives it."""
FORMAT = 1
"""Version of the format of bundles."""
_CALIBRATIONS = "calibrations"
_MOST_TABLES = 100_000
OnProgress: TypeAlias = Callable[[int, int], None]
_OWN = ("uid", "version", "shards")  # of a manifest: what an index does not share with its copies
_LEFT_OUT = {"uid": "bundle", "version": 1, "shards": [{"table": TABLE, "version": 1}]}
_OF_BUNDLE = frozenset({"format", "writer", "name", "private", "tables", "terms", "origins", "manifest"})
_OF_CALIBRATION = frozenset({"method", "version", "groups", "calibration", "lower_is_better", "rating"})


@dataclass(frozen=True)
class Bundle:
    """What a bundle says of itself.

    Attributes:
        path: The file.
        name: Name of the index that it was made of; empty where it is private.
        private: Whether paths, and all that tells where files lie, were left out.
        manifest: Record of the index: encoder, sources, counts, selection.
        terms: Licences and what to cite.
        origins: Where the anchors come from, where the index was pulled itself.
        tables: Rows of each table of the index, in order.
        n_bytes: Size of the file.
    """

    path: Path
    name: str
    private: bool
    manifest: Manifest
    terms: tuple[Terms, ...]
    origins: tuple[Origin, ...]
    tables: tuple[int, ...]
    n_bytes: int

    def __len__(self) -> int:
        """Return the number of anchors."""
        return self.manifest.n_good + self.manifest.n_bad


@checked
def write_bundle(
    index: AnchorIndex,
    path: PathText,
    *,
    private: bool = False,
    licence: str | None = None,
    on_progress: OnProgress | None = None,
) -> Bundle:
    r"""Write an index to one file, which `install_bundle` makes an index of with the same scores, to the bit.

    Args:
        index: The index, at the version that it has open; other versions stay behind.
        path: The file, `.quasar`; one that is there is replaced.
        private: Leave out paths and all that tells where files lie (see `private`).
        licence: Licence of the index; None for what is known of its data sets.
        on_progress: Called with (done, total) anchors.

    Raises:
        AnchorIndexError: When the index is damaged, or comes with the package.
        DataError: When the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(4))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> bundle = qi.sharing.write_bundle(index, "own.quasar", licence="CC0-1.0")
        >>> len(bundle), bundle.name, bundle.terms[0].licence
        (4, 'own', 'CC0-1.0')
    """
    path = Path(path)
    if is_shipped(index.path):
        raise AnchorIndexError(
            f"index '{index.name}' comes with quasar-index: everybody has it", "push an index of your own"
        )
    broken = [one for one in index.verify().damage if one.part in ("table", "manifest")]
    if broken:
        raise AnchorIndexError(f"index '{index.place}' is damaged: {broken[0].message}", broken[0].mend)
    manifest, columns, batches = index.manifest, tuple(index.columns), index.tables.scan(index.columns)
    terms = terms_of(index)
    if licence is not None:
        terms = [Terms(THE_INDEX, licence), *(one for one in terms if one.of != THE_INDEX)]
    if private:
        stripped = without_places(index)
        terms = [replace(one, of=stripped.sources.get(one.of, one.of)) for one in terms]
        manifest, columns, batches = stripped.manifest, stripped.columns, stripped.batches(index)
    schema = plain_schema(pa.schema([index.tables.schema.field(name) for name in columns]))
    try:
        check_schema(schema, manifest)
    except ValueError as error:
        raise AnchorIndexError(
            f"index '{index.place}' cannot be pushed ({error})", "export it, and build an index of that without it"
        ) from error
    head = {
        "format": FORMAT,
        "writer": library_versions().get("quasar-index", ""),
        "name": "" if private else index.name,
        "private": private,
        "tables": [n for one in index.tables.each() if (n := sum(map(len, one.scan(["id"]))))],
        "terms": [asdict(one) for one in terms],
        "origins": [asdict(one) for one in read_origins(index.path) if not private or one.source.startswith("quasar:")],
        "manifest": _shared(manifest),
    }

    def plain() -> Iterator[pa.RecordBatch]:
        count = None if on_progress is None else _counting(on_progress, len(index))
        for batch in batches:
            yield as_plain(batch, schema)
            if count is not None:
                count(len(batch))

    with new_output(path) as temporary:
        parts: list[Part] = [(HEAD, _writes(head)), (ANCHORS, lambda sink: write_anchors(sink, plain(), schema))]
        parts += [(f"{_CALIBRATIONS}/{name}", _writes(found)) for name, found in _calibrations(index)]
        write_container(temporary, parts)
    return read_bundle(path)


def _writes(data: Any) -> Any:
    text = (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()
    return lambda sink: sink.write(text)


def _shared(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as plain data, without what only counts in its own folder."""
    # The weights that a user named lie at a path of theirs, which no other machine may be told to open.
    embeddings = tuple(replace(one, encoder=replace(one.encoder, weights="")) for one in manifest.embeddings)
    data = replace(manifest, embeddings=embeddings).to_dict()
    return {name: value for name, value in data.items() if name not in _OWN}


def _calibrations(index: AnchorIndex) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calibrations of the open version: their names without it, and what they hold."""
    version = index.manifest.version
    for path in sorted((index.path / _CALIBRATIONS).glob(f"{version}-*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if set(found) != _OF_CALIBRATION or not re.fullmatch(r"[0-9a-f]{12}", path.stem.partition("-")[2]):
                raise ValueError("it is none of this version of quasar-index")
        except (OSError, ValueError, TypeError) as error:
            raise AnchorIndexError(f"the calibration '{path}' is damaged ({error})", "delete it") from error
        yield path.name.partition("-")[2], found | {"version": 1}


@checked
def read_bundle(path: PathText) -> Bundle:
    """Read what a bundle says of itself; its anchors are not looked at.

    Args:
        path: The file.

    Raises:
        AnchorIndexError: When it is none, damaged, or of a newer format.
    """
    with Container(Path(path)) as container:
        return _read_head(container)


def _read_head(container: Container) -> Bundle:
    path = container.path
    try:
        data = json.loads(container.text(HEAD))
        if not isinstance(data, dict) or type(data.get("format")) is not int:
            raise ValueError(f"{HEAD} names no format")
    except (ValueError, RecursionError) as error:
        raise damaged(path, first_line(error)) from error
    if data["format"] > FORMAT:
        raise AnchorIndexError(
            f"the bundle '{path}' has format {data['format']}, this version reads formats up to {FORMAT}",
            "update quasar-index",
        )
    try:
        if set(data) != _OF_BUNDLE:
            raise ValueError(f"{HEAD} has other entries than a bundle has")
        if not (isinstance(data["name"], str) and isinstance(data["private"], bool) and len(data["name"]) < 256):
            raise ValueError("an unsound name")
        tables = tuple(data["tables"])
        if not 0 < len(tables) <= _MOST_TABLES or not all(is_count(n) and n for n in tables):
            raise ValueError("unsound tables")
        terms = tuple(map(Terms.from_dict, data["terms"]))
        origins = tuple(one for one in map(Origin.from_dict, data["origins"]) if one is not None)
        manifest = Manifest.from_dict({**data["manifest"], **_LEFT_OUT}, path)
        if any(one.encoder.weights for one in manifest.embeddings):
            raise ValueError("it names a file of weights on your machine")
        names = [source.name for source in manifest.sources]
        if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            raise ValueError("unsound names of data sets")
    except (ValueError, TypeError, AttributeError) as error:
        raise damaged(path, first_line(error)) from error
    facts = data["name"], data["private"], manifest, terms, origins, tables
    return Bundle(path, *facts, path.stat().st_size)


@checked
def install_bundle(
    path: PathText,
    name: PathText,
    *,
    overwrite: bool = False,
    replaces: str | None = None,
    origin: Origin | None = None,
    on_progress: OnProgress | None = None,
) -> AnchorIndex:
    r"""Make an index of a bundle: the whole of it is checked first, and the index is complete or not there.

    Args:
        path: The file.
        name: Name, path or address of the new index.
        overwrite: Replace an index of that name.
        replaces: In an object store: SHA-256 of the manifest of an index that may be replaced; None for none.
        origin: Where the file comes from: what the index will say beside what the bundle says; None for no more.
        on_progress: Called with (done, total) bytes; all are read twice, first to be checked.

    Returns:
        The index; its only version is 1.

    Raises:
        AnchorIndexError: When the file is no bundle, damaged, of a newer format, or holds no sound index; or the index
            exists and is not to be overwritten.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(4))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> _ = qi.sharing.write_bundle(index, "own.quasar")
        >>> copy = qi.sharing.install_bundle("own.quasar", "copy")
        >>> queries = np.random.default_rng(0).normal(size=(3, 4))
        >>> one, other = (qi.Mean().fit(i).score(queries).score for i in (index, copy))
        >>> bool((one == other).all())
        True
    """
    check_free(new_index_path(name), overwrite=overwrite or replaces is not None)
    with Container(Path(path)) as container:
        bundle = _read_head(container)
        container.check()
        calibrations = {part: _calibration(container, part) for part in container.calibrations}
        on_read = None if on_progress is None else _counting(on_progress, 2 * container.size(ANCHORS))
        if check_anchors(container, bundle, on_read) != sum(bundle.tables):
            raise damaged(bundle.path, "its tables have other rows than it says")
        with new_index(name, overwrite=overwrite, replaces=replaces) as (place, folder):
            clear(folder)
            with container.open(ANCHORS) as file:
                batches = read_anchors(Source(file, on_read), bundle.manifest)
                first = next(batches)
                shards = write_shards(folder, _all(first, batches), first.schema, rows=bundle.tables)
            manifest = _as_new(bundle.manifest, shards)
            for part, data in calibrations.items():
                (folder / _CALIBRATIONS).mkdir(exist_ok=True)
                write_atomically(folder / _CALIBRATIONS / f"1-{Path(part).name}", data)
            of = f" of '{bundle.name}'" if bundle.name else ""
            origins = bundle.origins
            if origin is not None:
                origins = (*(one for one in origins if one.source != origin.source), origin)
            finish_folder(folder, manifest, f"pull from a bundle{of}", Provenance(origins, bundle.terms))
            if damage := AnchorIndex(folder, manifest).verify().damage:
                clear(folder)
                raise damaged(bundle.path, damage[0].message)
    return AnchorIndex(place, manifest)


def _all(first: pa.RecordBatch, others: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from others


def _as_new(manifest: Manifest, shards: tuple[Shard, ...]) -> Manifest:
    return replace(manifest, uid=uuid4().hex[:12], shards=shards)


def _counting(on_progress: OnProgress, total: int) -> Callable[[int], None]:
    done = 0

    def count(n: int) -> None:
        nonlocal done
        done += n
        on_progress(min(done, total), total)

    return count


def check_anchors(container: Container, bundle: Bundle, on_read: Callable[[int], None] | None = None) -> int:
    """Read all anchors once, before anything is written; return their number.

    Raises:
        AnchorIndexError: When they are not what the bundle says.
    """
    n = 0
    try:
        with container.open(ANCHORS) as file:
            source = Source(file, on_read)
            for batch in read_anchors(source, bundle.manifest):
                n += len(batch)
            if source.rest() != container.sums[ANCHORS]:
                raise ValueError(f"'{ANCHORS}' is not as it was written")
    except Exception as error:  # ValueError, Arrow's, zipfile's, by the kind of damage
        raise damaged(container.path, first_line(error)) from error
    if n != len(bundle) or n == 0:
        raise damaged(container.path, f"it has {counted(n, 'anchor')} instead of {len(bundle)}")
    return n


def _calibration(container: Container, part: str) -> bytes:
    data = container.text(part)
    try:
        found = json.loads(data)
        if not isinstance(found, dict) or set(found) != _OF_CALIBRATION or found["version"] != 1:
            raise ValueError(f"'{part}' is no calibration")
    except (ValueError, RecursionError) as error:
        raise damaged(container.path, first_line(error)) from error
    return data
