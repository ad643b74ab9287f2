"""`quasar-index select`: an index of fewer anchors, chosen by one of many selectors."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, fields
from enum import Enum
from typing import Annotated, Any, cast

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import method_option as ways
from . import options
from .info import subset_words
from .output import interruptible, note, print_facts
from .progress import progress_bar
from .suggestion import (
    SUGGESTION,
    FoldsOption,
    OutputOption,
    SeedsOption,
    SelectorsOption,
    SizesOption,
    suggest_sizes,
)

SELECTORS = (
    "random", "extremes", "kmeans", "kmedoids", "k-center", "herding", "facility-location", "mmr", "density",
    "outlier-trimmed", "content-pairs", "forward", "influence",
)  # fmt: skip
"""Our own selectors, repeated so that `--help` loads no NumPy; a test compares them."""


class SelectionSpace(str, Enum):
    """The spaces a selector can look at."""

    raw = "raw"
    centred = "centred"
    whitened = "whitened"


class Relevance(str, Enum):
    """What MMR takes for relevance."""

    centroid = "centroid"
    rating = "rating"


PARAMETERS = {
    "seed": "--seed",
    "n_neighbors": "--neighbors",
    "balance": "--balance",
    "relevance": "--relevance",
    "share": "--share",
    "gap_power": "--gap-power",
    "n_candidates": "--candidates",
}
"""The parameters of selectors that have an option."""
_PANEL = "Selector"
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="Of what a selector draws.  [0]", rich_help_panel=_PANEL)
]
NeighborsOption = Annotated[
    int | None,
    typer.Option(
        "--neighbors",
        help="density, outlier-trimmed: k of the density.  [10]  facility-location: of the graph.  [128]  "
        "content-pairs: bad anchors that a good one is compared with.  [32]",
        rich_help_panel=_PANEL,
    ),
]
BalanceOption = Annotated[
    float | None,
    typer.Option("--balance", help="mmr: 1 relevance alone, 0 diversity alone.  [0.5]", rich_help_panel=_PANEL),
]
RelevanceOption = Annotated[
    Relevance | None,
    typer.Option(
        "--relevance",
        help="mmr: nearness to the side's centroid, the default, or how extreme the rating is.",
        rich_help_panel=_PANEL,
    ),
]
ShareOption = Annotated[
    float | None,
    typer.Option("--share", help="outlier-trimmed: part of each side that is left out.  [0.1]", rich_help_panel=_PANEL),
]
GapPowerOption = Annotated[
    float | None,
    typer.Option(
        "--gap-power",
        help="content-pairs: weigh pairs by (difference of quality)^p; 0 for likeness alone.  [1]",
        rich_help_panel=_PANEL,
    ),
]
CandidatesOption = Annotated[
    int | None, typer.Option("--candidates", help="forward: anchors tried a step.  [256]", rich_help_panel=_PANEL)
]


def select(
    name: options.Index,
    selector: Annotated[
        str | None,
        typer.Option(
            "--selector",
            "-s",
            metavar="NAME",
            help=f"How the anchors are chosen: {', '.join(SELECTORS)}; or one of a plugin.",
        ),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="NEW", help="Name, path or address of the new one.")] = None,
    size: Annotated[int | None, typer.Option("--size", "-n", help="Anchors of both sides together.")] = None,
    fraction: Annotated[float | None, typer.Option("--fraction", help="Part of each side, in (0, 1].")] = None,
    stratify: Annotated[
        int | None,
        typer.Option(
            "--stratify",
            metavar="BINS",
            min=1,
            help="Choose equally many in each of so many quantile bins of the rating within a side.",
        ),
    ] = None,
    space: Annotated[
        SelectionSpace | None, typer.Option("--space", help="The space that the selector looks at; default: whitened.")
    ] = None,
    shrinkage: Annotated[
        str | None, typer.Option("--shrinkage", help="whitened: a number, ledoit-wolf or oas.  [10]")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an index of the new name.")] = False,
    seed: SeedOption = None,
    neighbors: NeighborsOption = None,
    balance: BalanceOption = None,
    relevance: RelevanceOption = None,
    share: ShareOption = None,
    gap_power: GapPowerOption = None,
    candidates: CandidatesOption = None,
    where: options.Where = None,
    rating: options.Rating = None,
    version: options.IndexVersion = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN",
            help="forward, influence: anchors that are held out together; default: reference, else each alone.",
            rich_help_panel="Anchors",
        ),
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest",
            help="Make nothing: say for each selector how few anchors are enough, by cross-validation over them.",
            rich_help_panel=SUGGESTION,
        ),
    ] = False,
    selectors: SelectorsOption = None,
    sizes: SizesOption = None,
    seeds: SeedsOption = None,
    folds: FoldsOption = None,
    output: OutputOption = None,
    json: options.Json = False,
) -> None:
    """Make an index of some anchors of another one, each on the side where it is there.

    A selector sees anchors only, never test images; what it found is judged by 'quasar-index evaluate'. With --suggest
    nothing is made: a table shows for each selector the smallest subset within one standard error of its best one.
    """
    if suggest:
        unused = (selector, to, size, fraction, neighbors, balance, relevance, share, gap_power, candidates)
        if overwrite or any(value is not None for value in unused):
            raise typer.BadParameter("--suggest makes no index: give --selectors, --sizes, --seeds and --space with it")
        scored = _space(space, shrinkage)
        same = {
            "--space": space and space.value,
            "--shrinkage": shrinkage,
            "--stratify": stratify,
            "--where": where,
            "--rating": rating,
            "--version": version,
            "--group": group,
        }
        suggest_sizes(
            qi.AnchorIndex.open(name, version),
            again=[name, *(word for option, value in same.items() if value is not None for word in (option, value))],
            selectors=selectors,
            sizes=sizes,
            seeds=seeds,
            folds=folds,
            method=qi.Mean(**scored),
            where=where,
            rating=rating,
            group=group,
            stratify=stratify,
            seed=seed or 0,
            output=output,
            json=json,
        )
        return
    if any(value is not None for value in (selectors, sizes, seeds, folds, output)):
        raise typer.BadParameter("--selectors, --sizes, --seeds, --folds and --output are for --suggest")
    if selector is None or to is None:
        raise typer.BadParameter("give --selector and --to, or --suggest")
    if (size is None) == (fraction is None):
        raise typer.BadParameter("give either --size or --fraction")
    given = {
        "seed": seed,
        "n_neighbors": neighbors,
        "balance": balance,
        "relevance": relevance and relevance.value,
        "share": share,
        "gap_power": gap_power,
        "n_candidates": candidates,
    }
    making = make_selector(selector, {key: value for key, value in given.items() if value is not None})
    chosen = _space(space, shrinkage)
    index = qi.AnchorIndex.open(name, version)
    with interruptible("nothing was made; run it again"), progress_bar(f"selecting by {selector}") as on_progress:
        report = qi.select_subset(
            to,
            index,
            making,
            size=size,
            fraction=fraction,
            stratify=stratify,
            where=where,
            rating=rating,
            group=group,
            overwrite=overwrite,
            on_progress=on_progress,
            **chosen,
        )
    made = report.index
    if report.subset.rating is not None:
        first = made.ratings[0]
        note(f"its first rating is still '{first}': use it with --rating {shlex.quote(report.subset.rating)}")
    if json:
        print_facts({"index": str(made.path), "n_anchors": len(made), "subset": asdict(report.subset)}, as_json=True)
        return
    subset = report.subset
    counts = f"{counted(len(made), 'anchor')}: {subset.n_good} good, {subset.n_bad} bad"
    counts += f" by {subset.rating}" if subset.rating else ""
    print_facts({"index": f"{made.path}, {counts}", "selected by": subset_words(subset)}, as_json=False)


def _space(space: SelectionSpace | None, shrinkage: str | None) -> dict[str, Any]:
    """Return the space that the user named, and its shrinkage."""
    chosen: dict[str, Any] = {} if space is None else {"space": space.value}
    if shrinkage is not None:
        if space not in (None, SelectionSpace.whitened) or shrinkage == "auto":
            raise typer.BadParameter("--shrinkage is a number, ledoit-wolf or oas, and for --space whitened")
        chosen["shrinkage"] = ways.parse_shrinkage(shrinkage)
    return chosen


def make_selector(name: str, given: Mapping[str, Any]) -> qi.Selector:
    """Make a selector of the parameters that the user gave.

    Raises:
        typer.BadParameter: When there is no such selector, or one is not of it.
    """
    if name not in qi.SELECTORS:
        raise typer.BadParameter(f"--selector {name} is none of {', '.join(qi.SELECTORS)}")
    names = {key: [field.name for field in fields(cast("Any", one))] for key, one in qi.SELECTORS.items()}
    for parameter in given:
        if parameter not in names[name]:
            users = [key for key, known in names.items() if parameter in known]
            raise typer.BadParameter(f"{PARAMETERS[parameter]} is for {', '.join(users)}, not for {name}")
    return qi.SELECTORS[name](**given)
