"""`quasar-index approximate`: search most of the nearest anchors in less time, for very large indexes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import method_option as ways
from . import options
from .idle import Idle
from .info import approximation_words
from .output import interruptible, note, print_facts
from .progress import progress_bar

IDLE = (
    Idle(
        ("recall", "top_k", "space", "shrinkage", "rating", "queries", "seed"),
        lambda given: given["off"],
        "--off searches exactly again",
    ),
)


def approximate(
    name: options.Index,
    recall: Annotated[float, typer.Option(help="Share of the nearest anchors of a side to find.")] = 0.99,
    top_k: Annotated[int, typer.Option(min=1, help="Neighbours a side; search for more is exact.")] = 256,
    space: ways.SpaceOption = ways.DEFAULT_SPACE,
    shrinkage: ways.ShrinkageOption = None,
    rating: options.Rating = None,
    queries: Annotated[
        int,
        typer.Option(
            min=20, help="Anchors used as queries: half of them choose how much to search, half of them measure."
        ),
    ] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Seed of their draw.")] = 0,
    off: Annotated[bool, typer.Option("--off", help="Search exactly again.")] = False,
    json: options.Json = False,
) -> None:
    """Make search in an index of very many anchors approximate; its recall is measured and recorded.

    Exact search is fast up to a few million anchors. Approximate search holds for one space, one rating and the current
    anchors: any change of the index ends it. With --where, in other spaces and in cross-validation, search stays exact.
    """
    index = qi.AnchorIndex.open(name)
    if off:
        facts = {"index": index.place, "search": "exact"}
        qi.search_exactly(index)
        print_facts(facts, as_json=json)
        return
    strength = None if shrinkage is None else ways.parse_shrinkage(shrinkage)
    if space is ways.Space.auto or strength == "auto":
        raise typer.BadParameter("name the --space and --shrinkage that you score with: auto may choose others")
    if shrinkage is not None and space is not ways.Space.whitened:
        raise typer.BadParameter(f"--shrinkage is only for the space whitened, not {space.value}")
    with interruptible("the index is as it was; run it again"), progress_bar("measuring") as on_step:
        changed = qi.approximate(
            index,
            recall=recall,
            top_k=top_k,
            space=space.value,
            shrinkage=strength,
            rating=rating,
            n_queries=queries,
            seed=seed,
            on_step=on_step,
        )
    record = changed.manifest.approximate
    assert record is not None  # noqa: S101 - for the type checker
    if json:
        print_facts({"index": index.place, **asdict(record)}, as_json=True)
        return
    print_facts({"index": index.place, "search": approximation_words(record)}, as_json=False)
    if record.speedup < 1:
        note(
            f"exact search is faster for {counted(len(index), 'anchor')}: 'quasar-index approximate {name} "
            f"--off' goes back"
        )
