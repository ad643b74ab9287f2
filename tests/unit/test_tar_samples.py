"""webdataset shards whose samples hold several images, or whose names hold dots: counted and said, nothing vanishes."""

import io
import tarfile

import pytest

import quasar_index as qi
from quasar_index.errors import DataError


def pack(path, members):
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def pairs(*endings, n=3, label="json"):
    return [
        member
        for i in range(n)
        for member in (*((f"{i:04d}.{one}", f"{i}{one}".encode()) for one in endings), (f"{i:04d}.{label}", b"%d" % i))
    ]


def read(path, option=""):
    source = qi.load_source(f"{path}{option}")
    return source, [row["path"].rpartition("::")[2] for row in source.records.to_pylist()]


@pytest.mark.parametrize("endings", [("left.jpg", "right.jpg"), ("jpg", "png"), ("a.png", "b.png", "c.png")])
def test_several_images_are_counted_and_one_is_to_be_named(tmp_path, endings):
    shard = pack(tmp_path / "a.tar", pairs(*endings))
    with pytest.raises(DataError, match="3 samples hold several images, such as '0000' with '0000") as caught:
        qi.load_source(shard)
    assert f"?ending={endings[0]}" in caught.value.hint
    assert ("first dot" in caught.value.message) == ("." in endings[0])
    first, last = qi.datasets.collect_source(shard)[1]
    assert (first.count, first.option) == (3, f"ending={endings[0]}")
    assert "no sample is left of which the image is clear" in last.message
    source, names = read(shard, f"?ending={endings[1]}")
    assert names == [f"{i:04d}.{endings[1]}" for i in range(3)]
    assert source.records["score"].to_pylist() == [0, 1, 2]
    assert source.read_bytes(source.records["path"][1].as_py()) == f"1{endings[1]}".encode()
    assert f"{3 * (len(endings) - 1)} further images" in source.warnings[0]
    with pytest.raises(DataError, match=r"no image '.middle.jpg'"):
        read(shard, "?ending=middle.jpg")


def test_the_image_with_a_plain_ending_is_meant_and_the_rest_is_said(tmp_path):
    source, names = read(pack(tmp_path / "a.tar", pairs("jpg", "mask.png")))
    assert names == ["0000.jpg", "0001.jpg", "0002.jpg"]
    (warning,) = source.warnings
    assert "3 further images of the samples ('.mask.png') were left out; ?ending=mask.png takes those" in warning


def test_one_sample_with_two_images_among_many_is_found(tmp_path):
    shard = pack(tmp_path / "a.tar", [*pairs("jpg"), ("0001.webp", b"x")])
    with pytest.raises(DataError, match=r"1 sample holds several images, such as '0001'"):
        qi.load_source(shard)
    assert len(read(shard, "?ending=jpg")[1]) == 3


def test_names_with_dots_are_read_with_labels_of_the_same_name(tmp_path):
    members = [(f"photo.v{i}.{kind}", b"%d" % i) for i in range(4) for kind in ("jpg", "json")]
    source, names = read(pack(tmp_path / "a.tar", members))
    assert names == [f"photo.v{i}.jpg" for i in range(4)]
    assert source.records["score"].to_pylist() == [0, 1, 2, 3]
    assert "4 images have names with dots, such as 'photo.v0.jpg'" in source.warnings[0]
    one = [(f"p{i}.2024.{kind}", b"%d" % i) for i in range(3) for kind in ("jpg", "score")]
    assert read(pack(tmp_path / "b.tar", one))[0].records["score"].to_pylist() == [0, 1, 2]


def test_labels_that_dots_part_from_their_images_are_told(tmp_path):
    members = [(f"p{i}.{kind}", b"1") for i in range(3) for kind in ("jpg", "v2.json")]
    with pytest.raises(DataError, match=r"3 samples have labels that belong to no image, such as 'p0.v2.json': .* dot"):
        qi.load_source(pack(tmp_path / "a.tar", members))
    dots = [(f"photo.{i}.jpg", b"x") for i in range(30)] + [("photo.json", b"1")]
    with pytest.raises(DataError, match=r"1 sample holds several images.* ends at its first dot"):
        qi.load_source(pack(tmp_path / "b.tar", dots))


def test_keys_that_repeat_across_shards_are_images_of_their_own(tmp_path):
    for shard in ("a", "b"):
        pack(tmp_path / f"{shard}.tar", pairs("jpg"))
    source = qi.load_source(tmp_path)
    assert len(source) == len(set(source.records["path"].to_pylist())) == 6
    assert not source.warnings


def test_members_that_repeat_in_a_shard_are_counted(tmp_path):
    source, names = read(pack(tmp_path / "a.tar", [*pairs("jpg"), ("0001.jpg", b"new"), ("0001.json", b"7")]))
    assert names == ["0000.jpg", "0001.jpg", "0002.jpg"]
    assert source.read_bytes(source.records["path"][1].as_py()) == b"new"
    assert source.records["score"].to_pylist() == [0, 7, 2]
    assert "2 members have the names of an earlier one" in source.warnings[0]


def test_samples_without_an_image_are_counted(tmp_path):
    source, names = read(pack(tmp_path / "a.tar", [*pairs("jpg"), ("0009.json", b"1"), ("0010.npy", b"1")]))
    assert len(names) == 3
    assert "2 samples have no image and were left out" in source.warnings[0]
    source, names = read(
        pack(tmp_path / "b.tar", [*pairs("jpg"), ("0009.png", b"1"), ("0009.json", b"1")]), "?ending=jpg"
    )
    assert len(names) == 3
    assert "1 sample has no image '.jpg'" in source.warnings[0]


def test_shards_are_scored_by_the_same_rule(tmp_path):
    shard = pack(tmp_path / "a.tar", pairs("left.jpg", "right.jpg"))
    with pytest.raises(DataError, match="several images"):
        qi.datasets.load_images(shard)
    assert len(qi.datasets.load_images(f"{shard}?ending=left.jpg")) == 3
