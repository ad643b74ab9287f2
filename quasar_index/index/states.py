"""The committed states of an index: `history/VERSION.json`, and `tags.json`, names for them.

An entry is the manifest of its state, what made it, and when. It is written before `manifest.json` names its version,
so entries newer than the manifest are of changes that were interrupted: readers pass over them, the next writer drops
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import AnchorIndexError
from ..paths import LEFT, write_atomically
from .addresses import shown
from .manifest import Manifest
from .upgrade import upgraded_digests

HISTORY = "history"
TAGS = "tags.json"
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Entry:
    """One committed state.

    Attributes:
        manifest: Its manifest.
        action: What made it, in one line.
        time: UTC, ISO 8601.
        forgotten: Whether its anchors were given up (`compact`): it is listed, but cannot be opened.
        digests: SHA-256 of the tables' files that were written for it, by path in the index; None in an entry of
            before these were kept. `verify` compares them.
    """

    manifest: Manifest
    action: str
    time: str
    forgotten: bool = False
    digests: Mapping[str, str] | None = None

    @property
    def version(self) -> int:
        """Its number."""
        return self.manifest.version


def write_entry(folder: Path, entry: Entry) -> None:
    """Write or replace an entry."""
    path = _path(folder, entry.version)
    path.parent.mkdir(exist_ok=True)
    data: dict[str, Any] = {"action": entry.action, "time": entry.time, "forgotten": entry.forgotten}
    if entry.digests is not None:
        data["digests"] = dict(entry.digests)
    text = json.dumps({**data, "manifest": entry.manifest.to_dict()}, indent=2)
    write_atomically(path, (text + "\n").encode())


def record(folder: Path, manifest: Manifest, action: str, digests: Mapping[str, str]) -> None:
    """Write the entry of a state that is about to become the current one (see `Entry`)."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    write_entry(folder, Entry(manifest, action, now, digests=digests))


def read_entries(folder: Path, current: Manifest) -> list[Entry]:
    """Return the committed states up to the current one, oldest first.

    Args:
        folder: The index folder.
        current: Its manifest; an index of before there was a history has this state only.

    Raises:
        AnchorIndexError: When an entry is damaged.
    """
    found = [_read(path) for path in sorted((folder / HISTORY).glob("[0-9]*.json"))]
    entries = [entry for entry in found if entry.version <= current.version]
    if not entries or entries[-1].version != current.version:
        entries.append(Entry(current, "build", current.created))
    return entries


def drop_interrupted(folder: Path, current: Manifest) -> None:
    """Remove the entries of changes that were never committed, and files that were never renamed into place."""
    for path in (*folder.glob(".*.json*.tmp"), *(folder / HISTORY).glob(LEFT)):
        path.unlink(missing_ok=True)
    for path in (folder / HISTORY).glob("[0-9]*.json"):
        if int(path.stem) > current.version:
            path.unlink()


def find_entry(folder: Path, current: Manifest, version: int | str) -> Entry:
    """Return the state of a version or tag.

    Args:
        folder: The index folder.
        current: Its manifest.
        version: A number, also as text, or a tag.

    Raises:
        AnchorIndexError: When there is none, naming those there are, or it was forgotten.
    """
    tags = read_tags(folder)
    number = int(version) if str(version).isdecimal() else tags.get(str(version))
    if number == current.version:
        return Entry(current, "", current.created)
    entries = read_entries(folder, current)
    entry = next((entry for entry in entries if entry.version == number), None)
    if entry is not None and not entry.forgotten:
        return entry
    kept = ", ".join(str(entry.version) for entry in entries if not entry.forgotten)
    known = f"there are {kept}" + (f", and the tags {', '.join(sorted(tags))}" if tags else "")
    what = f"version {number}" if number is not None else f"version or tag '{version}'"
    if entry is not None:
        raise AnchorIndexError(f"{what} of '{shown(folder)}' was given up by 'compact'", known)
    raise AnchorIndexError(f"'{shown(folder)}' has no {what}", known)


def read_tags(folder: Path) -> dict[str, int]:
    """Return the tags and the versions they name."""
    try:
        data = json.loads((folder / TAGS).read_text(encoding="utf-8"))
        return {str(tag): int(version) for tag, version in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise AnchorIndexError(f"'{folder / TAGS}' is damaged ({error})", "mend or delete it") from error


def write_tags(folder: Path, tags: Mapping[str, int]) -> None:
    """Replace the tags."""
    write_atomically(folder / TAGS, (json.dumps(dict(sorted(tags.items())), indent=2) + "\n").encode())


def check_tag(name: str) -> None:
    """Raise an AnchorIndexError unless a text can be a tag."""
    if not _TAG.fullmatch(name):
        raise AnchorIndexError(f"'{name}' is no tag", "a letter, then letters, digits, '.', '_' and '-', 64 at most")


def _path(folder: Path, version: int) -> Path:
    return folder / HISTORY / f"{version:08d}.json"


def _read(path: Path) -> Entry:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest.from_dict(data["manifest"], path)
        digests, number = data.get("digests"), data["manifest"]["schema_version"]
        return Entry(
            manifest,
            action=str(data["action"]),
            time=str(data["time"]),
            forgotten=bool(data["forgotten"]),
            digests=None if digests is None else upgraded_digests(digests, number),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnchorIndexError(f"the history entry '{path}' is damaged ({error})", "delete it") from error
