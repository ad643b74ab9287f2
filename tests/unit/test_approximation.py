"""Opting in to approximate search: what is measured is recorded, and whatever it was not measured for is exact."""

import json
import logging
import os
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.arrays import unit
from quasar_index.index import nearest
from quasar_index.index.approximate import ApproximateSearch
from quasar_index.index.search import nearest_reference
from quasar_index.index.side_lists import SideLists
from quasar_index.validation import rated_anchors

N, DIM, TOP_K = 1200, 12, 20


def embeddings(n, *, seed):
    rng = np.random.default_rng(seed)
    centres = 3 * np.random.default_rng(9).normal(size=(30, DIM))
    return (10 * unit(rng.normal(0.3, 1, (n, DIM)) + centres[rng.integers(0, 30, n)])).astype(np.float32)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """An index that is searched approximately; tests take a copy."""
    folder = tmp_path_factory.mktemp("built")
    np.save(folder / "x.npy", embeddings(N, seed=0))
    scores = np.random.default_rng(1).permutation(N)
    rows = "".join(f"{row}.png,{score},{row // 4}\n" for row, score in enumerate(scores.tolist()))
    (folder / "labels.csv").write_text("image,score,content\n" + rows)
    source, matrix = qi.load_embeddings(folder / "x.npy", folder / "labels.csv")
    index = qi.build_from_embeddings(folder / "index", [source], matrix).index
    qi.approximate(index, top_k=TOP_K, recall=0.9)
    return folder / "index"


@pytest.fixture
def index(built, tmp_path):
    shutil.copytree(built, tmp_path / "index")
    return qi.AnchorIndex.open(tmp_path / "index")


@pytest.fixture
def queries():
    return embeddings(50, seed=2)


def retrieve(index, queries, method=None, *, space="whitened", anchors=None):
    """Return the scores and the messages of the log."""
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())
    logger = logging.getLogger("quasar_index")
    logger.addHandler(handler)
    try:
        scorer = qi.Scorer(index if anchors is None else anchors, replace(method or qi.Retrieval(8), space=space))
        found = scorer.score_embeddings(queries[:25]), scorer.score_embeddings(queries[25:])
    finally:
        logger.removeHandler(handler)
    return np.concatenate([one.score for one in found]), records


def exact_scores(index, queries, method=None, *, space="whitened", **options):
    anchors = index.anchors(**options)
    plain = qi.make_anchors(
        anchors.directions * anchors.norms[:, None], is_good=anchors.is_good, quality=anchors.quality
    )
    return retrieve(plain, queries, method, space=space)[0]


def lists_of(index):
    """Return the files of the lists, by size the largest entries beside the cache."""
    return [path for path in (index.path / "cache").glob("*-v*-*.npz") if "codes" in np.load(path).files]


def is_exact(messages):
    return any("the search is exact" in text for text in messages)


def test_what_was_measured_is_recorded_and_holds(index):
    record = index.manifest.approximate
    assert (record.space, record.top_k, record.n_queries) == ("whitened (shrinkage 10)", TOP_K, 256)
    assert 0.9 <= record.recall <= 1
    assert record.recall_low <= record.recall
    assert 0.9 < record.score_srcc <= 1
    assert min(record.speedup, record.speedup_single) > 0
    assert record.factory.startswith(f"IVF{record.n_lists[0]},PQ6x4fs and ")
    assert len(lists_of(index)) == 2
    # On queries of our own, which are no anchors.
    scorer = qi.Scorer(index)
    directions = scorer.fitted.directions(embeddings(400, seed=5))
    for side in ("good", "bad"):
        found = nearest(scorer.fitted.table, directions, TOP_K, side=side)
        expected = nearest_reference(scorer.fitted.table, directions, TOP_K, side=side)
        shared = [len(set(a) & set(b)) for a, b in zip(found.rows.tolist(), expected.rows.tolist(), strict=True)]
        recall = np.mean(shared) / TOP_K
        assert abs(recall - record.recall) < 0.05
        cosines = np.take_along_axis(directions @ scorer.fitted.table.directions.T, found.rows, axis=1)
        np.testing.assert_allclose(found.similarity, cosines, atol=2e-6)
        assert (scorer.fitted.table.is_good[found.rows] == (side == "good")).all()


@pytest.mark.parametrize("method", [qi.Retrieval(8), qi.Retrieval(8, mode="joint"), qi.Knn(8)])
def test_scores_are_near_the_exact_ones_and_it_is_said_once(index, queries, method):
    scores, messages = retrieve(index, queries, method)
    assert qi.srcc(scores, exact_scores(index, queries, method)) > 0.98
    assert len(messages) == 1
    assert messages[0].startswith(f"the search is approximate: it finds {index.manifest.approximate.recall:.1%} of")


def test_the_lists_are_really_used(index, queries, monkeypatch):
    before, _ = retrieve(index, queries)
    search, n_probes = SideLists.search, []

    def spy(self, *args, **options):
        n_probes.append(options["n_probe"])
        return search(self, *args, **options)

    monkeypatch.setattr(SideLists, "search", spy)
    after, _ = retrieve(index, queries)
    np.testing.assert_array_equal(after, before)
    assert n_probes == [*index.manifest.approximate.n_probe] * 2  # two calls


def test_joint_neighbours_are_the_nearest_of_both_sides(index, queries):
    scorer = qi.Scorer(index)
    directions = scorer.fitted.directions(queries)
    found = nearest(scorer.fitted.table, directions, TOP_K)
    expected = nearest_reference(scorer.fitted.table, directions, TOP_K)
    shared = [len(set(a) & set(b)) for a, b in zip(found.rows.tolist(), expected.rows.tolist(), strict=True)]
    assert np.mean(shared) / TOP_K > 0.9
    assert (np.diff(found.similarity, axis=1) <= 0).all()
    assert all(len(set(rows)) == TOP_K for rows in found.rows.tolist())
    wanted = nearest(scorer.fitted.table, directions, TOP_K, exact=True)
    np.testing.assert_array_equal(wanted.rows, expected.rows)


@pytest.mark.parametrize(
    "change",
    [
        {"method": qi.Retrieval(TOP_K + 1)},
        {"space": "raw"},
        {"space": "centred"},
        {"where": "score > 100"},
        {"ratio": 0.5},
    ],
)
def test_what_was_not_measured_is_exact_and_says_so(index, queries, change):
    options = {key: change.pop(key) for key in ("where", "ratio") if key in change}
    scores, messages = retrieve(index, queries, anchors=index.anchors(**options), **change)
    np.testing.assert_allclose(scores, exact_scores(index, queries, **change, **options), atol=1e-5)
    assert is_exact(messages)
    assert len(messages) == 1


def test_static_centroids_say_nothing(index, queries):
    scores, messages = retrieve(index, queries, qi.Mean())
    np.testing.assert_allclose(scores, exact_scores(index, queries, qi.Mean()), atol=1e-5)
    assert messages == []


def test_cross_validation_is_exact(index, monkeypatch, caplog):
    monkeypatch.setattr(ApproximateSearch, "nearest", pytest.fail)
    images = rated_anchors(index)
    qi.cross_validate_images([qi.Retrieval(5)], images, "content", n_resamples=50)
    anchors = index.anchors(group="content")
    assert anchors.take(np.arange(0, N, 2)).approximate is None
    assert "approximate" not in caplog.text


@pytest.mark.parametrize("damage", ["missing", "torn", "flipped", "other"])
def test_lists_that_are_lost_or_damaged_are_made_anew(index, queries, damage):
    before, _ = retrieve(index, queries)
    for path in lists_of(index):
        if damage == "missing":
            path.unlink()
        elif damage == "other":
            np.savez(path, **dict.fromkeys(("centroids", "codewords", "sizes", "rows", "codes"), np.zeros(3)))
        else:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data if damage == "flipped" else data[:-100])
    after, messages = retrieve(index, queries)
    assert sum("making the lists" in text for text in messages) == 2
    assert any("the search is approximate" in text for text in messages)
    assert qi.srcc(before, after) > 0.98
    assert len(retrieve(index, queries)[1]) == 1
    assert index.verify().is_whole


def test_lists_in_use_make_no_room_for_what_is_written_later(index, queries, monkeypatch):
    monkeypatch.setattr("quasar_index.fits.MAX_ENTRIES", 3)
    for path in lists_of(index):
        os.utime(path, (0, 0))
    scorer = qi.Scorer(index, qi.Retrieval(TOP_K))
    scorer.score_embeddings(queries)
    for path in lists_of(index):
        os.utime(path, (0, 0))  # a scorer may use them for days
    for number in range(5):
        index.anchors().fits.save(f"centroids {number}", value=np.arange(3))
    assert len(lists_of(index)) == 2


def test_verify_finds_damaged_lists_and_repair_lets_them_be_made_anew(index, queries):
    assert index.verify().damage == ()
    (victim, _) = lists_of(index)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    (found,) = index.verify(repair=True).damage
    assert (found.part, found.repaired) == ("kept", True)
    assert index.verify().is_whole
    assert any("the search is approximate" in text for text in retrieve(index, queries)[1])


def test_where_nothing_can_be_written_lost_lists_leave_exact_search(index, queries, monkeypatch):
    expected = exact_scores(index, queries)
    for path in lists_of(index):
        path.unlink()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    monkeypatch.setattr(SideLists, "train", pytest.fail)
    scores, messages = retrieve(index, queries)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert is_exact(messages)
    assert len(messages) == 1


def changes():
    return {
        "remove": lambda index: index.remove(where="score < 3"),
        "restore": lambda index: index.remove(where="score < 3").index.restore(1),
        "add": lambda index: index.add_embeddings([make_source(7)[0]], make_source(7)[1]),
    }


def make_source(n):
    from quasar_index.datasets.base import AnchorSource, make_records

    records = make_records({"path": [f"new{i}.png" for i in range(n)], "score": np.arange(n) * 50.0}, n)
    return AnchorSource("new", records, "no-reference", "median"), embeddings(n, seed=8)


@pytest.mark.parametrize("name", changes())
def test_a_change_ends_it(index, queries, name, caplog):
    changed = changes()[name](index).index
    assert changed.manifest.approximate is None
    assert qi.AnchorIndex.open(index.path).manifest.approximate is None
    assert "'quasar-index approximate' makes it anew" in caplog.text
    scores, messages = retrieve(changed, queries)
    assert messages == []
    np.testing.assert_allclose(scores, exact_scores(changed, queries), atol=1e-5)
    made = qi.approximate(changed, top_k=5, recall=0.8)
    assert made.manifest.version == changed.manifest.version
    assert any("approximate" in text for text in retrieve(qi.AnchorIndex.open(index.path), queries)[1])


def test_it_can_be_ended_and_leaves_nothing(index, queries):
    assert qi.search_exactly(index).manifest.approximate is None
    assert json.loads((index.path / "manifest.json").read_text())["approximate"] is None
    assert lists_of(index) == []
    again = qi.AnchorIndex.open(index.path)
    scores, messages = retrieve(again, queries)
    assert messages == []
    np.testing.assert_allclose(scores, exact_scores(again, queries), atol=1e-5)
    assert qi.search_exactly(again).manifest.approximate is None
    assert again.verify().is_whole


@pytest.mark.parametrize("record", ["faster", {}, {"space": "raw"}, [1], {"n_probe": [0, 1]}, {"n_lists": "ab"}])
def test_a_record_of_another_version_is_exact_search(index, queries, record, caplog):
    data = json.loads((index.path / "manifest.json").read_text())
    if isinstance(record, dict) and record:
        record = {**asdict(index.manifest.approximate), **record} if "space" not in record else record
    data["approximate"] = record
    (index.path / "manifest.json").write_text(json.dumps(data))
    opened = qi.AnchorIndex.open(index.path)
    assert opened.manifest.approximate is None
    assert "searching exactly" in caplog.text
    np.testing.assert_allclose(retrieve(opened, queries)[0], exact_scores(opened, queries), atol=1e-5)


def test_huge_numbers_of_a_stranger_do_no_harm(index, queries):
    data = json.loads((index.path / "manifest.json").read_text())
    data["approximate"] |= dict.fromkeys(("n_ranked", "top_k"), 1 << 60)
    data["approximate"] |= dict.fromkeys(("n_probe", "n_lists"), [1 << 60] * 2)
    (index.path / "manifest.json").write_text(json.dumps(data))
    opened = qi.AnchorIndex.open(index.path)
    scores, _ = retrieve(opened, queries)
    np.testing.assert_allclose(scores, exact_scores(opened, queries), atol=1e-5)  # all lists, all candidates
    for path in lists_of(opened):
        path.unlink()
    assert is_exact(retrieve(opened, queries)[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recall": 1.0}, "recall 1.0 is not between"),
        ({"top_k": 600}, "600 neighbours"),
        ({"top_k": 0}, "0 neighbours"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(index, options, message):
    with pytest.raises(qi.AnchorIndexError, match=message):
        qi.approximate(index, **options)
    assert qi.AnchorIndex.open(index.path).manifest == index.manifest


def test_a_recall_out_of_reach_is_an_error_that_names_what_is_reached(index, monkeypatch):
    monkeypatch.setattr("quasar_index.validation.approximation._RANKED", (1,))
    monkeypatch.setattr("quasar_index.validation.approximation._LEAST_RANKED", 1)
    with pytest.raises(qi.AnchorIndexError, match=r"with a recall of 0\.\d+ at most, not 0.999"):
        qi.approximate(index, recall=0.999, top_k=TOP_K)
    assert qi.AnchorIndex.open(index.path).manifest == index.manifest


@pytest.mark.parametrize(("recall", "factor"), [(0.2, 1), (0.95, 16)])
def test_many_candidates_are_tried_only_where_few_do_not_reach_the_recall(index, monkeypatch, recall, factor):
    monkeypatch.setattr("quasar_index.validation.approximation._RANKED", (1, 16))
    monkeypatch.setattr("quasar_index.validation.approximation._LEAST_RANKED", 1)
    record = qi.approximate(index, recall=recall, top_k=TOP_K).manifest.approximate
    assert record.n_ranked == factor * TOP_K
    assert record.recall >= recall


def test_an_old_version_cannot_be_made_approximate(index):
    index.remove(where="score < 3")
    with pytest.raises(qi.AnchorIndexError, match="was opened at version"):
        qi.approximate(qi.AnchorIndex.open(index.path, 1))


def test_recall_is_that_of_new_contents(tmp_path):
    # Each content is 16 near copies, as the distortions of a reference image: they are found first, and do not count.
    rng = np.random.default_rng(0)

    def contents(n):
        matrix = rng.normal(size=(n, 1, 24)) + rng.normal(0, 0.1, (n, 16, 24))
        return matrix.reshape(-1, 24).astype(np.float32)

    np.save(tmp_path / "x.npy", contents(150))
    rows = "".join(f"{row}.png,{score},{row // 16}\n" for row, score in enumerate(rng.permutation(2400).tolist()))
    (tmp_path / "labels.csv").write_text("image,score,reference\n" + rows)
    source, matrix = qi.load_embeddings(tmp_path / "x.npy", tmp_path / "labels.csv")
    index = qi.build_from_embeddings(tmp_path / "index", [source], matrix).index
    record = qi.approximate(index, top_k=16, recall=0.7).manifest.approximate
    scorer = qi.Scorer(qi.AnchorIndex.open(tmp_path / "index"))
    directions = scorer.fitted.directions(contents(60))
    shares = []
    for side in ("good", "bad"):
        found = nearest(scorer.fitted.table, directions, 16, side=side)
        expected = nearest_reference(scorer.fitted.table, directions, 16, side=side)
        shares += [len(set(a) & set(b)) / 16 for a, b in zip(found.rows.tolist(), expected.rows.tolist(), strict=True)]
    assert record.recall == pytest.approx(np.mean(shares), abs=0.06)
