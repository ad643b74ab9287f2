"""Label files of all formats, read by the ending of their names."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError, first_line
from .json_tables import read_json, read_jsonl
from .spec import Options
from .tables import LabelTable, check_arrow, from_arrow
from .text_tables import read_csv
from .workbooks import read_workbook

LABEL_ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet", ".json", ".xlsx", ".xlsm")
OF_FILES = ("sep", "encoding", "header", "sheet")
"""Options that say how a file is written."""
_OF_FORMAT = {
    "sep": (".csv", ".tsv", ".txt"),
    "header": (".csv", ".tsv", ".txt"),
    "encoding": (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json"),
    "sheet": (".xlsx", ".xlsm"),
}
_OTHER_TABLES = (".xls", ".xlsb", ".ods", ".numbers", ".sav", ".rds", ".feather", ".pkl", ".pickle", ".mat", ".db")
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip", ".7z")
NO_OPTIONS = Options()


def read_table(content: bytes, file: str, options: Options = NO_OPTIONS) -> LabelTable:
    """Read a label file by the ending of its name, one of `LABEL_ENDINGS`.

    Args:
        content: The file's bytes.
        file: Its name.
        options: Those of `OF_FILES` are used.

    Raises:
        DataError: On any other ending, on an option that is of no effect in this format, and as the reader of it.
    """
    ending = ending_of(file)
    if ending not in LABEL_ENDINGS:
        raise not_a_label_file(file)
    for name, endings in _OF_FORMAT.items():
        if ending not in endings and options.text(name) is not None:
            raise DataError(f"option {name} says nothing of {file}", f"it is for {', '.join(endings)}")
    encoding, problems = options.text("encoding"), options.problems
    if ending == ".parquet":
        return replace(read_parquet(content, file), problems=problems)
    if ending in (".xlsx", ".xlsm"):
        return read_workbook(content, file, sheet=options.text("sheet"), problems=problems)
    if ending in (".jsonl", ".ndjson"):
        return read_jsonl(content, file, encoding=encoding, problems=problems)
    if ending == ".json":
        return read_json(content, file, encoding=encoding, problems=problems)
    header = options.text("header")
    names = [name.strip() for name in header.split(",")] if header else None
    return read_csv(content, file, header=names, sep=options.text("sep"), encoding=encoding, problems=problems)


def ending_of(file: str) -> str:
    """Return the ending of a name in lower case, with its point."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return f".{name.rpartition('.')[2]}" if "." in name else ""


def not_a_label_file(path: str) -> DataError:
    """Return the error for a file of another ending."""
    hint = f"one of {', '.join(LABEL_ENDINGS)}, .tar, or a folder"
    if ending_of(path) in _OTHER_TABLES:
        hint = "save it as .csv, .xlsx or .parquet"
    if ending_of(path) in _PACKED:
        hint = "unpack it"
    return DataError(f"{path} is not a label file", hint)


def read_parquet(content: bytes, file: str) -> LabelTable:
    """Read a Parquet table.

    Raises:
        DataError: When it is not Parquet.
    """
    try:
        table = pq.read_table(pa.BufferReader(content))
        check_arrow(table)
    except Exception as error:
        # Beside Arrow's own errors UnicodeDecodeError, OverflowError, ... by the kind of damage.
        raise DataError(f"{file} is not a Parquet file: {first_line(error)}") from error
    return from_arrow(table, file)
