"""Export, re-import, merge: the same anchors, labels, embeddings and sides come back."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import AnchorIndexError, DataError


def rated(paths, scores, *, name="own", lower_is_better=False, score_range=None, **columns):
    records = make_records({"path": list(paths), "score": list(scores), **columns}, len(paths))
    return AnchorSource(
        name, records, "no-reference", "median", lower_is_better=lower_is_better, score_range=score_range,
        checksums={"own.csv": "ab"},
    )  # fmt: skip


def paired(paths, sides, *, name="pairs", **columns):
    records = make_records({"path": list(paths), "side": list(sides), **columns}, len(paths))
    return AnchorSource(name, records, "full-reference", "reference")


def content(index):
    """Return all columns of an index by id."""
    table = index.tables.read(index.columns)
    return {row["id"]: row for row in table.to_pylist()}


@pytest.fixture
def index(tiny_encoder, write_images, tmp_path):
    """An index of two sources: DMOS with further columns, and references with distortions."""
    paths = write_images(12, sizes=((16, 20), (12, 12)))
    columns = {"camera": list("abcdef"), "votes": [1, 2, None, 4, 5, 6], "split": ["train"] * 6}
    sources = [
        rated(paths[:6], [5.0, 1.5, 3.25, 0.1, 9, 7], lower_is_better=True, score_range=(0.0, 10.0), **columns),
        paired(paths[6:], ["good", "bad", "bad", "bad", "bad", "good"], level=[0, 1, 2, 3, 4, 0]),
    ]
    return qi.build_index(tmp_path / "own", sources, tiny_encoder()).index


def imported(path, name):
    read = qi.read_export(path)
    return qi.build_from_embeddings(
        name, read.sources, read.embeddings, spec=read.spec, ids=read.ids, sizes=read.sizes
    ).index


@pytest.mark.parametrize("ending", ["parquet", "npz", "pt"])
def test_an_export_comes_back_as_the_same_index(index, tmp_path, ending):
    report = index.export(tmp_path / f"out.{ending}")
    assert report.n_anchors == 12
    assert all(path.is_file() for path in report.paths)
    again = imported(tmp_path / f"out.{ending}", tmp_path / "again")
    assert content(again) == content(index)
    assert again.columns == index.columns
    assert again.manifest.sources == index.manifest.sources
    assert again.manifest.encoder == index.manifest.encoder
    queries = np.random.default_rng(0).normal(size=(5, 12))
    np.testing.assert_array_equal(
        qi.Scorer(again).score_embeddings(queries).score, qi.Scorer(index).score_embeddings(queries).score
    )


def test_npz_is_plain_arrays(index, tmp_path):
    index.export(tmp_path / "out.npz")
    rows = content(index)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as archive:
        assert {"embeddings", "ids", "paths", "quality", "is_good"} <= set(archive.files)
        for place, key in enumerate(archive["ids"].tolist()):
            row = rows[key]
            np.testing.assert_array_equal(archive["embeddings"][place], np.float32(row["embedding"]))
            assert archive["paths"][place] == row["path"]
            assert archive["is_good"][place] == (row["side"] == "good")
            np.testing.assert_equal(archive["quality"][place], np.nan if row["quality"] is None else row["quality"])


def test_the_authors_format_is_read_by_its_own_reader(index, tmp_path):
    only = index.remove(where="dataset = 'pairs'").index
    report = only.export(tmp_path / "out.pt")
    assert [path.name for path in report.paths] == ["out.pt", "out.json", "out-labels.json", "out-labels.parquet"]
    source, matrix = qi.datasets.read_author_embeddings(tmp_path / "out.pt", tmp_path / "out.json")
    rows = {row["path"]: row for row in content(only).values()}
    for place, record in enumerate(source.records.to_pylist()):
        row = rows[record["path"]]
        np.testing.assert_array_equal(matrix[place], np.float32(row["embedding"]))
        assert record["score"] == row["quality"]  # higher is better there, and here the raw score is a DMOS
    listed = json.loads((tmp_path / "out-labels.json").read_text())
    assert listed == source.records["score"].to_pylist()
    # without the table of labels, what the authors' files say is what there is
    (tmp_path / "out-labels.parquet").unlink()
    assert qi.read_export(tmp_path / "out.pt") is None
    mixed = index.export(tmp_path / "mixed.pt")
    assert [path.name for path in mixed.paths] == ["mixed.pt", "mixed.json", "mixed-labels.parquet"]
    kinds = {type(entry) for entry in json.loads((tmp_path / "mixed.json").read_text())["results_paths"]}
    assert kinds == {dict, str}


def test_parquet_has_all_columns(index, tmp_path):
    index.export(tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert set(table.column_names) == set(index.columns)
    assert {row["id"]: row for row in table.to_pylist()} == content(index)


def test_a_part_is_divided_anew(index, tmp_path):
    report = index.export(tmp_path / "part.npz", where="dataset = 'own' AND score < 6")
    assert report.n_anchors == 4
    part = imported(tmp_path / "part.npz", tmp_path / "part")
    assert [(s.name, s.threshold, s.n_good, s.n_bad) for s in part.manifest.sources] == [("own", 2.375, 2, 2)]
    with pytest.raises(DataError, match="no anchor to export where score > 100"):
        index.export(tmp_path / "none.npz", where="score > 100")
    with pytest.raises(AnchorIndexError, match="cannot be used"):
        index.export(tmp_path / "none.npz", where="nonsense = 1")
    with pytest.raises(DataError, match="names no format"):
        index.export(tmp_path / "none.txt")
    with pytest.raises(DataError, match="cannot be written"):
        index.export(tmp_path / "no folder" / "x.npz")
    assert not list(tmp_path.glob(".*partial"))


def test_files_of_others_are_no_exports(tmp_path):
    np.savez(tmp_path / "own.npz", embeddings=np.ones((2, 3)), labels=np.zeros(2, dtype=np.uint8))
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    for name in ("own.npz", "bad.parquet", "missing.npz", "x.npy"):
        assert qi.read_export(tmp_path / name) is None


def test_a_damaged_export_is_one_clear_error(index, tmp_path):
    index.export(tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    np.savez(tmp_path / "out.npz", **{**arrays, "embeddings": arrays["embeddings"][:5], "ids": arrays["ids"][:5]})
    with pytest.raises(DataError, match="5 embeddings but 12 ids"):  # of rows: paths and content ids
        qi.read_export(tmp_path / "out.npz")
    np.savez(tmp_path / "out.npz", **{**arrays, **{name: arrays[name][:5] for name in ("embeddings", "ids", "paths")}})
    with pytest.raises(DataError, match="is damaged"):
        qi.read_export(tmp_path / "out.npz")


# merge


def test_a_merge_equals_one_build_of_everything(tiny_encoder, write_images, tmp_path):
    encoder, paths = tiny_encoder(), write_images(12)
    one = qi.build_index(tmp_path / "one", [rated(paths[:7], range(7), camera=["x"] * 7)], encoder).index
    sources = [rated(paths[5:9], range(15, 19), votes=[1] * 4), paired(paths[9:], ["good", "bad", "bad"])]
    two = qi.build_index(tmp_path / "two", sources, encoder).index
    report = qi.merge(tmp_path / "both", [one, two])
    assert (report.n_anchors, report.n_duplicates) == (12, 2)
    first = rated(paths[:7], range(7), camera=["x"] * 7)
    second = rated(paths[7:9], [17, 18], votes=[1] * 2)
    pairs = paired(paths[9:], ["good", "bad", "bad"])
    whole = qi.build_index(tmp_path / "whole", [first, second, pairs], encoder).index
    assert content(report.index) == content(whole)
    assert report.index.manifest.sources == whole.manifest.sources
    assert [version.action for version in report.index.history()] == ["merge of one, two: 12 anchors"]
    with pytest.raises(AnchorIndexError, match="exists already"):
        qi.merge(tmp_path / "both", [one, two])
    again = qi.merge(tmp_path / "both", [report.index, two], overwrite=True)  # one of them is itself replaced
    assert content(again.index) == content(whole)


def test_what_cannot_be_merged_is_refused(tiny_encoder, write_images, tmp_path):
    paths = write_images(4)
    one = qi.build_index(tmp_path / "one", [rated(paths, range(4), camera=["x"] * 4)], tiny_encoder()).index
    other = qi.build_index(tmp_path / "other", [rated(paths, range(4))], tiny_encoder(seed=1)).index
    with pytest.raises(AnchorIndexError, match="are of different encoders"):
        qi.merge(tmp_path / "new", [one, other])
    turned = qi.build_index(tmp_path / "turned", [rated(paths, range(4), lower_is_better=True)], tiny_encoder()).index
    with pytest.raises(DataError, match="'own' differ in lower is better"):
        qi.merge(tmp_path / "new", [one, turned])
    typed = qi.build_index(
        tmp_path / "typed", [rated(paths, range(4), name="t", camera=[b"x"] * 4)], tiny_encoder()
    ).index
    ints = qi.build_index(
        tmp_path / "ints", [rated(paths, range(4), name="i", camera=[1, 2, 3, 4])], tiny_encoder()
    ).index
    with pytest.raises(DataError, match=r"'camera' is binary .* in index 'typed', and whole numbers"):
        qi.merge(tmp_path / "new", [typed, ints])
    with pytest.raises(AnchorIndexError, match="needs two indexes"):
        qi.merge(tmp_path / "new", [one])
    assert not (tmp_path / "new").exists()
