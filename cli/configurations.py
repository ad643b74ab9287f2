"""How a command is told the way to score: every option declared once, and the configuration made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import product
from types import MappingProxyType
from typing import Annotated, Any, Literal

import typer

import quasar_index as qi

from .idle import Given, Idle
from .output import note, progress_bar


class Aggregate(str, Enum):
    """How anchors become centroids."""

    mean = "mean"
    offset = "offset"
    clustering = "clustering"
    retrieval = "retrieval"


class Mode(str, Enum):
    """How nearest anchors are retrieved."""

    per_side = "per-side"
    joint = "joint"


class Space(str, Enum):
    """Where cosines and centroids are taken."""

    raw = "raw"
    centred = "centred"
    whitened = "whitened"
    auto = "auto"


DEFAULT_SPACE = Space.whitened
"""That of the library, which `--help` must not load."""


class Division(str, Enum):
    """How jointly retrieved anchors are divided."""

    global_ = "global"
    local = "local"


class Prototypes(str, Enum):
    """What becomes of the means of clusters."""

    merged = "merged"
    mean = "mean"
    nearest = "nearest"


class Head(str, Enum):
    """What scores."""

    centroid = "centroid"
    knn = "knn"
    ridge = "ridge"


_PANEL = "Way to score"
AggregateOption = Annotated[
    Aggregate, typer.Option("--aggregate", "-a", help="How anchors become centroids.", rich_help_panel=_PANEL)
]
OffsetOption = Annotated[
    float | None,
    typer.Option(
        "--offset", help="offset: share of each side next to the median that is left out.", rich_help_panel=_PANEL
    ),
]
ClustersOption = Annotated[
    int | None, typer.Option("--clusters", help="clustering: k-means clusters a side.  [100]", rich_help_panel=_PANEL)
]
PrototypesOption = Annotated[
    Prototypes | None,
    typer.Option(
        "--prototypes",
        help="clustering: merged into one centroid a side, or kept, and the cosines to them averaged, or the nearest "
        "taken.  Default: merged.",
        rich_help_panel=_PANEL,
    ),
]
TopKOption = Annotated[
    int | None, typer.Option("--top-k", help="retrieval, knn: nearest anchors.  [32]", rich_help_panel=_PANEL)
]
ModeOption = Annotated[
    Mode | None,
    typer.Option("--retrieval", help="retrieval: k of each side, or k of all, then divided.", rich_help_panel=_PANEL),
]
DivisionOption = Annotated[
    Division | None,
    typer.Option(
        "--division", help="joint retrieval: by the anchors' sides, or at the k's median.", rich_help_panel=_PANEL
    ),
]
SimilarityTemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--similarity-temperature", help="retrieval, knn: weights softmax(cosine / t).", rich_help_panel=_PANEL
    ),
]
RatingPowerOption = Annotated[
    float | None,
    typer.Option(
        "--rating-power", help="Weights |y - median|^p of rated anchors, in any aggregation.", rich_help_panel=_PANEL
    ),
]
BlendOption = Annotated[
    float | None,
    typer.Option("--blend", help="retrieval: 1 the retrieved anchors alone, 0 the mean.", rich_help_panel=_PANEL),
]
NormalizeOption = Annotated[
    bool, typer.Option("--normalize-anchors", help="Average unit embeddings.", rich_help_panel=_PANEL)
]
HeadOption = Annotated[
    Head,
    typer.Option(
        "--head",
        help="What scores: centroids of the two sides; or knn or ridge, which predict the rating itself.",
        rich_help_panel=_PANEL,
    ),
]
SpaceOption = Annotated[
    Space,
    typer.Option(
        "--space",
        help="Where cosines are taken: as embedded, centred or whitened by the anchors in use, or auto: as leaving out "
        "one group of anchors at a time chooses.",
        rich_help_panel=_PANEL,
    ),
]
ShrinkageOption = Annotated[
    str | None,
    typer.Option("--shrinkage", help="whitened: a number, ledoit-wolf, oas or auto.  [10]", rich_help_panel=_PANEL),
]
GroupOption = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COLUMN",
        help="auto, ridge: anchors that are left out together (content, prompt).  Default: reference, else each alone.",
        rich_help_panel=_PANEL,
    ),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--temperature", help="T of the softmax: spread of the scores, not their order.  [0.07]", rich_help_panel=_PANEL
    ),
]


def is_auto(given: Given) -> bool:
    """Say whether the options leave the space, or its shrinkage, to the anchors."""
    return "auto" in (given["space"], given["shrinkage"])


IDLE = (
    Idle(("division",), lambda given: given["mode"] != "joint", "it divides what --retrieval joint finds"),
    Idle(
        ("temperature",),
        lambda given: given["head"] != "centroid" and not given.get("compare"),
        "heads have no softmax",
    ),
)
"""Of every command that is told the way to score."""
KEYS: dict[str, tuple[str, ...]] = {
    "space": tuple(one.value for one in Space),
    "aggregate": tuple(one.value for one in Aggregate),
    "head": tuple(one.value for one in Head),
    "shrinkage": (),
}

# The parameters of each method, as the library calls them.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "mean": ("normalize_anchors", "rating_power"),
    "offset": ("offset", "normalize_anchors", "rating_power"),
    "clustering": ("n_clusters", "prototypes", "seed", "normalize_anchors", "rating_power"),
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


def parse_shrinkage(text: str) -> qi.Shrinkage | Literal["auto"]:
    """Read a shrinkage: a number, the name of an estimator, or auto."""
    if text in ("ledoit-wolf", "oas", "auto"):
        return text  # type: ignore[return-value]
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"--shrinkage {text} is neither a number nor ledoit-wolf, oas or auto") from None


def make_configurations(
    *,
    compare: Mapping[str, Sequence[str]] = MappingProxyType({}),
    space: Space,
    aggregate: Aggregate,
    head: Head,
    shrinkage: str | None,
    temperature: float | None,
    offset: float | None = None,
    clusters: int | None = None,
    prototypes: Prototypes | None = None,
    top_k: int | None = None,
    mode: Mode | None = None,
    division: Division | None = None,
    similarity_temperature: float | None = None,
    rating_power: float | None = None,
    blend: float | None = None,
    normalize_anchors: bool = False,
    seed: int = 0,
) -> list[qi.Configuration]:
    """Make what is to be compared: in each space the aggregations, then the heads.

    Args:
        compare: What `parse_compare` returned; what is not compared comes from the other arguments.
        space: Space.
        aggregate: Aggregation.
        head: "centroid" for the aggregation, or a head instead of it.
        shrinkage: Of the whitened space; None for the default.
        temperature: T; None for the default.
        offset: Of the offset aggregation; here and below None where the user did not give it.
        clusters: Of clustering.
        prototypes: Of clustering.
        top_k: Of retrieval and knn.
        mode: Of retrieval.
        division: Of retrieval.
        similarity_temperature: Of retrieval and knn.
        rating_power: Of the aggregations.
        blend: Of retrieval.
        normalize_anchors: Of the aggregations.
        seed: Of clustering.

    Returns:
        The configurations; the first is what the others are compared with.
    """
    if "head" in compare:
        heads = [name for name in compare["head"] if name != "centroid"]
        aggregates = list(compare.get("aggregate", [aggregate.value]))
    elif head is not Head.centroid:
        if "aggregate" in compare:
            raise typer.BadParameter(f"use --compare aggregate=... head={head.value} instead of --head")
        if aggregate is not Aggregate.mean:
            raise typer.BadParameter(f"--aggregate {aggregate.value} is for --head centroid, not {head.value}")
        heads, aggregates = [head.value], []
    else:
        heads, aggregates = [], list(compare.get("aggregate", [aggregate.value]))
    methods = [*aggregates, *heads]
    parameters = {
        "offset": offset,
        "n_clusters": clusters,
        "prototypes": prototypes and prototypes.value,
        "top_k": top_k,
        "mode": mode and mode.value,
        "division": division and division.value,
        "similarity_temperature": similarity_temperature,
        "rating_power": rating_power,
        "blend": blend,
        "normalize_anchors": normalize_anchors or None,
        "seed": seed or None,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    for name in given:
        if name != "seed" and not any(name in PARAMETERS[method] for method in methods):
            users = " and ".join(method for method, names in PARAMETERS.items() if name in names)
            raise typer.BadParameter(f"{_option(name)} is for {users}, not for {', '.join(methods)}")
    spaces: Sequence[Any] = compare.get("space", [space.value])
    if not {"whitened", "auto"} & set(spaces) and (shrinkage is not None or "shrinkage" in compare):
        raise typer.BadParameter(f"--shrinkage is only for the spaces whitened and auto, not {', '.join(spaces)}")
    texts = compare.get("shrinkage", [] if shrinkage is None else [shrinkage])
    strengths = [parse_shrinkage(text) for text in texts]
    made = [_method(name, given) for name in methods]
    t = qi.TEMPERATURE if temperature is None else temperature
    own: dict[str, list[Any]] = {
        "whitened": strengths or [qi.DEFAULT_SHRINKAGE],
        "auto": strengths or ["auto"],
    }
    return [
        qi.Configuration(method, one, strength, t)
        for one in spaces
        for strength, method in product(own.get(one, [qi.DEFAULT_SHRINKAGE]), made)
    ]


def group_for(configuration: qi.Configuration, index: qi.AnchorIndex, group: str | None) -> str | None:
    """Return the column of contents that a way to score needs, the given one first; None where it needs none."""
    return (group or index.content_column()) if configuration.uses_groups else None


def settle(configuration: qi.Configuration, anchors: qi.AnchorTable, *, seed: int = 0) -> qi.Configuration:
    """Choose the space of a configuration where it is auto, and say on stderr what was chosen."""
    if not configuration.is_auto:
        return configuration
    with progress_bar("choosing the space") as on_progress:
        choice = qi.choose_space(anchors, configuration, seed=seed, on_progress=on_progress)
    note(f"space {choice}")
    return choice.configuration


def _option(name: str) -> str:
    """Return the option that gives a parameter."""
    own = {"n_clusters": "clusters", "mode": "retrieval"}
    return "--" + own.get(name, name).replace("_", "-")


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
