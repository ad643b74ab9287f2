"""Label files, shards, embeddings and manifests that attack: one clear line; nothing run, read or written elsewhere."""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pytest

from quasar_index.datasets.embeddings import read_author_embeddings, read_matrix
from quasar_index.datasets.files import Folder
from quasar_index.datasets.sources import load_source
from quasar_index.datasets.spec import parse_spec
from quasar_index.errors import AnchorIndexError, DataError, QuasarError
from quasar_index.index import AnchorIndex
from quasar_index.index.manifest import Manifest
from quasar_index.index.upgrade import FORMAT

LABEL = b'{"score": 1}'
DEEP = b"[" * 100_000


def refused(act, *arguments, match="."):
    """Check that something is refused in one line that fits a screen."""
    with pytest.raises(QuasarError, match=match) as error:
        act(*arguments)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 700
    return error.value


def tar(*members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def sparse_member(name, size):
    """Return the header of an empty GNU sparse file of a claimed size."""
    header = bytearray(512)
    header[: len(name)] = name.encode()
    header[100:108], header[108:116], header[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    header[124:136] = header[136:148] = b"00000000000\0"
    header[156:157], header[257:265] = b"S", b"ustar  \0"
    header[386:398] = header[398:410] = b"00000000000\0"
    header[483:495] = b"\x80" + size.to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def npy(header, body=b""):
    text = header.encode()
    text += b" " * (63 - (10 + len(text)) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + body


def shaped(shape, body=b"", descr="<f4"):
    return npy(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}", body)


def npz(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("deep.jsonl", b'{"image": "a", "score": 1, "x": ' + DEEP + b"\n", "line 1: not JSON"),
        ("big.jsonl", b'{"image": "a.png", "score": 1' + b"0" * 400 + b"}\n", "line 1: score '1000.*is not a number"),
        ("bigger.jsonl", b'{"image": "a.png", "score": 1' + b"0" * 5000 + b"}\n", "line 1: not JSON"),
        ("half.jsonl", b'{"image": "a.png", "score": 1}\n{"image": "\\ud800.png", "score": 2}\n', "line 2: not JSON"),
        ("bytes.csv", b"image,score\n\xff.png,1\n", "line 2: not utf-8 text"),
        ("quotes.csv", b'image,score\n"a.png,1\n', "line 2"),
        ("long.csv", b"image,score\n" + b"a" * 200_000 + b",1\n", "line 2: field larger"),
        ("empty.parquet", b"", "not a Parquet file"),
        ("footer.parquet", b"PAR1" + b"\xff" * 100 + b"\x10\0\0\0PAR1", "not a Parquet file"),
        ("deep.tar", tar(("a.jpg", b"x"), ("a.json", DEEP)), "a.json cannot be read"),
        (
            "sparse.tar",
            tar(("a.jpg", b"x"))[:1024] + sparse_member("a.json", 1 << 32) + bytes(1024),
            "is a sparse file",
        ),
        (
            "sparse-image.tar",
            tar(("a.json", LABEL))[:1024] + sparse_member("a.jpg", 1 << 50) + bytes(1024),
            "is a sparse file",
        ),
        ("cut.tar", tar(("a.jpg", b"x" * 2000), ("a.json", LABEL))[:1100], "not a readable tar file|cannot read"),
        ("zipped.tar", b"\x1f\x8b\x08" + b"\0" * 600, "not a readable tar file"),
    ],
)
def test_label_files(name, content, why, tmp_path):
    (tmp_path / name).write_bytes(content)
    refused(load_source, str(tmp_path / name), match=why)


def test_numbers_beyond_64_bits_are_kept_as_text(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(
        b'{"image": "a.png", "score": 1, "n": 1' + b"0" * 40 + b'}\n{"image": "b", "score": 2}\n'
    )
    assert load_source(str(tmp_path / "a.jsonl")).records["n"].to_pylist() == ["1" + "0" * 40, ""]


def test_members_that_lead_out_of_a_shard_are_only_names(tmp_path):
    names = ["../../evil", "/absolute/evil", "new\nline", os.fsdecode(b"\xff")]
    members = [
        (f"{name}.{end}", LABEL if end == "json" else name.encode(errors="surrogateescape"))
        for name in names
        for end in ("jpg", "json")
    ]
    link = tarfile.TarInfo("link.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    file = io.BytesIO(tar(*members))
    (tmp_path / "in").mkdir()
    with tarfile.open(fileobj=file, mode="a") as archive:
        archive.addfile(link)
    (tmp_path / "in" / "s.tar").write_bytes(file.getvalue())
    source = load_source(str(tmp_path / "in" / "s.tar"))
    paths = source.records["path"].to_pylist()
    assert paths == ["s.tar::../../evil.jpg", "s.tar::/absolute/evil.jpg", "s.tar::new\nline.jpg", "s.tar::\\xff.jpg"]
    assert [source.read_bytes(path) for path in paths] == [name.encode(errors="surrogateescape") for name in names]
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "s.tar"]  # nothing was unpacked
    with pytest.raises(DataError, match="no image"):
        source.read_bytes("s.tar::/etc/passwd")


@pytest.mark.parametrize(
    "state",
    [
        {"_data_files": [{"filename": "../outside.arrow"}]},
        {"_data_files": [{"filename": "/etc/passwd"}]},
        {"_data_files": [{"filename": "http://127.0.0.1:9/x.arrow"}]},
        {"_data_files": [{"filename": 5}]},
        {"_data_files": ["x"]},
        {"_data_files": 5},
    ],
)
def test_a_data_set_on_disk_names_files_of_its_own_folder_only(state, tmp_path):
    (tmp_path / "set").mkdir()
    table = pa.table({"image": [b"x", b"y"], "score": [1, 2]})
    with pa.OSFile(str(tmp_path / "outside.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "set" / "state.json").write_text(json.dumps(state))
    refused(load_source, str(tmp_path / "set"), match=r"nothing in its folder|no list of data files")
    (tmp_path / "set" / "state.json").write_bytes(DEEP)
    refused(load_source, str(tmp_path / "set"), match="is not JSON")


def test_arrow_files_with_offsets_out_of_their_buffer_are_refused(tmp_path):
    (tmp_path / "set").mkdir()
    table = pa.table({"image": pa.array([b"first image", b"second"]), "score": [1, 2]})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    offsets = struct.pack("<3i", 0, 11, 17)
    assert sink.getvalue().count(offsets) == 1
    (tmp_path / "set" / "a.arrow").write_bytes(sink.getvalue().replace(offsets, struct.pack("<3i", 0, 11, 1 << 30)))
    (tmp_path / "set" / "state.json").write_text('{"_data_files": [{"filename": "a.arrow"}]}')
    refused(load_source, str(tmp_path / "set"), match="is not an Arrow file")


class Command:
    """What a pickle that runs a command looks like."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return os.system, (f"touch {self.witness}",)


def test_no_file_of_embeddings_is_unpickled(tmp_path):
    import torch

    witness = tmp_path / "ran"
    evil = Command(witness)
    torch.save(evil, tmp_path / "object.pt")
    torch.save({"embeddings": torch.ones(2, 2), "more": evil}, tmp_path / "beside.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(evil))
    (tmp_path / "plain.npy").write_bytes(pickle.dumps(evil))
    np.save(tmp_path / "array.npy", np.array([[evil]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "ids.npz", embeddings=np.ones((1, 1)), ids=np.array([evil], dtype=object))
    for name in ("object.pt", "beside.pt", "plain.pt", "plain.npy", "array.npy", "ids.npz"):
        refused(read_matrix, tmp_path / name, match=name)
    assert not witness.exists()
    pickle.loads((tmp_path / "plain.npy").read_bytes())  # noqa: S301 - the attack works where it is let in
    assert witness.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("claims.npy", shaped((10**9, 1000))),
        ("negative.npy", shaped((-1, 1000))),
        ("beyond.npy", shaped((int("9" * 50), 1000))),
        ("truth.npy", shaped("(True, True)", bytes(4))),
        ("deep.npy", npy("{'descr': " + "(" * 3000 + ")" * 3000 + ", 'fortran_order': False, 'shape': (1, 1), }")),
        ("none.npy", b""),
        ("archive.npy", npz(a=shaped((1, 1), bytes(4)))),
        ("claims.npz", npz(embeddings=shaped((10**8, 1000), bytes(100)))),
        ("bomb.npz", npz(embeddings=shaped((1000, 20_000), bytes(80_000_000)))),
        ("text.npz", npz(embeddings=b"hello")),
        ("cut.npz", npz(embeddings=shaped((1, 1), bytes(4)))[:60]),
        ("empty.pt", b""),
        ("deep.pt", b"\x80\x02" + b"(" * 100_000 + b"l" * 100),
    ],
)
def test_files_of_embeddings(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    refused(read_matrix, tmp_path / name, match=name)


def test_tensors_that_hold_less_than_they_claim(tmp_path):
    import torch

    torch.save(torch.ones(1).expand(10**10, 1000), tmp_path / "view.pt")  # 40 TB out of four bytes
    refused(read_matrix, tmp_path / "view.pt", match="claims more numbers than it holds")
    for name, tensor in {
        "sparse": torch.sparse_coo_tensor([[0], [0]], [1.0], (10**9, 10**6), check_invariants=True),
        "complex": torch.ones(2, 2, dtype=torch.complex64),
        "meta": torch.ones(2, 2, device="meta"),
    }.items():
        torch.save(tensor, tmp_path / f"{name}.pt")
        refused(read_matrix, tmp_path / f"{name}.pt", match="no plain tensor")
    torch.save([torch.ones(2), torch.ones(3)], tmp_path / "ragged.pt")
    refused(read_matrix, tmp_path / "ragged.pt", match=r"ragged\.pt")


def test_archives_of_tensors_that_unpack_to_much(tmp_path):
    import torch

    torch.save(torch.ones(20, 20), tmp_path / "good.pt")
    with (
        zipfile.ZipFile(tmp_path / "good.pt") as good,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in good.namelist():
            bomb.writestr(name, bytes(80_000_000) if name.endswith("data/0") else good.read(name))
    refused(read_matrix, tmp_path / "bomb.pt", match="would grow from")


@pytest.mark.parametrize(
    "listing",
    [
        DEEP,
        b'{"results_paths": ["\\ud800", "b"]}',
        b'{"results_paths": [{"a": 1' + b"0" * 400 + b'}, {"b": 2}]}',
        b"\xff",
    ],
)
def test_the_authors_listing(listing, tmp_path):
    import torch

    torch.save(torch.ones(2, 2), tmp_path / "a.pt")
    (tmp_path / "a.json").write_bytes(listing)
    refused(read_author_embeddings, tmp_path / "a.pt", tmp_path / "a.json")


def test_a_name_on_disk_that_is_not_utf_8_is_named(tmp_path):
    for side in ("reference", "distorted"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "a.png").write_bytes(b"x")
    (tmp_path / "distorted" / os.fsdecode(b"b\xff.png")).write_bytes(b"x")
    refused(load_source, str(tmp_path), match=r"path '.*b\\udcff.png' is not UTF-8.*rename the file")


def test_a_folder_of_a_data_set_that_may_not_be_read_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "locked").mkdir()
    real = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    refused(Folder(str(tmp_path)).images, "", match=r"locked' cannot be read; mend its permissions")


@pytest.mark.parametrize(
    "text", ["a" * 5000, "~no-such-user/a.csv", "a\0b.csv", "a" * 300 + "/b.csv?score=x", "x:" + "a" * 5000]
)
def test_specs_of_odd_paths(text):
    parse_spec(text)
    with pytest.raises(DataError) as error:
        load_source(text)
    assert "\n" not in str(error.value)


def manifest(**changes):
    """Return a sound manifest of format 1 as data, with changes."""
    data = {
        "encoder": {"name": "precomputed", "dim": 4},
        "sources": [],
        "n_good": 1,
        "n_bad": 1,
        "table_version": 1,
        "uid": "0123456789ab",
        "created": "2026-01-01T00:00:00+00:00",
        "libraries": {},
        "schema_version": 1,
    }
    return data | changes


def manifest_2(**changes):
    """Return a sound manifest of format 2 as data, with changes."""
    first = {"name": "embedding", "dtype": "float32", "encoder": {"name": "precomputed", "dim": 4}}
    data = {
        "embeddings": [first],
        "shards": [{"table": "anchors", "version": 1}],
        "sources": [],
        "n_good": 1,
        "n_bad": 1,
        "version": 1,
        "uid": "0123456789ab",
        "created": "2026-01-01T00:00:00+00:00",
        "libraries": {},
        "subset": None,
        "approximate": None,
        "schema_version": 2,
    }
    return data | changes


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"uid": "../../../evil"}, "impossible uid"),
        ({"uid": "/evil"}, "impossible uid"),
        ({"uid": "*"}, "impossible uid"),
        ({"uid": ""}, "impossible uid"),
        ({"uid": 5}, "impossible uid"),
        ({"table_version": "1"}, "impossible version or count"),
        ({"n_good": -1}, "impossible version or count"),
        ({"n_bad": 1e9}, "impossible version or count"),
        ({"encoder": {"name": "a", "dim": 10**12}}, "impossible embedding"),
        ({"encoder": {"name": ["a"], "dim": 4}}, "name of EncoderSpec is .*give text"),
        ({"encoder": {"name": "a", "dim": 4, "input": {"resize": "explode"}}}, "resize of InputRule is 'explode'"),
        (
            {"encoder": {"name": "a", "dim": 4, "input": {"resize": "crop", "size": "1"}}},
            "size of InputRule is '1'",
        ),
        ({"encoder": {"name": "a", "dim": 4, "input": {"resize": "none", "version": 7}}}, "version 7 .*update"),
        ({"encoder": {"name": "a", "dim": 4, "code": "x"}}, "unknown keys"),
        ({"encoder": None}, "EncoderSpec.from_dict is None"),
        ({"sources": [5]}, "lacks or misnames"),
        ({"libraries": "x"}, "impossible list of libraries"),
        (
            {"schema_version": FORMAT + 1, "libraries": {"quasar-index": "9.9"}},
            "that of quasar-index 9.9.*update",
        ),
        ({"schema_version": None}, "names no format version"),
    ],
)
def test_manifests(changes, why, tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest(**changes)))
    refused(AnchorIndex.open, folder, match=why)
    assert list(tmp_path.rglob("*")) == [folder, folder / "manifest.json"]


def rating(**changes):
    return {"name": "score", "column": "score", "lower_is_better": False, "score_range": [0, 1], **changes}


def source(**changes):
    return {"name": "a", "kind": "no-reference", "division": "median", "n_good": 1, "n_bad": 1, **changes}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"shards": []}, "impossible shard"),
        ({"shards": [{"table": "../../anchors", "version": 1}]}, "impossible shard"),
        ({"shards": [{"table": "a/b", "version": 1}]}, "impossible shard"),
        ({"shards": [{"table": "anchors", "version": -1}]}, "impossible shard"),
        ({"shards": [{"table": "anchors", "version": 1, "code": "x"}]}, "lacks or misnames"),
        ({"embeddings": []}, "impossible embedding"),
        ({"embeddings": [{"name": "embedding", "dtype": "float32"}]}, "lacks or misnames"),
        ({"embeddings": [{"name": "a/../b", "dtype": "float32", "encoder": {"name": "a", "dim": 4}}]}, "embedding"),
        ({"embeddings": [{"name": "embedding", "dtype": "object", "encoder": {"name": "a", "dim": 4}}]}, "embedding"),
        ({"sources": [source(ratings=[])]}, "unsound ratings"),
        ({"sources": [source(ratings=[rating(column=5)])]}, "unsound ratings"),
        ({"sources": [source(ratings=[rating(score_range=[0])])]}, "unsound ratings"),
        ({"sources": [source(ratings=[rating(score_range=["a", "b"])])]}, "unsound ratings"),
        ({"sources": [source(ratings=[rating(threshold="x")])]}, "unsound ratings"),
        ({"sources": [source(ratings=5)]}, "lacks or misnames"),
        ({"version": "1"}, "impossible version or count"),
    ],
)
def test_manifests_of_format_2(changes, why, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(manifest_2()))
    assert Manifest.read(tmp_path).version == 1
    (tmp_path / "manifest.json").write_text(json.dumps(manifest_2(**changes)))
    refused(AnchorIndex.open, tmp_path, match=why)


def test_sound_and_damaged_manifests(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(manifest()))
    assert Manifest.read(tmp_path).uid == "0123456789ab"
    for content in (DEEP, b"", b"\xff", b"[]", b"{}"):
        (tmp_path / "manifest.json").write_bytes(content)
        assert isinstance(refused(Manifest.read, tmp_path), AnchorIndexError)
