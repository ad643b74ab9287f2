"""What the driver of a plan costs, without images: time, memory, bytes a row.

    python tests/benchmarks/plan_scale.py score 10_000_000    # a scoring plan of so many URLs in a Parquet list
    python tests/benchmarks/plan_scale.py build 10_000_000    # a build plan: rows, ids, copies, labels by id

The job does nothing: a worker's time is left out, and no embedding is kept. Each number is of a process of its own.
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import quasar_index as qi
from quasar_index.encoders.pipeline import EncodedImage
from quasar_index.index import staging
from quasar_index.index.content_ids import IdPlaces
from quasar_index.methods.score_plan import KeptInputs, ScoreJob
from quasar_index.plans.embedding import EmbedJob
from quasar_index.plans.executor import LocalExecutor
from quasar_index.plans.job import Packed
from quasar_index.plans.plan import Plan, shard_rows_of

GROUP = 1_000_000


class Nothing:
    """A job that does nothing."""

    ending = ".bin"
    runtime = ""

    def run(self, rows):
        return (None for _ in rows)

    def error_of(self, _result):
        return ""

    def pack(self, _start, _results):
        return Packed(b"")


class Ids(EmbedJob):
    """A build's job that finds an id for each image, and no embedding: every hundredth is a copy of the one before."""

    def run(self, rows):
        for _, path in rows:
            number = int(path.rsplit("/", 1)[-1].split(".")[0])
            number -= number % 100 == 1
            yield EncodedImage(path, f"{(number * 0x9E3779B97F4A7C15) % (1 << 64):016x}{number:016x}", 640, 480)


def urls(start, n):
    return [f"s3://photographs/part-{i // 10_000:06d}/{i:012d}.jpg" for i in range(start, start + n)]


def hashed(rng, n):
    """Return URLs by hashes, as crawled images have them: they compress little."""
    digits = rng.bytes(10 * n).hex()
    return [f"s3://photographs/{digits[i : i + 3]}/{digits[i : i + 20]}.jpg" for i in range(0, 20 * n, 20)]


def memory():
    """Return the memory now and at most, in MiB."""
    now = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return now / 2**20, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def size_of(folder):
    """Return bytes and files below a folder."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)


def timed(what, do, n):
    wall, cpu = time.monotonic(), time.process_time()
    found = do()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    now, most = memory()
    each = cpu / n * 1e6
    print(f"{what}: {wall:.1f} s, CPU {cpu:.1f} s ({each:.2f} us a row); memory {now:.0f} MiB, at most {most:.0f} MiB")
    return found


def score(n, folder):
    file = folder / "list.parquet"
    schema = pa.schema([("url", pa.string())])
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, n, GROUP):
            writer.write_table(pa.table({"url": hashed(rng, min(GROUP, n - start))}, schema=schema))
    print(
        f"{n:,} rows; list: {file.stat().st_size / n:.1f} bytes a row; memory before: {memory()[0]:.0f} MiB", flush=True
    )
    images = qi.datasets.ImageList(file)
    inputs = KeptInputs.of([images], {})
    timed("digest of the list", images.digest, n)
    plan = Plan(folder / "plan", {"of": n}, "scores")
    plan.folder.mkdir()
    plan.begin()
    pieces = timed("plan", lambda: plan.run(Nothing(), inputs, LocalExecutor()), n)
    n_bytes, n_files = size_of(folder / "plan")
    print(f"shards: {len(pieces.pieces):,} of {shard_rows_of(n):,} rows; {n_files:,} files")
    print(f"sidecars: {n_bytes / n:.2f} bytes a row")
    timed("the same plan again, all done", lambda: plan.run(Nothing(), inputs, LocalExecutor()), n)
    x = rng.normal(size=(20, 12)).astype(np.float32)
    job = ScoreJob([qi.methods.Scoring(qi.Scorer(qi.make_anchors(x, quality=x[:, 0])))], [None], 1, 1)
    columns = job.columns[1:-1]
    rows = [
        {"path": path, **dict(zip(columns, values, strict=True)), "error": None}
        for path, values in zip(hashed(rng, 20_000), rng.random((20_000, len(columns))).tolist(), strict=True)
    ]
    print(f"a shard of 20,000 rows of scores: {len(job.pack(0, rows).data) / len(rows):.1f} bytes a row")


def build(n, folder):
    parts = [pa.array(urls(start, min(GROUP, n - start)), pa.string()) for start in range(0, n, GROUP)]
    records = pa.table({"path": pa.chunked_array(parts), "score": np.arange(n) % 17 / 16.0})
    del parts
    source = qi.datasets.AnchorSource("synthetic", records, "no-reference", "median")
    encoder = qi.load_encoder()
    spec = qi.EncoderSpec(name="none", dim=1)
    before = memory()[0]
    print(f"{n:,} rows; labels: {records.nbytes / n:.1f} bytes a row; memory before: {before:.0f} MiB")
    plan = staging.prepare(folder / "plan", [source], spec)
    staging.EmbedJob = lambda _encoder, *how: Ids(type("Encoder", (), {"spec": spec})(), *how)
    how = {"batch_size": 16, "n_workers": 1, "max_pixels": 1}
    timed("plan", lambda: staging.embed(plan, [source], encoder, **how), n)
    _, most = memory()
    print(f"memory of plan and ids: {(most - before) * 2**20 / n:.1f} bytes a row at most")
    n_bytes, n_files = size_of(folder / "plan")
    print(f"pieces without embeddings: {n_bytes / n:.1f} bytes a row, {n_files:,} files")
    progress = timed("the same plan again, all done", lambda: staging.embed(plan, [source], encoder, **how), n)
    n_bytes = len(progress.ids._packed) + len(progress.ids._there)
    print(f"ids: {n_bytes / n:.1f} bytes a row; copies: {len(progress.duplicate_rows):,}")
    column = progress.ids.column()
    places = timed("places of ids", lambda: IdPlaces(column), n)
    some = column[-1_000_000:].to_pylist()
    rows = timed("labels of 1,000,000 ids", lambda: places.find(some), len(some))
    assert rows.tolist() == list(range(len(column) - len(some), len(column)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["score", "build"])
    parser.add_argument("rows", type=lambda text: int(text.replace("_", "")))
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plan-scale-"))
    try:
        {"score": score, "build": build}[given.what](given.rows, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
