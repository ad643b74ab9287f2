"""Building an index: from images through a real encoder to a table, or to one clear error."""

import json

import numpy as np
import pytest

from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.encoders import EncoderSpec, InputRule, encode
from quasar_index.errors import AnchorIndexError, DataError
from quasar_index.images import content_id, decode
from quasar_index.index import AnchorIndex, build_from_embeddings, build_index
from quasar_index.methods import Mean, Retrieval
from quasar_index.methods.scoring import Scorer
from quasar_index.own_anchors import make_anchors


def rated(paths, scores, *, name="own", lower_is_better=False, score_range=None, read_bytes=None, **columns):
    """Return a source of rated images."""
    return AnchorSource(
        name,
        make_records({"path": paths, "score": scores, **columns}, len(paths)),
        "no-reference",
        "median",
        lower_is_better=lower_is_better,
        score_range=score_range,
        checksums={"labels.csv": "00"},
        read_bytes=read_bytes,
    )


def paired(paths, sides, *, name="pairs", **columns):
    """Return a source of references and distorted images."""
    return AnchorSource(
        name, make_records({"path": paths, "side": sides, **columns}, len(paths)), "full-reference", "reference"
    )


def rows(index, columns=None):
    """Return the table of an index as a list of dictionaries."""
    table = index.tables.read(index.columns)
    return table.select(columns or table.column_names).to_pylist()


def read(path):
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def test_the_table_holds_what_was_given_and_the_raw_embeddings(tiny_encoder, write_images, tmp_path):
    paths = write_images(7, sizes=((16, 20), (12, 12)))
    scores = [10.0, 70.0, 30.0, 40.0, 50.0, 20.0, 60.0]
    encoder = tiny_encoder()
    calls = []
    source = rated(paths, scores, score_range=(0.0, 100.0), split=["train"] * 7, level=[1] * 7, camera=list("abcdefg"))
    report = build_index(tmp_path / "own", [source], encoder, on_progress=lambda *done: calls.append(done))
    assert (report.n_embedded, report.n_resumed, report.n_duplicates, report.failures) == (7, 0, 0, ())
    assert calls == [(n, 7) for n in range(1, 8)]
    index = AnchorIndex.open(tmp_path / "own")
    assert index.manifest == report.index.manifest
    assert index.columns == [
        "id", "path", "dataset", "score", "quality", "side", "reference", "distortion", "level", "split", "width",
        "height", "camera", "embedding",
    ]  # fmt: skip
    by_path = {row["path"]: row for row in rows(index)}
    for i, path in enumerate(paths):
        row, pixels = by_path[path], decode(read(path))
        assert row["id"] == content_id(read(path))
        assert (row["height"], row["width"]) == pixels.shape[:2]
        assert (row["dataset"], row["score"], row["split"], row["level"]) == ("own", scores[i], "train", 1)
        assert row["quality"] == pytest.approx(scores[i] / 100)
        assert row["side"] == ("good" if scores[i] > 40 else "bad")
        assert row["camera"] == "abcdefg"[i]
        np.testing.assert_allclose(row["embedding"], encode(encoder, [pixels])[0], rtol=1e-4, atol=1e-5)
    (record,) = index.manifest.sources
    assert (record.threshold, record.score_range, record.n_good, record.n_bad) == (40.0, (0.0, 100.0), 3, 4)
    assert record.checksums == {"labels.csv": "00"}
    assert (index.manifest.n_good, index.manifest.n_bad, len(index)) == (3, 4, 7)
    assert index.manifest.encoder == encoder.spec
    assert [path.name for path in tmp_path.iterdir() if path.name != "images"] == ["own"]
    assert {path.name for path in index.path.iterdir()} >= {"anchors.lance", "manifest.json"}
    assert not [path.name for path in index.path.iterdir() if "staged" in path.name or "request" in path.name]


def test_an_index_scores_like_anchors_in_memory(tiny_encoder, write_images, tmp_path):
    paths = write_images(24, sizes=((16, 20), (12, 12)))
    scores = np.random.default_rng(0).permutation(24).astype(float)
    encoder = tiny_encoder()
    index = build_index(tmp_path / "own", [rated(paths, scores)], encoder).index
    images = [decode(read(path)) for path in paths]
    anchors = make_anchors(encode(encoder, images), quality=scores, ids=[content_id(read(path)) for path in paths])
    assert index.anchors().ids.tolist() == anchors.ids.tolist()
    for aggregator in (Mean(), Retrieval(5, similarity_temperature=0.1, rating_power=1.0)):
        found = Scorer(index, aggregator, encoder=encoder).score_images(images).score
        expected = Scorer(anchors, aggregator).score_embeddings(encode(encoder, images)).score
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_scorer_refuses_another_encoder(tiny_encoder, write_images, tmp_path):
    index = build_index(tmp_path / "own", [rated(write_images(4), [1, 2, 3, 4])], tiny_encoder()).index
    Scorer(index, encoder=tiny_encoder(name="renamed"))  # the same weights and input
    for other in (
        tiny_encoder(seed=1),
        tiny_encoder(dim=8),
        tiny_encoder(InputRule("crop", 8, min_side=4)),
        tiny_encoder(InputRule("none", mean=(0.0, 0.0, 0.0), min_side=4)),
    ):
        with pytest.raises(AnchorIndexError, match=r"holds tiny \(12-d\) but the encoder is tiny .* != "):
            Scorer(index, encoder=other)


class StoppedError(Exception):
    """Stands for Ctrl-C."""


def test_an_interrupted_build_goes_on_without_embedding_anything_twice(
    tiny_encoder, write_images, tmp_path, monkeypatch
):
    monkeypatch.setattr("quasar_index.plans.plan.SHARD_ROWS", 10)
    paths = write_images(60)
    source = rated(paths, np.arange(60.0))
    encoder = tiny_encoder()

    def interrupt(done, total):
        if done == 35:
            raise StoppedError

    with pytest.raises(StoppedError):
        build_index(tmp_path / "own", [source], encoder, batch_size=5, on_progress=interrupt)
    assert not (tmp_path / "own").exists()
    with pytest.raises(AnchorIndexError, match="no index"):
        AnchorIndex.open(tmp_path / "own")
    encoder.batches.clear()
    report = build_index(tmp_path / "own", [source], encoder, batch_size=5)
    # What had been embedded was kept, though it filled no block.
    assert (report.n_embedded, report.n_resumed) == (25, 35)
    assert sum(shape[0] for shape in encoder.batches) == 25
    assert [path.name for path in tmp_path.iterdir() if path.name != "images"] == ["own"]
    whole = build_index(tmp_path / "whole", [source], tiny_encoder()).index
    assert report.index.anchors().ids.tolist() == whole.anchors().ids.tolist()
    np.testing.assert_allclose(report.index.anchors().directions, whole.anchors().directions, atol=1e-6)
    assert {row["path"]: row["width"] for row in rows(report.index)} == dict.fromkeys(paths, 16)


def test_what_was_embedded_otherwise_is_never_taken_up(tiny_encoder, write_images, tmp_path, monkeypatch):
    monkeypatch.setattr("quasar_index.plans.plan.SHARD_ROWS", 4)
    source = rated(write_images(12), np.arange(12.0))

    def interrupt(done, total):
        if done == 10:
            raise StoppedError

    with pytest.raises(StoppedError):
        build_index(tmp_path / "own", [source], tiny_encoder(seed=1), on_progress=interrupt)
    report = build_index(tmp_path / "own", [source], tiny_encoder(seed=2))
    assert (report.n_embedded, report.n_resumed) == (12, 0)


def test_images_that_left_the_data_meanwhile_are_not_in_the_index(tiny_encoder, write_images, tmp_path, monkeypatch):
    monkeypatch.setattr("quasar_index.plans.plan.SHARD_ROWS", 4)
    paths = write_images(12)

    def interrupt(done, total):
        if done == 10:
            raise StoppedError

    with pytest.raises(StoppedError):
        build_index(tmp_path / "own", [rated(paths, np.arange(12.0))], tiny_encoder(), on_progress=interrupt)
    write_images(1, first_seed=99)  # the first file has another content now
    report = build_index(tmp_path / "own", [rated(paths, np.arange(12.0))], tiny_encoder())
    assert len(rows(report.index)) == len(report.index) == 12
    assert content_id(read(paths[0])) in {row["id"] for row in rows(report.index)}


def test_overwrite(tiny_encoder, write_images, tmp_path):
    source = rated(write_images(6), np.arange(6.0))
    first = build_index(tmp_path / "own", [source], tiny_encoder()).index
    with pytest.raises(AnchorIndexError, match=r"exists already; .* --overwrite"):
        build_index(tmp_path / "own", [source], tiny_encoder(seed=1))
    assert AnchorIndex.open(tmp_path / "own").manifest == first.manifest
    second = build_index(tmp_path / "own", [source], tiny_encoder(seed=1), overwrite=True).index
    assert AnchorIndex.open(tmp_path / "own").manifest == second.manifest != first.manifest
    assert [path.name for path in tmp_path.iterdir() if path.name != "images"] == ["own"]
    with pytest.raises(AnchorIndexError, match="exists and is no index"):
        build_index(tmp_path / "images", [source], tiny_encoder(), overwrite=True)
    assert len(list((tmp_path / "images").iterdir())) == 6


def test_a_failed_rebuild_leaves_the_old_index(tiny_encoder, write_images, tmp_path):
    paths = write_images(6)
    first = build_index(tmp_path / "own", [rated(paths, np.arange(6.0))], tiny_encoder()).index
    with pytest.raises(DataError):
        build_index(tmp_path / "own", [rated(paths, [1.0] * 6)], tiny_encoder(), overwrite=True)
    assert AnchorIndex.open(tmp_path / "own").manifest == first.manifest
    assert len(first.anchors()) == 6


def test_failures_are_recorded_and_the_rest_is_indexed(tiny_encoder, write_images, tmp_path):
    paths = write_images(8)
    (tmp_path / "images" / "empty.png").write_bytes(b"")
    paths[2:2] = [str(tmp_path / "images" / "empty.png"), str(tmp_path / "gone.png")]
    report = build_index(tmp_path / "own", [rated(paths, np.arange(10.0))], tiny_encoder())
    assert report.n_embedded == len(report.index) == 8
    assert [path for path, _ in report.failures] == paths[2:4]
    lines = (tmp_path / "own" / "failures.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"path": p, "error": e} for p, e in report.failures]
    assert "the file is empty" in report.failures[0][1]
    (record,) = report.index.manifest.sources
    assert record.n_failed == 2
    # The median is that of the eight that are anchors: scores 0, 1, 4, 5, 6, 7, 8, 9.
    assert record.threshold == 5.5


def test_nothing_can_be_embedded(tiny_encoder, tmp_path):
    with pytest.raises(DataError, match=r"none of 2 images could be embedded; the first: 'a.png': cannot be read"):
        build_index(tmp_path / "own", [rated(["a.png", "b.png"], [1.0, 2.0])], tiny_encoder())
    with pytest.raises(DataError, match="hold no images"):
        build_index(tmp_path / "own", [rated([], [])], tiny_encoder())
    assert not (tmp_path / "own").exists()


def test_the_first_of_equal_images_counts(tiny_encoder, write_images, tmp_path):
    paths = write_images(6)
    copies = write_images(2, "copies")  # of the first two
    encoder = tiny_encoder()
    source = rated([*paths, *copies], [*range(6), 5.0, 0.0])
    report = build_index(tmp_path / "own", [source], encoder)
    assert (report.n_embedded, report.n_duplicates, len(report.index)) == (6, 2, 6)
    assert sorted(row["path"] for row in rows(report.index)) == paths
    assert {row["path"]: row["score"] for row in rows(report.index)}[paths[0]] == 0.0
    assert report.index.manifest.sources[0].n_duplicates == 2
    assert report.index.manifest.sources[0].threshold == 2.5


@pytest.mark.parametrize("good", [True, False])
def test_anchors_of_one_side_only(tiny_encoder, write_images, tmp_path, good):
    source = paired(write_images(4), ["good" if good else "bad"] * 4)
    with pytest.raises(DataError, match=f"all 4 anchors are on one side, none is {'bad' if good else 'good'}"):
        build_index(tmp_path / "own", [source], tiny_encoder())
    assert not (tmp_path / "own").exists()


def test_constant_and_missing_scores(tiny_encoder, write_images, tmp_path):
    paths, encoder = write_images(4), tiny_encoder()
    with pytest.raises(DataError, match="all 4 opinion scores are 3"):
        build_index(tmp_path / "own", [rated(paths, [3.0] * 4)], encoder)
    with pytest.raises(DataError, match="1 anchor has no opinion score"):
        build_index(tmp_path / "own", [rated(paths, [1.0, None, 3.0, 4.0])], encoder)
    assert encoder.batches == []  # found out before anything was embedded
    assert not (tmp_path / "own").exists()


def test_lower_is_better_equals_the_negated_score(tiny_encoder, write_images, tmp_path):
    paths = write_images(9)
    dmos = np.array([10.0, 20.0, 20.0, 30.0, 20.0, 50.0, 60.0, 70.0, 80.0])
    lower = build_index(tmp_path / "lower", [rated(paths, dmos, lower_is_better=True)], tiny_encoder()).index
    negated = build_index(tmp_path / "negated", [rated(paths, -dmos)], tiny_encoder()).index
    one, other = lower.anchors(), negated.anchors()
    assert one.ids.tolist() == other.ids.tolist()
    assert one.n_good == other.n_good == 4
    np.testing.assert_allclose(one.quality, other.quality)
    best = {row["path"]: row for row in rows(lower)}[paths[0]]
    assert (best["score"], best["quality"], best["side"]) == (10.0, 1.0, "good")
    # The threshold is in the unit of the raw score, and the tie at it is bad in both.
    assert lower.manifest.sources[0].threshold == 30.0
    assert negated.manifest.sources[0].threshold == -30.0
    assert {row["path"]: row["side"] for row in rows(lower)}[paths[3]] == "bad"


def test_label_columns_with_the_names_of_the_indexs_own_travel_along(tiny_encoder, write_images, tmp_path):
    paths = write_images(4)
    own = {
        "id": ["w", "x", "y", "z"],
        "quality": [4.0, 3.0, 2.0, 1.0],
        "width": [1, 2, 3, 4],
        "embedding": list("abcd"),
    }
    source = rated(paths, [1.0, 2.0, 3.0, 4.0], **own, dataset=["theirs"] * 4)
    index = build_index(tmp_path / "own", [source], tiny_encoder()).index
    by_path = {row["path"]: row for row in rows(index)}
    for i, path in enumerate(paths):
        row = by_path[path]
        assert {name: row[f"label_{name}"] for name in own} == {name: values[i] for name, values in own.items()}
        assert row["label_dataset"] == "theirs"
        assert row["dataset"] == "own"
        assert row["width"] == 16
        assert row["id"] == content_id(read(path))
        assert row["quality"] == pytest.approx(i / 3)


def test_several_sources_are_divided_each_by_its_own_rule(tiny_encoder, write_images, tmp_path):
    koniq, spaq, pairs = (write_images(6, name, first_seed=100 * i) for i, name in enumerate("abc"))
    sources = [
        rated(koniq, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], name="koniq", camera=list("uvwxyz")),
        rated(spaq, [600.0, 500.0, 400.0, 300.0, 200.0, 100.0], name="spaq", lower_is_better=True),
        paired(pairs, ["good", "bad", "bad", "good", "bad", "bad"], reference=["p", "p", "p", "q", "q", "q"]),
    ]
    report = build_index(tmp_path / "own", sources, tiny_encoder())
    records = report.index.manifest.sources
    assert [(r.name, r.n_good, r.n_bad, r.threshold) for r in records] == [
        ("koniq", 3, 3, 3.5), ("spaq", 3, 3, 350.0), ("pairs", 2, 4, None),
    ]  # fmt: skip
    by_path = {row["path"]: row for row in rows(report.index)}
    assert [by_path[path]["side"] for path in koniq] == ["bad"] * 3 + ["good"] * 3
    assert [by_path[path]["side"] for path in spaq] == ["bad"] * 3 + ["good"] * 3
    assert [by_path[path]["quality"] for path in spaq] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert [by_path[path]["side"] for path in pairs] == ["good", "bad", "bad", "good", "bad", "bad"]
    assert {by_path[path]["quality"] for path in pairs} == {None}
    assert {by_path[path]["camera"] for path in spaq} == {None}
    index = report.index
    assert (index.anchors().n_good, index.anchors().n_bad) == (8, 10)
    only = index.anchors(where="dataset = 'spaq' AND score <= 400")
    assert (only.n_good, only.n_bad) == (3, 1)
    assert index.metadata(only, ["dataset"])["dataset"].to_pylist() == ["spaq"] * 4
    with pytest.raises(DataError, match="no bad one"):
        index.anchors(where="dataset = 'koniq' AND score > 4")
    with pytest.raises(AnchorIndexError, match=r"filter .*columns: id, path"):
        index.anchors(where="nonsense > 3")
    with pytest.raises(AnchorIndexError, match="columns"):
        index.metadata(only, ["nonsense"])


def test_duplicates_across_sources_count_once(tiny_encoder, write_images, tmp_path):
    paths = write_images(6)
    one, other = rated(paths, np.arange(6.0), name="one"), rated(paths[:3], [9.0, 8.0, 7.0], name="other")
    report = build_index(tmp_path / "own", [one, other], tiny_encoder())
    assert [(r.name, r.n_good + r.n_bad, r.n_duplicates) for r in report.index.manifest.sources] == [
        ("one", 6, 0), ("other", 0, 3),
    ]  # fmt: skip


def test_draws_from_an_index_are_by_reference_where_there_are_references(tiny_encoder, write_images, tmp_path):
    paths = write_images(12)
    references = [f"r{i // 3}" for i in range(12)]
    pairs = paired(paths, (["good"] + ["bad"] * 2) * 4, reference=references)
    index = build_index(tmp_path / "pairs", [pairs], tiny_encoder()).index
    drawn = index.anchors(ratio=0.5, seed=1)
    kept = index.metadata(drawn, ["reference"])["reference"].to_pylist()
    assert (drawn.n_good, drawn.n_bad) == (2, 4)
    assert sorted(kept.count(name) for name in set(kept)) == [3, 3]
    rates = build_index(tmp_path / "rated", [rated(paths, np.arange(12.0))], tiny_encoder()).index
    half = rates.anchors(ratio=0.5, seed=1)
    assert (half.n_good, half.n_bad) == (3, 3)


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.6, 0.9])
def test_rows_labelled_by_side_are_drawn_of_each_side(tiny_encoder, write_images, tmp_path, ratio):
    paths = write_images(20)
    index = build_index(tmp_path / "sides", [paired(paths, ["good"] * 10 + ["bad"] * 10)], tiny_encoder()).index
    drawn = index.anchors(ratio=ratio, seed=1)
    assert (drawn.n_good, drawn.n_bad) == (round(10 * ratio), round(10 * ratio))
    assert drawn.ids.tolist() != index.anchors(ratio=ratio, seed=2).ids.tolist()


def test_metadata_are_aligned_with_rows(tiny_encoder, write_images, tmp_path):
    paths = write_images(9)
    index = build_index(tmp_path / "own", [rated(paths, np.arange(9.0)[::-1])], tiny_encoder()).index
    anchors = index.anchors()
    # Most extreme first: the best, then the worst.
    expected = [*paths[:4], *paths[8:3:-1]]
    assert index.metadata(anchors, ["path"])["path"].to_pylist() == expected
    some = index.metadata(anchors, ["score", "path"], rows=np.array([3, 3, 8]))
    assert some.column_names == ["score", "path"]
    assert some["path"].to_pylist() == [expected[3], expected[3], expected[8]]


def test_a_sources_own_reader(tiny_encoder, write_images, tmp_path):
    data = dict(zip("abcdef", map(read, write_images(6)), strict=True))

    def reader(path):
        if path == "c":
            raise DataError("the shard is cut off")
        return data[path]

    report = build_index(tmp_path / "own", [rated(list(data), np.arange(6.0), read_bytes=reader)], tiny_encoder())
    assert report.failures == (("c", "the shard is cut off"),)
    assert len(report.index) == 5


def test_building_says_nothing_on_its_own(tiny_encoder, write_images, tmp_path, capfd):
    build_index(tmp_path / "own", [rated(write_images(4), np.arange(4.0))], tiny_encoder()).index.anchors()
    assert capfd.readouterr() == ("", "")


def test_an_index_of_precomputed_embeddings(tmp_path, tiny_encoder):
    rng = np.random.default_rng(0)
    n, dim = 20_000, 4  # more rows than the table is read at a time
    embeddings = (rng.normal(size=(n, dim)) * 9).astype(np.float32)
    quality = rng.permutation(n).astype(float)
    source = rated([f"{i}" for i in range(n)], quality)
    report = build_from_embeddings(tmp_path / "own", source, embeddings)
    index = report.index
    assert report.n_embedded == len(index) == n
    assert index.manifest.encoder == EncoderSpec("precomputed", dim)
    anchors = index.anchors()
    places = np.array(index.metadata(anchors, ["path"])["path"].to_pylist()).astype(int)
    np.testing.assert_allclose(anchors.directions * anchors.norms[:, None], embeddings[places], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(anchors.quality, quality[places] / (n - 1))
    np.testing.assert_allclose(
        Scorer(index).score_embeddings(embeddings[:50]).score,
        Scorer(make_anchors(embeddings, quality=quality)).score_embeddings(embeddings[:50]).score,
        atol=1e-5,
    )
    with pytest.raises(AnchorIndexError, match="the encoder is tiny"):
        Scorer(index, encoder=tiny_encoder(dim=4))


def test_equal_rows_of_embeddings_count_once(tmp_path):
    embeddings = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]]
    report = build_from_embeddings(tmp_path / "own", rated(list("abcda"), np.arange(5.0)), embeddings)
    assert (len(report.index), report.n_duplicates) == (4, 1)


def test_unfit_embeddings(tmp_path):
    source = rated(list("abc"), [1.0, 2.0, 3.0])
    embeddings = np.eye(3, dtype=np.float32)
    with pytest.raises(DataError, match="2 embeddings but 3 labels"):
        build_from_embeddings(tmp_path / "own", source, embeddings[:2])
    for bad in (np.nan, np.inf):
        with pytest.raises(DataError, match="row 1 of embeddings has NaN"):
            build_from_embeddings(tmp_path / "own", source, np.where([[0], [1], [0]], bad, embeddings))
    with pytest.raises(DataError, match="only zeros"):
        build_from_embeddings(tmp_path / "own", source, embeddings * [[1], [1], [0]])
    with pytest.raises(DataError, match="no embeddings"):
        build_from_embeddings(tmp_path / "own", rated([], []), np.empty((0, 3), dtype=np.float32))
    with pytest.raises(DataError, match="all 3 opinion scores are 1"):
        build_from_embeddings(tmp_path / "own", rated(list("abc"), [1.0] * 3), embeddings)
    assert not (tmp_path / "own").exists()
    build_from_embeddings(tmp_path / "own", source, embeddings)
    with pytest.raises(AnchorIndexError, match="exists already"):
        build_from_embeddings(tmp_path / "own", source, embeddings)
    assert len(build_from_embeddings(tmp_path / "own", source, embeddings, overwrite=True).index) == 3
