"""Zips of published embeddings: what is taken of them, and what of strangers' is refused."""

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

import quasar_index as qi
from quasar_index.errors import DataError
from quasar_index.sharing import archive as archive_

NAME = "pipal/pipal_clip_RN50_openai_False"


def make(path, members, method=zipfile.ZIP_STORED):
    """Write a zip of (name or ZipInfo, bytes)."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def info(name, mode=0o644, kind=stat.S_IFREG):
    """Return a member of a kind of its own."""
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (kind | mode) << 16
    return member


def test_only_tensors_lists_and_settings_are_taken(tmp_path):
    wanted = [f"{NAME}.pt", f"{NAME}.json", f"{NAME}.yml", "pipal/labels.json"]
    others = [
        "pipal/readme.txt",
        "pipal/run.py",
        "pipal/x.pkl",
        "__MACOSX/pipal/._x.pt",
        "pipal/.hidden.json",
        "pipal/",
    ]
    path = make(tmp_path / "a.zip", [(name, b"12345") for name in wanted + others])
    members = qi.sharing.list_archive(path)
    assert [f"{one.folder}/{one.name}" for one in members] == wanted
    files = qi.sharing.unpack(path, members, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(Path(name).name for name in wanted)
    assert [file.read_bytes() for file in files] == [b"12345"] * 4


def test_windows_zips_are_read(tmp_path):
    member = zipfile.ZipInfo("x")
    member.filename = "pipal\\labels.json"  # as .NET writes it; Python's zipfile takes it for one name
    path = make(tmp_path / "a.zip", [(member, b"{}")])
    (only,) = qi.sharing.list_archive(path)
    assert (only.folder, only.name) == ("pipal", "labels.json")


@pytest.mark.parametrize(
    "name", ["../x.pt", "a/../../x.json", "/etc/x.json", "C:\\x.pt", "a\\..\\..\\x.pt", "\\\\host\\x.pt", "a/x:y.json"]
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", b"1"), (name, b"evil")])
    with pytest.raises(DataError, match="leads out of its folder; do not trust this file"):
        qi.sharing.list_archive(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a/x\n.pt", "a/\x1b[31m.json", "a/x\x00.pt"])
def test_control_characters_in_names_are_refused(tmp_path, name):
    path = make(tmp_path / "a.zip", [("placeholder____.pt", b"1")])
    data = path.read_bytes().replace(b"placeholder____.pt", name.encode().ljust(18, b"x"))
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        qi.sharing.list_archive(path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("kind", "words"),
    [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "no regular file"), (stat.S_IFCHR, "no regular file")],
)
def test_links_and_devices_are_refused(tmp_path, kind, words):
    path = make(tmp_path / "a.zip", [(info(f"{NAME}.pt", kind=kind), b"/etc/passwd")])
    with pytest.raises(DataError, match=words):
        qi.sharing.list_archive(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("again", [f"{NAME}.pt", f"{NAME}.PT", f"{NAME.upper()}.pt"])
def test_a_name_twice_is_refused(tmp_path, again):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", b"1"), (again, b"2")])
    with pytest.raises(DataError, match="twice"):
        qi.sharing.list_archive(path)


def test_one_name_in_two_folders_is_not_unpacked_over_itself(tmp_path):
    path = make(tmp_path / "a.zip", [("a/labels.json", b"1"), ("b/labels.json", b"2")])
    with pytest.raises(DataError, match="files of one name in several folders; unzip it yourself"):
        qi.sharing.unpack(path, qi.sharing.list_archive(path), tmp_path / "out")


def test_encrypted_members_are_refused(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", b"1")])
    data = bytearray(path.read_bytes())
    data[6] |= 1  # of the local header
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="is encrypted; unzip it yourself, and give the folder"):
        qi.sharing.list_archive(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_methods_that_may_take_all_memory_are_refused(tmp_path, method):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", b"1" * 1000)], method)
    with pytest.raises(DataError, match="packed by a method that is not read here; unzip it yourself"):
        qi.sharing.list_archive(path)


def test_what_would_grow_beyond_measure_is_refused_before_it_is_unpacked(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", bytes(80 << 20))], zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(DataError, match=r"would grow from .* to 80.0 MiB"):
        qi.sharing.list_archive(path)


def test_many_small_growing_members_are_counted_together(tmp_path):
    members = [(f"pipal/{i}.json", bytes(60 << 20)) for i in range(3)]
    path = make(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match=r"would grow from .* to 180.0 MiB"):
        qi.sharing.list_archive(path)


def test_a_member_that_declares_less_than_it_holds_is_not_written(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", bytes(50_000))], zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 24, 10)
    path.write_bytes(data)
    members = qi.sharing.list_archive(path)
    assert members[0].size == 10
    with pytest.raises(DataError, match="damaged"):
        qi.sharing.unpack(path, members, tmp_path / "out")
    assert not any(file.suffix == ".pt" for file in (tmp_path / "out").iterdir())


def test_what_is_written_is_counted_not_what_is_declared(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", bytes(5000))])
    (member,) = qi.sharing.list_archive(path)
    with pytest.raises(DataError, match="is larger than it declares"):
        list(archive_._copied(io.BytesIO(bytes(6000)), io.BytesIO(), member, path))
    with pytest.raises(DataError, match="is cut off"):
        list(archive_._copied(io.BytesIO(bytes(4000)), io.BytesIO(), member, path))


def test_members_over_one_another_are_refused(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", os.urandom(50_000)), ("pipal/b.pt", b"1")])
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    first = data.index(b"PK\x01\x02")
    data[second + 16 : second + 28] = data[first + 16 : first + 28]  # checksum and sizes of the first
    struct.pack_into("<I", data, second + 42, 0)  # and its place
    path.write_bytes(data)
    with pytest.raises(DataError, match="lie over one another"):
        qi.sharing.list_archive(path)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_an_archive_that_is_cut_off_is_one_error(tmp_path, keep):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", os.urandom(20_000))])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(DataError, match=r"is cut off or damaged .*; download it again"):
        qi.sharing.list_archive(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_byte_is_found_and_nothing_is_left_under_the_name(tmp_path, method):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", os.urandom(20_000))], method)
    data = bytearray(path.read_bytes())
    data[10_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"is damaged .*; download it again"):
        qi.sharing.unpack(path, qi.sharing.list_archive(path), tmp_path / "out")
    assert not any(file.suffix == ".pt" for file in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b"<html><title>Sign in</title>", r"is a web page \('Sign in'\)"), (b"a,b\n1,2\n", "is text")],
)
def test_files_that_are_no_zip_say_what_they_are(tmp_path, data, words):
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with pytest.raises(DataError, match=words):
        qi.sharing.list_archive(path)


def test_a_folder_or_nothing_is_one_error(tmp_path):
    for path in (tmp_path, tmp_path / "none.zip"):
        with pytest.raises(DataError, match="cannot be read"):
            qi.sharing.list_archive(path)


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_, "MOST_MEMBERS", 5)
    path = make(tmp_path / "a.zip", [(f"pipal/{i}.txt", b"") for i in range(6)])
    with pytest.raises(DataError, match="has 6 members, more than 5"):
        qi.sharing.list_archive(path)


def test_a_huge_list_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_, "MOST_TEXT", 100)
    path = make(tmp_path / "a.zip", [("pipal/labels.json", b"x" * 101)])
    with pytest.raises(DataError, match="is larger than 100 B"):
        qi.sharing.list_archive(path)


def test_unpacking_goes_on_where_it_stopped(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", b"1" * 5000), (f"{NAME}.json", b"2" * 10)])
    members = qi.sharing.list_archive(path)
    out = tmp_path / "out"
    first, second = qi.sharing.unpack(path, members, out)
    second.unlink()
    (out / f".{second.name}.part").write_bytes(b"half")
    before = first.stat().st_mtime_ns
    steps = []
    qi.sharing.unpack(path, members, out, on_progress=lambda *step: steps.append(step))
    assert steps == [(5010, 5010)]
    assert first.stat().st_mtime_ns == before
    assert second.read_bytes() == b"2" * 10


def test_a_link_in_the_way_is_not_written_through(tmp_path):
    path = make(tmp_path / "a.zip", [(f"{NAME}.pt", b"1" * 50)])
    outside = tmp_path / "outside"
    outside.write_bytes(b"x" * 50)
    out = tmp_path / "out"
    out.mkdir()
    (out / f"{Path(NAME).name}.pt").symlink_to(outside)
    (file,) = qi.sharing.unpack(path, qi.sharing.list_archive(path), out)
    assert file.read_bytes() == b"1" * 50
    assert not file.is_symlink()
    assert outside.read_bytes() == b"x" * 50
