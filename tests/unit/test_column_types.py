"""Columns of one name have one type across files, shards and indexes, widened where that loses nothing."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.datasets.column_types import common_types, one_type
from quasar_index.errors import DataError

DAY, NOON = dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 12)


def common(*columns):
    tables, clashes = common_types([(f"{i}.csv", pa.table({"x": column})) for i, column in enumerate(columns)])
    return None if clashes else [table["x"].to_pylist() for table in tables], tables[0].schema.field(0).type


@pytest.mark.parametrize(
    ("one", "other", "type_"),
    [
        (pa.array([1]), pa.nulls(1), pa.int64()),
        (pa.array([1]), pa.nulls(1, pa.string()), pa.int64()),
        (pa.nulls(1, pa.string()), pa.nulls(1, pa.int64()), pa.string()),
        (pa.array([1], pa.int8()), pa.array([300], pa.int32()), pa.int32()),
        (pa.array([1], pa.uint64()), pa.array([-1], pa.int8()), pa.int64()),
        (pa.array([2020]), pa.array([0.5]), pa.float64()),
        (pa.array([0.5], pa.float32()), pa.array([0.5]), pa.float64()),
        (pa.array(["a"]).dictionary_encode(), pa.array(["b"]), pa.string()),
        (pa.array(["a"], pa.large_string()), pa.array(["b"], pa.string_view()), pa.string()),
        (pa.array([DAY]), pa.array([DAY], pa.date64()), pa.date32()),
        (pa.array([DAY]), pa.array([NOON], pa.timestamp("ms")), pa.timestamp("ms")),
        (pa.array([NOON], pa.timestamp("s")), pa.array([NOON], pa.timestamp("us")), pa.timestamp("us")),
    ],
)
def test_a_wider_type_loses_nothing(one, other, type_):
    for columns in ((one, other), (other, one)):
        values, found = common(*columns)
        assert found == type_ or one.null_count + other.null_count == 2
        for now, before in zip(values, columns, strict=True):
            assert [value == old for value, old in zip(now, before.to_pylist(), strict=True)] == [True] or (
                str(now[0]).startswith(str(before[0].as_py()))
            )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([2020]), pa.array(["2020"])),
        (pa.array([True]), pa.array([1])),
        (pa.array([True]), pa.array(["true"])),
        (pa.array([2**53 + 1]), pa.array([0.5])),
        (pa.array([2**63], pa.uint64()), pa.array([-1])),
        (pa.array([DAY]), pa.array(["2026-01-02"])),
        (pa.array([NOON], pa.timestamp("s", "UTC")), pa.array([NOON], pa.timestamp("s"))),
        (pa.array([b"a"]), pa.array(["a"])),
        (pa.array([[1]]), pa.array([1])),
    ],
)
def test_what_has_no_common_type_names_column_files_types_and_values(one, other):
    with pytest.raises(DataError, match=r"column 'x' is .* in a.csv, and .* in b.csv") as caught:
        one_type([("a.csv", pa.table({"x": one})), ("b.csv", pa.table({"x": other}))])
    assert caught.value.message.count("such as") == 2
    assert "?ignore=x" in caught.value.hint


def test_several_columns_are_one_error():
    words, numbers = pa.table({"x": ["a"], "y": ["b"]}), pa.table({"x": [1], "y": [2]})
    with pytest.raises(DataError, match="likewise 'y'") as caught:
        one_type([("a", words), ("b", numbers)])
    assert "?ignore=x,y" in caught.value.hint


def source(name, first, *, n=2, **columns):
    paths = [f"{first + row}.png" for row in range(n)]
    records = make_records({"path": paths, "score": [float(row) for row in range(n)], **columns}, n)
    return AnchorSource(name, records, "no-reference", "median")


def embeddings(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)


def years(index):
    return index.tables.read(["year"])["year"]


def test_a_clash_is_told_before_anything_is_embedded(tmp_path, write_images, tiny_encoder):
    images = write_images(4)
    for name, value, some in (("numbers", "2020", images[:2]), ("words", "2020a", images[2:])):
        lines = [f"{image},{score},{value}\n" for score, image in enumerate(some)]
        (tmp_path / f"{name}.csv").write_text("image,score,year\n" + "".join(lines))
    sources = [qi.load_source(tmp_path / f"{name}.csv") for name in ("numbers", "words")]
    encoder = tiny_encoder()
    with pytest.raises(DataError, match=r"numbers.csv, and text .such as '2020a'. in words.csv"):
        qi.build_index(tmp_path / "index", sources, encoder)
    assert not encoder.batches
    report = qi.checks.check_sources(sources)
    (finding,) = (one for one in report.of("error") if one.check == "columns")
    assert "?ignore=year" in finding.message
    sources[1] = qi.load_source(f"{tmp_path / 'words.csv'}?ignore=year")
    index = qi.build_index(tmp_path / "index", sources, encoder).index
    assert sorted(years(index).to_pylist(), key=str) == [2020, 2020, None, None]
    with pytest.raises(DataError, match=r"in index 'index', and text .such as '2020a'. in words.csv"):
        index.add([qi.load_source(tmp_path / "words.csv")], encoder)


@pytest.mark.parametrize(
    ("before", "added", "type_"),
    [
        (pa.nulls(2, pa.string()), [2020, 2021], pa.int64()),
        ([2020, 2021], [0.5, 1.5], pa.float64()),
        (pa.array([1, 2], pa.int32()), [3, 2**40], pa.int64()),
        ([1, 2], [3.0, 4.0], pa.int64()),
        ([0.5, 1], [3, 4], pa.float64()),
        ([1, 2], pa.nulls(2, pa.string()), pa.int64()),
    ],
)
def test_an_index_is_widened_when_data_are_added(tmp_path, before, added, type_):
    one, other = source("one", 0, year=before), source("two", 2, year=added)
    index = qi.build_from_embeddings(tmp_path / "grown", one, embeddings(2)).index
    index = index.add_embeddings(other, embeddings(2, 1)).index
    assert years(index).type == type_
    at_once = qi.build_from_embeddings(
        tmp_path / "once", [one, other], np.concatenate([embeddings(2), embeddings(2, 1)])
    )
    assert sorted(years(index).to_pylist(), key=str) == sorted(years(at_once.index).to_pylist(), key=str)
    assert not index.verify().damage
    assert years(index.restore(1).index).to_pylist() == pa.array(before).to_pylist()


def test_indexes_of_other_types_are_merged_or_refused_in_one_line(tmp_path):
    made = [
        qi.build_from_embeddings(tmp_path / name, source(name, 2 * i, year=year), embeddings(2, i)).index
        for i, (name, year) in enumerate({"ints": [1, 2], "floats": [0.5, 1], "words": ["a", "b"]}.items())
    ]
    assert years(qi.merge(tmp_path / "both", made[:2]).index).type == pa.float64()
    with pytest.raises(DataError, match=r"in index 'ints', and text .such as 'a'. in index 'words'"):
        qi.merge(tmp_path / "all", [made[0], made[2]])


def test_shards_of_other_types(tmp_path):
    def shard(name, scores, year):
        cells = [{"bytes": b"x", "path": f"{name}{i}.png"} for i in range(2)]
        pq.write_table(pa.table({"image": cells, "score": scores, "year": year}), tmp_path / f"{name}.parquet")

    shard("a", [1, 2], [2020, 2021])
    shard("b", [1.5, 2.5], pa.nulls(2))
    records = qi.load_source(tmp_path).records
    assert records["score"].to_pylist() == [1, 2, 1.5, 2.5]
    assert records["year"].to_pylist() == [2020, 2021, None, None]
    shard("b", [1.5, 2.5], ["x", "y"])
    with pytest.raises(DataError, match=r"column 'year' is whole numbers .*a.parquet, and text .*b.parquet"):
        qi.load_source(tmp_path)
    assert "year" not in qi.load_source(f"{tmp_path}?ignore=year").records.column_names
    with pytest.raises(DataError, match="no column 'yeer' to ignore"):
        qi.load_source(f"{tmp_path}?ignore=yeer")


def test_columns_that_differ_in_case_are_two(tmp_path):
    index = qi.build_from_embeddings(
        tmp_path / "i", source("own", 0, Year=[1, 2], year=["a", "b"]), embeddings(2)
    ).index
    assert {"Year", "year"} <= set(index.columns)
    assert len(index.anchors(where="score >= 0 AND `Year` > 0")) == 2
