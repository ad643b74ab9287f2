"""Columns of a label file whose names mean something here: kept under another name where they mean something else."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import quasar_index as qi
from quasar_index.datasets.base import MADE_COLUMNS, RECORD_SCHEMA
from quasar_index.errors import DataError
from quasar_index.index.store import OWN_COLUMNS


def read(tmp_path, column, values, option="", *, score=True):
    names = ["image", *(["score"] if score else []), column]
    rows = [",".join([f"{i}.png", *([str(i)] if score else []), value]) for i, value in enumerate(values)]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([",".join(names), *rows]) + "\n")
    return qi.load_source(f"{path}{option}")


@pytest.mark.parametrize(
    ("column", "values", "kept"),
    [
        ("level", ["easy", "hard", "easy"], ["easy", "hard", "easy"]),
        ("level", ["1", "2.5", "3"], [1, 2.5, 3]),
        ("level", ["-1", "-2", "-3"], [-1, -2, -3]),
        ("level", ["1e12", "2e12", "3e12"], [1e12, 2e12, 3e12]),
        ("level", ["1", "easy", "hard"], ["1", "easy", "hard"]),
        ("side", ["left", "right", "left"], ["left", "right", "left"]),
        ("side", ["front", "", "back"], ["front", None, "back"]),
        ("is_good", ["maybe", "no idea", "yes"], ["maybe", "no idea", "yes"]),
        ("reference", ["0.5", "0.25", "1"], [0.5, 0.25, 1]),
        ("reference", ["yes", "no", "no", "yes", "no"], ["yes", "no", "no", "yes", "no"]),
        ("distortion", ["0.1", "0.2", "0.3"], [0.1, 0.2, 0.3]),
        ("split", ["0.1", "0.2", "0.3"], [0.1, 0.2, 0.3]),
        ("severity", ["mild", "strong", "mild"], ["mild", "strong", "mild"]),
        ("score_std", ["low", "high", "low"], ["low", "high", "low"]),
    ],
)
def test_another_meaning_is_kept_under_another_name_and_said(tmp_path, column, values, kept):
    source = read(tmp_path, column, values)
    assert source.records[f"{column}_in_file"].to_pylist() == kept
    assert source.division == "median"
    if column in RECORD_SCHEMA.names:
        assert source.records[column].null_count == len(values)
    (warning,) = source.warnings
    assert warning.startswith(f"column '{column}' of labels.csv is kept as '{column}_in_file': '")
    left_out = read(tmp_path, column, values, f"?ignore={column}")
    assert f"{column}_in_file" not in left_out.records.column_names
    assert not left_out.warnings


@pytest.mark.parametrize(
    ("column", "values", "kept"),
    [
        ("level", ["1", "2.0", ""], [1, 2, None]),
        ("level", ["0", "NaN", "5"], [0, None, 5]),
        ("level", ["", "", ""], [None, None, None]),
        ("reference", ["0", "1", "1"], ["0", "1", "1"]),
        ("reference", ["i01", "i02.bmp", "7"], ["i01", "i02.bmp", "7"]),
        ("distortion", ["1", "jpeg", ""], ["1", "jpeg", None]),
        ("split", ["0", "1", "2"], ["0", "1", "2"]),
        ("side", ["good", "BAD", "1.0"], ["good", "bad", "good"]),
    ],
)
def test_what_fits_keeps_its_name(tmp_path, column, values, kept):
    source = read(tmp_path, column, values)
    assert source.records[column].to_pylist() == kept
    assert not source.warnings


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (
            "side",
            ["good", "bda", "bad", "good", "", "goood", "bad"],
            "lines 3, 6 and 7: side 'bda', '', 'goood' is neither",
        ),
        ("is_good", ["1", "0", "ja", "1"], "line 4: is_good 'ja' is neither good nor bad"),
        ("level", ["1", "2", "two", "3", "x"], "lines 4 and 6: level 'two', 'x' is no strength of a distortion"),
        ("level", ["1", "2", "-1"], "line 4: level '-1' is no strength"),
        ("severity", ["1.5", "2", "strong"], "line 4: severity 'strong' is no number"),
    ],
)
def test_mistakes_among_values_that_fit_are_one_error_with_all_lines(tmp_path, column, values, message):
    with pytest.raises(DataError) as caught:
        read(tmp_path, column, values)
    assert f"labels.csv {message}" in caught.value.message
    assert f"?ignore={column}" in caught.value.hint
    assert len(read(tmp_path, column, values, f"?ignore={column}")) == len(values)


def test_a_side_of_another_meaning_declares_no_sides(tmp_path):
    with pytest.raises(DataError, match="no score column"):
        read(tmp_path, "side", ["left", "right"], score=False)
    assert read(tmp_path, "side", ["good", "bad"], score=False).division == "reference"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_called_as_those_of_the_index(tmp_path, form):
    names = ["image", "score", *MADE_COLUMNS, "label_id", "path", "path_in_file", "c.total", "_rowid", "Level", "level"]
    table = {name: [f"{name}{row}" for row in range(4)] for name in names} | {"score": [1, 2, 3, 4]}
    path = tmp_path / f"labels.{form}"
    if form == "parquet":
        pq.write_table(pa.table(table), path)
    else:
        path.write_text("\n".join([",".join(names), *(",".join(str(table[n][i]) for n in names) for i in range(4))]))
    source = qi.load_source(path)
    matrix = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    index = qi.build_from_embeddings(tmp_path / "index", source, matrix).index
    rows = index.tables.read([name for name in index.columns if name != "embedding"]).to_pylist()
    row = next(one for one in rows if one["score"] == 1)
    expected = {f"label_{name}": f"{name}0" for name in MADE_COLUMNS} | {
        "label_id_in_file": "label_id0",
        "path_in_file": "path_in_file0",
        "path_in_file_2": "path0",
        "c_total_in_file": "c.total0",
        "_rowid_in_file": "_rowid0",
        "Level": "Level0",
        "level_in_file": "level0",
        "level": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert set(OWN_COLUMNS) == {*RECORD_SCHEMA.names, *MADE_COLUMNS}
    # Added, merged and exported, they are the same columns.
    assert len(index.add_embeddings(source, matrix).index) == 4
    index.export(tmp_path / "out.parquet")
    export = qi.read_export(tmp_path / "out.parquet")
    again = qi.build_from_embeddings(tmp_path / "again", export.sources, export.embeddings, ids=export.ids).index
    assert set(again.columns) == set(index.columns)


def test_ignored_columns_must_be_there_and_free(tmp_path):
    with pytest.raises(DataError, match="no column 'colour' to ignore"):
        read(tmp_path, "color", ["x"], "?ignore=colour")
    with pytest.raises(DataError, match="is to be ignored, and is named by"):
        read(tmp_path, "mos", ["1"], "?ignore=mos&score=mos")
    assert read(tmp_path, "mos", ["1"], "?ignore=mos").rating == "score"
    images = qi.datasets.load_images(f"{tmp_path / 'labels.csv'}?ignore=score,mos")
    assert images.records.column_names == ["path", "image"]
