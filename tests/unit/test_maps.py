"""Maps: the projection is PCA's, draws and marks are as asked, and no name of a file does anything."""

import base64
import json
import re
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from map_index import HOSTILE, hostile_index
from PIL import Image
from sklearn.decomposition import PCA

import quasar_index as qi
from quasar_index.maps.colouring import GREY, PALETTE, Scale, colour_points
from quasar_index.maps.packing import default_colour
from quasar_index.methods.space import fit_space


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return hostile_index(tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def anchors(index):
    return index.anchors()


def many(n=500, dim=8, seed=0):
    rng = np.random.default_rng(seed)
    return qi.make_anchors(rng.normal(size=(n, dim)) * np.linspace(3, 1, dim) + 1, quality=rng.random(n))


@pytest.mark.parametrize(("n", "dim"), [(500, 8), (20, 50)])
@pytest.mark.parametrize("space", ["raw", "centred", "whitened"])
def test_pca_is_that_of_scikit_learn(n, dim, space):
    anchors = many(n, dim)
    projection = qi.maps.project_anchors(anchors, space=space, shrinkage=0.5)
    directions = fit_space(anchors, space, shrinkage=0.5).apply_to_anchors(anchors).directions.astype(np.float64)
    pca = PCA(2, svd_solver="full").fit(directions)
    expected = pca.transform(directions)
    signs = np.sign((expected * projection.points).sum(axis=0))
    np.testing.assert_allclose(projection.points, expected * signs, atol=2e-5)
    np.testing.assert_allclose(projection.explained, pca.explained_variance_ratio_, rtol=1e-4)
    assert projection.rows.tolist() == list(range(n))
    assert projection.space.name == space


def test_a_map_is_the_same_on_every_run():
    one, other = (qi.maps.project_anchors(many(), sample=100, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.points, other.points)
    assert one.explained == other.explained


def test_a_sample_is_drawn_at_random_and_keeps_the_marked():
    anchors = many()
    keep = np.zeros(500, dtype=bool)
    keep[[5, 250, 499]] = True
    one = qi.maps.project_anchors(anchors, sample=50, keep=keep)
    assert len(one) == len(set(one.rows.tolist())) == 50
    assert {5, 250, 499} <= set(one.rows.tolist())
    assert (np.diff(one.rows) > 0).all()
    assert one.n_anchors == 500
    assert set(one.rows) != set(qi.maps.project_anchors(anchors, sample=50, keep=keep, seed=1).rows)
    # More marked ones than the sample: all have the same chance, and the sample stays as large.
    assert len(qi.maps.project_anchors(anchors, sample=50, keep=np.ones(500, dtype=bool))) == 50


def test_the_space_is_fitted_to_all_anchors_and_not_to_the_sample():
    anchors = many()
    whole = fit_space(anchors, "whitened", shrinkage="oas")
    drawn = qi.maps.project_anchors(anchors, space="whitened", shrinkage="oas", sample=50)
    assert drawn.space.shrinkage == whole.shrinkage


def test_what_cannot_be_projected_is_an_error(monkeypatch):
    alike = qi.make_anchors(np.ones((10, 4)), is_good=[True] * 5 + [False] * 5)
    with pytest.raises(qi.DataError, match="all alike"):
        qi.maps.project_anchors(alike, space="raw")
    with pytest.raises(qi.DataError, match=r"2 anchors are too few for PCA; take at least 3"):
        qi.maps.project_anchors(many(2))
    with pytest.raises(qi.DataError, match="projection of project_anchors is 'tsne'; give 'pca' or 'umap'"):
        qi.maps.project_anchors(many(), projection="tsne")
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(qi.DataError, match=r"umap-learn, which is not installed; run pip install -e '.\[map\]'"):
        qi.maps.project_anchors(many(), projection="umap")


def test_umap_keeps_clusters_apart_and_follows_its_seed():
    pytest.importorskip("umap", reason="umap-learn is the extra `map`")
    rng = np.random.default_rng(0)
    cluster = np.arange(60) % 2
    # Good and bad are the clusters.
    anchors = qi.make_anchors(rng.normal(size=(60, 6)) + 20 * np.eye(6)[cluster], is_good=cluster == 0)
    one = qi.maps.project_anchors(anchors, projection="umap", seed=1)
    good, bad = one.points[anchors.is_good], one.points[~anchors.is_good]
    apart = np.linalg.norm(good.mean(axis=0) - bad.mean(axis=0))
    assert apart > 2 * max(np.linalg.norm(part - part.mean(axis=0), axis=1).max() for part in (good, bad))
    assert one.explained is None
    np.testing.assert_array_equal(one.points, qi.maps.project_anchors(anchors, projection="umap", seed=1).points)


def test_marks_are_found_by_id_and_by_condition(index, anchors, tmp_path):
    marks = qi.maps.mark_where(index, anchors, "number < 4")
    numbers = index.metadata(anchors, ["number"])["number"].to_pylist()
    assert marks.is_marked.tolist() == [n is not None and n < 4 for n in numbers]
    # One side alone may be marked, though an index of it could not be.
    assert qi.maps.mark_where(index, anchors, "side = 'good'").is_marked.tolist() == anchors.is_good.tolist()
    with pytest.raises(qi.DataError, match="holds for none of these 40 anchors"):
        qi.maps.mark_where(index, anchors, "number > 1000")
    with pytest.raises(qi.AnchorIndexError, match="cannot be used"):
        qi.maps.mark_where(index, anchors, "no such column = 3")
    some = index.anchors(where="number < 30")
    marks = qi.maps.mark_subset(some, index)
    assert (marks.n, marks.n_elsewhere, marks.label) == (len(some), len(anchors) - len(some), "in hostile")
    with pytest.raises(qi.DataError, match="none of the 40 anchors of index 'hostile' is among these 500"):
        qi.maps.mark_subset(many(), index)


def test_colours_are_sides_ratings_numbers_or_groups(index, anchors):
    rows = np.arange(40)
    good, bad = colour_points(index, anchors, rows, "side").groups
    assert (good.label, bad.label) == ("good", "bad")
    assert good.members.tolist() == anchors.is_good.tolist() == (~bad.members).tolist()
    rating = colour_points(index, anchors, rows[::2], "rating")
    np.testing.assert_array_equal(rating.values, anchors.quality[::2])
    number = colour_points(index, anchors, rows, "number")
    assert isinstance(number, Scale)
    assert int(np.isnan(number.values).sum()) == 8
    cameras = colour_points(index, anchors, rows, "camera").groups
    assert [group.colour for group in cameras] == [*PALETTE, GREY]
    assert cameras[-1].label == "5 other values"
    assert sum(group.members.astype(int) for group in cameras).tolist() == [1] * 40
    kinds = colour_points(index, anchors, rows, "kind").groups
    assert {group.label for group in kinds} == {"_plain $x$", HOSTILE[1], HOSTILE[3], HOSTILE[4], "none"}
    for name, message in [
        ("nothing", "no column 'nothing' to colour by; use side, rating, id, path"),
        ("embedding", "no column 'embedding'"),
        ("distortion", "column 'distortion' is empty"),
    ]:
        with pytest.raises(qi.DataError, match=message):
            colour_points(index, anchors, rows, name)


def test_anchors_without_ratings_have_no_colour_of_ratings(index, anchors):
    from dataclasses import replace

    with pytest.raises(qi.DataError, match="no ratings; use --colour side"):
        colour_points(index, replace(anchors, quality=None), np.arange(40), "rating")


@pytest.mark.parametrize("colour", ["side", "rating", "number", "kind", "camera"])
def test_svg_holds_the_names_as_text(index, anchors, tmp_path, colour):
    marks = qi.maps.mark_where(index, anchors, "number < 4")
    projection = qi.maps.project_anchors(anchors)
    qi.maps.draw_map(projection, tmp_path / "m.svg", index=index, anchors=anchors, colour=colour, marks=marks)
    svg = (tmp_path / "m.svg").read_text(encoding="utf-8")
    texts = ["".join(node.itertext()).strip() for node in ET.fromstring(svg).iter() if node.tag.endswith("}text")]  # noqa: S314 - ours
    expected = {
        "side": ["good (20)", "bad (20)"],
        "rating": ["rating, 0 worst to 1 best"],
        "number": ["number", "none (8)"],
        "kind": ["_plain $x$ (20)", "<!--<script>.png (5)", '"><img src=x onerror="window.owned = 2">.png (6)'],
        "camera": ["camera 0 (4)", "5 other values (15)"],
    }[colour]
    for text in (*expected, "marked: number < 4 (4)", f"hostile: 40 anchors, {projection.space} space"):
        assert text in texts
    qi.maps.draw_map(projection, tmp_path / "again.svg", index=index, anchors=anchors, colour=colour, marks=marks)
    assert (tmp_path / "again.svg").read_text(encoding="utf-8") == svg


def test_png_shows_both_sides(index, anchors, tmp_path):
    qi.maps.draw_map(qi.maps.project_anchors(anchors), tmp_path / "m.png", index=index, anchors=anchors, colour="side")
    pixels = np.asarray(Image.open(tmp_path / "m.png").convert("RGB")).reshape(-1, 3).astype(int)
    for colour in PALETTE[:2]:
        # As drawn: over white, with the points' transparency; the legend's are opaque.
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        assert (np.abs(pixels - rgb).max(axis=1) < 3).sum() > 50


def test_page_is_small_and_coloured_by_the_rating_where_there_is_one(tmp_path):
    index = hostile_index(tmp_path, 71)
    anchors = index.anchors()
    projection = qi.maps.project_anchors(anchors)
    qi.maps.draw_map(projection, tmp_path / "m.html", index=index, anchors=anchors, n_thumbnails=0)
    text = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert len(text) < 60_000  # without the pictures
    page = Scripts()
    page.feed(text)
    drawn = json.loads(page.scripts["map-data"])
    assert drawn["colours"]["title"] == "rating, 0 worst to 1 best"
    values = np.frombuffer(base64.b64decode(drawn["colours"]["values"]), "<f4")
    np.testing.assert_allclose(values, anchors.quality, atol=1e-6)
    points = [np.frombuffer(base64.b64decode(drawn[name]), "<f4") for name in "xy"]
    np.testing.assert_allclose(np.stack(points, axis=1), projection.points, atol=1e-6)
    declared = qi.make_anchors(np.eye(4, 6), is_good=[True, True, False, False])
    assert default_colour(declared.quality) == "side"


class Scripts(HTMLParser):
    """Collects the tags of a page, and the script elements."""

    def __init__(self):
        super().__init__()
        self.tags, self.scripts, self.handlers = [], {}, []
        self._id = None

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self._id = dict(attrs).get("id", len(self.scripts)) if tag == "script" else None

    def handle_endtag(self, tag):
        self._id = None

    def handle_data(self, data):
        if self._id is not None:
            self.scripts[self._id] = self.scripts.get(self._id, "") + data


def test_page_holds_hostile_names_as_data(index, anchors, tmp_path):
    marks = qi.maps.mark_where(index, anchors, "number < 30 and camera <> '<script>alert(1)</script>'")
    n_unread = qi.maps.draw_map(
        qi.maps.project_anchors(anchors),
        tmp_path / "m.html",
        index=index,
        anchors=anchors,
        colour="kind",
        marks=marks,
        n_thumbnails=30,
    )
    assert n_unread == 30
    text = (tmp_path / "m.html").read_text(encoding="utf-8")
    page = Scripts()
    page.feed(text)
    assert len(page.scripts) == 3
    assert page.handlers == []
    assert page.tags.count("img") == 1
    cards = json.loads(page.scripts["card-data"])
    assert cards["paths"] == index.metadata(anchors, ["path"])["path"].to_pylist()
    assert set(HOSTILE) <= set(cards["paths"])
    facts = dict(cards["facts"])
    assert list(facts) == ["side", "rating", "kind"]
    assert facts["rating"][0] == "4.9 (1.00 of 0 to 1)"
    assert (cards["thumbnails"], len(cards["asked"])) == ({}, 30)
    assert np.isin(np.flatnonzero(marks.is_marked), cards["asked"]).all()
    drawn = json.loads(page.scripts["map-data"])
    assert ["<!--<script>.png", 5] in [[name, n] for name, _, n in drawn["colours"]["groups"]]
    assert len(drawn["marked"]) == marks.n
    # Nothing beside the script of the page itself may run, and no text becomes one.
    assert re.search(r"default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; img-src data:;", text)
    assert re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL).count("owned") == 0


def test_page_is_the_same_on_every_run_and_shows_what_can_be_read(index, anchors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (200, 100), (200, 30, 30)).save(tmp_path / "photo 39.png")
    projection = qi.maps.project_anchors(anchors)
    seen = []
    for name in ("one.html", "other.html"):
        n_unread = qi.maps.draw_map(
            projection,
            tmp_path / name,
            index=index,
            anchors=anchors,
            on_progress=lambda done, total: seen.append((done, total)),
        )
        assert n_unread == 39
    assert seen[:40] == [(done, 40) for done in range(1, 41)]
    page = Scripts()
    page.feed(text := (tmp_path / "one.html").read_text(encoding="utf-8"))
    assert text == (tmp_path / "other.html").read_text(encoding="utf-8")
    cards = json.loads(page.scripts["card-data"])
    ((row, uri),) = cards["thumbnails"].items()
    assert cards["paths"][int(row)] == "photo 39.png"
    assert uri.startswith("data:image/")


def test_where_a_map_cannot_go(index, anchors, tmp_path):
    for name, message in [("m.pdf", "names no format of a map"), ("no/m.svg", "the folder of .* does not exist")]:
        with pytest.raises(qi.DataError, match=message):
            qi.maps.check_map(tmp_path / name)
    (tmp_path / "folder.html").mkdir()
    for name in ("folder.html", "folder.svg"):
        (tmp_path / name).mkdir(exist_ok=True)
        with pytest.raises(qi.DataError, match="cannot be written"):
            qi.maps.draw_map(
                qi.maps.project_anchors(anchors), tmp_path / name, index=index, anchors=anchors, n_thumbnails=0
            )


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_a_column_without_a_number_is_nothing_to_colour_by(tmp_path, value):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32))
    rows = "".join(f"{row}.png,{row},{value}\n" for row in range(6))
    (tmp_path / "labels.csv").write_text("image,score,weight\n" + rows)
    source, matrix = qi.load_embeddings(tmp_path / "x.npy", tmp_path / "labels.csv", score_column="score")
    index = qi.build_from_embeddings(tmp_path / "index", [source], matrix).index
    anchors = index.anchors()
    for name in ("m.png", "m.html"):
        with pytest.raises(qi.DataError, match="column 'weight' is empty for these anchors"):
            qi.maps.draw_map(
                qi.maps.project_anchors(anchors), tmp_path / name, index=index, anchors=anchors, colour="weight"
            )


def test_embeddings_of_one_dimension_are_refused():
    anchors = qi.make_anchors(np.array([[1.0], [2.0], [-3.0], [4.0]]), quality=np.arange(4.0))
    with pytest.raises(qi.DataError, match="of one dimension fill no map"):
        qi.maps.project_anchors(anchors, space="raw")


@pytest.mark.parametrize("points", [[[1, 1], [1, 2], [1, 3]], [[1, 2], [1, 2], [2, 1]]])
def test_three_anchors_and_constant_ratings_are_drawn(tmp_path, points):
    np.save(tmp_path / "x.npy", np.array(points, dtype=np.float32))
    (tmp_path / "labels.csv").write_text("image,score,weight\na.png,1,7\nb.png,2,7\nc.png,3,7\n")
    source, matrix = qi.load_embeddings(tmp_path / "x.npy", tmp_path / "labels.csv", score_column="score")
    index = qi.build_from_embeddings(tmp_path / "index", [source], matrix).index
    anchors = index.anchors()
    projection = qi.maps.project_anchors(anchors, space="raw")
    assert np.isfinite(projection.points).all()
    for ending, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".html", b"<!DOCTYPE")):
        path = tmp_path / f"m{ending}"
        qi.maps.draw_map(projection, path, index=index, anchors=anchors, colour="weight")
        assert path.read_bytes().startswith(start)
