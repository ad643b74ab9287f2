"""Groups of options: a dataclass whose fields are options stands for all of them in the signature of a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, get_annotations, signature
from typing import Any


def spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that takes, for each of its groups, the options of the group; `function` gets the group."""
    # Unlike typing.get_type_hints, this leaves the options of parameters whose default is None in their place on
    # Python 3.10 too.
    hints = get_annotations(function, eval_str=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters: list[Parameter] = []
    for name, one in signature(function).parameters.items():
        if name in groups:
            kinds = get_annotations(groups[name], eval_str=True)
            parameters += [
                Parameter(part.name, Parameter.KEYWORD_ONLY, default=part.default, annotation=kinds[part.name])
                for part in fields(groups[name])
            ]
        else:
            parameters.append(one.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))

    @wraps(function)
    def command(**given: Any) -> Any:
        made = {
            name: kind(**{part.name: given.pop(part.name) for part in fields(kind)}) for name, kind in groups.items()
        }
        return function(**given, **made)

    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command
