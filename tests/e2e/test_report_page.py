"""`score --report` as people use it: the whole command, then the page in a real browser."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.support.select import Select

import quasar_index as qi

from .browser import Browser
from .conftest import Run

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
    assert done.stderr == ""
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "rated, version 1" in text
    assert "retrieval:top_k=4" in text
    shown = len(set(re.findall(r"\n\.a(\d+)\{", text)))
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


def test_in_a_browser(browser: Browser, page: Path) -> None:
    rows = [json.loads(line) for line in (page.parent / "rows.jsonl").read_text().splitlines()]
    browser.open(page)
    driver = browser.driver
    assert driver.title == "Scores by the index rated"  # no name ran
    assert driver.execute_script("return document.scripts.length") == 1
    assert browser.text("#count") == "13 images"
    given = names(browser)
    score = dict(zip(given, [row["score"] for row in rows], strict=True))
    mos = dict(zip(given, [row["mos"] for row in rows], strict=True))
    missing = given[-1]
    assert score.pop(missing) is None

    sort_by(browser, "score")
    best_first = sorted(score, key=lambda name: -score[name])
    assert names(browser) == [*best_first, missing]
    driver.find_element("id", "direction").click()
    assert names(browser) == [*best_first[::-1], missing]  # without a score: last in both directions
    sort_by(browser, "mos")
    found = [mos[name] for name in names(browser)[:-1]]
    assert found == sorted(found, reverse=True)
    sort_by(browser, "order")
    assert names(browser) == given

    driver.find_element("id", "filter").send_keys("onerror HACKED")
    assert names(browser) == [name for name in given if "onerror" in name and "hacked" in name]
    assert browser.text("#count") == "1 of 13 images"
    driver.find_element("id", "filter").send_keys(" nothing like it")
    driver.find_element("id", "clear").click()
    assert len(names(browser)) == 13

    top = driver.find_elements("css selector", ".bin")[-1]
    top.click()
    low = float(top.get_attribute("data-low") or "nan")
    assert names(browser) == [name for name in given if name in score and score[name] >= low]
    top.click()
    driver.find_element("id", "view").click()
    assert not driver.find_element("css selector", ".anchors").is_displayed()
    driver.find_element("id", "view").click()
    assert driver.find_element("css selector", ".anchors").is_displayed()

    decoded = "return Promise.all([...document.images].map(image => image.decode())).then(all => all.length)"
    driver.execute_script("for (const image of document.images) image.loading = 'eager'")
    assert driver.execute_script(decoded) == 12
    tile = "return getComputedStyle(document.querySelector('.tile')).backgroundImage.slice(0, 16)"
    assert driver.execute_script(tile) == 'url("data:image/'
    assert driver.title == "Scores by the index rated"
    assert browser.requests() == [page.as_uri()]
    assert browser.complaints() == []


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
