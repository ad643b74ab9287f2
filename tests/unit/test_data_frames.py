"""What is scored, indexed and evaluated becomes a data frame of pandas and of Polars as it is."""

import csv

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import quasar_index as qi
from tests.unit.test_paths import MATRIX, SCORES, source

arrow_pandas = pytest.mark.skipif(not hasattr(pd.DataFrame, "from_arrow"), reason="pandas 3 needs Python 3.11")


@pytest.fixture
def rows(tiny_encoder, write_images, tmp_path):
    anchors = qi.make_anchors(np.random.default_rng(0).normal(size=(20, 12)), is_good=[True, False] * 10)
    scorer = qi.Scorer(anchors, qi.Mean(space="raw"), tiny_encoder())
    return list(scorer.score_files([*write_images(3), str(tmp_path / "missing.png")]))


@arrow_pandas
def test_scores_become_frames(rows):
    table = qi.methods.score_table(iter(rows))
    for frame in (table.to_pandas(), pd.DataFrame(pl.DataFrame(table).to_dicts()), pd.DataFrame.from_arrow(table)):
        assert list(frame.columns) == [
            "path", "score", "similarity_good", "similarity_bad", "familiarity", "error", "id"
        ]  # fmt: skip
        assert frame["score"].tolist()[:3] == [row.score for row in rows[:3]]
        assert np.isnan(frame["score"][3])
        assert frame["error"][3].startswith("cannot be read")
    polars = pl.from_arrow(table)
    assert polars["error"].null_count() == 3
    assert polars.sort("score", nulls_last=True)["path"].to_list()[-1].endswith("missing.png")


def test_columns_keep_their_types_where_nothing_is_in_them():
    types = [pa.string(), *[pa.float64()] * 4, pa.string(), pa.string()]
    assert qi.methods.score_table([]).schema.types == types
    assert qi.methods.score_table([qi.ScoredImage("a.png")]).schema.types == types


def test_embeddings_come_with_them(rows):
    column = qi.methods.score_table(rows, embeddings=True)["embedding"]
    assert column.type == pa.list_(pa.float32(), 12)
    assert column.null_count == 1
    np.testing.assert_array_equal(column[0].as_py(), rows[0].embedding)
    assert qi.methods.score_table(rows[3:], embeddings=True)["embedding"].null_count == 1
    with pytest.raises(qi.DataError, match="rows of one encoder"):
        qi.methods.score_table([*rows, qi.ScoredImage("b.png", embedding=np.ones(3, np.float32))], embeddings=True)


def test_names_that_are_no_text_are_written():
    assert qi.methods.score_table([qi.ScoredImage("a\udcff.png")])["path"].to_pylist() == ["a\\xff.png"]


@pytest.fixture
def index(tmp_path):
    return qi.build_from_embeddings(tmp_path / "own", source(), MATRIX).index


@arrow_pandas
def test_an_index_becomes_a_frame(index):
    frame = pl.from_arrow(index.to_arrow())
    assert (len(frame), "embedding" in frame.columns) == (24, False)
    assert frame["score"].to_list() == SCORES.tolist()
    some = index.to_arrow(["path", "embedding"], where="score < 3")
    assert (some.num_rows, some.column_names) == (3, ["path", "embedding"])
    assert pd.DataFrame.from_arrow(index.to_arrow())["content"].nunique() == 6
    with pytest.raises(qi.AnchorIndexError, match=r"no column 'colour'.*columns: id, path"):
        index.to_arrow(["colour"])


def test_an_index_is_exported_as_csv_for_a_spreadsheet(index, tmp_path):
    report = index.export(tmp_path / "own.csv", where="score >= 20")
    assert (report.n_anchors, report.paths) == (4, (tmp_path / "own.csv",))
    frame = pd.read_csv(tmp_path / "own.csv")
    assert frame["score"].tolist() == [20, 21, 22, 23]
    assert "embedding" not in frame
    with open(tmp_path / "own.csv", newline="") as file:  # noqa: PTH123
        assert len({len(row) for row in csv.reader(file)}) == 1


@arrow_pandas
def test_an_evaluation_becomes_a_frame():
    report = qi.cross_validate([qi.Mean(), qi.Knn(3)], MATRIX, SCORES, list("abcdef") * 4, n_resamples=40)
    frame = pl.from_arrow(report.to_arrow())
    assert frame["method"].to_list() == ["mean", "knn:top_k=3"]
    assert frame["srcc"].to_list() == [one.figures["srcc"].value for one in report.outcomes]
    assert frame["srcc_minus_first"].to_list()[0] is None
    assert pd.DataFrame.from_arrow(report.to_arrow())["n_scored"].tolist() == [24, 24]


def test_columns_of_frames_are_taken(tmp_path):
    frame = pd.DataFrame({"good": [True, False, True, False], "name": list("abcd"), "score": [4, 1, 3, 2]})
    for one in (frame, pl.from_pandas(frame)):
        anchors = qi.make_anchors(
            np.eye(4), is_good=one["good"], ids=one["name"], quality=one["score"], groups=one["name"]
        )
        assert anchors.ids.tolist() == [b"a", b"c", b"b", b"d"]
    assert [row.error != "" for row in qi.Scorer(anchors, qi.Mean(space="raw"), qi.load_encoder()).score_files(
        frame["name"])] == [True] * 4  # fmt: skip
