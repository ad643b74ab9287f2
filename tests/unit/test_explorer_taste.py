"""Taste: judgements that are kept at once, what to judge next, and the index of what was said."""

import json
import sqlite3

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.arrays import unit
from quasar_index.explorer.judgements import NAME, Judgement, Judgements, pairs_of, stars_of
from quasar_index.explorer.marks import NAME as MARKS
from tests.explorer_client import make_explorer, served, write_photos

URL = "/api/taste"


def ask(client, path):
    status, _, body = client.ask("GET", f"{URL}/{path}")
    assert status == 422
    return json.loads(body)["error"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder that holds indexes, too."""
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path / "home"))
    return tmp_path


def say(client, kind, what, status=200, **question):
    found, _, body = client.ask("POST", f"{URL}/{kind}/{what}", json.dumps(question))
    assert found == status, body
    return json.loads(body)


def test_stars_are_kept_and_there_for_the_next_one(place):
    write_photos(place / "shots", 12)
    with served(make_explorer(place / "shots")) as client:
        state = client.get(f"{URL}/stars")
        assert (state["stars"], state["divides"], len(state["next"])) == (0, False, 5)
        judged = []
        for turn in range(8):
            judged.append(state["next"][0])
            state = say(client, "stars", "judge", ids=judged[-1:], stars=1 + turn % 5)
            assert not set(state["next"]) & set(judged)
        assert (state["stars"], state["counts"], state["divides"]) == (8, [2, 2, 2, 1, 1], True)
        state = say(client, "stars", "judge", ids=state["next"][:1], stars=0)  # passed over
        assert (state["stars"], state["passed"]) == (8, 1)
        wanted = state["next"]
        assert client.marks() == {}
    with served(make_explorer(place / "shots")) as client:
        again = client.get(f"{URL}/stars")
        assert again == state
        assert again["next"] == wanted
        assert again["store"].endswith(NAME)
        back = say(client, "stars", "undo")
        assert (back["passed"], len(back["back"])) == (0, 1)
        back = say(client, "stars", "undo")
        assert (back["stars"], back["back"]) == (7, judged[-1:])
    assert sorted(path.name for path in (place / "shots").glob(".*")) == [NAME]
    assert not (place / "shots" / MARKS).exists()


def test_index_of_stars_is_a_normal_one_and_later_judgements_add(place):
    paths = write_photos(place / "shots", 14)
    explorer = make_explorer(place / "shots")
    with served(explorer) as client:
        assert "0 photographs are judged" in say(client, "stars", "index", 422, name="mine")["error"]
        for number in range(10):
            say(client, "stars", "judge", ids=[number], stars=1 + number % 3)
        made = say(client, "stars", "index", name="mine")
        assert made["name"] == "mine"
        assert made["n_good"] + made["n_bad"] == 10
        assert made["score"] == f"quasar-index score {place / 'shots'} --index mine"
        index = qi.AnchorIndex.open("mine")
        labels = index.to_arrow(["path", "score"])
        kept = dict(zip(labels["path"].to_pylist(), labels["score"].to_pylist(), strict=True))
        assert kept == {str(path): 1 + number % 3 for number, path in enumerate(paths[:10])}
        told = client.get(f"{URL}/stars/scores?name=mine")["score"]
        assert "no index" in ask(client, "stars/scores?name=none")
        assert "is no name" in ask(client, "stars/scores?name=..%2Fmine")
        # It scores as any other, by the encoder of the photographs.
        assert index.manifest.encoder == explorer.index.manifest.encoder
        scorer = qi.Scorer(index, qi.Mean(), qi.load_encoder())
        assert told == pytest.approx([row.score for row in scorer.score_files(paths)], abs=1e-5)
        anchors, rows = index.anchors(), dict(zip(ids_of(explorer), range(14), strict=True))
        embeddings = explorer.photos.embeddings([rows[one.decode()] for one in anchors.ids])
        np.testing.assert_allclose(anchors.directions, unit(embeddings), atol=1e-6)
        for number in range(10, 12):
            say(client, "stars", "judge", ids=[number], stars=5)
        assert say(client, "stars", "index", name="mine")["n_good"] >= 2
        assert len(qi.AnchorIndex.open("mine")) == 12
        # An index of other photographs is not replaced.
        qi.build_from_embeddings("other", *labelled(place))
        assert "exists already" in say(client, "stars", "index", 422, name="other")["error"]
        assert "another encoder" in ask(client, "stars/scores?name=other")
        for odd in ("../up", "a/b", "", ".hidden"):
            assert "is no name" in say(client, "stars", "index", 422, name=odd)["error"]
    assert not (place / "up").exists()


def labelled(place):
    np.save(place / "own.npy", np.eye(4))
    (place / "own.csv").write_text("image,score\na,1\nb,2\nc,3\nd,4\n")
    return qi.load_embeddings(place / "own.npy", place / "own.csv")


def ids_of(explorer):
    return [one.decode() for one in explorer.photos.content.tolist()]


def test_pairs_make_an_index_and_foretell_some(place):
    write_photos(place / "shots", 9)
    with served(make_explorer(place / "shots")) as client:
        state = client.get(f"{URL}/pairs")
        over = state["next"][0]
        state = say(client, "pairs", "judge", ids=over, stars=0)
        seen = {frozenset(over)}
        for _ in range(12):
            pair = state["next"][0]
            assert frozenset(pair) not in seen  # neither what was answered nor what was passed over
            seen.add(frozenset(pair))
            state = say(client, "pairs", "judge", ids=sorted(pair), stars=1)  # the lower number is better
        assert (state["pairs"], state["passed"], state["stars"]) == (12, 1, 0)
        found = client.get(f"{URL}/pairs/agreement")
        assert found["what"] == "share"
        assert 0 <= found["low"] <= found["value"] <= found["high"] <= 1
        assert found["n"] <= 12
        made = say(client, "pairs", "index", name="of pairs")
        assert len(qi.AnchorIndex.open("of pairs")) == made["n_good"] + made["n_bad"] <= 9
        assert made["explore"].endswith("--index 'of pairs'")


def test_agreement_is_that_of_the_library(place):
    write_photos(place / "shots", 12)
    explorer = make_explorer(place / "shots")
    with served(explorer) as client:
        assert client.get(f"{URL}/stars/agreement") == {
            "what": "srcc",
            "value": None,
            "low": None,
            "high": None,
            "n": 0,
        }
        stars = [1, 5, 2, 4, 3, 3, 2, 5, 1, 4, 2, 3]
        for number, n in enumerate(stars):
            say(client, "stars", "judge", ids=[number], stars=n)
        found = client.get(f"{URL}/stars/agreement")
        wanted = qi.taste.agreement_of_ratings(explorer.photos.embeddings(range(12)), stars)
        assert found == {"what": "srcc", "value": wanted.value, "low": wanted.low, "high": wanted.high, "n": 12}


@pytest.mark.parametrize(
    ("kind", "question", "why"),
    [
        ("stars", {"ids": [99], "stars": 3}, "no photographs to judge"),
        ("stars", {"ids": [], "stars": 3}, "no photographs to judge"),
        ("stars", {"ids": [0, 1], "stars": 3}, "no photographs to judge"),
        ("stars", {"ids": [0], "stars": 6}, "6 stars"),
        ("stars", {"ids": [0], "stars": -1}, "-1 stars"),
        ("stars", {"ids": ["0"], "stars": 1}, "no list of numbers"),
        ("pairs", {"ids": [1, 1], "stars": 1}, "no photographs to judge"),
        ("pairs", {"ids": [0, 1], "stars": 2}, "no stars"),
        ("odd", {"ids": [0], "stars": 2}, "judgements of 'odd'"),
    ],
)
def test_what_is_no_judgement_is_refused(shared, kind, question, why):
    assert why in say(shared, kind, "judge", 422, **question)["error"]
    assert shared.get(f"{URL}/stars")["stars"] == 0


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server whose judgements no test changes."""
    folder = tmp_path_factory.mktemp("shared") / "shots"
    write_photos(folder, 3)
    with served(make_explorer(folder)) as client:
        yield client


def test_who_may_not_mark_may_not_judge(shared):
    body = json.dumps({"ids": [0], "stars": 3})
    for headers in ({"Cookie": None}, {"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        status, _, _ = shared.ask("POST", f"{URL}/stars/judge", body, headers)
        assert status == 403
    assert shared.ask("POST", f"{URL}/stars/judge", body, {"X-Run": "another"})[0] == 409
    assert shared.ask("POST", f"{URL}/stars/odd", "{}")[0] == 404
    assert shared.get(f"{URL}/stars")["stars"] == 0


def test_a_photograph_that_is_there_twice_is_judged_once(place):
    paths = write_photos(place / "shots", 4)
    (place / "shots" / "copy.jpg").write_bytes(paths[0].read_bytes())
    (place / "shots" / "bad.jpg").write_bytes(b"none")
    with served(make_explorer(place / "shots")) as client:
        seen, state = set(), client.get(f"{URL}/stars")
        while state["next"]:
            seen.add(state["next"][0])
            state = say(client, "stars", "judge", ids=state["next"][:1], stars=3)
        assert len(seen) == 4
        assert state["divides"] is False
        assert "are the same" in say(client, "stars", "index", 422, name="mine")["error"]


def test_the_last_judgement_holds():
    said = [Judgement("stars", "a", "", 2), Judgement("stars", "b", "", 0), Judgement("stars", "a", "", 4)]
    assert stars_of(said) == {"a": 4, "b": 0}
    pairs = [Judgement("pairs", "a", "b", 1), Judgement("pairs", "c", "b", 0), Judgement("pairs", "b", "a", 1)]
    assert pairs_of(pairs) == [("b", "a", True), ("c", "b", False)]


def test_a_strange_file_is_refused_and_left(place):
    write_photos(place / "shots", 2)
    file = place / "shots" / NAME
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE mine (x)")
    before = file.read_bytes()
    with served(make_explorer(place / "shots")) as client:
        assert "judgements cannot be kept" in say(client, "stars", "judge", 422, ids=[0], stars=3)["error"]
    assert file.read_bytes() == before
    file.unlink()
    (place / "elsewhere").write_bytes(b"")
    file.symlink_to(place / "elsewhere")
    with served(make_explorer(place / "shots")) as client:
        assert "it is a link" in say(client, "stars", "judge", 422, ids=[0], stars=3)["error"]
    assert (place / "elsewhere").read_bytes() == b""


def test_a_judgement_is_on_the_disk_when_it_is_answered(tmp_path):
    from quasar_index.explorer.folders import Files

    folder = Files([tmp_path / "a.jpg"], [tmp_path]).folders[0]
    first, second = Judgements(folder), Judgements(folder)
    assert second.read() == []
    first.add(Judgement("stars", "a", "", 5))
    assert second.read() == [Judgement("stars", "a", "", 5)]
    second.close()
    assert second.take_back("pairs") is None
    assert second.take_back("stars") == Judgement("stars", "a", "", 5)
    assert first.read() == []
