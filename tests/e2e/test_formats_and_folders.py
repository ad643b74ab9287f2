"""Folders as cameras, phones and servers fill them: what is scored, what is left out, and how that is said."""

import csv
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from quasar_index.images import registered
from tests.raw_photographs import dng

from .conftest import Run
from .test_cli import one_error_line, rows_of

WITHOUT_EXTRAS = """
import sys
for name in ("pillow_heif", "pillow_jxl", "rawpy"):
    sys.modules[name] = None  # as if they were not installed
from quasar_index.cli.main import run
run()
"""


@pytest.fixture
def phone(photos: Path, tmp_path: Path) -> Path:
    """A folder of one photograph in many formats, with what else lies in such folders."""
    registered()
    folder = tmp_path / "phone"
    (folder / "@eaDir").mkdir(parents=True)
    image = Image.open(photos / "coffee_0.png").convert("RGB")
    image.save(folder / "a.jfif", "JPEG", quality=95)
    shutil.copy(folder / "a.jfif", folder / "b.JPE")
    shutil.copy(folder / "a.jfif", folder / "@eaDir" / "thumb.jpg")
    image.save(folder / "c.heic", quality=95)
    image.save(folder / "d.jxl", lossless=True)
    (folder / "e.DNG").write_bytes(dng(np.asarray(image), preview=np.zeros((8, 8, 3), np.uint8)))
    (folder / "f.HEIC").write_bytes((folder / "c.heic").read_bytes()[:24])
    for name in ("clip.mov", "edit.psd", "a.xmp"):
        (folder / name).touch()
    return folder


def names_of(rows: list[dict[str, object]]) -> list[str]:
    return [Path(str(row["path"])).name for row in rows]


def test_all_that_can_be_decoded_is_scored_and_the_rest_is_said_once(call: Run, phone: Path, photos: Path) -> None:
    done = call("score", phone, "-i", "rated")
    rows = rows_of(done.stdout)
    assert names_of(rows) == ["a.jfif", "b.JPE", "c.heic", "d.jxl", "e.DNG", "f.HEIC"]
    assert all(row["score"] for row in rows[:-1])
    (lossless,) = rows_of(call("score", photos / "coffee_0.png", "-i", "rated").stdout)
    assert rows[3]["score"] == pytest.approx(lossless["score"], abs=1e-5)
    assert rows[-1]["error"] == "its header cannot be read (a damaged HEIC picture); restore or remove it"
    said = [line for line in done.stderr.splitlines() if "left out" in line]
    assert said[0] == (
        "quasar-index: left out: 1 .psd (convert them to PNG or JPEG); 1 .mov; "
        "1 system folder (@eaDir; name it to read it)"
    )
    assert "2 other files left out; see the column error" in said[1]
    assert len(said) == 2
    assert done.returncode == 3


def test_without_the_extras_one_line_names_them(home: Path, phone: Path) -> None:
    def score(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_EXTRAS, "score", *map(str, arguments), "-i", str(home / "rated")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = score(phone)
    assert names_of(rows_of(done.stdout)) == ["a.jfif", "b.JPE"]
    assert "left out: 2 .heic, 1 .dng, 1 .jxl (pip install -e '.[formats,raw]'); 1 .psd" in done.stderr
    assert done.returncode == 0
    rows = rows_of(score(phone / "c.heic", phone / "d.jxl", phone / "e.DNG").stdout)
    for row, what in zip(rows, ("a HEIC picture", "a JPEG XL picture", "a raw photograph"), strict=True):
        assert str(row["error"]).startswith(f"{what}, ")
        assert "pip install -e '.[" in str(row["error"])


def test_exclude(call: Run, phone: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(phone / "a.jfif", tmp_path / "elsewhere" / "linked.jpg")
    (phone / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    done = call("score", phone, "-i", "rated", "--exclude", "*.heic", "--exclude", "[d-f].*")
    assert names_of(rows_of(done.stdout)) == ["a.jfif", "b.JPE", "linked.jpg"]
    assert "4 excluded" in done.stderr
    done = call("score", f"{phone}/**/*.j*", "-i", "rated", "--exclude", "link/", "--exclude", "*.jxl")
    assert names_of(rows_of(done.stdout)) == ["a.jfif"]
    done = call("pick", phone, "-i", "rated", "--best", 9, "--exclude", "?.[hdj]*")
    assert names_of(rows_of(done.stdout)) == ["linked.jpg"]
    assert "2 other files left out" in done.stderr
    for arguments in ((phone / "a.jfif",), ("--data", phone)):
        done = call("score", *arguments, "-i", "rated", "--exclude", "x")
        assert done.returncode == 2
        assert "--exclude has no effect" in done.stderr
    one_error_line(call("score", phone, "-i", "rated", "--exclude", "!x"), 3, "would include")
    done = call("score", "--data", f"{phone}?exclude=*.jxl,[ef].*", "-i", "rated")
    assert names_of(rows_of(done.stdout)) == ["a.jfif", "b.JPE", "c.heic", "linked.jpg"]
    assert "phone: left out: 1 .psd" in done.stderr


@pytest.fixture
def cut(photos: Path, tmp_path: Path) -> Path:
    """A folder of a whole image, and of one that ends early in two formats."""
    folder = tmp_path / "cut"
    folder.mkdir()
    Image.open(photos / "coffee_0.png").convert("RGB").save(folder / "whole.jpg", quality=95)
    for name, source in (("a.jpg", folder / "whole.jpg"), ("b.png", photos / "coffee_0.png")):
        (folder / name).write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    return folder


def test_truncated_images_are_errors_unless_they_are_tolerated(call: Run, cut: Path) -> None:
    strict = call("score", cut, "-i", "rated")
    assert strict.returncode == 3
    rows = rows_of(strict.stdout)
    assert "note" not in rows[0]
    assert all("score what is there with --tolerate-truncated" in str(row["error"]) for row in rows[:2])
    assert "1 scored, 2 failed (truncated); see" in strict.stderr
    done = call("score", cut, "-i", "rated", "--tolerate-truncated")
    assert done.returncode == 0
    rows = rows_of(done.stdout)
    assert list(rows[0])[-2:] == ["note", "error"]
    assert all(str(row["note"]).startswith("truncated: the lower ") and row["score"] for row in rows[:2])
    assert rows[2]["note"] is None
    assert "3 scored; 2 of them truncated, see the column note" in done.stderr
    again = rows_of(call("score", cut, "-i", "rated").stdout)  # whatever the cache holds by now
    assert [row["score"] for row in again[:2]] == [None, None]


def test_notes_in_every_format_and_in_the_table(call: Run, cut: Path, tmp_path: Path) -> None:
    for name in ("out.csv", "out.parquet"):
        assert call("score", cut, "-i", "rated", "--tolerate-truncated", "-o", name).returncode == 0
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.field("note").type == "string"
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["note"] for row in rows] == [note or "" for note in table["note"].to_pylist()]
    shown = call("score", cut, "-i", "rated", "--tolerate-truncated", "--format", "table").stdout
    assert "a.jpg  truncated: the lower" in shown
    best = rows_of(call("score", cut, "-i", "rated", "--tolerate-truncated", "--sort").stdout)
    assert {Path(str(row["path"])).name for row in best if row["note"]} == {"a.jpg", "b.png"}


def test_a_kept_column_called_note_is_the_users_own(call: Run, cut: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for path in sorted(cut.iterdir()):
            (tmp_path / "note.json").write_text(json.dumps({"note": f"of {path.name}"}))
            archive.add(path, f"{path.stem}{path.suffix}")
            archive.add(tmp_path / "note.json", f"{path.stem}.json")
    done = call("score", "--data", "s.tar", "-i", "rated", "--keep", "note", "--tolerate-truncated")
    rows = rows_of(done.stdout)
    assert [row["note_in_file"] for row in rows] == ["of a.jpg", "of b.png", "of whole.jpg"]
    assert [bool(row["note"]) for row in rows] == [True, True, False]
    done = call("score", "--data", "s.tar", "-i", "rated", "--keep", "note")
    assert [row["note"] for row in rows_of(done.stdout)] == ["of a.jpg", "of b.png", "of whole.jpg"]
    assert "of them truncated" not in done.stderr
    table = call("score", "--data", "s.tar", "-i", "rated", "--keep", "note", "--format", "table").stdout
    assert "of whole.jpg" in table


def test_synthesize_excludes(call: Run, phone: Path, tmp_path: Path) -> None:
    done = call("synthesize", phone, tmp_path / "made", "--types", "jpeg", "--levels", 1, "--exclude", "[b-f].*")
    assert done.returncode == 0, done.stderr
    assert "left out: 1 .psd" in done.stderr
    assert [path.name for path in (tmp_path / "made" / "ref_imgs").iterdir()] == ["a.png"]
