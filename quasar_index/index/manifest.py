"""The manifest of an index: what it was built from, and which versions of its tables are the current ones.

Replacing `manifest.json` is the one commit point of every change: Lance keeps all versions of a table, the manifest
names those that count, so a reader sees one state and an interrupted change leaves the last one. Manifests of earlier
formats are read through `upgrade`; what is written is always of this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..arguments import checked
from ..encoders.spec import EncoderSpec
from ..errors import AnchorIndexError, QuasarError
from ..paths import PathText, write_atomically
from .addresses import shown
from .records import Approximation, EmbeddingRecord, Shard, SourceRecord, Subset, is_count
from .upgrade import FORMAT, upgraded

MANIFEST = "manifest.json"
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LIBRARIES = ("quasar-index", "lancedb", "faiss-gpu", "faiss-cpu", "torch", "timm", "open_clip_torch", "numpy", "pillow")


def library_versions(plugins: Iterable[str] = ()) -> dict[str, str]:
    """Return the installed versions of the libraries that an index depends on, and of plugins, each "NAME VERSION"."""
    found = plugin_versions(plugins)
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def plugin_versions(plugins: Iterable[str]) -> dict[str, str]:
    """Return the versions of plugins by name, given each as "NAME VERSION"; an empty one is none."""
    return {name: version for name, _, version in (text.partition(" ") for text in plugins) if version}


@dataclass(frozen=True)
class Manifest:
    """The record of an index.

    Attributes:
        embeddings: The embeddings of each anchor, at least one; the first is the one that is used unless another is
            asked for.
        shards: The tables that hold the anchors, at least one, and the version of each that counts.
        sources: What the anchors are.
        n_good: Anchors on the good side.
        n_bad: Anchors on the bad side.
        version: Number of this state; each change makes the next one.
        uid: Unique to this build, part of the search cache's key.
        created: UTC, ISO 8601.
        libraries: Versions of what built it.
        schema_version: Version of the format.
        subset: How the anchors were selected from another index; None where they were not. It tells of the first
            version: what was changed since then stands in the history.
        approximate: The approximate search of this version; None for exact search. A change of the index ends it.
    """

    embeddings: tuple[EmbeddingRecord, ...]
    shards: tuple[Shard, ...]
    sources: tuple[SourceRecord, ...]
    n_good: int
    n_bad: int
    version: int = 1
    uid: str = field(default_factory=lambda: uuid4().hex[:12])
    created: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))
    libraries: Mapping[str, str] = field(default_factory=library_versions)
    schema_version: int = FORMAT
    subset: Subset | None = None
    approximate: Approximation | None = None

    @property
    def encoder(self) -> EncoderSpec:
        """What made the first embedding."""
        return self.embeddings[0].encoder

    @checked
    def embedding(self, name: str | None = None) -> EmbeddingRecord:
        """Return the record of an embedding.

        Args:
            name: Its name; None for the first.

        Raises:
            AnchorIndexError: When there is none of that name.
        """
        found = next((one for one in self.embeddings if name in (None, one.name)), None)
        if found is None:
            names = ", ".join(one.name for one in self.embeddings)
            raise AnchorIndexError(f"the index has no embedding '{name}'", f"its embeddings: {names}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        data = asdict(replace(self, libraries=dict(self.libraries)))
        for place, one in enumerate(self.embeddings):
            data["embeddings"][place]["encoder"] = one.encoder.to_dict()
        for source in data["sources"]:
            if source["patches"] is None:  # as earlier versions write and read it
                del source["patches"]
        return data

    @property
    def patch_size(self) -> int | None:
        """Pixels a side, where the anchors are patches of pristine images; None for whole images."""
        return next((source.patches.size for source in self.sources if source.patches is not None), None)

    @checked
    def write(self, folder: PathText) -> None:
        """Write the manifest to an index folder, all or nothing."""
        write_atomically(Path(folder, MANIFEST), (json.dumps(self.to_dict(), indent=2) + "\n").encode())

    @classmethod
    @checked
    def read(cls, folder: PathText) -> Manifest:
        """Read the manifest of an index folder.

        Raises:
            AnchorIndexError: When it is missing, damaged or of a newer format.
        """
        path, folder = Path(folder, MANIFEST), shown(folder)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise AnchorIndexError(f"'{folder}' is no index, it has no {MANIFEST}", "name an index folder") from None
        except (OSError, ValueError, RecursionError) as error:
            raise AnchorIndexError(f"the manifest of '{folder}' is damaged ({error})", "rebuild the index") from error
        return cls.from_dict(data, folder)

    @classmethod
    @checked
    def from_dict(cls, data: Any, folder: PathText) -> Manifest:
        """Read what `to_dict` wrote, in this version or an earlier one.

        Args:
            data: Of JSON.
            folder: Where it comes from, for messages.

        Raises:
            AnchorIndexError: When it is damaged or of a newer format.
        """
        newest = data.get("schema_version") if isinstance(data, dict) else None
        if newest is None or not is_count(newest):
            raise AnchorIndexError(f"the manifest of '{folder}' names no format version", "rebuild the index")
        if newest > FORMAT:
            libraries = data.get("libraries")  # of a format that is not known here: it may look otherwise
            writer = libraries.get("quasar-index") if isinstance(libraries, dict) else None
            raise AnchorIndexError(
                f"index '{folder}' has format {newest}{f', that of quasar-index {writer}' if writer else ''}; "
                f"this version reads formats up to {FORMAT}",
                "update quasar-index",
            )
        try:
            data = upgraded(data)
            subset = data["subset"]
            manifest = cls(
                embeddings=tuple(
                    EmbeddingRecord(one["name"], EncoderSpec.from_dict(one["encoder"]), one["dtype"])
                    for one in data["embeddings"]
                ),
                shards=tuple(Shard(**shard) for shard in data["shards"]),
                sources=tuple(map(SourceRecord.from_dict, data["sources"])),
                subset=subset and Subset(**{**subset, "earlier": tuple(subset["earlier"])}),
                approximate=Approximation.from_dict(data["approximate"]),
                **{name: data[name] for name in _PLAIN},
            )
        except QuasarError as error:
            raise AnchorIndexError(f"the manifest of '{folder}': {error.message}", error.hint) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnchorIndexError(
                f"the manifest of '{folder}' lacks or misnames {error}", "rebuild the index"
            ) from error
        if impossible := _impossible(manifest):
            raise AnchorIndexError(f"the manifest of '{folder}' has an impossible {impossible}", "rebuild the index")
        return manifest


_PLAIN = ("n_good", "n_bad", "version", "uid", "created", "libraries", "schema_version")


def _impossible(manifest: Manifest) -> str:
    """Name a value that no build writes, empty where there is none: manifests come from strangers, too."""
    sound = {
        # part of file names, which may not lead out of the index
        "uid": isinstance(manifest.uid, str) and _UID.fullmatch(manifest.uid) is not None,
        "version or count": all(map(is_count, (manifest.version, manifest.n_good, manifest.n_bad))),
        "embedding": bool(manifest.embeddings) and all(one.is_sound for one in manifest.embeddings),
        "shard": bool(manifest.shards) and all(shard.is_sound for shard in manifest.shards),
        "time": isinstance(manifest.created, str),
        "list of libraries": isinstance(manifest.libraries, dict),
    }
    return next((name for name, is_sound in sound.items() if not is_sound), "")


def cache_base(folder: Path, manifest: Manifest, embedding: str | None = None) -> Path:
    """Return the path of the search cache of a version and an embedding (None for the first), without its ending."""
    which = "" if embedding in (None, manifest.embeddings[0].name) else f"+{embedding}"
    return folder / "cache" / f"{manifest.uid}-v{manifest.version}{which}"
