"""Short runs of `make torture`: crashes, full disks, readers beside a writer."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(module, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"tests.torture.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=600,
    )


def test_stopped_commands_lose_and_double_nothing():
    done = run("crashes", "--kills", 20, "--faults", 8, "--seed", 7, "--light")
    assert done.returncode == 0, done.stderr + done.stdout
    for line, least in zip(done.stdout.splitlines(), (20, 8), strict=False):
        assert int(re.search(r": (\d+) in", line)[1]) >= least
        assert line.endswith(", 0 violations")


def test_every_read_beside_a_writer_is_one_version():
    done = run("concurrency", "--seconds", 5, "--readers", 2, "--seed", 7)
    assert done.returncode == 0, done.stderr + done.stdout
    assert int(re.search(r"concurrency: ([\d,]+) reads", done.stdout)[1].replace(",", "")) > 0
    assert int(re.search(r"writer of ([\d,]+) versions", done.stdout)[1]) > 2
