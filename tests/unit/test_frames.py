"""Labels in memory: frames of pandas and polars, Arrow tables, rows and columns."""

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import quasar_index as qi
from quasar_index.datasets import load_images
from quasar_index.errors import DataError

COLUMNS = {"image": ["a.png", "b.png"], "score": [1.0, 2.5], "camera": ["x", None]}
PANDAS = pd.DataFrame(COLUMNS)


def found(data, **arguments):
    source = qi.load_source(data, **arguments)
    names = [Path(path).name for path in source.records["path"].to_pylist()]
    return dict(zip(names, source.records["score"].to_pylist(), strict=True)), source


FRAMES = {
    "pandas": lambda: PANDAS,
    "pandas, Arrow types": lambda: PANDAS.convert_dtypes(dtype_backend="pyarrow"),
    "pandas, nullable": PANDAS.convert_dtypes,
    "pandas, categories": lambda: PANDAS.astype({"image": "category", "camera": "category"}),
    "pandas, named index": lambda: PANDAS.set_index("image"),
    "pandas, index without a name": lambda: PANDAS.set_index("image").rename_axis(None),
    "pandas, mixed types": lambda: PANDAS.assign(score=[1, "2.5"], other=[1, "x"]),
    "pandas, mixed types and an index": lambda: PANDAS.assign(score=[1, "2.5"]).set_index("image").rename_axis(None),
    "pandas, columns as categories": lambda: PANDAS.T.T.rename_axis(columns="what"),
    **({"pandas, one column": lambda: PANDAS.set_index("image")["score"]} if hasattr(pd.Series, "from_arrow") else {}),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars, categories": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("image", "camera").cast(pl.Categorical)),
    "polars, decimals": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("score").cast(pl.Decimal(10, 2))),
    "Arrow": lambda: pa.table(COLUMNS),
    "Arrow, in chunks": lambda: pa.concat_tables([pa.table(COLUMNS)[:1], pa.table(COLUMNS)[1:]]),
    "Arrow, views": lambda: pa.table({**COLUMNS, "image": pa.array(COLUMNS["image"], pa.string_view())}),
    "rows": lambda: [{"image": "a.png", "score": 1}, {"image": "b.png", "score": 2.5, "camera": None}],
    "columns": lambda: COLUMNS,
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_all_kinds(tmp_path, name):
    (tmp_path / "A.PNG").write_bytes(b"")
    scores, source = found(FRAMES[name](), root=tmp_path)
    assert scores == {"A.PNG": 1.0, "b.png": 2.5}
    assert source.records["path"][0].as_py() == str(tmp_path / "A.PNG")
    assert (source.name, source.checksums) == ("frame", {})
    images = load_images(FRAMES[name](), root=str(tmp_path))
    assert len(images) == 2
    assert len(qi.load_source(source.records.select(["path", "score"]))) == 2  # what came out can go in


def test_an_index_beside_an_image_column_travels_along_unless_it_counts():
    assert "index" not in found(PANDAS)[1].records.column_names
    assert found(PANDAS.set_axis([5, 9]))[1].records["index"].to_pylist() == [5, 9]
    named = PANDAS.set_axis(["first", "second"])
    assert found(named)[1].records["index"].to_pylist() == ["first", "second"]


def test_options_of_frames(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"file": ["a.png", "b.png", None], "mos": ["1,5", pd.NA, "3"], "noise": [1, 2, 3]})
    with pytest.raises(DataError, match=r"mine row 3: column 'file' is empty; .*\?missing=drop"):
        qi.load_source(frame, options={"name": "mine"})
    scores, source = found(
        frame,
        score_column=["mos", "noise:lower"],
        options={"missing": "drop", "decimal": ",", "name": "mine"},
    )
    assert scores == {"a.png": 1.5}
    assert (source.name, source.ratings[0].lower_is_better) == ("mine", True)
    assert source.records["path"].to_pylist() == [str(tmp_path / "a.png")]
    assert [warning.split(" was")[0] for warning in source.warnings] == [
        "mine: 1 row without 'file'",
        "mine: 1 row without 'mos'",
    ]


def test_the_root_of_a_file_and_options_as_arguments(tmp_path):
    (tmp_path / "l.csv").write_text("image;score\na.png;1,5\nb.png;\n")
    source = qi.load_source(tmp_path / "l.csv", root=tmp_path / "x", options={"missing": "drop", "lower": True})
    assert source.records["path"].to_pylist() == [str(tmp_path / "x" / "a.png")]
    assert source.lower_is_better
    with pytest.raises(DataError, match="missing is given twice"):
        qi.load_source(f"{tmp_path / 'l.csv'}?missing=refuse", options={"missing": "drop"})
    with pytest.raises(DataError, match="lower is given twice"):
        qi.load_source(tmp_path / "l.csv", lower_is_better=True, options={"lower": "false"})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (PANDAS[:0], "frame has no rows"),
        (pl.LazyFrame(COLUMNS), "from LazyFrame; .*collected first"),
        (5, "from 5; a path"),
        (b"l.csv", "from b'l.csv'; a path"),
        (None, "from None; a path"),
        (["a.png"], "a list of labels holds rows"),
        ({"image": "a.png", "score": [1]}, "'image' is no column"),
        ({"image": ["a.png"], "score": [1, 2]}, "columns of 1 to 2 rows"),
        ({}, "frame has no rows"),
        (pd.DataFrame([["a.png", 1, 2]], columns=["image", "score", "score"]), "cannot be read as a table"),
        (pa.table([pa.array(["a.png"]), pa.array([1]), pa.array([2])], ["image", "score", "score"]), "of one name"),
        (pd.DataFrame({"image": ["a.png", "a.png"], "score": [1, 2]}), "score 1 in row 1 and 2 in row 2"),
        (pd.DataFrame({"image": ["a.png"], "score": [pd.Timestamp("2020-01-01")]}), "row 1: score .* is not a number"),
        (pd.DataFrame({"image": ["a", "b"], "score": [True, 3]}), "row 1: score 'True' is not a number"),
        (pd.DataFrame({"image": ["a.png"], "scores": [1]}), r"no score column.*\?score=scores"),
    ],
)
def test_what_is_no_table_of_labels(data, message):
    with pytest.raises(DataError, match=message):
        qi.load_source(data)


def test_options_about_files_say_nothing_of_frames():
    with pytest.raises(DataError, match="frame has no option 'sep'"):
        qi.load_source(PANDAS, options={"sep": ";"})
    with pytest.raises(DataError, match="koniq10k declares its root in its text"):
        qi.load_source("koniq10k:x", root="y")
