"""Images that are listed to be scored: of label files without scores, containers, folders; large row groups."""

import io
import json
import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quasar_index.datasets import arrow_images, load_images
from quasar_index.errors import DataError


def names(source):
    return [path.rsplit("/", 1)[-1] for path in source.records["path"].to_pylist()]


def test_a_label_file_needs_no_score_and_keeps_its_columns(tmp_path):
    (tmp_path / "a.csv").write_text(
        "image,path,score,mos,split\na.png,x,,1,test\nb.png,y,high,,train\na.png,x,,1,test\n"
    )
    source = load_images(tmp_path / "a.csv")
    assert names(source) == ["a.png", "b.png"]
    assert source.records.column_names == ["path", "image", "path_in_file", "score", "mos", "split"]
    assert source.records["score"].to_pylist() == [None, "high"]
    assert "1 row repeats an image and was dropped" in source.warnings[0]
    assert names(load_images(f"{tmp_path / 'a.csv'}?split=train")) == ["b.png"]
    assert names(load_images(tmp_path / "a.csv", image_column="path")) == ["x", "y"]
    with pytest.raises(DataError, match=r"no split 'dev'; its splits: 'test', 'train'"):
        load_images(f"{tmp_path / 'a.csv'}?split=dev")


def test_a_parquet_file_without_images_is_one_line(tmp_path):
    pq.write_table(pa.table({"mos": [1.0], "city": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet has no image column; its columns: mos, city; name it with"):
        load_images(tmp_path / "a.parquet")


def test_shards_without_labels(tmp_path):
    for shard in range(2):
        with tarfile.open(tmp_path / f"{shard}.tar", "w") as archive:
            for name in ("a.jpg", "b.jpg", "b.json"):
                content = json.dumps({"city": "x"}).encode() if name.endswith("json") else f"{shard}{name}".encode()
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    source = load_images(tmp_path)
    paths = source.records["path"].to_pylist()
    assert paths == ["0.tar::a.jpg", "0.tar::b.jpg", "1.tar::a.jpg", "1.tar::b.jpg"]
    assert source.records["city"].to_pylist() == [None, "x", None, "x"]
    assert [source.read_bytes(path) for path in paths] == [b"0a.jpg", b"0b.jpg", b"1a.jpg", b"1b.jpg"]
    assert source.read_bytes.file(paths[2]) == str(tmp_path / "1.tar")


def test_a_folder_of_images_alone(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.png", "sub/a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert load_images(tmp_path).records["path"].to_pylist() == [str(tmp_path / "b.png"), str(tmp_path / "sub/a.jpg")]


def test_a_large_row_group_is_read_a_few_rows_at_a_time(tmp_path, monkeypatch):
    cells = [str(n).encode() for n in range(500)]
    pq.write_table(pa.table({"jpeg": cells}), tmp_path / "a.parquet", row_group_size=200)
    monkeypatch.setattr(arrow_images, "WHOLE_GROUP_BYTES", 0)
    source = load_images(tmp_path / "a.parquet")
    order = np.random.default_rng(0).permutation(500).tolist()
    near = [n for start in range(0, 500, 8) for n in reversed(range(start, min(start + 8, 500)))]  # as threads ask
    for rows in (range(500), near, order, [499, 0, 199, 200]):
        assert [source.read_bytes(f"a.parquet::{n}") for n in rows] == [cells[n] for n in rows]
    shard = source.read_bytes.shards[0]
    assert sum(len(batch) for _, batch in shard._held) <= 64
    assert source.read_bytes.file("a.parquet::7") == str(tmp_path / "a.parquet")
