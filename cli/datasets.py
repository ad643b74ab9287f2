"""`quasar-index datasets`: the published data sets that have an adapter."""

from __future__ import annotations

import json as json_
from dataclasses import fields
from itertools import groupby
from typing import Annotated, Any

import typer

import quasar_index as qi

from . import options
from .output import print_facts, print_table
from .tables import Cell

UNRATED = ("kadis700k",)
"""Data sets without opinion scores: their images are references and distortions."""


def datasets(
    name: Annotated[
        str | None, typer.Argument(help="A data set, for its expected files, splits and options; default: list all.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List the data sets that --data NAME:ROOT reads: size, range, direction, terms, home page."""
    if name is not None:
        dataset = qi.datasets.find_dataset(name)
        print_facts(_plain(dataset) if json else _facts(dataset), as_json=json)
    elif json:
        print(json_.dumps({dataset.name: _plain(dataset) for dataset in qi.DATASETS.values()}, indent=2))  # noqa: T201
    else:
        print_table(("name", "images", "scores", "better", "terms and home page"), _rows(), right=("images",),
                    keep=("terms and home page",), least=("better", "scores"))  # fmt: skip


def _rows() -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    ordered = sorted(qi.DATASETS.values(), key=lambda dataset: dataset.kind, reverse=True)
    for kind, members in groupby(ordered, key=lambda dataset: dataset.kind):
        rows.append(((kind, "bold cyan"), "", "", "", ""))
        for dataset in members:
            rows += [
                (dataset.name, _size(dataset), _range(dataset), _better(dataset), dataset.licence),
                ("", "", "", "", (dataset.homepage, "dim")),
            ]
    return rows


def _facts(dataset: qi.datasets.Dataset) -> dict[str, Any]:
    """Return what a person wants to know of one data set."""
    facts: dict[str, Any] = {
        "name": " or ".join((dataset.name, *dataset.aliases)),
        "title": dataset.title,
        "kind": dataset.kind,
        "images": _size(dataset),
        "scores": _range(dataset),
        "better": _better(dataset),
        "sides": "reference images are good, distorted ones bad"
        if dataset.division == "reference"
        else "good is above the median score" + ("; or references are" * dataset.has_references),
        "terms": dataset.licence,
        "home page": dataset.homepage,
        **({"plugin": dataset.package} if dataset.package else {}),
        "tree": dataset.tree,
    }
    facts["splits"] = (
        ", ".join(f"{name} {'' if count is None else f'{count:,}'}".strip() for name, count in dataset.splits.items())
        or "none"
    )
    given = {
        **({"split": "one of the splits"} if dataset.splits else {}),
        "division": "reference or median: how anchors fall into two sides",
        "name": "name of the data set in the index",
        **dataset.options,
    }
    facts["options"] = "\n".join(f"?{name}=  {what}" for name, what in given.items())
    example = f"?split={next(iter(dataset.splits))}" if dataset.splits else ""
    facts["use"] = f"quasar-index build NAME --data '{dataset.name}:ROOT{example}'"
    return facts


def _plain(dataset: qi.datasets.Dataset) -> dict[str, Any]:
    """Return the declaration as JSON data; `read` is code."""
    plain = {field.name: getattr(dataset, field.name) for field in fields(dataset) if field.name != "read"}
    return plain | {"splits": dict(dataset.splits), "options": dict(dataset.options)}


def _size(dataset: qi.datasets.Dataset) -> str:
    return "-" if dataset.size is None else f"{dataset.size:,}"


def _range(dataset: qi.datasets.Dataset) -> str:
    bounds = dataset.score_range or dataset.observed_range
    if bounds is None:
        return "none" if dataset.name in UNRATED else "-"
    return f"{bounds[0]:g} to {bounds[1]:g}"


def _better(dataset: qi.datasets.Dataset) -> str:
    if dataset.name in UNRATED:
        return "-"
    return "lower" if dataset.lower_is_better else "higher"
