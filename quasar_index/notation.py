"""How a way to do something is written and read: `NAME:PARAMETER=VALUE,...`, such as `retrieval:top_k=8,space=raw`.

One text serves tables, commands and files: what is written reads back as an equal value, and needs no quotes in a
shell.
Ways are frozen dataclasses whose fields are their parameters; those that have their default are not written. True is
written as the name alone, a tuple with `:` between its values. When several are read at once, `/` stands between
alternatives: `mean/knn:space=raw/whitened` is four.
"""

from __future__ import annotations

import itertools
import math
import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, field, fields
from difflib import get_close_matches
from inspect import get_annotations
from numbers import Integral
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from .errors import DataError, QuasarError

_Way = TypeVar("_Way")


def parameter(default: Any, words: str, allowed: str = "", fits: Callable[[Any], bool] | None = None) -> Any:
    """Declare a field of a way as a parameter.

    Args:
        default: Its default.
        words: What it is, in a few words.
        allowed: Its range, in words that follow "it is", such as "a whole number from 1".
        fits: Whether a value is in the range; None where its type says all.
    """
    return field(default=default, metadata={"words": words, "allowed": allowed, "fits": fits})


def check_parameters(way: Any, name: str, error: type[QuasarError]) -> None:
    """Raise an error unless all parameters of a way are in their range."""
    for one in fields(way):
        value, choices = getattr(way, one.name), _choices(type(way), one.name)
        fits = one.metadata.get("fits") or (lambda value, choices=choices: not choices or value in choices)
        kinds = _kinds(_hints(type(way))[one.name])
        try:
            sound = bool(fits(value)) and all(map(_is_finite, value if isinstance(value, tuple) else (value,)))
            sound &= int not in kinds or value is None or (isinstance(value, Integral) and not isinstance(value, bool))
        except TypeError:  # such as a text where a number is compared
            sound = False
        if not sound:
            raise error(f"{one.name} of {name} is {value!r}", f"it is {allowed(type(way), one)}")


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def is_frozen(kind: type) -> bool:
    """Whether a class is a frozen dataclass, as a way has to be."""
    return bool(getattr(getattr(kind, "__dataclass_params__", None), "frozen", False))


def allowed(kind: type, one: Field[Any]) -> str:
    """Say in words which values a parameter may have."""
    choices = _choices(kind, one.name)
    return str(one.metadata.get("allowed") or "") or " or ".join(map(str, choices)) or "true or false"


def own_first(kind: type) -> list[Field[Any]]:
    """Return the parameters of a way, its own before those that it shares with others."""
    shared = {one for base in kind.__mro__[1:] for one in getattr(base, "__dataclass_fields__", ())}
    return sorted(fields(kind), key=lambda one: one.name in shared)


def written(name: str, way: Any) -> str:
    """Write a way: its name, and the parameters that differ from their defaults."""
    changed = [one.name for one in own_first(type(way)) if getattr(way, one.name) != one.default]
    return ":".join([name, *([",".join(_part(key, getattr(way, key)) for key in changed)] if changed else [])])


def read(text: str, ways: Mapping[str, type[_Way]], noun: str, error: type[QuasarError] = DataError) -> _Way:
    """Read one way.

    Args:
        text: As `written` gives it.
        ways: What there is, by name: frozen dataclasses.
        noun: What they are called, for messages.
        error: What to raise.

    Raises:
        QuasarError: Of that kind, on an unknown name or parameter, or a value out of range; with what was meant.
    """
    name, _, rest = text.strip().partition(":")
    if name not in ways:
        one = {part for part in re.split("[/,]", name) if part}
        if len(one) > 1 and one <= set(ways):
            raise error(f"'{name}' is several {noun}s, and one is needed here", "several have / between them")
        raise error(f"there is no {noun} '{name}'", _meant(name, ways))
    kind: type[Any] = ways[name]
    known = {one.name: one for one in fields(kind)}
    given: dict[str, Any] = {}
    for part in rest.split(",") if rest else ():
        key, equals, value = map(str.strip, part.partition("="))
        if key not in known:
            raise error(f"the {noun} '{name}' has no parameter '{key}'", _meant(key, known) if known else "it has none")
        if key in given:
            raise error(f"'{text}' gives {key} twice", "give it once")
        hint = _hints(kind)[key]
        found = [True] if not equals and bool in _kinds(hint) else list(_readings(value if equals else "", hint))
        if not found:
            raise error(f"{key} of {name} is '{value}'", f"it is {allowed(kind, known[key])}")
        given[key] = found[0]
    made: _Way = kind(**given)
    return made


def read_several(
    texts: Iterable[str], ways: Mapping[str, type[_Way]], noun: str, error: type[QuasarError] = DataError
) -> list[_Way]:
    """Read ways of which each text may hold alternatives with `/` between them; each way once, in order."""
    found: dict[_Way, None] = {}
    for text in texts:
        name, colon, rest = text.strip().partition(":")
        parts = [part.partition("=") for part in rest.split(",")] if rest else []
        options = [[f"{key}{equals}{value}" for value in values.split("/")] for key, equals, values in parts]
        for one in name.split("/"):
            for chosen in itertools.product(*options):
                found.setdefault(read(f"{one}{colon}{','.join(chosen)}", ways, noun, error))
    return list(found)


def _part(name: str, value: Any) -> str:
    return name if value is True else f"{name}={value_text(value)}"


def value_text(value: Any) -> str:
    """Write a value of a parameter."""
    if isinstance(value, tuple):
        return ":".join(map(value_text, value))
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return repr(float(value)).removesuffix(".0") if isinstance(value, float) else str(value)


def _readings(text: str, hint: Any) -> Iterable[Any]:
    """Yield what a text can be as a value of a type, the narrowest first."""
    kinds = _kinds(hint)
    for kind in kinds:
        if get_origin(kind) is Literal:
            yield from (choice for choice in get_args(kind) if str(choice) == text)
    if types.NoneType in kinds and text == "none":
        yield None
    if bool in kinds and text in ("true", "false"):
        yield text == "true"
    for kind in (int, float):
        if kind in kinds:
            try:
                if "_" not in text:  # digit groups of Python's own
                    yield kind(text)
            except ValueError:
                continue
    for kind in kinds:
        if get_origin(kind) is tuple:
            parts = [list(_readings(part, get_args(kind)[0])) for part in text.split(":")]
            if all(parts):
                yield tuple(part[0] for part in parts)


_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _HINTS:
        # typing.get_type_hints refuses KW_ONLY on Python 3.10.
        _HINTS[kind] = {
            name: hint for base in reversed(kind.__mro__) for name, hint in get_annotations(base, eval_str=True).items()
        }
    return _HINTS[kind]


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _choices(kind: type, name: str) -> tuple[Any, ...]:
    return tuple(itertools.chain(*(get_args(one) for one in _kinds(_hints(kind)[name]) if get_origin(one) is Literal)))


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.strip("'\" ").lower(), list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
