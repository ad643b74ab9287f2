"""How a command is told what scores: `--method`, declared once; and the space of commands that only look at anchors."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Literal

import typer

import quasar_index as qi

from . import completing
from .idle import Given, Idle
from .output import note
from .progress import progress_bar

DEFAULT = "mean"
_PANEL = "Method"
_HELP = (
    "mean, offset, clustering, retrieval, knn, ridge or patches, and its parameters: retrieval:top_k=8,space=raw. "
    "See 'quasar-index methods'."
)


def _one(texts: list[str] | None) -> list[str] | None:
    if texts and len(texts) > 1:
        raise typer.BadParameter("one method scores here; 'evaluate' and 'sweep' take several")
    return texts


def _option(words: str, **more: Any) -> Any:
    return typer.Option(
        "--method",
        "-m",
        metavar="NAME:PARAMETER=VALUE,...",
        help=f"{words}  \\[mean]",
        rich_help_panel=_PANEL,
        show_default=False,
        autocompletion=completing.methods,
        **more,
    )


MethodOption = Annotated[list[str] | None, _option(f"What scores: {_HELP}", callback=_one)]
MethodsOption = Annotated[
    list[str] | None,
    _option(f"What scores, repeatable: {_HELP} Alternatives: mean/knn:space=raw/whitened is four."),
]
GroupOption = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COLUMN",
        help="Anchors left out together where they choose the shrinkage, a penalty or a space (content, prompt).  "
        "Default: reference, else each alone.",
        rich_help_panel=_PANEL,
    ),
]


class Space(str, Enum):
    """Where cosines are taken."""

    raw = "raw"
    centred = "centred"
    whitened = "whitened"
    auto = "auto"


DEFAULT_SPACE = Space.whitened
"""That of the library, which `--help` must not load."""
SpaceOption = Annotated[
    Space,
    typer.Option("--space", help="Where cosines are taken: as embedded, centred or whitened by the anchors, or auto."),
]
ShrinkageOption = Annotated[
    str | None,
    typer.Option("--shrinkage", help="whitened: a number, ledoit-wolf, oas or auto.  Default: by ratings, else 10."),
]


def read_method(texts: Sequence[str] | None) -> qi.Method:
    """Read the `--method` of a command that takes one."""
    return qi.read_method((texts or [DEFAULT])[0])


def read_methods(texts: Sequence[str] | None) -> list[qi.Method]:
    """Read `--method`, given once, several times or not at all."""
    return qi.read_methods(texts or [DEFAULT])


def space_method(space: Space, shrinkage: str | None) -> qi.Method:
    """Make the method whose space `--space` and `--shrinkage` name."""
    strength = None if shrinkage is None else parse_shrinkage(shrinkage)
    if strength is not None and space not in (Space.whitened, Space.auto):
        raise typer.BadParameter(f"--shrinkage is only for the space whitened, not {space.value}")
    return qi.Mean(space=space.value, shrinkage=strength)


def parse_shrinkage(text: str) -> qi.methods.Shrinkage | Literal["auto"]:
    """Read a shrinkage: a number, the name of an estimator, or auto."""
    if text in ("ledoit-wolf", "oas", "auto"):
        return text  # type: ignore[return-value]
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"--shrinkage {text} is neither a number nor ledoit-wolf, oas or auto") from None


def idle_group(needs: str) -> Idle:
    """Return the rule that `--group` is idle unless the method chooses something by groups."""
    return Idle(("group",), lambda given: not _uses_groups(given), needs)


def _uses_groups(given: Given) -> bool:
    if "space" in given:
        return "auto" in (given["space"], given["shrinkage"]) or (
            given["space"] == DEFAULT_SPACE and given["shrinkage"] is None
        )
    return any(method.uses_groups for method in read_methods(given["method"]))


def is_auto(given: Given) -> bool:
    """Whether a method that was given chooses its space."""
    return any(method.is_auto for method in read_methods(given["method"]))


def settle(method: qi.Method, anchors: qi.AnchorTable, *, seed: int = 0) -> qi.Method:
    """Choose the space of a method where it is auto, and say on stderr what was chosen."""
    if not method.is_auto:
        return method
    with progress_bar("choosing the space") as on_progress:
        choice = qi.choose_space(anchors, method, seed=seed, on_progress=on_progress)
    note(f"space {choice}")
    return choice.method
