"""A large scoring job, measured: rate, memory from its start to its end, and what a kill and a bad image cost.

    python -m tests.benchmarks.large_job --index NAME --photographs DIR [--images 10000]

The photographs become small JPEG files of different content (other cuts, other brightness) in ten tar shards; one is
cut off. The job is killed when a tenth of its rows is there, and started again; its rows must be those of the images.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 96, 64
SHARDS = 10


def picture(photograph: Path, number: int) -> bytes:
    """Return a small JPEG of a photograph; other numbers below 425 give other ones."""
    with Image.open(photograph) as image:
        pixels = np.asarray(image.convert("RGB").resize((WIDTH + 24, HEIGHT + 16)))
    left, top = number % 25, number // 25 % 17
    cut = pixels[top : top + HEIGHT, left : left + WIDTH].astype(int) + 3 * (number % 5 - 2)
    file = io.BytesIO()
    Image.fromarray(np.clip(cut, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()


def make_shards(folder: Path, photographs: list[Path], n: int) -> int:
    """Write the shards, and return how many images differ."""
    seen = set()
    for shard in range(SHARDS):
        with tarfile.open(folder / f"{shard}.tar", "w") as archive:
            for number in range(n * shard // SHARDS, n * (shard + 1) // SHARDS):
                photograph = photographs[number % len(photographs)]
                data = picture(photograph, number // len(photographs))
                seen.add(data)
                data = data[:300] if number == n * 4 // 10 else data
                label = json.dumps({"photo": photograph.name, "number": number}).encode()
                for name, content in ((f"{number:06d}.jpg", data), (f"{number:06d}.json", label)):
                    member = tarfile.TarInfo(name)
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
    return len(seen)


def run(arguments: list[str], kept: Path, stop_at: int | None) -> list[dict[str, float]]:
    """Run the job, print what it says, kill it once so many rows are kept; return its lines of progress."""
    process = subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, env={**os.environ, "QUASAR_INDEX_PROGRESS_SECONDS": "5"}
    )
    while stop_at is not None and process.poll() is None:
        if kept.is_file() and kept.read_bytes().count(b"\n") > stop_at:
            process.kill()
        time.sleep(0.5)
    assert process.stderr is not None
    said = [json.loads(line) for line in process.stderr if line.startswith("{")]
    print(f"exit code {process.wait()}")
    return [one for one in said if one["event"] == "progress"] if stop_at is None else []


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", required=True)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--images", type=int, default=10_000)
    given = parser.parse_args()
    photographs = sorted(path for path in given.photographs.iterdir() if re.search(r"\.(jpe?g|png)$", path.name))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shards").mkdir()
        print(f"{make_shards(folder / 'shards', photographs, given.images)} different images of {given.images}")
        out = folder / "job.csv"
        command = [str(Path(sys.executable).with_name("quasar-index")), "score", "--data", str(folder / "shards")]
        command += ["-i", given.index, "--keep", "number", "-o", str(out), "--max-failures", "1"]
        command += ["--save-embeddings", str(folder / "job.parquet"), "--log-format", "json"]
        run(command, folder / ".job.csv.partial.jsonl", given.images // 10)
        lines = run(command, folder / ".job.csv.partial.jsonl", None)
        with out.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["number"] for row in rows] == [str(number) for number in range(given.images)]
        first, last = lines[0], lines[-1]
        print(f"went on after {first['done'] - 1} rows; {sum(bool(row['error']) for row in rows)} row with an error")
        print(f"{last['rate']:.1f} images a second")
        print(f"memory {first['memory_bytes'] >> 20} MiB at {first['done']} images, ", end="")
        print(f"{last['memory_bytes'] >> 20} MiB at {last['done']}")


if __name__ == "__main__":
    main()
