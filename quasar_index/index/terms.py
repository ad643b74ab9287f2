"""Under which terms the data of an index may be used, and what to cite: `terms.json` beside its manifest.

An index that is built here has no such file: the terms of published data sets are known by their names. What comes from
elsewhere brings its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..arguments import checked
from ..errors import AnchorIndexError
from ..paths import PathText, write_atomically
from .anchor_index import AnchorIndex

TERMS = "terms.json"
_LONGEST = 20_000


@dataclass(frozen=True)
class Terms:
    """The terms of one part of an index.

    Attributes:
        of: What they are of: a data set, or "the index".
        licence: Licence or terms of use.
        citation: What to cite; may be empty.
        homepage: Where it is to be had; may be empty.
    """

    of: str
    licence: str
    citation: str = ""
    homepage: str = ""

    @classmethod
    @checked
    def from_dict(cls, data: Any) -> Terms:
        """Read what `dataclasses.asdict` gave.

        Raises:
            ValueError: When it is none.
        """
        try:
            made = cls(**data)
        except TypeError as error:
            raise ValueError(f"unsound terms ({error})") from error
        texts = (made.of, made.licence, made.citation, made.homepage)
        if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
            raise ValueError("unsound terms")
        return made


@checked
def write_terms(folder: PathText, terms: Iterable[Terms]) -> None:
    """Write the terms of an index into its folder, in place of those that it has; none leaves no file."""
    path = Path(folder, TERMS)
    if listed := [asdict(one) for one in dict.fromkeys(terms)]:
        write_atomically(path, (json.dumps(listed, indent=2) + "\n").encode())
    else:
        path.unlink(missing_ok=True)


def read_terms(folder: Path) -> list[Terms]:
    """Return the terms that came with an index; none for one that was built here.

    Raises:
        AnchorIndexError: When the file is damaged.
    """
    path = folder / TERMS
    try:
        return [Terms.from_dict(one) for one in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise AnchorIndexError(f"'{path}' is damaged ({error})", "mend or delete it") from error


@checked
def terms_of(index: AnchorIndex) -> list[Terms]:
    """Return the terms of an index: those that came with it, then those of further published data sets in it.

    Raises:
        AnchorIndexError: When the file is damaged.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from quasar_index.datasets import make_records
        >>> records = make_records({"path": list("abcd"), "score": range(4)}, 4)
        >>> source = qi.AnchorSource("sac", records, "aesthetics", "median")
        >>> index = qi.build_from_embeddings("own", source, np.eye(4)).index
        >>> [(one.of, one.licence) for one in qi.index.terms_of(index)]
        [('sac', 'CC0')]
    """
    from ..datasets import DATASETS

    found = read_terms(index.path)
    known = {one.of for one in found}
    for source in index.manifest.sources:
        if source.name in DATASETS and source.name not in known:
            declared = DATASETS[source.name]
            found.append(Terms(source.name, declared.licence, homepage=declared.homepage))
    return found
