"""Taste in a real browser: judge by keys, reload, kill, go on, make the index, and score and cull by it."""

import itertools
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import quasar_index as qi
from tests.front import front  # noqa: F401 - a fixture

from .browser import Browser
from .conftest import Run
from .explorer import Explorer

SCORED = "!document.querySelector('.progress') && document.querySelectorAll('.cell').length"
NAMES = """return [...document.querySelectorAll('.cell')].sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
    .map((cell) => cell.querySelector('.name').textContent)"""
READY = "document.querySelector('.answers button')"
KEPT = "document.querySelector('#kept').innerText === 'all kept'"


@pytest.fixture
def shots(photos: Path, tmp_path: Path) -> Path:
    """A folder of 20 photographs for one test."""
    folder = tmp_path / "shots"
    folder.mkdir()
    for file in sorted(photos.glob("*.png")):
        shutil.copy(file, folder)
    return folder


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    """A home without indexes."""
    return tmp_path / "home"


@pytest.fixture
def page(browser: Browser) -> Browser:
    """A window for the page."""
    browser.window(1400, 900)
    return browser


@contextmanager
def running(page: Browser, *arguments: object, home: Path) -> Iterator[Explorer]:
    """Run the explorer; at the end nobody has complained in the page, which is left before the server is."""
    with Explorer(*arguments, home=home) as explorer:
        yield explorer
        if explorer.process.poll() is None:
            assert page.complaints() == []
        page.driver.get("about:blank")


def begin(page: Browser, url: str) -> None:
    """Open the page, and Taste when all photographs are scored."""
    page.open(url, ready=SCORED)
    page.run("location.hash = '#taste'")
    page.wait(READY, 60)


def shown(page: Browser) -> list[str]:
    """Return the names of the photographs that are asked for."""
    if page.run("return Boolean(document.querySelector('.choice'))"):
        script = "return [...document.querySelectorAll('.choice')].map((one) => one.ariaLabel.split(': ')[1])"
        return page.run(script)  # type: ignore[return-value]
    page.wait("document.querySelector('.asked img')?.alt", 60)
    return [page.run("return document.querySelector('.asked img').alt")]  # type: ignore[list-item]


def judge(page: Browser, key: str, n: int) -> None:
    """Press a key, and wait until n judgements are kept and another photograph is asked for."""
    before = shown(page)
    page.press(key)
    page.wait(f"document.querySelector('#judged').innerText === '{n}' && {KEPT}", 60)
    for _ in range(600):
        if (now := shown(page)) != before:
            return
        time.sleep(0.05)
    raise AssertionError(now)


def sharpness(name: str) -> int:
    """Return 0 (as it was taken) to 3 (blurred most)."""
    return int(name.rpartition("_")[2][0])


def is_falling(scores: list[float]) -> bool:
    """Whether scores fall, but for those that are equal to what the page shows."""
    return all(after <= before + 1e-6 for before, after in itertools.pairwise(scores))


def test_ten_judged_by_keys_become_an_index_that_scores(page: Browser, shots: Path, own_home: Path, call: Run) -> None:
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in shots.iterdir()}
    judged: dict[str, int] = {}
    with running(page, shots, home=own_home) as explorer:
        begin(page, explorer.url)
        assert page.run("return document.querySelector('#make').disabled") is True
        for turn in range(7):
            [name] = shown(page)
            judged[name] = 5 - sharpness(name)
            judge(page, str(judged[name]), turn + 1)
        assert len(judged) == 7
        page.driver.refresh()
        page.wait(READY, 60)
        page.wait("document.querySelector('#judged').innerText === '7'", 60)
        assert shown(page)[0] not in judged
        explorer.kill()
    with running(page, shots, home=own_home) as explorer:
        begin(page, explorer.url)
        page.wait("document.querySelector('#judged').innerText === '7'", 60)
        for turn in range(7, 10):
            [name] = shown(page)
            assert name not in judged
            judged[name] = 5 - sharpness(name)
            judge(page, str(judged[name]), turn + 1)
        page.press("u")  # and again
        page.wait(f"document.querySelector('#judged').innerText === '9' && {KEPT}", 60)
        assert shown(page) == [name]
        judge(page, str(judged[name]), 10)
        page.run("document.querySelector('#make').click()")
        page.wait("document.querySelector('#made') && document.querySelector('#agreement')", 60)
        said = page.text("#agreement")
        assert "10 photographs" in said
        assert "95% interval" in said
        assert "10 judgements say little" in page.text(".told")
        page.run("document.querySelector('#sort').click()")
        page.wait("document.querySelectorAll('.cell').length === 20", 60)
        assert page.run("return document.querySelector('#order').value") == "taste"
        by_taste: list[str] = page.run(NAMES)  # type: ignore[assignment]
        page.run("location.hash = '#taste'")
        page.wait("document.querySelector('#taste-score')", 60)
        assert page.text("#taste-score") == f"quasar-index score {shots} --index my-taste"
    index = qi.AnchorIndex.open(own_home / "my-taste")
    kept = index.to_arrow(["path", "score"]).to_pydict()
    names = [Path(path).name for path in kept["path"]]
    assert dict(zip(names, kept["score"], strict=True)) == judged
    done = call("score", shots, "-i", "my-taste", "--format", "jsonl", QUASAR_INDEX_HOME=str(own_home))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 20
    sharp = [-sharpness(row["path"]) for row in rows]
    assert qi.srcc([row["score"] for row in rows], sharp) > 0.5
    scores = {Path(row["path"]).name: row["score"] for row in rows}
    assert is_falling([scores[name] for name in by_taste])
    with running(page, shots, "--index", "my-taste", home=own_home) as explorer:
        page.open(
            explorer.url, ready="!document.querySelector('.progress') && document.querySelectorAll('.cell').length"
        )
        assert is_falling([scores[name] for name in page.run(NAMES)])  # type: ignore[attr-defined]
    after = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in shots.glob("*.png")}
    assert after == before


def test_pairs_by_keys_and_by_the_mouse(page: Browser, shots: Path, own_home: Path) -> None:
    with running(page, shots, home=own_home) as explorer:
        begin(page, explorer.url)
        page.run("document.querySelector('#by-pairs').click()")
        page.wait("document.querySelectorAll('.choice').length === 2", 60)
        better: list[tuple[str, str]] = []
        for turn, key in enumerate(["Left", "Right", "Left"]):
            left, right = shown(page)
            better.append((left, right) if key == "Left" else (right, left))
            judge(page, key, turn + 1)
        left, right = shown(page)
        page.run("document.querySelectorAll('.choice')[1].click()")
        better.append((right, left))
        page.wait(f"document.querySelector('#judged').innerText === '4' && {KEPT}", 60)
        over = shown(page)
        judge(page, "s", 4)
        assert set(shown(page)) != set(over)
        page.press("4")  # stars are for one
        assert page.text("#judged") == "4"
        page.run("document.querySelector('#make').click()")
        page.wait("document.querySelector('#agreement')", 60)
    kept = qi.AnchorIndex.open(own_home / "my-taste").to_arrow(["path", "score"]).to_pydict()
    scores = {Path(path).name: score for path, score in zip(kept["path"], kept["score"], strict=True)}
    assert set(scores) == {name for pair in better for name in pair}
    assert sum(scores[one] > scores[other] for one, other in better) >= 3


@pytest.mark.parametrize("kind", ["stars", "pairs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_overflows(
    page: Browser,
    shots: Path,
    own_home: Path,
    front: Path,  # noqa: F811
    kind: str,
    scheme: str,
) -> None:
    with running(page, shots, home=own_home) as explorer:
        begin(page, explorer.url)
        page.run(f"document.querySelector('#by-{kind}').click()")
        page.wait(READY, 60)
        for turn, key in enumerate("1542" if kind == "stars" else ["Left", "Right"]):
            judge(page, key, turn + 1)
        page.run("document.querySelector('#make').click()")
        page.wait("document.querySelector('#agreement')", 60)
        for width in (1400, 390, 2560):
            page.window(width, 900, scheme=scheme)
            time.sleep(0.2)
            assert page.run("return document.documentElement.scrollWidth <= innerWidth") is True
            page.run((front / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
            found = page.driver.execute_async_script(
                "const done = arguments[0]; axe.run().then((found) => done(found.violations.map("
                "(one) => [one.impact, one.id, one.nodes.map((node) => node.html).join(' ')])));"
            )
            assert [one for one in found if one[0] in ("serious", "critical")] == []
