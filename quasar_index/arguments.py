"""Arguments of public functions: one of another type is one line, before anything is done.

What an argument may be is read from the function's annotations, when it is called first. What no rule here knows may be
anything. Names that are imported for type checkers alone are told by the names of an object's classes.
"""

from __future__ import annotations

import ast
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from numbers import Integral, Real
from typing import Any, Literal, TypeVar

from .errors import DataError

_T = TypeVar("_T", bound=Callable[..., Any])

MENDS = {
    "AnchorIndex": "an index, by qi.AnchorIndex.open(NAME)",
    "AnchorSource": "a source, by qi.load_source(PATH)",
    "ImageSource": "a source, by qi.datasets.load_images(PATH)",
    "ImageList": "a list of images, by qi.datasets.ImageList(PATH)",
    "Executor": "an executor, such as qi.plans.LocalExecutor()",
    "AnchorTable": "anchors, by AnchorIndex.anchors() or qi.make_anchors",
    "Method": "a method, such as qi.Mean(), or qi.read_method('mean')",
    "Encoder": "an encoder, by qi.load_encoder(NAME)",
    "TextEncoder": "an encoder with a text tower, by qi.load_encoder(NAME)",
    "EncoderSpec": "a record of an encoder, such as encoder.spec",
    "EmbeddingCache": "a cache, by qi.EmbeddingCache()",
    "FittedMethod": "a fitted method, by method.fit(anchors)",
    "Scorer": "a qi.Scorer",
    "ScoredImage": "rows of Scorer.score_files",
    "RatedSource": "a source of rated images, by qi.rated_source",
    "RatedImages": "rated images, by qi.embed_rated",
    "EvaluationReport": "a report of qi.evaluate or qi.cross_validate",
    "Selector": "a selector, by qi.sweep.make_selectors([NAME])[0]",
    "Sweep": "a qi.sweep.Sweep",
    "Bench": "a bench, by qi.sweep.index_bench",
    "SweepReport": "a report of qi.sweep.run_sweep",
    "Report": "a qi.Report",
    "Space": "a space, by qi.methods.fit_space",
    "Manifest": "a manifest, by qi.Manifest.read",
    "FewLabels": "a result of qi.validation.few_labels",
    "CrossFit": "a result of qi.validation.cross_fit",
    "Module": "a network, of torch.nn",
    "Optimizer": "an optimiser, of torch.optim",
    "Task": "a training, such as qi.learning.LowLevel(DATA)",
}
"""What to give for the classes of this package, by name."""
_ARRAYS = ("FloatArray", "DoubleArray", "BoolArray", "IntArray", "ByteArray")
_SEVERAL = {"Sequence", "Iterable", "Iterator", "Collection", "list", "tuple", "set", "frozenset", "Container", "Set"}
_LEAST = {"Iterable": "__iter__", "Iterator": "__next__", "Container": "__contains__"}


@dataclass(frozen=True)
class _Kind:
    """What an argument may be.

    Attributes:
        fits: Whether a value may be it.
        words: What it is, behind "give".
        part: What each of a list is; None where that may be anything.
        turn: Returns a value in another form, such as a list for an array; None where it has none.
    """

    fits: Callable[[Any], bool]
    words: str
    turn: Callable[[Any], Any] = lambda _: None
    part: _Kind | None = None


def checked(made: _T) -> _T:
    """Let a function, or the making of a class, refuse arguments of other types.

    Raises:
        DataError: By the function, when an argument is of another type than its annotation says.
    """
    if isinstance(made, type):
        made.__init__ = checked(made.__init__)  # type: ignore[misc]
        return made
    code = made.__code__
    positional = code.co_varnames[: code.co_argcount]
    kinds: list[dict[str, _Kind]] = []
    read, turn = _kinds_of, _turned

    def call(*args: Any, **kwargs: Any) -> Any:
        if not kinds:
            kinds.append(read(made))
        known = kinds[0]
        for place, value in enumerate(args[: len(positional)]):
            kind = known.get(positional[place])
            if kind is not None and not kind.fits(value):
                args = (*args[:place], turn(made, positional[place], value, kind), *args[place + 1 :])
        for name, value in kwargs.items():
            kind = known.get(name)
            if kind is not None and not kind.fits(value):
                kwargs[name] = turn(made, name, value, kind)
        return made(*args, **kwargs)

    # With the globals of its module, by which tools tell where a function is from.
    named = types.FunctionType(call.__code__, made.__globals__, made.__name__, None, call.__closure__)
    return typing.cast("_T", update_wrapper(named, made))


def _turned(made: Callable[..., Any], name: str, value: Any, kind: _Kind) -> Any:
    """Return an array where a list is needed, or a list where an array is, as what is needed.

    Raises:
        DataError: Where it cannot be.
    """
    turned = kind.turn(value)
    if turned is not None and kind.fits(turned):
        return turned
    place = made.__qualname__.removesuffix(".__init__")
    if kind.part is not None and isinstance(value, (list, tuple)):
        number, wrong = next((n, one) for n, one in enumerate(value) if not kind.part.fits(one))
        raise DataError(f"{name}[{number}] of {place} is {shown(wrong)}", f"give {kind.part.words}")
    raise DataError(f"{name} of {place} is {shown(value)}", f"give {kind.words}")


def shown(value: object) -> str:
    """Return a value as a message shows it: a short one as it is written, else its type."""
    is_plain = value is None or isinstance(value, (str, bytes, bool, int, float, os.PathLike))
    text = repr(value) if is_plain else ""
    return text if 0 < len(text) <= 60 else f"of type {type(value).__name__}"


def _kinds_of(made: Callable[..., Any]) -> dict[str, _Kind]:
    """Return the kinds of a function's arguments by name, as far as they are known."""
    found = {}
    for name, annotation in made.__annotations__.items():
        if name == "return":
            continue
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "Any")
        kind = _kind(ast.parse(text, mode="eval").body, made.__globals__)
        if kind is not None:
            found[name] = kind
    return found


def _kind(node: ast.expr, names: Mapping[str, Any]) -> _Kind | None:
    """Return the kind that an annotation means; None for anything."""
    if isinstance(node, ast.BinOp):
        return _either([_kind(node.left, names), _kind(node.right, names)])
    if isinstance(node, ast.Constant):
        if node.value is None:
            return _Kind(lambda value: value is None, "None")
        return _kind(ast.parse(node.value, mode="eval").body, names) if isinstance(node.value, str) else None
    if isinstance(node, ast.Subscript):
        return _generic(_last(node.value), node.slice, names)
    name = _last(node)
    return _PLAIN[name] if name in _PLAIN else _named(name, names.get(name))


def _last(node: ast.expr) -> str:
    """Return the last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _either(kinds: Sequence[_Kind | None]) -> _Kind | None:
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):
        return None
    words = [kind.words for kind in known if kind.words != "None"]
    turns = [kind.turn for kind in known]
    return _Kind(
        lambda value: any(kind.fits(value) for kind in known),
        " or ".join(dict.fromkeys(words)) or "None",
        lambda value: next((found for turn in turns if (found := turn(value)) is not None), None),
        next((kind.part for kind in known if kind.part is not None), None),
    )


def _generic(name: str, inner: ast.expr, names: Mapping[str, Any]) -> _Kind | None:
    """Return the kind of `Sequence[int]` and the like."""
    if name == "Literal":
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        return _choice([ast.literal_eval(part) for part in parts])
    if name in ("Mapping", "dict"):
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        kind = _kind(parts[-1], names)
        of = "" if kind is None else f" of {kind.words}"
        return _Kind(
            lambda value: isinstance(value, Mapping) and (kind is None or all(map(kind.fits, value.values()))),
            f"a dictionary{of}",
        )
    if name == "Callable":
        return _Kind(callable, "a function")
    if name == "NDArray":
        return _PLAIN["NDArray"]
    if name not in _SEVERAL:
        return None
    one = None if isinstance(inner, ast.Tuple) else _kind(inner, names)
    if isinstance(inner, ast.Tuple) and getattr(inner.elts[-1], "value", None) is Ellipsis:
        one = _kind(inner.elts[0], names)
    least = _LEAST.get(name, "__len__")

    def fits(value: Any) -> bool:
        if isinstance(value, (str, bytes, os.PathLike, Mapping)) or not hasattr(value, least):
            return False
        if least == "__len__" and not hasattr(value, "__iter__"):
            return False  # such as a source, which has a length only
        if (name == "Sequence" and isinstance(value, (set, frozenset))) or hasattr(value, "shape"):
            return False  # an array is turned into a list first
        return one is None or not isinstance(value, (list, tuple)) or all(map(one.fits, value))

    return _Kind(fits, "a list" if one is None else f"a list, each one {one.words}", _listed, one)


def _listed(value: Any) -> Any:
    """Return an array, or a column of a table, as a list; None for anything else."""
    if hasattr(value, "tolist") and len(getattr(value, "shape", ())) > 0:
        return value.tolist()
    return value.to_list() if hasattr(value, "to_list") else None


def _arrayed(value: Any) -> Any:
    """Return a list of numbers as an array; None where it is none."""
    import numpy as np

    if isinstance(value, (str, bytes, Mapping, Real)) or not (_is_sequence(value) or hasattr(value, "__array__")):
        return None
    try:
        return np.asarray(value)
    except (TypeError, ValueError):  # such as rows of different lengths
        return None


def _choice(choices: Sequence[Any]) -> _Kind:
    def fits(value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in choices)

    return _Kind(fits, " or ".join(map(repr, choices)))


def _named(name: str, found: Any) -> _Kind | None:
    """Return the kind of a class, of an alias, or of a name that is for type checkers alone."""
    origin = typing.get_origin(found)
    if origin is Literal:
        return _choice(typing.get_args(found))
    if origin is not None or not name:
        return None
    words = MENDS.get(name, f"a value of type {name}")
    if name in _MEMBERS:
        return _Kind(lambda value: all(hasattr(value, one) for one in _MEMBERS[name]), words)
    if isinstance(found, type) and not getattr(found, "_is_protocol", False):
        return _Kind(lambda value: isinstance(value, found), words)
    if name not in MENDS:
        return None
    return _Kind(lambda value: any(one.__name__ == name for one in type(value).__mro__), MENDS[name])


_MEMBERS = {
    "Encoder": ("spec", "prepare", "forward"),
    "TextEncoder": ("spec", "prepare", "forward", "encode_text"),
    "Selector": ("select",),
    "Executor": ("run",),
    "Task": ("settings", "batch", "steps_per_epoch"),
}
"""Of what is told by what it has."""


def _is_number(value: Any) -> bool:
    if value is True or value is False or not isinstance(value, Real):
        return False
    return bool(value == value)  # noqa: PLR0124 - NaN is none


def _is_array(value: Any) -> bool:
    if isinstance(value, (str, bytes, bytearray, Mapping, set, frozenset)) or value is None:
        return False
    return hasattr(value, "__array__") or isinstance(value, Real) or _is_sequence(value)


def _is_numeric(value: Any, kinds: str = "biuf") -> bool:
    """Whether something is an array of at least one axis, of some of NumPy's kinds of numbers."""
    return getattr(getattr(value, "dtype", None), "kind", "-") in kinds and getattr(value, "ndim", 0) > 0


def _is_sequence(value: Any) -> bool:
    return hasattr(value, "__len__") and hasattr(value, "__getitem__")


_PLAIN: dict[str, _Kind | None] = {
    "Any": None,
    "object": None,
    "str": _Kind(lambda value: isinstance(value, str), "text"),
    "bytes": _Kind(lambda value: isinstance(value, (bytes, bytearray, memoryview)), "bytes"),
    "bool": _Kind(lambda value: isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"), "True or False"),
    "int": _Kind(lambda value: isinstance(value, Integral) and not isinstance(value, bool), "a whole number"),
    "float": _Kind(_is_number, "a number"),
    "PathText": _Kind(lambda value: isinstance(value, (str, os.PathLike)), "a path, as text or pathlib.Path"),
    "Path": _Kind(lambda value: isinstance(value, os.PathLike), "a pathlib.Path"),
    "slice": _Kind(lambda value: isinstance(value, slice), "a slice"),
    "Iterable": _Kind(lambda value: isinstance(value, Iterable) and not isinstance(value, (str, bytes)), "a list"),
    "Mapping": _Kind(lambda value: isinstance(value, Mapping), "a dictionary"),
    "ArrayLike": _Kind(_is_array, "numbers, as an array or a list"),
    **dict.fromkeys(_ARRAYS, _Kind(_is_numeric, "an array of numbers", _arrayed)),
    "NDArray": _Kind(lambda value: _is_numeric(value, "biufSUO"), "an array", _arrayed),
}
