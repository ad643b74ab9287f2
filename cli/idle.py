"""Options without effect beside others: each command declares its own, and one place answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import typer

Given = Mapping[str, Any]
"""Values of all options of a command, by parameter; those of enums compare equal to their text."""


@dataclass(frozen=True)
class Idle:
    """Options that do nothing in a case.

    Attributes:
        options: Their parameters.
        when: Says of the values of all options whether it is the case.
        why: Why they do nothing then.
    """

    options: tuple[str, ...]
    when: Callable[[Given], Any]
    why: str


def refuse_idle(context: typer.Context, rules: Iterable[Idle]) -> None:
    """Refuse options that the user gave on the command line and that have no effect.

    Raises:
        BadParameter: Naming the options of the first rule that is broken, and why.
    """
    given = {
        one.name: max(one.opts, key=len)
        for one in context.command.params
        if (source := context.get_parameter_source(one.name or "")) is not None and source.name == "COMMANDLINE"
    }
    for rule in rules:
        idle = [given[name] for name in rule.options if name in given]
        if idle and rule.when(context.params):
            does = "has" if len(idle) == 1 else "have"
            raise typer.BadParameter(f"{' and '.join(idle)} {does} no effect: {rule.why}")
