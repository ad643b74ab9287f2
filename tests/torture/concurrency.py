"""Readers beside a writer: every read has to be one committed version, whole.

    python -m tests.torture.concurrency --seconds 600 --readers 4 --seed 0

The writer adds, relabels, removes, restores, tags and compacts (now and then giving up old versions), and notes a
digest of each version it committed: ids, sides, ratings, lengths, directions and scores, made from the table itself.
The readers open the index again and again, at its current version or an older one, through the search cache (which they
build, too), and note what they read. A vandal deletes files of the cache, or puts damaged ones in their place. At the
end every read is compared with what was committed.

A read of a version that `compact` gives up at that moment is refused with a clear error, and counted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import multiprocessing
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

DIM, N_START, N_SOME = 16, 200, 20
QUERIES = np.random.default_rng(99).normal(size=(3, DIM)).astype(np.float32)


def source(first: int, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return a source of n rated images, with embeddings."""
    from quasar_index.datasets.base import AnchorSource, make_records

    records = make_records({"path": [f"{first + i}.png" for i in range(n)], "score": rng.normal(size=n).tolist()}, n)
    return AnchorSource("own", records, "no-reference", "median"), rng.normal(size=(n, DIM)).astype(np.float32)


def digest(anchors: Any) -> list[Any]:
    """Return what tells a version from any other: counts, and a hash of all that a reader can see of the anchors."""
    from quasar_index.methods import Mean
    from quasar_index.methods.scoring import Scorer

    scores = Scorer(anchors, Mean(space="raw")).score_embeddings(QUERIES)
    parts = (anchors.ids, anchors.directions, anchors.norms, anchors.quality, scores.score)
    hashed = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    return [len(anchors), anchors.n_good, hashed.hexdigest()]


def write(path: Path, seconds: float, seed: int, notes: Path) -> None:
    """Change the index until the time is over; note the digest of every version."""
    import quasar_index as qi
    from quasar_index.index.cache import _made
    from quasar_index.index.records import MAIN_EMBEDDING

    rng = np.random.default_rng(seed)
    n_images = N_START
    with notes.open("a", encoding="utf-8") as file:

        def note(what: str) -> None:
            index = qi.AnchorIndex.open(path)
            version = index.manifest.version
            if version not in noted:
                noted.add(version)
                own = notes.parent / "own"  # a search cache that nobody else reads or damages
                own.mkdir(exist_ok=True)
                table = _made(own / "cache" / f"x-v{version}", index.tables, MAIN_EMBEDDING, DIM)
                file.write(json.dumps({"version": version, "what": what, "digest": digest(table)}) + "\n")
                file.flush()

        noted: set[int] = set()
        note("build")
        end = time.monotonic() + seconds  # not counting imports
        while time.monotonic() < end:
            index = qi.AnchorIndex.open(path)
            what = str(rng.choice(["add", "relabel", "remove", "compact", "forget", "restore", "tag"],
                                  p=[0.3, 0.25, 0.15, 0.1, 0.03, 0.1, 0.07]))  # fmt: skip
            if what == "add":
                made, embeddings = source(n_images, N_SOME, rng)
                n_images += N_SOME
                index.add_embeddings(made, embeddings)
            elif what == "relabel":
                from quasar_index.datasets.base import AnchorSource, make_records

                table = index.metadata(index.anchors(), ["path"])["path"].to_pylist()
                some = [table[row] for row in rng.choice(len(table), size=10, replace=False)]
                records = make_records({"path": some, "score": rng.normal(size=10).tolist()}, 10)
                index.relabel(AnchorSource("own", records, "no-reference", "median"))
            elif what == "remove" and len(index) > N_START:
                ids = index.anchors().ids
                gone = rng.choice(len(ids), size=N_SOME, replace=False)
                index.remove(ids=[key.decode() for key in ids[gone].tolist()])
            elif what == "compact":
                index.compact()
            elif what == "forget":
                kept = [version for version in index.history() if not version.forgotten]
                for version in kept:
                    for name in version.tags:
                        index.tags.delete(name)
                qi.AnchorIndex.open(path).compact(forget_before=kept[-min(3, len(kept))].version)
            elif what == "restore":
                kept = [version.version for version in index.history() if not version.forgotten]
                index.restore(int(rng.choice(kept)))
            elif what == "tag":
                index.tags.set(f"tag-{int(rng.integers(3))}")
            note(what)


def read(path: Path, until: Any, seed: int, notes: Path) -> None:
    """Read the index until told to stop; note what each read saw."""
    import quasar_index as qi

    rng = np.random.default_rng(seed)
    with notes.open("a", encoding="utf-8") as file:
        while not until.is_set():
            version: int | None = None
            try:
                if rng.random() < 0.25:
                    kept = [one.version for one in qi.AnchorIndex.open(path).history() if not one.forgotten]
                    version = int(rng.choice(kept))
                index = qi.AnchorIndex.open(path, version)
                version = index.manifest.version
                anchors = index.anchors()
                seen = digest(anchors)
                scores = index.metadata(anchors, ["quality", "side"])
                aligned = np.array_equal(scores["quality"].to_numpy(), anchors.quality)
                sides = scores["side"].to_pylist()
                aligned &= sides == ["good"] * anchors.n_good + ["bad"] * (len(anchors) - anchors.n_good)
                counted = (index.manifest.n_good, index.manifest.n_good + index.manifest.n_bad)
                aligned &= counted == (seen[1], seen[0])
                note = {"version": index.manifest.version, "digest": seen, "aligned": bool(aligned)}
            except qi.AnchorIndexError as error:
                # Of a version that was given up since it was looked up; anything else is a violation.
                note = {"version": version, "refused": str(error)}
            except BaseException:
                note = {"version": version, "raised": traceback.format_exc()}
            file.write(json.dumps(note) + "\n")
            file.flush()


def vandalise(path: Path, until: Any, seed: int, notes: Path) -> None:
    """Delete files of the search cache, or put cut ones in their place, now and then."""
    rng = np.random.default_rng(seed)
    n = 0
    while not until.wait(1.0):
        found = [one for one in (path / "cache").glob("*") if not one.name.startswith(".")]
        if not found:
            continue
        victim = found[int(rng.integers(len(found)))]
        try:
            if rng.random() < 0.5:
                victim.unlink()
            else:
                damaged = victim.with_name(f".vandal{victim.suffix}")
                data = victim.read_bytes()
                damaged.write_bytes(data[: int(rng.integers(len(data) + 1))])
                damaged.replace(victim)  # not in place: who has the old one mapped keeps it
            n += 1
        except OSError:
            continue
    notes.write_text(json.dumps(n), encoding="utf-8")


def run(folder: Path, seconds: float, n_readers: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Run the writer, the readers and the vandal; compare.

    Returns:
        Counts, and the violations.
    """
    import quasar_index as qi

    path = folder / "own"
    made, embeddings = source(0, N_START, np.random.default_rng(seed))
    qi.build_from_embeddings(path, made, embeddings, anchors_per_shard=N_START // 3)
    context = multiprocessing.get_context("spawn")
    until = context.Event()
    quiet = (path, until)
    jobs: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        *((read, (*quiet, seed + 1 + n, folder / f"reader-{n}.jsonl")) for n in range(n_readers)),
        (vandalise, (*quiet, seed + 1000, folder / "vandal.json")),
    ]
    writer = context.Process(target=_silenced, args=(write, path, seconds, seed, folder / "writer.jsonl"))
    others = [context.Process(target=_silenced, args=(job, *arguments)) for job, arguments in jobs]
    for process in (writer, *others):
        process.start()
    writer.join()
    until.set()
    violations = [f"the writer ended with {writer.exitcode}"] if writer.exitcode else []
    for process in others:
        process.join()
        violations += [f"a reader ended with {process.exitcode}"] if process.exitcode else []
    given_up = {version.version for version in qi.AnchorIndex.open(path).history() if version.forgotten}
    committed: dict[int, list[Any]] = {}
    counts: Counter[str] = Counter()
    for line in _lines(folder / "writer.jsonl"):
        committed[line["version"]] = line["digest"]
        counts["commits"] += 1
    for n in range(n_readers):
        for line in _lines(folder / f"reader-{n}.jsonl"):
            if "refused" in line and "compact" in line["refused"] and line["version"] in given_up:
                counts["refused"] += 1
                continue
            counts["reads"] += 1
            if "raised" in line or "refused" in line:
                violations.append(f"version {line['version']}: {line.get('raised') or line['refused']}")
            elif not line["aligned"]:
                violations.append(f"version {line['version']}: table, manifest and cache do not agree")
            elif committed.get(line["version"]) != line["digest"]:
                violations.append(
                    f"version {line['version']}: read {line['digest']}, committed {committed.get(line['version'])}"
                )
    vandal = folder / "vandal.json"
    counts["vandalised"] = json.loads(vandal.read_text(encoding="utf-8")) if vandal.exists() else 0
    return counts, violations


def _silenced(job: Callable[..., None], *arguments: Any) -> None:
    logging.disable(logging.WARNING)  # that damaged caches are rebuilt is what is wanted here
    job(*arguments)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def main() -> int:
    """Run, print the summary, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="quasar-stress-"))
    start = time.monotonic()
    try:
        counts, violations = run(folder, given.seconds, given.readers, given.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for violation in violations[:20]:
        print(f"  {violation}", file=sys.stderr)
    print(
        f"concurrency: {counts['reads']:,} reads by {given.readers} readers beside 1 writer of {counts['commits']:,} "
        f"versions in {time.monotonic() - start:.0f} s (seed {given.seed}); {counts['vandalised']} cache files "
        f"damaged, {counts['refused']} reads of versions just given up refused; {len(violations)} inconsistent reads"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
