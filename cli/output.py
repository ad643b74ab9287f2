"""What commands share: result formats, the progress bar, the answer to Ctrl-C."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import IO, Any

from quasar_index.cells import as_text, csv_line
from quasar_index.errors import DataError, QuasarError
from quasar_index.paths import replacing

from .logs import say
from .tables import Cell, fold, table_lines

Row = Mapping[str, Any]


class Format(str, Enum):
    """Formats of a result with rows."""

    table = "table"
    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


_ENDINGS = {f".{one.value}": one for one in Format if one is not Format.table}


class InterruptedRunError(QuasarError):
    """The user pressed Ctrl-C (exit code 130)."""

    exit_code = 130


class TerminatedRunError(QuasarError):
    """The system, or a scheduler of jobs, asked the process to end: SIGTERM (exit code 143)."""

    exit_code = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived; whoever tidies up after Ctrl-C does so after this."""


@contextlib.contextmanager
def interruptible(hint: str) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into one line that says how to go on."""
    try:
        yield
    except Terminated:
        raise TerminatedRunError("terminated", hint) from None
    except KeyboardInterrupt:
        raise InterruptedRunError("interrupted", hint) from None


@contextlib.contextmanager
def raising_on_signals() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` in the main thread, so that what is under way is kept, and lose no signal.

    A signal that comes while Python runs a finaliser or a callback raises in there, where Python drops it with a note
    on stderr: it is sent once more a little later.
    """
    later: list[threading.Timer] = []
    before_hook = sys.unraisablehook
    ended = False

    def stop(*_: object) -> None:
        if not ended:  # else there is nothing left to stop
            raise Terminated

    def send_again(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before_hook(dropped)
            return
        number = signal.SIGTERM if issubclass(dropped.exc_type, Terminated) else signal.SIGINT
        later.append(threading.Timer(0.02, signal.pthread_kill, (threading.main_thread().ident, number)))
        later[-1].daemon = True
        later[-1].start()

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: whoever runs the command there answers signals
        yield
        return
    sys.unraisablehook = send_again
    try:
        yield
    finally:
        ended = True
        sys.unraisablehook = before_hook
        for timer in later:
            timer.cancel()
        signal.signal(signal.SIGTERM, before)


def choose_format(given: Format | None, output: str | None) -> Format:
    """Return the format: as given, else by the output's ending, else a table on a terminal and jsonl in a pipe.

    Raises:
        DataError: When the ending names none, or Parquet would go to a terminal.
    """
    if given is None and output is not None:
        try:
            return _ENDINGS[PurePosixPath(output).suffix.lower()]
        except KeyError:
            raise DataError(
                f"'{output}' names no format by its ending", "name it .csv, .jsonl or .parquet, or give --format"
            ) from None
    if given is None:
        return Format.table if sys.stdout.isatty() else Format.jsonl
    if given is Format.parquet and output is None and sys.stdout.isatty():
        raise DataError("Parquet is not for a terminal", "give --output FILE.parquet")
    return given


def is_table(given: Format | None, output: str | None) -> bool:
    """Tell whether `choose_format` gives a table."""
    return given is Format.table or (given is None and output is None and sys.stdout.isatty())


def write_rows(
    rows: Iterable[Row],
    columns: Sequence[str],
    *,
    format_: Format,
    output: str | None,
    text: Collection[str] = ("path", "note", "error"),
    write_table: Callable[[Iterable[Row], Sequence[str], IO[bytes]], None] | None = None,
    types: Mapping[str, Any] | None = None,
) -> None:
    """Write rows as they come, to a file (which appears when it is complete) or to stdout.

    Args:
        rows: Mappings with the columns' values; None where there is none.
        columns: Names of the columns; numbers are floats but for those whose name begins with `n_`.
        format_: The format.
        output: The file, or a URL that fsspec writes (`s3://`, ...); None for stdout.
        text: Columns of text, which Parquet keeps as such.
        write_table: Writes them as a table, where that is one of the formats.
        types: Arrow types of further columns, likewise.

    Raises:
        DataError: When the file cannot be written.
    """
    writers: dict[Format, Callable[[Iterable[Row], Sequence[str], IO[bytes]], None]] = {
        Format.csv: _write_csv,
        Format.jsonl: _write_jsonl,
        Format.parquet: functools.partial(_write_parquet, text=text, types=types or {}),
    }
    if write_table is not None:
        writers[Format.table] = write_table
    write = writers[format_]
    if output is None:
        try:
            write(rows, columns, sys.stdout.buffer)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has gone, as `| head` does: nothing more to say, also not when Python ends and flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        with new_file(output) as path, path.open("wb") as file:
            write(rows, columns, file)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"'{output}' cannot be written ({reason})", "check the place that --output names") from error


def check_output(option: str, output: str) -> None:
    """Find out whether a file can be written, before anything takes long; a URL is not asked.

    Raises:
        DataError: When it cannot.
    """
    if "://" in output:
        return
    folder = Path(output).absolute().parent
    if not folder.is_dir():
        raise DataError(f"'{output}' cannot be written, its folder does not exist", "make the folder")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"'{output}' cannot be written ({reason})", f"check the place that {option} names") from error


@contextlib.contextmanager
def new_file(output: str) -> Iterator[Path]:
    """Offer a path to write a file at, which appears at its place, or its URL, when the block ends without an error."""
    if "://" in output:
        import fsspec

        with tempfile.TemporaryDirectory(prefix="quasar-index-") as folder:
            path = Path(folder, PurePosixPath(output).name)
            yield path
            filesystem, place = fsspec.url_to_fs(output)
            for made in path.parent.iterdir():  # an export may be several files
                filesystem.put_file(str(made), f"{place.rpartition('/')[0]}/{made.name}")
        return
    with replacing(output) as path:
        yield path


def _write_csv(rows: Iterable[Row], columns: Sequence[str], file: IO[bytes]) -> None:
    terminal = file is sys.stdout.buffer and sys.stdout.isatty()
    file.write(csv_line({name: name for name in columns}, columns).encode())
    for row in rows:
        shown = {
            name: printable(value) if terminal and isinstance(value, str) else value for name, value in row.items()
        }
        file.write(csv_line(shown, columns).encode())
        _flush_stdout(file)


def _write_jsonl(rows: Iterable[Row], columns: Sequence[str], file: IO[bytes]) -> None:
    for row in rows:
        # Escaped to ASCII, because names may hold anything, also what moves the cursor of a terminal.
        cells = {name: as_text(row[name]) if isinstance(row[name], str) else row[name] for name in columns}
        file.write(json.dumps(cells).encode() + b"\n")
        _flush_stdout(file)


def _flush_stdout(file: IO[bytes]) -> None:
    """Hand a row to whoever reads stdout as soon as it is there: a run that is killed loses none that were made."""
    if file is sys.stdout.buffer:
        file.flush()


def _write_parquet(
    rows: Iterable[Row], columns: Sequence[str], file: IO[bytes], *, text: Collection[str], types: Mapping[str, Any]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"fold": pa.int64(), "seed": pa.int64(), **dict.fromkeys(text, pa.string()), **types}
    numbers = {name: pa.int64() if name.startswith("n_") else pa.float64() for name in columns}
    schema = pa.schema([(name, kinds.get(name, numbers[name])) for name in columns])
    with pq.ParquetWriter(file, schema) as writer:
        for block in _blocks(rows, 8192):
            cleaned = [{n: as_text(v) if isinstance(v, str) else v for n, v in row.items()} for row in block]
            writer.write_table(pa.Table.from_pylist(cleaned, schema=schema))


def cell_text(value: Any) -> str:
    """Return a value as it stands in a table."""
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else printable(str(value))


def printable(text: str | None) -> Any:
    """Escape control characters and undecodable bytes, which could do anything to a terminal."""
    if text is None or text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in as_text(text))


def _blocks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        block.append(row)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


def print_facts(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print names and values: aligned on a terminal, one JSON object otherwise."""
    if as_json:
        print(json.dumps(facts, indent=2))  # noqa: T201
        return
    cells: list[list[Cell]] = [
        [(name, "bold"), "\n".join(map(printable, str(value).split("\n")))] for name, value in facts.items()
    ]
    _print(("", ""), cells, keep=("",), header=False)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    right: Collection[str] = (),
    keep: Collection[str] = (),
    least: Sequence[str] = (),
) -> None:
    """Print a small table for people, in the width of the terminal: folded between words, or without some columns.

    Args:
        columns: Their titles.
        rows: A cell a column: text, or text with a style of rich.
        right: Columns of numbers, which are aligned to the right.
        keep: Columns that matter most: they always stay, as the first one does.
        least: Columns that matter least: they are left out first, in this order; then come the others from the right.
    """
    styled = ([(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows)
    cells = [[("\n".join(map(printable, text.split("\n"))), style) for text, style in row] for row in styled]
    _print(columns, cells, right=right, keep=keep, least=least)


def print_text(text: str = "") -> None:
    """Print a sentence for people, folded between words where a terminal would fold it anywhere."""
    width = line_width()
    for line in text.split("\n"):
        print("\n".join([line] if width is None else fold(line, width)))  # noqa: T201


def line_width() -> int | None:
    """Return the width of the lines that stdout shows: of the terminal, or of `$COLUMNS`; None where there is none."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        return shutil.get_terminal_size().columns
    return None


def _print(
    columns: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    *,
    file: IO[str] | None = None,
    to_stdout: bool = True,
    **how: Any,
) -> None:
    """Print lines of a table; in a file, and where there is no terminal, they are wide enough for all columns."""
    from rich.console import Console

    width = line_width() if to_stdout else None
    console = Console(file=file)
    for line in table_lines(columns, cells, width=width, **how):
        console.print(line, soft_wrap=True)


def note(text: str) -> None:
    """Say something on stderr, in one line."""
    say("note", printable(text))
