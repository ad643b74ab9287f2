"""The commands, by panel, with the line that `--help` says of each; a command's own module is loaded when it is called.

Importing all of them and building their options would take a third of the time of `quasar-index --help`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import EnumMeta
from importlib import import_module
from typing import Annotated, Any, cast, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from quasar_index.errors import counted

from .groups import spread
from .idle import Idle, refuse_idle
from .logs import LogFormat, choose_log_format
from .options import RARE
from .output import interruptible
from .tables import OTHER_FORMS

PANELS = {
    "Score": {
        "demo": "Build an index of scikit-image's photographs, and try methods on held-out ones.",
        "build": "Build an index of anchors from labelled images, or of patches of pristine ones.",
        "pull": "Make an index of published embeddings, or of a bundle that 'push' made.",
        "score": "Score images against an index of anchors: one row an image, in order; higher is better.",
        "pick": "List the best images, and copy or link them: those of a folder, or of a file that 'score' wrote.",
        "explore": "Look at photographs in the browser: score, cull, mark and export them, and see why each has its "
        "score.",
        "calibrate": "Fit scores to the opinion scale of a rated index; 'score --calibrated' then prints mos, low and "
        "high.",
        "evaluate": "Evaluate scores against opinion scores: correlations with intervals, and differences between "
        "methods.",
        "sweep": "Draw curves of SRCC: of selectors over the number of anchors, or over one parameter.",
        "reproduce": "Run a table or figure of QUASAR or GRepQ over the data sets that are there: ours beside the "
        "published figures.",
        "methods": "List the methods that --method names: when to choose each; with NAME, its formula, parameters and "
        "ranges.",
        "info": "Show what an index holds and how it was built; with --where, how many anchors a condition selects.",
        "map": "Draw a map of the anchors: their space in two dimensions.",
        "cache": "Show the cache of embeddings: where it is, its size, what it holds; or remove what it holds.",
        "encoders": "List the encoders: dimension, input rule, licence, where the weights come from.",
    },
    "Anchors": {
        "datasets": "List the data sets that --data NAME:ROOT reads: size, range, direction, terms, home page.",
        "check": "Check labelled images before building: files, labels, direction, duplicates, leaks.",
        "synthesize": "Distort pristine images: the 25 types of KADID-10k at five levels, laid out as KADIS-700k.",
        "train": "Train an encoder of your own without ratings: GRepQ's low or high level.",
        "add": "Add anchors to an index; images that it holds already are not embedded, their labels are brought up to "
        "date.",
        "remove": "Remove anchors; the sides are divided anew. 'quasar-index restore' brings them back.",
        "relabel": "Give anchors new raw scores; the sides are divided and the scores scaled anew.",
        "history": "List the versions of an index, the oldest first: when, what was done, how many anchors, tags.",
        "tag": "Tag a version of an index; 'score --version TAG' and 'restore' take the tag for the number.",
        "restore": "Make a new version of an index that equals an old one; what came in between stays in the history.",
        "compact": "Rewrite the table of an index in fewer files, without deleted rows.",
        "approximate": "Make search in an index of very many anchors approximate; its recall is measured and recorded.",
        "verify": "Check that an index is whole: files, counts, ids, embeddings, labels, history, and its search cache "
        "bit by bit.",
        "push": "Put an index into one file, on the Hugging Face hub, or into a store; 'quasar-index pull' makes an "
        "index of it.",
        "export": "Write an index to a file; of all but CSV, 'build NAME --embeddings FILE' makes the same index.",
        "merge": "Make a new index of the anchors of others; of the same image, the first anchor counts.",
        "select": "Make an index of some anchors of another one, each on the side where it is there.",
    },
}
"""Help lines by name, by panel: the first lines of the commands' docstrings (tested)."""
LONG = frozenset(
    {"add", "build", "check", "evaluate", "pull", "reproduce", "score", "sweep", "synthesize", "train", "verify"}
)
"""Commands that run for long, perhaps as jobs whose logs a program reads: they have `--log-format`."""
FEW = 12
"""Most options of a command whose `--help` shows them all."""


def load(name: str) -> TyperCommand:
    """Import a command, and build its options."""
    module = import_module(f".{name}", __package__)
    # The function of `map` is `map_`: the name alone is Python's own.
    function = getattr(module, name, None) or getattr(module, f"{name}_")
    one = typer.Typer(add_completion=False)
    one.command(name, cls=Command)(spread(function))
    one.command("--help-all")(_help_all)
    one.command("--log-format")(_log_format)
    made = cast("TyperGroup", typer.main.get_command(one)).commands
    command = cast("Command", made[name])
    command.params += [*(made["--log-format"].params if name in LONG else ()), *made["--help-all"].params]
    command.help = re.sub(r"(?<!\n)\n(?!\n)", " ", command.help or "")  # a paragraph is a line: rich folds it
    command.forms = _forms(function)
    command.idle = getattr(module, "IDLE", ())
    command.everyday = getattr(module, "EVERYDAY", ())
    return command


def _forms(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the options with which a command prints all of what a table may leave out."""
    hints = get_type_hints(function)
    kinds = [hints.get("format_"), *get_args(hints.get("format_"))]
    names = [one.value for kind in kinds if isinstance(kind, EnumMeta) for one in cast("Any", kind)]
    formats = [f"--format {name}" for name in ("csv", "json") if name in names]
    return (*formats[:1], *(["--json"] if "json" in hints else []))


def _show_all(context: typer.Context, value: bool) -> None:
    """Show the help with all options."""
    if value:
        cast("Command", context.command).shows_all = True
        typer.echo(context.get_help())
        raise typer.Exit


def _help_all(
    help_all: Annotated[
        bool,
        typer.Option(
            "--help-all", help="Show all options and exit.", callback=_show_all, is_eager=True, expose_value=False
        ),
    ] = False,
) -> None:
    """Declare the option that every command has beside its own."""


def _log_format(
    log_format: Annotated[
        LogFormat,
        typer.Option(
            "--log-format",
            help="json: notes, errors and progress on stderr are JSON objects, one a line.",
            callback=choose_log_format,
            is_eager=True,
            expose_value=False,
        ),
    ] = LogFormat.text,
) -> None:
    """Declare the option of commands that run for long."""


class Command(TyperCommand):
    """A command that refuses options without effect, and knows which of its options print all of a table.

    `--help` leaves out the options that are rarely needed, where a command has many; `EVERYDAY` of its module names
    those that are everyday ones there.
    """

    forms: tuple[str, ...] = ()
    idle: tuple[Idle, ...] = ()
    everyday: tuple[str, ...] = ()
    shows_all = False

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help; its last line says how to see the options that it leaves out."""
        options = [one for one in self.params if isinstance(one, TyperOption)]
        names = frozenset() if self.shows_all or len(options) <= FEW else RARE.difference(self.everyday)
        rare = [one for one in options if one.name in names]
        for one in (*rare, *(() if self.shows_all else options[-1:])):  # the last one is --help-all
            one.hidden = True
        self.epilog = f"{counted(len(rare), 'more option')}: {ctx.command_path} --help-all" if rare else None
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        refuse_idle(ctx, self.idle)
        before = OTHER_FORMS.set(self.forms)
        try:
            return super().invoke(ctx)
        finally:
            OTHER_FORMS.reset(before)


class Commands(TyperGroup):
    """The commands; one that is stopped ends with one line, whether or not it has more to say about it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for panel, lines in PANELS.items():
            for name, line in lines.items():
                short = re.split("[:;] ", line)[0].rstrip(".") + "."  # a line in the list: the whole is in its own help
                self.add_command(TyperCommand(name, help=line, short_help=short, rich_help_panel=panel))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands on one screen: without the completion that people install but do not look at."""
        for one in self.params:
            if isinstance(one, TyperOption) and one.name == "show_completion":
                one.hidden = True
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Load the command that was called."""
        name, outlined, rest = super().resolve_command(ctx, args)
        return name, None if name is None or outlined is None else load(name), rest

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Parse; Ctrl-C ends that with one line."""
        with interruptible("run it again"):
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C ends it with one line."""
        with interruptible("run it again"):
            return super().invoke(ctx)
