"""The formats of an index, and the one way from an earlier one to this one.

1: one embedding, one score, one table; `table_version`, the version of that table, numbered the states.
2: named embeddings with their dtype, several ratings a data set, the version of the input rule, a list of shards with
   their versions, a number of its own for every state, and `selector` for what format 1 called the `method` of a
   subset.

An index of an earlier format is upgraded where it is read, in memory; its files change with its next change. No format
is ever dropped: `tests/data` holds an index of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FORMAT = 2
_RATING = ("lower_is_better", "score_range", "threshold", "range_is_declared", "kept")


def upgraded(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a manifest in this format.

    Args:
        manifest: Of JSON, of a format up to this one (`schema_version`).

    Raises:
        KeyError, TypeError: When it is none.
    """
    data = dict(manifest)
    for number in range(data["schema_version"], FORMAT):
        data = _UPGRADES[number](data)
    return data


def upgraded_sources(sources: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Return the records of sources, such as an export carries them, in this format.

    Args:
        sources: Of JSON.
        number: The format that they are of.
    """
    return [_source_2(source) for source in sources] if number < 2 else sources


def upgraded_digests(digests: Mapping[str, str], number: int) -> dict[str, str]:
    """Return the digests of a state's files by their path in the index; format 1 had the path in its only table."""
    return {f"anchors.lance/{name}": digest for name, digest in digests.items()} if number < 2 else dict(digests)


def _manifest_2(data: dict[str, Any]) -> dict[str, Any]:
    """Upgrade from format 1."""
    encoder, number = data.pop("encoder"), data.pop("table_version")
    subset = data.get("subset")
    if subset is not None:
        subset = {"earlier": (), **subset}
        subset["selector"] = subset.pop("method")
    return {
        **data,
        "embeddings": [{"name": "embedding", "dtype": "float32", "encoder": encoder}],
        "shards": [{"table": "anchors", "version": number}],
        "sources": upgraded_sources(data["sources"], 1),
        "version": number,
        "subset": subset,
        "approximate": data.get("approximate"),
        "schema_version": 2,
    }


def _source_2(source: Mapping[str, Any]) -> dict[str, Any]:
    """Upgrade the record of a source from format 1, which left out `kept` where it was false."""
    rating = {name: source[name] for name in _RATING if name != "kept"} | {"kept": source.get("kept", False)}
    rest = {name: value for name, value in source.items() if name not in _RATING}
    return {**rest, "ratings": [rating]}


_UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _manifest_2}
