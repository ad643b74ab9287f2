"""`quasar-index calibrate`: from scores to opinion scores, with an interval that holds."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import method_option as ways
from . import options
from .output import interruptible, note, print_facts
from .progress import progress_bar


class Map(str, Enum):
    """How scores map to ratings."""

    isotonic = "isotonic"
    logistic = "logistic"


def calibrate(
    name: options.Index,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN",
            help="Images that stay together (content, prompt).  Default: reference, else each alone.",
        ),
    ] = None,
    map_: Annotated[Map, typer.Option("--map", help="Any rising map, or 4 parameters.")] = Map.isotonic,
    level: Annotated[float, typer.Option(help="Coverage of the interval.")] = 0.9,
    method: ways.MethodOption = None,
    rating: options.Rating = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the divisions.")] = 0,
    json: options.Json = False,
) -> None:
    """Fit scores to the opinion scale of a rated index; 'score --calibrated' then prints mos, low and high.

    Every anchor is scored without its group; the interval is split-conformal, and its coverage is measured on groups
    left out. One calibration is kept for each version of the index, method and rating.
    """
    scoring = ways.read_method(method)
    index = qi.AnchorIndex.open(name)
    with interruptible("nothing was written; run it again"), progress_bar("calibrating") as on_progress:
        found = qi.calibrate(
            index,
            scoring,
            group=group,
            rating=rating,
            map_name=map_.value,
            level=level,
            seed=seed,
            on_progress=on_progress,
        )
    fitted = found.calibration
    low, high = found.scale
    facts = {
        "index": f"{index.place}, version {found.version}",
        "method": found.method,
        **({} if found.rating is None else {"rating": found.rating}),
        "left out together": found.groups,
        "interval": (
            f"+-{fitted.half_width:.3g} for {fitted.level:.0%}; "
            f"the interval spans {fitted.span:.0%} of the {_scale_name(index, rating)}, {low:.6g} to {high:.6g}"
        ),
        "coverage": f"{fitted.coverage:.1%} on groups left out ({counted(fitted.n_anchors, 'anchor')}, "
        f"{counted(fitted.n_groups, 'group')})",
    }
    numbers = {
        "half_width": fitted.half_width,
        "span": fitted.span,
        "scale": [low, high],
        "level": fitted.level,
        "coverage": fitted.coverage,
        "n_anchors": fitted.n_anchors,
        "n_groups": fitted.n_groups,
        "method": found.method,
        "groups": found.groups,
        "version": found.version,
        "rating": found.rating,
    }
    if index.manifest.subset is not None and (chosen_by := index.manifest.subset.chosen_by):
        note(f"its anchors are those that '{chosen_by}' chose: the interval is that of images like these")
    print_facts(numbers if json else facts, as_json=json)


def _scale_name(index: qi.AnchorIndex, rating: str | None = None) -> str:
    """Say what the ends of the scale are: those that the data declare, or those of the ratings that there are."""
    records = list(qi.index.rating_records(index, rating).values())
    return "opinion scale" if len(records) > 1 or records[0].range_is_declared else "range of the ratings"
