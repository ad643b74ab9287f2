"""The command `quasar-index`: its general options, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import sys
import warnings
from functools import partial
from typing import Annotated, Any, NoReturn

import typer

import quasar_index as qi
from quasar_index.errors import DataError, QuasarError

from .commands import Commands
from .logs import line_of, one_run, say
from .output import InterruptedRunError, interruptible, printable, raising_on_signals

_DISK_ERRORS = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EROFS: "write to another place",
    errno.EIO: "mend the disk",
}

app = typer.Typer(
    name="quasar-index",
    cls=Commands,
    help="Score how good images are against an index of anchor images: no training, no prompts (QUASAR).",
    epilog="Exit codes: 2 usage, 3 data, 4 index, 5 encoder, 6 method, 7 validation, 130 and 143 stopped.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"quasar-index {qi.__version__}")
        raise typer.Exit


class _Printable(logging.Formatter):
    """Makes a line like all others, without control characters, which file names may hold."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that `logging` calls
        return line_of(record.levelname.lower(), str(printable(super().formatMessage(record))))


class _Once(logging.Filter):
    """Passes the first warning of each kind: each block of images, fold or file would repeat it with other numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        kind = re.sub(r"\d[\d.,]*", "", str(record.msg))
        is_new = record.levelno < logging.WARNING or kind not in self._seen
        self._seen.add(kind)
        return is_new


@app.callback()
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", hidden=True, help="Show tracebacks and the log.")] = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    logging.basicConfig(level=logging.INFO if debug else logging.WARNING, stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Printable())
        handler.addFilter(once := _Once())
        context.call_on_close(partial(handler.removeFilter, once))
    logging.getLogger("faiss").setLevel(logging.WARNING)
    if not debug:
        # Pillow warns of odd metadata, up to thousands of times an image; what makes one useless is in its row.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        # Lance's own log says of every new table that it did not exist before.
        os.environ.setdefault("LANCEDB_LOG", "error")
        # The hub's own log says of every try that it failed.
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")


def main() -> None:
    """Run the command; errors of the tree become one line on stderr and their exit code."""
    with one_run():
        try:
            # Signals may also come while what answers them ends: so once more outside.
            with interruptible("run it again"), raising_on_signals():
                _answer()
        except QuasarError as error:
            _end(error)


def _answer() -> None:
    try:
        with interruptible("run it again"):
            try:
                app()
            except SystemExit as stop:
                if (signalled := _signal_of(stop)) is not None:
                    raise signalled from None
                raise
    except QuasarError as error:
        _end(error)
    except OSError as error:
        if error.errno not in _DISK_ERRORS or "--debug" in sys.argv:
            raise
        mend = _DISK_ERRORS[error.errno]
        _end(DataError(f"nothing more can be written ({error.strerror})", f"{mend}, then run it again"))


def _signal_of(stop: SystemExit) -> KeyboardInterrupt | None:
    """Return the signal that Typer answered by itself, alike for all and without a word; None where it was none."""
    cause: BaseException | None = stop if stop.code == InterruptedRunError.exit_code else None
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__ or cause.__context__
    return cause


def run() -> NoReturn:
    """Run the command as a program of its own: when it has ended, the process does, too.

    Python would first take apart all modules, which takes two seconds for those of torch and changes nothing: files
    are closed and locks given back by then, or by the system. (mypy ends so, for the same reason.)
    """
    code: Any = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    if "torch" not in sys.modules or not (code is None or isinstance(code, int)):
        sys.exit(code)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:  # nobody reads it any more
            continue
        except OSError:
            code = code or 120  # as Python ends where the last output is lost
    os._exit(code or 0)


def _end(error: QuasarError) -> NoReturn:
    """Say what went wrong in one line, and end with its exit code, also where a signal comes just then."""
    if "--debug" in sys.argv:
        raise error
    with contextlib.suppress(KeyboardInterrupt):
        say("error", str(printable(f"error: {error}")), exit_code=error.exit_code)
    sys.exit(error.exit_code)
