"""Marks of photographs: kept before anyone is told so, with the content of a file, wherever it is moved to."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import quasar_index as qi
from quasar_index.explorer.folders import Files
from quasar_index.explorer.marks import NAME, Mark, Marks

ROOT = Path(__file__).parents[2]
PICK, REJECT, NOTHING = Mark("pick"), Mark("reject"), Mark()


def opened(folder: Path, names: dict[str, str], *, known: bool = True) -> Marks:
    """Return the marks of files by their names and contents."""
    folder.mkdir(exist_ok=True)
    marks = Marks(Files([folder / name for name in names], [folder]))
    if known:
        marks.know(list(names.values()))
    return marks


def test_marks_are_there_for_the_next_one(tmp_path):
    names = {"a.jpg": "A" * 32, "b.jpg": "B" * 32, "c.jpg": "C" * 32}
    marks = opened(tmp_path, names)
    assert not (tmp_path / NAME).exists()
    assert marks.change([0, 1], mark="pick") == {0: PICK, 1: PICK}
    assert marks.change([1], stars=3) == {1: Mark("pick", 3)}
    assert marks.places == [str(tmp_path / NAME)]
    again = opened(tmp_path, names)
    assert again.read() == {0: PICK, 1: Mark("pick", 3)}
    assert again.undo() == {1: PICK}
    assert again.undo() == {0: NOTHING, 1: NOTHING}
    assert again.undo() == {}
    assert opened(tmp_path, names).read() == {}


def test_a_change_that_changes_nothing_is_not_one_to_take_back(tmp_path):
    marks = opened(tmp_path, {"a.jpg": "A" * 32})
    marks.change([0], mark="pick")
    assert marks.change([0], mark="pick") == {0: PICK}
    assert marks.undo() == {0: NOTHING}
    assert marks.undo() == {}


def test_a_file_keeps_its_marks_under_another_name(tmp_path):
    opened(tmp_path, {"a.jpg": "A" * 32, "b.jpg": "B" * 32}).change([0], mark="pick", stars=5)
    moved = opened(tmp_path, {"b.jpg": "B" * 32, "trip/z.jpg": "A" * 32})
    assert moved.read() == {1: Mark("pick", 5)}
    moved.change([1], mark="", stars=0)
    assert moved.read() == {}
    # Neither here nor for the next one the old name's mark comes back.
    assert opened(tmp_path, {"b.jpg": "B" * 32, "trip/z.jpg": "A" * 32}).read() == {}


def test_a_file_that_was_changed_has_no_marks(tmp_path):
    opened(tmp_path, {"a.jpg": "A" * 32}).change([0], mark="reject")
    changed = opened(tmp_path, {"a.jpg": "X" * 32})
    assert changed.read() == {}
    changed.change([0], mark="pick")
    # It was changed back.
    assert opened(tmp_path, {"a.jpg": "A" * 32}).read() == {0: REJECT}
    assert opened(tmp_path, {"a.jpg": "X" * 32}).read() == {0: PICK}


def test_two_names_that_were_swapped_keep_their_marks(tmp_path):
    opened(tmp_path, {"a.jpg": "A" * 32, "b.jpg": "B" * 32}).change([0], mark="pick")
    assert opened(tmp_path, {"a.jpg": "B" * 32, "b.jpg": "A" * 32}).read() == {1: PICK}


def test_copies_have_a_mark_each(tmp_path):
    names = {"a.jpg": "A" * 32, "copy.jpg": "A" * 32}
    opened(tmp_path, names).change([0], mark="pick")
    assert opened(tmp_path, names).read() == {0: PICK}


def test_files_that_cannot_be_read_are_told_apart_by_their_paths(tmp_path):
    names = {"a.jpg": "", "b.jpg": ""}
    opened(tmp_path, names).change([1], mark="reject")
    assert opened(tmp_path, names).read() == {1: REJECT}


def test_photographs_are_marked_when_they_are_known(tmp_path):
    names = {"a.jpg": "A" * 32, "b.jpg": "B" * 32}
    opened(tmp_path, names).change([0, 1], mark="pick")
    marks = opened(tmp_path, names, known=False)
    assert marks.read() == {}
    with pytest.raises(qi.DataError, match="wait until it is scored"):
        marks.change([0], mark="reject")
    marks.know(["A" * 32])
    assert marks.read() == {0: PICK}
    with pytest.raises(qi.DataError, match="no scored photograph 1"):
        marks.change([0, 1], mark="reject")
    assert marks.read() == {0: PICK}


def test_each_folder_keeps_its_own(tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    files = Files([folder / "a.jpg" for folder in folders], folders)
    marks = Marks(files)
    marks.know(["A" * 32, "B" * 32])
    marks.change([0], stars=1)
    marks.change([0, 1], mark="pick")
    assert marks.read() == {0: Mark("pick", 1), 1: PICK}
    assert opened(folders[1], {"a.jpg": "B" * 32}).read() == {0: PICK}
    assert marks.undo() == {0: Mark("", 1), 1: NOTHING}  # one press, one change, in both
    assert marks.undo() == {0: NOTHING}


def test_two_servers_see_each_other(tmp_path):
    names = {"a.jpg": "A" * 32, "b.jpg": "B" * 32}
    one, other = opened(tmp_path, names), opened(tmp_path, names)
    one.change([0], mark="pick")
    assert other.read() == {0: PICK}
    other.change([0], stars=2)
    assert one.read() == {0: Mark("pick", 2)}
    threads = [
        threading.Thread(target=lambda who=who, number=number: [who.change([number], stars=s) for s in (1, 2, 3, 4, 5)])
        for number, who in enumerate((one, other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert one.read() == other.read() == {0: Mark("pick", 5), 1: Mark("", 5)}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_marks_of_a_folder_that_cannot_be_written_are_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "card"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        check_elsewhere(folder, tmp_path / "data")
    finally:
        folder.chmod(0o755)


def test_marks_are_kept_elsewhere_where_the_folder_says_no(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("quasar_index.explorer.kept_file.folder_is_writable", lambda folder: False)
    (tmp_path / "card").mkdir()
    check_elsewhere(tmp_path / "card", tmp_path / "data")


def check_elsewhere(folder: Path, data: Path) -> None:
    marks = opened(folder, {"a.jpg": "A" * 32})
    marks.change([0], mark="pick")
    assert list(folder.iterdir()) == []
    assert Path(marks.places[0]).parent == data / "quasar-index" / "marks"
    assert opened(folder, {"a.jpg": "A" * 32}).read() == {0: PICK}


def test_files_of_strangers_are_refused(tmp_path):
    names = {"a.jpg": "A" * 32}
    opened(tmp_path / "victim", names).change([0], mark="pick")
    target = tmp_path / "other.sqlite"
    with sqlite3.connect(target) as connection:
        connection.execute("CREATE TABLE marks (content, path, mark, stars)")
    linked, odd, text, trap = (tmp_path / name for name in ("linked", "odd", "text", "trap"))
    for folder in (linked, odd, text, trap):
        folder.mkdir()
    (linked / NAME).symlink_to(tmp_path / "victim" / NAME)
    (odd / NAME).write_bytes(target.read_bytes())
    (text / NAME).write_text("these are no marks, but a text that is long enough to look at" * 20)
    opened(trap, names).change([0], mark="pick")
    with sqlite3.connect(trap / NAME) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON marks BEGIN DELETE FROM changes; END")
    for folder in (linked, odd, text, trap):
        kept = (folder / NAME).read_bytes()
        marks = opened(folder, names)
        for ask in (marks.read, lambda marks=marks: marks.change([0], mark="reject"), marks.undo):
            with pytest.raises(qi.DataError, match=r"marks cannot be kept in .*; move it away"):
                ask()
        assert (folder / NAME).read_bytes() == kept


def test_a_mark_that_cannot_be_kept_is_an_error_and_not_shown(tmp_path, monkeypatch):
    marks = opened(tmp_path, {"a.jpg": "A" * 32})
    marks.change([0], mark="pick")
    with sqlite3.connect(tmp_path / NAME, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        marks._stores[0]._connection.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(qi.DataError, match="marks cannot be kept"):
            marks.change([0], mark="reject")
        other.execute("ROLLBACK")
    assert marks.read() == {0: PICK}


def test_what_was_answered_survives_a_kill(tmp_path):
    code = f"""
import os, sys
from tests.unit.test_explorer_marks import opened
from pathlib import Path
marks = opened(Path({str(tmp_path)!r}), {{f"{{n}}.jpg": f"{{n:032}}" for n in range(50)}})
for number in range(50):
    marks.change([number], mark="pick")
    print(number, flush=True)
    if number == 30:
        os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == -9, done.stderr
    answered = [int(line) for line in done.stdout.split()]
    assert answered == list(range(31))
    found = opened(tmp_path, {f"{n}.jpg": f"{n:032}" for n in range(50)}).read()
    assert set(found) == set(answered)
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME]
