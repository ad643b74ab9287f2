"""The trainer: a run that was stopped ends as one that was not; what is there is never taken for another training's."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import quasar_index as qi
from quasar_index.learning import precision as arithmetic
from quasar_index.learning.checkpoint import between_steps
from tests.unit.line_task import Line

ROOT = Path(__file__).parents[2]


def same(one, other):
    a, b = load_file(one), load_file(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def log_of(path):
    """Return the log without what depends on the clock."""
    with path.with_suffix(".csv").open() as file:
        return [(row["epoch"], row["step"], row["loss"], row["learning_rate"]) for row in csv.DictReader(file)]


def stop_at(number, error=KeyboardInterrupt):
    """Return a task whose n-th batch ends the run."""
    made = []

    def on_batch(epoch, step):
        made.append((epoch, step))
        if len(made) == number:
            raise error

    return Line(on_batch=on_batch)


@pytest.mark.parametrize("number", [2, 6, 9, 13])
def test_a_stopped_training_ends_as_a_calm_one(tmp_path, number):
    calm = qi.learning.train(Line(), tmp_path / "calm.safetensors")
    with pytest.raises(KeyboardInterrupt):
        qi.learning.train(stop_at(number), tmp_path / "stopped.safetensors", checkpoint_seconds=0)
    torch.rand(5)  # other random numbers of the process are not the training's
    starts = []
    report = qi.learning.train(Line(), tmp_path / "stopped.safetensors", on_start=starts.append)
    assert same(calm.path, report.path)
    assert log_of(calm.path) == log_of(report.path)
    assert (calm.losses, calm.held_out) == (report.losses, report.held_out)
    assert starts[0].steps_done == report.resumed_at == 12 - report.n_steps
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".csv", ".md", ".png"}


def test_the_random_state_of_the_process_stays(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    qi.learning.train(Line(), tmp_path)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == threads


def test_a_seed_decides_the_result(tmp_path):
    paths = [qi.learning.train(Line(seed=seed), tmp_path / f"{n}.safetensors").path for n, seed in enumerate((3, 3, 4))]
    assert same(*paths[:2])
    assert not same(*paths[1:])


def test_other_settings_are_refused_and_named(tmp_path):
    out = tmp_path / "line.safetensors"
    with pytest.raises(KeyboardInterrupt):
        qi.learning.train(stop_at(7), out, checkpoint_seconds=0)
    with pytest.raises(
        qi.DataError, match=r"of another training: rate 0\.1 \(now 0\.2\), seed 0 \(now 1\); .*--restart"
    ):
        qi.learning.train(Line(rate=0.2, seed=1), out)
    report = qi.learning.train(Line(rate=0.2, seed=1), out, restart=True)
    assert report.n_steps == 12
    with pytest.raises(qi.DataError, match=r"of another training: rate 0\.2 \(now 0\.1\)"):
        qi.learning.train(Line(seed=1), out)


def test_what_is_done_is_not_done_again(tmp_path):
    first = qi.learning.train(Line(), tmp_path)
    again = qi.learning.train(stop_at(1), tmp_path)
    assert again.n_steps == 0
    assert (again.losses, again.held_out, again.precision) == (first.losses, first.held_out, first.precision)
    assert qi.learning.train(Line(), tmp_path, restart=True).n_steps == 12


def test_a_damaged_checkpoint_and_a_foreign_file_are_one_line(tmp_path):
    out = tmp_path / "line.safetensors"
    for junk in (b"", b"PK\x03\x04 no archive", b"\x80\x02."):
        Path(f"{out}.checkpoint").write_bytes(junk)
        with pytest.raises(qi.DataError, match="is no checkpoint that this version reads; remove it"):
            qi.learning.train(Line(), out)
    torch.save({"format": 1, "settings": "{}"}, f"{out}.checkpoint")
    with pytest.raises(qi.DataError, match="of another training"):
        qi.learning.train(Line(), out)
    Path(f"{out}.checkpoint").unlink()
    out.write_bytes(b"something else")
    with pytest.raises(qi.DataError, match="is there, and no training of ours"):
        qi.learning.train(Line(), out)
    assert out.read_bytes() == b"something else"


def test_a_checkpoint_runs_no_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    torch.save({"format": 1, "x": Evil()}, tmp_path / "line.safetensors.checkpoint")
    with pytest.raises(qi.DataError, match="is no checkpoint"):
        qi.learning.train(Line(), tmp_path)
    assert not (tmp_path / "ran").exists()


def test_the_output_says_how_it_was_made(tmp_path):
    report = qi.learning.train(Line(), tmp_path)
    assert report.path == tmp_path / "line.safetensors"
    with safe_open(report.path, "pt") as file:
        noted = file.metadata()
    assert noted["quasar-index"] == "line"
    assert json.loads(noted["settings"]) == report.settings == {**Line().settings(), "precision": "auto"}
    card = report.path.with_suffix(".md").read_text()
    for n, (loss, aside) in enumerate(zip(report.losses, report.held_out, strict=True), start=1):
        assert f"| {n} | {loss:.4f} | {aside:.4f} |" in card
    rows = log_of(report.path)
    assert len(rows) == 12
    assert sum(float(row[2]) for row in rows[4:8]) / 4 == pytest.approx(report.losses[1])
    assert report.path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert report.path.stat().st_mode & 0o077 == report.path.with_suffix(".md").stat().st_mode & 0o077


def test_progress_counts_images(tmp_path):
    seen = []
    qi.learning.train(Line(), tmp_path, on_progress=seen.append)
    assert [one.images for one in seen] == list(range(4, 49, 4))
    assert {one.total for one in seen} == {48}
    assert [one.epoch for one in seen] == [1] * 3 + [2] * 4 + [3] * 5


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    class Broken(Line):
        def loss(self, network, batch):
            return super().loss(network, batch) * float("nan")

    with pytest.raises(qi.DataError, match=r"loss of epoch 1, step 1 is no number; give a lower --learning-rate"):
        qi.learning.train(Broken(), tmp_path, precision="fp32")


@pytest.mark.parametrize(
    ("output", "message"),
    [("a.pt", "neither a folder nor a .safetensors file"), ("no/a.safetensors", "does not exist")],
)
def test_outputs_that_cannot_be_written_are_refused_at_once(tmp_path, output, message):
    for check in (lambda path: qi.learning.check_output(path, "line"), lambda path: qi.learning.train(Line(), path)):
        with pytest.raises(qi.DataError, match=message):
            check(tmp_path / output)


def test_a_signal_waits_for_the_end_of_a_step():
    done = []

    def step(n_signals):
        with between_steps() as came:
            for _ in range(n_signals):
                signal.raise_signal(signal.SIGINT)
            done.append(came.is_set())

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            step(1)
        assert done == [True]
        with pytest.raises(KeyboardInterrupt):
            step(2)  # the second does not wait
        assert done == [True]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_bfloat16_is_taken_only_where_it_agrees(tmp_path, monkeypatch):
    device = torch.device("cpu")
    choose = arithmetic.choose_precision
    batch = Line().batch(0, 0)
    monkeypatch.setattr(arithmetic, "is_fast", lambda _: False)
    assert choose(Line(), batch, device, "auto")[0] == "fp32"
    assert choose(Line(), batch, device, "bf16") == ("bf16", "as asked")
    monkeypatch.setattr(arithmetic, "is_fast", lambda _: True)

    class Even(Line):  # no dropout: the same in both
        def network(self):
            return super().network()[::2]

    assert choose(Even(), batch, device, "auto")[0] == "bf16"

    class Fine(Even):  # the difference of two large numbers, which bfloat16 rounds to one
        def loss(self, network, batch):
            return (network(batch["x"] * 0 + 1000) - network(batch["x"] + 1000)).float().square().mean()

    chosen, why = choose(Fine(), batch, device, "auto")
    assert chosen == "fp32"
    assert "cosine of the gradients" in why


KILLED = """
import sys, quasar_index as qi
task = qi.learning.LowLevel(sys.argv[1], epochs=2, sets_per_step=2, similarity="gradient")
report = qi.learning.train(task, sys.argv[2], precision=sys.argv[3], checkpoint_seconds=0,
                           on_progress=lambda now: print(now.images, flush=True))
print("resumed", report.resumed_at)
"""


def start_training(sets, out, precision, tmp_path):
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(sets), str(out), precision],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "QUASAR_INDEX_CACHE": str(tmp_path / "cache")},
        cwd=ROOT,
    )


def test_a_killed_low_level_ends_bit_equal(tmp_path):
    from tests.unit.test_learning_low import write_sets

    sets = write_sets(tmp_path / "sets", n_sets=4, n_versions=2)
    calm, killed = tmp_path / "calm.safetensors", tmp_path / "killed.safetensors"
    assert "resumed 0" in start_training(sets, calm, "fp32", tmp_path).communicate()[0]
    with start_training(sets, killed, "fp32", tmp_path) as process:
        while not Path(f"{killed}.checkpoint").exists() and process.poll() is None:  # one step of four
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not killed.exists()
    said = start_training(sets, killed, "fp32", tmp_path).communicate()[0]
    assert any(f"resumed {n}" in said for n in (1, 2, 3))
    assert same(calm, killed)
    assert log_of(calm) == log_of(killed)
