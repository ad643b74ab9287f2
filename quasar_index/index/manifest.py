"""The manifest of an index: what it was built from, and which version of the table is the current one.

Replacing `manifest.json` is the one commit point of every change: Lance keeps all versions of the table, the manifest
names the one that counts, so a reader sees one state and an interrupted change leaves the last one.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

from ..encoders.spec import EncoderSpec, Resize
from ..errors import AnchorIndexError
from .durable import sync_folder

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LARGEST_DIM = 1 << 20
_log = logging.getLogger(__name__)
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
        kept: Whether threshold and score range are those of the index that this one is a subset of: they stay as they
            are when anchors change, so that a subset is never divided at its own median.
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
    kept: bool = False

    @property
    def declared_range(self) -> tuple[float, float] | None:
        """The score range if the data declare it, else None."""
        return self.score_range if self.range_is_declared else None

    @property
    def fixed_range(self) -> tuple[float, float] | None:
        """The score range if it stays when anchors change, else None."""
        return self.score_range if self.range_is_declared or self.kept else None

    @property
    def fixed_threshold(self) -> float | None:
        """The threshold if it stays when anchors change, else None."""
        return self.threshold if self.kept else None


@dataclass(frozen=True)
class Subset:
    """Where the anchors of a selected index come from, and why these: they are the rows of its first version, by id.

    Attributes:
        method: Name of the selection method.
        parameters: Its parameters, by name.
        n_good: Chosen of the good side.
        n_bad: Chosen of the bad side.
        of_good: Good anchors that they were chosen from.
        of_bad: Bad anchors that they were chosen from.
        space: The space that the method looked at, such as "raw" or "whitened (shrinkage 1)".
        stratify: Quantile bins of the rating within each side, to each of which the method was applied; None for none.
        where: The SQL filter on the anchors that were chosen from; None for all.
        group: Column of the contents that stay together in the method's own validation; None for no groups.
        index: Name of the index that was selected from.
        uid: Its `Manifest.uid`.
        version: Its version.
        reason: Why this method and size, in a line; may be empty.
        time: UTC, ISO 8601.
    """

    method: str
    parameters: Mapping[str, Any]
    n_good: int
    n_bad: int
    of_good: int
    of_bad: int
    index: str
    uid: str
    version: int
    space: str = "raw"
    stratify: int | None = None
    where: str | None = None
    group: str | None = None
    reason: str = ""
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))

    @property
    def label(self) -> str:
        """The method with its parameters, such as `mmr balance=0.5 relevance=centroid`."""
        return " ".join([self.method, *(f"{name}={value}" for name, value in self.parameters.items())])


@dataclass(frozen=True)
class Approximation:
    """The approximate search that the user of an index opted in to, and what was measured of it.

    Attributes:
        space: The space of its anchors, such as "whitened (shrinkage 10)"; it serves no other.
        of: Name of these anchors in this space (`Fits.of`).
        factory: What FAISS calls such lists, such as "IVF1414,PQ384x4fs", good side then bad.
        n_lists: Lists of the good and of the bad side.
        n_probe: Lists that a query looks into, of each side.
        n_ranked: Candidates of a side whose exact cosines are computed for a query.
        top_k: Largest k that it serves, at which it was measured.
        n_queries: Queries that it was measured with: anchors, which do not count as their own neighbours.
        recall: Mean share of the k nearest anchors of a side that it found.
        recall_low: The share that 95% of the queries reached.
        score_srcc: Rank correlation of the queries' retrieval scores (k a side, equal weights) with the exact ones.
        speedup: Time of the exact search of all these queries / its time, on the machine that measured.
        speedup_single: The same for one query alone.
        time: UTC, ISO 8601.
    """

    space: str
    of: str
    factory: str
    n_lists: tuple[int, int]
    n_probe: tuple[int, int]
    n_ranked: int
    top_k: int
    n_queries: int
    recall: float
    recall_low: float
    score_srcc: float
    speedup: float
    speedup_single: float
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))

    @classmethod
    def from_dict(cls, data: Any) -> Approximation | None:
        """Read what the manifest holds; None, which is exact search, where it is nothing that this version knows."""
        if data is None:
            return None
        try:
            pairs = {name: tuple(data[name]) for name in ("n_lists", "n_probe")}
            made = cls(**{f.name: data[f.name] for f in fields(cls)} | pairs)
        except (KeyError, TypeError, ValueError):
            made = None
        if made is None or not made._is_sound():
            _log.warning("the manifest names no approximate search that this version knows: searching exactly")
            return None
        return made

    def _is_sound(self) -> bool:
        counts = (*self.n_lists, *self.n_probe, self.n_ranked, self.top_k, self.n_queries)
        figures = (self.recall, self.recall_low, self.score_srcc, self.speedup, self.speedup_single)
        return (
            all(isinstance(text, str) for text in (self.space, self.of, self.factory, self.time))
            and len(self.n_lists) == len(self.n_probe) == 2
            and all(_is_count(count) and count > 0 for count in counts)
            and all(isinstance(figure, (int, float)) for figure in figures)
        )


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
        subset: How the anchors were selected from another index; None where they were not. It tells of the first
            version: what was changed since then stands in the history.
        approximate: The approximate search of this version; None for exact search. A change of the index ends it.
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
    subset: Subset | None = None
    approximate: Approximation | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data, without what only subsets have where this is none: older versions read that."""
        data = asdict(replace(self, libraries=dict(self.libraries)))
        if self.subset is None:
            del data["subset"]
        if self.approximate is None:
            del data["approximate"]
        for source in data["sources"]:
            if not source["kept"]:
                del source["kept"]
        return data

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
        except (OSError, ValueError, RecursionError) as error:
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
            subset = None if data.get("subset") is None else Subset(**data["subset"])
            approximate = Approximation.from_dict(data.get("approximate"))
            values = {f.name: data[f.name] for f in fields(cls) if f.name not in ("subset", "approximate")}
            own = {"encoder": encoder, "sources": sources, "subset": subset, "approximate": approximate}
            manifest = cls(**{**values, **own})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnchorIndexError(
                f"the manifest of '{folder}' lacks or misnames {error}", "rebuild the index"
            ) from error
        if impossible := _impossible(manifest):
            raise AnchorIndexError(f"the manifest of '{folder}' has an impossible {impossible}", "rebuild the index")
        return manifest


def _impossible(manifest: Manifest) -> str:
    """Name a value that no build writes, empty where there is none: manifests come from strangers, too."""
    encoder, rule = manifest.encoder, manifest.encoder.input
    sound = {
        # part of file names, which may not lead out of the index
        "uid": isinstance(manifest.uid, str) and _UID.fullmatch(manifest.uid) is not None,
        "version or count": all(map(_is_count, (manifest.table_version, manifest.n_good, manifest.n_bad))),
        "encoder": all(isinstance(text, str) for text in (encoder.name, encoder.weights, encoder.fingerprint))
        and _is_count(encoder.dim)
        and 0 < encoder.dim <= _LARGEST_DIM,
        "input rule": rule is None
        or (
            rule.resize in get_args(Resize)
            and _is_count(rule.size)
            and _is_count(rule.min_side)
            and all(isinstance(value, (int, float)) for value in (*rule.mean, *rule.std))
        ),
        "time": isinstance(manifest.created, str),
        "list of libraries": isinstance(manifest.libraries, dict),
    }
    return next((name for name, is_sound in sound.items() if not is_sound), "")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file in one step: readers see the old bytes or the new ones, also after a crash."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
