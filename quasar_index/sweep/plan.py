"""A declared sweep: one TOML file that says what to compute, and on what.

    index = "ava"                        # name or path; also: version, where, group, rating
    data = "tad66k/labels.csv"           # rated images: with score-column, image-column, lower-is-better, exclude
    # cross-validate = "prompt"          # or instead: leave out one value of this column of the index at a time (folds)
    seeds = 10                           # also: first-seed, resamples, level

    selectors = ["random", "herding", { name = "mmr", balance = 0.3 }]
    sizes = [10, 0.05, 0.1, 0.3, 1]      # also: stratify
    # or one of: ratios, offsets, clusters, top-k, shrinkages = [...]

    method = "retrieval:top_k=16"        # what scores, as --method; or a list, each with curves of its own

Every key that is not one of these is an error, as is a value of another type.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from ..arguments import checked
from ..errors import DataError, QuasarError
from ..methods.registry import read_methods
from ..paths import PathText
from ..selection.base import Selector
from ..selection.registry import SELECTORS
from ..validation.folds import MAX_FOLDS
from .declaration import Parameter, Sweep

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # the same, for Python 3.10

AXES: dict[str, Parameter] = {
    "sizes": "size",
    "ratios": "ratio",
    "offsets": "offset",
    "clusters": "clusters",
    "top-k": "top-k",
    "shrinkages": "shrinkage",
}
"""Key of the values of each parameter."""
_TEXTS = (
    *("index", "data", "version", "where", "group", "rating"),
    *("score-column", "image-column", "exclude", "cross-validate"),
)
_FLAGS = ("lower-is-better", "allow-overlap")
_COUNTS = ("seeds", "first-seed", "resamples", "stratify", "folds")


@dataclass(frozen=True)
class Plan:
    """A sweep and what it is measured on.

    Attributes:
        sweep: What to compute.
        index: Name or path of the index.
        version: Version of it; None for the current one.
        where: SQL filter of its anchors.
        group: Column of the anchors' contents, for selectors that validate among them; with `cross_validate` that one.
        rating: Opinion score that divides the anchors, where they have several; None for the first.
        data: Rated images; None with `cross_validate`.
        score_column: Of `data`.
        image_column: Of `data`.
        lower_is_better: Of `data`.
        exclude: Anchors that do not score an image (see `evaluate_index`).
        cross_validate: Column whose groups are left out; None with `data`.
        max_folds: Most folds of `cross_validate`.
        allow_overlap: Go on although images are among their own anchors.
    """

    sweep: Sweep
    index: str
    version: str | None = None
    where: str | None = None
    group: str | None = None
    rating: str | None = None
    data: str | None = None
    score_column: str | None = None
    image_column: str | None = None
    lower_is_better: bool = False
    exclude: str | None = None
    cross_validate: str | None = None
    max_folds: int = MAX_FOLDS
    allow_overlap: bool = False


@checked
def read_plan(path: PathText) -> Plan:
    """Read a declared sweep.

    Args:
        path: A TOML file; relative paths in it are relative to its folder.

    Raises:
        DataError: On a file that cannot be read, is no TOML, or declares no sweep; the message names the key.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"the plan '{path}' cannot be read ({error.strerror})", "name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"the plan '{path}' is no TOML ({error})", "mend that place") from error
    try:
        return _plan(table, path.parent)
    except QuasarError as error:
        raise DataError(f"the plan '{path}': {error.message}", error.hint) from error


@checked
def make_selectors(selectors: Sequence[str | Mapping[str, Any]]) -> tuple[tuple[str, Selector], ...]:
    """Make selectors.

    Args:
        selectors: Names of `SELECTORS`, or tables with `name` and parameters.

    Returns:
        Label and selector of each.

    Raises:
        DataError: On an unknown name or parameter, or a value out of range.
    """
    made: dict[str, Selector] = {}
    for selector in selectors:
        given = {"name": selector} if isinstance(selector, str) else dict(selector)
        name: Any = given.pop("name", None)
        if name not in SELECTORS:
            raise DataError(f"no selector '{name}'", _known(name, SELECTORS))
        _check_parameters(given, SELECTORS[name], f"selector '{name}'", without=("seed",))
        label = " ".join([name, *(f"{key}={value}" for key, value in given.items())])
        made[label] = _made(SELECTORS[name], given, f"selector '{name}'")
    return tuple(made.items())


def _plan(table: Mapping[str, Any], folder: Path) -> Plan:
    known = (*_TEXTS, *_FLAGS, *_COUNTS, *AXES, "level", "selectors", "method")
    for key in table:
        if key not in known:
            raise DataError(f"unknown key '{key}'", _known(key, known))
    for keys, kind, what in ((_TEXTS, str, "text"), (_FLAGS, bool, "true or false"), (_COUNTS, int, "a whole number")):
        for key in keys:
            value = table.get(key)
            if value is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                raise DataError(f"'{key}' is {value!r}", f"it is {what}")
    if "index" not in table:
        raise DataError("it names no index", 'add index = "NAME"')
    if ("data" in table) == ("cross-validate" in table):
        raise DataError(
            "what to measure on is not clear", "give either data, or cross-validate = COLUMN of the index itself"
        )
    axes = [key for key in AXES if key in table]
    if len(axes) != 1:
        raise DataError(
            f"{' and '.join(axes)} vary at once" if axes else "nothing varies",
            f"give the values of one of {', '.join(AXES)}",
        )
    values = table[axes[0]]
    if not isinstance(values, list) or not all(isinstance(value, get_args(int | float | str)) for value in values):
        raise DataError(f"'{axes[0]}' is {values!r}", "it is a list such as [0.1, 0.3, 1]")
    selectors = table.get("selectors", ["random"] if axes == ["sizes"] else [])
    if not isinstance(selectors, list) or not all(isinstance(one, (str, dict)) for one in selectors):
        raise DataError(f"'selectors' is {selectors!r}", 'it is a list such as ["random", "herding"]')
    texts = table.get("method", ["mean"])
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise DataError(f"'method' is {texts!r}", 'it is a text such as "retrieval:top_k=8", or a list of such')
    sweep = Sweep(
        AXES[axes[0]],
        tuple(values),
        selectors=make_selectors(selectors),
        methods=tuple(read_methods(texts)),
        stratify=table.get("stratify"),
        n_seeds=table.get("seeds", 10),
        n_resamples=table.get("resamples", 1000),
        level=_number(table, "level", 0.95),
        seed=table.get("first-seed", 0),
    )
    data = table.get("data")
    return Plan(
        sweep,
        index=_beside(folder, table["index"]),
        version=table.get("version"),
        where=table.get("where"),
        group=table.get("group"),
        rating=table.get("rating"),
        data=None if data is None else _beside(folder, data),
        score_column=table.get("score-column"),
        image_column=table.get("image-column"),
        lower_is_better=table.get("lower-is-better", False),
        exclude=table.get("exclude"),
        cross_validate=table.get("cross-validate"),
        max_folds=table.get("folds", MAX_FOLDS),
        allow_overlap=table.get("allow-overlap", False),
    )


def _beside(folder: Path, name: str) -> str:
    """Return a path below the folder where there is such a file, else the name as it is."""
    return str(folder / name) if (folder / name).exists() else name


def _check_parameters(given: Mapping[str, Any], kind: Any, what: str, *, without: Sequence[str] = ()) -> None:
    names = [one.name for one in fields(kind) if one.name not in without]
    for key in given:
        if key not in names:
            raise DataError(
                f"{what} has no parameter '{key}'", f"it has {', '.join(names)}" if names else "it has none"
            )


def _made(kind: Any, given: Mapping[str, Any], what: str) -> Any:
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})
    except TypeError as error:
        raise DataError(f"{what} cannot be made of {dict(given)} ({error})", "check the types of the values") from error


def _known(name: object, names: Sequence[str] | Mapping[str, Any]) -> str:
    near = get_close_matches(str(name), list(names), n=1)
    return f"did you mean '{near[0]}'?" if near else f"use one of {', '.join(names)}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(table: Mapping[str, Any], key: str, default: float) -> float:
    value = table.get(key, default)
    if not _is_number(value):
        raise DataError(f"'{key}' is {value!r}", "it is a number")
    return float(value)
