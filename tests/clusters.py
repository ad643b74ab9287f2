"""Real Ray clusters of several nodes on this machine, an encoder that kills its worker, and a driver to be killed.

python -m tests.clusters ADDRESS NAME CSV [--delay S] [--die-at PIECES] [--die-in finish|rename|renamed]
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import quasar_index as qi
from quasar_index.encoders.spec import EncoderSpec, InputRule
from quasar_index.index.failures import listed_failures
from quasar_index.plans import pieces, ray_worker

SHARD, POISON = 8, 201
"""Rows of a shard; and the red of the first pixel of an image that no worker survives."""


class Killer:
    """Means and deviations of the colours in 4 x 4 cells; its worker dies where it is told to.

    Args:
        kill: "before" a piece is written, "between" its file and its sidecar, or "after" it; "" for nowhere.
        flags: A folder: each death costs one of its files.
        delay: Seconds that a batch takes.
    """

    def __init__(self, kill: str = "", flags: str = "", delay: float = 0.0) -> None:
        self._rule = InputRule("none", min_side=4)
        self.spec = EncoderSpec("cells", 96, "cells", self._rule)
        self.kill, self.flags, self.delay, self.home = kill, flags, delay, os.getpid()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        if os.getpid() != self.home and self.kill:
            self._set_trap()

    def _set_trap(self) -> None:
        write, put = ray_worker.write_piece, pieces._put_first

        def write_piece(*given: Any) -> Any:
            if self.kill == "before":
                self.die()
            piece = write(*given)
            if self.kill == "after":
                self.die()
            return piece

        def put_first(*given: Any) -> bool:
            self.die()
            return put(*given)

        ray_worker.write_piece = write_piece
        if self.kill == "between":
            pieces._put_first = put_first

    def die(self) -> None:
        """Die, if there is a flag left."""
        for flag in Path(self.flags).iterdir():
            with contextlib.suppress(FileNotFoundError):
                flag.unlink()
                os.kill(os.getpid(), signal.SIGKILL)

    def prepare(self, image: Any) -> Any:
        if image[0, 0, 0] == POISON and os.getpid() != self.home:
            if self.flags:
                Path(self.flags, f"death-{time.time_ns()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self._rule.apply(image)

    def forward(self, batch: Any) -> Any:
        time.sleep(self.delay)
        n, height, width, _ = batch.shape
        cells = batch.reshape(n, 4, height // 4, 4, width // 4, 3).astype(np.float32)
        parts = (cells.mean(axis=(2, 4)), cells.std(axis=(2, 4)))
        return np.concatenate([part.reshape(n, -1) for part in parts], axis=1)


def make_images(folder: Path, n: int, *, poison: int | None = None) -> Path:
    """Write n rated images, one of them unreadable and one the copy of another, and return their label file."""
    from PIL import Image

    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(n):
        pixels = np.clip(rng.normal(128, 20 + number % 40, (32, 32, 3)), 0, 200).astype(np.uint8)
        if number == poison:
            pixels[0, 0, 0] = POISON
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")
    (folder / "0005.png").write_bytes(b"no image")
    (folder / "0020.png").write_bytes((folder / "0019.png").read_bytes())
    file = folder / "ratings.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = [[f"{number:04d}.png", number * 7 % n] for number in range(n)]
        csv.writer(opened).writerows([["image", "score"], *rows])
    return file


@contextmanager
def cluster(n_nodes: int = 3, n_cpus: int = 2) -> Iterator[Any]:
    """Offer a cluster on loopback, whose files and token lie where no other looks; its processes end with it."""
    with tempfile.TemporaryDirectory(prefix="qr-", dir="/tmp") as place:
        own = {
            "RAY_TMPDIR": place, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1",
            "RAY_prestart_worker_first_driver": "0", "RAY_local_fs_capacity_threshold": "0.999",
            "RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "3",
        }  # fmt: skip
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            from ray._private import ray_constants
            from ray._raylet import AuthenticationTokenLoader, Config
            from ray.cluster_utils import Cluster

            # What it has read of the environment when another test imported it.
            ray_constants.ENABLE_RAY_CLUSTER = False
            AuthenticationTokenLoader.instance().reset_cache()
            Config.initialize("")
            logging.getLogger("ray").setLevel(logging.CRITICAL)
            made = Cluster(shutdown_at_exit=True)
            try:
                for _ in range(n_nodes):
                    add_node(made, n_cpus)
                yield made
            finally:
                made.shutdown()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def add_node(made: Any, n_cpus: int = 2, attempts: int = 3) -> Any:
    """Add a node; on a busy machine, where Ray waits in vain for its own processes, once more."""
    for attempt in range(attempts):
        try:
            return made.add_node(num_cpus=n_cpus, include_dashboard=False)
        except Exception:
            if attempt == attempts - 1:
                raise
    return None


def build(address: str, name: Path, labels: Path, encoder: Any, *, n_workers: int = 2, **more: Any) -> Any:
    """Build an index by workers of a cluster."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[Killer.__module__])  # workers need not find this file
    executor = qi.plans.RayExecutor(n_workers, address)
    source = qi.load_source(str(labels))
    return qi.build_index(name, [source], encoder, executor=executor, shard_rows=SHARD, batch_size=4, **more)


def state(path: Path) -> dict[str, Any]:
    """Return what an index holds: its rows, in order, its embeddings, its failures."""
    index = qi.AnchorIndex.open(path)
    anchors = index.anchors()
    table = index.tables.read([name for name in index.columns if name != "embedding"])
    return {
        "rows": table.to_pylist(),
        "ids": list(anchors.ids),
        "embeddings": anchors.directions * anchors.norms[:, None],
        "damage": [one.message for one in index.verify().damage],
        "failures": dict(listed_failures(path)),
    }


def differences(found: dict[str, Any], calm: dict[str, Any]) -> list[str]:
    """Return what tells two indexes apart, beyond rounding; and what is in one twice."""
    wrong = [name for name in ("rows", "ids", "damage", "failures") if found[name] != calm[name]]
    if len(set(found["ids"])) != len(found["ids"]):
        wrong.append("doubled")
    if found["embeddings"].shape != calm["embeddings"].shape:
        return [*wrong, "number of embeddings"]
    apart = np.linalg.norm(found["embeddings"] - calm["embeddings"], axis=1)
    return wrong + ["embeddings"] * bool((apart > 1e-5 * np.linalg.norm(calm["embeddings"], axis=1)).any())


def main() -> None:
    """Build as a driver that dies where it is told to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("name", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--die-at", type=int)
    parser.add_argument("--die-in", choices=("finish", "rename", "renamed"))
    given = parser.parse_args()

    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    from quasar_index.index import build as building
    from quasar_index.index import new_folder
    from quasar_index.plans import ray_run

    if given.die_in == "finish":
        building.finish_folder = die  # type: ignore[assignment]
    elif given.die_in == "rename":
        new_folder._publish = die  # type: ignore[assignment]
    elif given.die_in == "renamed":
        new_folder.drop_plan = die  # type: ignore[assignment]
    if given.die_at is not None:
        has_done, left = ray_run.Run._has_done, [given.die_at]

        def counting(self: Any, *args: Any) -> None:
            has_done(self, *args)
            left[0] -= 1
            if left[0] == 0:
                die()

        ray_run.Run._has_done = counting  # type: ignore[method-assign]
    build(given.address, given.name, given.labels, Killer(delay=given.delay))


if __name__ == "__main__":
    importlib.import_module("tests.clusters").main()  # under its own name, by which it is pickled
