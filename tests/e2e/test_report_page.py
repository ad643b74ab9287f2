"""`score --report` as people use it: the whole command, then the page in a real browser."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

import quasar_index as qi

from .browser import Browser
from .conftest import SUMMARY, Run

NASTY = (
    '"><img src=x onerror="document.title=\'hacked\'">.png',
    "<script>document.title='hacked'<.png",
    "line\nbreak.png",
    os.fsdecode(b"not utf-8 \xff.png"),
    "' style='display:none.png",
)
MISSING = "gone</script><script>document.title='hacked'</script>.png"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """A folder of photographs, some with names that want to be code."""
    folder = tmp_path_factory.mktemp("nasty")
    sources = sorted(photos.glob("*.png"))
    for source, name in zip(sources, NASTY, strict=False):
        try:
            shutil.copy(source, folder / name)
        except OSError:
            pytest.skip("this file system does not take such names")
    for source in sources[len(NASTY) : 12]:
        shutil.copy(source, folder)
    return folder


@pytest.fixture
def page(call: Run, nasty: Path, tmp_path: Path) -> Path:
    """A calibrated report of these photographs and a missing file, and `rows.jsonl` beside it."""
    call("calibrate", "rated", "--group", "photograph", "--level", "0.6")
    done = call("score", nasty, MISSING, "-i", "rated", "--calibrated", "--report", "page.html", "-o", "rows.jsonl")
    assert done.returncode == 3, done.stderr  # MISSING
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == 13
    return tmp_path / "page.html"


def test_rows_explanations_and_page_in_one_run(call: Run, photos: Path, tmp_path: Path) -> None:
    images = sorted(photos.glob("*.png"))[:3]
    options = ["--report", "page.html", "--explain", "why.parquet", "--method", "retrieval:top_k=4"]
    plain = call("score", *images, "-i", "rated", "--method", "retrieval:top_k=4")
    done = call("score", *images, "-i", "rated", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout == plain.stdout  # the rows are those without the files
    assert SUMMARY.fullmatch(done.stderr.strip())  # nothing else
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "rated, version 1" in text
    assert "retrieval:top_k=4" in text
    shown = len(re.findall(r'^"\d+": "data:image/', text, flags=re.MULTILINE))
    assert shown
    assert text.count("data:image/") == len(images) + shown  # each picture is in it once
    assert {file.name for file in tmp_path.iterdir()} == {"page.html", "why.parquet"}


def test_the_page_is_whole_though_the_reader_of_the_rows_has_gone(home: Path, tmp_path: Path) -> None:
    dim = qi.AnchorIndex.open(home / "rated").manifest.encoder.dim
    np.save(tmp_path / "q.npy", np.random.default_rng(0).normal(size=(3000, dim)).astype(np.float32))
    command = [Path(sys.executable).with_name("quasar-index"), "score", "--embeddings", "q.npy"]
    command += ["-i", home / "rated", "--report", "page.html"]
    shell = f"{' '.join(map(str, command))} | head -c 1"  # 3000 rows are more than a pipe holds
    subprocess.run(["sh", "-c", shell], check=True, cwd=tmp_path, capture_output=True)
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("data-score=") == 3000


def names(browser: Browser) -> list[str]:
    script = "return [...document.querySelectorAll('#images > li')].filter(e => !e.hidden).map(e => e.dataset.name)"
    found: list[str] = browser.driver.execute_script(script)
    return found


def sort_by(browser: Browser, key: str) -> None:
    Select(browser.driver.find_element("id", "sort")).select_by_value(key)


def press(browser: Browser, *keys: str) -> None:
    ActionChains(browser.driver).send_keys(*keys).perform()


def current(browser: Browser) -> str:
    return str(browser.run("return document.activeElement.dataset.name ?? document.activeElement.id"))


def marked(browser: Browser) -> list[str]:
    script = "return [...document.querySelectorAll('.image.is-marked')].map(e => e.dataset.name)"
    found: list[str] = browser.driver.execute_script(script)
    return found


@pytest.fixture
def opened(browser: Browser, page: Path) -> Iterator[tuple[Browser, dict[str, dict[str, Any]], str]]:
    """The page in a browser, its rows by name, and the name of the missing file; no name ran."""
    rows = [json.loads(line) for line in (page.parent / "rows.jsonl").read_text().splitlines()]
    browser.open(page)
    browser.run("localStorage.clear()")
    browser.open(page)
    given = "return [...document.querySelectorAll('.image')].sort((a, b) => a.dataset.order - b.dataset.order)"
    named: list[str] = browser.driver.execute_script(f"{given}.map(e => e.dataset.name)")
    yield browser, dict(zip(named, rows, strict=True)), named[-1]
    assert browser.driver.title == "Scores by the index rated"
    assert browser.run("return document.querySelectorAll('script:not([type])').length") == 1
    assert browser.complaints() == []


def test_the_best_first_sorted_and_filtered(opened: Any, page: Path) -> None:
    browser, rows, missing = opened
    driver = browser.driver
    assert browser.text("#count") == "13 images"
    score = {name: row["score"] for name, row in rows.items() if name != missing}
    assert rows[missing]["score"] is None
    best_first = sorted(score, key=lambda name: -score[name])
    assert names(browser) == [*best_first, missing]
    driver.find_element("id", "direction").click()
    assert names(browser) == [*best_first[::-1], missing]  # without a score: last in both directions
    for key, rising in (("mos", False), ("familiarity", True)):
        sort_by(browser, key)
        found = [rows[name][key] for name in names(browser)[:-1]]
        assert found == sorted(found, reverse=not rising)
    sort_by(browser, "order")
    assert names(browser) == list(rows)

    driver.find_element("id", "filter").send_keys("onerror HACKED")
    assert names(browser) == [name for name in rows if "onerror" in name and "hacked" in name]
    assert browser.text("#count") == "1 of 13 images"
    driver.find_element("id", "filter").send_keys(" nothing like it")
    driver.find_element("id", "clear").click()
    assert len(names(browser)) == 13

    top = driver.find_elements("css selector", ".bin")[-1]
    top.click()
    low = float(top.get_attribute("data-low") or "nan")
    assert names(browser) == [name for name in rows if name in score and score[name] >= low]
    top.click()

    decoded = "return Promise.all([...document.querySelectorAll('.picture img')].map(one => one.decode()))"
    driver.execute_script("for (const image of document.images) image.loading = 'eager'")
    assert driver.execute_script(f"{decoded}.then(all => all.length)") == 12
    assert browser.requests() == [page.as_uri()]


def test_keys_move_mark_and_enlarge(opened: Any, page: Path, nasty: Path) -> None:
    browser, _, missing = opened
    order = names(browser)
    tops = [one.location["y"] for one in browser.driver.find_elements("css selector", ".image")]
    columns = tops.count(tops[0])
    assert columns > 1
    right, left, up, down = Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.ARROW_DOWN
    walk = ((right, 0), (right, 1), (down, 1 + columns), (left, columns), (up, 0), (left, 0))
    for key, place in (*walk, (Keys.END, 12), (Keys.HOME, 0)):
        press(browser, key)
        assert current(browser) == order[place]
    press(browser, "m", right, " ", right, "m", "m")
    assert marked(browser) == order[:2]
    assert browser.text("#marked") == "2 marked"

    press(browser, Keys.ENTER)
    assert browser.text("#large-name") == rows_name(order[2])
    assert browser.text("#large-result .score b") == browser.text("#images > :nth-child(3) .score b")
    browser.wait("document.getElementById('large-picture').naturalWidth === 96")
    browser.wait(
        "document.getElementById('large-picture').src.startsWith('file:')"
    )  # the file itself, not its thumbnail
    for side in ("good", "bad"):
        tiles = browser.driver.find_elements("css selector", f"#large .anchors.{side} .tile")
        assert len(tiles) == 4
        assert all("cosine" in str(tile.get_attribute("aria-label")) for tile in tiles)
        assert all(tile.value_of_css_property("background-image").startswith('url("data:image/') for tile in tiles)
    press(browser, "m", right, " ", down, up)
    assert browser.text("#large-name") == rows_name(order[3])
    assert browser.text("#large-mark") == "✓ Marked"
    press(browser, Keys.ESCAPE)
    # The browser first gives the focus back to where it was, and then tells the page that the dialog is closed.
    browser.wait(f"document.activeElement.dataset.name === {json.dumps(order[3])}")
    assert marked(browser) == order[:4]

    press(browser, Keys.END, Keys.ENTER)  # the image without a score
    assert browser.text("#large-name") == rows_name(missing)
    assert "Not scored" in browser.text("#large-result")
    assert browser.text("#large-blank") == "no picture"
    assert not browser.driver.find_element("id", "large-link").is_displayed()
    browser.driver.find_element("id", "close").click()

    browser.driver.find_element("id", "marked").click()
    assert names(browser) == order[:4]
    assert {url for url in browser.requests() if url != page.as_uri()} <= {path.as_uri() for path in nasty.iterdir()}


def rows_name(name: str) -> str:
    """Return the last part of a name, as it is shown."""
    return name.rpartition("/")[2]


def test_marked_images_are_kept_copied_and_picked(opened: Any, page: Path, call: Run, tmp_path: Path) -> None:
    browser, rows, _ = opened
    driver = browser.driver
    plain = [name for name in names(browser) if re.fullmatch(r"[\w./-]+", name)][:2]
    for name in plain:
        element = next(
            e for e in driver.find_elements("css selector", ".image") if e.get_attribute("data-name") == name
        )
        ActionChains(driver).move_to_element(element).click(element.find_element("css selector", ".mark")).perform()
    assert sorted(marked(browser)) == sorted(plain)
    assert not driver.find_element("id", "large").is_displayed()
    browser.open(page)  # marks outlast a reload
    assert marked(browser) == plain

    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path / "saved")}
    )
    driver.find_element("id", "download").click()
    saved = tmp_path / "saved" / "marked.csv"
    WebDriverWait(driver, 20).until(lambda _: saved.is_file() and saved.stat().st_size)
    lines = list(csv.DictReader(saved.open(encoding="utf-8")))
    assert [line["path"] for line in lines] == [rows[name]["path"] for name in plain]
    assert [float(line["score"]) for line in lines] == [rows[name]["score"] for name in plain]
    done = call("pick", saved, "--copy-to", "best")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "best").iterdir()} == {rows_name(name) for name in plain}

    driver.execute_script("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    driver.find_element("id", "copy").click()
    browser.wait("window.copied")
    assert browser.run("return window.copied") == "".join(f"{rows[name]['path']}\n" for name in plain)


def test_a_page_of_thousands_is_there_at_once_and_answers(
    browser: Browser, home: Path, photos: Path, tmp_path: Path
) -> None:
    index = qi.AnchorIndex.open(home / "rated")
    report = qi.Report(qi.Mean(space="raw").fit(index.anchors()), index, n_anchors=1)
    rng = np.random.default_rng(0)
    paths = [str(path) for path in sorted(photos.glob("*.png"))]
    vectors = rng.normal(size=(3000, index.manifest.encoder.dim)).astype(np.float32)
    report.add([qi.ScoredImage(paths[n % 20], float(rng.random()), embedding=one) for n, one in enumerate(vectors)])
    report.write(tmp_path / "page.html")
    browser.open(tmp_path / "page.html", ready="performance.timing.loadEventEnd")
    painted = browser.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
    loaded = browser.run("return performance.timing.loadEventEnd - performance.timing.navigationStart")
    assert 0 < float(str(painted)) < float(str(loaded))  # before the whole page was read
    for control, value, event in (("sort", "name", "change"), ("filter", "_3", "input")):
        took = browser.driver.execute_async_script(
            """const [id, value, event, done] = arguments, begun = performance.now();
            const control = document.getElementById(id);
            control.value = value;
            control.dispatchEvent(new Event(event));
            document.body.offsetHeight;
            requestAnimationFrame(() => done(performance.now() - begun));""",
            control,
            value,
            event,
        )
        assert took < 10_000  # a second or so; forty with `content-visibility`
    assert len(names(browser)) == 750


def test_without_scripts_it_is_a_plain_list(browser: Browser, page: Path) -> None:
    driver = browser.driver
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(page.as_uri())
        shown = driver.find_elements("css selector", "#images > li")
        assert len(shown) == 13
        assert all(item.is_displayed() for item in shown)
        assert not driver.find_element("id", "tools").is_displayed()
        assert shown[0].size["height"] > 100
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
