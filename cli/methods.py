"""`quasar-index methods`: what can score, and its parameters."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import fields
from typing import Annotated, Any

import typer

import quasar_index as qi

from . import completing, options
from .output import print_facts, print_table, print_text

_WRAPPED = re.compile(r"(?<=\S)\n(?: {2})?(?=[^\s-])")
"""Line ends within a paragraph, or an item of a list, of a docstring."""


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A method, for its parameters and formula.",
            show_default=False,
            autocompletion=completing.methods,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """List the methods that --method names: when to choose each; with NAME, its formula, parameters and ranges."""
    known = qi.METHODS if name is None else {name: type(qi.read_method(name))}
    facts = {key: method_facts(kind) for key, kind in known.items()}
    if json:
        print_facts(facts, as_json=True)
    elif name is None:
        shared = {one.name for one in fields(qi.methods.CentroidMethod)}
        rows = [
            (key, ", ".join(name for name in one["parameters"] if name not in shared), one["when"])
            for key, one in facts.items()
        ]
        print_table(("method", "its own parameters", "when to choose it"), rows)
        every = ", ".join(one.name for one in fields(qi.Method))
        more = ", ".join(one.name for one in fields(qi.methods.CentroidMethod) if one.name not in every)
        others = [key for key, kind in known.items() if not issubclass(kind, qi.methods.CentroidMethod)]
        plain = " and ".join([", ".join(others[:-1]), others[-1]])
        print_text(f"\nAll take {every}; all but {plain} take {more}, too.")
        print_text("For the formula, ranges and defaults of one: quasar-index methods NAME")
    else:
        (one,) = facts.values()
        print_text(f"{one['formula']}\n\nWhen to choose it: {one['when']}.\n")
        parameters = one["parameters"].items()
        table = [(key, each["default"], each["range"], each["what"]) for key, each in parameters]
        print_table(("parameter", "default", "range", "what it is"), table)
        print_text(f"\nFor example: --method {_example(*known.values())}")


def method_facts(kind: type[qi.Method]) -> dict[str, Any]:
    """Return what a person wants to know of a method."""
    from quasar_index.notation import allowed, own_first, value_text

    return {
        "when": kind.when,
        "formula": _WRAPPED.sub(" ", inspect.getdoc(sys.modules[kind.__module__]) or ""),
        "parameters": {
            one.name: {
                "default": value_text(one.default),
                "range": allowed(kind, one),
                "what": one.metadata["words"],
            }
            for one in own_first(kind)
        },
    }


def _example(kind: type[qi.Method]) -> str:
    """Return a text that names the method with two of its parameters."""
    from quasar_index.notation import value_text

    own = [one for one in fields(kind) if one.name not in {base.name for base in fields(qi.methods.CentroidMethod)}]
    given = [f"{one.name}={value_text(one.default)}" for one in own if one.default is not None][:1]
    return f"{kind.name}:{','.join([*given, 'space=raw'])}"
