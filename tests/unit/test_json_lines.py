"""Lines of results survive a writer that is killed in the middle of one, whoever keeps them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from quasar_index.cli.resuming import kept_rows

from quasar_index.json_lines import append_line, read_lines
from quasar_index.reproduction.measure import Store
from quasar_index.reproduction.report import Measurement
from quasar_index.sweep.state import PointResult, PointStore

PATHS = ["a.png", "b.png", "c.png"]


def point(name):
    return PointResult(len(name) / 10, 4.0, None, name)


def measurement(name):
    return Measurement(len(name) / 10, None, None, None, 10, 20)


def row(path):
    return {"path": path, "score": 0.25, "error": ""}


def kept(folder):
    return kept_rows(str(folder / "out.csv"), PATHS, lambda row: None, "a run")


def put_points(folder, *names):
    store = PointStore(folder / "x.points.jsonl")
    for name in names:
        store.put(name, "a point", point(name))


def put_results(folder, *names):
    store = Store(folder / "results.jsonl")
    for name in names:
        store.put(name, measurement(name))


def killed_while(write, folder, file, *names):
    """Write in a process that the system kills in the middle of the last of these lines."""
    code = f"""
import resource, signal
from pathlib import Path
from tests.unit.test_json_lines import *
folder = Path({str(folder)!r})
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # of a file that grows beyond the limit
def last():
    size = (folder / {file!r}).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
{write}
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert done.returncode == -signal.SIGXFSZ, done.stderr.decode()
    assert not (folder / file).read_bytes().endswith(b"\n")


only_posix = pytest.mark.skipif(os.name != "posix", reason="limits of files and their signal are POSIX")


@only_posix
def test_points_of_a_sweep(tmp_path):
    killed_while("put_points(folder, 'one'); last(); put_points(folder, 'second')", tmp_path, "x.points.jsonl")
    put_points(tmp_path, "number 3", "number four")
    store = PointStore(tmp_path / "x.points.jsonl")
    for name in ("one", "number 3", "number four"):
        assert store.get(name) == point(name)
    assert store.get("second") is None


@only_posix
def test_results_of_a_reproduction(tmp_path):
    killed_while("put_results(folder, 'one'); last(); put_results(folder, 'second')", tmp_path, "results.jsonl")
    put_results(tmp_path, "number 3", "number four")
    store = Store(tmp_path / "results.jsonl")
    for name in ("one", "number 3", "number four"):
        assert store.get(name) == measurement(name)
    assert store.get("second") is None


@only_posix
def test_rows_of_scores(tmp_path):
    write = """
with kept(folder) as found:
    for n, _ in enumerate(found.passing(map(row, PATHS)), start=1):
        if n == 1:
            last()
"""
    killed_while(write, tmp_path, ".out.csv.partial.jsonl")
    with suppress(KeyboardInterrupt), kept(tmp_path) as found:
        assert found.n_kept == 1
        rows = found.passing(map(row, PATHS[1:]))
        assert [next(rows), next(rows)] == [row(path) for path in PATHS[:2]]
        raise KeyboardInterrupt
    with kept(tmp_path) as found:
        assert found.n_kept == 2
        assert list(found.passing([row(PATHS[2])])) == [row(path) for path in PATHS]


@pytest.mark.parametrize("rest", [b'{"n": 2', b"\0\0\0", b'"\xff', b"[1, 2]\n7\n\n"])
def test_what_is_no_object_is_passed_over(tmp_path, rest):
    path = tmp_path / "lines.jsonl"
    assert list(read_lines(path)) == []
    path.write_bytes(b'{"n": 1}\n' + rest)
    with path.open("ab+") as file:
        append_line(file, {"n": 3})
        append_line(file, {"n": 4})
    assert [record["n"] for record, _ in read_lines(path)] == [1, 3, 4]
    data = path.read_bytes()
    for record, end in read_lines(path):
        assert data[:end].endswith(b'{"n": %d}\n' % record["n"])


def test_a_line_that_only_misses_its_end_counts(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"n": 1}')
    with path.open("ab+") as file:
        append_line(file, {"n": 2})
    assert [record["n"] for record, _ in read_lines(path)] == [1, 2]


def test_a_line_is_on_the_disk_when_that_is_asked_for(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr("os.fsync", lambda file: synced.append(os.fstat(file).st_size))
    with (tmp_path / "lines.jsonl").open("ab+") as file:
        append_line(file, {"n": 1})
        append_line(file, {"n": 2}, sync=True)
    assert synced == [18]
