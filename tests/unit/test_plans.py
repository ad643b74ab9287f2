"""Plans: pieces that count, rows that are missing, what is done again, and what a worker of Ray does by itself."""

import json
import os
import pickle
import shutil
import socket
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from quasar_index.errors import AnchorIndexError, DataError
from quasar_index.plans import LocalExecutor
from quasar_index.plans.embedding import EmbedJob, read_embedded
from quasar_index.plans.inputs import Inputs, digest_of
from quasar_index.plans.job import Packed
from quasar_index.plans.pieces import Piece, chain, drop_others, missing, read_pieces, write_piece
from quasar_index.plans.plan import Plan, read_plan
from quasar_index.plans.ray_cluster import found_address
from quasar_index.plans.ray_executor import RayExecutor, worker_size
from quasar_index.plans.ray_worker import Hello, Worker, own_version
from quasar_index.plans.shard_task import MOST_ASIDE, ShardTask


@dataclass
class Upper:
    """A job without images: each path in capital letters; those in `bad` fail so many times."""

    bad: dict[str, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    ending: str = ".txt"
    runtime: str = "caps"
    device: str = "cpu"
    n_threads: int = 0

    def open(self, n_threads):
        self.n_threads = n_threads

    def choose_runtime(self, rows):
        return self.runtime

    def fix_runtime(self, runtime):
        self.runtime = runtime

    def run(self, rows):
        for _, path in rows:
            self.done.append(path)
            self.bad[path] = self.bad.get(path, 0) - 1
            yield path, "away" if self.bad[path] >= 0 else ""

    def error_of(self, result):
        return result[1]

    def failed(self, row, error):
        return row[1], error

    def pack(self, start, results):
        failures = [(start + n, path, error) for n, (path, error) in enumerate(results) if error]
        return Packed("".join(f"{path.upper()}\n" for path, _ in results).encode(), tuple(failures), {"n": 1})


class StoppedError(Exception):
    pass


@pytest.fixture
def images(tmp_path):
    """Return ten files, a to j."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in "abcdefghij":
        (folder / name).write_text(name)
    return [str(folder / name) for name in "abcdefghij"]


@pytest.fixture
def plan(tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()
    made = Plan(folder, {"what": "upper"})
    made.begin()
    return made


def texts(pieces):
    """Return the rows of all pieces, by the last letter of each."""
    lines = [line for piece in pieces.pieces for line in (pieces.folder / piece.file).read_text().splitlines()]
    return "".join(line[-1] for line in lines)


def run(plan, images, job=None, shard_rows=3, **more):
    return plan.run(job or Upper(), Inputs([images]), LocalExecutor(), shard_rows=shard_rows, **more)


def piece(start, end):
    return Piece(start, end, f"{start}-{end}", 1, "", "")


def test_a_plan_does_each_row_once_and_says_how_far_it_is(plan, images):
    told = []
    job = Upper()
    pieces = run(plan, images, job, on_progress=lambda *done: told.append(done))
    assert texts(pieces) == "ABCDEFGHIJ"
    assert [list(one.rows) for one in pieces.pieces] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]
    assert told == [(n, 10) for n in range(1, 11)]
    assert read_plan(plan.folder)["runtime"] == "caps"
    again = Upper()
    assert texts(run(plan, images, again)) == "ABCDEFGHIJ"
    assert again.done == []


@pytest.mark.parametrize("shard_rows", [1, 2, 5, 100])
def test_an_interrupted_plan_goes_on_also_with_other_shards(plan, images, shard_rows):
    def stop(done, _):
        if done == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        run(plan, images, on_progress=stop)
    assert [(one.start, one.end) for one in read_pieces(plan.pieces_folder)] == [(0, 3), (3, 5)]
    job = Upper()
    pieces = run(plan, images, job, shard_rows=shard_rows)
    assert texts(pieces) == "ABCDEFGHIJ"
    assert "".join(path[-1] for path in job.done) == "fghij"
    assert len(pieces.earlier) == 2


def test_the_runtime_of_the_first_run_stays(plan, images):
    def stop(done, _):
        if done == 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        run(plan, images, on_progress=stop)
    other = Upper(runtime="italics")
    run(plan, images, other)
    assert other.runtime == "caps"
    assert plan.runtime == "caps"


def test_what_is_torn_or_missing_or_of_another_file_is_done_again(plan, images):
    first = run(plan, images)
    folder = plan.pieces_folder
    (folder / first.pieces[0].file).write_bytes(b"A")  # torn
    sidecars = sorted(folder.glob("*.json"))
    sidecars[1].write_text(sidecars[1].read_text()[:30])  # torn
    os.utime(images[7], ns=(1, 1))  # changed
    (folder / "000000000003-000000000006-late.txt").write_text("what a worker that was killed left")
    job = Upper()
    pieces = run(plan, images, job)
    assert "".join(path[-1] for path in job.done) == "abcdefghi"
    assert texts(pieces) == "ABCDEFGHIJ"
    assert len(list(folder.iterdir())) == 2 * len(pieces.pieces)
    damaged = json.loads(sidecars[0].read_text()) | {"file": "../plan.json"}
    sidecars[0].write_text(json.dumps(damaged))
    job = Upper()
    assert texts(run(plan, images, job)) == "ABCDEFGHIJ"
    assert "".join(path[-1] for path in job.done) == "abc"


def test_failed_rows_are_tried_once_more(plan, images):
    job = Upper(bad={images[1]: 1, images[4]: 2})
    pieces = run(plan, images, job)
    assert [failure for one in pieces.pieces for failure in one.failures] == [(4, images[4], "away")]
    assert sorted(path[-1] for path in job.done) == sorted("abcdefghij" + "be")


def test_the_folder_of_another_request_is_not_taken_up(plan, images):
    run(plan, images)
    assert Plan(plan.folder, {"what": "upper"}).is_begun()
    assert not Plan(plan.folder, {"what": "lower"}).is_begun()
    (plan.folder / "plan.json").write_text('{"format": 1')
    assert not plan.is_begun()


def test_missing_rows_are_cut_at_multiples_of_a_shard():
    held = [piece(3, 5), piece(8, 9)]
    assert missing(held, 12, 4) == [range(3), range(5, 8), range(9, 12)]
    assert missing(held, 12, 2) == [range(2), range(2, 3), range(5, 6), range(6, 8), range(9, 10), range(10, 12)]
    assert missing([], 0, 4) == []
    assert missing([piece(0, 12)], 12, 4) == []


def test_a_chain_holds_no_row_twice():
    found = [piece(0, 4), piece(0, 2), piece(2, 6), piece(4, 8), piece(7, 9)]
    assert [(one.start, one.end) for one in chain(found)] == [(0, 4), (4, 8)]


def test_the_first_piece_of_some_rows_stays_unless_it_is_torn(tmp_path):
    def write(text):
        return write_piece(tmp_path, range(2, 5), Packed(text), "state", ".txt")

    first = write(b"one")
    assert write(b"two") == first
    assert [path.name for path in tmp_path.glob("*.txt")] == [first.file]
    (tmp_path / first.file).write_bytes(b"o")
    third = write(b"three")
    assert read_pieces(tmp_path) == [third]
    drop_others(tmp_path, [third])
    assert len(list(tmp_path.iterdir())) == 2


def test_a_row_that_nobody_did_is_said(plan, images):
    class Idle:
        def run(self, *_, **__):
            """Do nothing."""

    with pytest.raises(AnchorIndexError, match=r"10 rows of the plan .* were not done; run the same command again"):
        plan.run(Upper(), Inputs([images]), Idle())


def test_states_tell_changed_files_and_leave_out_urls(images):
    inputs = Inputs([images[:2], ["https://example.org/a.png"]], (None, None))
    rows = list(inputs.rows(range(3)))
    assert [row[0] for row in rows] == [0, 0, 1]
    before = inputs.states(rows)
    assert before[2].tolist() == [-1, -1]
    os.utime(images[1], ns=(5, 5))
    assert digest_of(inputs.states(rows)) != digest_of(before)
    assert digest_of(inputs.states(rows[:1])) == digest_of(before[:1])


def test_embeddings_come_back_as_they_were_made(plan, tiny_encoder, write_images):
    paths = write_images(7)
    paths = [*paths, paths[2]]
    job = EmbedJob(tiny_encoder(), [None], 4, 1, 10**6)
    pieces = plan.run(job, Inputs([paths]), LocalExecutor(), shard_rows=3)
    batches = [batch for _, batch in read_embedded(pieces)]
    ids = [key for batch in batches for key in batch["id"].to_pylist()]
    assert ids[2] == ids[7]
    assert len(set(ids)) == 7
    first = np.stack(batches[0]["embedding"].to_pylist())
    expected = [image.embedding for image in job.run([(0, path) for path in paths[:3]])]
    np.testing.assert_allclose(first, expected, rtol=1e-5)


@pytest.fixture
def worker(plan, images, monkeypatch):
    """Return a worker of Ray without Ray, in the folder of the plan."""
    monkeypatch.setattr("quasar_index.plans.ray_worker._limit_threads", lambda n: None)
    monkeypatch.chdir(plan.folder)
    plan.pieces_folder.mkdir()
    (plan.pieces_folder / ".probe").touch()
    payload = pickle.dumps((Upper(bad={images[2]: 1}), Inputs((), (None,))))
    return Worker(payload, str(plan.pieces_folder), str(plan.folder), 2)


def test_a_worker_writes_pieces_and_one_that_comes_late_leaves_those_that_are_there(worker, plan, images):
    assert worker.hello(own_version(), ".probe").error == ""
    rows = [(0, path) for path in images[:3]]
    *counts, made = worker.do(0, rows, "caps")
    assert sum(counts) == 3
    assert made.failures == ()
    assert list(worker.do(0, rows, "caps"))[-1] == made
    assert len(list(plan.pieces_folder.glob("*.txt"))) == 1
    assert worker.do_row(rows[2], "caps") == (images[2], "")
    shutil.rmtree(plan.pieces_folder)
    assert list(worker.do(0, rows, "caps")) == []  # the plan has ended
    assert not plan.pieces_folder.exists()


def test_a_worker_says_what_stands_against_it(worker, plan):
    found = worker.hello("0.0", ".probe")
    assert found == Hello(found.host, "", own_version())
    assert not worker.hello(own_version(), ".another").sees_folder
    worker._payload = b"no pickle"
    assert "UnpicklingError" in worker.hello(own_version(), ".probe").error


def test_a_shard_whose_worker_died_goes_row_by_row():
    task = ShardTask(range(10, 14), rows=[(0, name) for name in "abcd"], is_careful=True)
    order, deadly = [], {1}
    while (place := task.next_row()) is not None:
        order.append(place)
        if place not in deadly:
            task.results[place] = place
        elif task.note_death(place, "node"):
            task.results[place] = "dead"
    assert order == [0, 1, 2, 3, 1]
    assert task.in_order() == [0, "dead", 2, 3]
    many = replace(task, rows=[(0, "x")] * 100, aside={})
    with pytest.raises(DataError, match="workers die again and again"):
        [many.note_death(place, "node") for place in range(MOST_ASIDE + 1)]


@pytest.mark.parametrize(
    ("nodes", "asked", "found"),
    [
        ([(2, 0)], ("cpu", None, None, None), (1, 0, 2)),
        ([(4, 0)], ("cpu", None, None, None), (1, 0, 3)),
        ([(16, 0)], ("cpu", None, None, None), (3, 0, 5)),
        ([(16, 0)] * 3, ("cpu", 3, None, None), (8, 0, 3)),
        ([(16, 0)] * 3, ("auto", 15, None, None), (3, 0, 15)),
        ([(2, 0)], ("cpu", 4, None, None), (1, 0, 4)),
        ([(4, 0)], ("cpu", None, 4, None), (4, 0, 1)),
        ([(16, 2), (8, 0)], ("auto", None, None, None), (7, 1, 2)),
        ([(16, 2), (8, 0)], ("cpu", None, None, None), (3, 0, 7)),
        ([(16, 2)], ("cuda", None, None, 0.5), (3, 0.5, 4)),
    ],
)
def test_workers_divide_a_cluster(nodes, asked, found):
    size = worker_size([{"CPU": cpu, "GPU": gpu} for cpu, gpu in nodes], *asked)
    assert (size.cpus, size.gpus, size.n_workers) == found


@pytest.mark.parametrize("asked", [("cuda", None, None, None), ("cpu", None, 5, None)])
def test_a_cluster_without_room_is_said(asked):
    with pytest.raises(DataError, match=r"no node of the cluster has .* for a worker \(most CPUs: 4, GPUs of all: 0\)"):
        worker_size([{"CPU": 4}], *asked)


def test_the_cluster_of_this_machine_is_found_where_it_still_runs(tmp_path, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert found_address() is None
    noted = tmp_path / "ray" / "ray_current_cluster"
    noted.parent.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        noted.write_text(address)
        assert found_address() == address
    assert found_address() is None  # it has ended
    noted.write_text("no address")
    assert found_address() is None
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert found_address() == "10.0.0.1:6379"
    monkeypatch.setenv("RAY_ADDRESS", "local")
    assert found_address() is None


@pytest.mark.parametrize("wrong", [{"n_workers": 0}, {"cpus_per_worker": 0}, {"gpus_per_worker": -1}])
def test_an_executor_refuses_no_workers(wrong):
    with pytest.raises(DataError, match="give"):
        RayExecutor(**wrong)


def test_where_nothing_is_asked_for_the_runtime_is_chosen_by_the_first_rows(tiny_encoder, write_images):
    job = EmbedJob(tiny_encoder(), [None], 4, 1, 10**6)
    assert job.choose_runtime([]) == "fp32"
    assert job.device == "cpu"
    free = tiny_encoder()
    free.runtime = "auto"
    free._note_runtime()
    job = EmbedJob(free, [None], 4, 1, 10**6)
    assert job.runtime == ""
    assert job.choose_runtime([(0, path) for path in write_images(20)]) == "fp32"
    assert sum(batch[0] for batch in free.batches) < 40
