"""Listing folders: what is found, what is left out, and the line that says so."""

import os
from pathlib import Path

import fsspec
import pytest

import quasar_index as qi
from quasar_index.errors import DataError
from quasar_index.images import find_images, list_images, survey_folder, survey_glob
from quasar_index.images.folders import survey_names
from quasar_index.images.globs import SYSTEM_FOLDERS


def made(folder, *names):
    for name in names:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(paths, folder):
    return [Path(path).relative_to(folder).as_posix() for path in paths]


def test_what_is_left_out_is_one_line_by_ending(tmp_path):
    made(tmp_path, "a.jpg", "b.PSD", "c.psd", "d.svg", "e.MOV", "f", "g.xmp", "notes.txt", ".hidden.psd")
    survey = survey_folder(tmp_path)
    assert names(survey.images, tmp_path) == ["a.jpg"]
    assert survey.left_out.describe() == (
        "left out: 2 .psd, 1 .svg (convert them to PNG or JPEG); 1 without an ending, 1 .mov"
    )
    assert (survey.left_out.n_files, survey.left_out.n_companions) == (5, 2)


def test_what_an_extra_would_read_names_it(tmp_path, monkeypatch):
    from PIL import Image

    made(tmp_path, "a.jpg", "b.HEIC", "c.heic", "d.jxl", "e.NEF", "f.cr3")
    assert len(survey_folder(tmp_path).images) == 6
    assert not survey_folder(tmp_path).left_out.describe()
    for module in ("pillow_heif", "pillow_jxl", "rawpy"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    for format_ in ("HEIF", "JXL"):
        monkeypatch.delitem(Image.OPEN, format_, raising=False)
    survey = survey_folder(tmp_path)
    assert names(survey.images, tmp_path) == ["a.jpg"]
    assert survey.left_out.describe() == ("left out: 2 .heic, 1 .cr3, 1 .jxl, 1 .nef (pip install -e '.[formats,raw]')")
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(DataError, match=r"no image in .*, left out: 2 \.heic.*formats,raw"):
        list_images(tmp_path)


def test_an_ordinary_folder_is_not_worth_a_line(tmp_path):
    made(tmp_path, "a.jpg", "a.xmp", "a.aae", "Thumbs.db", "desktop.ini", "ratings.csv", "readme.rst", "meta.json")
    assert not survey_folder(tmp_path).left_out.describe()


def test_many_kinds_of_files_stay_one_line(tmp_path):
    made(tmp_path, "a.jpg", *(f"{n}.x{n}" for n in range(40)))
    text = survey_folder(tmp_path).left_out.describe()
    assert text.endswith("34 of other endings")
    assert len(text) < 200


@pytest.mark.parametrize("name", [one for one in SYSTEM_FOLDERS if "*" not in one])
def test_folders_of_thumbnails_are_left_out_and_named(tmp_path, name):
    made(tmp_path, "a.jpg", f"{name}/t.jpg", f"deep/{name}/deeper/t.jpg")
    survey = survey_folder(tmp_path)
    assert names(survey.images, tmp_path) == ["a.jpg"]
    last = name.rsplit("/", 1)[-1]
    assert survey.left_out.describe() == f"left out: 2 system folders ({last}; name it to read it)"
    # Named outright, its images count.
    assert names(list_images(tmp_path / name), tmp_path) == [f"{name}/t.jpg"]
    assert names(find_images(f"{tmp_path}/{name}/*.jpg"), tmp_path) == [f"{name}/t.jpg"]


def test_catalogues_of_photo_programs(tmp_path):
    made(
        tmp_path, "Old Previews.lrdata/1.jpg", "My.photoslibrary/resources/d/1.jpg", "My.photoslibrary/originals/0.jpg"
    )
    assert names(list_images(tmp_path), tmp_path) == ["My.photoslibrary/originals/0.jpg"]


def test_linked_folders_are_followed_once(tmp_path):
    made(tmp_path, "album/a.jpg", "album/sub/b.jpg", "disk/c.jpg", "disk/inner/d.jpg")
    album = tmp_path / "album"
    (album / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    (album / "again").symlink_to(tmp_path / "disk" / "inner", target_is_directory=True)
    (album / "aaa").symlink_to(album / "sub", target_is_directory=True)  # its own path counts, not the link
    (tmp_path / "disk" / "back").symlink_to(album, target_is_directory=True)
    survey = survey_folder(album)
    assert names(survey.images, album) == ["a.jpg", "again/d.jpg", "link/c.jpg", "sub/b.jpg"]
    assert not survey.left_out.describe()


def test_a_link_to_what_lies_around_the_folder_is_said(tmp_path):
    made(tmp_path, "album/a.jpg", "b.jpg")
    (tmp_path / "album" / "up").symlink_to(tmp_path, target_is_directory=True)
    survey = survey_folder(tmp_path / "album")
    assert names(survey.images, tmp_path) == ["album/a.jpg"]
    assert survey.left_out.describe() == "left out: 1 link to a folder around the folder itself"


def test_a_folder_that_is_itself_a_link_is_listed(tmp_path):
    made(tmp_path, "disk/a.jpg", "disk/b/c.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    assert names(list_images(tmp_path / "link"), tmp_path) == ["link/a.jpg", "link/b/c.jpg"]
    assert names(find_images(f"{tmp_path}/link/**"), tmp_path) == ["link/a.jpg", "link/b/c.jpg"]


FILES = ("a.jpg", "a_small.jpg", "raw/b.jpg", "trip/raw/c.jpg", "trip/old/d.jpg", "trip/x/old/e.png", "[1]/f.jpg")


@pytest.mark.parametrize(
    ("globs", "left"),
    [
        (["*_small.jpg"], ["a_small.jpg"]),
        (["raw"], ["raw/b.jpg", "trip/raw/c.jpg"]),
        (["raw/"], ["raw/b.jpg", "trip/raw/c.jpg"]),
        (["a.jpg/"], []),
        (["/raw"], ["raw/b.jpg"]),
        (["./trip/raw"], ["trip/raw/c.jpg"]),
        (["trip/*/*.jpg"], ["trip/old/d.jpg", "trip/raw/c.jpg"]),
        (["trip/**/old"], ["trip/old/d.jpg", "trip/x/old/e.png"]),
        (["trip/**"], ["trip/old/d.jpg", "trip/raw/c.jpg", "trip/x/old/e.png"]),
        (["**/old/*"], ["trip/old/d.jpg", "trip/x/old/e.png"]),
        (["*.PNG"], ["trip/x/old/e.png"]),
        (["RAW/"], ["raw/b.jpg", "trip/raw/c.jpg"]),
        (["[[]1]"], ["[1]/f.jpg"]),
        (["?.png", "trip/old"], ["trip/old/d.jpg", "trip/x/old/e.png"]),
    ],
)
def test_exclude(tmp_path, globs, left):
    made(tmp_path, *FILES)
    rest = sorted(set(FILES) - set(left))
    survey = survey_folder(tmp_path, exclude=globs)
    assert names(survey.images, tmp_path) == rest
    assert ("excluded" in survey.left_out.describe()) == bool(left)
    assert names(survey_glob(f"{tmp_path}/**", exclude=globs).images, tmp_path) == rest
    assert survey_names(FILES, exclude=globs)[0] == rest  # paths of a bucket, likewise


@pytest.mark.parametrize("glob", ["", " ", "/", "!a.jpg", "../a", "./"])
def test_patterns_that_exclude_nothing_are_refused(tmp_path, glob):
    made(tmp_path, "a.jpg")
    with pytest.raises(DataError, match="the pattern"):
        list_images(tmp_path, exclude=[glob])
    with pytest.raises(DataError, match=r"exclude of list_images is 'raw'; give a list"):
        list_images(tmp_path, exclude="raw")


def test_a_pattern_of_many_stars_ends(tmp_path):
    deep = "a/" * 60
    assert survey_names([f"{deep}b.jpg"], exclude=["**/a/" * 30 + "c.jpg"])[0] == [f"{deep}b.jpg"]


def test_globs_go_no_deeper_than_they_say(tmp_path, monkeypatch):
    made(tmp_path, "2024-a/x/1.jpg", "2024-b/x/2.jpg", "2023/x/3.jpg", "2024-a/x/y/4.jpg")
    seen = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (seen.append(Path(path).name), real(path))[1])
    assert names(find_images(f"{tmp_path}/2024-*/x/*.jpg"), tmp_path) == ["2024-a/x/1.jpg", "2024-b/x/2.jpg"]
    assert not {"2023", "y"} & set(seen)
    monkeypatch.chdir(tmp_path / "2023")
    assert [path.as_posix() for path in find_images("../2024-a/**/*.jpg")] == [
        "../2024-a/x/1.jpg", "../2024-a/x/y/4.jpg",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["local", "bucket"])
def test_data_folders_are_listed_by_the_same_rules(tmp_path, place):
    root = str(tmp_path / "set") if place == "local" else "memory://rules"
    files = ("a.jpg", "@eaDir/t.jpg", ".thumbnails/t.jpg", "sub/b.jfif", "sub/c.psd", "sub/.d.jpg")
    for name in files:
        if place == "local":
            made(root, name)
        else:
            with fsspec.open(f"{root}/{name}", "wb") as file:
                file.write(b"x")
    source = qi.datasets.load_images(root)
    assert [path[len(root) + 1 :] for path in source.records["path"].to_pylist()] == ["a.jpg", "sub/b.jfif"]
    assert source.warnings == (
        "left out: 1 .psd (convert them to PNG or JPEG); 2 system folders (.thumbnails, @eaDir; name it to read it)",
    )
    source = qi.datasets.load_images(f"{root}?exclude=sub/,x*")
    assert [path[len(root) + 1 :] for path in source.records["path"].to_pylist()] == ["a.jpg"]
    assert source.warnings[0].endswith("; 1 excluded")


def test_pairs_are_listed_by_the_same_rules(tmp_path):
    made(tmp_path, "reference/a.png", "distorted/a_jpeg.png", "distorted/@eaDir/a_jpeg.png", "distorted/skip/a_x.png")
    source = qi.load_source(f"{tmp_path}?exclude=skip/")
    assert [Path(path).name for path in source.records["path"].to_pylist()] == ["a.png", "a_jpeg.png"]
    assert "left out: 1 system folder (@eaDir; name it to read it); 1 excluded" in source.warnings


def test_synthesis_leaves_out_what_it_is_told(tmp_path):
    import numpy as np
    from PIL import Image

    for name in ("a.png", "raw/b.png"):
        Path(tmp_path, "in", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(tmp_path / "in" / name)
    made_ = qi.synthesis.synthesize(tmp_path / "in", tmp_path / "out", types=["jpeg"], levels=[1], exclude=["raw/"])
    assert made_.n_references == 1
