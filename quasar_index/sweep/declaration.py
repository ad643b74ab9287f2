"""What a sweep computes: methods, and the one thing that varies along its curves.

Along a curve varies either the number of anchors that a selector keeps (`size`), or one parameter: the random
part of the anchors (`ratio`), the offset, the number of clusters, k of retrieval or knn, or the shrinkage of the
whitened space. The curves of QUASAR's Fig. 6 and 7(a) are a sweep of `ratio`, those of Fig. 7(b) and (c) of `offset`
and `clusters`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, cast, get_args

from ..arguments import checked
from ..errors import MethodError, ValidationError, counted
from ..methods.clustering import Clustering
from ..methods.knn import Knn
from ..methods.mean import Mean
from ..methods.method import Method
from ..methods.offset import Offset
from ..methods.retrieval import Retrieval
from ..selection.base import Selector
from ..selection.random_draw import Random
from .draws import DrawnById

Parameter: TypeAlias = Literal["size", "ratio", "offset", "clusters", "top-k", "shrinkage"]
PARAMETERS: tuple[Parameter, ...] = get_args(Parameter)
Value: TypeAlias = "int | float | str"
RANDOM = "random"


@dataclass(frozen=True)
class Point:
    """One evaluation: a value of what varies, and a seed.

    Attributes:
        base: Label of the method, without what varies.
        method: What scores.
        name: Of the selector; empty where a parameter varies.
        selector: The selector with its seed; None where a parameter varies, or all anchors are used.
        parameter: What varies.
        value: Its value.
        seed: Of the selection, the draw or the clustering; None where nothing is random.
    """

    base: str
    method: Method
    name: str
    selector: Selector | None
    parameter: Parameter
    value: Value
    seed: int | None

    @property
    def label(self) -> str:
        """Say what it is, in a line."""
        seed = "" if self.seed is None else f" seed {self.seed}"
        return f"{self.method}, {self.name or self.parameter} {self.value}{seed}"


@checked
@dataclass(frozen=True)
class Sweep:
    """Curves over the values of one parameter.

    Attributes:
        parameter: What varies.
        values: Its values. A size or ratio up to 1 is a fraction of the anchors, 1 is all of them, a whole size from 2
            on is a number of them; a shrinkage may be "ledoit-wolf", "oas" or "auto".
        selectors: For sizes, the selectors by name; "random" is added where it is missing, as the baseline.
        methods: What scores; each has curves of its own. The parameter that varies replaces theirs.
        stratify: Of the selection: quantile bins of the rating within each side; None for one.
        n_seeds: Draws of whatever is random.
        n_resamples: Resamples of the bootstrap over the test groups.
        level: Nominal coverage of all intervals.
        seed: First of the seeds, and that of the bootstrap.

    Example:
        >>> from quasar_index.sweep import Sweep, make_selectors
        >>> sweep = Sweep("size", (0.2, 1), make_selectors(["k-center"]), n_seeds=3)
        >>> sorted({point.name for point in sweep.points()}), len(list(sweep.points()))
        (['k-center', 'random'], 6)
    """

    parameter: Parameter
    values: tuple[Value, ...]
    selectors: tuple[tuple[str, Selector], ...] = ()
    methods: tuple[Method, ...] = field(default_factory=lambda: (Mean(),))
    stratify: int | None = None
    n_seeds: int = 10
    n_resamples: int = 1000
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the declaration.

        Raises:
            ValidationError: On no values, or values out of range.
        """
        if self.parameter not in PARAMETERS:
            raise ValidationError(f"no parameter '{self.parameter}' to sweep", f"use one of {', '.join(PARAMETERS)}")
        if not self.values or not self.methods:
            raise ValidationError(f"the sweep has no {self.parameter} to try", "give at least one value")
        for value in self.values:
            _check_value(self.parameter, value)
        if (self.parameter == "size") != bool(self.selectors):
            raise ValidationError(
                "selectors and sizes go together", "give both, or one parameter such as offsets alone"
            )
        if self.n_seeds < 1 or self.n_resamples < 40 or not 0 < self.level < 1:
            raise ValidationError(
                f"{counted(self.n_seeds, 'seed')}, {counted(self.n_resamples, 'resample')}, level {self.level}",
                "use at least 1 seed and 40 resamples, and a level such as 0.95",
            )

    def points(self) -> Iterator[Point]:
        """Yield what is to be computed, each point once: values in order, the baseline first."""
        selectors: tuple[tuple[str, Selector | None], ...] = self.selectors or (("", None),)
        if self.parameter == "size" and RANDOM not in dict(selectors):
            selectors = ((RANDOM, Random()), *selectors)
        for method in dict.fromkeys(_swept(one, self.parameter) for one in self.methods):
            for value in dict.fromkeys(self.values):
                for name, selector in sorted(selectors, key=lambda one: one[0] != RANDOM):
                    yield from self._draws(method, name, selector, value)

    def _draws(self, method: Method, name: str, selector: Selector | None, value: Value) -> Iterator[Point]:
        base, parameter = str(method), self.parameter
        seeds: Sequence[int | None] = range(self.seed, self.seed + self.n_seeds)
        if is_whole(value) and parameter in ("size", "ratio"):
            yield Point(base, method, name, None, parameter, value, None)
        elif parameter in ("size", "ratio"):
            for seed in seeds if selector is None or _has_seed(selector) else (None,):
                yield Point(base, method, name, _seeded(selector, seed), parameter, value, seed)
        else:
            for seed in seeds if parameter == "clusters" else (None,):
                yield Point(base, _varied(method, parameter, value, seed), "", None, parameter, value, seed)


def is_whole(value: Value) -> bool:
    """Say whether a size or a ratio is all of the anchors."""
    return value == 1


def _check_value(parameter: Parameter, value: Value) -> None:
    """Raise a ValidationError for a value that no anchors could serve; the others are checked when they are used."""
    if isinstance(value, (str, bool)):
        fine = parameter == "shrinkage" and value in ("ledoit-wolf", "oas", "auto")
    else:
        fine = {
            "size": 0 < value <= 1 or (value >= 2 and float(value).is_integer()),
            "ratio": 0 < value <= 1,
            "offset": 0 <= value < 1,
            "clusters": value >= 1 and isinstance(value, int),
            "top-k": value >= 1 and isinstance(value, int),
            "shrinkage": value > 0,
        }[parameter]
    if not fine:
        raise ValidationError(f"{value!r} is no {parameter} to try", f"use {_RANGES[parameter]}")


def _has_seed(selector: Selector) -> bool:
    return any(one.name == "seed" for one in fields(cast("Any", selector)))


def _seeded(selector: Selector | None, seed: int | None) -> Selector | None:
    """Give a selector its seed, and the baseline draws that agree between folds."""
    if selector is None or seed is None:
        return selector
    if isinstance(selector, Random):
        return DrawnById(seed)
    seeded: Selector = replace(cast("Any", selector), seed=seed)
    return seeded


def _swept(method: Method, parameter: Parameter) -> Method:
    """Return the method whose parameter varies, at its default: for the mean, the method that adds the parameter.

    Raises:
        MethodError: When it has no such parameter.
    """
    if parameter not in _PARAMETERS:
        return method
    kinds, name = _PARAMETERS[parameter]
    if type(method) is Mean and not isinstance(method, kinds):
        method = kinds[0](**vars(method))
    if not isinstance(method, kinds):
        raise MethodError(f"'{method}' has no {parameter} to sweep", "use another method")
    if parameter == "shrinkage" and method.space not in ("whitened", "auto"):
        raise MethodError(f"'{method}' has no shrinkage to sweep", "it is of space=whitened")
    return _with(method, **{name: getattr(type(method), name)})


def _varied(method: Method, parameter: Parameter, value: Value, seed: int | None) -> Method:
    """Return a method of `_swept` with a value of its parameter."""
    given: dict[str, Any] = {_PARAMETERS[parameter][1]: value}
    if parameter == "shrinkage":
        given["space"] = "whitened"
    return _with(method, **given, **({} if seed is None else {"seed": seed}))


def _with(method: Method, **parameters: Any) -> Method:
    made: Method = replace(method, **parameters)
    return made


_PARAMETERS: dict[str, tuple[tuple[type[Method], ...], str]] = {
    "offset": ((Offset,), "offset"),
    "clusters": ((Clustering,), "n_clusters"),
    "top-k": ((Retrieval, Knn), "top_k"),
    "shrinkage": ((Method,), "shrinkage"),
}
"""What varies: the methods that have it (the mean becomes the first of them), and its name there."""
_RANGES: dict[Parameter, str] = {
    "size": "fractions up to 1, or whole numbers from 2",
    "ratio": "numbers above 0, up to 1",
    "offset": "numbers from 0 to below 1",
    "clusters": "whole numbers from 1",
    "top-k": "whole numbers from 1",
    "shrinkage": "numbers above 0, ledoit-wolf, oas or auto",
}
