"""`quasar-index map`: the command, and its page in a real browser."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi

from ..unit.map_index import HOSTILE, hostile_index
from .browser import Browser
from .conftest import Run

READY = "document.body.dataset.ready"
PLACE = """const map = document.getElementById("map"), box = map.getBoundingClientRect();
const [left, top] = map.place(arguments[0]);
return [box.left + map.clientLeft + left, box.top + map.clientTop + top];"""
LEGEND = "return [...document.querySelectorAll('#legend > :not(b)')].map((one) => one.textContent)"
COLOURS = """const points = document.getElementById('points'), gl = points.getContext('webgl2');
const pixels = new Uint8Array(4 * points.width * points.height);
gl.readPixels(0, 0, points.width, points.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
const [left, top] = document.getElementById('map').place(arguments[0]);
return [...pixels.slice(4 * (Math.round(points.height - top) * points.width + Math.round(left))).slice(0, 3)];"""


def hover(browser: Browser, row: int, *, click: bool = False) -> None:
    x, y = browser.run(PLACE, row)
    browser.move(5, 5)
    browser.move(x, y, click=click)
    browser.wait("!document.getElementById('card').hidden")


def test_command_writes_a_picture_and_says_what_it_shows(call: Run, tmp_path: Path) -> None:
    done = call("map", "rated", "--output", "map.png", "--colour", "rating", "--mark", "photograph = 'coffee'")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    first, last = done.stderr.splitlines()
    assert first.startswith("quasar-index: the two axes hold ")
    assert first.endswith(" % of the variance")
    assert last == "quasar-index: wrote map.png"
    assert Image.open(tmp_path / "map.png").size[0] > 800


def test_command_says_what_is_left_out(call: Run, home: Path, tmp_path: Path) -> None:
    done = call(
        "map", "rated", "-o", "m.html", "--sample", 12, "--thumbnails", 5, "--space", "whitened", "-c", "photograph"
    )
    assert done.returncode == 0, done.stderr
    assert "12 of 20 anchors are on the map, drawn at random; see --sample" in done.stderr
    assert "5 of 12 points have an image in the page; see --thumbnails" in done.stderr
    assert "cannot be read" not in done.stderr


def test_a_subset_is_marked_by_its_index(call: Run, home: Path, tmp_path: Path) -> None:
    done = call("map", "rated", "-o", "m.svg", "--subset", "rated", "--where", "photograph <> 'coffee'")
    assert done.returncode == 0, done.stderr
    assert "4 anchors of 'rated' are not among these 16, so they have no mark" in done.stderr
    assert "marked: in rated (16)" in (tmp_path / "m.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "m.pdf"], 3, "names no format of a map by its ending; use .html, .png or .svg"),
        (["-o", "m.png", "--subset", "a", "--mark", "b"], 2, "use one of them"),
        (["-o", "m.png", "--space", "raw", "--shrinkage", "2"], 2, "--shrinkage is only for"),
        (["-o", "m.png", "-c", "colour"], 3, "has no column 'colour' to colour by"),
        (["-o", "m.png", "--mark", "x = 1"], 4, "cannot be used"),
        (["-o", "m.png", "--version", "nine"], 4, "nine"),
    ],
)
def test_errors_are_one_line(call: Run, arguments: list[str], code: int, message: str, tmp_path: Path) -> None:
    done = call("map", "rated", *arguments)
    assert done.returncode == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert not list(tmp_path.glob("m.*"))


def test_page_shows_the_image_under_the_pointer(call: Run, home: Path, tmp_path: Path, browser: Browser) -> None:
    done = call("map", "rated", "-o", "map.html", "-c", "side", "--mark", "photograph = 'coffee'")
    assert done.returncode == 0, done.stderr
    browser.open(tmp_path / "map.html", ready=READY)
    assert re.fullmatch(r"rated: 20 anchors, whitened \(shrinkage [\d.]+\) space", browser.text("h1"))
    assert "% of the variance" in browser.text("header p")
    assert browser.run(LEGEND) == ["good (10)", "bad (10)", "marked: photograph = 'coffee' (4)"]
    index = qi.AnchorIndex.open(home / "rated")
    rows = index.metadata(index.anchors(), ["path", "side"]).to_pylist()
    for row in (0, 19):
        hover(browser, row)
        browser.wait("document.getElementById('picture').naturalWidth === 96")
        assert browser.text("#path") == rows[row]["path"]
        assert browser.text("#file") == Path(rows[row]["path"]).name
        assert browser.text("#facts").split()[:3] == ["side", rows[row]["side"], "rating"]
    # Elsewhere it goes; a click keeps it, Escape lets it go.
    browser.move(5, 5)
    browser.wait("document.getElementById('card').hidden")
    hover(browser, 3, click=True)
    browser.move(5, 5)
    assert browser.text("#path") == rows[3]["path"]
    browser.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    browser.wait("document.getElementById('card').hidden")
    # A name in the legend hides its points.
    good = next(row for row, one in enumerate(rows) if one["side"] == "good")
    x, y = browser.run(PLACE, good)  # type: ignore[misc]
    browser.run("document.querySelector('#legend button').click()")
    browser.move(x, y)
    browser.wait("document.querySelector('#legend button').ariaPressed === 'false'")
    hidden = "document.getElementById('card').hidden"
    assert browser.run(f"return {hidden}") or browser.text("#file") != Path(rows[good]["path"]).name
    # Nothing was fetched, and the page is small.
    assert (tmp_path / "map.html").stat().st_size < 500_000
    assert browser.requests() == [(tmp_path / "map.html").as_uri()]
    assert browser.complaints() == []


@pytest.mark.parametrize("n", [40, 3200])
def test_hostile_names_are_shown_and_do_nothing(call: Run, tmp_path: Path, browser: Browser, n: int) -> None:
    (tmp_path / "made").mkdir()
    index = hostile_index(tmp_path / "made", n)
    done = call("map", index.path, "-o", "map.html", "-c", "kind", "--shrinkage", "10",
                "--mark", "kind = '</script><script>' or number < 6")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{min(n, 2000):,} images cannot be read" in done.stderr
    browser.open(tmp_path / "map.html", ready=READY)
    paths = index.metadata(index.anchors(), ["path"])["path"].to_pylist()
    if n < 3000:  # else points lie too close for the pointer to find this one
        for path in HOSTILE:
            hover(browser, paths.index(path))
            assert browser.run("return document.getElementById('path').textContent") == path
            assert browser.text("#no-picture") == "the image cannot be read"
    else:
        hover(browser, 7)
        assert browser.run("return document.getElementById('path').textContent") in paths
    legend: Any = browser.run(LEGEND)
    named = Counter(kind for kind in index.metadata(index.anchors(), ["kind"])["kind"].to_pylist() if kind)
    assert set(named) == {"_plain $x$", HOSTILE[1], HOSTILE[3], HOSTILE[4]}
    assert {" ".join(text.split()) for text in legend[:4]} == {
        f"{' '.join(kind.split())} ({count:,})" for kind, count in named.items()
    }
    assert browser.run("return window.owned === undefined && document.images.length === 1")
    assert browser.run("return document.scripts.length") == 3
    assert browser.requests() == [(tmp_path / "map.html").as_uri()]
    assert browser.complaints() == []


def test_the_smaller_side_lies_on_top(call: Run, home: Path, tmp_path: Path, browser: Browser) -> None:
    x = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
    x[0] = x[1] + 1e-4  # of two sides, at one place
    np.save(tmp_path / "x.npy", x)
    rows = "".join(f"{row}.png,{'good' if row == 0 or row > 380 else 'bad'}\n" for row in range(400))
    (tmp_path / "labels.csv").write_text("image,side\n" + rows)
    source, matrix = qi.load_embeddings(tmp_path / "x.npy", tmp_path / "labels.csv")
    index = qi.build_from_embeddings(tmp_path / "few-good", [source], matrix).index
    done = call("map", index.path, "-o", "map.html", "--space", "raw", "--thumbnails", 0)
    assert done.returncode == 0, done.stderr
    browser.open(tmp_path / "map.html", ready=READY)
    assert browser.run(LEGEND) == ["good (20)", "bad (380)"]  # no ratings: coloured by the side
    anchors = index.anchors()
    paths = index.metadata(anchors, ["path"])["path"].to_pylist()
    row = paths.index("0.png")
    red, _, blue = browser.run(COLOURS, row)  # type: ignore[misc]
    assert blue > red  # the good are blue, the bad vermillion
