"""The page holds what it should, once, and nothing that a file name brings along."""

import json
import math
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from quasar_index import Knn, Report, Retrieval, Ridge, Scorer, make_anchors
from quasar_index.errors import DataError, MethodError
from quasar_index.methods import Mean
from quasar_index.methods.scoring import ScoredImage
from quasar_index.report import Opinion
from quasar_index.report.page import Page, PageImage, readable

EVIL = (
    "</script><script>document.title='hacked'</script>.png",
    '"><img src=x onerror="document.title=\'hacked\'">.png',
    "' onmouseover='alert(1).png",
    "{{ 7 * 7 }}{% raw %}.png",
    "line\nbreak\ttab.png",
    "\x1b[31mred\x07.png",
    "right-to-left \u202egnp.exe",
    "not utf-8 \udcff.png",
    "</style><style>body{display:none}.png",
    "]]>&lt;&amp;.png",
)


RATINGS = np.random.default_rng(5).random(12)


class Elements(HTMLParser):
    """All elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = text
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def data(self):
        """Return what enlarged images show, in the order of the run, and their anchors by row."""
        (text,) = re.findall(
            r'<script type="application/json" id="details">(.*?)</script>', self.source, flags=re.DOTALL
        )
        found = json.loads(text)
        return found["images"], found["anchors"]

    def __getitem__(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def scorer():
    return Scorer(make_anchors(np.random.default_rng(0).normal(size=(12, 5)), quality=RATINGS), Mean(space="raw"))


def images(n, *, names=None):
    rng = np.random.default_rng(1)
    for place in range(n):
        name = names[place] if names else f"folder/sub/{place}.png"
        yield ScoredImage(name, (place + 1) / (n + 1), 0.1, 0.1, embedding=rng.normal(size=5).astype(np.float32))


def page_of(report, tmp_path):
    report.write(tmp_path / "page.html")
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_names_stay_names(scorer, tmp_path):
    report = Report(scorer.fitted, title="</title><script>1</script>", facts={"<b>": "<i>\u202e"})
    report.add(list(images(len(EVIL), names=EVIL)))
    report.add([ScoredImage(name, error=f"cannot be read ({name})") for name in EVIL])
    text = page_of(report, tmp_path)
    plain = Elements(page_of(Report(scorer.fitted), tmp_path))
    page = Elements(text)
    assert [one.get("type") for one in page["script"]] == ["application/json", "application/json", None]
    assert page["script"] == plain["script"]
    assert {tag for tag, _ in page.found} <= {tag for tag, _ in plain.found} | {
        *("li", "div", "span", "h3", "bdi", "b", "i", "p", "button", "h2", "section")
    }
    for _, attributes in page.found:
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "action")]
        assert (attributes.get("src") or "data:").startswith("data:")
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    shown = [item["data-name"] for item in page["li"] if item.get("class", "").startswith("image")]
    assert shown == [readable(name) for name in [*EVIL[::-1], *EVIL]]  # the best first, then the failed ones
    assert readable(EVIL[4]) == "line\\nbreak\\ttab.png"
    assert "\\udcff" in readable(EVIL[7])


def test_the_one_script_is_allowed_by_its_hash_alone(scorer, tmp_path):
    import base64
    import hashlib

    text = page_of(Report(scorer.fitted), tmp_path)
    (policy,) = (meta["content"] for meta in Elements(text)["meta"] if meta.get("http-equiv"))
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data: file: 'self';")
    assert "http://" not in text
    assert "https://" not in text


@pytest.mark.parametrize("method", [Retrieval(top_k=3), Knn(top_k=3), Ridge()], ids=lambda m: type(m).__name__)
def test_nearest_anchors_of_both_sides_for_every_method(scorer, method, tmp_path):
    scorer = Scorer(scorer.anchors, replace(method, space="whitened"))
    report = Report(scorer.fitted, n_anchors=2)
    block = list(images(3))
    report.add(block)
    page = Elements(page_of(report, tmp_path))
    shown, anchors = page.data()
    cosines = (
        scorer.fitted.directions(np.stack([image.embedding for image in block])) @ scorer.fitted.table.directions.T
    )
    expected = [
        cosine
        for row in cosines
        for side in (row[: scorer.fitted.table.n_good], row[scorer.fitted.table.n_good :])
        for cosine in np.sort(side)[::-1][:2]
    ]
    near = [one for image in shown for one in image["near"]]
    assert [float(cosine) for _, cosine in near] == pytest.approx(expected, abs=6e-4)
    assert [anchors[str(row)][2] for row, _ in near] == [True, True, False, False] * 3
    assert {float(anchors[str(row)][1]) for row, _ in near} <= {float(f"{x:.2f}") for x in RATINGS}


def test_scores_ranks_and_opinions(scorer, tmp_path):
    report = Report(scorer.fitted)
    opinions = [Opinion(3.0, 2.0, 4.0), None, Opinion(4.5, 4.0, 5.0)]
    good, _, best = images(3)
    best = replace(best, familiarity=0.01)
    report.add([replace(good, familiarity=0.5), ScoredImage("x.png", error="empty"), best], opinions)
    text = page_of(report, tmp_path)
    page = Elements(text)
    items = [item for item in page["li"] if "data-score" in item]
    assert [item["data-score"] for item in items] == ["0.75", "0.25", ""]
    assert [item["data-mos"] for item in items] == ["4.5", "3.0", ""]
    assert [item["data-familiarity"] for item in items] == ["0.01", "0.5", ""]
    assert [item["data-order"] for item in items] == ["2", "0", "1"]
    assert page.text.index("1 of 2") < page.text.index("2 of 2")
    assert page.text.count("unlike the anchors") == 1
    assert "1 could not be scored" in page.text
    assert "Not scored: empty" in page.text
    assert "2.00 to 4.00" in page.text


def test_an_image_among_its_own_anchors_is_flagged(scorer, tmp_path):
    report = Report(scorer.fitted)
    own = scorer.fitted.table.directions[3] * 2
    report.add([*images(2), ScoredImage("own.png", 0.9, embedding=own.astype(np.float32))])
    text = Elements(page_of(report, tmp_path)).text
    assert "1 of 3 images is itself an anchor: its score is no evidence" in text
    assert text.count("is itself an anchor") == 2


def test_more_images_than_the_limit_are_left_out_and_counted(scorer, tmp_path):
    report = Report(scorer.fitted, max_images=4)
    for _ in range(2):
        report.add(list(images(3)))
    assert len(report) == 4
    assert report.n_left_out == 2
    page = Elements(page_of(report, tmp_path))
    assert "This page shows the first 4 of 6 images" in page.text
    assert len([item for item in page["li"] if "data-score" in item]) == 4


def test_nothing_at_all_one_image_and_equal_scores_make_a_page(scorer, tmp_path):
    assert "0 images" in Elements(page_of(Report(scorer.fitted), tmp_path)).text
    report = Report(scorer.fitted)
    report.add([next(images(1))])
    report.add([ScoredImage("same.png", 0.5, embedding=np.ones(5, np.float32))] * 20)
    assert not Elements(page_of(report, tmp_path))["section"]  # no histogram of one value
    assert "nan" not in Elements(page_of(report, tmp_path).partition("<script>")[0]).text.lower()


def test_prompts_and_unrated_anchors_stand_as_words(tmp_path):
    anchors = make_anchors(np.eye(5)[:2], is_good=[True, False], ids=["Good photo.", "Bad photo."])
    report = Report(Mean(space="raw").fit(anchors))
    report.add(list(images(2)))
    page = Elements(page_of(report, tmp_path))
    assert "Good photo." in page.text
    assert sorted(page.data()[1].values()) == [["Bad photo.", "", False], ["Good photo.", "", True]]


def test_histogram_counts_every_image(scorer, tmp_path):
    report = Report(scorer.fitted)
    report.add(list(images(40)))
    page = Elements(page_of(report, tmp_path))
    bins = [button for button in page["button"] if button.get("class") == "bin"]
    assert sum(int(re.search(r": (\d+) image", one["title"]).group(1)) for one in bins) == 40
    assert math.isclose(float(bins[0]["data-low"]), 1 / 41)
    assert math.isclose(float(bins[-1]["data-high"]), 40 / 41)


@pytest.mark.parametrize(
    ("paths", "common"),
    [
        (["a/b/1.png", "a/b/2.png"], "a/b/"),
        (["a/b/1.png", "a/c/2.png"], "a/"),
        (["a/bc/1.png", "a/b/2.png"], "a/"),
        (["/x/1.png", "/y/1.png"], ""),
        (["1.png", "a/1.png"], ""),
        (["a/1.png"], "a/"),
        (["a/b", "a/b/c"], "a/"),
        ([], ""),
    ],
)
def test_the_folder_that_all_images_share(paths, common):
    page = Page("", {}, [], [PageImage(path, 0.5, None, "", None, ()) for path in paths], {})
    assert page.common == common


def test_links_lead_to_the_files_from_beside_the_page_or_from_the_root(scorer, tmp_path, monkeypatch, write_images):
    first, second = write_images(2)
    odd = os.fsdecode(b"a #?% \xff.png")
    for name in ("photo.png", odd):
        shutil.copy(first, tmp_path / name)
    elsewhere = tmp_path / "page"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    report = Report(scorer.fitted)
    names = ["photo.png", f"./{odd}", second, "gone.png", "https://example.org/a.png", "javascript:alert(1)"]
    report.add(list(images(len(names), names=names)))
    links = [one.get("link") for one in Elements(page_of(report, tmp_path)).data()[0]]
    assert links == ["./photo.png", "./a%20%23%3F%25%20%FF.png", "./images/0001.png", None, None, None]
    report.write(elsewhere / "page.html")
    (link, *_) = Elements((elsewhere / "page.html").read_text(encoding="utf-8")).data()[0]
    assert link["link"] == (tmp_path / "photo.png").as_uri()


def test_bad_arguments_and_places(scorer, tmp_path):
    with pytest.raises(MethodError):
        Report(scorer.fitted, n_anchors=0)
    with pytest.raises(DataError, match="cannot be written"):
        Report(scorer.fitted).write(tmp_path / "nowhere" / "page.html")
