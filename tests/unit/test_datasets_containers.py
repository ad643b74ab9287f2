"""Images inside Parquet, Hugging Face data sets and tar shards; embeddings computed elsewhere."""

import io
import json
import pickle
import tarfile

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from quasar_index.datasets import load_embeddings, load_source, read_author_embeddings
from quasar_index.errors import DataError


def rows(source):
    return source.records.to_pylist()


def contents(source):
    return [source.read_bytes(row["path"]) for row in rows(source)]


# Parquet


def test_parquet_with_image_bytes(tmp_path):
    table = pa.table({"mos": [1.0, 2.0, 3.0], "jpeg": [b"one", b"two", b"three"], "city": ["a", "b", "c"]})
    pq.write_table(table, tmp_path / "part.parquet", row_group_size=2)
    source = load_source(str(tmp_path / "part.parquet"))
    assert [row["path"] for row in rows(source)] == ["part.parquet::0", "part.parquet::1", "part.parquet::2"]
    assert [row["city"] for row in rows(source)] == ["a", "b", "c"]
    assert contents(source) == [b"one", b"two", b"three"]
    assert pickle.loads(pickle.dumps(source.read_bytes))("part.parquet::2") == b"three"  # noqa: S301 - our own bytes
    with pytest.raises(DataError, match="no image 'x'"):
        source.read_bytes("x")


def test_parquet_shards_of_a_folder_with_named_images(tmp_path):
    for shard in range(2):
        images = [{"bytes": f"{shard}{i}".encode(), "path": f"{i}.png"} for i in range(2)]
        pq.write_table(pa.table({"image": images, "score": [1.0, 2.0]}), tmp_path / f"{shard}.parquet")
    source = load_source(str(tmp_path))
    assert [row["path"] for row in rows(source)][1:3] == ["0.parquet::1.png", "1.parquet::0.png"]
    assert contents(source) == [b"00", b"01", b"10", b"11"]


def test_parquet_with_several_or_empty_images(tmp_path):
    pq.write_table(pa.table({"a": [b"1", None], "b": [b"2", b"3"], "score": [1.0, 2.0]}), tmp_path / "p.parquet")
    with pytest.raises(DataError, match=r"2 columns of image bytes: a, b.*image=COLUMN"):
        load_source(str(tmp_path / "p.parquet"))
    source = load_source(f"{tmp_path / 'p.parquet'}?image=a")
    assert source.read_bytes("p.parquet::0") == b"1"
    with pytest.raises(DataError, match=r"p.parquet::1 has no image bytes"):
        source.read_bytes("p.parquet::1")


# Hugging Face


def save_to_disk(folder, table, filename="data-00000-of-00001.arrow"):
    folder.mkdir(parents=True)
    with pa.OSFile(str(folder / filename), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": filename}]}))
    (folder / "dataset_info.json").write_text("{}")


def hugging_face_table(*names):
    images = [{"bytes": name.encode(), "path": name} for name in names]
    return pa.table({"image": images, "score": [float(i) for i in range(len(names))]})


def test_a_hugging_face_data_set_on_disk(tmp_path):
    save_to_disk(tmp_path / "d", hugging_face_table("a.png", "b.png"))
    source = load_source(str(tmp_path / "d"))
    assert [row["path"] for row in rows(source)] == [
        "data-00000-of-00001.arrow::a.png",
        "data-00000-of-00001.arrow::b.png",
    ]
    assert contents(source) == [b"a.png", b"b.png"]
    assert contents(source) == contents(pickle.loads(pickle.dumps(source)))  # noqa: S301 - our own bytes


def test_a_dictionary_of_hugging_face_splits(tmp_path):
    save_to_disk(tmp_path / "train", hugging_face_table("a.png", "b.png"))
    save_to_disk(tmp_path / "test", hugging_face_table("a.png"))
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    source = load_source(str(tmp_path))
    assert [row["split"] for row in rows(source)] == ["train", "train", "test"]
    assert len({row["path"] for row in rows(source)}) == 3
    assert contents(load_source(f"{tmp_path}?split=test")) == [b"a.png"]


def test_a_hugging_face_selection_or_wreck(tmp_path):
    save_to_disk(tmp_path / "d", hugging_face_table("a.png"))
    state = tmp_path / "d" / "state.json"
    (tmp_path / "d" / "data-00000-of-00001.arrow").write_bytes(b"no")
    with pytest.raises(DataError, match="not an Arrow file"):
        load_source(str(tmp_path / "d"))
    state.write_text('{"_data_files": [], "_indices_files": [{"filename": "i.arrow"}]}')
    with pytest.raises(DataError, match="flatten_indices"):
        load_source(str(tmp_path / "d"))


# webdataset


def tar_bytes(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_webdataset_shards(tmp_path):
    first = {"a/1.jpg": b"one", "a/1.json": b'{"mos": 3.5, "nested": {}}', "a/1.txt": b"a caption"}
    second = {"2.png": b"two", "2.json": b'{"mos": 1}', "3.json": b'{"mos": 2}'}
    (tmp_path / "shard-000.tar").write_bytes(tar_bytes(first))
    (tmp_path / "shard-001.tar").write_bytes(tar_bytes(second))
    source = load_source(str(tmp_path))
    assert [(row["path"], row["score"], row["txt"]) for row in rows(source)] == [
        ("shard-000.tar::a/1.jpg", 3.5, "a caption"),
        ("shard-001.tar::2.png", 1.0, None),
    ]
    assert contents(source) == [b"one", b"two"]
    assert "1 sample has no image" in source.warnings[0]
    assert contents(load_source(str(tmp_path / "shard-001.tar"))) == [b"two"]


def test_webdataset_scores_from_sidecars_and_urls():
    members = {"1.jpg": b"x", "1.score": b"4.5\n", "1.cls": b"7", "2.jpg": b"y", "2.score": b"2", "2.cls": b"1"}
    fsspec.filesystem("memory").pipe("/wds/s.tar", tar_bytes(members))
    source = load_source("memory://wds/s.tar")
    assert [row["score"] for row in rows(source)] == [4.5, 2.0]
    assert contents(source) == [b"x", b"y"]
    assert [row["score"] for row in rows(load_source("memory://wds/s.tar?score=cls"))] == [7.0, 1.0]


def test_missing_scores_in_containers_are_dropped_by_option(tmp_path):
    scores = {"1.score": b"1,5", "2.score": b"NaN", "3.score": b"3"}
    members = {"1.jpg": b"one", "2.jpg": b"two", "3.jpg": b"three", **scores}
    (tmp_path / "s.tar").write_bytes(tar_bytes(members))
    table = pa.table({"image": [b"one", b"two", b"three"], "score": ["1,5", None, "3"]})
    pq.write_table(table, tmp_path / "p.parquet")
    for name in ("s.tar", "p.parquet"):
        with pytest.raises(DataError, match=r"(sample 2\.jpg|row 2): score is missing; .*missing=drop"):
            load_source(tmp_path / name)
        source = load_source(f"{tmp_path / name}?missing=drop&decimal=,")
        assert [row["score"] for row in rows(source)] == [1.5, 3.0]
        assert contents(source) == [b"one", b"three"]
        assert "1 row without 'score' was dropped" in source.warnings[0]
        with pytest.raises(DataError, match="no option 'sheet'"):
            load_source(f"{tmp_path / name}?sheet=1")


def test_bad_shards(tmp_path):
    path = tmp_path / "s.tar"
    path.write_bytes(b"not a tar" * 100)
    with pytest.raises(DataError, match="not a readable tar"):
        load_source(str(path))
    path.write_bytes(tar_bytes({"1.jpg": b"x", "1.json": b"{oops"}))
    with pytest.raises(DataError, match=r"s.tar::1.json cannot be read"):
        load_source(str(path))
    path.write_bytes(tar_bytes({"1.jpg": b"x", "1.score": b"1", "2.jpg": b"y"}))
    with pytest.raises(DataError, match=r"s sample 2\.jpg: score is missing; .*missing=drop"):
        load_source(str(path))
    path.write_bytes(tar_bytes({"../../evil.jpg": b"x", "../../evil.score": b"1"}))
    assert contents(load_source(str(path))) == [b"x"]
    source = load_source(str(path))
    path.write_bytes(path.read_bytes()[:513])
    assert not list(tmp_path.parent.glob("evil*"))
    path.write_bytes(path.read_bytes()[:512])
    with pytest.raises(DataError, match="cut off"):
        contents(source)


# embeddings


@pytest.fixture
def matrix():
    return np.arange(12, dtype=np.float64).reshape(4, 3) + 1


def test_embeddings_with_a_label_file(tmp_path, matrix):
    np.save(tmp_path / "e.npy", matrix)
    labels = tmp_path / "l.csv"
    labels.write_text("id;mos;split\na;1,5;train\nb;2;test\nc;3;test\nd;4;test\n")
    source, embeddings = load_embeddings(tmp_path / "e.npy", labels)
    assert embeddings.dtype == np.float32
    assert (rows(source)[0]["path"], rows(source)[0]["score"]) == ("a", 1.5)
    assert set(source.checksums) == {str(tmp_path / "e.npy"), str(labels)}
    labels.write_text("id,side\na,good\nb,bad\nc,bad\nd,bad\n")
    source, _ = load_embeddings(tmp_path / "e.npy", labels)
    assert (source.division, rows(source)[0]["side"]) == ("reference", "good")
    labels.write_text("dmos\n1\n2\n3\n4\n")
    source, _ = load_embeddings(tmp_path / "e.npy", labels, lower_is_better=True)
    assert source.lower_is_better
    assert rows(source)[3]["path"] == "e.npy::3"


def test_a_split_takes_its_embeddings_along(tmp_path, matrix):
    from quasar_index.datasets.spec import Options

    np.save(tmp_path / "e.npy", matrix)
    (tmp_path / "l.csv").write_text("id,mos,split\na,1,train\nb,2,test\nc,3,train\nd,4,test\n")
    source, embeddings = load_embeddings(tmp_path / "e.npy", tmp_path / "l.csv", options=Options({"split": "test"}))
    assert [row["path"] for row in rows(source)] == ["b", "d"]
    assert embeddings.tolist() == matrix[[1, 3]].tolist()
    assert "__row__" not in source.records.column_names


def test_npz_and_pt(tmp_path, matrix):
    np.savez(tmp_path / "e.npz", embeddings=matrix, ids=["a", "b", "c", "d"], other=matrix)
    source, embeddings = load_embeddings(tmp_path / "e.npz")
    assert [row["path"] for row in rows(source)] == ["a", "b", "c", "d"]
    assert "no scores and no sides" in source.warnings[0]
    for name, content in (("t", torch.tensor(matrix)), ("d", {"features": torch.tensor(matrix), "epoch": 3})):
        torch.save(content, tmp_path / f"{name}.pt")
        np.testing.assert_array_equal(load_embeddings(tmp_path / f"{name}.pt")[1], embeddings)
    (tmp_path / "l.csv").write_text("id,mos\na,1\nc,2\nb,3\nd,4\n")
    with pytest.raises(DataError, match=r"line 3 is 'c' but row 2 of e.npz is 'b'"):
        load_embeddings(tmp_path / "e.npz", tmp_path / "l.csv")


class Evil:
    def __reduce__(self):
        return (print, ("unpickled",))


def test_nothing_is_unpickled(tmp_path, capsys):
    np.save(tmp_path / "e.npy", np.array([Evil()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "e.npz", embeddings=np.array([Evil()], dtype=object))
    torch.save(Evil(), tmp_path / "e.pt")
    for name in ("e.npy", "e.npz", "e.pt"):
        with pytest.raises(DataError):
            load_embeddings(tmp_path / name)
    assert "unpickled" not in capsys.readouterr().out


def test_embeddings_that_do_not_fit(tmp_path, matrix):
    np.save(tmp_path / "e.npy", matrix)
    labels = tmp_path / "l.csv"
    labels.write_text("id,mos\na,1\n")
    with pytest.raises(DataError, match=r"4 embeddings but l.csv has 1 row"):
        load_embeddings(tmp_path / "e.npy", labels)
    labels.write_text("id,mos\na,1\nb,2\na,3\nd,4\n")
    with pytest.raises(DataError, match="'a' names rows 1 and 3"):
        load_embeddings(tmp_path / "e.npy", labels)
    np.save(tmp_path / "v.npy", matrix[0])
    with pytest.raises(DataError, match=r"shape \(3,\)"):
        load_embeddings(tmp_path / "v.npy")
    np.savez(tmp_path / "two.npz", a=matrix, b=matrix)
    with pytest.raises(DataError, match=r"a \(4, 3\), b \(4, 3\)"):
        load_embeddings(tmp_path / "two.npz")
    for name, message in (("none.npy", "no file"), ("l.csv", "no file of embeddings")):
        with pytest.raises(DataError, match=message):
            load_embeddings(tmp_path / name)
    (tmp_path / "bad.npy").write_bytes(b"no")
    (tmp_path / "bad.npz").write_bytes(b"no")
    (tmp_path / "bad.pt").write_bytes(b"no")
    for ending in ("npy", "npz", "pt"):
        with pytest.raises(DataError):
            load_embeddings(tmp_path / f"bad.{ending}")


def test_the_authors_embeddings(tmp_path, matrix):
    torch.save(torch.tensor(matrix[:2]), tmp_path / "AVA.pt")
    listing = tmp_path / "AVA.json"
    listing.write_text(json.dumps({"results_paths": [{"/data/ava/1.jpg": 5.5}, {"/data/ava/2.jpg": 4}]}))
    source, embeddings = read_author_embeddings(tmp_path / "AVA.pt", listing)
    assert [(row["path"], row["score"]) for row in rows(source)] == [("/data/ava/1.jpg", 5.5), ("/data/ava/2.jpg", 4.0)]
    assert (source.division, embeddings.shape, source.name) == ("median", (2, 3), "AVA")
    listing.write_text(json.dumps({"results_paths": ["/kadis/ref_imgs/a.png", "/kadis/dist_imgs/a_01_01.bmp"]}))
    source, _ = read_author_embeddings(tmp_path / "AVA.pt", listing)
    assert [row["side"] for row in rows(source)] == ["good", "bad"]
    assert source.division == "reference"
    listing.write_text(json.dumps({"results_paths": ["x/1.jpg", "x/2.jpg"]}))
    source, _ = read_author_embeddings(tmp_path / "AVA.pt", listing)
    assert "no scores and no sides" in source.warnings[0]
    labels = tmp_path / "labels.json"
    for content in ([1.5, 2], {"1": 1.5, "x/2.jpg": 2}, {"labels": [1.5, 2]}):
        labels.write_text(json.dumps(content))
        source, _ = read_author_embeddings(tmp_path / "AVA.pt", listing, labels)
        assert [row["score"] for row in rows(source)] == [1.5, 2.0]
    labels.write_text("[1.5, null]")
    with pytest.raises(DataError, match=r"labels.json entry 2: score is missing"):
        read_author_embeddings(tmp_path / "AVA.pt", listing, labels)
    labels.write_text("[1.5]")
    with pytest.raises(DataError, match="1 label for 2 embeddings"):
        read_author_embeddings(tmp_path / "AVA.pt", listing, labels)
    listing.write_text(json.dumps({"results_paths": ["x/1.jpg"]}))
    with pytest.raises(DataError, match=r"2 embeddings but AVA.json has 1 path"):
        read_author_embeddings(tmp_path / "AVA.pt", listing)
    listing.write_text("{}")
    with pytest.raises(DataError, match="results_paths"):
        read_author_embeddings(tmp_path / "AVA.pt", listing)
