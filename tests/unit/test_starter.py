"""The starter index: licences of its photographs, how they are cut, and the way from pictures to an index."""

import io
import re
import tarfile
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.starter.make import make_starter, write_distorted
from quasar_index.starter.photographs import (
    _POOLS,
    FRAMES,
    LICENCES,
    NOTICE,
    Photograph,
    _in_archive,
    _read_files,
    cut_photograph,
    list_photographs,
    write_notice,
)

PHOTOGRAPHS = list_photographs()


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)


def test_every_photograph_is_free_to_use():
    assert {one.licence for one in PHOTOGRAPHS} <= set(LICENCES)
    assert not [name for name in LICENCES if re.search("SA|NC|ND|GPL", name)]
    for one in PHOTOGRAPHS:
        assert all((one.title, one.author, one.licence_source, one.package, one.version, one.file)), one
        assert re.fullmatch(r"[0-9a-f]{64}", one.sha256), one
        assert re.fullmatch(r"[a-z0-9-]+", one.id), one
        assert one.url == "" or one.url.startswith("https://"), one
    assert len({one.id for one in PHOTOGRAPHS}) == len({one.sha256 for one in PHOTOGRAPHS}) == len(PHOTOGRAPHS)


def test_the_notice_names_every_photograph():
    notice = NOTICE.read_text(encoding="utf-8")
    assert notice == write_notice(), "python -m quasar_index.starter.photographs --notice"
    for one in PHOTOGRAPHS:
        assert f"{one.title}\n  by {one.author}; {LICENCES[one.licence]}" in notice


def test_what_python_packages_hold_is_what_the_table_says():
    rows = [one for one in PHOTOGRAPHS if one.package not in _POOLS]
    files = _read_files(None, rows)
    assert {one.id for one in rows} == set(files)
    for one in rows:
        assert sha256(files[one.id]).hexdigest() == one.sha256
        assert min(qi.images.decode(files[one.id]).shape[:2]) >= 300


def test_another_file_in_a_python_package_is_refused():
    row = next(one for one in PHOTOGRAPHS if one.id == "coffee")
    with pytest.raises(qi.DataError, match=r"scikit-image has no 'skimage/data/coffee\.png' with the SHA-256"):
        _read_files(None, [Photograph(**{**vars(row), "sha256": "0" * 64})])


def package(path, files):
    """Write a Debian package: an archive of `ar` with an odd-sized first member, and files in a tar archive."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    members = {"debian-binary": b"2.0", "data.tar.xz": tar.getvalue()}
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        for name, data in members.items():
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data)
            file.write(b"\n" * (len(data) % 2))


def test_files_are_read_from_a_debian_package(tmp_path):
    pictures = []
    for seed in range(2):
        buffer = io.BytesIO()
        Image.fromarray(noise(20, 30, seed)).save(buffer, format="WEBP", lossless=True)
        pictures.append(buffer.getvalue())
    package(
        tmp_path / "made.deb", {"a/one.rcc": b"qres" + b"RIFF".join([b"\0", *pictures]), "a/two.jpg": b"jpg", "b": b""}
    )
    rows = [
        Photograph("x", "", "", "", "", "made", "1", file, "", "") for file in ("a/one.rcc/src/p.webp", "a/two.jpg")
    ]
    assert list(_in_archive(tmp_path / "made.deb", rows)) == [*pictures, b"jpg"]


@pytest.mark.parametrize(
    ("height", "width", "sizes"),
    [
        (2160, 3840, [(321, 481), (321, 481)]),
        (3840, 2160, [(481, 321), (481, 321)]),
        (963, 1443, [(321, 481), (321, 481)]),
        (962, 1443, [(321, 481)]),  # a second picture would be less than 1.5 times smaller
        (1024, 1024, [(321, 481)]),
        (300, 451, [(321, 481)]),
    ],
)
def test_a_second_picture_is_cut_of_large_photographs(height, width, sizes):
    assert [picture.shape[:2] for picture in cut_photograph(noise(height, width))] == sizes
    assert len(sizes) <= len(FRAMES)


def test_cutting_is_deterministic_and_keeps_the_middle():
    photograph = np.zeros((963, 1443, 3), dtype=np.uint8)
    photograph[471:492, 711:732] = 255
    first, again = cut_photograph(photograph), cut_photograph(photograph)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        rows, columns = np.nonzero(one[:, :, 0] > 127)
        assert abs(rows.mean() - (one.shape[0] - 1) / 2) <= 1
        assert abs(columns.mean() - (one.shape[1] - 1) / 2) <= 1


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "made" / "pristine"
    folder.mkdir(parents=True)
    for seed, name in enumerate(("one_cut1", "one_cut2", "two_cut1")):
        Image.fromarray(noise(48, 64, seed)).save(folder / f"{name}.png")
    return folder.parent


def test_from_pictures_to_an_index(pictures, tmp_path, tiny_encoder):
    report = make_starter(pictures, tmp_path / "starter", tiny_encoder(), per_picture=5)
    index = report.index
    assert len(index) == 18
    assert [source.name for source in index.manifest.sources] == ["starter"]
    assert [one.dtype for one in index.manifest.embeddings] == ["float16"]
    columns = index.metadata(index.anchors(), ["reference", "distortion", "level"]).to_pydict()
    assert sorted(columns["reference"]) == ["one"] * 12 + ["two"] * 6
    anchors = index.anchors()
    np.testing.assert_allclose(anchors.quality, 1 - np.array(columns["level"]) / 5)
    assert columns["distortion"].count(None) == 3
    # Whole photographs are left out when the shrinkage is chosen, not single pictures.
    assert len(set(anchors.groups.tolist())) == 2


def test_what_is_made_already_is_kept(pictures):
    labels = write_distorted(pictures, per_picture=2)
    made = {path: path.stat().st_mtime_ns for path in (pictures / "distorted").rglob("*.png")}
    before = labels.read_bytes()
    assert write_distorted(pictures, per_picture=2).read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in (pictures / "distorted").rglob("*.png")} == made
    assert len(made) == 9


def test_a_broken_picture_is_an_error(pictures):
    (pictures / "pristine" / "two_cut2.png").write_bytes(b"no picture")
    with pytest.raises(qi.DataError, match=r"two_cut2\.png' cannot be distorted"):
        write_distorted(pictures, per_picture=2)
