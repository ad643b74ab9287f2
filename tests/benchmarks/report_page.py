"""How large the page of `score --report` is, and how soon a browser shows it; its photographs are there several times.

python -m tests.benchmarks.report_page PHOTOGRAPHS --count 200 5000
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import quasar_index as qi
from tests.e2e.browser import Browser, start

DIM, BLOCK = 64, 128
_ACTIONS = {
    "sort": "const one = document.getElementById('sort'); one.value = 'name'; one.dispatchEvent(new Event('change'));",
    "filter": "const one = document.getElementById('filter'); one.value = '9'; one.dispatchEvent(new Event('input'));",
    "enlarge": "document.querySelector('.image:not([hidden])').click();",
}


def make(photographs: Path, count: int, folder: Path) -> Path:
    """Write the page of `count` images; anchors are photographs, too."""
    found = qi.list_images(photographs)
    rng = np.random.default_rng(0)
    images = [folder / f"photo_{place:05d}{found[place % len(found)].suffix}" for place in range(count)]
    for place, path in enumerate(images):
        path.symlink_to(found[place % len(found)].resolve())
    records = folder / "anchors.csv"
    lines = [f"{path.resolve()},{place % 50}" for place, path in enumerate(found)]
    records.write_text("\n".join(["image,score", *lines]), encoding="utf-8")
    np.save(folder / "anchors.npy", rng.normal(size=(len(found), DIM)).astype(np.float32))
    source, matrix = qi.load_embeddings(folder / "anchors.npy", records)
    index = qi.build_from_embeddings(folder / "index", source, matrix).index
    report = qi.Report(qi.Mean(space="raw").fit(index.anchors()), index)
    vectors = rng.normal(size=(count, DIM)).astype(np.float32)
    rows = [qi.ScoredImage(str(path), float(rng.random()), embedding=vectors[n]) for n, path in enumerate(images)]
    for begin in range(0, count, BLOCK):
        report.add(rows[begin : begin + BLOCK])
    report.write(folder / "page.html")
    return folder / "page.html"


def measure(browser: Browser, page: Path) -> dict[str, float]:
    """Return milliseconds: to the first paint, until all is read, and until the page shows the answer to an action."""
    browser.open(page, ready="performance.timing.loadEventEnd")
    time.sleep(1)
    paint = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"
    load = "return performance.timing.loadEventEnd - performance.timing.navigationStart"
    took = {"first paint": float(str(browser.run(paint))), "read": float(str(browser.run(load)))}
    for name, action in _ACTIONS.items():
        took[name] = browser.driver.execute_async_script(
            f"const done = arguments[0], begun = performance.now(); {action}"
            "requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));"
        )
    return took


def main() -> None:
    """Print size and times for each number of images."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--count", type=int, nargs="+", default=[200, 5000])
    given = parser.parse_args()
    for count in given.count:
        with tempfile.TemporaryDirectory() as folder:
            page = make(given.photographs, count, Path(folder))
            browser = start(Path(folder, "profile"))
            if browser is None:
                raise SystemExit("no Chromium")
            took = measure(browser, page)
            browser.driver.quit()
            times = ", ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in took.items())
            print(f"{count} images: {page.stat().st_size / 1e6:.1f} MB; {times}")


if __name__ == "__main__":
    main()
