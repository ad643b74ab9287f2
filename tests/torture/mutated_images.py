"""Decode mutated images in worker processes: none may crash one, raise anything but an ImageError, or fill the memory.

    python -m tests.torture.mutated_images --count 20000 --seed 0 --processes 4

Seeds are small JPEG, PNG, WebP, TIFF, GIF, HEIC, AVIF, JPEG XL and JPEG 2000 files of many modes, made with Pillow and
its plugins, and raw photographs. Each is damaged in one to four ways: flipped bits, overwritten and repeated bytes, cut
ends, chunks spliced in from another file, header fields set to extreme numbers. PNG checksums are mended in half of the
cases, so that damage reaches the decoder behind them. Every other one is read as `--tolerate-truncated` does.

Prints one line, and exits with 1 when a worker died or hung, another exception came out, or the memory of a worker grew
beyond its limit. Every input is made again by its number: `--only NUMBER` decodes one, to look at a violation.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import resource
import struct
import sys
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from quasar_index.errors import ImageError
from quasar_index.images import allow_pixels, decode, registered
from tests.raw_photographs import dng

MAX_PIXELS = 4_000_000
"""Small, so that the bound on memory is sharp; the limit itself is part of what is tested."""
MOST_BYTES = 24 * MAX_PIXELS + (64 << 20)
"""Memory that a worker may come to hold beyond its start: 24 bytes a pixel of raw photographs and of files of which a
part is read, 12 of others, and what the allocator keeps."""
HANGS_AFTER = 60.0
"""Seconds after which an image counts as hanging."""
BATCH = 25

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def seeds() -> list[bytes]:
    """Return the images that are mutated."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (48, 64, 4), dtype=np.uint8)
    smooth = np.linspace(0, 255, 48 * 64 * 3).reshape(48, 64, 3).astype(np.uint8)
    rgb, rgba = Image.fromarray(smooth), Image.fromarray(noise)
    grey, palette = rgb.convert("L"), rgb.quantize(32)
    deep = Image.fromarray((noise[:, :, 0].astype(np.uint16) << 8) + 7)
    floats = Image.fromarray(noise[:, :, 0].astype(np.float32))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description" * 20
    frames = [rgb.rotate(90 * turn) for turn in range(3)]
    animated = {"save_all": True, "append_images": frames[1:]}
    plan: list[tuple[str, Image.Image, dict[str, object]]] = [
        ("JPEG", rgb, {"exif": exif, "quality": 80}),
        ("JPEG", rgb, {"progressive": True, "subsampling": 2}),
        ("JPEG", rgba.convert("CMYK"), {}),
        ("JPEG", grey, {"restart_marker_blocks": 4}),
        ("PNG", rgb, {"exif": exif}),
        ("PNG", rgba, {}),
        ("PNG", palette, {"transparency": 3}),
        ("PNG", deep, {}),
        ("PNG", grey.convert("1"), {}),
        ("PNG", frames[0], animated),
        ("WEBP", rgb, {"quality": 70, "exif": exif}),
        ("WEBP", rgba, {"lossless": True}),
        ("WEBP", frames[0], {**animated, "quality": 50}),
        ("TIFF", rgb, {"exif": exif}),
        ("TIFF", rgba, {"compression": "tiff_lzw"}),
        ("TIFF", deep, {"compression": "tiff_adobe_deflate"}),
        ("TIFF", floats, {}),
        ("TIFF", rgb, {"compression": "jpeg"}),
        ("TIFF", grey.convert("1"), {"compression": "group4"}),
        ("TIFF", palette, {"compression": "packbits"}),
        ("TIFF", rgb.convert("YCbCr"), {"big_tiff": True}),
        ("GIF", palette, {"transparency": 1}),
        ("GIF", frames[0], {**animated, "disposal": 2}),
        ("PPM", deep, {}),
        ("BMP", rgb, {}),
        ("JPEG2000", rgb, {}),
        ("HEIF", rgb, {"exif": exif, "quality": 60}),
        ("HEIF", rgba, {"quality": 60}),
        ("HEIF", frames[0], {**animated, "quality": 40}),
        ("AVIF", rgb, {"exif": exif, "quality": 60}),
        ("AVIF", rgba, {"quality": 60}),
        ("AVIF", frames[0], {**animated, "quality": 40}),
        ("JXL", rgb, {"exif": exif.tobytes(), "use_container": True}),
        ("JXL", rgba, {"lossless": True}),
        ("JXL", deep, {"lossless": True}),
    ]
    registered()
    srgb = smooth[:, :, :3]
    made = [dng(srgb), dng(srgb, is_linear=True), dng(srgb, preview=srgb[:12, :16], orientation=6)]
    for format_, image, options in plan:
        file = io.BytesIO()
        image.save(file, format_, **options)
        made.append(file.getvalue())
    return made


def mutate(number: int, seed: int, originals: list[bytes]) -> bytes:
    """Return input `number`: one of the originals, damaged; the same for the same numbers."""
    rng = np.random.default_rng((seed, number))
    data = bytearray(originals[int(rng.integers(len(originals)))])
    for _ in range(int(rng.integers(1, 5))):
        way = _WAYS[int(rng.integers(len(_WAYS)))]
        way(data, rng, originals)
        if not data:
            break
    if data.startswith(b"\x89PNG") and rng.random() < 0.5:
        _mend_checksums(data)
    return bytes(data)


def _flip_bits(data: bytearray, rng: np.random.Generator, _: list[bytes]) -> None:
    for place in rng.integers(len(data), size=int(rng.integers(1, 9))).tolist():
        data[place] ^= 1 << int(rng.integers(8))


def _overwrite(data: bytearray, rng: np.random.Generator, _: list[bytes]) -> None:
    place, length = int(rng.integers(len(data))), int(rng.integers(1, 65))
    data[place : place + length] = rng.bytes(length)


def _cut(data: bytearray, rng: np.random.Generator, _: list[bytes]) -> None:
    del data[int(rng.integers(len(data) + 1)) :]


def _drop(data: bytearray, rng: np.random.Generator, _: list[bytes]) -> None:
    place = int(rng.integers(len(data)))
    del data[place : place + int(rng.integers(1, 257))]


def _repeat(data: bytearray, rng: np.random.Generator, _: list[bytes]) -> None:
    place = int(rng.integers(len(data)))
    part = bytes(data[place : place + int(rng.integers(1, 257))])
    data[place:place] = part * int(rng.integers(1, 33))


def _splice(data: bytearray, rng: np.random.Generator, originals: list[bytes]) -> None:
    other = originals[int(rng.integers(len(originals)))]
    start = int(rng.integers(len(other)))
    part = other[start : start + int(rng.integers(1, 1025))]
    place = int(rng.integers(len(data)))
    data[place : place + (len(part) if rng.random() < 0.5 else 0)] = part


def _edit_header(data: bytearray, rng: np.random.Generator, _: list[bytes]) -> None:
    """Set a field of the first 512 bytes, where sizes, counts and offsets are, to an extreme number."""
    order = "<>"[int(rng.integers(2))]
    size, code = ((1, "B"), (2, "H"), (4, "I"))[int(rng.integers(3))]
    place = int(rng.integers(min(len(data), 512)))
    value = EXTREMES[int(rng.integers(len(EXTREMES)))] & ((1 << 8 * size) - 1)
    data[place : place + size] = struct.pack(order + code, value)


_WAYS: tuple[Callable[[bytearray, np.random.Generator, list[bytes]], None], ...] = (
    _flip_bits, _overwrite, _cut, _drop, _repeat, _splice, _edit_header, _edit_header,
)  # fmt: skip


def _mend_checksums(data: bytearray) -> None:
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        end = place + 8 + length
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(data[place + 4 : end])))
        place = end + 4


def _memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss also counts what the process was before it became this program
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def work(pipe: Connection, seed: int) -> None:
    """Decode the inputs whose numbers come in; answer (outcomes, memory) a batch."""
    warnings.simplefilter("ignore")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # libtiff speaks to stderr by itself
    allow_pixels(MAX_PIXELS)
    originals = seeds()
    for original in originals:
        decode(original, max_pixels=MAX_PIXELS)
    start = _memory()
    while (numbers := pipe.recv()) is not None:
        outcomes = []
        for number in numbers:
            pipe.send(number)
            try:
                # Every other one as --tolerate-truncated reads it.
                tolerant = (lambda _: None) if number % 2 else None
                pixels = decode(mutate(number, seed, originals), max_pixels=MAX_PIXELS, on_truncated=tolerant)
                sound = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.size <= 3 * MAX_PIXELS
                outcomes.append((number, "decoded" if sound else "wrong array"))
            except ImageError as error:
                outcomes.append((number, "refused" if "\n" not in str(error) else "error of several lines"))
            except BaseException as error:  # anything else is what this looks for
                outcomes.append((number, f"{type(error).__name__}: {error}"))
        pipe.send((outcomes, _memory() - start))


class Worker:
    """A process that decodes, and what it is at."""

    def __init__(self, seed: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, seed), daemon=True)
        self.process.start()
        theirs.close()
        self.numbers: list[int] = []
        self.current = -1
        self.since = time.monotonic()

    def give(self, numbers: list[int]) -> None:
        """Hand over the next batch."""
        self.numbers, self.current, self.since = numbers, -1, time.monotonic()
        self.pipe.send(numbers)

    def end(self) -> None:
        """Stop the process."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def run(count: int, seed: int, n_processes: int) -> tuple[Counter[str], list[str], int]:
    """Decode `count` inputs.

    Returns:
        Counts of the outcomes, the violations, and the most memory that a worker gained, in bytes.
    """
    batches: Iterator[list[int]] = (list(range(n, min(n + BATCH, count))) for n in range(0, count, BATCH))
    again: list[list[int]] = []
    counts: Counter[str] = Counter()
    violations: list[str] = []
    most = 0
    workers: list[Worker] = []

    def next_batch() -> list[int] | None:
        return again.pop() if again else next(batches, None)

    def replace(worker: Worker, what: str) -> None:
        """Note what became of a worker's image, and give the rest of its batch to a new one."""
        counts[what.split(" ", 1)[0]] += 1
        violations.append(f"input {worker.current}: {what}")
        # What it had decoded before was not reported yet: once more, without the image that did it.
        if rest := [number for number in worker.numbers if number != worker.current]:
            again.append(rest)
        worker.end()
        workers.remove(worker)

    while True:
        while len(workers) < n_processes and (batch := next_batch()) is not None:
            worker = Worker(seed)
            worker.give(batch)
            workers.append(worker)
        if not workers:
            return counts, violations, most
        ready = wait([worker.pipe for worker in workers], timeout=1.0)
        for worker in list(workers):
            try:
                if worker.pipe in ready:
                    answer = worker.pipe.recv()
                    if isinstance(answer, int):
                        worker.current, worker.since = answer, time.monotonic()
                        continue
                    outcomes, gained = answer
                    most = max(most, gained)
                    counts.update(outcome if outcome in ("decoded", "refused") else "raised" for _, outcome in outcomes)
                    violations += [f"input {n}: {o}" for n, o in outcomes if o not in ("decoded", "refused")]
                    batch = next_batch()
                    if batch is None:
                        worker.end()
                        workers.remove(worker)
                    else:
                        worker.give(batch)
                elif time.monotonic() - worker.since > HANGS_AFTER:
                    replace(worker, f"hung for more than {HANGS_AFTER:g} s")
            except (EOFError, OSError):
                worker.process.join()
                replace(worker, f"crashed the process (exit code {worker.process.exitcode})")


def main() -> int:
    """Run, print the summary, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="decode this input in this process")
    parser.add_argument("--write", metavar="FILE", help="with --only: write the input to a file instead")
    given = parser.parse_args()
    if given.only is not None:
        data = mutate(given.only, given.seed, seeds())
        if given.write:
            Path(given.write).write_bytes(data)
        else:
            print(decode(data, max_pixels=MAX_PIXELS).shape)
        return 0
    start = time.monotonic()
    counts, violations, most = run(given.count, given.seed, given.processes)
    if most > MOST_BYTES:
        violations.append(f"a worker gained {most >> 20} MiB, {MOST_BYTES >> 20} MiB are allowed")
    for violation in violations[:20]:
        print(f"  {violation}", file=sys.stderr)
    print(
        f"mutated images: {sum(counts.values()):,} in {time.monotonic() - start:.0f} s (seed {given.seed}): "
        f"{counts['decoded']:,} images, {counts['refused']:,} refused, {counts['crashed']} crashes of the process, "
        f"{counts['hung']} hangs, {counts['raised']} other exceptions, {most >> 20} MiB gained at most; "
        f"{len(violations)} violations"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
