"""`quasar-index calibrate`: from scores to opinion scores, with an interval that holds."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import counted

from . import configurations as ways
from . import options
from .output import interruptible, note, print_facts, progress_bar

IDLE = ways.IDLE


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
    aggregate: ways.AggregateOption = ways.Aggregate.mean,
    offset: ways.OffsetOption = None,
    clusters: ways.ClustersOption = None,
    prototypes: ways.PrototypesOption = None,
    top_k: ways.TopKOption = None,
    mode: ways.ModeOption = None,
    division: ways.DivisionOption = None,
    similarity_temperature: ways.SimilarityTemperatureOption = None,
    rating_power: ways.RatingPowerOption = None,
    blend: ways.BlendOption = None,
    head: ways.HeadOption = ways.Head.centroid,
    space: ways.SpaceOption = ways.DEFAULT_SPACE,
    shrinkage: ways.ShrinkageOption = None,
    temperature: ways.TemperatureOption = None,
    normalize_anchors: ways.NormalizeOption = False,
    seed: Annotated[int, typer.Option(min=0, help="Of clustering and of the divisions.")] = 0,
    json: options.Json = False,
) -> None:
    """Fit scores to the opinion scale of a rated index; 'score --calibrated' then prints mos, low and high.

    Every anchor is scored without its group; the interval is split-conformal, and its coverage is measured on groups
    left out. One calibration is kept for each version of the index and way to score.
    """
    (configuration,) = ways.make_configurations(
        space=space,
        aggregate=aggregate,
        head=head,
        shrinkage=shrinkage,
        temperature=temperature,
        offset=offset,
        clusters=clusters,
        prototypes=prototypes,
        top_k=top_k,
        mode=mode,
        division=division,
        similarity_temperature=similarity_temperature,
        rating_power=rating_power,
        blend=blend,
        normalize_anchors=normalize_anchors,
        seed=seed,
    )
    index = qi.AnchorIndex.open(name)
    with interruptible("nothing was written; run it again"), progress_bar("calibrating") as on_progress:
        found = qi.calibrate(
            index, configuration, group=group, map_name=map_.value, level=level, seed=seed, on_progress=on_progress
        )
    fitted = found.calibration
    low, high = found.scale
    facts = {
        "index": f"{index.path}, version {found.table_version}",
        "way to score": found.label,
        "left out together": found.groups,
        "interval": (
            f"+-{fitted.half_width:.3g} for {fitted.level:.0%}; "
            f"the interval spans {fitted.span:.0%} of the {_scale_name(index)}, {low:.6g} to {high:.6g}"
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
        "label": found.label,
        "groups": found.groups,
        "version": found.table_version,
    }
    if index.manifest.subset is not None and (chosen_by := index.manifest.subset.chosen_by):
        note(f"its anchors are those that '{chosen_by}' chose: the interval is that of images like these")
    print_facts(numbers if json else facts, as_json=json)


def _scale_name(index: qi.AnchorIndex) -> str:
    """Say what the ends of the scale are: those that the data declare, or those of the ratings that there are."""
    sources = index.manifest.sources
    return "opinion scale" if len(sources) > 1 or sources[0].rating.range_is_declared else "range of the ratings"
