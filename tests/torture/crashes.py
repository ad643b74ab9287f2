"""Stop `build`, `add`, `relabel`, `compact` and `score` at random moments; run them again; compare with a calm run.

Indexes have several tables, two ratings, and embeddings in float16; `upgrade` changes one of format 1.

    python -m tests.torture.crashes --kills 240 --faults 120 --seed 0 --processes 2

A process imports all once and loads the real encoder (`--light`: one without a network, which needs no PyTorch); it
forks a child for each run, and the child calls the command's `main`. It is stopped by SIGKILL at the n-th call that
changes a file (a write is torn in its middle), by SIGKILL, SIGTERM or SIGINT after a random time, or its disk is full
or broken from such a call on; a power cut is a kill after which all files that were never synced are empty. Then

- the index opens as the state before or the state after, or it is not there yet; an output is whole or not there;
- the same command, stopped again or not, ends with exactly what a calm run makes: ids, labels, embeddings, in order;
- no image is embedded twice beyond a shard for each stop (and what the encoder has at hand);
- `verify` finds nothing; temporary files that a kill left are counted.

Prints a summary, and exits with 1 on any violation. `--only NUMBER --seed S` runs one trial again; `--every COMMAND
--kind KIND` stops a command once at each of its calls.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.torture import faults

N_BASE, N_MORE, SIZE = 24, 40, 32
BLOCK, BATCH = 8, 4
AT_HAND = 3 * BATCH
"""Embeddings that a kill may cost beside the shard: the batches that the encoder has at hand."""
HANGS_AFTER = 180.0
COMMANDS = ("build", "add", "compact", "score", "relabel", "replace", "forget", "upgrade")
STORAGE = ("--dtype", "float16", "--anchors-per-shard", "10")
FORMAT_1 = Path(__file__).parents[1] / "data" / "index-v1"
_HEAVY = tuple(f"quasar_index.{name}" for name in ("encoders", "reproduction", "synthesis", "maps"))
STOPS = ("kill at a call", "kill at a time", "power cut", "SIGTERM", "SIGINT")
FAULTS = ("full disk", "I/O error", "one I/O error")


@dataclass
class World:
    """What all trials share: images, label files, an index to change, what calm runs made.

    Attributes:
        folder: Everything.
        calm: State that a calm run of each command makes.
        before: State before it; None where there was nothing.
        n_calls: Calls of a calm run that change a file, by command.
        seconds: Its duration.
    """

    folder: Path
    calm: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    n_calls: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def arguments(self, command: str, trial: Path) -> list[str]:
        """Return the command line of a command."""
        own, more = str(trial / "own"), str(self.folder / "more.csv")
        # One decoder: with more, embeddings may wait for an earlier image, and the bound on what is lost is less sharp.
        encode = ["--batch-size", str(BATCH), "--threads", "1"]
        score = [str(self.folder / "images"), "-i", str(self.folder / "base"), "-o", str(trial / "out.csv")]
        return {
            "build": ["build", own, "--data", f"{more}?ratings=appeal", *STORAGE, *encode],
            "replace": ["build", own, "--data", f"{more}?ratings=appeal", "--overwrite", *STORAGE, *encode],
            "add": ["add", own, "--data", f"{more}?name=some&ratings=appeal", *encode],
            "compact": ["compact", own],
            "forget": ["compact", own, "--forget-before", "2"],
            "relabel": ["relabel", own, str(self.folder / "labels.csv")],
            "upgrade": ["relabel", own, str(self.folder / "old.csv")],
            "score": ["score", *score, *encode],
        }[command]


def prepare(folder: Path) -> World:
    """Make images, label files and the index that is changed."""
    images = folder / "images"
    images.mkdir(parents=True)
    rng = np.random.default_rng(0)
    from PIL import Image

    names = [f"{n:03d}.png" for n in range(N_MORE)]
    for n, name in enumerate(names):
        pixels = 128 + (1 + n % 5) * rng.normal(0, 20, (SIZE, SIZE, 3))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(images / name)
    (images / names[7]).write_bytes((images / names[7]).read_bytes()[:100])  # one that cannot be decoded

    def write(name: str, numbers: Sequence[int], shift: float = 0.0) -> None:
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            rows = [[f"images/{names[n]}", (n * 7 % N_MORE) + shift, n * 11 % N_MORE] for n in numbers]
            csv.writer(file).writerows([["image", "score", "appeal"], *rows])

    write("some.csv", range(N_BASE))
    write("more.csv", range(N_MORE))
    write("other.csv", range(0, N_BASE, 3), shift=4.5)
    write("labels.csv", range(0, N_BASE, 2), shift=-9.5)
    old = [["image", "score"], *([f"images/{n:02d}.png", n + 0.5] for n in range(0, 12, 2))]
    with (folder / "old.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(old)
    world = World(folder)
    some = f"{folder / 'some.csv'}?ratings=appeal"
    for arguments in (
        ["build", str(folder / "base"), "--data", some, *STORAGE, "--batch-size", str(BATCH)],
        ["relabel", str(folder / "base"), str(folder / "other.csv")],  # so that there is something to compact
    ):
        run = start(folder, arguments)
        if (code := run.wait()) != 0:
            raise SystemExit(f"{arguments}: exit code {code}: {run.said()}")
    for command in COMMANDS:
        trial = fresh(world, folder / f"calm-{command}", command)
        world.before[command] = look(trial, command)
        run = start(trial, world.arguments(command, trial), counted=True)
        code = run.wait()
        if code != (3 if command == "score" else 0):
            raise SystemExit(f"{command}: exit code {code}: {run.said()}")
        world.calm[command] = look(trial, command)
        if command != "score" and (damage := world.calm[command]["damage"]):
            raise SystemExit(f"{command}: {damage}")
        world.n_calls[command], world.seconds[command] = run.n_calls(), run.seconds
    return world


def fresh(world: World, folder: Path, command: str) -> Path:
    """Make the folder of a trial, with the index that the command changes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if command not in ("build", "score"):
        shutil.copytree(FORMAT_1 if command == "upgrade" else world.folder / "base", folder / "own")
    return folder


class Run:
    """A child that runs a command."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder, self.pid, self.began, self.seconds = folder, pid, time.monotonic(), 0.0

    def wait(self, stop: int | None = None, after: float = 0.0) -> int:
        """Wait until it ends, and return its exit code (minus the signal); stop it by a signal after some seconds."""
        deadline = HANGS_AFTER
        while True:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.seconds = time.monotonic() - self.began
            if ended:
                return os.waitstatus_to_exitcode(status)
            if stop is not None and self.seconds > after:
                os.kill(self.pid, stop)
                stop = None
            if self.seconds > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise ViolationError(f"hung for more than {deadline:g} s; {self.said()}")
            time.sleep(0.002)

    def said(self) -> str:
        """Return what it wrote to stderr."""
        return _text(_beside(self.folder, "stderr"))

    def n_calls(self) -> int:
        """Return the number of calls that it counted."""
        return int(_text(_beside(self.folder, "calls")) or 0)


class ViolationError(Exception):
    """A promise that was not kept."""


def start(
    folder: Path, arguments: Sequence[str], arm: Callable[[], None] | None = None, *, counted: bool = False
) -> Run:
    """Fork a child that runs a command in a folder."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid:
        os.close(told)
        os.read(ready, 1)
        os.close(ready)
        return Run(folder, pid)
    code = 70
    try:
        os.close(ready)
        _redirect(folder)
        os.chdir(folder)
        os.environ["QUASAR_INDEX_CACHE"] = str(folder / "cache")  # of its own, which is stopped and harmed likewise
        from quasar_index.cli import main

        _patch(folder)
        if counted and faults.library():
            faults.arm(folder, -1, faults.COUNT)
        if arm is not None:
            arm()
        sys.argv = ["quasar-index", *arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(told, b"x")
        os.close(told)
        try:
            main.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        if counted:
            calls = faults.calls()
            if faults.library():
                faults.arm(folder, -1, faults.COUNT)
            _beside(folder, "calls").write_text(str(calls), encoding="utf-8")
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        with contextlib.suppress(OSError):
            traceback.print_exc()
            sys.stderr.flush()
    finally:
        os._exit(code)


def _beside(folder: Path, what: str) -> Path:
    """Return a file of a trial that lies outside its folder, so that faults do not touch it."""
    return folder.with_name(f"{folder.name}.{what}")


def _redirect(folder: Path) -> None:
    for name, number in (("stdout", 1), ("stderr", 2)):
        file = os.open(_beside(folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)


def _patch(folder: Path) -> None:
    """Give the command the encoder that is loaded already, small shards, and a count of what is embedded.

    Images are embedded one by one: the last bits of an embedding depend on how many images its batch holds, which an
    interruption changes, and what is looked for here is whether anything else does.
    """
    from quasar_index.cli import resuming

    from quasar_index.plans import plan

    plan.SHARD_ROWS = resuming.SYNC_ROWS = BLOCK
    encoder = _encoder()
    log = os.open(_beside(folder, "embedded"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    forward = type(encoder).forward

    def counting(self: Any, pixels: Any) -> Any:
        os.write(log, b"%d\n" % len(pixels))
        return np.concatenate([forward(self, pixels[n : n + 1]) for n in range(len(pixels))])

    type(encoder).forward = counting


_LOADED: list[Any] = []


class CellEncoder:
    """Means and deviations of the colours in 4 x 4 cells."""

    def __init__(self) -> None:
        from quasar_index.encoders.spec import EncoderSpec, InputRule

        self._rule = InputRule("none", min_side=4)
        self.spec = EncoderSpec("cells", 96, "cells", self._rule)

    def prepare(self, image: Any) -> Any:
        return self._rule.apply(image)

    def forward(self, batch: Any) -> Any:
        n, height, width, _ = batch.shape
        cells = batch.reshape(n, 4, height // 4, 4, width // 4, 3).astype(np.float32)
        parts = (cells.mean(axis=(2, 4)), cells.std(axis=(2, 4)))
        return np.concatenate([part.reshape(n, -1) for part in parts], axis=1)


def _encoder(*, light: bool = False) -> Any:
    """Load the encoder once, and let every command have it."""
    if not _LOADED:
        import quasar_index as qi

        if light:
            encoder: Any = CellEncoder()
        else:
            import torch

            torch.set_num_threads(1)
            encoder = qi.load_encoder(device="cpu")
            encoder.forward(np.zeros((1, SIZE, SIZE, 3), dtype=np.uint8))
        _LOADED.append(encoder)
        qi.load_encoder = lambda *_, **__: encoder  # type: ignore[assignment]
        qi.load_recorded_encoder = lambda *_, **__: encoder  # type: ignore[assignment]
        qi.encoders.LazyEncoder = lambda *_, **__: encoder  # type: ignore[assignment, misc]
        qi.encoders.check_recorded_encoder = lambda *_, **__: None  # type: ignore[assignment]
    return _LOADED[0]


class Scored(list[list[str]]):
    """Rows of scores: the same texts in the same order, and the same numbers up to rounding.

    An interruption changes which images are scored in one block, and with it the last bits of matrix products.
    """

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scored) and len(self) == len(other) and all(map(_alike, self, other))


def _alike(row: list[str], other: list[str]) -> bool:
    return len(row) == len(other) and all(
        one == two or (_number(one) and _number(two) and abs(float(one) - float(two)) < 1e-6)
        for one, two in zip(row, other, strict=True)
    )


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def look(trial: Path, command: str) -> Any:
    """Return the state of a trial: a digest of the index or the output; None where there is none.

    The index is opened in a child, because LanceDB's threads do not survive a fork.
    """
    if command == "score":
        output = trial / "out.csv"
        return Scored(csv.reader(output.open(encoding="utf-8"))) if output.exists() else None
    answer = _beside(trial, "state")
    answer.unlink(missing_ok=True)
    pid = os.fork()
    if not pid:
        try:
            _redirect(trial.with_name(f"{trial.name}.look"))
            answer.write_text(json.dumps(state(trial / "own")), encoding="utf-8")
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    Run(trial, pid).wait()
    if not answer.exists():
        raise ViolationError(f"the index cannot be read: {_text(_beside(trial, 'look.stderr'))[-2000:]}")
    return json.loads(answer.read_text(encoding="utf-8"))


def state(path: Path) -> dict[str, Any] | None:
    """Return what an index holds, through its table, its manifest and its search cache; None where there is none."""
    import quasar_index as qi

    try:
        index = qi.AnchorIndex.open(path)
    except qi.AnchorIndexError as error:
        if error.message.startswith("no index"):
            return None
        raise
    table = index.tables.read(index.columns)
    ids = table["id"].to_pylist()
    order = np.argsort(ids)
    rows = table.select(sorted(table.column_names)).take(order).to_pylist()
    anchors = index.anchors()
    parts = [anchors.ids, anchors.directions, anchors.norms, anchors.quality]
    sources = [
        [s.name, s.n_good, s.n_bad, [list(astuple(one)) for one in s.ratings], s.n_failed, s.n_duplicates]
        for s in index.manifest.sources
    ]
    return {
        "n": [len(ids), len(set(ids)), len(index), len(anchors)],
        "rows": hashlib.sha256(repr(rows).encode()).hexdigest(),
        "order": hashlib.sha256(repr(ids).encode()).hexdigest(),
        "anchors": hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest(),
        "sources": json.loads(json.dumps(sources)),
        "storage": [len(index.manifest.shards), index.manifest.embeddings[0].dtype],
        "damage": [one.message for one in index.verify().damage if one.part != "leftover"],
        "failures": (path / "failures.jsonl").read_text() if (path / "failures.jsonl").exists() else "",
    }


def trial(
    world: World, number: int, seed: int, kinds: Sequence[str], command: str = "", at: int | None = None
) -> Counter[str]:
    """Run one trial: stop a command some times, then let it end.

    Args:
        world: What all trials share.
        number: Of the trial.
        seed: Of all trials.
        kinds: Ways to stop, of which one is drawn.
        command: The command; empty to go by the number.
        at: Stop once, at this call; None for random ones.

    Returns:
        Counts of what was done.

    Raises:
        ViolationError: Of a promise.
    """
    rng = np.random.default_rng((seed, number))
    command = command or COMMANDS[number % len(COMMANDS)]
    folder = fresh(world, world.folder / f"trial-{number}", command)
    counts: Counter[str] = Counter()
    _beside(folder, "embedded").unlink(missing_ok=True)
    n_stops, story, found = 0, "", world.before[command]
    for _ in range(int(rng.choice([1, 1, 2, 3])) if at is None else 1):
        kind = str(rng.choice(kinds))
        if command in ("build", "score") and found is not None:
            break
        code, said = stopped(world, folder, command, kind, rng, at)
        counts[f"{command}: {kind}"] += 1
        n_stops += code != 0
        counts["stopped"] += code != 0
        story += f"\n  {kind}: exit code {code}, {n_embedded(folder)} embedded so far; {said.strip()[-300:]}"
        expect(len(said.splitlines()) <= 6 and "Traceback" not in said, f"{kind}: {said[-2000:]}")
        if kind in ("SIGTERM", "SIGINT"):
            calm = 3 if command == "score" else 0
            expect(code in (calm, 143 if kind == "SIGTERM" else 130), f"{kind}: exit code {code}: {said}")
        if kind in FAULTS:
            expect(code >= 0, f"{kind}: killed by signal {-code}")
        found = look(folder, command)
        counts["looks"] += 1
        allowed = (world.before[command], world.calm[command])
        expect(found in allowed, f"after {kind}: neither the state before nor that after: {found}\n{said}")
        if command == "replace":
            expect(found is not None, f"after {kind}: the old index is gone")
            if found == world.calm[command] and not (folder / "own" / "plan.json").exists():
                break  # once more would replace the new index by itself
    # What has ended is not run again: it would say that the index exists, or replace it by itself.
    ended = command in ("build", "score", "replace") and found == world.calm[command]
    if not ended or (folder / "own" / "plan.json").exists():
        run = start(folder, world.arguments(command, folder))
        code = run.wait()
        expect(code == (3 if command == "score" else 0), f"not resumed, exit code {code}: {run.said()}")
        found = look(folder, command)
    expect(found == world.calm[command], f"resumed, but not the same:\n{found}\n{world.calm[command]}")
    embedded = n_embedded(folder)
    wanted = N_MORE - 1 if command in ("build", "replace", "score") else N_MORE - N_BASE if command == "add" else 0
    # A command that had ended before it was run again may have embedded nothing more.
    expect(
        embedded <= wanted + n_stops * (BLOCK + AT_HAND),
        f"{embedded} embeddings of {wanted} images, {n_stops} stops:{story}",
    )
    counts["embedded again"] += max(0, embedded - wanted)
    counts.update(f"left {name}" for name in leftovers(folder))
    counts["trials"] += 1
    shutil.rmtree(folder, ignore_errors=True)
    for path in folder.parent.glob(f"{folder.name}.*"):
        path.unlink()
    return counts


def stopped(
    world: World, folder: Path, command: str, kind: str, rng: np.random.Generator, at: int | None
) -> tuple[int, str]:
    """Run a command and stop it; return its exit code and what it said."""
    after = float(rng.uniform(0, world.seconds[command]))
    at = int(rng.integers(max(1, world.n_calls[command]))) if at is None else at
    arguments = world.arguments(command, folder)
    journal = _beside(folder, "journal")
    journal.unlink(missing_ok=True)
    if kind in ("SIGTERM", "SIGINT") or kind == "kill at a time" or faults.library() is None:
        by = {"SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}.get(kind, signal.SIGKILL)
        run = start(folder, arguments)
        return run.wait(by, after), run.said()
    if kind in FAULTS:
        error = faults.ERRNO[kind.removeprefix("one ")]
        action = faults.FAIL_ONCE if kind.startswith("one ") else faults.FAIL
        run = start(folder, arguments, lambda: faults.arm(folder, at, action, error))
        return run.wait(), run.said()
    run = start(folder, arguments, lambda: faults.arm(folder, at, faults.KILL, 0, journal))
    code = run.wait()
    if kind == "power cut":
        faults.cut_power(folder, journal)
    return code, run.said()


def n_embedded(folder: Path) -> int:
    """Return how many images all runs of a trial have embedded."""
    return sum(map(int, _text(_beside(folder, "embedded")).split()))


def expect(condition: bool, text: str) -> None:
    if not condition:
        raise ViolationError(text)


def leftovers(folder: Path) -> list[str]:
    """Name what a run that ended should have tidied away; numbers and ids are `*`."""
    hidden = [path.relative_to(folder).as_posix() for path in folder.rglob(".*")]
    return [re.sub(r"(?<=/\.tmp)\w+|[0-9a-f]{12}|\d+", "*", name) for name in hidden if not name.endswith(".lock")]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def work(world: World, numbers: Sequence[int], seed: int, kinds: Sequence[str], report: Path) -> None:
    """Run trials, and append what came of each to a file."""
    for number in numbers:
        try:
            outcome: dict[str, Any] = {"counts": trial(world, number, seed, kinds)}
        except ViolationError as violation:
            outcome = {"violation": f"trial {number} ({COMMANDS[number % len(COMMANDS)]}): {violation}"}
        with report.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome) + "\n")


def torture(
    world: World, stops: int, seed: int, kinds: Sequence[str], n_processes: int
) -> tuple[Counter[str], list[str]]:
    """Run trials in some processes until commands were stopped so many times.

    Returns:
        Counts, and the violations.
    """
    counts: Counter[str] = Counter()
    violations: list[str] = []
    first = 0
    while counts["stopped"] < stops and len(violations) < 20:
        report = world.folder / f"report-{first}.jsonl"
        report.unlink(missing_ok=True)
        numbers = range(first, first + max(len(COMMANDS), (stops - counts["stopped"]) * 2 // 3))
        first = numbers.stop
        children = []
        for part in range(n_processes):
            if not (pid := os.fork()):
                try:
                    work(world, numbers[part::n_processes], seed, kinds, report)
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
                os._exit(0)
            children.append(pid)
        for pid in children:
            _, status = os.waitpid(pid, 0)
            if status:
                violations.append("a worker of the harness itself failed")
        for line in _text(report).splitlines():
            outcome = json.loads(line)
            counts.update(outcome.get("counts", {}))
            violations += [outcome["violation"]] if "violation" in outcome else []
    return counts, violations


def main() -> int:
    """Run, print the summary, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=240, help="commands to stop: kills, power cuts, signals")
    parser.add_argument("--faults", type=int, default=120, help="commands to run on a full or broken disk")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one trial")
    parser.add_argument("--every", choices=COMMANDS, help="stop this command at each of its calls")
    parser.add_argument("--kind", choices=(*STOPS, *FAULTS), default="kill at a call", help="of --every")
    parser.add_argument("--with-faults", action="store_true", help="with --only: a trial of --faults")
    parser.add_argument("--light", action="store_true", help="an encoder without a network")
    given = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    folder = Path(os.environ.get("QUASAR_TORTURE_FOLDER") or tempfile.mkdtemp(prefix="quasar-torture-"))
    faults.preload(folder)
    try:
        return _main(given, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _main(given: argparse.Namespace, folder: Path) -> int:
    import importlib
    import pkgutil
    import warnings

    import faiss  # noqa: F401
    import lancedb  # noqa: F401

    import quasar_index as qi

    # All of it once, before the forks; who works on the package meanwhile disturbs no run.
    for found in pkgutil.walk_packages(qi.__path__, "quasar_index."):
        if not found.name.endswith("__main__") and not (given.light and found.name.startswith(_HEAVY)):
            importlib.import_module(found.name)
    importlib.import_module("quasar_index.cli.main")
    warnings.filterwarnings("ignore", message=".*fork support.*")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    _encoder(light=given.light)
    start_ = time.monotonic()
    world = prepare(folder / "world")
    if given.only is not None and given.every is None:
        print(trial(world, given.only, given.seed, FAULTS if given.with_faults else STOPS))
        return 0
    if given.every is not None:
        failed = 0
        calls = range(world.n_calls[given.every]) if given.only is None else [given.only]
        for at in calls:
            try:
                trial(world, at, given.seed, [given.kind], given.every, at)
            except ViolationError as violation:
                failed += 1
                print(f"  call {at}: {violation}", file=sys.stderr, flush=True)
        print(f"{given.every}, {given.kind} at each of {len(calls)} calls: {failed} violations")
        return int(failed > 0)
    code = 0
    for what, stops, kinds in (("kills", given.kills, STOPS), ("disk faults", given.faults, FAULTS)):
        if not stops or (kinds is FAULTS and faults.library() is None):
            continue
        counts, violations = torture(world, stops, given.seed, kinds, given.processes)
        for violation in violations:
            print(f"  {violation}", file=sys.stderr)
        by_kind = Counter({kind: sum(n for key, n in counts.items() if key.endswith(f": {kind}")) for kind in kinds})
        by_command = {name: sum(n for key, n in counts.items() if key.startswith(f"{name}: ")) for name in COMMANDS}
        names = {key.removeprefix("left "): n for key, n in counts.items() if key.startswith("left ")}
        left = f"{sum(names.values())} temporary files left" + (f" ({', '.join(names)})" if names else "")
        print(
            f"{what}: {counts['stopped']} in {counts['trials']} trials, {time.monotonic() - start_:.0f} s "
            f"(seed {given.seed}): {', '.join(f'{n} {kind}' for kind, n in by_kind.items())}; "
            f"{', '.join(f'{name} {n}' for name, n in by_command.items())}; {counts['embedded again']} images embedded "
            f"twice, {left}, {len(violations)} violations",
            flush=True,
        )
        code |= bool(violations)
    return code


if __name__ == "__main__":
    sys.exit(main())
