"""The manifest of an index: what it was built from, and which version of the table is the current one.

Replacing `manifest.json` is the one commit point of every change: Lance keeps all versions of the table, the manifest
names the one that counts, so a reader sees one state and an interrupted change leaves the last one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..encoders.base import EncoderSpec
from ..errors import AnchorIndexError

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
LIBRARIES = ("quasar-index", "lancedb", "faiss-gpu", "faiss-cpu", "torch", "timm", "open_clip_torch", "numpy", "pillow")


def library_versions() -> dict[str, str]:
    """Return the installed versions of the libraries that an index depends on."""
    found: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class SourceRecord:
    """One data set of an index.

    Attributes:
        name: Name of the data set.
        kind: "full-reference", "no-reference" or "aesthetics".
        division: "median" or "reference" (see `AnchorSource`).
        lower_is_better: Direction of the raw opinion score.
        score_range: Raw scores that map to the ends of [0, 1]; None where there are no scores.
        range_is_declared: Whether the data declare that range; an observed one follows the anchors when they change.
        threshold: Raw median at which the sides divide; None with "reference".
        n_good: Anchors on the good side.
        n_bad: Anchors on the bad side.
        n_failed: Images that could not be embedded; `failures.jsonl` names them.
        n_duplicates: Images left out because an earlier one has the same content.
        checksums: SHA-256 of the label files.
    """

    name: str
    kind: str
    division: str
    lower_is_better: bool
    score_range: tuple[float, float] | None
    threshold: float | None
    n_good: int
    n_bad: int
    n_failed: int = 0
    n_duplicates: int = 0
    checksums: Mapping[str, str] = field(default_factory=dict)
    range_is_declared: bool = False

    @property
    def declared_range(self) -> tuple[float, float] | None:
        """The score range if the data declare it, else None."""
        return self.score_range if self.range_is_declared else None


@dataclass(frozen=True)
class Manifest:
    """The record of an index.

    Attributes:
        encoder: What embedded the anchors.
        sources: What they are.
        n_good: Anchors on the good side.
        n_bad: Anchors on the bad side.
        table_version: The current version of the Lance table.
        uid: Unique to this build, part of the search cache's key.
        created: UTC, ISO 8601.
        libraries: Versions of what built it.
        schema_version: Version of the format.
    """

    encoder: EncoderSpec
    sources: tuple[SourceRecord, ...]
    n_good: int
    n_bad: int
    table_version: int
    uid: str = field(default_factory=lambda: uuid4().hex[:12])
    created: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))
    libraries: Mapping[str, str] = field(default_factory=library_versions)
    schema_version: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return asdict(replace(self, libraries=dict(self.libraries)))

    def write(self, folder: Path) -> None:
        """Write the manifest to an index folder, all or nothing."""
        write_atomically(folder / MANIFEST, (json.dumps(self.to_dict(), indent=2) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of an index folder.

        Raises:
            AnchorIndexError: When it is missing, damaged or of a newer format.
        """
        try:
            data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise AnchorIndexError(f"'{folder}' is no index, it has no {MANIFEST}", "name an index folder") from None
        except (OSError, ValueError) as error:
            raise AnchorIndexError(f"the manifest of '{folder}' is damaged ({error})", "rebuild the index") from error
        return cls.from_dict(data, folder)

    @classmethod
    def from_dict(cls, data: Any, folder: Path) -> Manifest:
        """Read what `to_dict` wrote.

        Args:
            data: Of JSON.
            folder: Where it comes from, for messages.

        Raises:
            AnchorIndexError: When it is damaged or of a newer format.
        """
        newest = data.get("schema_version") if isinstance(data, dict) else None
        if not isinstance(newest, int):
            raise AnchorIndexError(f"the manifest of '{folder}' names no format version", "rebuild the index")
        if newest > SCHEMA_VERSION:
            libraries = data.get("libraries")  # of a format that is not known here: it may look otherwise
            writer = libraries.get("quasar-index") if isinstance(libraries, dict) else None
            raise AnchorIndexError(
                f"index '{folder}' has format {newest}{f', that of quasar-index {writer}' if writer else ''}; "
                f"this version reads formats up to {SCHEMA_VERSION}",
                "update quasar-index",
            )
        try:
            encoder = EncoderSpec.from_dict(data["encoder"])
            sources = tuple(
                SourceRecord(**{**s, "score_range": tuple(s["score_range"]) if s["score_range"] else None})
                for s in data["sources"]
            )
            values = {f.name: data[f.name] for f in fields(cls)}
            return cls(**{**values, "encoder": encoder, "sources": sources})
        except (KeyError, TypeError, AttributeError) as error:
            raise AnchorIndexError(
                f"the manifest of '{folder}' lacks or misnames {error}", "rebuild the index"
            ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file in one step: readers see the old bytes or the new ones, also after a crash."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
