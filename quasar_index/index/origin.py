"""Where the anchors of an index that was not built here come from.

`origin.json` lies in the folder of the index. It goes where the anchors go, into selections and merges, and so do the
terms that came with them (`terms.json`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..arguments import checked
from ..paths import PathText, write_atomically
from .terms import Terms, read_terms, write_terms

ORIGIN = "origin.json"
_LONGEST = 4000


@dataclass(frozen=True)
class Origin:
    """Where anchors come from.

    Attributes:
        source: What was pulled, as it was named: `quasar:ava`, an address without user and query, or a path.
        address: Where that is; empty for a local file.
        sha256: Of the file, in hexadecimal; empty where it was not one file.
        setting: How the embeddings were made, in words, such as the resolution.
        time: When it was pulled: UTC, ISO 8601.
    """

    source: str
    address: str = ""
    sha256: str = ""
    setting: str = ""
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))

    @classmethod
    def from_dict(cls, data: Any) -> Origin | None:
        """Read what `dataclasses.asdict` gave, through JSON; None for anything else."""
        texts = {one.name for one in fields(cls)}
        if not isinstance(data, dict) or not isinstance(data.get("source"), str):
            return None
        return cls(**{name: text[:_LONGEST] for name, text in data.items() if name in texts and isinstance(text, str)})


@checked
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


@dataclass(frozen=True)
class Provenance:
    """Where the anchors of an index come from, and under which terms.

    Attributes:
        origins: The places; none for an index that was built here.
        terms: What came with the data.
    """

    origins: tuple[Origin, ...] = ()
    terms: tuple[Terms, ...] = ()

    @classmethod
    @checked
    def of(cls, folders: Iterable[PathText]) -> Provenance:
        """Return that of indexes, given their folders.

        Raises:
            AnchorIndexError: When a file of terms is damaged.
        """
        listed = list(folders)
        origins = [one for folder in listed for one in read_origins(folder)]
        terms = [one for folder in listed for one in read_terms(Path(folder))]
        return cls(tuple(dict.fromkeys(origins)), tuple(dict.fromkeys(terms)))

    def write(self, folder: PathText) -> None:
        """Write it into the folder of an index, in place of what was there.

        Raises:
            OSError: When it cannot be written.
        """
        folder = Path(folder)
        if self.origins:
            data = json.dumps([asdict(one) for one in self.origins], indent=2)
            write_atomically(folder / ORIGIN, (data + "\n").encode())
        else:
            (folder / ORIGIN).unlink(missing_ok=True)
        write_terms(folder, self.terms)
