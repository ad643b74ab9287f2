"""Build by workers of a Ray cluster of three nodes while workers, nodes and drivers die; compare with a calm build.

    python -m tests.torture.cluster --rounds 40 --images 96 --seed 0

In each round, of a kind of its own, something dies at a random moment, or several things do:

- a worker before it writes a piece, between its file and its sidecar, or after it;
- a node, with all workers on it;
- the driver, after a random number of pieces, or in the commit: before the table is whole, before the folder is renamed
  into place, after it; then some sidecars and files are torn, and the same command goes on;
- a worker of a dead driver writes its piece while the next driver works, and after that one has ended;
- two drivers are started at once, of which one gives way;
- an image kills each worker that reads it: it fails after three deaths, and nothing else does.

Each round must end with what a build in one process makes: ids, labels, sides, scores and embeddings, nothing lost,
nothing twice, and `verify` finds nothing. Prints counts, and exits with 1 on any violation.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import quasar_index as qi
from quasar_index.plans.embedding import EmbedJob
from quasar_index.plans.inputs import Inputs
from quasar_index.plans.ray_worker import Worker, own_version
from tests import clusters
from tests.clusters import SHARD, Killer

ROOT = Path(__file__).parents[2]
LIMIT = 300.0
"""Seconds in which a round must have ended."""


class ViolationError(Exception):
    """A promise that was not kept."""


class Rounds:
    """What all rounds share."""

    def __init__(self, cluster: Any, folder: Path, n_images: int, seed: int) -> None:
        self.cluster, self.folder, self.n = cluster, folder, n_images
        self.rng = np.random.default_rng(seed)
        self.counts: Counter[str] = Counter()
        self.labels = clusters.make_images(folder / "images", n_images)
        self.poison = int(self.rng.integers(30, n_images))
        self.poisoned = clusters.make_images(folder / "poisoned", n_images, poison=self.poison)
        qi.build_index(folder / "calm", [qi.load_source(str(self.labels))], Killer(), batch_size=4)
        self.calm = clusters.state(folder / "calm")

    def kinds(self) -> dict[str, Callable[[Path], None]]:
        """Return what may happen, by name."""
        return {
            "worker": self.worker, "node": self.node, "driver": self.driver, "commit": self.commit,
            "late worker": self.late, "two drivers": self.two, "poison": self.poisonous,
        }  # fmt: skip

    def build(self, name: Path, encoder: Killer | None = None, labels: Path | None = None, **more: Any) -> Any:
        """Build in this process."""
        return clusters.build(self.cluster.address, name, labels or self.labels, encoder or Killer(), **more)

    def drive(self, name: Path, *arguments: Any) -> subprocess.Popen[str]:
        """Start a driver in a process of its own."""
        command = [sys.executable, "-m", "tests.clusters", self.cluster.address, str(name), str(self.labels)]
        return subprocess.Popen(
            [*command, *map(str, arguments)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def dies(self, name: Path, *arguments: Any) -> None:
        """Run a driver that is to die."""
        run = self.drive(name, *arguments)
        code = run.wait(LIMIT)
        expect(code == -signal.SIGKILL, f"the driver ended with {code}: {(run.stderr.read() if run.stderr else '')}")
        self.counts["drivers killed"] += 1

    def check(self, name: Path) -> None:
        """Compare an index with the calm one."""
        wrong = clusters.differences(clusters.state(name), self.calm)
        expect(not wrong, f"not what a calm build makes: {wrong}")
        expect(not list(name.parent.glob(f".{name.name}*")), "something is left beside the index")
        expect(not (name / "pieces").exists(), "the pieces are left in the index")
        self.counts["rows compared"] += len(self.calm["ids"])

    def worker(self, name: Path) -> None:
        """Some workers die at a write."""
        flags = name.with_suffix(".flags")
        flags.mkdir()
        n = int(self.rng.integers(1, 4))
        for number in range(n):
            (flags / str(number)).touch()
        kill = str(self.rng.choice(["before", "between", "after"]))
        self.build(name, Killer(kill, str(flags)))
        died = n - len(list(flags.iterdir()))
        expect(died > 0, "no worker has died")
        self.counts[f"workers killed {kill} the write"] += died
        self.check(name)

    def node(self, name: Path) -> None:
        """A node leaves."""
        node, after = clusters.add_node(self.cluster), int(self.rng.integers(1, self.n // SHARD - 3))

        def remove() -> None:
            wait_for(lambda: n_pieces(name) >= after or name.exists())
            self.cluster.remove_node(node, allow_graceful=bool(self.rng.integers(2)))

        with beside(remove):
            report = self.build(name, Killer(delay=0.15), n_workers=5)
        self.counts["nodes removed"] += 1
        expect([Path(path).name for path, _ in report.failures] == ["0005.png"], f"rows failed: {report.failures}")
        self.check(name)

    def driver(self, name: Path) -> None:
        """The driver dies, some pieces are torn, and the same command goes on; sometimes that dies as well."""
        for _ in range(int(self.rng.integers(1, 3))):
            left = self.n // SHARD - n_pieces(name)
            if left > 1:
                self.dies(name, "--die-at", int(self.rng.integers(1, left)))
            self.tear(name)
        self.build(name)
        self.check(name)

    def tear(self, name: Path) -> None:
        """Harm some of the pieces that a driver has left."""
        pieces = pieces_of(name)
        for sidecar in sorted(pieces.glob("*.json")):
            harm = int(self.rng.integers(6))
            file = pieces / json.loads(sidecar.read_text())["file"]
            if harm == 0:
                sidecar.write_bytes(sidecar.read_bytes()[: int(self.rng.integers(200))])
            elif harm == 1:
                file.write_bytes(file.read_bytes()[: int(self.rng.integers(file.stat().st_size))])
            elif harm == 2:
                sidecar.unlink()
            self.counts["torn sidecars"] += harm == 0
            self.counts["torn files"] += harm == 1
            self.counts["lost sidecars"] += harm == 2

    def commit(self, name: Path) -> None:
        """The driver dies in the commit."""
        where = str(self.rng.choice(["finish", "rename", "renamed"]))
        self.dies(name, "--die-in", where)
        report = self.build(name)
        expect(report.n_embedded == 0, f"{report.n_embedded} images were embedded twice")
        self.counts[f"commits repeated ({where})"] += 1
        self.check(name)

    def late(self, name: Path) -> None:
        """A worker of a dead driver writes while the next one works, and once more when that has ended."""
        self.dies(name, "--die-at", 2)
        reads = [None]
        source = qi.load_source(str(self.labels))
        inputs = Inputs([source.records["path"]], reads)
        payload = pickle.dumps((EmbedJob(Killer(), reads, 4, 1, 10**8), Inputs((), reads)))
        folder = pieces_of(name)
        (folder / ".probe").touch()
        worker = Worker(payload, str(folder), str(Path.cwd()), 1)
        hello = worker.hello(own_version(), ".probe")
        expect(not hello.error and hello.sees_folder, f"the late worker: {hello}")
        starts = [int(start) * SHARD for start in self.rng.choice(self.n // SHARD, 4, replace=False)]

        def write(start: int) -> None:
            for _ in worker.do(start, list(inputs.rows(range(start, start + SHARD))), ""):
                pass

        def come_late() -> None:
            for start in starts[:3]:
                write(start)
                time.sleep(float(self.rng.uniform(0, 1)))

        with beside(come_late):
            self.build(name)
        write(starts[3])
        self.counts["late pieces"] += 4
        self.check(name)

    def two(self, name: Path) -> None:
        """Of two drivers, one gives way in one line."""
        first = self.drive(name, "--delay", 0.2)
        wait_for(lambda: n_pieces(name) > 0 or first.poll() is not None)
        try:
            self.build(name)
        except qi.AnchorIndexError as error:
            expect("another process is changing" in str(error), str(error))
        else:
            expect(first.poll() is not None, "two drivers at once")
        code = first.wait(LIMIT)
        expect(code == 0, f"the first driver ended with {code}: {first.stderr.read() if first.stderr else ''}")
        self.counts["second drivers"] += 1
        self.check(name)

    def poisonous(self, name: Path) -> None:
        """An image kills its workers."""
        deaths = name.with_suffix(".deaths")
        deaths.mkdir()
        report = self.build(name, Killer(flags=str(deaths)), self.poisoned)
        failed = {Path(path).name: error for path, error in report.failures if "0005" not in path}
        expect(failed == {f"{self.poison:04d}.png": "its worker died three times"}, f"failures: {report.failures}")
        n = len(list(deaths.iterdir()))
        expect(n == 3, f"{n} deaths")
        ids = clusters.state(name)["ids"]
        expect(len(ids) == len(set(ids)) == len(self.calm["ids"]) - 1, f"{len(ids)} rows")
        self.counts["deaths of poison"] += n


def expect(condition: bool, text: str) -> None:
    if not condition:
        raise ViolationError(text)


def pieces_of(name: Path) -> Path:
    return name.with_name(f".{name.name}.building") / "pieces"


def n_pieces(name: Path) -> int:
    return len(list(pieces_of(name).glob("*.json")))


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT
    while not done():
        expect(time.monotonic() < until, f"waited {LIMIT:g} s in vain")
        time.sleep(0.05)


@contextmanager
def beside(work: Callable[[], None]) -> Any:
    """Do something in a thread meanwhile."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def main() -> int:
    """Run, print the counts, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=35)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one kind of round")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    began, violations = time.monotonic(), 0
    with clusters.cluster() as cluster, tempfile.TemporaryDirectory(prefix="quasar-cluster-") as place:
        rounds = Rounds(cluster, Path(place), given.images, given.seed)
        kinds = rounds.kinds()
        names = [given.only] if given.only else list(kinds)
        for number in range(given.rounds):
            kind = names[number % len(names)]
            name = Path(place) / f"round-{number}"
            try:
                kinds[kind](name)
            except Exception as error:
                violations += 1
                print(f"  round {number} ({kind}): {error}", file=sys.stderr, flush=True)
                if not isinstance(error, ViolationError):
                    traceback.print_exc()
            rounds.counts[f"rounds of {kind}"] += 1
            for left in (*Path(place).glob(f"{name.name}*"), *Path(place).glob(f".{name.name}*")):
                shutil.rmtree(left, ignore_errors=True)
        counts = ", ".join(f"{n} {what}" for what, n in sorted(rounds.counts.items()) if n)
    print(
        f"cluster: {given.rounds} rounds of {given.images} images, {time.monotonic() - began:.0f} s "
        f"(seed {given.seed}): "
        f"{counts}; {violations} violations",
        flush=True,
    )
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main())
