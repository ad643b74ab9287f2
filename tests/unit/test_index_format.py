"""What format 2 of an index adds: shards, dtypes, further ratings and embeddings, the version of the input rule."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, Rating, make_records
from quasar_index.encoders.spec import EncoderSpec, InputRule
from quasar_index.errors import AnchorIndexError, DataError, EncoderError
from quasar_index.index.manifest import Manifest

N, DIM = 40, 6


def rated(rows, *, name="own", shift=0.0, ratings=("appeal",)):
    rows = list(rows)
    appeal = [None if row % 10 == 3 else float(row * 7 % N) for row in rows]
    columns = {"camera": [f"c{row % 3}" for row in rows], "appeal": appeal, "split": ["train"] * len(rows)}
    paths = {"path": [f"{name}/{row}.png" for row in rows], "score": [float(row * 3 % N) + shift for row in rows]}
    further = tuple(Rating(one, score_range=(0.0, 50.0)) for one in ratings)
    records = make_records({**paths, **columns}, len(rows))
    return AnchorSource(name, records, "no-reference", "median", rating="quality", ratings=further)


@pytest.fixture
def matrix():
    return np.random.default_rng(0).normal(size=(2 * N, DIM)).astype(np.float32)


@pytest.fixture
def index(matrix, tmp_path):
    """40 anchors in tables of 7, with a second rating."""
    return qi.build_from_embeddings(tmp_path / "own", rated(range(N)), matrix[:N], anchors_per_shard=7).index


def content(index):
    return {row["path"]: row for row in index.tables.read(index.columns).to_pylist()}


def scores(index, queries, **options):
    return qi.Scorer(index.anchors(**options), qi.Mean()).score_embeddings(queries).score


def test_shards_are_read_as_one_table(index, matrix, tmp_path):
    whole = qi.build_from_embeddings(tmp_path / "whole", rated(range(N)), matrix[:N]).index
    assert [shard.table for shard in index.manifest.shards] == ["anchors", *(f"anchors-{i}" for i in range(1, 6))]
    assert content(index) == content(whole)
    assert index.anchors().ids.tolist() == whole.anchors().ids.tolist()
    np.testing.assert_allclose(scores(index, matrix[N:]), scores(whole, matrix[N:]), atol=1e-6)
    assert index.anchors(where="camera = 'c1' AND score > 5").ids.tolist() == (
        whole.anchors(where="camera = 'c1' AND score > 5").ids.tolist()
    )
    assert index.count("camera = 'c2'") == whole.count("camera = 'c2'")
    assert (tmp_path / "own" / "anchors-5.lance").is_dir()
    assert index.verify().is_whole


def test_an_index_of_shards_that_was_changed_is_one_that_was_built_so(index, matrix, tmp_path):
    changed = index.add_embeddings(rated(range(N, N + 9)), matrix[N : N + 9]).index
    changed = changed.relabel(rated(range(12), shift=4.5)).index
    changed = changed.remove(where="camera = 'c0' AND score < 10").index
    changed = changed.compact().index
    assert changed.verify().is_whole
    kept = sorted(int(path.split("/")[1].split(".")[0]) for path in content(changed))
    old = {row: 4.5 if row < 12 else 0.0 for row in kept}
    sources = [rated([row for row in kept if old[row] == shift], shift=shift) for shift in (4.5, 0.0)]
    order = [row for shift in (4.5, 0.0) for row in kept if old[row] == shift]
    built = qi.build_from_embeddings(tmp_path / "built", sources, matrix[order]).index
    assert content(built) == content(changed)
    (mine,), (theirs,) = built.manifest.sources, changed.manifest.sources
    assert mine == theirs
    assert [version.version for version in changed.history()] == [1, 2, 3, 4, 5]
    restored = changed.restore(1).index
    assert content(restored) == content(qi.AnchorIndex.open(index.path, 1))
    assert content(restored) == content(index)
    assert restored.manifest.version == 6
    assert restored.verify().is_whole
    restored.compact(forget_before=6)
    assert qi.AnchorIndex.open(index.path).verify().is_whole
    with pytest.raises(AnchorIndexError, match="was given up"):
        qi.AnchorIndex.open(index.path, 3)


def test_a_damaged_shard_is_found(index):
    victim = next((index.path / "anchors-3.lance" / "data").glob("*.lance"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    report = index.verify()
    assert any(f"'anchors-3.lance/data/{victim.name}' is not as it was written" in one.message for one in report.damage)
    victim.unlink()
    assert [one.part for one in index.verify().damage] == ["table"]
    for file in (index.path / "anchors-2.lance" / "_versions").glob("*.manifest"):
        file.unlink()
    assert any("the table has lost version 1" in one.message for one in index.verify().damage)


def test_float16_takes_half_and_is_read_as_float32(matrix, tmp_path):
    wide = np.repeat(matrix[:N], 64, axis=1)
    exact, half = (
        qi.build_from_embeddings(tmp_path / dtype, rated(range(N)), wide, dtype=dtype).index
        for dtype in ("float32", "float16")
    )
    assert half.tables.schema.field("embedding").type == pa.list_(pa.float16(), DIM * 64)
    sizes = [sum(f.stat().st_size for f in (i.path / "anchors.lance" / "data").iterdir()) for i in (exact, half)]
    assert sizes[1] < 0.6 * sizes[0]
    anchors = half.anchors()
    assert (anchors.directions.dtype, anchors.norms.dtype) == (np.float32, np.float32)
    raw = anchors.directions * anchors.norms[:, None]
    by_id = dict(
        zip(exact.anchors().ids.tolist(), exact.anchors().directions * exact.anchors().norms[:, None], strict=True)
    )
    expected = np.stack([by_id[key] for key in anchors.ids.tolist()])
    np.testing.assert_allclose(raw, expected.astype(np.float16).astype(np.float32), rtol=1e-6)
    np.testing.assert_allclose(raw, expected, rtol=1e-3, atol=1e-3)
    queries = np.repeat(matrix[N:], 64, axis=1)
    np.testing.assert_allclose(scores(half, queries), scores(exact, queries), atol=2e-3)
    assert half.verify().is_whole
    grown = half.add_embeddings(rated(range(N, N + 4)), queries[:4]).index
    assert (len(grown), grown.manifest.embeddings[0].dtype, grown.verify().is_whole) == (N + 4, "float16", True)
    # A merge keeps float16 where all have it, else what all fit into.
    for names, dtype in ((("float16", "again"), "float16"), (("float16", "float32"), "float32")):
        if "again" in names:
            qi.build_from_embeddings(tmp_path / "again", rated(range(9), name="b"), queries[:9], dtype="float16")
        parts = [qi.AnchorIndex.open(tmp_path / name) for name in names]
        merged = qi.merge(tmp_path / f"merged-{dtype}", parts).index
        assert (merged.manifest.embeddings[0].dtype, merged.verify().is_whole) == (dtype, True)


def test_embeddings_beyond_float16_are_refused_before_they_are_lost(matrix, tmp_path):
    with pytest.raises(DataError, match=r"beyond 65504.*keep them as float32"):
        qi.build_from_embeddings(tmp_path / "own", rated(range(N)), matrix[:N] * 1e5, dtype="float16")
    assert not (tmp_path / "own").exists()
    for options, cause in (
        ({"dtype": "int8"}, "dtype .* is 'int8'; give"),
        ({"anchors_per_shard": 0}, "0 anchors"),
    ):
        with pytest.raises(DataError, match=cause):
            qi.build_from_embeddings(tmp_path / "own", rated(range(N)), matrix[:N], **options)


@pytest.mark.parametrize("again", [{"dtype": "float16"}, {"anchors_per_shard": 7}])
def test_a_build_that_was_stopped_at_its_end_goes_on_in_the_way_that_is_asked_for_now(
    tiny_encoder, write_images, tmp_path, monkeypatch, again
):
    paths = write_images(20)
    columns = {"path": paths, "score": np.arange(20.0)}
    source = AnchorSource("own", make_records(columns, 20), "no-reference", "median")
    with monkeypatch.context() as broken:
        broken.setattr("quasar_index.index.new_folder._publish", lambda folder, path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            qi.build_index(tmp_path / "own", [source], tiny_encoder())
    encoder = tiny_encoder()
    report = qi.build_index(tmp_path / "own", [source], encoder, **again)
    assert (report.n_embedded, report.n_resumed, encoder.batches) == (0, 20, [])  # nothing is embedded twice
    expected = (again.get("dtype", "float32"), 3 if "anchors_per_shard" in again else 1)
    manifest = report.index.manifest
    assert (manifest.embeddings[0].dtype, len(manifest.shards)) == expected
    assert report.index.verify().is_whole


def test_a_further_rating_divides_and_scales_the_anchors_that_have_it(index, matrix):
    assert index.ratings == ["quality", "appeal"]
    (record,) = index.manifest.sources
    assert [(one.name, one.column, one.score_range, one.by_person) for one in record.ratings] == [
        ("quality", "score", (0.0, 39.0), True),
        ("appeal", "appeal", (0.0, 50.0), True),
    ]
    rows = {row["id"]: row["appeal"] for row in content(index).values()}
    known = np.array([value for value in rows.values() if value is not None])
    assert record.ratings[1].threshold == np.median(known)
    anchors = index.anchors(rating="appeal")
    assert len(anchors) == len(known) == 36
    for place, key in enumerate(anchors.ids.tolist()):
        value = rows[key.decode()]
        assert anchors.quality[place] == pytest.approx(value / 50)
        assert anchors.is_good[place] == (value > np.median(known))
    alone = AnchorSource(
        "own",
        make_records({"path": [str(i) for i in range(36)], "score": anchors.quality * 50}, 36),
        "no-reference",
        "median",
        score_range=(0.0, 50.0),
    )
    raw = anchors.directions * anchors.norms[:, None]
    built = qi.build_from_embeddings(index.path.with_name("alone"), alone, raw, ids=[k.decode() for k in anchors.ids])
    assert built.index.anchors().ids.tolist() == anchors.ids.tolist()
    np.testing.assert_allclose(scores(built.index, matrix[N:]), scores(index, matrix[N:], rating="appeal"), atol=1e-6)
    assert index.anchors(rating="quality").ids.tolist() == index.anchors().ids.tolist()
    part = index.anchors(rating="appeal", where="camera = 'c1'")
    assert set(part.ids.tolist()) < set(anchors.ids.tolist())
    with pytest.raises(AnchorIndexError, match="no rating 'beauty'; ratings: quality, appeal"):
        index.anchors(rating="beauty")


def test_further_ratings_follow_every_change(index, matrix, tmp_path):
    grown = index.add_embeddings(rated(range(N, N + 9)), matrix[N : N + 9]).index
    values = [row["appeal"] for row in content(grown).values() if row["appeal"] is not None]
    assert grown.manifest.sources[0].ratings[1].threshold == np.median(values)
    few = qi.select_subset(tmp_path / "few", grown, qi.SELECTORS["extremes"](), fraction=0.4).index
    kept = few.manifest.sources[0].ratings
    assert [one.kept for one in kept] == [True, True]
    assert kept[1].threshold == np.median(values)
    ids = set(few.anchors().ids.tolist())
    mine, theirs = few.anchors(rating="appeal"), grown.anchors(rating="appeal")
    sides = dict(zip(theirs.ids.tolist(), theirs.is_good.tolist(), strict=True))
    assert {key: bool(good) for key, good in zip(mine.ids.tolist(), mine.is_good, strict=True)} == (
        {key: good for key, good in sides.items() if key in ids}
    )
    for ending in (".parquet", ".npz"):
        path = tmp_path / f"few{ending}"
        few.export(path)
        read = qi.read_export(path)
        again = qi.build_from_embeddings(
            tmp_path / f"again{ending}", read.sources, read.embeddings, ids=read.ids, sizes=read.sizes
        ).index
        assert again.manifest.sources == few.manifest.sources
        assert again.anchors(rating="appeal").ids.tolist() == mine.ids.tolist()
    merged = qi.merge(
        tmp_path / "merged",
        [
            index,
            qi.build_from_embeddings(tmp_path / "other", rated(range(9), name="b", ratings=()), matrix[N:][:9]).index,
        ],
    ).index
    assert merged.ratings == ["quality", "appeal"]
    assert len(merged.anchors(rating="appeal")) == 36  # the other data set has none
    assert merged.verify().is_whole


def test_verify_finds_a_rating_that_is_not_what_the_table_gives(index):
    data = json.loads((index.path / "manifest.json").read_text(encoding="utf-8"))
    data["sources"][0]["ratings"][1]["threshold"] += 1
    (index.path / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
    damage = qi.AnchorIndex.open(index.path).verify().damage
    assert any("the threshold of 'own, appeal' is" in one.message for one in damage)


def test_a_rating_that_is_no_column_of_numbers(matrix, tmp_path):
    source = rated(range(N))
    for name in ("camera", "nothing"):
        wrong = dataclasses.replace(source, ratings=(Rating(name),))
        with pytest.raises(DataError, match=f"no column of numbers '{name}'"):
            qi.build_from_embeddings(tmp_path / "own", wrong, matrix[:N])
    constant = source.records.set_column(source.records.schema.get_field_index("appeal"), "appeal", pa.array([3.0] * N))
    with pytest.raises(DataError, match="own, appeal: all 40 opinion scores are 3"):
        qi.build_from_embeddings(tmp_path / "own", dataclasses.replace(source, records=constant), matrix[:N])


def test_label_files_name_further_ratings(tmp_path):
    (tmp_path / "a.csv").write_text(
        "image,quality,appeal,dmos\n" + "".join(f"{i}.png,{i},{'' if i == 2 else 9 - i},{i}\n" for i in range(6))
    )
    source = qi.load_source(f"{tmp_path / 'a.csv'}?score=quality&ratings=appeal")
    assert (source.rating, source.ratings) == ("quality", (Rating("appeal"),))
    assert source.records["appeal"].to_pylist() == [9, 8, None, 6, 5, 4]
    for option, cause in (
        ("quality", "is the score column already"),
        ("beauty", "is no column of it; further columns: image, appeal, dmos"),
        ("dmos", "its direction is not said"),
    ):
        with pytest.raises(DataError, match=cause):
            qi.load_source(f"{tmp_path / 'a.csv'}?score=quality&ratings={option}")


def test_a_further_embedding_is_read_searched_verified_and_removed(index, matrix, tmp_path):
    anchors = index.anchors()
    ids = [key.decode() for key in anchors.ids.tolist()]
    other = np.random.default_rng(1).normal(size=(N, 3)).astype(np.float32)
    spec = EncoderSpec("other", 3, "ff" * 8)
    changed = index.attach_embedding("other", ids, other, spec=spec, dtype="float16")
    assert [one.name for one in changed.manifest.embeddings] == ["embedding", "other"]
    second = changed.anchors(embedding="other")
    assert second.ids.tolist() == anchors.ids.tolist()  # the order is that of the labels
    raw = second.directions * second.norms[:, None]
    np.testing.assert_allclose(raw, other.astype(np.float16).astype(np.float32), rtol=1e-5)
    np.testing.assert_array_equal(changed.anchors().directions, anchors.directions)
    names = {path.name for path in (index.path / "cache").glob("*.faiss")}
    version = changed.manifest.version
    bases = (f"{index.manifest.uid}-v{version}", f"{index.manifest.uid}-v{version}+other")
    assert {f"{base}.{table}.faiss" for base in bases for table in range(6)} <= names
    qi.AnchorIndex.open(index.path).anchors()
    assert names <= {path.name for path in (index.path / "cache").glob("*.faiss")}  # neither makes room for the other
    assert changed.verify().is_whole
    cache = index.path / "cache" / f"{index.manifest.uid}-v{version}+other.3.faiss"
    data = bytearray(cache.read_bytes())
    data[-2] ^= 64
    cache.write_bytes(data)
    assert [one.part for one in changed.verify().damage] == ["cache"]
    assert changed.verify(repair=True).is_whole
    # Anchors may go and be relabelled, but none can come without the embedding.
    fewer = changed.remove(where="camera = 'c1'").index
    assert len(fewer.anchors(embedding="other")) == len(fewer) < N
    few = qi.select_subset(tmp_path / "few", fewer, qi.selection.Random(), size=10).index
    assert len(few.anchors(embedding="other")) == 10
    with pytest.raises(AnchorIndexError, match="have another embedding, 'other', which added images would lack"):
        fewer.add_embeddings(rated(range(N, N + 2)), matrix[N : N + 2])
    gone = fewer.detach_embedding("other")
    assert ([one.name for one in gone.manifest.embeddings], gone.columns[-1]) == (["embedding"], "embedding")
    assert gone.verify().is_whole
    with pytest.raises(AnchorIndexError, match="no embedding 'other'; its embeddings: embedding"):
        gone.anchors(embedding="other")
    assert len(qi.AnchorIndex.open(index.path, version).anchors(embedding="other")) == N


def test_what_cannot_be_attached(index, matrix):
    ids = [key.decode() for key in index.anchors().ids.tolist()]
    for name, some, error, cause in (
        ("score", ids, AnchorIndexError, "has a column 'score' already"),
        ("../x", ids, AnchorIndexError, "cannot name an embedding"),
        ("other", ids[1:], DataError, "39 ids"),
        ("other", [*ids[1:], "nobody"], DataError, f"1 anchor has no embedding: '{ids[0]}'"),
    ):
        with pytest.raises(error, match=cause):
            index.attach_embedding(name, some, matrix[:N])
    with pytest.raises(AnchorIndexError, match="is the first embedding"):
        index.detach_embedding("embedding")
    assert Manifest.read(index.path) == index.manifest


def test_an_index_keeps_the_version_of_its_input_rule():
    spec = EncoderSpec("tiny", 3, "ab", InputRule("crop", 224, version=1))
    old = spec.to_dict()
    del old["input"]["version"]  # as format 1 wrote it
    assert EncoderSpec.from_dict(old) == spec
    newest = EncoderSpec("tiny", 3, "ab", InputRule("crop", 224))
    assert newest.to_dict()["input"]["version"] == newest.rule_version == 2
    assert EncoderSpec.from_dict(newest.to_dict()) == newest
    assert newest.at_rule(1) == spec
    assert "version=1" in spec.difference(newest)
    assert "version=2" in spec.difference(newest)
    newer = newest.at_rule(3)
    with pytest.raises(EncoderError, match=r"read by version 3 of the input rule.*update quasar-index"):
        EncoderSpec.from_dict(newer.to_dict())
