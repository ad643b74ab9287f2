"""Compare: several photographs at one zoom and place, judged by keys."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from .browser import Browser
from .explorer import Explorer
from .test_explorer_browser import KEPT, copied, looking, names

LENSES = """return [...document.querySelectorAll('.lens')].map((lens) => {
    const {a, d, e, f} = new DOMMatrix(getComputedStyle(lens).transform);
    const image = lens.querySelector('img'), ratio = image.naturalWidth / image.naturalHeight;
    const width = Math.min(lens.clientWidth, lens.clientHeight * ratio);
    return [a, d, 0.5 - e / width / a, 0.5 - (f / width * ratio) / a];
})"""
FILES = "return [...document.querySelectorAll('.pane .file')].map((one) => one.innerText)"
LOADED = "[...document.images].every((image) => image.complete && image.naturalWidth)"
MIDDLE = """const box = document.querySelectorAll('.under')[arguments[0]].getBoundingClientRect();
    return [box.left + box.width * arguments[1], box.top + box.height * arguments[2]]"""
WHEEL = """const under = document.querySelectorAll('.under')[arguments[0]], x = arguments[1], y = arguments[2];
    under.dispatchEvent(new WheelEvent('wheel', {deltaY: -600, clientX: x, clientY: y,
        bubbles: true, cancelable: true}))"""


def lens(page: Browser, n: int) -> tuple[float, float, float]:
    """Zoom and place, which all photographs share."""
    found: Any = page.run(LENSES)
    assert len(found) == n
    for one in found[1:]:
        assert one == pytest.approx(found[0], abs=2e-3)
    across, down, x, y = found[0]
    assert across == down
    return across, x, y


def drag(page: Browser, pane: int, across: int, down: int) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    under = page.driver.find_elements("css selector", ".under")[pane]
    ActionChains(page.driver).click_and_hold(under).move_by_offset(across, down).release().perform()


def test_compare_keeps_one_zoom_and_judges_each(browser: Browser, photos: Path, home: Path, tmp_path: Path) -> None:
    with (
        Explorer(copied(photos, tmp_path / "shots"), "--index", "rated", home=home) as explorer,
        looking(browser, explorer) as page,
    ):
        order = names(page)
        scores = {name: page.run(f"return document.querySelectorAll('.cell')[{at}].dataset.score")
                  for at, name in enumerate(order)}  # fmt: skip
        page.press("s", "Right", "Right", "s", "Right", "s", "c")
        page.wait(f"document.querySelectorAll('.pane').length === 3 && {LOADED}")
        assert page.run(FILES) == [order[0], order[2], order[3]]
        assert lens(page, 3) == (1, 0.5, 0.5)
        for at, name in enumerate([order[0], order[2], order[3]]):
            shown = page.run(f"return document.querySelectorAll('.pane .score')[{at}].innerText")
            assert float(str(shown)) == pytest.approx(float(str(scores[name])), abs=0.0051)
        # The wheel over one zooms all, and what is under the pointer stays there.
        x, y = page.run(MIDDLE, 1, 0.6, 0.5)  # type: ignore[misc]
        page.run(WHEEL, 1, x, y)
        zoom, place, down = lens(page, 3)
        assert zoom == pytest.approx(math.exp(600 * 0.0018), rel=1e-3)
        assert place > 0.52
        assert down == pytest.approx(0.5, abs=0.01)  # events know whole pixels
        drag(page, 0, -40, 30)
        assert lens(page, 3)[0] == zoom
        assert lens(page, 3)[1] > place
        assert lens(page, 3)[2] < 0.5
        page.press("+")
        assert lens(page, 3)[0] == pytest.approx(1.3 * zoom, rel=1e-4)
        page.wait(LOADED)
        page.press("z")
        assert lens(page, 3) == (1, 0.5, 0.5)
        # By keys: the middle one, picked; another in its place, rejected; one left out.
        current = "document.querySelector('.pane[aria-current] .file').innerText"
        assert page.run(f"return {current}") == order[0]  # what was dragged
        page.press("Right")
        page.wait(f"{current} === {json.dumps(order[2])}")
        page.press("p", "Down")
        page.wait(f"{current} === {json.dumps(order[4])}")
        page.press("x", "2", "Delete")
        page.wait("document.querySelectorAll('.pane').length === 2")
        assert page.run(FILES) == [order[0], order[3]]
        page.press("Escape")
        page.wait(f"document.querySelector('.cell') && {KEPT}")
        assert page.run("return [...document.querySelectorAll('.cell.pick .name')].map((one) => one.textContent)") == [
            order[2]
        ]
        assert page.text(".cell.reject .name") == order[4]
        # Without a choice: the current one and the next.
        page.driver.refresh()
        page.wait("document.querySelectorAll('.cell').length && !document.querySelector('.progress')")
        page.press("Home", "c")
        page.wait(f"document.querySelectorAll('.pane').length >= 2 && {LOADED}")
        assert page.run(FILES)[0] == order[0]  # type: ignore[index]
        page.driver.refresh()
        page.wait(f"document.querySelectorAll('.pane').length >= 2 && {LOADED}")  # the address names them
