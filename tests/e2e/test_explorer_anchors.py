"""The view of anchors in a real browser: the lasso, one version a press, and a quarter of a million points."""

import base64
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from selenium.webdriver.common.action_chains import ActionChains

import quasar_index as qi
from tests.front import front  # noqa: F401 - a fixture

from .browser import Browser
from .explorer import Explorer

PAINTED = "document.querySelector('#map')?.dataset.painted"
MANY = 255_000


def lasso(page: Browser, corners: list[tuple[int, int]]) -> None:
    """Draw a lasso; corners are pixels from the middle of the map."""
    over = page.driver.find_element("css selector", "#map")
    actions = ActionChains(page.driver, duration=20).move_to_element_with_offset(over, *corners[0]).click_and_hold()
    for corner in corners[1:]:
        actions.move_to_element_with_offset(over, *corner)
    actions.release().perform()


def places(page: Browser, index: qi.AnchorIndex) -> np.ndarray:
    """Return where each anchor is drawn, from the middle of the map: computed anew."""
    anchors = index.anchors()
    points = qi.maps.project_anchors(anchors, space="raw").points
    given: Any = page.driver.execute_async_script(
        "const done = arguments[0];"
        "fetch('/api/anchors').then((answer) => answer.json()).then((data) => done([data.x, data.y]))"
    )
    shown = np.stack([np.frombuffer(base64.b64decode(one), "<f4") for one in given], axis=1).astype(float)
    signs = np.sign((shown * points).sum(axis=0))
    points = points * signs
    np.testing.assert_allclose(shown, points, atol=1e-3)
    width, height = page.run("const m = document.getElementById('map'); return [m.clientWidth, m.clientHeight]")  # type: ignore[misc]
    low, high = shown.min(axis=0), shown.max(axis=0)
    unit = min((width - 40) / (high[0] - low[0]), (height - 40) / (high[1] - low[1]))
    return (shown - (low + high) / 2) * unit * [1, -1]


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Path:
    """A home with a copy of the index for one test."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copytree(home / "rated", folder / "rated")
    return folder


def test_lassoed_anchors_are_staged_and_one_press_writes_one_version(browser: Browser, own: Path) -> None:
    index = qi.AnchorIndex.open(own / "rated")
    before = {row["id"]: row for row in index.to_arrow(["id", "score", "side"]).to_pylist()}
    ids = [one.decode() for one in index.anchors().ids]
    browser.window(1400, 900)
    with Explorer("--index", "rated", home=own) as explorer:
        browser.open(explorer.url, ready="document.querySelector('nav')")
        page = browser
        page.run("location.hash = '#anchors'")
        page.wait(PAINTED, 120)
        assert page.run("return document.getElementById('colour').value") == "rating"
        where = places(page, index)
        middle = np.median(where, axis=0)
        shape = ((-330, 0), (0, -190), (150, 20), (10, 160))
        size: Any = page.run("const m = document.getElementById('map'); return [m.clientWidth, m.clientHeight]")
        edge = [one // 2 - 5 for one in size]
        corners = [tuple(int(np.clip(middle[i] + xy[i], -edge[i], edge[i])) for i in (0, 1)) for xy in shape]
        inside = np.flatnonzero(Polygon(corners).contains_points(where))
        assert 2 <= len(inside) <= 15
        lasso(page, corners)
        page.wait(f"document.getElementById('h-chosen').innerText.startsWith('{len(inside)} ')")
        page.wait("document.querySelectorAll('.rows .anchor img').length")
        rows = page.run("return [...document.querySelectorAll('.rows .anchor')].map((one) => Number(one.dataset.row))")
        assert sorted(rows) == inside.tolist()  # type: ignore[type-var]
        page.run("document.querySelector('.chosen button').click()")  # as a table
        page.wait("document.querySelector('.rows.table .file').innerText.endsWith('.png')")
        # One gets another rating, one goes; one version.
        assert page.run("return document.getElementById('write').disabled")
        x, y = where[inside[0]]
        over = page.driver.find_element("css selector", "#map")
        ActionChains(page.driver).move_to_element_with_offset(over, round(x), round(y)).click().perform()
        page.wait("document.getElementById('h-chosen').innerText.startsWith('1 ')")
        page.driver.find_element("css selector", "#new-rating").send_keys("2.5\n")
        page.wait("document.querySelector('.anchor .tag.warn')?.innerText.endsWith('2.5')")
        x, y = where[inside[1]]
        ActionChains(page.driver).move_to_element_with_offset(over, round(x), round(y)).click().perform()
        page.wait(f"document.querySelector('.rows .anchor').dataset.row === '{inside[1]}'")
        page.driver.find_element("css selector", "#remove").click()
        page.wait("document.getElementById('write').innerText === 'Write 2 changes as version 2'")
        assert qi.AnchorIndex.open(own / "rated").manifest.version == 1
        page.driver.find_element("css selector", "#write").click()
        page.wait("document.querySelector('#written')", 60)
        assert page.text("#written").startswith("1 anchor relabelled, 1 removed")
        now = qi.AnchorIndex.open(own / "rated")
        assert [one.version for one in now.history()] == [1, 2]
        scores = {row["id"]: row["score"] for row in now.to_arrow(["id", "score"]).to_pylist()}
        expected = {key: row["score"] for key, row in before.items() if key != ids[inside[1]]}
        assert scores == expected | {ids[inside[0]]: 2.5}
        # Restored, all is as before; a second writer is a clear message.
        page.wait(PAINTED)
        page.run("document.querySelector('[aria-label=\"Restore version 1\"]').click()")
        page.wait("document.querySelector('#written')?.innerText.startsWith('version 1 restored')", 60)
        after = qi.AnchorIndex.open(own / "rated")
        assert {row["id"]: row for row in after.to_arrow(["id", "score", "side"]).to_pylist()} == before
        assert page.complaints() == []
        after.remove(ids=[ids[0]])
        page.wait(PAINTED)
        lasso(page, corners)
        page.wait("document.querySelector('#remove:enabled')")
        page.run("document.getElementById('remove').click()")
        page.wait("document.querySelector('#write:enabled')")
        page.run("document.getElementById('write').click()")
        page.wait("document.querySelector('.anchor-view > .problem')", 60)
        assert "changed meanwhile: it has version 4, nothing was written" in page.text(".anchor-view > .problem")
        page.run("document.querySelector('.anchor-view > .problem button').click()")
        page.wait("!document.querySelector('.anchor-view > .problem')")
        page.wait("document.querySelector('.versions b').innerText === '4'")
        assert ["412" in line for line in page.complaints()] == [True]  # the browser's own word for the refusal
        page.driver.get("about:blank")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_nothing_bars_people_from_anchors(browser: Browser, own: Path, front: Path, width: int, scheme: str) -> None:  # noqa: F811
    axe = (front / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    with Explorer("--index", "rated", home=own) as explorer:
        browser.window(width, 844, scheme=scheme)
        browser.open(explorer.url, ready="document.querySelector('nav')")
        browser.run("location.hash = '#anchors'")
        browser.wait(PAINTED, 120)
        browser.run("const one = document.getElementById('colour'); one.value = 'side';"
                    "one.dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
        browser.wait("document.querySelectorAll('.chip').length === 2")
        browser.run("document.querySelector('.chip').click()")
        browser.wait("document.getElementById('h-chosen').innerText.startsWith('10 ')")
        browser.wait("document.querySelector('.rows .anchor img')?.complete")
        browser.run(axe)
        found: Any = browser.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((result) => done("
            "result.violations.map(({id, impact, nodes}) => [id, impact, nodes.map((one) => one.failureSummary)])))"
        )
        assert [one for one in found if one[1] in ("serious", "critical")] == []
        assert browser.run("return document.documentElement.scrollWidth - innerWidth") == 0
        assert browser.complaints() == []
        browser.driver.get("about:blank")


def test_the_starter_index_says_that_it_stays(browser: Browser, home: Path) -> None:
    with Explorer("--index", "starter", home=home) as explorer:
        page = browser
        page.open(explorer.url, ready="document.querySelector('nav')")
        page.run("location.hash = '#anchors'")
        page.wait(PAINTED, 120)
        assert "comes with quasar-index and stays as it is" in page.text("#read-only")
        assert page.run("return document.getElementById('write')") is None


def test_a_quarter_of_a_million_anchors(browser: Browser, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(MANY, 8)).astype(np.float32) * np.linspace(3, 1, 8, dtype=np.float32)
    records = qi.datasets.base.make_records(
        {"path": [f"{n}.png" for n in range(MANY)], "score": rng.uniform(size=MANY)}, MANY
    )
    source = qi.AnchorSource("many", records, "no-reference", "median")
    index = qi.build_from_embeddings(tmp_path / "many", [source], embeddings).index
    scorer = qi.Scorer(qi.Mean(space="raw").fit(index))
    scorer.encoder = qi.load_encoder(device="cpu")  # which nothing here uses
    explorer = qi.explorer.Explorer(scorer, index)
    explorer.anchor_view.prepare()  # as `run` does in the background
    with qi.explorer.serving(explorer) as address:
        browser.window(1400, 900)
        browser.open(address.url, ready="document.querySelector('nav')")
        begun = time.perf_counter()
        browser.run("location.hash = '#anchors'")
        browser.wait(PAINTED, 60)
        first = time.perf_counter() - begun
        took: Any = browser.driver.execute_async_script("""const done = arguments[0];
            const over = document.getElementById('map');
            const box = over.getBoundingClientRect(), at = (x, y) => ({clientX: box.left + x * box.width,
                clientY: box.top + y * box.height, button: 0, pointerId: 1, bubbles: true});
            over.setPointerCapture = () => {};
            const send = (kind, x, y) => over.dispatchEvent(new PointerEvent(kind, at(x, y)));
            send('pointerdown', 0.7, 0.5);
            for (let i = 1; i < 200; i++)
                send('pointermove', 0.5 + 0.2 * Math.cos(i / 32), 0.5 + 0.25 * Math.sin(i / 32));
            const begun = performance.now();
            send('pointerup', 0.7, 0.5);
            const found = performance.now() - begun;
            requestAnimationFrame(() => setTimeout(() => done([found, performance.now() - begun])));""")
        browser.wait("document.getElementById('h-chosen').innerText.includes(',')")
        n = int(browser.text("#h-chosen").split()[0].replace(",", ""))
        print(json.dumps({"first_s": first, "lasso_ms": took[0], "drawn_ms": took[1], "chosen": n}))
        assert 10_000 < n < MANY
        # Only those in sight are in the page.
        assert 0 < int(browser.run("return document.querySelectorAll('.rows .anchor').length")) < 100  # type: ignore[call-overload]
        # The bars are 3 s and 100 ms; machines of tests are slow, and do other things meanwhile.
        assert first < 12
        assert took[0] < 500
        assert browser.complaints() == []
        browser.driver.get("about:blank")
