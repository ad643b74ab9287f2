"""One table gives the same records in any format, encoding, decimal mark, order of rows and of columns."""

import csv
import io
import json

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quasar_index.datasets.frames import read_frame
from quasar_index.datasets.label_files import read_table
from quasar_index.datasets.label_numbers import NumberForm, read_numbers
from quasar_index.datasets.labelled import source_from_table
from quasar_index.datasets.spec import Options

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.sampled_from("aZ9 äéß漢,;|\t'\"#%()=-_."), max_size=8)
SCORES = st.integers(-5000, 5000).map(lambda n: n / 1000)
NAMES = ("image", "score", "n", "ratio", "note")


@st.composite
def tables(draw):
    """Return rows of distinct images, some cells of their further columns empty."""
    n = draw(st.integers(1, 6))
    return [
        {
            "image": f"{draw(TEXT)}{row}.png",
            "score": draw(SCORES),
            "n": draw(st.none() | st.integers(-(10**9), 10**9)),
            "ratio": draw(st.none() | SCORES),
            "note": draw(st.none() | TEXT.map(lambda text: f"x{text}y")),
        }
        for row in range(n)
    ]


def text_file(rows, names, sep, mark, ends, quoting):
    """Write delimited text by the standard library."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=sep, lineterminator=ends, quoting=quoting)
    writer.writerow(names)
    for row in rows:
        cells = [row[name] for name in names]
        writer.writerow([str(cell).replace(".", mark) if isinstance(cell, float) else cell for cell in cells])
    return file.getvalue()


def workbook(rows, names):
    book, file = openpyxl.Workbook(), io.BytesIO()
    for line in [names, *([row[name] for name in names] for row in rows)]:
        book.active.append(line)
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # =a is no formula
    book.save(file)
    return file.getvalue()


def parquet(rows, names):
    file = io.BytesIO()
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in names}), file)
    return file.getvalue()


def read(table, options=()):
    source = source_from_table(table, Options(dict(options)), resolve=str, name="t")
    columns = ("path", "score", "n", "ratio", "note")
    found = [tuple(row[name] for name in columns) for row in source.records.select(columns).to_pylist()]
    return sorted(found)


@QUICK
@given(
    tables(),
    st.permutations(NAMES),
    st.randoms(use_true_random=False),
    st.sampled_from(",;\t|"),
    st.sampled_from(".,"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
)
@example(
    [{"image": 'a, "b0.png', "score": 1.0, "n": None, "ratio": 0.5, "note": "x"}],
    *(NAMES, None, ",", ",", "\n", "utf-8", csv.QUOTE_MINIMAL),
)
def test_delimited_text(rows, names, random, sep, mark, ends, encoding, quoting):
    expected = sorted(tuple(row[name] for name in NAMES) for row in rows)
    if random is not None:
        random.shuffle(rows)
    content = text_file(rows, names, sep, mark, ends, quoting).encode(encoding)
    assert read(read_table(content, "l.csv"), {"decimal": mark}) == expected
    named = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}[sep]
    options = {"sep": named, "encoding": encoding, "decimal": mark}
    assert read(read_table(content, "l.txt", Options(options)), options) == expected


@QUICK
@given(tables(), st.permutations(NAMES), st.randoms(use_true_random=False))
def test_typed_formats(rows, names, random):
    expected = sorted(tuple(row[name] for name in NAMES) for row in rows)
    random.shuffle(rows)
    ordered = [{name: row[name] for name in names} for row in rows]
    columns = {name: [row[name] for row in rows] for name in names}
    assert read(read_table(json.dumps(ordered).encode(), "l.json")) == expected
    assert read(read_table(json.dumps(columns, ensure_ascii=False).encode(), "l.json")) == expected
    assert read(read_table("\n".join(map(json.dumps, ordered)).encode(), "l.jsonl")) == expected
    assert read(read_table(workbook(rows, names), "l.xlsx")) == expected
    assert read(read_table(parquet(rows, names), "l.parquet")) == expected
    assert read(read_frame(ordered, "t")) == expected
    assert read(read_frame(columns, "t")) == expected
    assert read(read_frame(pl.DataFrame(columns, strict=False), "t")) == expected
    frame = pd.DataFrame(columns).astype({"n": "Int64", "note": "string"})
    assert read(read_frame(frame, "t")) == expected
    assert read(read_frame(frame.set_index("image"), "t")) == expected


@QUICK
@given(
    st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=1),
    st.sampled_from([".,", ",.", ". ", ", ", ".'"]),
)
def test_grouped_numbers_are_read_back_by_their_options(numbers, marks):
    decimal, thousands = marks
    swap = str.maketrans({",": thousands, ".": decimal})
    cells = [f"{number:,.3f}".translate(swap) for number in numbers]
    column = read_numbers(cells, NumberForm(decimal, thousands))
    assert column.values.tolist() == numbers
    assert not column.wrong + column.missing


@QUICK
@given(st.lists(st.integers(0, 10**7).map(lambda n: f"{n:,}"), min_size=1), st.booleans())
def test_thousands_are_never_read_unasked(cells, semicolons):
    """A column of grouped whole numbers is read as it stands or refused, never as other numbers."""
    column = read_numbers(cells, NumberForm(commas=semicolons))
    if not column.readings:
        assert column.values.tolist() == [float(cell.replace(",", "")) for cell in cells]
