"""How soon the explorer's page answers, by the browser's own clock: the bars of the page in one run.

    python -m tests.benchmarks.explorer_page PHOTOGRAPHS [--photos 10000] [--anchors 255000] [--dim 768]

The photographs are there many times, by links, with random embeddings and the scores of these; anchors are random, too,
and built into an index in a temporary folder. Each action is repeated; printed are the median and the slowest time from
the key (or the slider's event) until the next frame has been drawn.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import quasar_index as qi
from tests.benchmarks.explorer import build
from tests.e2e.browser import Browser, start

TIMED = """const [act, done] = [new Function(arguments[0]), arguments[1]];
    const begun = performance.now();
    act();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));"""
KEY = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}));"
SLIDE = """const slider = document.querySelector('#slide-top_k');
    slider.value = String(Math.random() * 1000);
    slider.dispatchEvent(new Event('input', {bubbles: true}));"""


class Nothing:
    """An encoder that embeds nothing: the embeddings are there."""

    def __init__(self, spec: qi.EncoderSpec) -> None:
        self.spec = spec

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Return an image as it is."""
        return image

    def forward(self, batch: np.ndarray) -> np.ndarray:
        """Return embeddings that are all alike."""
        return np.ones((len(batch), self.spec.dim), dtype=np.float32)


def explorer_of(photographs: Path, count: int, index: qi.AnchorIndex, folder: Path) -> qi.explorer.Explorer:
    """Return an explorer whose photographs are scored."""
    found = qi.list_images(photographs)
    files = [folder / f"{number:06d}{found[number % len(found)].suffix}" for number in range(count)]
    for number, file in enumerate(files):
        os.link(found[number % len(found)], file) if _same_disk(found[0], folder) else file.write_bytes(
            found[number % len(found)].read_bytes()
        )
    scorer = qi.Scorer(index, qi.read_method("retrieval:top_k=8"), Nothing(index.manifest.encoder))
    explorer = qi.explorer.Explorer(scorer, index, files, folders=[folder])
    rng = np.random.default_rng(1)
    for begin in range(0, count, 1024):
        part = files[begin : begin + 1024]
        vectors = rng.normal(size=(len(part), index.manifest.encoder.dim)).astype(np.float32)
        rows = [
            qi.ScoredImage(str(file), *row, embedding=vector, id=f"{begin + n:032x}", width=481, height=321)
            for n, (file, row, vector) in enumerate(zip(part, scorer.rows(vectors), vectors, strict=True))
        ]
        explorer.photos.add(rows, [None] * len(rows))
    explorer.photos.burst = np.arange(count)
    return explorer


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def say(name: str, took: list[float], bar: str) -> None:
    """Print a line."""
    print(f"{name:34} median {statistics.median(took):7.1f}  slowest {max(took):7.1f}  {bar}", flush=True)


def timed(browser: Browser, action: str, times: int, pause: float = 0.3) -> list[float]:
    """Return milliseconds of an action, several times."""
    took = []
    for _ in range(times):
        took.append(float(browser.driver.execute_async_script(TIMED, action)))
        time.sleep(pause)
    return took


def measure(browser: Browser, explorer: qi.explorer.Explorer) -> None:
    """Print the times of one page."""
    with qi.explorer.serving(explorer) as address:
        browser.window(1400, 900)
        browser.open(address.url, ready="document.querySelectorAll('.cell').length", timeout=120)
        paint = float(str(browser.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")))
        say("first paint, ms", [paint], "bar 3,000 with 255,000 anchors")
        time.sleep(2)
        browser.run("document.getElementById('grid').focus()")
        say("sort again (key o), ms", timed(browser, KEY % "o", 10), "bar 100 with 10,000 photographs")
        say("next photograph in the grid, ms", timed(browser, KEY % "ArrowRight", 20), "bar 50")
        browser.press("Space")
        browser.wait("document.querySelector('dialog.large[open] img')", 60)
        time.sleep(2)
        say("next photograph, large, ms", timed(browser, KEY % "ArrowRight", 20, 0.8), "bar 50")
        browser.press("Escape")
        browser.wait("!document.querySelector('dialog[open]')")
        browser.press("Home", "Enter")
        browser.wait("document.querySelector('#way-score')", 120)
        time.sleep(2)
        browser.requests()
        say("slider, ms", timed(browser, SLIDE, 20), "bar 16")
        print(f"requests by the slider: {len(browser.requests())}")
        ask = """const done = arguments[arguments.length - 1], begun = performance.now();
            fetch('/api/explain/' + arguments[0]).then((answer) => answer.json())
                .then(() => done(performance.now() - begun));"""
        took = [float(browser.driver.execute_async_script(ask, number)) for number in range(10)]
        say("why a photograph has its score, ms", took, "bar 300 after its embedding")
        complaints = browser.complaints()
        print(f"errors of the page: {len(complaints)} {complaints[:1] or ''}")


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--anchors", type=int, default=255_000)
    parser.add_argument("--dim", type=int, default=768)
    given = parser.parse_args()
    script = Path(qi.explorer.__file__).parent / "page" / "app.js"
    print(f"script {len(gzip.compress(script.read_bytes())) / 1000:.1f} kB gzip, bar 80")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["QUASAR_INDEX_HOME"] = name
        (folder / "photographs").mkdir()
        cwd = Path.cwd()
        os.chdir(folder)
        index = build(given.anchors, given.dim)
        os.chdir(cwd)
        explorer = explorer_of(given.photographs.resolve(), given.photos, index, folder / "photographs")
        browser = start(folder / "profile")
        if browser is None:
            raise SystemExit("no Chromium")
        try:
            measure(browser, explorer)
        finally:
            browser.driver.quit()
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
