"""Where scores of very many images go: a folder or a URL, with a plan meanwhile and a manifest at the end."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError, counted, reason
from ..index.manifest import library_versions
from ..paths import PathText
from ..plans.places import LocalPlace, Place, RemotePlace, as_json, cannot_write
from ..plans.plan import Pieces, Plan, read_plan

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "_manifest.json"
"""Readers of folders of Parquet pass over names that begin so."""
PLAN = ".plan"
FORMAT = 1
_CLAIM = ".plan.json"
_LOCK = ".plan.lock"
_PART = "part-"
_WORDS = {"keep": "columns to keep", "tolerate_truncated": "ways with truncated files", "where": "conditions"}


@dataclass(frozen=True)
class ScoreFolder:
    """A folder of scores.

    Attributes:
        place: The folder or URL.
        manifest: What `_manifest.json` says.
        n_resumed: Rows that an interrupted run had left.
        was_there: Whether it was whole before.

    Example:
        >>> import quasar_index as qi
        >>> qi.methods.ScoreFolder("out", {"n_rows": 3, "n_failed": 1}).n_failed
        1
    """

    place: str
    manifest: Mapping[str, Any] = field(repr=False)
    n_resumed: int = 0
    was_there: bool = False

    @property
    def n_rows(self) -> int:
        """Images."""
        return int(self.manifest["n_rows"])

    @property
    def n_failed(self) -> int:
        """Rows with an error."""
        return int(self.manifest["n_failed"])


@dataclass(frozen=True)
class Destination:
    """Where scores go, and where their plan lies meanwhile."""

    place: Place
    request: Mapping[str, Any]
    work: Path
    lock: Path

    @classmethod
    def of(cls, output: PathText, request: Mapping[str, Any]) -> Destination:
        """Return the place of a folder or a URL.

        Raises:
            DataError: When it is a file, or nothing reads the URL.
        """
        text = os.fspath(output)
        if "://" not in text:
            folder = Path(text)
            if folder.exists() and not folder.is_dir():
                raise DataError(f"'{folder}' is a file", "name a folder, or another place")
            return cls(LocalPlace(folder), request, folder / PLAN, folder / _LOCK)
        key = hashlib.sha256(text.rstrip("/").encode()).hexdigest()[:12]
        work = Path(f".quasar-index-scores-{key}")
        return cls(RemotePlace(text), request, work, work.with_name(f"{work.name}.lock"))

    @contextmanager
    def using(self) -> Iterator[None]:
        """Say in one line what the place does not take."""
        try:
            yield
        except Exception as error:  # each store has errors of its own
            raise cannot_write(self.place.text, error) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process of this machine write here meanwhile."""
        from filelock import FileLock, Timeout

        held = FileLock(self.lock)
        try:
            self.lock.parent.mkdir(parents=True, exist_ok=True)
            held.acquire(blocking=False)
        except Timeout:
            raise DataError(
                f"another process writes '{self.place.text}'", "wait until it has finished, or name another folder"
            ) from None
        except OSError as error:
            raise DataError(
                f"'{self.place.text}' cannot be written ({reason(error)})", "check the place that is named for it"
            ) from error
        try:
            yield
        finally:
            with suppress(OSError):
                self.lock.unlink(missing_ok=True)
            held.release()

    def finished(self) -> ScoreFolder | None:
        """Return the scores, where all are there.

        Raises:
            DataError: When they are of another request, or a file is gone.
        """
        with self.using():
            data = self.place.read(MANIFEST)
        if data is None:
            return None
        try:
            manifest = json.loads(data)
            self._check(manifest["request"])
            files = {shard["file"] for shard in manifest["shards"]}
        except (ValueError, TypeError, KeyError):
            raise DataError(f"'{MANIFEST}' of '{self.place.text}' is damaged", "name another folder") from None
        with self.using():
            gone = sorted(files - set(self.place.names()))
        if gone:
            raise DataError(
                f"'{self.place.text}' misses {counted(len(gone), 'of its files', 'of its files')}, such as '{gone[0]}'",
                "put them back, or score into another folder",
            )
        shutil.rmtree(self.work, ignore_errors=True)  # of a run that was killed at its very end
        return ScoreFolder(self.place.text, manifest, was_there=True)

    def begin(self) -> Plan:
        """Return the plan of the request.

        Raises:
            DataError: When the place holds something else, or what a run of another request left.
        """
        plan = Plan(self.work, self.request, "scores")
        kept = read_plan(self.work)
        with self.using():
            names = self.place.names()
            claim = self.place.read(_CLAIM)
        if kept is not None:
            self._check(kept["request"])
        if claim is not None:
            self._check_claim(claim)
        own = {PLAN, _LOCK, _CLAIM}
        if kept is None and claim is None and (others := [name for name in names if name not in own]):
            raise DataError(
                f"'{self.place.text}' is not empty: it holds '{others[0]}'", "name a new folder for the scores"
            )
        if kept is None:
            shutil.rmtree(self.work, ignore_errors=True)
        with self.using():
            self.work.mkdir(parents=True, exist_ok=True)
            plan.begin()
            if claim is None and isinstance(self.place, RemotePlace):
                self.place.write(_CLAIM, as_json({"request": self.request, "run": self._run()}))
        return plan

    def _run(self) -> str:
        """Return what tells this run of a URL from one that another machine has begun."""
        file = self.work / "run"
        if not file.exists():
            file.write_text(secrets.token_hex(8), encoding="ascii")
        return file.read_text(encoding="ascii")

    def _check_claim(self, claim: bytes) -> None:
        try:
            found = json.loads(claim)
            request, run = found["request"], found["run"]
        except (ValueError, TypeError, KeyError):
            raise DataError(
                f"'{_CLAIM}' of '{self.place.text}' is damaged", "remove it, or name another place"
            ) from None
        self._check(request)
        if run != self._run_if_any():
            raise DataError(
                f"'{self.place.text}' belongs to a run that was begun in another folder or on another machine",
                f"go on there; if it is lost, remove '{_CLAIM}' and the files beside it",
            )

    def _run_if_any(self) -> str | None:
        file = self.work / "run"
        return file.read_text(encoding="ascii") if file.exists() else None

    def _check(self, other: Mapping[str, Any]) -> None:
        """Raise a DataError where a request is another one."""
        if other == self.request:
            return
        raise DataError(
            f"'{self.place.text}' holds the scores of another request: {', '.join(_differences(other, self.request))}",
            "name another folder, or remove this one",
        )

    def finish(self, plan: Plan, pieces: Pieces, schema: pa.Schema, command: Sequence[str] | None) -> ScoreFolder:
        """Put the files in their places, then the manifest, and remove the plan."""
        names = {piece.file: f"{_PART}{piece.start:012d}-{piece.end:012d}.parquet" for piece in pieces.pieces}
        with self.using():
            for name in self.place.names():
                if name.startswith(_PART) and name not in names.values():
                    self.place.remove(name)  # of rows that have been done anew
            self._put(pieces, names)
            manifest = self._manifest(plan, pieces, names, schema, command)
            self.place.write(MANIFEST, as_json(manifest))
            self.place.remove(_CLAIM)
        shutil.rmtree(self.work, ignore_errors=True)
        n_resumed = sum(len(piece.rows) for piece in pieces.pieces if piece.file in pieces.earlier)
        return ScoreFolder(self.place.text, manifest, n_resumed)

    def _put(self, pieces: Pieces, names: Mapping[str, str]) -> None:
        """Put files in their places; those that an interrupted run had put at a URL are not sent again."""
        listed = self.work / "sent"
        sent = set(listed.read_text(encoding="utf-8").splitlines()) if listed.exists() else set()
        is_remote = isinstance(self.place, RemotePlace)
        with listed.open("a", encoding="utf-8") as log:
            for piece in pieces.pieces:
                if piece.sha256 in sent:
                    continue
                self.place.put(pieces.folder / piece.file, names[piece.file])
                if is_remote:
                    log.write(f"{piece.sha256}\n")
                    log.flush()
        if isinstance(self.place, LocalPlace):
            self.place.sync()

    def _manifest(
        self, plan: Plan, pieces: Pieces, names: Mapping[str, str], schema: pa.Schema, command: Sequence[str] | None
    ) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        causes: Counter[str] = Counter()
        for piece in pieces.pieces:
            counts.update({name: value for name, value in piece.facts.items() if name.startswith("n_")})
            causes.update(piece.facts.get("causes", {}))
        counting = ("n_failed", "n_truncated", "n_compared", "n_unlike")
        return {
            "format": FORMAT,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "n_rows": sum(len(piece.rows) for piece in pieces.pieces),
            **{name: int(counts[name]) for name in counting},
            "causes": dict(causes.most_common()),
            "columns": {one.name: str(one.type) for one in schema},
            "runtime": plan.runtime,
            "libraries": library_versions(),
            "command": None if command is None else list(command),
            "request": dict(self.request),
            "shards": [
                {
                    "file": names[piece.file],
                    "start": piece.start,
                    "end": piece.end,
                    "n_rows": len(piece.rows),
                    "n_failed": int(piece.facts.get("n_failed", 0)),
                    "n_bytes": piece.n_bytes,
                    "sha256": piece.sha256,
                }
                for piece in pieces.pieces
            ],
        }


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return in words what differs between two requests."""
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if "scores" in names:
        mine, theirs = one.get("scores", []), other.get("scores", [])
        parts = [
            name
            for name in ("method", "encoder", "anchors", "calibration")
            if [each.get(name) for each in mine] != [each.get(name) for each in theirs]
        ]
        # The space and the columns follow from these.
        names = [*(parts or ["scores"]), *(name for name in names if name not in ("scores", "indexes"))]
    return [f"other {_WORDS.get(name, name.replace('_', ' '))}" for name in names]
