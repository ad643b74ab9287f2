"""Names and texts in result files: formulas, control characters, bytes that are no UTF-8, line ends."""

import csv
import io
import json
import os
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from quasar_index.cli import output
from quasar_index.cli.output import Format, note, write_rows
from quasar_index.cli.score_table import write_score_table

from quasar_index.cells import as_text, csv_line

NAMES = [
    "plain.png",
    'quo"te.png',
    "new\nline\r.png",
    "esc\x1b]0;title\x07.png",
    os.fsdecode(b"caf\xe9.png"),
    "c,o;m\tma.png",
]
FORMULAS = ["=1+1.png", "+1.png", "-o.png", "@sum.png", "\t=1.png", "\r=1.png", "\n=1.png", "\uff1d1.png"]
COLUMNS = ("path", "score", "error")


def rows(names):
    return [{"path": name, "score": -0.5, "error": None} for name in names]


def written(names, format_, tmp_path):
    file = tmp_path / f"out.{format_.value}"
    write_rows(iter(rows(names)), COLUMNS, format_=format_, output=str(file))
    return file


def read_csv(file):
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode(), newline=""), strict=True))


def test_csv_is_text_that_comes_back(tmp_path):
    found = read_csv(written(NAMES, Format.csv, tmp_path))
    assert [row["path"] for row in found] == [*NAMES[:4], "caf\\xe9.png", NAMES[5]]
    assert {row["score"] for row in found} == {"-0.5"}  # a number, not a formula
    assert {row["error"] for row in found} == {""}


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_of_csv_is_a_formula(name, tmp_path, monkeypatch):
    (row,) = read_csv(written([name], Format.csv, tmp_path))
    assert row["path"] == f"./{name}"
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"x")
    assert Path(row["path"]).samefile(name)
    text = csv_line({"error": name, "score": -1.5, "n_good": -3}, ("error", "score", "n_good"))
    (cells,) = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert cells == [f"'{name}", "-1.5", "-3"]


def test_a_cell_cannot_begin_inside_another_in_any_locale():
    assert csv_line({"path": "a;=cmd.png"}, ["path"]) == '"a;=cmd.png"\n'
    assert csv_line({"path": "a\t=cmd.png"}, ["path"]) == '"a\t=cmd.png"\n'
    assert csv_line({"path": " =1"}, ["path"]) == '" =1"\n'


@pytest.mark.parametrize("format_", [Format.jsonl, Format.parquet])
def test_other_formats_keep_names(format_, tmp_path):
    file = written([*NAMES, *FORMULAS], format_, tmp_path)
    if format_ is Format.jsonl:
        content = file.read_bytes()
        assert content.isascii()
        assert b"\\ud" not in content  # half of a surrogate pair is refused by most readers
        found = [json.loads(line)["path"] for line in content.splitlines()]
    else:
        found = pq.read_table(file)["path"].to_pylist()
    assert found == [*NAMES[:4], "caf\\xe9.png", NAMES[5], *FORMULAS]


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.mark.parametrize("format_", [Format.csv, Format.jsonl, Format.table])
def test_a_terminal_gets_no_control_character(format_, monkeypatch):
    terminal = Terminal(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(output.sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    table = partial(write_score_table, folder="", verbose=False, to_stdout=True)
    names = ["esc\x1b]0;title\x07.png", "bell\x9b31m\r.png"]
    write_rows(iter(rows(names)), COLUMNS, format_=format_, output=None, write_table=table)
    shown = terminal.buffer.getvalue()
    assert b"title" in shown
    assert not {0x1B, 0x07, 0x0D} & set(shown)
    assert b"\xc2\x9b" not in shown


def test_notes_are_one_printable_line(capsys):
    note("left out 'a\n\x1b[31mb.png': it is \u202e bad")
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "quasar-index: left out 'a\\n\\x1b[31mb.png': it is \\u202e bad"


def test_as_text():
    assert as_text("größe 🙂") == "größe 🙂"
    assert as_text(os.fsdecode(b"\xff\xfe.png")) == "\\xff\\xfe.png"
    assert as_text("\ud800.png").isascii()
