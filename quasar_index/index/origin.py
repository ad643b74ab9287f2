"""Where the anchors of an index that was not built here come from, on which terms, and whom to cite.

`origin.json` lies in the folder of the index, and goes where its anchors go: into selections, merges and bundles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..paths import PathText, write_atomically

ORIGIN = "origin.json"
_LONGEST = 4000


@dataclass(frozen=True)
class Origin:
    """Where anchors come from.

    Attributes:
        source: What was pulled, as it was named: `quasar:ava`, an address without user and query, or a path.
        address: Where that is; empty for a local file.
        sha256: Of the file, in hexadecimal; empty where it was not one file.
        licence: Terms of use of the images and ratings, which hold for what is made of them.
        citation: Whom to cite, one work a line.
        setting: How the embeddings were made, in words, such as the resolution.
        time: When it was pulled: UTC, ISO 8601.
    """

    source: str
    address: str = ""
    sha256: str = ""
    licence: str = ""
    citation: str = ""
    setting: str = ""
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))

    @classmethod
    def from_dict(cls, data: Any) -> Origin | None:
        """Read what `dataclasses.asdict` gave, through JSON; None for anything else."""
        texts = {one.name for one in fields(cls)}
        if not isinstance(data, dict) or not isinstance(data.get("source"), str):
            return None
        return cls(**{name: text[:_LONGEST] for name, text in data.items() if name in texts and isinstance(text, str)})


def read_origins(folder: PathText) -> tuple[Origin, ...]:
    """Return where the anchors of an index come from; empty for an index that was built here.

    Args:
        folder: That of the index.

    Example:
        >>> import quasar_index as qi
        >>> qi.index.read_origins("indexes/own")
        ()
    """
    try:
        found = json.loads(Path(folder, ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ()
    read = map(Origin.from_dict, found if isinstance(found, list) else ())
    return tuple(one for one in read if one is not None)


def write_origins(folder: PathText, origins: Iterable[Origin]) -> None:
    """Write where the anchors of an index come from, each place once; nothing where they come from here.

    Args:
        folder: That of the index; what it said before is replaced.
        origins: The places.

    Raises:
        OSError: When it cannot be written.

    Example:
        >>> import quasar_index as qi
        >>> qi.index.write_origins(".", [qi.index.Origin("quasar:pipal", licence="research use")])
        >>> [origin.licence for origin in qi.index.read_origins(".")]
        ['research use']
    """
    kept = list(dict.fromkeys(origins))
    if kept:
        data = json.dumps([asdict(one) for one in kept], indent=2)
        write_atomically(Path(folder, ORIGIN), (data + "\n").encode())
    else:
        Path(folder, ORIGIN).unlink(missing_ok=True)
