"""Ranks with gaps and ties, bursts by time and likeness, and files that are placed once and never over another."""

import errno
import math
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from quasar_index.errors import DataError
from quasar_index.picking import (
    ALIKE,
    PAUSE,
    Placement,
    check_target,
    leave_one_of_a_burst,
    order_of,
    percentiles,
    place_files,
    read_share,
    taken_at,
)


@pytest.mark.parametrize(
    ("text", "n", "kept"),
    [("20", 100, 20), ("20", 7, 7), ("10%", 100, 10), ("10%", 101, 11), ("10%", 1, 1), ("100%", 9, 9),
     (" 2.5 % ", 80, 2), ("7%", 100, 7), ("0.1%", 1_000_000, 1000), ("5", 0, 0), ("5%", 0, 0)],
)  # fmt: skip
def test_a_share_of_images(text, n, kept):
    assert read_share(text).of(n) == kept


@pytest.mark.parametrize("text", ["0", "0%", "-3", "200%", "1.5", "ten", "", "%", "nan", "inf", "1e3", "10%%"])
def test_what_is_no_share(text):
    with pytest.raises(DataError, match="give"):
        read_share(text)


def test_orders_and_percentiles_of_ties_and_gaps():
    scores = [0.5, None, 0.9, 0.5, 0.1, None]
    assert order_of(scores) == [2, 0, 3, 4, 1, 5]
    assert order_of(scores, worst_first=True) == [4, 0, 3, 2, 1, 5]
    shares = percentiles(scores)
    assert shares[[0, 2, 3, 4]].tolist() == [75, 100, 75, 25]
    assert [place for place, share in enumerate(shares) if math.isnan(share)] == [1, 5]
    assert order_of([]) == []
    assert percentiles([None]).tolist() != [100]


def photograph(path, when=None, fraction=None):
    exif = Image.Exif()
    exif[0x010F] = "Maker"  # a PNG takes none without a plain entry
    if when is not None:
        exif.get_ifd(0x8769).update({0x9003: when} | ({} if fraction is None else {0x9291: fraction}))
    Image.new("RGB", (16, 16)).save(path, exif=exif)
    return path


def test_when_a_photograph_was_taken(tmp_path):
    first = taken_at(photograph(tmp_path / "a.jpg", "2026:02:28 23:59:59", "9"))
    second = taken_at(str(photograph(tmp_path / "b.jpg", "2026:03:01 00:00:00", "150")))
    assert second - first == pytest.approx(0.25)
    assert taken_at(photograph(tmp_path / "c.png", "2026:03:01 00:00:00")) == pytest.approx(math.floor(second))
    for name, when in (("none.jpg", None), ("blank.jpg", "0000:00:00 00:00:00"), ("odd.jpg", "yesterday")):
        assert taken_at(photograph(tmp_path / name, when)) is None
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe1")
    assert taken_at(tmp_path / "broken.jpg") is None
    assert taken_at(tmp_path / "gone.jpg") is None
    assert taken_at("memory://gone.jpg") is None


A, LIKE_A, B = [1.0, 0.0], [0.9, 0.3], [0.0, 1.0]


def test_the_best_of_a_burst_stays():
    #       a burst           another picture  the same view later  without a time, or a score
    times = [0.0, 1.0, 2.5,   3.0,             60.0,                None, 1.5]  # fmt: skip
    views = [A, LIKE_A, A, B, A, A, A]
    scores = [0.2, 0.9, 0.5, 0.1, 0.3, 0.4, None]
    assert leave_one_of_a_burst(times, views, scores) == [1, 1, 1, 3, 4, 5, 6]
    assert leave_one_of_a_burst(times, views, scores, alike=0.99) == [2, 1, 2, 3, 4, 5, 6]
    assert leave_one_of_a_burst(times, views, scores, pause=0.5) == [0, 1, 2, 3, 4, 5, 6]
    assert leave_one_of_a_burst(times, views, scores, pause=100)[4] == 1


def test_a_long_burst_is_one_and_a_slow_turn_is_not():
    n = 40
    times = [2.0 * place for place in range(n)]
    scores = list(np.linspace(0.2, 0.8, n))
    assert set(leave_one_of_a_burst(times, [A] * n, scores)) == {n - 1}
    angles = np.linspace(0, np.pi, n)  # each resembles the one before
    stays = leave_one_of_a_burst(times, np.stack([np.cos(angles), np.sin(angles)], axis=1), scores)
    kept = sorted(set(stays))
    assert 2 < len(kept) < n / 4
    cosines = np.cos(angles[kept][:, None] - angles[kept])
    assert cosines[~np.eye(len(kept), dtype=bool)].max() < ALIKE
    for place, other in enumerate(stays):
        assert np.cos(angles[place] - angles[other]) >= ALIKE or place == other
    assert PAUSE >= 2


@pytest.mark.parametrize(
    "wrong", [{"pause": -1}, {"pause": math.nan}, {"alike": -1}, {"alike": 1.1}, {"alike": math.nan}]
)
def test_numbers_of_bursts_out_of_range(wrong):
    with pytest.raises(DataError):
        leave_one_of_a_burst([0.0], [A], [0.5], **wrong)


def test_lengths_of_bursts_differ():
    with pytest.raises(DataError, match="one of each"):
        leave_one_of_a_burst([0.0, 1.0], [A], [0.5])
    assert leave_one_of_a_burst([], np.empty((0, 2)), []) == []


@pytest.fixture
def folders(tmp_path):
    """Two folders of files, two of which share a name."""
    for folder, names in (("one", ("a.jpg", "b.jpg")), ("two", ("a.jpg",))):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text(f"{folder} {name}")
            os.utime(tmp_path / folder / name, (1_000_000, 1_000_000))
    return [tmp_path / "one" / "a.jpg", tmp_path / "one" / "b.jpg", tmp_path / "two" / "a.jpg"]


def state(folder):
    return {path.name: (path.read_text(), path.lstat().st_mtime_ns, path.lstat().st_ino) for path in folder.iterdir()}


@pytest.mark.parametrize("how", Placement)
def test_placed_once_and_a_second_time_nothing_changes(folders, tmp_path, how):
    target = tmp_path / "new" / "best"
    placed = place_files(folders, target, how)
    assert [one.target.name for one in placed] == ["a.jpg", "b.jpg", "a-2.jpg"]
    assert [one.target.read_text() for one in placed] == ["one a.jpg", "one b.jpg", "two a.jpg"]
    assert all(one.target.is_symlink() == (how is Placement.link) for one in placed)
    assert all(one.target.stat().st_mtime == 1_000_000 for one in placed)
    before = state(target)
    again = place_files(folders, target, how)
    assert [(one.target, one.is_new) for one in again] == [(one.target, False) for one in placed]
    assert state(target) == before
    assert all(file.read_text() for file in folders)


@pytest.mark.parametrize("how", Placement)
def test_nothing_is_overwritten(folders, tmp_path, how):
    target = tmp_path / "best"
    target.mkdir()
    (target / "a.jpg").write_text("mine")
    (target / "b.jpg").symlink_to(tmp_path / "nowhere")
    (target / "a-2.jpg").mkdir()
    placed = place_files(folders, target, how)
    assert [one.target.name for one in placed] == ["a-3.jpg", "b-2.jpg", "a-4.jpg"]
    assert (target / "a.jpg").read_text() == "mine"
    assert (target / "b.jpg").readlink() == tmp_path / "nowhere"


def test_a_file_that_lies_there_is_its_own_copy(folders, tmp_path):
    for how in Placement:
        assert [one.is_new for one in place_files(folders[:2], tmp_path / "one")] == [False, False], how
    assert len(list((tmp_path / "one").iterdir())) == 2


def test_missing_files_stop_before_anything_is_placed(folders, tmp_path):
    with pytest.raises(DataError, match=r"1 of 4 picked files is not there: '.*gone.jpg'"):
        place_files([*folders, tmp_path / "gone.jpg"], tmp_path / "best")
    assert not (tmp_path / "best").exists()


def test_a_full_disk_keeps_what_is_whole_and_goes_on(folders, tmp_path, monkeypatch):
    copy = shutil.copy2

    def full(source, target):
        if source == folders[1]:
            target.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", full)
        with pytest.raises(DataError, match=r"no more files \(No space left on device\): 1 of 3 are there; make"):
            place_files(folders, tmp_path / "best")
    assert [path.name for path in (tmp_path / "best").iterdir()] == ["a.jpg"]
    assert [one.is_new for one in place_files(folders, tmp_path / "best")] == [False, True, True]


def test_without_hard_links_files_are_copied_too(folders, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "b.jpg").write_text("mine")
    assert [one.target.name for one in place_files(folders, tmp_path / "best")] == ["a.jpg", "b-2.jpg", "a-2.jpg"]
    assert (tmp_path / "best" / "b.jpg").read_text() == "mine"


def test_targets_that_cannot_be(folders, tmp_path):
    check_target(tmp_path / "deep" / "new", [tmp_path / "one"])
    assert not (tmp_path / "deep").exists()
    with pytest.raises(DataError, match=r"lies inside '.*one', from which images are picked"):
        check_target(tmp_path / "one" / "best", [tmp_path / "one"])
    with pytest.raises(DataError, match=r"is '.*one', from which"):
        check_target(tmp_path / "two" / ".." / "one", [tmp_path / "one"])
    with pytest.raises(DataError, match=r"a.jpg' is no folder"):
        check_target(folders[0])
    with pytest.raises(DataError, match=r"a.jpg' is no folder"):
        check_target(folders[0] / "best")
    with pytest.raises(DataError, match="nothing can be written"):
        check_target("/proc/best")
