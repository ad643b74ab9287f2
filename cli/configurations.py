"""What several ways of scoring have in common on the command line: one option for a parameter, for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import typer

import quasar_index as qi

if TYPE_CHECKING:
    from quasar_index.space import SpaceName

SPACES: tuple[SpaceName, ...] = ("raw", "centred", "whitened")
AGGREGATES = ("mean", "offset", "clustering", "retrieval")
HEADS = ("knn", "ridge")
KEYS: dict[str, tuple[str, ...]] = {
    "space": SPACES,
    "aggregate": AGGREGATES,
    "head": ("centroid", *HEADS),
    "shrinkage": (),
}

# The parameters of each method, as the library calls them.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "mean": ("normalize_anchors",),
    "offset": ("offset", "normalize_anchors"),
    "clustering": ("n_clusters", "seed", "normalize_anchors"),
    "retrieval": (
        "top_k",
        "mode",
        "division",
        "similarity_temperature",
        "rating_power",
        "blend",
        "normalize_anchors",
    ),
    "knn": ("top_k", "similarity_temperature"),
    "ridge": (),
}


def parse_compare(texts: Sequence[str]) -> dict[str, list[str]]:
    """Read `--compare KEY=V1,V2 ...`.

    Returns:
        The values by key, each once, in order.
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        key, _, values = text.partition("=")
        if key not in KEYS or not values:
            raise typer.BadParameter(f"--compare {text}: write KEY=V1,V2 with KEY one of {', '.join(KEYS)}")
        for value in values.split(","):
            if KEYS[key] and value not in KEYS[key]:
                raise typer.BadParameter(f"--compare {key}: no '{value}'; there are {', '.join(KEYS[key])}")
            if value not in found.setdefault(key, []):
                found[key].append(value)
    return found


def parse_shrinkage(text: str) -> qi.Shrinkage:
    """Read a shrinkage: a number, or the name of an estimator."""
    if text in ("ledoit-wolf", "oas"):
        return text  # type: ignore[return-value]
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"shrinkage {text} is neither a number nor ledoit-wolf or oas") from None


def make_configurations(
    compare: Mapping[str, Sequence[str]],
    *,
    space: SpaceName,
    aggregate: str,
    head: str,
    shrinkage: str | None,
    temperature: float | None,
    parameters: Mapping[str, Any],
) -> list[qi.Configuration]:
    """Make what is to be compared: in each space the aggregations, then the heads.

    Args:
        compare: What `parse_compare` returned; what is not compared comes from the other arguments.
        space: Space.
        aggregate: Aggregation.
        head: "centroid" for the aggregation, or a head instead of it.
        shrinkage: Of the whitened space; None for the default.
        temperature: T; None for the default.
        parameters: Of the methods, by the library's names; those that are None or False are not given.

    Returns:
        The configurations; the first is what the others are compared with.
    """
    if "head" in compare:
        heads = [name for name in compare["head"] if name != "centroid"]
        aggregates = list(compare.get("aggregate", [aggregate]))
    elif head != "centroid":
        if "aggregate" in compare:
            raise typer.BadParameter(f"--head {head} has no aggregation; use --compare aggregate=... head={head}")
        heads, aggregates = [head], []
    else:
        heads, aggregates = [], list(compare.get("aggregate", [aggregate]))
    methods = [*aggregates, *heads]
    given = {name: value for name, value in parameters.items() if value not in (None, False)}
    for name in given:
        if name != "seed" and not any(name in PARAMETERS[method] for method in methods):
            users = " and ".join(method for method, names in PARAMETERS.items() if name in names)
            raise typer.BadParameter(f"{name} is for {users}, not for {', '.join(methods)}")
    spaces: Sequence[Any] = compare.get("space", [space])
    if "whitened" not in spaces and (shrinkage is not None or "shrinkage" in compare):
        raise typer.BadParameter(f"shrinkage is only for the space whitened, not {', '.join(spaces)}")
    texts = compare.get("shrinkage", [] if shrinkage is None else [shrinkage])
    strengths = [parse_shrinkage(text) for text in texts] or [qi.DEFAULT_SHRINKAGE]
    made = [_method(name, given) for name in methods]
    t = qi.TEMPERATURE if temperature is None else temperature
    return [
        qi.Configuration(method, one, strength, t)
        for one in spaces
        for strength, method in product(strengths if one == "whitened" else strengths[:1], made)
    ]


def _method(name: str, given: Mapping[str, Any]) -> qi.Aggregator | qi.Head:
    classes: dict[str, Any] = {
        "mean": qi.Mean,
        "offset": qi.Offset,
        "clustering": qi.Clustering,
        "retrieval": qi.Retrieval,
        "knn": qi.Knn,
        "ridge": qi.Ridge,
    }
    made: qi.Aggregator | qi.Head = classes[name](
        **{key: value for key, value in given.items() if key in PARAMETERS[name]}
    )
    return made
