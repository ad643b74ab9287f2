"""The command `quasar-index`: registers the commands, and is the one place where errors become exit codes."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

import quasar_index as qi
from quasar_index.errors import QuasarError

from .add import add
from .build import build
from .calibrate import calibrate
from .check import check
from .compact import compact
from .datasets import datasets
from .demo import demo
from .encoders import encoders
from .evaluate import evaluate
from .export import export
from .history import history
from .info import info
from .merge import merge
from .relabel import relabel
from .remove import remove
from .restore import restore
from .score import score
from .synthesize import synthesize
from .tag import tag

app = typer.Typer(
    name="quasar-index",
    help="Score how good images are, technically and aesthetically, against an index of anchor images: "
    "no training, no prompts (QUASAR, Kastryulin et al. 2024).",
    epilog="Exit codes: 2 usage, 3 data or images, 4 index, 5 encoder, 6 aggregation, 7 evaluation, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"quasar-index {qi.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and the log.")] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if debug else logging.WARNING, format="quasar-index: %(message)s", stream=sys.stderr
    )
    logging.getLogger("faiss").setLevel(logging.WARNING)
    if not debug:
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        # Lance's own log says of every new table that it did not exist before.
        os.environ.setdefault("LANCEDB_LOG", "error")


PANELS = {
    "Score": (demo, build, score, calibrate, evaluate, info, encoders),
    "Anchor data": (datasets, check, synthesize),
    "A living index": (add, remove, relabel, history, tag, restore, compact, export, merge),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


def main() -> None:
    """Run the command; errors of the tree become one line on stderr and their exit code."""
    try:
        app()
    except QuasarError as error:
        if "--debug" in sys.argv:
            raise
        typer.echo(f"quasar-index: error: {error}", err=True)
        sys.exit(error.exit_code)
