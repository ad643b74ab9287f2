"""Files are what they were: the SHA-256 of each address is kept when it is first pulled, and compared later.

They lie in `.pulled.json` beside the indexes. A checksum that is pinned in the table of published sets counts first.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from ..errors import DataError, first_line
from ..paths import write_atomically
from .places import Place

KNOWN = ".pulled.json"
_SECONDS = 30.0


def check_sum(place: Place, sha256: str, home: Path, *, accept_changed: bool = False) -> None:
    """Compare a file with what it was, and keep its checksum.

    Args:
        place: Where it came from.
        sha256: Its checksum, in hexadecimal.
        home: Folder of the indexes.
        accept_changed: Keep the new checksum where it is another one than before.

    Raises:
        DataError: When it is another file than the pinned one, or than before.
    """
    pinned = place.declared.sha256 if place.declared is not None else ""
    if pinned and pinned != sha256:
        raise DataError(
            f"{place.text} is not the file that is known: its SHA-256 is {sha256[:16]}..., not {pinned[:16]}...",
            "do not use it; report it where you got quasar-index",
        )
    if not place.key:
        return
    from filelock import FileLock

    with FileLock(home / f"{KNOWN}.lock", timeout=_SECONDS):
        known = _read(home / KNOWN)
        before = known.get(place.key)
        if before is not None and before.get("sha256") == sha256:
            return
        if before is not None and not accept_changed:
            raise DataError(
                f"{place.text} is not what it was when it was first pulled ({before.get('time')}): "
                f"its SHA-256 is {sha256[:16]}..., not {str(before.get('sha256'))[:16]}...",
                "if it may have changed, take it with --accept-changed",
            )
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        known[place.key] = {"sha256": sha256, "time": now}
        write_atomically(home / KNOWN, (json.dumps(known, indent=2, sort_keys=True) + "\n").encode())


def _read(file: Path) -> dict[str, dict[str, str]]:
    """Return the checksums that are kept.

    Raises:
        DataError: When they cannot be read: forgetting them would let any file pass.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
            raise ValueError("no checksums")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"'{file}' is damaged ({first_line(error)})", "delete it: checksums are kept anew") from error
    return found
