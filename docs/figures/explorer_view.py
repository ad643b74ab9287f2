"""The picture of the explorer: its view Cull, over free photographs and worse versions of them.

    python -m docs.figures.explorer_view

It needs Chromium and the test requirements. The photographs come with scikit-image and scikit-learn.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import quasar_index as qi
from quasar_index.demo import read_photographs
from tests.e2e.browser import start
from tests.e2e.explorer import Explorer

OUT = Path(__file__).with_name("explorer.webp")
SHOWN = ("chelsea", "coffee", "rocket", "astronaut", "china", "flower")
READY = "!document.querySelector('.progress') && document.querySelectorAll('.cell').length > 4"
WORSE = (("gaussian-blur", 4), ("jpeg", 4), ("white-noise", 3))


def main() -> None:
    """Score the photographs, mark three, and take the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "holiday"
        folder.mkdir()
        rng = np.random.default_rng(0)
        for stem, pixels in read_photographs():
            if stem in SHOWN:
                Image.fromarray(pixels).save(folder / f"{stem}.jpg", quality=95)
                for kind, level in WORSE:
                    image = qi.synthesis.distort(pixels, kind, level, rng=rng)
                    Image.fromarray(image).save(folder / f"{stem}-{kind}.jpg", quality=95)
        browser = start(Path(name) / "profile")
        if browser is None:
            raise SystemExit("no Chromium")
        with Explorer(folder, home=Path(name)) as explorer:
            browser.window(1200, 720)
            browser.open(explorer.url, ready=READY)
            time.sleep(2)  # pictures fade in
            browser.press("p", "Arrow_Right", "p", "Arrow_Right", "4", "Arrow_Right", "x")
            time.sleep(2)
            picture = Path(name) / "picture.png"
            browser.driver.save_screenshot(str(picture))
        browser.driver.quit()
        Image.open(picture).convert("RGB").save(OUT, quality=80, method=6)
    print(OUT, OUT.stat().st_size)  # noqa: T201


if __name__ == "__main__":
    main()
