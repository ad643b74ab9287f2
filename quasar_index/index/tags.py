"""The tags of an index: names for its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..arguments import checked
from ..errors import AnchorIndexError
from .anchor_index import AnchorIndex
from .states import check_tag, find_entry, read_tags, write_tags


@dataclass(frozen=True)
class TagReport:
    """What tagging did.

    Attributes:
        tag: The tag.
        version: The version that it names now; None when it was removed.
        before: The version that it named before; None where it is new.
    """

    tag: str
    version: int | None
    before: int | None


class Tags(Mapping[str, int]):
    r"""The tags of an index as they are now (`AnchorIndex.tags`): each names the number of a version.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(4))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> index.tags.set("published").version
        1
        >>> index.tags, "draft" in index.tags, len(qi.AnchorIndex.open("own", "published"))
        (Tags({'published': 1}), False, 4)
    """

    @checked
    def __init__(self, index: AnchorIndex) -> None:
        self._index = index

    def __getitem__(self, name: str) -> int:
        return read_tags(self._index.path)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(read_tags(self._index.path))

    def __len__(self) -> int:
        return len(read_tags(self._index.path))

    def __repr__(self) -> str:
        return f"Tags({dict(self)})"

    @checked
    def set(self, name: str, version: int | str | None = None) -> TagReport:
        """Give a version a name, which moves if it named another one.

        Args:
            name: A letter, then letters, digits, `.`, `_` and `-`.
            version: The version, by number or tag; None for the one that the index has open.

        Raises:
            AnchorIndexError: When the name cannot be one, there is no such version, or another process changes the
                index.
        """
        from .change import changing

        check_tag(name)
        index = self._index
        with changing(AnchorIndex(index.path, index.manifest)) as change:
            entry = find_entry(index.path, change.manifest, index.manifest.version if version is None else version)
            tags = read_tags(index.path)
            write_tags(index.path, tags | {name: entry.version})
        return TagReport(name, entry.version, tags.get(name))

    @checked
    def delete(self, name: str) -> TagReport:
        """Remove a tag.

        Raises:
            AnchorIndexError: When there is none of that name, or another process changes the index.
        """
        from .change import changing

        index = self._index
        with changing(AnchorIndex(index.path, index.manifest)):
            tags = read_tags(index.path)
            if name not in tags:
                raise AnchorIndexError(f"'{index.place}' has no tag '{name}'", f"tags: {', '.join(tags) or 'none'}")
            before = tags.pop(name)
            write_tags(index.path, tags)
        return TagReport(name, None, before)
