"""The explorer's page on its real server, in a real browser: numbers, marks, keys, and who can use it."""

import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from tests.front import front  # noqa: F401 - a fixture

from .browser import Browser
from .conftest import Run
from .explorer import Explorer

READY = "!document.querySelector('.progress') && document.querySelectorAll('.cell').length"
KEPT = "!document.querySelector('.tag.warn')"
CELLS = """return [...document.querySelectorAll('.cell')].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
    .map((cell) => [cell.querySelector('.name').textContent, Number(cell.dataset.score)])"""
SLIDE = """const slider = document.querySelector(arguments[0]);
    slider.value = arguments[1];
    slider.dispatchEvent(new Event('input', {bubbles: true}));"""
LOWEST = """Math.max(...[...document.querySelectorAll('.cell')].map((cell) => cell.getBoundingClientRect().bottom))
    > document.getElementById('grid').getBoundingClientRect().bottom - 40"""
MANY = 100_000


def copied(photos: Path, folder: Path) -> Path:
    """Copy the photographs: what is written beside them is for one test."""
    folder.mkdir()
    for file in sorted(photos.glob("*.png")):
        shutil.copy(file, folder)
    return folder


@pytest.fixture
def shots(photos: Path, tmp_path: Path) -> Path:
    """A folder of photographs for one test."""
    return copied(photos, tmp_path / "shots")


@pytest.fixture(scope="module")
def served(photos: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explorer]:
    """An explorer that several tests look at."""
    explorer = Explorer(copied(photos, tmp_path_factory.mktemp("served") / "shots"), "--index", "rated", home=home)
    yield explorer
    explorer.stop()


@contextmanager
def looking(browser: Browser, explorer: Explorer) -> Iterator[Browser]:
    """Open the page, all scored; at the end nobody has complained, and nothing else was asked."""
    browser.window(1400, 900)
    browser.open(explorer.url, ready=READY)
    try:
        yield browser
        assert browser.complaints() == []
        own = f"http://127.0.0.1:{explorer.port}/"
        assert [url for url in browser.requests() if not url.startswith(own)] == []
    finally:
        browser.driver.get("about:blank")


@pytest.fixture
def page(browser: Browser, served: Explorer) -> Iterator[Browser]:
    """The page of an explorer that other tests look at, too."""
    with looking(browser, served) as page:
        yield page


def names(page: Browser) -> list[str]:
    return [name for name, _ in page.run(CELLS)]  # type: ignore[attr-defined]


def current(page: Browser) -> str:
    return page.text(".cell.current .name")


def scores_of(call: Run, *arguments: object) -> dict[str, Any]:
    done = call("score", *arguments, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return {Path(row["path"]).name: row for row in map(json.loads, done.stdout.splitlines())}


def test_order_and_numbers_are_those_of_the_command(page: Browser, call: Run) -> None:
    command = shlex.split(page.text("#all-command"))
    assert command[:2] == ["quasar-index", "score"]
    rows = scores_of(call, *command[2:])
    cells: list[tuple[str, float]] = page.run(CELLS)  # type: ignore[assignment]
    assert len(cells) == len(rows) == 20
    assert [score for _, score in cells] == sorted((score for _, score in cells), reverse=True)
    for name, score in cells:
        assert score == pytest.approx(rows[name]["score"], abs=1e-4)
    assert page.text(".panel .score").split()[0] == f"{cells[0][1]:.2f}"
    assert page.text(".panel .whole b") == f"{rows[cells[0][0]]['familiarity']:.2f}"
    page.press("o")  # worst first
    page.wait(f"document.querySelector('.cell[aria-posinset=\"1\"] .name').textContent === {json.dumps(cells[-1][0])}")
    assert [score for _, score in page.run(CELLS)] == sorted(score for _, score in cells)  # type: ignore[attr-defined]


def test_sliders_give_the_numbers_of_the_command_and_ask_nobody(page: Browser, call: Run) -> None:
    scores = [score for _, score in page.run(CELLS)]  # type: ignore[attr-defined]
    middle = min(range(20), key=lambda place: abs(scores[place] - 0.5))
    page.press(*["Right"] * middle, "Enter")
    page.wait("document.querySelector('#way-score')", 60)
    (row,) = scores_of(call, *shlex.split(page.text("#command"))[2:]).values()
    assert float(page.text("#score")) == pytest.approx(row["score"], abs=1e-4)
    page.wait(
        "document.querySelectorAll('.anchors img').length && [...document.images].every((image) => image.complete)"
    )
    page.requests()
    seen = set()
    for slider, place in (
        ("#slide-top_k", 0),
        ("#slide-top_k", 400),
        ("#slide-top_k", 800),
        ("#slide-top_k", 1000),
        ("#slide-top_k", 200),
        ("#blend", 0.4),
        ("#slide-offset", 300),
        ("#slide-offset", 700),
    ):
        before = page.text("#way-command")
        page.run(SLIDE, slider, place)
        page.wait(f"document.querySelector('#way-command').innerText !== {json.dumps(before)}")
        command, shown = page.text("#way-command"), float(page.text("#way-score"))
        (row,) = scores_of(call, *shlex.split(command)[2:]).values()
        assert shown == pytest.approx(row["score"], abs=1e-4), command
        seen.add(shown)
    assert len(seen) > 3
    assert page.requests() == []
    before = page.text("#way-command")
    page.press("[", "[", "]")
    page.wait("document.querySelector('#way-command').innerText.includes('top_k')")
    assert page.text("#way-command") != before


def test_a_dropped_image_has_the_score_of_the_command(page: Browser, call: Run, photos: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (80, 120, 3), dtype=np.uint8)).save(tmp_path / "my own.png")
    page.run("location.hash = '#one'")
    page.wait("document.querySelector('input[type=file]')")
    page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "my own.png"))
    page.wait("document.querySelector('#score')", 60)
    (row,) = scores_of(call, tmp_path / "my own.png", "-i", "rated").values()
    assert float(page.text("#score")) == pytest.approx(row["score"], abs=1e-4)
    assert page.text(".subject .file") == "my own.png"
    page.wait("document.querySelector('.preview img').naturalWidth === 120")
    (tmp_path / "no image.png").write_text("no image")
    page.driver.find_element("css selector", "input[type=file]").send_keys(str(tmp_path / "no image.png"))
    page.wait("document.querySelector('.subject [role=alert]')")
    assert "\n" not in page.text(".subject [role=alert]")
    assert ["422" in line for line in page.complaints()] == [True]  # the browser's own word for the refusal


def test_marks_survive_a_reload_and_a_killed_server(browser: Browser, shots: Path, home: Path) -> None:
    browser.window(1400, 900)
    with Explorer(shots, "--index", "rated", home=home) as explorer:
        browser.open(explorer.url, ready=READY)
        order = names(browser)
        browser.press("p", "4", "Right", "x")
        browser.wait(KEPT)
        browser.driver.refresh()
        browser.wait(f"{READY} && document.querySelectorAll('.cell.pick, .cell.reject').length === 2")
        browser.press("End", "p")
        browser.wait(f"{KEPT} && document.querySelectorAll('.cell.pick').length === 2")
        explorer.kill()  # what was acknowledged is kept
        browser.press("Left", "p")
        browser.wait("document.querySelector('.problem')")
        assert "run the command again" in browser.text(".problem")
        assert "1 change of marks is not kept yet" in browser.text(".problem")
        assert browser.text(".cell.current .tag.warn") == "not kept yet"
    with Explorer(shots, "--index", "rated", home=home, port=explorer.port) as again:
        first = browser.driver.current_window_handle
        browser.driver.switch_to.new_window("tab")
        browser.driver.get(again.url)  # as the command says; the old page is let in again, too
        browser.wait(READY)
        browser.driver.close()
        browser.driver.switch_to.window(first)
        browser.wait("document.querySelectorAll('.cell.pick').length === 3 && !document.querySelector('.problem')", 60)
        browser.driver.refresh()
        browser.wait(f"{READY} && document.querySelectorAll('.cell.pick').length === 3", 60)
        marks = browser.run(
            "return [...document.querySelectorAll('.cell.pick, .cell.reject')].map((cell) => [cell.querySelector("
            "'.name').textContent, cell.classList.contains('pick'), cell.querySelectorAll('.stars svg').length])"
        )
        expected = [[order[0], True, 4], [order[1], False, 0], [order[-2], True, 0], [order[-1], True, 0]]
        assert sorted(marks) == sorted(expected)  # type: ignore[type-var]
        browser.driver.get("about:blank")


def test_a_whole_culling_by_keyboard_alone(browser: Browser, shots: Path, home: Path) -> None:
    before = {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in shots.iterdir() if file.suffix == ".png"
    }
    with Explorer(shots, "--index", "rated", home=home) as explorer, looking(browser, explorer) as page:
        order = names(page)
        page.press("p", "Right", "p", "3", "Right", "x", "Right", "p", "u")
        page.wait(KEPT)
        assert current(page) == order[3]
        assert page.text("#said") == f"Undone: {order[3]} score {page.text('.cell.current b')}, undecided"
        assert [page.text(f"#n-{name}") for name in ("pick", "reject", "none", "stars")] == ["2", "1", "17", "1"]
        page.press("Space")  # large, and on from there
        page.wait("document.querySelector('dialog.large[open]')")
        page.press("Right", "Shift+P", "Left", "z", "Escape", "Space")
        page.wait("!document.querySelector('dialog[open]')")
        page.press("f")  # picks
        page.wait("document.querySelectorAll('.cell').length === 3")
        assert names(page) == [order[0], order[1], order[4]]
        page.press("u")
        page.wait("document.querySelectorAll('.cell').length === 2")
        page.press("/", *order[1].removesuffix(".png"), "Enter")
        page.wait("document.querySelectorAll('.cell').length === 1")
        assert names(page) == [order[1]]
        page.press("5", "?")
        page.wait("document.querySelector('dialog[open] .keys')")
        page.press("Escape")
        page.wait("!document.querySelector('dialog[open]')")
        page.press("e")
        page.wait("document.querySelector('dialog[open] form [type=submit]:enabled')")  # all marks are kept
        for _ in range(12):
            if page.run("return document.activeElement.type") == "submit":
                break
            page.press("Tab")
        page.press("Enter")
        page.wait("document.querySelector('.answer')")
        assert page.text(".answer").startswith("Wrote 2 sidecars beside the photographs")
        written = {file.name for file in shots.iterdir()} - before.keys() - {".quasar-index-marks.sqlite"}
        assert written == {Path(name).with_suffix(".xmp").name for name in order[:2]}
        assert 'xmp:Rating="5"' in (shots / order[1]).with_suffix(".xmp").read_text(encoding="utf-8")
        assert {name: ((shots / name).read_bytes(), (shots / name).stat().st_mtime_ns) for name in before} == before


def test_one_image_goes_on_to_the_next_and_marks_it(page: Browser) -> None:
    order = names(page)
    page.press("Enter", "Right", "p", "2")  # before the address has changed
    page.wait(f"document.querySelector('.subject .file').innerText === {json.dumps(order[1])}")
    page.wait("document.querySelector('.mark.pick').ariaPressed === 'true'")
    assert page.text("#said") == f"{order[1]}: 2 stars"
    page.press("u", "u", "Escape")
    page.wait("document.activeElement.id === 'grid'")
    assert current(page) == order[1]
    page.wait(f"{KEPT} && !document.querySelector('.cell.pick, .cell .stars')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_bars_people_from_it(page: Browser, front: Path, width: int, scheme: str) -> None:  # noqa: F811
    axe = (front / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    page.window(width, 844, scheme=scheme)
    page.press("p", "Right", "x", "Right", "3", "Right")
    page.wait(KEPT)
    page.run("document.querySelectorAll('.filters .opener, .panel .opener').forEach((one) => one.click())")

    def check(place: str) -> None:
        page.run(axe)
        found = page.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((result) => done("
            "result.violations.map(({id, impact, nodes}) => [id, impact, nodes.map(({target, failureSummary}) => "
            "[target.join(' '), failureSummary]).slice(0, 3)])))"
        )
        assert [one for one in found if one[1] in ("serious", "critical")] == [], place
        sideways = "return document.documentElement.scrollWidth - innerWidth"
        assert page.run(sideways) == 0, place  # type: ignore[comparison-overlap]

    page.wait("document.querySelectorAll('.anchors').length === 2", 60)
    check("Cull")
    for key, selector in (("?", "dialog .keys"), ("e", "dialog form"), ("Space", "dialog.large")):
        page.run("document.getElementById('grid').focus()")
        page.press(key)
        page.wait(f"document.querySelector({json.dumps(selector)})")
        check(selector)
        page.press("Escape")
        page.wait("!document.querySelector('dialog[open]')")
    page.press("Enter")
    page.wait("document.querySelector('#way-score')", 60)
    check("One image")
    page.run("location.hash = '#cull'")
    page.wait("document.querySelector('.cell')")
    page.press("c")
    page.wait("document.querySelectorAll('.pane').length >= 2 && [...document.images].every((one) => one.complete)")
    check("Compare")


@pytest.mark.parametrize("width", [390, 768, 1024, 1440, 2560])
def test_no_window_scrolls_sideways_and_fingers_find_buttons(page: Browser, width: int) -> None:
    page.window(width, 900)
    page.wait(READY)
    assert page.run("return document.documentElement.scrollWidth") == width
    assert page.run("const grid = document.getElementById('grid'); return grid.scrollWidth - grid.clientWidth") == 0
    if width < 860:
        small = page.run(
            "return [...document.querySelectorAll('button, nav a, select')].filter((one) => one.checkVisibility())"
            ".map((one) => [one.textContent || one.ariaLabel, one.getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"
        )
        assert small == []


def test_a_hundred_thousand_photographs(browser: Browser, home: Path, photos: Path, tmp_path: Path) -> None:
    sources = sorted(photos.glob("*.png"))
    index = qi.AnchorIndex.open(home / "rated")
    scorer = qi.Scorer(index, qi.Mean(), qi.load_encoder(device="cpu"))
    scored = list(scorer.score_files(list(map(str, sources))))
    folder = tmp_path / "many"
    folder.mkdir()
    files = [folder / f"{number:06d}.png" for number in range(MANY)]
    for number, file in enumerate(files):
        if number < len(sources):
            shutil.copy(sources[number], file)
        else:
            os.link(files[number % len(sources)], file)
    # Scoring is not what is measured: rows are those of twenty photographs, again and again.
    explorer = qi.explorer.Explorer(scorer, index, files, folders=[folder])
    rng = np.random.default_rng(0)
    for first in range(0, MANY, 10_000):
        rows = [scored[(first + place) % len(scored)] for place in range(10_000)]
        explorer.photos.add([replace(row, score=float(rng.uniform())) for row in rows], [None] * len(rows))
    explorer.photos.burst = np.arange(MANY)
    with qi.explorer.serving(explorer) as address:
        browser.window(2560, 1440)
        browser.open(address.url, ready="document.querySelectorAll('.cell').length")
        paint = browser.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
        browser.wait("document.querySelector('.shown').innerText.startsWith('100,000 ')", 60)
        most = 0
        for action in ("End", "Page_Up", "Page_Up", "Home", "Page_Down", *"-----"):
            browser.press(action)
            time.sleep(0.2)
            most = max(most, int(browser.run("return document.querySelectorAll('img').length")))  # type: ignore[call-overload]
        browser.window(3840, 2160)
        browser.press("End")
        browser.wait(LOWEST)  # the window is full though
        most = max(most, int(browser.run("return document.querySelectorAll('img').length")))  # type: ignore[call-overload]
        assert browser.run("return document.querySelector('.cell.current').ariaPosInSet") == str(MANY)
        assert browser.run("return document.querySelector('.cell.current').ariaSetSize") == str(MANY)
        assert 100 < most <= 400
        # The bar is 1.5 s; machines of tests are slow, and do other things meanwhile.
        assert float(paint) < 6000  # type: ignore[arg-type]
        assert browser.complaints() == []
        browser.driver.get("about:blank")
