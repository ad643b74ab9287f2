"""Threads against processes for reading, decoding and preparing images: which feeds an encoder faster.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.decoding FOLDER [--workers 2] [--rounds 5] [--input crop-224]
    OMP_NUM_THREADS=1 python -m tests.benchmarks.decoding FOLDER --rules [--rounds 5]

With --rules, input rule 2 against rule 1 instead: what profiles of colours cost, for the files as they are, with an
sRGB profile, and with Adobe RGB's; the figure is the ratio of their times (above 1: rule 2 takes longer).

Both read the same files with the same code, in turns within one run; the figure is the ratio of their times (above 1:
threads are faster), median and range over the rounds. Processes must send the pixels back, which threads need not.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from quasar_index.encoders.spec import InputRule, parse_input
from quasar_index.images import content_id, decode, list_images
from tests.colour_profiles import SRGB, rgb_profile, srgb_curve


def prepare(rule: InputRule, path: str) -> np.ndarray:
    """Do what the pipeline's threads do with one file."""
    data = Path(path).read_bytes()
    content_id(data)
    return rule.apply(decode(data))


def drain(pool: Executor, load: Callable[[str], np.ndarray], paths: Iterable[str]) -> float:
    """Return the seconds until all images are here."""
    start = time.perf_counter()
    for image in pool.map(load, paths, chunksize=4):
        image.shape  # noqa: B018 - here they are
    return time.perf_counter() - start


def compare_rules(paths: list[str], rounds: int) -> None:
    """Decode the files by both rules in turns, with different profiles, and print the ratios."""
    images = [Image.open(path).convert("RGB") for path in paths]
    for name, profile in (
        ("no profile", None),
        ("an sRGB profile", rgb_profile(SRGB, srgb_curve())),
        ("an Adobe RGB profile", rgb_profile()),
    ):
        files = []
        for image in images:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=90, **({} if profile is None else {"icc_profile": profile}))
            files.append(file.getvalue())
        ratios = []
        for number in range(rounds + 1):
            seconds = {}
            for rule in (1, 2) if number % 2 else (2, 1):
                start = time.perf_counter()
                for data in files:
                    decode(data, rule=rule)
                seconds[rule] = time.perf_counter() - start
            ratios.append(seconds[2] / seconds[1])
        ratios = ratios[1:]  # the first round warms up
        print(
            f"{len(files)} JPEG files with {name}: rule 2 takes {statistics.median(ratios):.2f} times as long "
            f"as rule 1 ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--input", default="at-most=512")
    parser.add_argument("--repeat", type=int, default=4, help="how many times each file is read a round")
    parser.add_argument("--rules", action="store_true", help="compare input rules instead")
    given = parser.parse_args()
    paths = [str(path) for path in list_images(given.folder)]
    if given.rules:
        compare_rules(paths, given.rounds)
        return
    load = partial(prepare, parse_input(given.input, InputRule("none")))
    ratios = []
    with ThreadPoolExecutor(given.workers) as threads, ProcessPoolExecutor(given.workers) as processes:
        for pool in (threads, processes):
            drain(pool, load, paths)  # warm: imports, page cache
        for _ in range(given.rounds):
            seconds = [drain(pool, load, paths * given.repeat) for pool in (threads, processes)]
            ratios.append(seconds[1] / seconds[0])
            n = len(paths) * given.repeat
            print(f"threads {n / seconds[0]:.0f} images/s, processes {n / seconds[1]:.0f} images/s", flush=True)
    print(
        f"{len(paths)} files, {given.workers} workers, {given.input}: threads are {statistics.median(ratios):.2f} "
        f"times as fast ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
